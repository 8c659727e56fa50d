/* mul, square: products. */
#include "ops/elementwise.h"

WG_KERNEL(mul_forward, WG_EACH2(x * y))
WG_KERNEL(square_forward, WG_EACH1(x * x))
WG_KERNEL_INT(mul_forward, WG_EACH2((T)((U)x * (U)y)))
WG_KERNEL_INT(square_forward, WG_EACH1((T)((U)x * (U)x)))

WG_KERNELS(mul, .forward = WG_NUMBERS(mul_forward));
WG_KERNELS(square, .forward = WG_NUMBERS(square_forward));

#ifdef WG_BASELINE

static wg_node *mul_backward(const wg_adjoint *a, int slot)
{
    return wg_mul(a->cotangent, a->in[1 - slot]);
}

static wg_node *square_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_mul(a->cotangent, wg_scale(a->in[0], 2));
}

const wg_op wg_op_mul = {
    WG_OP, .name = "mul", .doc = "x * y", .arity = 2, .flags = WG_ELEMENTWISE | WG_COMMUTES,
    .infer = wg__infer_numbers, .forward = WG_NUMBERS(mul_forward), .backward = mul_backward,
    WG_SAMPLES(wg__samples_pair),
};

const wg_op wg_op_square = {
    WG_OP, .name = "square", .doc = "x * x", .arity = 1, .flags = WG_ELEMENTWISE,
    .infer = wg__infer_numbers, .forward = WG_NUMBERS(square_forward), .backward = square_backward,
    WG_SAMPLES(wg__samples_line),
};

wg_node *wg_mul(wg_node *x, wg_node *y)
{
    return wg_apply(&wg_op_mul, WG_NODES(x, y), NULL);
}

wg_node *wg_square(wg_node *x)
{
    return wg_apply(&wg_op_square, WG_NODES(x), NULL);
}

#endif
