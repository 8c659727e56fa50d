/* div, reciprocal: quotients. */
#include "ops/elementwise.h"

WG_KERNEL(div_forward, WG_EACH2(x / y))
WG_KERNEL(reciprocal_forward, WG_EACH1(1 / x))

WG_KERNELS(div, .forward = WG_BOTH(div_forward));
WG_KERNELS(reciprocal, .forward = WG_BOTH(reciprocal_forward));

#ifdef WG_BASELINE

/* q = x / y: dq/dx = 1 / y, dq/dy = -q / y. */
static wg_node *div_backward(const wg_adjoint *a, int slot)
{
    wg_node *by_y = wg_div(a->cotangent, a->in[1]);
    return slot == 0 ? by_y : wg_neg(wg_mul(by_y, a->output));
}

static wg_node *reciprocal_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_neg(wg_mul(a->cotangent, wg_square(a->output)));
}

static const wg_sample div_samples[] = {
    { .in = { WG_VALUES(-2, 2, 3, 4), WG_VALUES(0.4, 3, 3, 4) } },
    { .in = { WG_VALUES(-2, 2, 2, 1, 4), WG_VALUES(-3, -0.5, 3, 1) } },
    { .in = { { .lo = -2, .hi = 2 }, WG_VALUES(0.5, 2, 5) } },
};

const wg_op wg_op_div = {
    WG_OP, .name = "div", .doc = "x / y", .arity = 2, .flags = WG_ELEMENTWISE, .infer = wg__infer_floats,
    .forward = WG_BOTH(div_forward), .backward = div_backward, .kink = wg__kink_at_second_zero, WG_SAMPLES(div_samples),
};

const wg_op wg_op_reciprocal = {
    WG_OP, .name = "reciprocal", .doc = "1 / x", .arity = 1, .flags = WG_ELEMENTWISE, .infer = wg__infer_floats,
    .forward = WG_BOTH(reciprocal_forward), .backward = reciprocal_backward, .kink = wg__kink_at_zero,
    WG_SAMPLES(wg__samples_positive),
};

wg_node *wg_div(wg_node *x, wg_node *y)
{
    return wg_apply(&wg_op_div, WG_NODES(x, y), NULL);
}

wg_node *wg_reciprocal(wg_node *x)
{
    return wg_apply(&wg_op_reciprocal, WG_NODES(x), NULL);
}

#endif
