/* Digits through a bottleneck of 32 numbers: how much better than principal components is a network?
 *
 *     autoencoder [STEPS]
 *
 * reads MNIST's images in the folder that the environment's WENGERT_DATA names. The principal components are the best that a linear map
 * can do: the 32 leading eigenvectors of the training images' covariance, found here by subspace iteration, q <- orthonormal
 * (C q), whose every step is a run of a graph: the covariance is summed up over the batches by assigns, and a Cholesky factor
 * makes columns orthonormal (q = y R^-1 with R^T R = y^T y). The network, 784-256-32-256-784, is then trained on the same images, and
 * both are judged on the test images, by the root of the mean squared error of a pixel in 0 .. 1. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <wengert.h>

enum { PIXELS = 784, CODE = 32, BATCH = 100, FULL = 12 * 600, ROUNDS = 40 };

struct model {
    wg_graph *g;
    wg_node *x;                          /* (N, 28, 28) */
    wg_node *pixels;                     /* (N, 784) in 0 .. 1 */
    wg_node *sum, *products, *count, *q; /* of all training images: variables */
    wg_node *add, *turn;                 /* the runs that change them */
    wg_node *linear, *network;           /* reconstructions */
};

static wg_data *open_data(const char *name)
{
    const char *dir = getenv("WENGERT_DATA");
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", dir ? dir : ".", name);
    return wg_data_open(path);
}

/* Principal components: the covariance, in f64, and the step of the iteration. */
static void build_linear(struct model *m)
{
    wg_graph *g = m->g;
    wg_node *x = wg_cast(m->pixels, WG_F64);
    m->sum = wg_variable(g, "sum", WG_F64, WG_SHAPE(PIXELS), wg_init_zeros());
    m->products = wg_variable(g, "products", WG_F64, WG_SHAPE(PIXELS, PIXELS), wg_init_zeros());
    m->count = wg_variable(g, "count", WG_F64, WG_SCALAR, wg_init_zeros());
    m->q = wg_variable(g, "q", WG_F64, WG_SHAPE(PIXELS, CODE), wg_init_normal(0, 1));
    wg_node *rows = wg_sum(wg_ones_like(wg_mean(x, WG_AXES(1), false)), WG_ALL_AXES, false);
    m->add = wg_group(WG_NODES(wg_assign(m->sum, wg_add(m->sum, wg_sum(x, WG_AXES(0), false))),
                               wg_assign(m->products, wg_add(m->products, wg_matmul_t(x, true, x, false))),
                               wg_assign(m->count, wg_add(m->count, rows))));

    wg_node *mean = wg_div(m->sum, m->count);
    wg_node *covariance = wg_sub(wg_div(m->products, m->count), wg_outer(mean, mean));
    wg_node *y = wg_matmul(covariance, m->q);
    wg_node *lower = wg_cholesky(wg_matmul_t(y, true, y, false)); /* R^T, (32, 32) */
    m->turn = wg_assign(m->q, wg_transpose(wg_triangular_solve(lower, wg_transpose(y), true, false)));

    wg_node *code = wg_matmul(wg_sub(x, mean), m->q); /* (N, 32) */
    m->linear = wg_cast(wg_add(wg_matmul_t(code, false, m->q, true), mean), WG_F32);
}

static void build_network(struct model *m)
{
    static const int64_t width[] = { PIXELS, 256, CODE, 256, PIXELS };
    wg_node *h = m->pixels;
    for (int l = 0; l < 4; l++) {
        char name[8];
        snprintf(name, sizeof name, "l%d", l);
        h = wg_dense_apply(wg_dense_new(m->g, name, WG_F32, width[l], width[l + 1], wg_init_he()), h);
        h = l == 1 ? h : l == 3 ? wg_sigmoid(h) : wg_gelu_tanh(h); /* the code is any 32 numbers */
    }
    m->network = h;
}

