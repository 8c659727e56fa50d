/* A transformer that learns to write like Shakespeare, one character after another.
 *
 *     char_transformer [--steps N] [--seconds S] [--sample N] [--windows N]
 *
 * reads tinyshakespeare.txt in the folder that the environment's WENGERT_DATA names: the first nine tenths to learn from,
 * the rest to measure by. The schedule of the learning rate ends with the steps or with the seconds, whichever come
 * first. At the end it tells the loss of the held-out text, in nats a character, or of its first N windows of 256
 * characters, and writes a sample. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wengert.h>

enum { LAYERS = 4, HEADS = 4, WIDTH = 128, CONTEXT = 256, BATCH = 8, TEST_BATCH = 32, WARM_UP = 100 };

struct text {
    int32_t *id; /* (n): which character of the alphabet */
    int64_t n;
    int letters;
    unsigned char letter[256]; /* the alphabet, in order */
};

struct model {
    wg_graph *g;
    wg_node *x, *next; /* i32 (N, T): characters, and those that follow them */
    wg_node *logits;   /* (N, T, letters) */
    wg_node *loss, *rate, *update;
};

static bool read_text(struct text *t)
{
    const char *dir = getenv("WENGERT_DATA");
    char path[1024];
    snprintf(path, sizeof path, "%s/tinyshakespeare.txt", dir ? dir : ".");
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END) || (t->n = ftell(f)) < 20 * CONTEXT || fseek(f, 0, SEEK_SET)) {
        printf("char_transformer: skipped, no data (set WENGERT_DATA): %s\n", path);
        return f && fclose(f) && false;
    }
    unsigned char *bytes = malloc((size_t)t->n);
    t->id = malloc((size_t)t->n * sizeof *t->id);
    bool seen[256] = { false }, whole = bytes && t->id && fread(bytes, 1, (size_t)t->n, f) == (size_t)t->n;
    int32_t id_of[256];
    for (int64_t i = 0; whole && i < t->n; i++)
        seen[bytes[i]] = true;
    for (int c = 0; c < 256; c++)
        if (seen[c]) {
            id_of[c] = t->letters;
            t->letter[t->letters++] = (unsigned char)c;
        }
    for (int64_t i = 0; whole && i < t->n; i++)
        t->id[i] = id_of[bytes[i]];
    fclose(f);
    free(bytes);
    return whole;
}

static void build(struct model *m, int64_t letters)
{
    wg_graph *g = m->g;
    const wg_init small = wg_init_normal(0, 0.02);
    const wg_attention_opts o = { .size = sizeof o, .causal = true, .rope = true, .dropout = 0.1 };
    m->x = wg_input(g, "x", WG_I32, WG_SHAPE(WG_BATCH, CONTEXT));
    m->next = wg_input(g, "next", WG_I32, WG_SHAPE(WG_BATCH, CONTEXT));
    m->rate = wg_input(g, "rate", WG_F32, WG_SCALAR); /* fed, for it may follow the clock */
    wg_node *h = wg_embedding(wg_param(g, "letters", WG_F32, WG_SHAPE(letters, WIDTH), small), m->x); /* (N, T, C) */
    for (int l = 0; l < LAYERS; l++) {
        char name[16];
        snprintf(name, sizeof name, "block%d", l + 1);
        wg_transformer_block b = wg_transformer_block_new(g, name, WG_F32, WIDTH, HEADS, small);
        h = wg_transformer_block_apply(&b, h, NULL, &o);
    }
    h = wg_layer_norm(h, wg_param(g, "norm/gamma", WG_F32, WG_SHAPE(WIDTH), wg_init_constant(1)),
                      wg_param(g, "norm/beta", WG_F32, WG_SHAPE(WIDTH), wg_init_zeros()), WG_AXES(-1), 1e-5);
    m->logits = wg_dense_apply(wg_dense_new(g, "head", WG_F32, WIDTH, letters, small), h);
    m->loss = wg_cross_entropy(m->logits, m->next, -1, NULL);
    wg_grads d = wg_clip_by_global_norm(wg_grads_of(m->loss, wg_trainable(m->loss)), 1, NULL);
    m->update = wg_adam(d, m->rate, WG_OPTS(wg_adam_opts, .beta2 = 0.99, .weight_decay = 0.1));
}

/* xorshift64*: which windows are learnt from, and which letters are drawn. */
static double draw(void)
{
    static uint64_t state = 88172645463325252u;
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (double)(state * 2685821657736338717u >> 11) * 0x1p-53;
}

/* Feeds windows of the text that begin at `at`, and what follows each of their characters. */
static wg_status feed(wg_exec *e, const struct model *m, const struct text *t, int64_t n, const int64_t *at)
{
    static int32_t x[TEST_BATCH * CONTEXT], next[TEST_BATCH * CONTEXT];
    for (int64_t i = 0; i < n; i++) {
        memcpy(x + i * CONTEXT, t->id + at[i], CONTEXT * sizeof *x);
        memcpy(next + i * CONTEXT, t->id + at[i] + 1, CONTEXT * sizeof *next);
    }
    wg_status st = wg_feed(e, m->x, WG_VIEW(x, n, CONTEXT));
    return st ? st : wg_feed(e, m->next, WG_VIEW(next, n, CONTEXT));
}

