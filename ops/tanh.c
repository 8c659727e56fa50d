/* tanh, and its adjoint's helper tanh_grad, which needs the result only. */
#include "ops/elementwise.h"

WG_KERNEL(tanh_forward, WG_EACH1(wg_k_tanh(x)))
WG_KERNEL(tanh_grad_forward, WG_EACH2(x * ((1 - y) * (1 + y))))

WG_KERNELS(tanh, .forward = WG_BOTH(tanh_forward));
WG_KERNELS(tanh_grad, .forward = WG_BOTH(tanh_grad_forward));

#ifdef WG_BASELINE

static wg_node *tanh_grad(wg_node *cotangent, wg_node *y)
{
    return wg_apply(&wg_op_tanh_grad, WG_NODES(cotangent, y), NULL);
}

static wg_node *tanh_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return tanh_grad(a->cotangent, a->output);
}

/* g = x (1 - y^2). */
static wg_node *tanh_grad_backward(const wg_adjoint *a, int slot)
{
    wg_node *x = a->in[0], *y = a->in[1];
    return slot == 0 ? tanh_grad(a->cotangent, y) : wg_mul(wg_mul(a->cotangent, x), wg_scale(y, -2));
}

const wg_op wg_op_tanh = {
    WG_OP, .name = "tanh", .doc = "tanh x", .arity = 1, .flags = WG_ELEMENTWISE, .infer = wg__infer_floats,
    .forward = WG_BOTH(tanh_forward), .backward = tanh_backward, WG_SAMPLES(wg__samples_line),
};

const wg_op wg_op_tanh_grad = {
    WG_OP, .name = "tanh_grad", .doc = "cotangent * (1 - y^2), the adjoint of y = tanh x", .arity = 2,
    .flags = WG_ELEMENTWISE | WG_GRADIENT_OF_OTHERS, .infer = wg__infer_floats, .forward = WG_BOTH(tanh_grad_forward),
    .backward = tanh_grad_backward, WG_SAMPLES(wg__samples_pair),
};

wg_node *wg_tanh(wg_node *x)
{
    return wg_apply(&wg_op_tanh, WG_NODES(x), NULL);
}

#endif