/* Runs an effect once a batch of the first epoch, or `times` over without any data. */
static wg_status repeat(const struct model *m, wg_node *effect, wg_batches *from, int64_t times)
{
    wg_plan *plan = wg_compile(m->g, WG_TRAIN, WG_NODES(effect));
    wg_exec *e = wg_exec_new(plan);
    wg_status st = e ? WG_OK : wg_error_status();
    wg_batch b;
    for (int64_t i = 0; i < times && !st; i++) {
        if (from && !(st = wg_batches_at(from, i, &b)))
            wg_bind(e, m->x, b.view[0]); /* the run tells, should it fail */
        if (!st)
            st = wg_run(e);
    }
    wg_exec_free(e), wg_plan_free(plan);
    return st;
}

static wg_status show(void *user, const wg_progress *p)
{
    (void)user;
    printf("epoch %2" PRId64 "  rmse of training %.4f, of test %.4f\n", p->epoch, sqrt(p->loss), p->metric[0]);
    fflush(stdout);
    return WG_OK;
}

int main(int argc, char **argv)
{
    int64_t steps = argc > 1 ? strtol(argv[1], NULL, 10) : FULL;
    wg_data *d[2] = { open_data("train-images-idx3-ubyte.gz"), open_data("t10k-images-idx3-ubyte.gz") };
    if (!d[0] || !d[1]) {
        printf("autoencoder: skipped, no data (set WENGERT_DATA): %s\n", wg_error());
        wg_data_free(d[0]), wg_data_free(d[1]);
        return 77;
    }
    wg_batches *train =
        wg_batches_new(d, 1, WG_OPTS(wg_batches_opts, .batch = BATCH, .shuffle = true, .seed = 1, .prefetch = 4));
    wg_batches *test = wg_batches_new(d + 1, 1, WG_OPTS(wg_batches_opts, .batch = 500));
    struct model m = { .g = wg_graph_new() };
    m.x = wg_input(m.g, "x", WG_U8, WG_SHAPE(WG_BATCH, 28, 28));
    m.pixels = wg_flatten(wg_scale(wg_cast(m.x, WG_F32), 1.0 / 255), 1);
    build_linear(&m), build_network(&m);

    wg_node *loss = wg_mse(m.network, m.pixels, WG_MEAN),
            *rate = wg_schedule_cosine(wg_step_counter(m.g), 2e-3, 0, steps);
    wg_node *update = wg_adam(wg_grads_of(loss, wg_trainable(loss)), rate, NULL);
    /* In short, the covariance is that of as many images as the network sees. */
    int64_t seen = steps < wg_batches_per_epoch(train) ? steps : wg_batches_per_epoch(train);
    wg_status st = repeat(&m, m.add, train, seen);
    if (!st)
        st = repeat(&m, m.turn, NULL, ROUNDS);
    if (!st)
        st = wg_fit(WG_OPTS(wg_fit_opts, .loss = loss, .update = update, .inputs = WG_NODES(m.x), .train = train,
                            .test = test, .metrics = WG_METRICS({ WG_RMSE, m.network, m.pixels }), .steps = steps,
                            .on_epoch = show),
                    NULL);
    wg_metrics both = WG_METRICS({ WG_RMSE, m.linear, m.pixels }, { WG_RMSE, m.network, m.pixels });
    wg_evaluator *v = wg_evaluator_new(both, WG_NODES(m.x), NULL);
    if (!st)
        st = wg_evaluate(v, test);
    double linear = st ? NAN : wg_tally_value(wg_evaluator_tally(v, 0)),
           network = st ? NAN : wg_tally_value(wg_evaluator_tally(v, 1));
    if (st)
        fprintf(stderr, "autoencoder: %s\n", wg_error());
    else
        printf("rmse of a test pixel through %d numbers: principal components %.4f, network %.4f, after %" PRId64
               " steps\n",
               CODE, linear, network, steps);
    wg_evaluator_free(v), wg_batches_free(train), wg_batches_free(test), wg_data_free(d[0]), wg_data_free(d[1]),
        wg_graph_free(m.g);
    return !(linear > 0.1 && linear < 0.15 && network < (steps < FULL ? 0.22 : linear));
}
