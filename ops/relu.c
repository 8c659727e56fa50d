/* relu, and its adjoint's helper relu_grad. A NaN stays one; the gradient at 0 is 0. */
#include "ops/elementwise.h"

WG_KERNEL(relu_forward, WG_EACH1(x <= 0 ? 0 : x))
WG_KERNEL(relu_grad_forward, WG_EACH2(y <= 0 ? 0 : x))

WG_KERNELS(relu, .forward = WG_BOTH(relu_forward));
WG_KERNELS(relu_grad, .forward = WG_BOTH(relu_grad_forward));

#ifdef WG_BASELINE

static wg_node *relu_grad(wg_node *cotangent, wg_node *y)
{
    return wg_apply(&wg_op_relu_grad, WG_NODES(cotangent, y), NULL);
}

static wg_node *relu_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return relu_grad(a->cotangent, a->output);
}

/* Linear in the cotangent, piecewise constant in y. */
static wg_node *relu_grad_backward(const wg_adjoint *a, int slot)
{
    return slot == 0 ? relu_grad(a->cotangent, a->in[1]) : wg_no_gradient(a);
}

const wg_op wg_op_relu = {
    WG_OP, .name = "relu", .doc = "max(x, 0); gradient 0 at 0", .arity = 1, .flags = WG_ELEMENTWISE,
    .infer = wg__infer_floats, .forward = WG_BOTH(relu_forward), .backward = relu_backward, .kink = wg__kink_at_zero,
    .at_kink = WG_KINK_LEFT, WG_SAMPLES(wg__samples_line),
};

const wg_op wg_op_relu_grad = {
    WG_OP, .name = "relu_grad", .doc = "cotangent where y > 0, else 0: the adjoint of y = relu x", .arity = 2,
    .flags = WG_ELEMENTWISE | WG_GRADIENT_OF_OTHERS, .infer = wg__infer_floats, .forward = WG_BOTH(relu_grad_forward),
    .backward = relu_grad_backward, .kink = wg__kink_at_second_zero, WG_SAMPLES(wg__samples_pair),
};

wg_node *wg_relu(wg_node *x)
{
    return wg_apply(&wg_op_relu, WG_NODES(x), NULL);
}

#endif