/* The loss of the text from `begin` on, window after window, of `most` at the most. */
static wg_status measure(wg_exec *e, const struct model *m, const struct text *t, int64_t begin, int64_t most, double *loss)
{
    const int64_t all = (t->n - 1 - begin) / CONTEXT, windows = most < all ? most : all;
    double sum = 0;
    for (int64_t w = 0; w < windows; w += TEST_BATCH) {
        const int64_t n = windows - w < TEST_BATCH ? windows - w : TEST_BATCH;
        int64_t at[TEST_BATCH];
        for (int64_t i = 0; i < n; i++)
            at[i] = begin + (w + i) * CONTEXT;
        wg_status st = feed(e, m, t, n, at);
        if (!st)
            st = wg_run(e);
        if (st)
            return st;
        sum += wg_scalar(e, m->loss) * (double)n;
    }
    *loss = sum / (double)windows;
    return WG_OK;
}

/* Writes `count` characters, each drawn by its probability, a little sharpened. */
static wg_status write_sample(wg_exec *e, const struct model *m, const struct text *t, int64_t count)
{
    int32_t window[CONTEXT] = { 0 };
    for (int64_t k = 0, place = 0; k < count; k++) {
        wg_status st = wg_feed(e, m->x, WG_VIEW(window, 1, CONTEXT));
        if (!st)
            st = wg_run(e);
        if (st)
            return st;
        /* What stands behind `place` cannot be seen from there. */
        const float *logit = wg_view_f32(wg_result(e, m->logits), NULL) + place * t->letters;
        double p[256], sum = 0;
        for (int c = 0; c < t->letters; c++)
            sum += p[c] = exp((double)logit[c] / 0.8);
        int32_t drawn = 0;
        for (double left = draw() * sum; drawn < t->letters - 1 && left >= p[drawn]; drawn++)
            left -= p[drawn];
        putchar(t->letter[drawn]);
        if (place == CONTEXT - 1)
            memmove(window, window + 1, (CONTEXT - 1) * sizeof *window);
        else
            place++;
        window[place] = drawn;
    }
    putchar('\n');
    return WG_OK;
}

static double seconds(void)
{
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Warm-up, then half a wave of the cosine from the peak to a tenth of it. */
static float rate_at(int64_t step, double done)
{
    const double peak = 2e-3, warm = step < WARM_UP ? (double)(step + 1) / WARM_UP : 1;
    return (float)(peak * warm * (0.55 + 0.45 * cos(3.14159265358979 * done)));
}

struct run {
    int64_t steps, sample, windows;
    double seconds; /* 0: no limit */
};

static wg_status train(wg_exec *fit, wg_exec *try, const struct model *m, const struct text *t, int64_t held_out,
                       const struct run *r)
{
    const double begin = seconds();
    const double reports = r->steps < 1000 ? 1 : 10; /* measuring takes as long as dozens of steps */
    double told = 0, loss = 0;
    wg_status st = WG_OK;
    for (int64_t step = 0; !st; step++) {
        double done = (double)step / (double)r->steps, spent = seconds() - begin;
        if (r->seconds > 0 && spent / r->seconds > done)
            done = spent / r->seconds;
        if (done >= told / reports || done >= 1) {
            double held = 0;
            st = measure(try, m, t, held_out, r->windows, &held);
            printf("%6.0f s  step %6lld  loss %.3f  held out %.4f\n", spent, (long long)step, loss, held);
            fflush(stdout);
            told = floor(done * reports) + 1;
            if (done >= 1)
                return st;
        }
        int64_t at[BATCH];
        for (int i = 0; i < BATCH; i++)
            at[i] = (int64_t)(draw() * (double)(held_out - CONTEXT - 1));
        const float rate = rate_at(step, done);
        if (!st)
            st = feed(fit, m, t, BATCH, at);
        if (!st)
            st = wg_feed(fit, m->rate, wg_view_of(&rate, WG_F32, WG_SCALAR));
        if (!st)
            st = wg_run(fit);
        if (!st)
            loss = wg_scalar(fit, m->loss);
    }
    return st;
}

int main(int argc, char **argv)
{
    struct run r = { .steps = 12000, .sample = 500, .windows = INT64_MAX };
    for (int i = 1; i + 1 < argc; i += 2) {
        const double value = strtod(argv[i + 1], NULL);
        if (!strcmp(argv[i], "--steps"))
            r.steps = value >= 1 ? (int64_t)value : 1;
        else if (!strcmp(argv[i], "--seconds"))
            r.seconds = value;
        else if (!strcmp(argv[i], "--sample"))
            r.sample = (int64_t)value;
        else if (!strcmp(argv[i], "--windows"))
            r.windows = value >= 1 ? (int64_t)value : 1;
    }
    struct text t = { .n = 0 };
    if (!read_text(&t)) {
        free(t.id);
        return 77;
    }
    struct model m = { .g = wg_graph_new_with(WG_OPTS(wg_graph_opts, .seed = 1)) };
    build(&m, t.letters);
    wg_plan *fitting = wg_compile(m.g, WG_TRAIN, WG_NODES(m.loss, m.update));
    wg_plan *trying = wg_compile(m.g, WG_INFER, WG_NODES(m.loss)),
            *writing = wg_compile(m.g, WG_INFER, WG_NODES(m.logits));
    wg_exec *fit = wg_exec_new(fitting), *try = wg_exec_new(trying), *writer = wg_exec_new(writing);
    wg_status st = fit && try && writer ? train(fit, try, &m, &t, t.n / 10 * 9, &r) : WG_ERR_GRAPH;
    if (!st)
        st = write_sample(writer, &m, &t, r.sample);
    if (st)
        fprintf(stderr, "char_transformer: %s\n", wg_error());
    wg_exec_free(fit), wg_exec_free(try), wg_exec_free(writer);
    wg_plan_free(fitting), wg_plan_free(trying), wg_plan_free(writing), wg_graph_free(m.g);
    free(t.id);
    return st != WG_OK;
}
