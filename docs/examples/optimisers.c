/* An update made of parts: gradients of four small batches, clipped; AdamW that decays the weights but not the biases; a rate that warms
 * up and fades; and moving averages of the values, which jump about less than the values do.
 *
 *     optimisers [UPDATES]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <wengert.h>

enum { EXAMPLES = 256, MICRO = 8, PARTS = 4, WIDTH = 32 };
static const float low = -2, high = 2;

/* y = sin 3x, and in training noise as large as half of it. */
static void make_data(float *x, float *y, double noise, uint32_t seed)
{
    wg_numpy_random random;
    wg_numpy_seed(&random, seed);
    for (int i = 0; i < EXAMPLES; i++) {
        x[i] = low + (high - low) * (float)wg_numpy_uniform(&random);
        y[i] = sinf(3 * x[i]) + (float)(noise * wg_numpy_randn(&random));
    }
}

/* The loss of whole data in a store. */
static double test(const wg_plan *plan, wg_store *store, wg_node *x, wg_node *y, wg_node *loss, const float *xs,
                   const float *ys)
{
    wg_exec *e = wg_exec_new_with(plan, WG_OPTS(wg_exec_opts, .store = store));
    wg_bind(e, x, WG_VIEW(xs, EXAMPLES, 1));
    wg_bind(e, y, WG_VIEW(ys, EXAMPLES, 1));
    double value = wg_run(e) == WG_OK ? wg_scalar(e, loss) : NAN;
    wg_exec_free(e);
    return value;
}

int main(int argc, char **argv)
{
    int updates = argc > 1 ? atoi(argv[1]) : 2000, warm = updates / 10 + 1;
    static float xs[EXAMPLES], ys[EXAMPLES], held_xs[EXAMPLES], held_ys[EXAMPLES];
    make_data(xs, ys, 0.5, 1);
    make_data(held_xs, held_ys, 0, 2);

    wg_graph *g = wg_graph_new();
    wg_node *x = wg_input(g, "x", WG_F32, WG_SHAPE(WG_BATCH, 1)), *y = wg_input(g, "y", WG_F32, WG_SHAPE(WG_BATCH, 1));
    wg_node *h = wg_tanh(wg_dense_apply(wg_dense_new(g, "first", WG_F32, 1, WIDTH, wg_init_normal(0, 2)), x));
    h = wg_tanh(wg_dense_apply(wg_dense_new(g, "second", WG_F32, WIDTH, WIDTH, wg_init_xavier()), h));
    wg_node *loss = wg_mse(wg_dense_apply(wg_dense_new(g, "last", WG_F32, WIDTH, 1, wg_init_xavier()), h), y, WG_MEAN);

    wg_node *step = wg_step_counter(g), *norm;
    wg_node *fading = wg_schedule_cosine(wg_schedule_after(step, warm), 0.02, 0.005, updates);
    wg_node *rate = wg_schedule_warmup(step, warm, fading);

    wg_grads all = wg_accumulate(wg_grads_of(loss, wg_trainable(loss)), PARTS), weights;
    wg_grads biases = wg_grads_matching(wg_clip_by_global_norm(all, 1, &norm), "*/b", &weights);
    wg_node *decayed = wg_adam(weights, rate, WG_OPTS(wg_adam_opts, .weight_decay = 0.01));
    wg_node *update = wg_ema(wg_group(WG_NODES(decayed, wg_adam(biases, rate, NULL))), 0.99, NULL);

    /* A run takes a micro-batch; every fourth one updates. */
    wg_data *data[] = { wg_data_view(WG_VIEW(xs, EXAMPLES, 1)), wg_data_view(WG_VIEW(ys, EXAMPLES, 1)) };
    wg_batches *batches = wg_batches_new(data, 2, WG_OPTS(wg_batches_opts, .batch = MICRO, .shuffle = true));
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(norm, update)), *judge = wg_compile(g, WG_INFER, WG_NODES(loss));
    wg_exec *e = wg_exec_new(plan);
    wg_status status = e ? WG_OK : WG_ERR_GRAPH;
    for (int i = 0; i < updates * PARTS && !status; i++) {
        wg_batch b;
        status = wg_batches_at(batches, i, &b);
        if (!status && !(status = wg_bind(e, x, b.view[0])) && !(status = wg_bind(e, y, b.view[1])))
            status = wg_run(e);
    }

    wg_store *values = wg_graph_store(g), *averages = status ? NULL : wg_ema_store(values, NULL);
    if (averages)
        printf("%d updates of %d x %d examples; error without the noise %.5f, with the averages %.5f\n",
               (int)wg_store_step(values), PARTS, MICRO, test(judge, values, x, y, loss, held_xs, held_ys),
               test(judge, averages, x, y, loss, held_xs, held_ys));
    else
        fprintf(stderr, "%s\n", wg_error());
    int code = averages ? 0 : 1;
    wg_store_free(averages), wg_exec_free(e), wg_plan_free(plan), wg_plan_free(judge);
    wg_batches_free(batches), wg_data_free(data[0]), wg_data_free(data[1]), wg_graph_free(g);
    return code;
}
