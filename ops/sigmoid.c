/* sigmoid: y = 1 / (1 + exp(-x)), without overflow or cancellation at either end; and its adjoint's helper
 * sigmoid_grad, which needs the result only. */
#include "ops/elementwise.h"

WG_KERNEL(sigmoid_forward,
    const T *x = c->in[0];
    T *y = c->out;
    WG_SIMD for (int64_t i = begin; i < end; i++)
    {
        T e = wg_k_exp(-wg_k_abs(x[i])); /* in (0, 1] */
        y[i] = (x[i] >= 0 ? 1 : e) / (1 + e);
    })

WG_KERNEL(sigmoid_grad_forward, WG_EACH2(x * (y * (1 - y))))

WG_KERNELS(sigmoid, .forward = WG_BOTH(sigmoid_forward));
WG_KERNELS(sigmoid_grad, .forward = WG_BOTH(sigmoid_grad_forward));

#ifdef WG_BASELINE

static wg_node *sigmoid_grad(wg_node *cotangent, wg_node *y)
{
    return wg_apply(&wg_op_sigmoid_grad, WG_NODES(cotangent, y), NULL);
}

static wg_node *sigmoid_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return sigmoid_grad(a->cotangent, a->output);
}

/* g = x (y - y^2). */
static wg_node *sigmoid_grad_backward(const wg_adjoint *a, int slot)
{
    wg_node *x = a->in[0], *y = a->in[1];
    return slot == 0 ? sigmoid_grad(a->cotangent, y) : wg_mul(wg_mul(a->cotangent, x), wg_shift(wg_scale(y, -2), 1));
}

const wg_op wg_op_sigmoid = {
    WG_OP, .name = "sigmoid", .doc = "1 / (1 + exp(-x))", .arity = 1, .flags = WG_ELEMENTWISE,
    .infer = wg__infer_floats, .forward = WG_BOTH(sigmoid_forward), .backward = sigmoid_backward,
    WG_SAMPLES(wg__samples_line),
};

const wg_op wg_op_sigmoid_grad = {
    WG_OP, .name = "sigmoid_grad", .doc = "cotangent * y * (1 - y), the adjoint of y = sigmoid x", .arity = 2,
    .flags = WG_ELEMENTWISE | WG_GRADIENT_OF_OTHERS, .infer = wg__infer_floats,
    .forward = WG_BOTH(sigmoid_grad_forward), .backward = sigmoid_grad_backward, WG_SAMPLES(wg__samples_pair),
};

wg_node *wg_sigmoid(wg_node *x)
{
    return wg_apply(&wg_op_sigmoid, WG_NODES(x), NULL);
}

#endif
