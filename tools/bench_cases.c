/* What is measured: models, a chain, products. */
#include "bench.h"
#include "progress.h"

#include <math.h>
#include <stdlib.h>

static const struct size {
    char name;
    const char *text;
    int64_t width[5];
    size_t n;
    int64_t batch;
    wg_layout layout;
} sizes[] = {
    { 'a', "2-4-1, batch 32", { 2, 4, 1 }, 3, 32, WG_ROWS },
    { 'b', "12288-20-7-5-1, batch 209", { 12288, 20, 7, 5, 1 }, 5, 209, WG_COLUMNS },
    { 'c', "784-512-256-10, batch 128", { 784, 512, 256, 10 }, 4, 128, WG_ROWS },
    { 'd', "1024-2048-2048-1024-1, batch 256", { 1024, 2048, 2048, 1024, 1 }, 5, 256, WG_ROWS },
};

void bench_free(struct bench *b)
{
    wg_exec_free(b->exec);
    wg_plan_free(b->plan);
    wg_graph_free(b->graph);
    free(b->memory[0]);
    free(b->memory[1]);
    *b = (struct bench){ .exec = NULL };
}

/* Binds random elements: uniform in -1 .. 1, or labels 0 .. classes - 1. */
static bool feed(struct bench *b, int slot, const wg_node *input, wg_shape shape, int64_t classes)
{
    int64_t n = wg_shape_count(shape);
    wg_dtype dtype = wg_node_dtype(input);
    wg_numpy_random random;
    wg_numpy_seed(&random, (uint32_t)slot);
    b->memory[slot] = tool_alloc((size_t)n, sizeof(double)); /* as large as any type */
    for (int64_t i = 0; i < n; i++) {
        double u = wg_numpy_uniform(&random), value = classes ? floor(u * (double)classes) : 2 * u - 1;
        if (dtype == WG_F32)
            ((float *)(void *)b->memory[slot])[i] = (float)value;
        else if (dtype == WG_I64)
            ((int64_t *)(void *)b->memory[slot])[i] = (int64_t)value;
        else
            b->memory[slot][i] = value;
    }
    return wg_bind(b->exec, input, wg_view_of(b->memory[slot], dtype, shape)) == WG_OK;
}

static bool compile(struct bench *b, wg_nodes wanted, int threads)
{
    b->plan = wg_compile(b->graph, WG_TRAIN, wanted);
    b->exec = wg_exec_new_with(b->plan, WG_OPTS(wg_exec_opts, .threads = threads));
    return b->exec != NULL;
}

static struct bench done(struct bench b, bool fed)
{
    if (!fed) {
        tool_failed("bench: %s", wg_error());
        bench_free(&b);
    }
    return b;
}

static const struct size *size_of(char model)
{
    for (size_t i = 0; i < WG_COUNT(sizes); i++)
        if (sizes[i].name == model)
            return &sizes[i];
    return NULL;
}

const char *bench_model_text(char model)
{
    return size_of(model)->text;
}

struct bench bench_model(char model, wg_dtype dtype, int threads)
{
    const struct size *s = size_of(model);
    struct bench b = { .graph = wg_graph_new() };
    bool columns = s->layout == WG_COLUMNS;
    int64_t units = s->width[s->n - 1];
    wg_shape x_shape = columns ? WG_SHAPE(s->width[0], s->batch) : WG_SHAPE(s->batch, s->width[0]);
    wg_shape y_shape = units > 1 ? WG_SHAPE(s->batch) : columns ? WG_SHAPE(1, s->batch) : WG_SHAPE(s->batch, 1);
    wg_node *x = wg_input(b.graph, "x", dtype, x_shape);
    wg_node *y = wg_input(b.graph, "y", units > 1 ? WG_I64 : dtype, y_shape);
    wg_mlp m = wg_mlp_new(b.graph, x, s->width, s->n,
                          WG_OPTS(wg_mlp_opts, .layout = s->layout, .output = units > 1 ? WG_SOFTMAX : WG_SIGMOID));
    wg_node *cost = units > 1 ? wg_cross_entropy(m.z, y, 1, NULL) : wg_bce(m.y, y, WG_MEAN);
    wg_node *update = wg_sgd(wg_grads_of(cost, m.params), wg_const(b.graph, 0.001));
    bool fed = compile(&b, WG_NODES(cost, update), threads) && feed(&b, 0, x, x_shape, 0) &&
               feed(&b, 1, y, y_shape, units > 1 ? units : 2);
    return done(b, fed);
}

struct bench bench_chain(wg_dtype dtype, int threads)
{
    struct bench b = { .graph = wg_graph_new() };
    wg_node *x = wg_input(b.graph, "x", dtype, WG_SHAPE(8)),
            *bias = wg_param(b.graph, "b", dtype, WG_SHAPE(8), wg_init_constant(0.01));
    wg_node *y = x;
    for (int i = 0; i < CHAIN_NODES / 2; i++)
        y = wg_relu(wg_add(y, bias));
    wg_node *cost = wg_sum(y, WG_ALL_AXES, false);
    bool fed = compile(&b, WG_NODES(cost, wg_grad(cost, bias)), threads) && feed(&b, 0, x, WG_SHAPE(8), 0);
    return done(b, fed);
}

struct bench bench_matmul(int64_t m, int64_t n, int64_t k, wg_dtype dtype, int threads)
{
    struct bench b = { .graph = wg_graph_new() };
    wg_node *x = wg_input(b.graph, "x", dtype, WG_SHAPE(m, k)), *y = wg_input(b.graph, "y", dtype, WG_SHAPE(k, n));
    bool fed = compile(&b, WG_NODES(wg_matmul(x, y)), threads) && feed(&b, 0, x, WG_SHAPE(m, k), 0) &&
               feed(&b, 1, y, WG_SHAPE(k, n), 0);
    return done(b, fed);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Runs the plan `times` times; seconds for one, negative on failure. */
static double sample(const struct bench *b, int64_t times)
{
    double begun = seconds();
    for (int64_t i = 0; i < times; i++)
        if (wg_run(b->exec)) {
            tool_failed("bench: %s", wg_exec_error(b->exec));
            return -1;
        }
    return (seconds() - begun) / (double)times;
}

double bench_time(const struct bench *b, double budget)
{
    enum { SAMPLES = 200 };
    double times[SAMPLES], begun = seconds();
    int n = 0;
    if (!b->exec || sample(b, 1) < 0) /* the first run settles shapes and memory */
        return NAN;
    /* A sample takes a millisecond at least, so that the clock's own time does not count. */
    int64_t repeat = 1;
    for (double one = sample(b, 1); one * (double)repeat < 1e-3 && repeat < 1 << 20;)
        repeat *= 2;
    while (n < SAMPLES && (n < 3 || seconds() - begun < budget)) {
        times[n] = sample(b, repeat);
        if (times[n++] < 0)
            return NAN;
    }
    qsort(times, (size_t)n, sizeof *times, by_value);
    return times[n / 2];
}
