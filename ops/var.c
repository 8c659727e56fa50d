/* var, std: in two passes, about the mean. */
#include <math.h>

#include "ops/elementwise.h"
#include "ops/reduce.h"

typedef struct variance {
    wg__reduce_attrs over; /* first: the shape rules look for it here */
    int64_t correction;
} variance;

#define ADD(s, x) ((s) + (x))
#define BY_COUNT(s, n) (s) / (double)(n)
WG_FOLD(centre, f32, float, double, double, 0, ADD, BY_COUNT)
WG_FOLD(centre, f64, double, double, double, 0, ADD, BY_COUNT)

static inline double spread(double sum, int64_t count, const void *attrs)
{
    const int64_t degrees = count - ((const variance *)attrs)->correction;
    return sum / (double)(degrees > 0 ? degrees : 0);
}

#define SQUARED(x, mean, attrs) ((x) - (mean)) * ((x) - (mean))
#define VARIANCE(s, n, mean, attrs) spread(s, n, attrs)
#define DEVIATION(s, n, mean, attrs) sqrt(spread(s, n, attrs))
WG_FOLD_MAPPED(var, f32, float, double, float, SQUARED, VARIANCE)
WG_FOLD_MAPPED(var, f64, double, double, double, SQUARED, VARIANCE)
WG_FOLD_MAPPED(std, f32, float, double, float, SQUARED, DEVIATION)
WG_FOLD_MAPPED(std, f64, double, double, double, SQUARED, DEVIATION)
WG_REDUCE_TWICE(var, f32, &centre_f32, &var_f32)
WG_REDUCE_TWICE(var, f64, &centre_f64, &var_f64)
WG_REDUCE_TWICE(std, f32, &centre_f32, &std_f32)
WG_REDUCE_TWICE(std, f64, &centre_f64, &std_f64)

WG_KERNELS(var, .forward = WG_BOTH(var_fold), .stage = WG_TWICE_STAGES(var));
WG_KERNELS(std, .forward = WG_BOTH(std_fold), .stage = WG_TWICE_STAGES(std));

#ifdef WG_BASELINE

static const wg_attr attrs[] = {
    { "axes", WG_ATTR_AXES, offsetof(variance, over.axes), "null", NULL },
    { "keepdims", WG_ATTR_BOOL, offsetof(variance, over.keepdims), "false", NULL },
    { "correction", WG_ATTR_I64, offsetof(variance, correction), "1", NULL },
    { 0 },
};

static wg_status infer(wg_infer *t)
{
    const int64_t correction = ((const variance *)t->attrs)->correction;
    if (correction < 0)
        return wg_infer_fail(t, WG_ERR_ARG, "correction must be at least 0, got %lld", (long long)correction);
    wg_status status = wg__infer_types(t, false);
    return status ? status : wg__reduce_infer(t);
}

/* c 2 (x - mean) / (n - correction). */
static wg_node *spread_back(const wg_adjoint *a, wg_node *cotangent)
{
    const variance *at = a->attrs;
    wg_node *x = a->in[0], *degrees = wg_shift(wg__size(x, at->over.axes), -(double)at->correction);
    wg_node *deviation = wg_sub(x, wg_mean(x, at->over.axes, true));
    return wg_mul(deviation, wg__restore_axes(wg_scale(wg_div(cotangent, degrees), 2), x, &at->over));
}

static wg_node *var_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return spread_back(a, a->cotangent);
}

/* std = sqrt(var), but with gradient 0 where it is 0, as in PyTorch. */
static wg_node *std_backward(const wg_adjoint *a, int slot)
{
    wg_node *y = a->output, *zero = wg_zeros_like(y), *none = wg_eq(y, zero);
    (void)slot;
    wg_node *half = wg_scale(wg_div(a->cotangent, wg_where(none, wg_ones_like(y), y)), 0.5);
    return spread_back(a, wg_where(none, zero, half));
}

static const variance population = { { { { 0 }, -1 }, false }, 0 }, rows = { { { { -1 }, 1 }, false }, 1 },
                      columns = { { { { -2 }, 1 }, true }, 2 }, outer = { { { { 0, -1 }, 2 }, false }, 0 };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 3) } },
    { .in = { WG_VALUES(-2, 2, 5) }, .attrs = &population },
    { .in = { WG_VALUES(-2, 2, 3, 4) }, .attrs = &rows },
    { .in = { WG_VALUES(-2, 2, 4, 3) }, .attrs = &columns },
    { .in = { WG_VALUES(-2, 2, 2, 3, 2) }, .attrs = &outer },
};

const wg_op wg_op_var = {
    WG_OP, .name = "var", .doc = "sum((x - mean)^2) / (n - correction) along the axes", .arity = 1, .attrs = attrs,
    .attrs_size = sizeof(variance), .infer = infer, .forward = WG_BOTH(var_fold), .stage = WG_TWICE_STAGES(var),
    .lower = wg__reduce_lower_twice, .backward = var_backward, WG_SAMPLES(samples),
};

const wg_op wg_op_std = {
    WG_OP, .name = "std", .doc = "sqrt(sum((x - mean)^2) / (n - correction)) along the axes; gradient 0 where it is 0",
    .arity = 1, .attrs = attrs, .attrs_size = sizeof(variance), .infer = infer, .forward = WG_BOTH(std_fold),
    .stage = WG_TWICE_STAGES(std), .lower = wg__reduce_lower_twice, .backward = std_backward, WG_SAMPLES(samples),
};

wg_node *wg_var(wg_node *x, wg_axes axes, bool keepdims, int64_t correction)
{
    return wg_apply(&wg_op_var, WG_NODES(x), &(variance){ { axes, keepdims }, correction });
}

wg_node *wg_std(wg_node *x, wg_axes axes, bool keepdims, int64_t correction)
{
    return wg_apply(&wg_op_std, WG_NODES(x), &(variance){ { axes, keepdims }, correction });
}

#endif
