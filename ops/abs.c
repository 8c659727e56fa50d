/* abs, sign. The gradient of abs at 0 is sign(0) = 0. */
#include "ops/elementwise.h"

WG_KERNEL(abs_forward, WG_EACH1(wg_k_abs(x)))
WG_KERNEL(sign_forward, WG_EACH1(x > 0 ? 1 : x < 0 ? -1 : x))
WG_KERNEL_INT(abs_forward, WG_EACH1((T)(x < 0 ? 0 - (U)x : (U)x)))
WG_KERNEL_INT(sign_forward, WG_EACH1((T)((x > 0) - (x < 0))); (void)(U)0;)

WG_KERNELS(abs, .forward = WG_NUMBERS(abs_forward));
WG_KERNELS(sign, .forward = WG_NUMBERS(sign_forward));

#ifdef WG_BASELINE

static wg_node *abs_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_mul(a->cotangent, wg_sign(a->in[0]));
}

const wg_op wg_op_abs = {
    WG_OP, .name = "abs", .doc = "|x|; gradient 0 at 0", .arity = 1, .flags = WG_ELEMENTWISE,
    .infer = wg__infer_numbers, .forward = WG_NUMBERS(abs_forward), .backward = abs_backward,
    .kink = wg__kink_at_zero, .at_kink = WG_KINK_MIDDLE, WG_SAMPLES(wg__samples_line),
};

const wg_op wg_op_sign = {
    WG_OP, .name = "sign", .doc = "1, 0 or -1, as x is positive, 0 or negative", .arity = 1,
    .flags = WG_ELEMENTWISE | WG_NO_GRADIENT, .infer = wg__infer_numbers, .forward = WG_NUMBERS(sign_forward),
    .kink = wg__kink_at_zero, WG_SAMPLES(wg__samples_line),
};

wg_node *wg_abs(wg_node *x)
{
    return wg_apply(&wg_op_abs, WG_NODES(x), NULL);
}

wg_node *wg_sign(wg_node *x)
{
    return wg_apply(&wg_op_sign, WG_NODES(x), NULL);
}

#endif
