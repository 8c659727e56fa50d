/* Does a text fit an image, and of which class is the image? An image and a token sequence; a trunk applied to both; a skip
 * connection; two losses.
 *
 *     d_twin [STEPS]
 *
 * makes its data itself: an image of a class is noise with a bright square at the class' place, and a text of a class has every
 * other word from the class' own words. Half of the pairs match. Ends with 1 unless the loss has fallen by half. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <wengert.h>

enum { D = 64, VOCAB = 1000, CLASSES = 10, EXAMPLES = 512, BATCH = 32, SIDE = 32, WORDS = 12 };

static int train(wg_batches *data, int64_t steps)
{
    wg_graph *g = wg_graph_new();
    wg_node *image = wg_input(g, "image", WG_F32, WG_SHAPE(WG_BATCH, 3, SIDE, SIDE));
    wg_node *text = wg_input(g, "text", WG_I64, WG_SHAPE(WG_BATCH, WG_DIM('T')));
    wg_node *label = wg_input(g, "label", WG_I64, WG_SHAPE(WG_BATCH));
    wg_node *match = wg_input(g, "match", WG_F32, WG_SHAPE(WG_BATCH, 1));

    /* the image's branch: parameters by hand, to see how that reads */
    wg_scope_push(g, "image");
    wg_node *k = wg_param(g, "k", WG_F32, WG_SHAPE(8, 3, 3, 3), wg_init_he()); /* "image/k" */
    wg_node *kb = wg_param(g, "kb", WG_F32, WG_SHAPE(8), wg_init_zeros());
    wg_node *c = wg_relu(
        wg_conv2d(image, k, kb, WG_OPTS(wg_conv_opts, .stride = WG_AXES(2, 2), .padding = WG_AXES(1, 1))));
    wg_node *fi = wg_dense_apply(wg_dense_new(g, "out", WG_F32, 8 * 16 * 16, D, wg_init_he()), wg_flatten(c, 1));
    wg_scope_pop(g);

    wg_scope_push(g, "text");
    wg_node *table = wg_param(g, "table", WG_F32, WG_SHAPE(VOCAB, D), wg_init_normal(0, 0.02));
    wg_node *ft = wg_mean(wg_take(table, text, 0), WG_AXES(1), false); /* (N, T, D) -> (N, D) */
    wg_scope_pop(g);

    wg_dense trunk = wg_dense_new(g, "trunk", WG_F32, D, D, wg_init_he()); /* made once .. */
    wg_node *hi = wg_add(fi, wg_relu(wg_dense_apply(trunk, fi)));          /* .. used twice; skips */
    wg_node *ht = wg_add(ft, wg_relu(wg_dense_apply(trunk, ft)));
    wg_node *both = wg_concat(WG_NODES(hi, ht), -1);

    wg_dense to_class = wg_dense_new(g, "class", WG_F32, 2 * D, CLASSES, wg_init_xavier());
    wg_dense to_match = wg_dense_new(g, "match", WG_F32, 2 * D, 1, wg_init_xavier()); /* an input too: "match/w" is no clash */
    wg_node *z = wg_output(wg_dense_apply(to_class, both), "z"), *m = wg_output(wg_dense_apply(to_match, both), "m");
    wg_node *l1 = wg_name(wg_cross_entropy(z, label, 1, WG_OPTS(wg_cross_entropy_opts, .label_smoothing = 0.1)),
                          "loss/class");
    wg_node *l2 = wg_name(wg_bce_logits(m, match, WG_MEAN), "loss/match");
    wg_node *loss = wg_add(wg_scale(l1, 0.7), wg_scale(l2, 0.3));

    wg_node *norm, *lr = wg_schedule_cosine(wg_step_counter(g), 1e-2, 1e-5, steps);
    wg_grads gr = wg_clip_by_global_norm(wg_grads_of(loss, wg_trainable(loss)), 1.0, &norm);
    wg_node *step = wg_adam(gr, lr, NULL);

    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(loss, l1, l2, norm, lr, step));
    wg_exec *e = wg_exec_new_with(plan, WG_OPTS(wg_exec_opts, .check_finite = true));
    wg_node *in[] = { image, text, label, match };
    wg_status st = e ? WG_OK : WG_ERR_GRAPH;
    double first = 0, last = 0;
    for (int64_t i = 0; !st && i < steps; i++) {
        wg_batch b;
        st = wg_batches_at(data, i, &b);
        for (int s = 0; !st && s < 4; s++)
            st = wg_feed(e, in[s], b.view[s]);
        if (!st)
            st = wg_run(e);
        if (st)
            break;
        last = wg_scalar(e, loss);
        first = i ? first : last;
        if (i % 50 == 0 || i + 1 == steps)
            printf("%6" PRId64 "  %.4f = .7*%.4f + .3*%.4f  |g| %.3f  lr %.2e\n", i, last, wg_scalar(e, l1),
                   wg_scalar(e, l2), wg_scalar(e, norm), wg_scalar(e, lr));
    }
    if (st)
        fprintf(stderr, "d_twin: %s\n", wg_error());
    wg_nodes p = wg_trainable(loss); /* parameters, one by one */
    for (size_t i = 0; i < p.n; i++) {
        wg_shape s = wg_node_shape(p.at[i]);
        printf("%-20s %" PRId64 " elements, rank %d\n", wg_node_name(p.at[i]), wg_shape_count(s), s.rank);
    }
    printf("%" PRId64 " numbers learnt, the loss from %.4f to %.4f\n", wg_param_count(p), first, last);
    wg_exec_free(e), wg_plan_free(plan), wg_graph_free(g);
    return st != WG_OK || !(last < first / 2);
}

