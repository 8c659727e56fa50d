/* softplus: y = log(1 + exp(beta x)) / beta = (max(z, 0) + log1p(exp(-|z|))) / beta with z = beta x, which
 * overflows nowhere; x itself beyond the threshold, as in PyTorch. */
#include <math.h>

#include "ops/elementwise.h"
#include "ops/softplus.h"

typedef wg__softplus softplus;

WG_KERNEL(softplus_forward,
    const softplus *at = c->attrs;
    const T beta = (T)at->beta, threshold = (T)at->threshold;
    const T *x = c->in[0];
    T *y = c->out;
    WG_SIMD for (int64_t i = begin; i < end; i++)
    {
        T z = beta * x[i], smooth = ((z > 0 ? z : 0) + wg_k_log1p(wg_k_exp(-wg_k_abs(z)))) / beta;
        y[i] = z > threshold ? x[i] : smooth;
    })

WG_KERNELS(softplus, .forward = WG_BOTH(softplus_forward));

#ifdef WG_BASELINE

static const wg_attr attrs[] = {
    { "beta", WG_ATTR_F64, offsetof(softplus, beta), "1", NULL },
    { "threshold", WG_ATTR_F64, offsetof(softplus, threshold), "20", NULL },
    { 0 },
};

static wg_status infer(wg_infer *t)
{
    const softplus *at = t->attrs;
    if (!(at->beta > 0))
        return wg_infer_fail(t, WG_ERR_ARG, "beta must be positive, got %g", at->beta);
    return wg__infer_floats(t);
}

/* dy/dx = sigmoid(beta x), and 1 beyond the threshold. */
static wg_node *softplus_backward(const wg_adjoint *a, int slot)
{
    const softplus *at = a->attrs;
    (void)slot;
    wg_node *z = at->beta == 1 ? a->in[0] : wg_scale(a->in[0], at->beta);
    wg_node *threshold = wg_const(wg_node_graph(a->cotangent), at->threshold);
    return wg_where(wg_gt(z, threshold), a->cotangent, wg_mul(a->cotangent, wg_sigmoid(z)));
}

static double softplus_kink(const void *attributes, const double *x)
{
    const softplus *at = attributes;
    return fabs(x[0] - at->threshold / at->beta);
}

static const softplus steep = { 3, 4 };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-6, 6, 7) } },
    { .in = { WG_VALUES(-3, 3, 2, 1, 5) }, .attrs = &steep },
};

const wg_op wg_op_softplus = {
    WG_OP, .name = "softplus", .doc = "log(1 + exp(beta x)) / beta; x where beta x > threshold", .arity = 1,
    .flags = WG_ELEMENTWISE, .attrs = attrs, .attrs_size = sizeof(softplus), .infer = infer,
    .forward = WG_BOTH(softplus_forward), .backward = softplus_backward, .kink = softplus_kink, WG_SAMPLES(samples),
};

wg_node *wg_softplus(wg_node *x)
{
    return wg_apply(&wg_op_softplus, WG_NODES(x), NULL);
}

wg_node *wg_softplus_at(wg_node *x, double beta, double threshold)
{
    return wg_apply(&wg_op_softplus, WG_NODES(x), &(softplus){ beta, threshold });
}

#endif
