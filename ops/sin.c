/* sin, cos. */
#include "ops/elementwise.h"

WG_KERNEL(sin_forward, WG_EACH1(wg_k_sin(x)))
WG_KERNEL(cos_forward, WG_EACH1(wg_k_cos(x)))

WG_KERNELS(sin, .forward = WG_BOTH(sin_forward));
WG_KERNELS(cos, .forward = WG_BOTH(cos_forward));

#ifdef WG_BASELINE

static wg_node *sin_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_mul(a->cotangent, wg_cos(a->in[0]));
}

static wg_node *cos_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_neg(wg_mul(a->cotangent, wg_sin(a->in[0])));
}

const wg_op wg_op_sin = {
    WG_OP, .name = "sin", .doc = "sin x", .arity = 1, .flags = WG_ELEMENTWISE, .infer = wg__infer_floats,
    .forward = WG_BOTH(sin_forward), .backward = sin_backward, WG_SAMPLES(wg__samples_line),
};

const wg_op wg_op_cos = {
    WG_OP, .name = "cos", .doc = "cos x", .arity = 1, .flags = WG_ELEMENTWISE, .infer = wg__infer_floats,
    .forward = WG_BOTH(cos_forward), .backward = cos_backward, WG_SAMPLES(wg__samples_line),
};

wg_node *wg_sin(wg_node *x)
{
    return wg_apply(&wg_op_sin, WG_NODES(x), NULL);
}

wg_node *wg_cos(wg_node *x)
{
    return wg_apply(&wg_op_cos, WG_NODES(x), NULL);
}

#endif
