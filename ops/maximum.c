/* maximum, minimum, and their adjoints' helper maximum_grad. A NaN in either operand comes out; a tie shares its
 * gradient. */
#include <math.h>

#include "ops/elementwise.h"

WG_KERNEL(maximum_forward, WG_EACH2(x > y || x != x ? x : y))
WG_KERNEL(minimum_forward, WG_EACH2(x < y || x != x ? x : y))
WG_KERNEL_INT(maximum_forward, WG_EACH2(x > y ? x : y) (void)(U)0;)
WG_KERNEL_INT(minimum_forward, WG_EACH2(x < y ? x : y) (void)(U)0;)
WG_KERNEL(maximum_grad_forward, WG_EACH3(y > z ? x : y == z ? x / 2 : 0))

WG_KERNELS(maximum, .forward = WG_NUMBERS(maximum_forward));
WG_KERNELS(minimum, .forward = WG_NUMBERS(minimum_forward));
WG_KERNELS(maximum_grad, .forward = WG_BOTH(maximum_grad_forward));

#ifdef WG_BASELINE

/* The cotangent where `larger` is the larger of the two. */
static wg_node *maximum_grad(wg_node *cotangent, wg_node *larger, wg_node *smaller)
{
    return wg_apply(&wg_op_maximum_grad, WG_NODES(cotangent, larger, smaller), NULL);
}

static wg_node *maximum_backward(const wg_adjoint *a, int slot)
{
    return maximum_grad(a->cotangent, a->in[slot], a->in[1 - slot]);
}

static wg_node *minimum_backward(const wg_adjoint *a, int slot)
{
    return maximum_grad(a->cotangent, a->in[1 - slot], a->in[slot]);
}

/* Linear in the cotangent, piecewise constant in the others. */
static wg_node *maximum_grad_backward(const wg_adjoint *a, int slot)
{
    return slot == 0 ? maximum_grad(a->cotangent, a->in[1], a->in[2]) : wg_no_gradient(a);
}

static double tie(const void *attrs, const double *x)
{
    (void)attrs;
    return fabs(x[0] - x[1]);
}

static double grad_tie(const void *attrs, const double *x)
{
    return tie(attrs, x + 1);
}

static const wg_sample grad_samples[] = {
    { .in = { WG_VALUES(-2, 2, 3, 4), WG_VALUES(-2, 2, 3, 4), WG_VALUES(-2, 2, 3, 4) } },
    { .in = { WG_VALUES(-2, 2, 2, 3), WG_VALUES(-2, 2, 3), WG_VALUES(-2, 2, 2, 1) } },
    { .in = { WG_VALUES(-2, 2, 4), WG_VALUES(-2, 2, 4, 4), WG_VALUES(-2, 2, 4, 4) } },
};

const wg_op wg_op_maximum = {
    WG_OP, .name = "maximum", .doc = "the larger of x and y; a tie shares its gradient equally", .arity = 2,
    .flags = WG_ELEMENTWISE, .infer = wg__infer_numbers, .forward = WG_NUMBERS(maximum_forward),
    .backward = maximum_backward, .kink = tie, .at_kink = WG_KINK_MIDDLE, WG_SAMPLES(wg__samples_pair),
};

const wg_op wg_op_minimum = {
    WG_OP, .name = "minimum", .doc = "the smaller of x and y; a tie shares its gradient equally", .arity = 2,
    .flags = WG_ELEMENTWISE, .infer = wg__infer_numbers, .forward = WG_NUMBERS(minimum_forward),
    .backward = minimum_backward, .kink = tie, .at_kink = WG_KINK_MIDDLE, WG_SAMPLES(wg__samples_pair),
};

const wg_op wg_op_maximum_grad = {
    WG_OP, .name = "maximum_grad",
    .doc = "cotangent where x > y, half of it where x = y, else 0: the adjoint of maximum", .arity = 3,
    .flags = WG_ELEMENTWISE | WG_GRADIENT_OF_OTHERS, .infer = wg__infer_floats,
    .forward = WG_BOTH(maximum_grad_forward), .backward = maximum_grad_backward, .kink = grad_tie,
    WG_SAMPLES(grad_samples),
};

wg_node *wg_maximum(wg_node *x, wg_node *y)
{
    return wg_apply(&wg_op_maximum, WG_NODES(x, y), NULL);
}

wg_node *wg_minimum(wg_node *x, wg_node *y)
{
    return wg_apply(&wg_op_minimum, WG_NODES(x, y), NULL);
}

#endif