/* Numbers that look random, the same on every machine. */
static uint32_t draw(uint32_t below)
{
    static uint64_t state = 1;
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % below;
}

static float images[EXAMPLES][3][SIDE][SIDE], matches[EXAMPLES][1];
static int64_t texts[EXAMPLES][WORDS], labels[EXAMPLES];

static void make_example(int i)
{
    const int class = (int)draw(CLASSES), top = class / 5 * 16 + 4, left = class % 5 * 6;
    const bool same = draw(2);
    const int told = same ? class : (class + 1 + (int)draw(CLASSES - 1)) % CLASSES; /* what the text is about */
    labels[i] = class;
    matches[i][0] = same;
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++)
                images[i][c][y][x] = (float)draw(1000) / 1000 + (y >= top && y < top + 8 && x >= left && x < left + 6);
    for (int w = 0; w < WORDS; w++)
        texts[i][w] = w % 2 ? told * 20 + (int)draw(20) : 200 + (int)draw(VOCAB - 200);
}

int main(int argc, char **argv)
{
    const int64_t steps = argc > 1 ? strtol(argv[1], NULL, 10) : 600;
    for (int i = 0; i < EXAMPLES; i++)
        make_example(i);
    wg_data *d[] = { wg_data_view(WG_VIEW(&images[0][0][0][0], EXAMPLES, 3, SIDE, SIDE)),
                     wg_data_view(WG_VIEW(&texts[0][0], EXAMPLES, WORDS)), wg_data_view(WG_VIEW(labels, EXAMPLES)),
                     wg_data_view(WG_VIEW(&matches[0][0], EXAMPLES, 1)) };
    wg_batches *batches = wg_batches_new(d, 4, WG_OPTS(wg_batches_opts, .batch = BATCH, .seed = 1, .shuffle = true));
    if (!batches)
        fprintf(stderr, "d_twin: %s\n", wg_error());
    int status = batches ? train(batches, steps) : 1;
    wg_batches_free(batches);
    for (size_t i = 0; i < sizeof d / sizeof *d; i++)
        wg_data_free(d[i]);
    return status;
}
