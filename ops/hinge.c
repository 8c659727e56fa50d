/* hinge: max(0, 1 - x y) of scores x and labels y, which are -1 or 1. The gradient at the kink x y = 1 is 0. */
#include "ops/loss.h"

#define MISSING(x, y) (1 - (x) * (y) <= 0 ? 0 : 1 - (x) * (y))
WG_LOSS_KERNELS(hinge, MISSING, WG_ANY_LABEL)

WG_KERNELS(hinge, WG_LOSS_TABLE(hinge));

#ifdef WG_BASELINE

/* Minus the other operand where something is missing. */
static wg_node *backward(const wg_adjoint *a, int slot)
{
    wg_node *missing = wg_shift(wg_neg(wg_mul(a->in[0], a->in[1])), 1);
    wg_node *share = wg_apply(&wg_op_relu_grad, WG_NODES(wg__loss_share(a), missing), NULL);
    return wg_neg(wg_mul(a->in[1 - slot], share));
}

/* Right enough, wrong, not right enough: away from the kink. */
static const wg__loss_attrs sum = { WG_SUM }, none = { WG_NONE };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-0.8, 0.8, 3, 4), WG_VALUES(-1, 1, 3, 4) } },
    { .in = { WG_VALUES(2, 3, 5), WG_VALUES(0.8, 1.2, 5) }, .attrs = &sum },
    { .in = { WG_VALUES(-3, -2, 2, 1), WG_VALUES(0.5, 1.5, 2, 1) }, .attrs = &none },
    { .in = { WG_VALUES(2, 3, 4), WG_VALUES(0.1, 0.2, 4) }, .attrs = &none },
};

const wg_op wg_op_hinge = {
    WG_OP, .name = "hinge", .doc = "max(0, 1 - x y) of scores x and labels y = -1 or 1; gradient 0 at the kink",
    .arity = 2, .attrs = wg__loss_attr_table, .attrs_size = sizeof(wg__loss_attrs), .infer = wg__loss_infer,
    WG_LOSS_TABLE(hinge), .lower = wg__loss_lower, .backward = backward, WG_SAMPLES(samples),
};

wg_node *wg_hinge(wg_node *x, wg_node *y, wg_reduction reduction)
{
    return wg__loss_apply(&wg_op_hinge, x, y, reduction);
}

#endif
