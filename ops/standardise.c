/* standardise, and its adjoint's helper standardise_grad: (x - mean) / sqrt(var + eps) over the last axes, row by row
 * while it is in cache. */
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

/* Sums of c, and of c y, where y is x standardised. */
#define GRADIENT_SUMS(name, T)                                                                                         \
    static inline void name(const T *c, const T *x, int64_t n, double mean, double rate, double *sum, double *weighed) \
    {                                                                                                                  \
        double lane[WG__LANES] = { 0 }, with[WG__LANES] = { 0 };                                                       \
        int64_t i = 0;                                                                                                 \
        for (; i + WG__LANES <= n; i += WG__LANES)                                                                     \
            WG_SIMD for (int j = 0; j < WG__LANES; j++)                                                                \
            {                                                                                                          \
                lane[j] += (double)c[i + j];                                                                           \
                with[j] += (double)c[i + j] * (((double)x[i + j] - mean) * rate);                                      \
            }                                                                                                          \
        for (int j = 0; i + j < n; j++) {                                                                              \
            lane[j] += (double)c[i + j];                                                                               \
            with[j] += (double)c[i + j] * (((double)x[i + j] - mean) * rate);                                          \
        }                                                                                                              \
        *sum = wg__lanes_sum(lane);                                                                                    \
        *weighed = wg__lanes_sum(with);                                                                                \
    }
GRADIENT_SUMS(gradient_f32, float)
GRADIENT_SUMS(gradient_f64, double)
#define gradient_sums(c, ...) _Generic((c), const float *: gradient_f32, const double *: gradient_f64)((c), __VA_ARGS__)

/* With cotangent c: (c - mean(c) - y mean(c y)) / sqrt(var + eps). */
WG_KERNEL(standardise_grad_forward,
    const double eps = ((const standardise *)c->attrs)->eps;
    const int64_t n = *(const int64_t *)c->params;
    for (int64_t row = begin; row < end; row++) {
        const T *g = (const T *)c->in[0] + row * n;
        const T *x = (const T *)c->in[1] + row * n;
        T *out = (T *)c->out + row * n;
        const double mean = sum_of(x, n) / (double)n;
        const double rate = 1 / sqrt(squares_of(x, n, mean) / (double)n + eps);
        double sum;
        double weighed;
        gradient_sums(g, x, n, mean, rate, &sum, &weighed);
        sum /= (double)n;
        weighed *= rate / (double)n;
        WG_SIMD for (int64_t i = 0; i < n; i++)
            out[i] = (T)(rate * ((double)g[i] - sum - ((double)x[i] - mean) * weighed));
    })

WG_KERNELS(standardise_grad, .forward = WG_BOTH(standardise_grad_forward));
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

static wg_status grad_lower(wg_lowering *l)
{
    wg_status status = lower(l);
    l->stage[0].cost *= 2;
    return status;
}

static wg_node *backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_apply(&wg_op_standardise_grad, WG_NODES(a->cotangent, a->in[0]), a->attrs);
}

static wg_status grad_infer(wg_infer *t)
{
    char a[96], b[96];
    bool fits = t->in[0].rank == t->in[1].rank;
    wg_status status = infer(t);
    for (int i = 0; fits && i < t->in[0].rank; i++)
        fits = wg_dim_unify(t->in[0].dim[i], t->in[1].dim[i], &t->out[0].dim[i]);
    if (status || fits)
        return status;
    return wg_infer_fail(t, WG_ERR_SHAPE, "shapes differ: %s and %s", wg_shape_text(t->in[0], a, sizeof a),
                         wg_shape_text(t->in[1], b, sizeof b));
}

/* Linear and symmetric in c. By x, with cotangent h, r = 1 / sqrt(var + eps) and G this operator at x:
 * -r G(h mean(c y) + c mean(h y)) - r^2 y (mean(h c) - mean(h) mean(c) - mean(h y) mean(c y)). */
static wg_node *grad_backward(const wg_adjoint *a, int slot)
{
    const standardise *at = a->attrs;
    wg_node *c = a->in[0], *x = a->in[1], *h = a->cotangent;
    wg_axes axes = { .n = (int)at->axes };
    if (slot == 0)
        return wg_apply(&wg_op_standardise_grad, WG_NODES(h, x), at);
    for (int i = 0; i < axes.n; i++)
        axes.at[i] = i - axes.n;
    wg_node *y = wg__standardise_last(x, axes.n, at->eps), *var = wg_shift(wg_var(x, axes, true, 0), at->eps);
    wg_node *cy = wg_mean(wg_mul(c, y), axes, true), *hy = wg_mean(wg_mul(h, y), axes, true);
    wg_node *apart = wg_mul(wg_mean(h, axes, true), wg_mean(c, axes, true));
    wg_node *share = wg_sub(wg_sub(wg_mean(wg_mul(h, c), axes, true), apart), wg_mul(hy, cy));
    wg_node *across = wg_add(wg_mul(h, cy), wg_mul(c, hy));
    wg_node *inner = wg_mul(wg_rsqrt(var), wg_apply(&wg_op_standardise_grad, WG_NODES(across, x), at));
    return wg_neg(wg_add(inner, wg_mul(y, wg_div(share, var))));
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

static const wg_sample grad_samples[] = {
    { .in = { WG_VALUES(-2, 2, 3, 5), WG_VALUES(-2, 2, 3, 5) } },
    { .in = { WG_VALUES(-2, 2, 2, 3, 2), WG_VALUES(-2, 2, 2, 3, 2) }, .attrs = &both },
    { .in = { WG_VALUES(-2, 2, 2, 2, 3), WG_VALUES(-2, 2, 2, 2, 3) }, .attrs = &soft },
    { .in = { WG_VALUES(-2, 2, 2, 19), WG_VALUES(-2, 2, 2, 19) } },
};

const wg_op wg_op_standardise_grad = {
    WG_OP, .name = "standardise_grad", .doc = "the adjoint of standardise at the second operand, of the first",
    .arity = 2,
    .flags = WG_GRADIENT_OF_OTHERS, .attrs = attrs, .attrs_size = sizeof(standardise), .infer = grad_infer,
    .forward = WG_BOTH(standardise_grad_forward), .lower = grad_lower, .backward = grad_backward,
    WG_SAMPLES(grad_samples),
};

wg_node *wg__standardise_last(wg_node *x, int axes, double eps)
{
    return wg_apply(&wg_op_standardise, WG_NODES(x), &(standardise){ axes, eps });
}

#endif
