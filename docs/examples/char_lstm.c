/* Shakespeare, character by character: an LSTM with truncated backpropagation through time.
 *
 *     char_lstm [--steps N] [--seconds S] [--hidden H] [--batch N] [--length T]
 *
 * reads tinyshakespeare.txt in the folder that the environment's WENGERT_DATA names. The text is cut into as many streams as the batch
 * has rows; each step sees the next T characters of every stream, and begins in the state in which the step before ended. The
 * last tenth of the text is kept for validation, and read in the same way. The rate of learning falls as a cosine over
 * the steps or the seconds, whichever end first. */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wengert.h>

enum { EMBED = 64, SAMPLE = 400, BYTES = 256, REPORT = 100 }; /* REPORT: seconds between lines */

struct options {
    long steps, seconds, hidden, batch, length;
};

/* The text as numbers 0 .. symbols - 1. */
struct text {
    int64_t *at;
    long n, train; /* all, and how much of it trains */
    int symbols;
    char character[BYTES];
};

struct model {
    wg_graph *g;
    wg_node *x, *y, *h0, *c0, *rate;       /* inputs: (N, T), (N, T), (N, H), (N, H), () */
    wg_node *h, *c, *last, *loss, *update; /* last (N, symbols): logits of the character after the last */
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool read_text(struct text *t)
{
    const char *dir = getenv("WENGERT_DATA");
    char path[1024];
    snprintf(path, sizeof path, "%s/tinyshakespeare.txt", dir ? dir : ".");
    FILE *f = fopen(path, "rb");
    bool seen[BYTES] = { false };
    int number[BYTES] = { 0 }, c;
    *t = (struct text){ 0 };
    if (!f || fseek(f, 0, SEEK_END) || (t->n = ftell(f)) < 1000 || fseek(f, 0, SEEK_SET)) {
        if (f)
            fclose(f);
        return false;
    }
    t->at = malloc((size_t)t->n * sizeof *t->at);
    for (long i = 0; t->at && i < t->n && (c = getc(f)) != EOF; i++) {
        t->at[i] = c;
        seen[c] = true;
    }
    fclose(f);
    for (int b = 0; b < BYTES; b++)
        if (seen[b]) {
            t->character[t->symbols] = (char)b;
            number[b] = t->symbols++;
        }
    for (long i = 0; t->at && i < t->n; i++)
        t->at[i] = number[t->at[i]];
    t->train = t->n - t->n / 10;
    return t->at != NULL;
}

static struct model build(const struct options *o, int symbols)
{
    struct model m = { .g = wg_graph_new() };
    m.x = wg_input(m.g, "x", WG_I64, WG_SHAPE(WG_BATCH, WG_DIM('T')));
    m.y = wg_input(m.g, "y", WG_I64, WG_SHAPE(WG_BATCH, WG_DIM('T')));
    m.h0 = wg_input(m.g, "h0", WG_F32, WG_SHAPE(WG_BATCH, o->hidden));
    m.c0 = wg_input(m.g, "c0", WG_F32, WG_SHAPE(WG_BATCH, o->hidden));
    m.rate = wg_input(m.g, "rate", WG_F32, WG_SCALAR);
    wg_node *embed = wg_param(m.g, "embed", WG_F32, WG_SHAPE(symbols, EMBED), wg_init_normal(0, 0.3));
    wg_lstm lstm = wg_lstm_new(m.g, "lstm", WG_F32, EMBED, o->hidden);
    wg_dense out = wg_dense_new(m.g, "out", WG_F32, o->hidden, symbols, wg_init_xavier());
    wg_lstm_out l = wg_lstm_apply(lstm, wg_take(embed, m.x, 0), NULL, m.h0, m.c0);
    m.h = l.h;
    m.c = l.c;
    m.loss = wg_cross_entropy(wg_dense_apply(out, wg_dropout(l.y, 0.2)), m.y, -1, NULL);
    m.last = wg_dense_apply(out, l.h);
    wg_grads grads = wg_clip_by_global_norm(wg_grads_of(m.loss, wg_trainable(m.loss)), 1, NULL);
    m.update = wg_adam(grads, m.rate, NULL);
    return m;
}

/* Streams side by side, each read from its beginning and, at its end, from there again. */
struct streams {
    const struct text *text;
    long first, each, at; /* where the streams begin; their length; how far they are */
    long rows, length;
    int64_t *x, *y; /* (rows, length): characters, and those that follow */
};

static struct streams streams_over(const struct text *t, long first, long end, long rows, long length)
{
    struct streams s = { t, first, (end - first - 1) / rows, 0, rows, length, NULL, NULL };
    if (s.length > s.each)
        s.length = s.each;
    s.x = malloc((size_t)(rows * length) * sizeof *s.x);
    s.y = malloc((size_t)(rows * length) * sizeof *s.y);
    return s;
}

/* Feeds the next piece; a beginning also begins with zeros for states. */
static void feed(struct streams *s, wg_exec *e, const struct model *m, long hidden)
{
    if (s->at + s->length > s->each)
        s->at = 0;
    for (long r = 0; r < s->rows; r++)
        for (long i = 0; i < s->length; i++) {
            const int64_t *from = s->text->at + s->first + r * s->each + s->at + i;
            s->x[r * s->length + i] = from[0];
            s->y[r * s->length + i] = from[1];
        }
    wg_bind(e, m->x, WG_VIEW(s->x, s->rows, s->length));
    wg_bind(e, m->y, WG_VIEW(s->y, s->rows, s->length));
    if (s->at == 0) {
        float *zero = calloc((size_t)(s->rows * hidden), sizeof *zero);
        wg_feed(e, m->h0, WG_VIEW(zero, s->rows, hidden)); /* copies */
        wg_feed(e, m->c0, WG_VIEW(zero, s->rows, hidden));
        free(zero);
    } else {
        wg_feed(e, m->h0, wg_result(e, m->h));
        wg_feed(e, m->c0, wg_result(e, m->c));
    }
    s->at += s->length;
}

/* The mean loss over the last tenth, every stream read once; NaN after a failure. */
static double validate(const struct text *t, const struct model *m, wg_exec *e, const struct options *o)
{
    struct streams s = streams_over(t, t->train, t->n, o->batch, o->length);
    double sum = 0;
    long n = s.each / s.length;
    for (long i = 0; i < n; i++) {
        feed(&s, e, m, o->hidden);
        sum += wg_run(e) ? (double)NAN : wg_scalar(e, m->loss);
    }
    free(s.x), free(s.y);
    return sum / (double)n;
}

/* Draws from softmax(logits). */
static int64_t draw(wg_view logits, int symbols, uint64_t *state)
{
    double top = -HUGE_VAL, sum = 0;
    for (int i = 0; i < symbols; i++)
        top = fmax(top, wg_view_at(logits, i));
    for (int i = 0; i < symbols; i++)
        sum += exp(wg_view_at(logits, i) - top);
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
    double left = sum * (double)(*state >> 11) * 0x1p-53;
    for (int i = 0; i < symbols; i++)
        if ((left -= exp(wg_view_at(logits, i) - top)) < 0)
            return i;
    return symbols - 1;
}

static void sample(const struct text *t, const struct model *m, wg_exec *e, long hidden)
{
    int64_t at = t->at[0], none = 0;
    uint64_t state = 7;
    float *zero = calloc((size_t)hidden, sizeof *zero);
    wg_feed(e, m->h0, WG_VIEW(zero, 1, hidden));
    wg_feed(e, m->c0, WG_VIEW(zero, 1, hidden));
    wg_feed(e, m->y, WG_VIEW(&none, 1, 1));
    free(zero);
    for (int i = 0; i < SAMPLE; i++) {
        putchar(t->character[at]);
        wg_feed(e, m->x, WG_VIEW(&at, 1, 1));
        if (wg_run(e))
            break;
        at = draw(wg_result(e, m->last), t->symbols, &state);
        wg_feed(e, m->h0, wg_result(e, m->h));
        wg_feed(e, m->c0, wg_result(e, m->c));
    }
    putchar('\n');
}

static wg_status train(const struct text *t, const struct model *m, wg_exec *e, wg_exec *judge, const struct options *o)
{
    struct streams s = streams_over(t, 0, t->train, o->batch, o->length);
    double began = now(), since = began, mean = 0;
    wg_status st = WG_OK;
    for (long i = 0; !st; i++) {
        double done = fmax((double)i / (double)o->steps, (now() - began) / (double)o->seconds);
        float rate = (float)(2.5e-3 * (1 + cos(3.14159265358979 * fmin(done, 1))) / 2 + 2e-5);
        if (done >= 1)
            break;
        feed(&s, e, m, o->hidden);
        wg_feed(e, m->rate, wg_view_of(&rate, WG_F32, WG_SCALAR));
        st = wg_run(e);
        double loss = wg_scalar(e, m->loss);
        mean = i ? 0.98 * mean + 0.02 * loss : loss;
        if (now() - since < REPORT || st)
            continue;
        since = now();
        printf("step %5ld  %5.0f s  loss %.4f  validation %.4f\n", i, since - began, mean, validate(t, m, judge, o));
        fflush(stdout);
    }
    free(s.x), free(s.y);
    return st;
}

static bool read_options(int argc, char **argv, struct options *o)
{
    const struct {
        const char *name;
        long *value;
    } known[] = { { "--steps", &o->steps },
                  { "--seconds", &o->seconds },
                  { "--hidden", &o->hidden },
                  { "--batch", &o->batch },
                  { "--length", &o->length } };
    for (int i = 1; i < argc; i += 2) {
        size_t k = 0;
        while (k < WG_COUNT(known) && strcmp(argv[i], known[k].name) != 0)
            k++;
        if (k == WG_COUNT(known) || i + 1 == argc || (*known[k].value = strtol(argv[i + 1], NULL, 10)) < 1) {
            fprintf(stderr,
                    "char_lstm: what is %s? Options: --steps --seconds --hidden --batch --length, each with a "
                    "number\n",
                    argv[i]);
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    struct options o = { .steps = 3000, .seconds = 1700, .hidden = 512, .batch = 32, .length = 100 };
    struct text t;
    if (!read_options(argc, argv, &o))
        return 2;
    if (!read_text(&t)) {
        printf("char_lstm: skipped, no tinyshakespeare.txt (set WENGERT_DATA)\n");
        return 77;
    }
    struct model m = build(&o, t.symbols);
    wg_plan *learn = wg_compile(m.g, WG_TRAIN, WG_NODES(m.loss, m.h, m.c, m.update));
    wg_plan *read = wg_compile(m.g, WG_INFER, WG_NODES(m.loss, m.h, m.c, m.last));
    wg_exec *e = wg_exec_new(learn), *judge = wg_exec_new(read);
    double loss = NAN;
    if (!e || !judge || train(&t, &m, e, judge, &o)) {
        fprintf(stderr, "char_lstm: %s\n", wg_error());
    } else {
        sample(&t, &m, judge, o.hidden);
        loss = validate(&t, &m, judge, &o);
        printf("validation loss %.4f nats a character\n", loss);
    }
    wg_exec_free(e), wg_exec_free(judge), wg_plan_free(learn), wg_plan_free(read), wg_graph_free(m.g);
    free(t.at);
    return !(loss < 4); /* drawing without having learnt anything: log 65 = 4.17 */
}
