/* Handwritten digits by a plain network, in few lines: wg_fit has the loop.
 *
 *     mnist_mlp [STEPS]
 *
 * reads MNIST's four files in the folder that the environment's WENGERT_DATA names. In full it takes some two minutes of one core. The
 * test digits are only looked at: nothing is chosen by them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <wengert.h>

enum { BATCH = 100, FULL = 20 * 600, CLASSES = 10 }; /* 600 steps an epoch */

static wg_data *open_data(const char *name)
{
    const char *dir = getenv("WENGERT_DATA");
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", dir ? dir : ".", name);
    return wg_data_open(path);
}

static wg_status show(void *user, const wg_progress *p)
{
    (void)user;
    printf("epoch %2" PRId64 "  loss %.4f  test accuracy %.4f\n", p->epoch, p->loss, p->metric[0]);
    fflush(stdout);
    return WG_OK;
}

/* The three confusions that happen most. */
static void tell_confusions(wg_view counts)
{
    bool told[CLASSES * CLASSES] = { false };
    for (int shown = 0; shown < 3; shown++) {
        int worst = 1; /* a label * CLASSES + the answer */
        for (int i = 0; i < CLASSES * CLASSES; i++)
            if (i % (CLASSES + 1) && !told[i] && wg_view_at(counts, i) > wg_view_at(counts, worst) * !told[worst])
                worst = i;
        told[worst] = true;
        printf("%.0f times a %d is taken for a %d\n", wg_view_at(counts, worst), worst / CLASSES, worst % CLASSES);
    }
}

int main(int argc, char **argv)
{
    int64_t steps = argc > 1 ? strtol(argv[1], NULL, 10) : FULL;
    wg_data *d[4] = { open_data("train-images-idx3-ubyte.gz"), open_data("train-labels-idx1-ubyte.gz"),
                      open_data("t10k-images-idx3-ubyte.gz"), open_data("t10k-labels-idx1-ubyte.gz") };
    if (!d[0]) {
        printf("mnist_mlp: skipped, no data (set WENGERT_DATA): %s\n", wg_error());
        return 77;
    }
    wg_batches *train =
        wg_batches_new(d, 2, WG_OPTS(wg_batches_opts, .batch = BATCH, .shuffle = true, .seed = 1, .prefetch = 4));
    wg_batches *test = wg_batches_new(d + 2, 2, WG_OPTS(wg_batches_opts, .batch = 1000));

    wg_graph *g = wg_graph_new();
    wg_node *x = wg_input(g, "x", WG_U8, WG_SHAPE(WG_BATCH, 28, 28)), *y = wg_input(g, "y", WG_U8, WG_SHAPE(WG_BATCH));
    wg_node *pixels = wg_dropout(wg_flatten(wg_scale(wg_cast(x, WG_F32), 1.0 / 255), 1), 0.1); /* (N, 784) */
    wg_mlp net = wg_mlp_new(g, pixels, (int64_t[]){ 784, 400, 200, CLASSES }, 4,
                            WG_OPTS(wg_mlp_opts, .layout = WG_ROWS, .dropout = 0.3));
    wg_node *loss = wg_cross_entropy(net.z, wg_cast(y, WG_I64), 1, NULL);
    wg_node *rate = wg_schedule_cosine(wg_step_counter(g), 1.5e-3, 0, steps);
    wg_node *update = wg_adam(wg_grads_of(loss, wg_trainable(loss)), rate, NULL);

    wg_status st = wg_fit(WG_OPTS(wg_fit_opts, .loss = loss, .update = update, .inputs = WG_NODES(x, y), .train = train,
                                  .test = test, .metrics = WG_METRICS({ WG_ACCURACY, net.z, y }), .steps = steps,
                                  .on_epoch = show),
                          NULL);
    wg_evaluator *v = wg_evaluator_new(WG_METRICS({ WG_CONFUSION, net.z, y }), WG_NODES(x, y), NULL);
    if (!st)
        st = wg_evaluate(v, test);
    double accuracy = 0;
    if (st) {
        fprintf(stderr, "mnist_mlp: %s\n", wg_error());
    } else {
        tell_confusions(wg_tally_confusion(wg_evaluator_tally(v, 0)));
        accuracy = wg_tally_value(wg_evaluator_tally(v, 0));
        printf("accuracy %.4f on %" PRId64 " test digits after %" PRId64 " steps\n", accuracy,
               wg_tally_count(wg_evaluator_tally(v, 0)), steps);
    }
    wg_evaluator_free(v), wg_batches_free(train), wg_batches_free(test), wg_graph_free(g);
    for (int i = 0; i < 4; i++)
        wg_data_free(d[i]);
    return !(accuracy > (steps < FULL ? 0.8 : 0.983));
}
