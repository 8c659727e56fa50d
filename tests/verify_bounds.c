/* Kernels that write beyond what is theirs: a result, scratch memory, a worker's own. The verifier names what they run over, and
 * comes to no harm itself. */
#include <string.h>
#include <wengert.h>

#include "verify_suite.h"

static const wg_sample rows[] = { { .in = { WG_VALUES(-1, 1, 3, 4) } } };

static wg_status infer_row(wg_infer *f)
{
    if (f->in[0].rank != 2)
        return wg_infer_fail(f, WG_ERR_SHAPE, "a matrix is asked for");
    f->out[0] = WG_SHAPE(f->in[0].dim[0]);
    return WG_OK;
}

/* y (m) = sum of each row of x (m, n), with elements from .. m + more - 1 of y cleared first. */
#define SUM_ROWS(name, from, more)                                                                                     \
    WG_KERNEL(name, const T *x = c->in[0]; T *y = c->out;                                                              \
              int64_t m = c->in_shape[0].dim[0], n = c->in_shape[0].dim[1]; (void)begin, (void)end;                    \
              for (int64_t i = (from); i < m + (more); i++) y[i] = 0;                                                  \
              for (int64_t i = 0; i < m * n; i++) y[i / n] += x[i];)
SUM_ROWS(within, 0, 0)
SUM_ROWS(one_beyond, 0, 1)
SUM_ROWS(many_beyond, 0, 100)
SUM_ROWS(one_before, -1, 0)
SUM_ROWS(beyond_in_f32, 0, sizeof(T) == sizeof(float))

static wg_node *spread(const wg_adjoint *a, int slot)
{
    return (void)slot, wg_broadcast_like(wg_expand_dims(a->cotangent, WG_AXES(-1)), a->in[0]);
}

static const struct {
    const char *name, *says; /* "": it is right */
    wg_kernels forward;
} sums[] = {
    { "within", "", WG_BOTH(within) },
    { "one_beyond", "it writes beyond the end of its result 0", WG_BOTH(one_beyond) },
    { "many_beyond", "it writes beyond the end of its result 0", WG_BOTH(many_beyond) },
    { "one_before", "it writes in front of its result 0", WG_BOTH(one_before) },
    { "beyond_in_f32", "it writes beyond the end of its result 0", WG_BOTH(beyond_in_f32) },
};

START_TEST(a_kernel_that_writes_beyond_its_result_fails)
{
    const wg_op op = { WG_OP,
                       .name = sums[_i].name,
                       .doc = "sums of rows",
                       .arity = 1,
                       .infer = infer_row,
                       .forward = sums[_i].forward,
                       .backward = spread,
                       WG_SAMPLES(rows) };
    verify_expect_first(&op, sums[_i].says);
}
END_TEST

/* Copies of x, by way of memory that is a byte short. */
WG_KERNEL(by_scratch, const T *x = c->in[0]; T *by = c->scratch; T *y = c->out;
          for (int64_t i = begin; i < end; i++) by[i] = x[i]; for (int64_t i = begin; i < end; i++) y[i] = by[i];)
WG_KERNEL(by_local, const T *x = c->in[0]; T *by = c->local; T *y = c->out;
          for (int64_t i = begin; i < end; i++) by[i - begin] = x[i];
          for (int64_t i = begin; i < end; i++) y[i] = by[i - begin];)

static wg_status lower_one(wg_lowering *l, size_t *memory, size_t missing)
{
    int64_t n = wg_shape_count(l->in_shape[0]);
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .extent = n, .grain = n + 1, .cost = 1 };
    *memory = n ? (size_t)n * wg_dtype_size(l->in_type[0]) - missing : 0;
    return WG_OK;
}
static wg_status lower_scratch(wg_lowering *l) { return lower_one(l, &l->scratch, 0); }
static wg_status lower_less_scratch(wg_lowering *l) { return lower_one(l, &l->scratch, 1); }
static wg_status lower_less_local(wg_lowering *l) { return lower_one(l, &l->stage[0].local, 1); }

static wg_node *handed_on(const wg_adjoint *a, int slot) { return (void)slot, a->cotangent; }

START_TEST(a_kernel_that_writes_beyond_its_working_memory_fails)
{
    wg_op op = { WG_OP,
                 .name = "copied",
                 .doc = "x",
                 .arity = 1,
                 .forward = WG_BOTH(by_scratch),
                 .lower = lower_scratch,
                 .backward = handed_on,
                 WG_SAMPLES(rows) };
    verify_expect(&op, "");
    op.lower = lower_less_scratch;
    verify_expect_first(&op, "it writes beyond the end of its scratch memory");
    op.lower = lower_less_local;
    op.forward = (wg_kernels)WG_BOTH(by_local);
    verify_expect_first(&op, "it writes beyond the end of its local memory");
}
END_TEST

/* Two results: the rows' sums, and with one element too many the same. */
WG_KERNEL(
    twice, const T *x = c->in[0]; T *y = c->outs[0]; T *z = c->outs[1]; int64_t n = c->in_shape[0].dim[1];
    for (int64_t i = begin; i < end; i++) {
        y[i] = 0;
        for (int64_t k = 0; k < n; k++)
            y[i] += x[i * n + k];
        z[i] = z[i + 1] = y[i];
    })

static wg_status infer_rows(wg_infer *f)
{
    wg_status status = infer_row(f);
    f->out[1] = f->out[0];
    f->out_type[1] = f->out_type[0];
    return status;
}

START_TEST(of_several_results_the_one_that_is_run_over_is_named)
{
    const wg_op op = { WG_OP,           .name = "twice",         .doc = "sums of rows", .arity = 1,
                       .results = 2,    .flags = WG_NO_GRADIENT, .infer = infer_rows,   .forward = WG_BOTH(twice),
                       WG_SAMPLES(rows) };
    verify_expect_first(&op, "it writes beyond the end of its result 1");
}
END_TEST

TCase *verify_bounds(void)
{
    TCase *t = tcase_create("bounds of what kernels write");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, a_kernel_that_writes_beyond_its_result_fails, 0, (int)WG_COUNT(sums));
    tcase_add_test(t, a_kernel_that_writes_beyond_its_working_memory_fails);
    tcase_add_test(t, of_several_results_the_one_that_is_run_over_is_named);
    return t;
}
