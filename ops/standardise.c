/* standardise: (x - mean) / sqrt(var + eps) over the last axes, row by row while it is in cache. */
#include <math.h>

#include "ops/elementwise.h"
#include "ops/lanes.h"
#include "ops/normalise.h"

typedef struct standardise {
    int64_t axes; /* how many of the last */
    double eps;
} standardise;

/* Sum of x, and of (x - about)^2, in sixteen lanes. */
#define SUM_OF(name, T, TERM)                                                                                          \
    static inline double name(const T *x, int64_t n, double about)                                                     \
    {                                                                                                                  \
        double lane[WG__LANES] = { 0 };                                                                                \
        int64_t i = 0;                                                                                                 \
        (void)about;                                                                                                   \
        for (; i + WG__LANES <= n; i += WG__LANES)                                                                     \
            for (int j = 0; j < WG__LANES; j++)                                                                        \
                lane[j] += TERM((double)x[i + j]);                                                                     \
        for (int j = 0; i + j < n; j++)                                                                                \
            lane[j] += TERM((double)x[i + j]);                                                                         \
        return wg__lanes_sum(lane);                                                                                    \
    }
#define ITSELF(x) (x)
#define SQUARE(x) ((x) - about) * ((x) - about)
SUM_OF(sum_f32, float, ITSELF)
SUM_OF(sum_f64, double, ITSELF)
SUM_OF(squares_f32, float, SQUARE)
SUM_OF(squares_f64, double, SQUARE)
#define sum_of(x, n) _Generic((x), const float *: sum_f32, const double *: sum_f64)((x), (n), 0)
#define squares_of(x, n, about) _Generic((x), const float *: squares_f32, const double *: squares_f64)((x), (n), (about))

WG_KERNEL(standardise_forward,
    const double eps = ((const standardise *)c->attrs)->eps;
    const int64_t n = *(const int64_t *)c->params;
    for (int64_t row = begin; row < end; row++) {
        const T *x = (const T *)c->in[0] + row * n;
        T *y = (T *)c->out + row * n;
        const double mean = sum_of(x, n) / (double)n;
        const double rate = 1 / sqrt(squares_of(x, n, mean) / (double)n + eps);
        WG_SIMD for (int64_t i = 0; i < n; i++) y[i] = (T)(((double)x[i] - mean) * rate);
    })

WG_KERNELS(standardise, .forward = WG_BOTH(standardise_forward));

#ifdef WG_BASELINE

static wg_status infer(wg_infer *t)
{
    const standardise *at = t->attrs;
    t->out[0] = t->in[0];
    if (at->axes < 1 || at->axes > t->in[0].rank)
        return wg_infer_fail(t, WG_ERR_ARG, "%lld axes are out of range for rank %d", (long long)at->axes,
                             t->in[0].rank);
    return wg__infer_types(t, false);
}

static wg_status lower(wg_lowering *l)
{
    const wg_shape *x = &l->in_shape[0];
    int64_t n = 1, rows = 1;
    for (int i = 0; i < x->rank; i++)
        *(x->rank - i <= ((const standardise *)l->attrs)->axes ? &n : &rows) *= x->dim[i];
    *(int64_t *)(void *)l->params = n;
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .extent = n ? rows : 0, .grain = 1 + 4096 / (1 + n), .cost = 10 + (double)n };
    return WG_OK;
}

/* With cotangent c: (c - mean(c) - y mean(c y)) / sqrt(var + eps). */
static wg_node *backward(const wg_adjoint *a, int slot)
{
    const standardise *at = a->attrs;
    wg_node *c = a->cotangent, *y = a->output;
    wg_axes axes = { .n = (int)at->axes };
    (void)slot;
    for (int i = 0; i < axes.n; i++)
        axes.at[i] = i - axes.n;
    wg_node *rate = wg_rsqrt(wg_shift(wg_var(a->in[0], axes, true, 0), at->eps));
    wg_node *rest = wg_sub(wg_sub(c, wg_mean(c, axes, true)), wg_mul(y, wg_mean(wg_mul(c, y), axes, true)));
    return wg_mul(rate, rest);
}

static const wg_attr attrs[] = {
    { "axes", WG_ATTR_I64, offsetof(standardise, axes), "1", NULL },
    { "eps", WG_ATTR_F64, offsetof(standardise, eps), "1e-5", NULL },
    { 0 },
};
static const standardise both = { 2, 1e-5 }, soft = { 1, 0.125 };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-2, 2, 3, 5) } },
    { .in = { WG_VALUES(-2, 2, 2, 3, 2) }, .attrs = &both },
    { .in = { WG_VALUES(-2, 2, 2, 2, 3) }, .attrs = &soft },
    { .in = { WG_VALUES(-2, 2, 2, 19) } }, /* more than the lanes */
};

const wg_op wg_op_standardise = {
    WG_OP, .name = "standardise", .doc = "(x - mean) / sqrt(var + eps) over the last axes", .arity = 1,
    .flags = WG_GRADIENT_OF_OTHERS, .attrs = attrs, .attrs_size = sizeof(standardise), .infer = infer,
    .forward = WG_BOTH(standardise_forward), .lower = lower, .backward = backward, WG_SAMPLES(samples),
};

wg_node *wg__standardise_last(wg_node *x, int axes, double eps)
{
    return wg_apply(&wg_op_standardise, WG_NODES(x), &(standardise){ axes, eps });
}

#endif
