/* exp, expm1. */
#include "ops/elementwise.h"

WG_KERNEL(exp_forward, WG_EACH1(wg_k_exp(x)))
WG_KERNEL(expm1_forward, WG_EACH1(wg_k_expm1(x)))

WG_KERNELS(exp, .forward = WG_BOTH(exp_forward));
WG_KERNELS(expm1, .forward = WG_BOTH(expm1_forward));

#ifdef WG_BASELINE

static wg_node *exp_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_mul(a->cotangent, a->output);
}

/* exp(x), not y + 1, which has no digits left where x is far below 0. */
static wg_node *expm1_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_mul(a->cotangent, wg_exp(a->in[0]));
}

const wg_op wg_op_exp = {
    WG_OP, .name = "exp", .doc = "e^x", .arity = 1, .flags = WG_ELEMENTWISE, .infer = wg__infer_floats,
    .forward = WG_BOTH(exp_forward), .backward = exp_backward, WG_SAMPLES(wg__samples_line),
};

const wg_op wg_op_expm1 = {
    WG_OP, .name = "expm1", .doc = "e^x - 1, exact near 0", .arity = 1, .flags = WG_ELEMENTWISE,
    .infer = wg__infer_floats, .forward = WG_BOTH(expm1_forward), .backward = expm1_backward,
    WG_SAMPLES(wg__samples_line),
};

wg_node *wg_exp(wg_node *x)
{
    return wg_apply(&wg_op_exp, WG_NODES(x), NULL);
}

wg_node *wg_expm1(wg_node *x)
{
    return wg_apply(&wg_op_expm1, WG_NODES(x), NULL);
}

#endif
