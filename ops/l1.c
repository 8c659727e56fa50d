/* l1: absolute differences. The gradient of equal operands is 0. */
#include "ops/loss.h"

#define ABSOLUTE(x, y) wg_k_abs((x) - (y))
WG_LOSS_KERNELS(l1, ABSOLUTE, WG_ANY_LABEL)

WG_KERNELS(l1, WG_LOSS_TABLE(l1));

#ifdef WG_BASELINE

static wg_node *backward(const wg_adjoint *a, int slot)
{
    return wg_mul(wg_sign(wg_sub(a->in[slot], a->in[1 - slot])), wg__loss_share(a));
}

/* Ranges that do not meet: no sample lies near the kink. */
static const wg__loss_attrs sum = { WG_SUM }, none = { WG_NONE };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(0.5, 2, 3, 4), WG_VALUES(-2, 0, 3, 4) } },
    { .in = { WG_VALUES(-2, 0, 5), WG_VALUES(0.5, 2, 5) }, .attrs = &sum },
    { .in = { WG_VALUES(1, 2, 2, 1), WG_VALUES(-2, 0.5, 2, 1) }, .attrs = &none },
    { .in = { WG_VALUES(1, 2, 4), WG_VALUES(3, 4, 4) }, .attrs = &none },
    { .in = { WG_VALUES(3, 4, 4), WG_VALUES(2, 2.5, 4) }, .attrs = &none },
};

const wg_op wg_op_l1 = {
    WG_OP, .name = "l1", .doc = "|x - y|; gradient 0 where x = y", .arity = 2, .attrs = wg__loss_attr_table,
    .attrs_size = sizeof(wg__loss_attrs), .infer = wg__loss_infer, WG_LOSS_TABLE(l1), .lower = wg__loss_lower,
    .backward = backward, WG_SAMPLES(samples),
};

wg_node *wg_l1(wg_node *x, wg_node *y, wg_reduction reduction)
{
    return wg__loss_apply(&wg_op_l1, x, y, reduction);
}

#endif
