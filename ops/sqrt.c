/* sqrt, rsqrt. */
#include "ops/elementwise.h"

WG_KERNEL(sqrt_forward, WG_EACH1(wg_k_sqrt(x)))
WG_KERNEL(rsqrt_forward, WG_EACH1(1 / wg_k_sqrt(x)))

WG_KERNELS(sqrt, .forward = WG_BOTH(sqrt_forward));
WG_KERNELS(rsqrt, .forward = WG_BOTH(rsqrt_forward));

#ifdef WG_BASELINE

/* y = x^(1/2): dy/dx = 1 / (2 y). */
static wg_node *sqrt_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_div(wg_scale(a->cotangent, 0.5), a->output);
}

/* y = x^(-1/2): dy/dx = -y^3 / 2. */
static wg_node *rsqrt_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_mul(wg_scale(a->cotangent, -0.5), wg_mul(a->output, wg_square(a->output)));
}

const wg_op wg_op_sqrt = {
    WG_OP, .name = "sqrt", .doc = "x^(1/2)", .arity = 1, .flags = WG_ELEMENTWISE, .infer = wg__infer_floats,
    .forward = WG_BOTH(sqrt_forward), .backward = sqrt_backward, .kink = wg__kink_at_zero,
    WG_SAMPLES(wg__samples_positive),
};

const wg_op wg_op_rsqrt = {
    WG_OP, .name = "rsqrt", .doc = "x^(-1/2)", .arity = 1, .flags = WG_ELEMENTWISE, .infer = wg__infer_floats,
    .forward = WG_BOTH(rsqrt_forward), .backward = rsqrt_backward, .kink = wg__kink_at_zero,
    WG_SAMPLES(wg__samples_positive),
};

wg_node *wg_sqrt(wg_node *x)
{
    return wg_apply(&wg_op_sqrt, WG_NODES(x), NULL);
}

wg_node *wg_rsqrt(wg_node *x)
{
    return wg_apply(&wg_op_rsqrt, WG_NODES(x), NULL);
}

#endif
