/* add, sub, neg: sums and differences. */
#include "ops/elementwise.h"

WG_KERNEL(add_forward, WG_EACH2(x + y))
WG_KERNEL(sub_forward, WG_EACH2(x - y))
WG_KERNEL(neg_forward, WG_EACH1(-x))
WG_KERNEL_INT(add_forward, WG_EACH2((T)((U)x + (U)y)))
WG_KERNEL_INT(sub_forward, WG_EACH2((T)((U)x - (U)y)))
WG_KERNEL_INT(neg_forward, WG_EACH1((T)(0 - (U)x)))

WG_KERNELS(add, .forward = WG_NUMBERS(add_forward));
WG_KERNELS(sub, .forward = WG_NUMBERS(sub_forward));
WG_KERNELS(neg, .forward = WG_NUMBERS(neg_forward));

#ifdef WG_BASELINE

static wg_node *add_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return a->cotangent;
}

static wg_node *sub_backward(const wg_adjoint *a, int slot)
{
    return slot == 0 ? a->cotangent : wg_neg(a->cotangent);
}

static wg_node *neg_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_neg(a->cotangent);
}

const wg_op wg_op_add = {
    WG_OP, .name = "add", .doc = "x + y", .arity = 2, .flags = WG_ELEMENTWISE | WG_COMMUTES,
    .infer = wg__infer_numbers, .forward = WG_NUMBERS(add_forward), .backward = add_backward,
    WG_SAMPLES(wg__samples_pair),
};

const wg_op wg_op_sub = {
    WG_OP, .name = "sub", .doc = "x - y", .arity = 2, .flags = WG_ELEMENTWISE,
    .infer = wg__infer_numbers, .forward = WG_NUMBERS(sub_forward), .backward = sub_backward,
    WG_SAMPLES(wg__samples_pair),
};

const wg_op wg_op_neg = {
    WG_OP, .name = "neg", .doc = "-x", .arity = 1, .flags = WG_ELEMENTWISE,
    .infer = wg__infer_numbers, .forward = WG_NUMBERS(neg_forward), .backward = neg_backward,
    WG_SAMPLES(wg__samples_line),
};

wg_node *wg_add(wg_node *x, wg_node *y)
{
    return wg_apply(&wg_op_add, WG_NODES(x, y), NULL);
}

wg_node *wg_sub(wg_node *x, wg_node *y)
{
    return wg_apply(&wg_op_sub, WG_NODES(x, y), NULL);
}

wg_node *wg_neg(wg_node *x)
{
    return wg_apply(&wg_op_neg, WG_NODES(x), NULL);
}

#endif
