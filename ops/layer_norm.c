/* layer_norm, rms_norm: over axes that belong to one example. */
#include "ops/normalise.h"

WG_NO_KERNELS(layer_norm);
WG_NO_KERNELS(rms_norm);

#ifdef WG_BASELINE

typedef struct over {
    wg_axes axes;
    double eps;
} over;

static const wg_attr layer_attrs[] = {
    { "axes", WG_ATTR_AXES, offsetof(over, axes), "[-1]", NULL },
    { "eps", WG_ATTR_F64, offsetof(over, eps), "1e-5", NULL },
    { 0 },
};
static const wg_attr rms_attrs[] = {
    { "axes", WG_ATTR_AXES, offsetof(over, axes), "[-1]", NULL },
    { "eps", WG_ATTR_F64, offsetof(over, eps), "1e-6", NULL },
    { 0 },
};

static wg_status infer(wg_infer *t)
{
    const over *at = t->attrs;
    bool on[WG_MAX_RANK];
    wg_status status = wg_infer_axes(t, at->axes, t->in[0].rank, on);
    return status ? status : wg__normalise_infer(t, on, at->eps, "x along the axes");
}

static void mark(const over *at, int rank, bool on[WG_MAX_RANK])
{
    for (int i = 0; i < WG_MAX_RANK; i++)
        on[i] = at->axes.n < 0 && i < rank;
    for (int i = 0; i < at->axes.n; i++)
        on[wg_axis_of(at->axes.at[i], rank)] = true;
}

static wg_node *layer_norm(const wg_adjoint *a)
{
    const over *at = a->attrs;
    bool on[WG_MAX_RANK];
    mark(at, wg_node_shape(a->in[0]).rank, on);
    return wg__scale_offset(wg__standardise(a->in[0], at->axes, at->eps), a->in, a->n_in, on);
}

static wg_node *rms_norm(const wg_adjoint *a)
{
    const over *at = a->attrs;
    wg_node *x = a->in[0], *power = wg_mean(wg_square(x), at->axes, true);
    bool on[WG_MAX_RANK];
    mark(at, wg_node_shape(x).rank, on);
    return wg__scale_offset(wg_mul(x, wg_rsqrt(wg_shift(power, at->eps))), a->in, a->n_in, on);
}

static const over last = { { { -1 }, 1 }, 0.125 }, trailing = { { { 1, 2 }, 2 }, 1e-5 },
                  ends = { { { 0, -1 }, 2 }, 1e-3 }, all = { { { 0 }, -1 }, 1e-5 };
static const wg_sample layer_samples[] = {
    { .in = { WG_VALUES(-2, 2, 3, 5) }, .n = 1 },
    { .in = { WG_VALUES(-2, 2, 3, 4), WG_VALUES(-2, 2, 4) }, .attrs = &last, .n = 2 },
    { .in = { WG_VALUES(-2, 2, 3, 4), WG_VALUES(-2, 2, 4), WG_VALUES(-2, 2, 4) }, .attrs = &last },
    { .in = { WG_VALUES(-2, 2, 2, 3, 2), WG_VALUES(-2, 2, 3, 2), WG_VALUES(-2, 2, 3, 2) }, .attrs = &trailing },
    { .in = { WG_VALUES(-2, 2, 2, 3, 2), WG_VALUES(-2, 2, 2, 2), WG_VALUES(-2, 2, 2, 2) }, .attrs = &ends },
    { .in = { WG_VALUES(-2, 2, 2, 3), WG_VALUES(-2, 2, 2, 3), WG_VALUES(-2, 2, 2, 3) }, .attrs = &all },
};
static const wg_sample rms_samples[] = {
    { .in = { WG_VALUES(-2, 2, 3, 4) }, .n = 1 },
    { .in = { WG_VALUES(-2, 2, 3, 4), WG_VALUES(-2, 2, 4) }, .attrs = &last },
    { .in = { WG_VALUES(-2, 2, 2, 3, 2), WG_VALUES(-2, 2, 3, 2) }, .attrs = &trailing },
    { .in = { WG_VALUES(-2, 2, 2, 3, 2), WG_VALUES(-2, 2, 2, 2) }, .attrs = &ends },
};

const wg_op wg_op_layer_norm = {
    WG_OP, .name = "layer_norm", .doc = "(x - mean) / sqrt(var + eps) over the axes, times gamma plus beta",
    .arity = 3, .optional = 2, .attrs = layer_attrs, .attrs_size = sizeof(over), .infer = infer,
    .decompose = layer_norm, .rewrite = wg__composed, WG_SAMPLES(layer_samples),
};

const wg_op wg_op_rms_norm = {
    WG_OP, .name = "rms_norm", .doc = "x / sqrt(mean(x^2) + eps) over the axes, times gamma", .arity = 2,
    .optional = 1, .attrs = rms_attrs, .attrs_size = sizeof(over), .infer = infer, .decompose = rms_norm,
    .rewrite = wg__composed, WG_SAMPLES(rms_samples),
};

wg_node *wg_layer_norm(wg_node *x, wg_node *gamma, wg_node *beta, wg_axes axes, double eps)
{
    return wg__apply_some(&wg_op_layer_norm, (wg_node *[]){ x, gamma, beta }, 3, &(over){ axes, eps });
}

wg_node *wg_rms_norm(wg_node *x, wg_node *gamma, wg_axes axes, double eps)
{
    return wg__apply_some(&wg_op_rms_norm, (wg_node *[]){ x, gamma }, 2, &(over){ axes, eps });
}

#endif
