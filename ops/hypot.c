/* hypot, atan2: length and angle of the vector (x, y). Both are singular at the origin, where their gradients are NaN,
 * as in PyTorch. */
#include <math.h>

#include "ops/elementwise.h"

WG_KERNEL(hypot_forward, WG_EACH2(wg_k_hypot(x, y)))
WG_KERNEL(atan2_forward, WG_EACH2(wg_k_atan2(x, y)))

WG_KERNELS(hypot, .forward = WG_BOTH(hypot_forward));
WG_KERNELS(atan2, .forward = WG_BOTH(atan2_forward));

#ifdef WG_BASELINE

/* r = (x^2 + y^2)^(1/2): dr/dx = x / r. */
static wg_node *hypot_backward(const wg_adjoint *a, int slot)
{
    return wg_mul(a->cotangent, wg_div(a->in[slot], a->output));
}

/* dy gets x / r^2, dx gets -y / r^2; divided by r twice, since r^2 may overflow. */
static wg_node *atan2_backward(const wg_adjoint *a, int slot)
{
    wg_node *r = wg_hypot(a->in[0], a->in[1]);
    wg_node *other = slot == 0 ? a->in[1] : wg_neg(a->in[0]);
    return wg_mul(a->cotangent, wg_div(wg_div(other, r), r));
}

static double origin(const void *attrs, const double *x)
{
    (void)attrs;
    return hypot(x[0], x[1]);
}

/* The angle jumps across the negative x axis. */
static double branch_cut(const void *attrs, const double *x)
{
    return x[1] < 0 ? fabs(x[0]) : origin(attrs, x);
}

static const wg_sample samples[] = {
    { .in = { WG_VALUES(0.3, 3, 3, 4), WG_VALUES(-2, 2, 3, 4) } },
    { .in = { WG_VALUES(-3, -0.4, 2, 1, 4), WG_VALUES(-3, 3, 3, 1) } },
    { .in = { WG_VALUES(-1, 1, 5), { .lo = 0.5, .hi = 2 } } },
};

const wg_op wg_op_hypot = {
    WG_OP, .name = "hypot", .doc = "sqrt(x^2 + y^2), without overflow", .arity = 2,
    .flags = WG_ELEMENTWISE, .infer = wg__infer_floats, .forward = WG_BOTH(hypot_forward),
    .backward = hypot_backward, .kink = origin, WG_SAMPLES(samples),
};

const wg_op wg_op_atan2 = {
    WG_OP, .name = "atan2", .doc = "the angle of the vector (x, y), of operands y and x, in -pi..pi", .arity = 2,
    .flags = WG_ELEMENTWISE, .infer = wg__infer_floats, .forward = WG_BOTH(atan2_forward), .backward = atan2_backward,
    .kink = branch_cut, WG_SAMPLES(samples),
};

wg_node *wg_hypot(wg_node *x, wg_node *y)
{
    return wg_apply(&wg_op_hypot, WG_NODES(x, y), NULL);
}

wg_node *wg_atan2(wg_node *y, wg_node *x)
{
    return wg_apply(&wg_op_atan2, WG_NODES(y, x), NULL);
}

#endif
