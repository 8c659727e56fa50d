/* Handwritten digits by a small convolutional network: three convolutions, 2 x 2 maxima between them, two dense layers.
 *
 *     mnist_conv [STEPS]
 *
 * reads MNIST's four files in the folder that the environment's WENGERT_DATA names. In full it takes some minutes of one core, and it
 * tells how many, and the most memory that the process had. The test digits are only looked at: nothing is chosen by them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <wengert.h>

enum { BATCH = 100, FULL = 10 * 600, CLASSES = 10 }; /* 600 steps an epoch */

static wg_data *open_data(const char *name)
{
    const char *dir = getenv("WENGERT_DATA");
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", dir ? dir : ".", name);
    return wg_data_open(path);
}

/* A 3 x 3 convolution that keeps height and width: x (N, in, H, W) -> (N, out, H, W). */
static wg_node *convolve(const char *name, wg_node *x, int64_t in, int64_t out)
{
    wg_graph *g = wg_node_graph(x);
    wg_scope_push(g, "%s", name);
    wg_node *w = wg_param(g, "w", WG_F32, WG_SHAPE(out, in, 3, 3), wg_init_he());
    wg_node *b = wg_param(g, "b", WG_F32, WG_SHAPE(out), wg_init_zeros());
    wg_scope_pop(g);
    return wg_conv2d(x, w, b, WG_OPTS(wg_conv_opts, .padding = WG_AXES(1)));
}

static wg_node *halve(wg_node *x) { return wg_max_pool2d(x, WG_AXES(2), NULL); }

/* (N, 28, 28) bytes -> (N, 10) logits */
static wg_node *network(wg_graph *g, wg_node *x)
{
    wg_node *h = wg_expand_dims(wg_scale(wg_cast(x, WG_F32), 1.0 / 255), WG_AXES(1)); /* (N, 1, 28, 28) */
    h = halve(wg_relu(convolve("conv1", h, 1, 16)));                                  /* (N, 16, 14, 14) */
    h = halve(wg_relu(convolve("conv2", h, 16, 32)));                                 /* (N, 32, 7, 7) */
    h = wg_relu(convolve("conv3", h, 32, 64));                                        /* (N, 64, 7, 7) */
    h = wg_dropout(wg_flatten(h, 1), 0.3);                                            /* (N, 3136) */
    h = wg_relu(wg_dense_apply(wg_dense_new(g, "dense1", WG_F32, 64 * 7 * 7, 128, wg_init_he()), h));
    return wg_dense_apply(wg_dense_new(g, "dense2", WG_F32, 128, CLASSES, wg_init_xavier()), wg_dropout(h, 0.4));
}

static double cpu_seconds(void)
{
    struct timespec t = { 0 };
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double peak_mebibytes(void)
{
    struct rusage usage = { .ru_maxrss = 0 };
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024; /* Linux counts in KiB */
}

static wg_status show(void *user, const wg_progress *p)
{
    (void)user;
    printf("epoch %2" PRId64 "  loss %.4f  test accuracy %.4f  %.0f s\n", p->epoch, p->loss, p->metric[0], cpu_seconds());
    fflush(stdout);
    return WG_OK;
}

int main(int argc, char **argv)
{
    int64_t steps = argc > 1 ? strtol(argv[1], NULL, 10) : FULL;
    wg_data *d[4] = { open_data("train-images-idx3-ubyte.gz"), open_data("train-labels-idx1-ubyte.gz"),
                      open_data("t10k-images-idx3-ubyte.gz"), open_data("t10k-labels-idx1-ubyte.gz") };
    if (!d[0]) {
        printf("mnist_conv: skipped, no data (set WENGERT_DATA): %s\n", wg_error());
        return 77;
    }
    wg_batches *train =
        wg_batches_new(d, 2, WG_OPTS(wg_batches_opts, .batch = BATCH, .shuffle = true, .seed = 1, .prefetch = 4));
    wg_batches *test = wg_batches_new(d + 2, 2, WG_OPTS(wg_batches_opts, .batch = 200));

    wg_graph *g = wg_graph_new();
    wg_node *x = wg_input(g, "x", WG_U8, WG_SHAPE(WG_BATCH, 28, 28)), *y = wg_input(g, "y", WG_U8, WG_SHAPE(WG_BATCH));
    wg_node *z = network(g, x), *loss = wg_cross_entropy(z, wg_cast(y, WG_I64), 1, NULL);
    wg_node *rate = wg_schedule_cosine(wg_step_counter(g), 2e-3, 0, steps);
    wg_node *update = wg_adam(wg_grads_of(loss, wg_trainable(loss)), rate, NULL);
    wg_metrics metrics = WG_METRICS({ WG_ACCURACY, z, y });

    wg_status st = wg_fit(WG_OPTS(wg_fit_opts, .loss = loss, .update = update, .inputs = WG_NODES(x, y), .train = train,
                                  .test = test, .metrics = metrics, .steps = steps, .on_epoch = show),
                          NULL);
    wg_evaluator *v = wg_evaluator_new(metrics, WG_NODES(x, y), NULL);
    if (!st)
        st = wg_evaluate(v, test);
    double accuracy = st ? 0 : wg_tally_value(wg_evaluator_tally(v, 0));
    if (st)
        fprintf(stderr, "mnist_conv: %s\n", wg_error());
    else
        printf("accuracy %.4f on the test digits after %" PRId64 " steps; %.0f s of CPU, %.0f MiB at the most\n",
               accuracy, steps, cpu_seconds(), peak_mebibytes());
    wg_evaluator_free(v), wg_batches_free(train), wg_batches_free(test), wg_graph_free(g);
    for (int i = 0; i < 4; i++)
        wg_data_free(d[i]);
    return !(accuracy > (steps < FULL ? 0.7 : 0.992));
}
