/* Tagging of sequences of different lengths, padded to the batch's longest: with the layer, and by hand with a scan.
 *
 *     f_lstm [STEPS]
 *
 * The task is made here: symbols come at random, and the tag of each says how long ago the last of the first four symbols was. Both
 * ways share their parameters, and so must give the same. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <wengert.h>

enum { C = 24, H = 48, TAGS = 9, BATCH = 16, LONGEST = 40, MARKS = 4 };

/* The labels' mean loss over the steps that are not padded. */
static wg_node *loss_of(wg_node *z, wg_node *tag)
{
    static const int64_t pad = -1;
    return wg_cross_entropy(z, tag, -1, WG_OPTS(wg_cross_entropy_opts, .ignore_index = &pad));
}

/* y (N, T, H) as wg_lstm_apply gives it. */
static wg_node *by_hand(wg_graph *g, wg_lstm p, wg_node *x, wg_node *mask)
{
    wg_scan *s = wg_scan_begin(g, 1);                                 /* over T, axis 1 of every slice */
    wg_node *xt = wg_scan_slice(s, x);                                /* (N, C) */
    wg_node *mt = wg_expand_dims(wg_scan_slice(s, mask), WG_AXES(1)); /* (N, 1) */
    wg_node *h = wg_scan_carry(s, wg_zeros(g, WG_F32, WG_SHAPE(WG_BATCH, H)));
    wg_node *c = wg_scan_carry(s, wg_zeros(g, WG_F32, WG_SHAPE(WG_BATCH, H)));
    wg_node *z = wg_add(wg_add(wg_matmul(xt, p.w_x), p.b), wg_matmul(h, p.w_h)); /* (N, 4 H): i f g o */
    wg_node *gate[4];
    for (int i = 0; i < 4; i++)
        gate[i] = wg_slice1(z, 1, i * H, (i + 1) * H);
    wg_node *cn = wg_add(wg_mul(wg_sigmoid(gate[1]), c), wg_mul(wg_sigmoid(gate[0]), wg_tanh(gate[2])));
    wg_node *hn = wg_mul(wg_sigmoid(gate[3]), wg_tanh(cn));
    wg_scan_next(s, c, wg_where(mt, cn, c)); /* a step that is masked keeps the state */
    wg_node *kept = wg_where(mt, hn, h);
    wg_scan_next(s, h, kept);
    wg_node *y = wg_scan_stack(s, kept); /* (N, T, H) */
    wg_scan_end(s);
    return y;
}

struct batch {
    float x[BATCH * LONGEST * C];
    bool mask[BATCH * LONGEST];
    int64_t tag[BATCH * LONGEST];
    int64_t length; /* of the longest */
};

static int below(uint64_t *state, int n)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (int)((*state >> 33) % (uint64_t)n);
}

static void draw(struct batch *b, uint64_t *state)
{
    int length[BATCH], longest = 0;
    for (int n = 0; n < BATCH; n++) {
        length[n] = LONGEST / 2 + below(state, LONGEST / 2 + 1);
        longest = length[n] > longest ? length[n] : longest;
    }
    *b = (struct batch){ .length = longest };
    for (int n = 0; n < BATCH; n++) {
        int since = TAGS - 1;
        for (int t = 0; t < longest; t++) {
            int at = n * longest + t, symbol = below(state, C);
            bool on = t < length[n];
            since = symbol < MARKS ? 0 : since < TAGS - 1 ? since + 1 : TAGS - 1;
            b->mask[at] = on;
            b->tag[at] = on ? since : -1;
            if (on)
                b->x[at * C + symbol] = 1;
        }
    }
}

/* How many of the tags are right, of how many. */
static double accuracy(const wg_exec *e, wg_node *z, const struct batch *b)
{
    wg_view v = wg_result(e, z);
    int right = 0, all = 0;
    for (int64_t i = 0; i < BATCH * b->length; i++) {
        int best = 0;
        for (int k = 1; k < TAGS; k++)
            best = wg_view_at(v, i * TAGS + k) > wg_view_at(v, i * TAGS + best) ? k : best;
        all += b->mask[i];
        right += b->mask[i] && best == b->tag[i];
    }
    return (double)right / all;
}

int main(int argc, char **argv)
{
    long steps = argc > 1 ? strtol(argv[1], NULL, 10) : 300;
    wg_graph *g = wg_graph_new();
    wg_node *x = wg_input(g, "x", WG_F32, WG_SHAPE(WG_BATCH, WG_DIM('T'), C));
    wg_node *mask = wg_input(g, "mask", WG_BOOL, WG_SHAPE(WG_BATCH, WG_DIM('T')));
    wg_node *tag = wg_input(g, "tag", WG_I64, WG_SHAPE(WG_BATCH, WG_DIM('T'))); /* -1 where padded */
    wg_lstm lstm = wg_lstm_new(g, "lstm", WG_F32, C, H);
    wg_dense head = wg_dense_new(g, "tag_of", WG_F32, H, TAGS, wg_init_xavier());
    wg_node *z = wg_dense_apply(head, wg_lstm_apply(lstm, x, mask, NULL, NULL).y); /* (N, T, TAGS) */
    wg_node *loss = loss_of(z, tag), *other = loss_of(wg_dense_apply(head, by_hand(g, lstm, x, mask)), tag);
    wg_node *update = wg_adam(wg_grads_of(loss, wg_trainable(loss)), wg_const(g, 0.01), NULL);

    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(loss, other, z, update));
    wg_exec *e = wg_exec_new(plan);
    static struct batch b;
    uint64_t state = 1;
    double difference = 0;
    wg_status st = e ? WG_OK : WG_ERR_GRAPH;
    for (long i = 0; i < steps && !st; i++) {
        draw(&b, &state);
        wg_bind(e, x, WG_VIEW(b.x, BATCH, b.length, C));
        wg_bind(e, mask, WG_VIEW(b.mask, BATCH, b.length));
        wg_bind(e, tag, WG_VIEW(b.tag, BATCH, b.length));
        st = wg_run(e);
        difference = fmax(difference, fabs(wg_scalar(e, loss) - wg_scalar(e, other)));
        if (i % 50 == 0 && !st)
            printf("step %4ld  loss %.4f\n", i, wg_scalar(e, loss));
    }
    double right = st ? 0 : accuracy(e, z, &b);
    if (st)
        fprintf(stderr, "f_lstm: %s\n", wg_error());
    else
        printf("%.4f of the tags are right; layer and scan differ by %.2g\n", right, difference);
    wg_exec_free(e), wg_plan_free(plan), wg_graph_free(g);
    return !(right > 0.95 && difference < 1e-5);
}
