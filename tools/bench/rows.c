/* What is measured, section by section. */
#include "rows.h"

#include <stdio.h>
#include <string.h>

static row step_of(char name, bool adam)
{
    row r = { .what = { .kind = BENCH_TRAIN, .name = name, .adam = adam } };
    snprintf(r.name, sizeof r.name, "%c%s: %s", name, adam ? " with Adam" : "", bench_model_text(name));
    return r;
}

#define STEP(letter)                                                                                                   \
    static bool make_##letter(size_t i, wg_dtype dtype, row *r)                                                        \
    {                                                                                                                  \
        (void)dtype;                                                                                                   \
        *r = step_of(#letter[0], false);                                                                               \
        return i == 0;                                                                                                 \
    }
STEP(a)
STEP(b)
STEP(c)
STEP(d)
STEP(e)
STEP(f)

static bool make_adam(size_t i, wg_dtype dtype, row *r)
{
    (void)dtype;
    *r = step_of('c', true);
    return i == 0;
}

static bool make_depth(size_t i, wg_dtype dtype, row *r)
{
    (void)dtype;
    *r = (row){ .what = { .kind = BENCH_DEPTH, .m = (int64_t)2 << i } };
    snprintf(r->name, sizeof r->name, "%d layers of %d, batch %d", (int)r->what.m, DEPTH_WIDTH, DEPTH_BATCH);
    return r->what.m <= 64;
}

static bool make_infer(size_t i, wg_dtype dtype, row *r)
{
    static const struct {
        char name;
        int batch;
    } cases[] = { { 'c', 128 }, { 'c', 1 }, { 'd', 256 } };
    (void)dtype;
    if (i >= WG_COUNT(cases))
        return false;
    *r = (row){ .what = { .kind = BENCH_INFER, .name = cases[i].name, .m = cases[i].batch } };
    snprintf(r->name, sizeof r->name, "%c forward, batch %d", cases[i].name, cases[i].batch);
    return true;
}

static bool make_chain(size_t i, wg_dtype dtype, row *r)
{
    (void)dtype;
    *r = (row){ .what = { .kind = BENCH_CHAIN, .m = 1000 }, .name = "chain of 1000 nodes, with gradient" };
    return i == 0;
}

static bool make_compile(size_t i, wg_dtype dtype, row *r)
{
    (void)dtype;
    *r = (row){ .what = { .kind = BENCH_COMPILE, .m = 1000 }, .name = "plan of 1000 nodes, with gradient" };
    return i == 0;
}

/* ---- products ---- */

static const struct {
    int64_t m, n, k;
    bool transpose_a, transpose_b;
} products[] = {
    { 64, 64, 64, false, false },
    { 256, 256, 256, false, false },
    { 1024, 1024, 1024, false, false },
    { 2048, 2048, 2048, false, false },
    { 20, 209, 12288, false, false }, /* b, forward and for W1 */
    { 20, 12288, 209, false, true },
    { 7, 20, 209, false, true },
    { 5, 7, 209, false, true },
    { 128, 512, 784, false, false }, /* c, forward and for W1 */
    { 784, 512, 128, true, false },
    { 128, 10, 256, false, false },
    { 32, 512, 784, false, false },
    { 1, 512, 784, false, false },
    { 256, 2048, 2048, false, false }, /* d */
};

static void product(row *r, size_t i, wg_dtype dtype)
{
    double m = (double)products[i].m, n = (double)products[i].n, k = (double)products[i].k;
    bench_case what = { .kind = BENCH_MATMUL, .m = products[i].m, .n = products[i].n, .k = products[i].k,
                        .transpose_a = products[i].transpose_a, .transpose_b = products[i].transpose_b };
    *r = (row){ .what = what, .unit = UNIT_GFLOPS, .counts_flops = true, .flops = 2 * m * n * k,
                .bytes = (m * n + m * k + k * n) * (double)wg_dtype_size(dtype) };
    snprintf(r->label, sizeof r->label, "%.0f %.0f %.0f", m, n, k);
    snprintf(r->name, sizeof r->name, "%.0f x %.0f%s by %.0f x %.0f%s", m, k, what.transpose_a ? " (T)" : "", k, n,
             what.transpose_b ? " (T)" : "");
}

static bool make_product(size_t i, wg_dtype dtype, row *r)
{
    if (i >= WG_COUNT(products))
        return false;
    product(r, i, dtype);
    return true;
}

/* ---- operators ---- */

/* Arithmetic is their work; that of all others is moving memory. */
static bool is_arithmetic(const char *name)
{
    static const char *const names[] = { "matmul_batched", "conv2d", "attention" };
    for (size_t i = 0; i < WG_COUNT(names); i++)
        if (!strcmp(names[i], name))
            return true;
    return false;
}

static double bytes_of(const bench_case *what, wg_dtype dtype)
{
    double bytes = 0;
    wg_graph *g = wg_graph_new();
    bench_graph b = { .n_inputs = 0 };
    if (g)
        b = bench_build(g, what, dtype);
    for (size_t i = 0; i < b.n_inputs; i++)
        bytes += (double)wg_shape_count(b.input[i].shape) * (double)wg_dtype_size(wg_node_dtype(b.input[i].node));
    if (b.n_wanted && b.wanted[0])
        bytes += (double)wg_shape_count(wg_node_shape(b.wanted[0])) * (double)wg_dtype_size(wg_node_dtype(b.wanted[0]));
    wg_graph_free(g);
    return bytes;
}

static bool make_operator(size_t i, wg_dtype dtype, row *r)
{
    if (i >= n_bench_operators)
        return false;
    *r = (row){ .what = { .kind = BENCH_OPERATOR, .m = (int64_t)i }, .unit = UNIT_RATE };
    r->counts_flops = is_arithmetic(bench_operators[i].name);
    r->bytes = bytes_of(&r->what, dtype);
    snprintf(r->label, sizeof r->label, "%s", bench_operators[i].name);
    snprintf(r->name, sizeof r->name, "%s", bench_operators[i].name);
    for (int k = 0; k < bench_operators[i].n_in; k++) {
        char shape[64];
        size_t n = strlen(r->name);
        snprintf(r->name + n, sizeof r->name - n, " %s", wg_shape_text(bench_operators[i].in[k].shape, shape, sizeof shape));
    }
    return true;
}

/* ---- files, threads ---- */

static bool make_checkpoint(size_t i, wg_dtype dtype, row *r)
{
    enum { MEGABYTES = 100 };
    (void)dtype;
    *r = (row){ .what = { .kind = i ? BENCH_LOAD : BENCH_SAVE, .m = MEGABYTES }, .unit = UNIT_MEGABYTES,
                .bytes = MEGABYTES * 1e6 };
    snprintf(r->name, sizeof r->name, "checkpoint of %d MB, %s", MEGABYTES, i ? "loaded" : "saved");
    return i < 2;
}

static bool make_threads(size_t i, wg_dtype dtype, row *r)
{
    enum { LARGE = 2 }; /* 1024 x 1024 by 1024 x 1024 */
    if (i < 2)
        *r = step_of(i ? 'd' : 'c', false);
    else
        product(r, LARGE, dtype);
    return i < 3;
}

const section sections[] = {
    { "a", "Training step: microseconds", false, false, make_a },
    { "b", "Training step: microseconds", false, false, make_b },
    { "c", "Training step: microseconds", false, false, make_c },
    { "d", "Training step: microseconds", false, false, make_d },
    { "e", "Training step: microseconds", false, false, make_e },
    { "f", "Training step: microseconds", false, false, make_f },
    { "adam", "Training step: microseconds", false, false, make_adam },
    { "depth", "Training step: microseconds", false, false, make_depth },
    { "infer", "Inference: microseconds", false, false, make_infer },
    { "chain", "Small nodes: microseconds", false, false, make_chain },
    { "compile", "Small nodes: microseconds", true, false, make_compile },
    { "matmul", "Matrix product: GFLOP/s and share of the limit", false, false, make_product },
    { "operators", "Operators: rate and share of the limit", false, false, make_operator },
    { "checkpoint", "Checkpoints: MB/s", true, false, make_checkpoint },
    { "threads", "By number of threads: microseconds, GFLOP/s", false, true, make_threads },
};
const size_t n_sections = WG_COUNT(sections);

bool section_row(const section *s, size_t index, wg_dtype dtype, row *r)
{
    bool made = s->make(index, dtype, r);
    r->section = s->name;
    return made;
}
