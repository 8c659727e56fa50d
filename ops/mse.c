/* mse: squared differences. */
#include "ops/loss.h"

#define SQUARED(x, y) (((x) - (y)) * ((x) - (y)))
WG_LOSS_KERNELS(mse, SQUARED, WG_ANY_LABEL)

WG_KERNELS(mse, WG_LOSS_TABLE(mse));

#ifdef WG_BASELINE

static wg_node *backward(const wg_adjoint *a, int slot)
{
    wg_node *difference = wg_sub(a->in[slot], a->in[1 - slot]);
    return wg_mul(wg_scale(difference, 2), wg__loss_share(a));
}

static const wg__loss_attrs sum = { WG_SUM }, none = { WG_NONE };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-2, 2, 3, 4), WG_VALUES(-2, 2, 3, 4) } },
    { .in = { WG_VALUES(-2, 2, 5), WG_VALUES(-2, 2, 5) }, .attrs = &sum },
    { .in = { WG_VALUES(-2, 2, 2, 1), WG_VALUES(-2, 2, 2, 1) }, .attrs = &none },
};

const wg_op wg_op_mse = {
    WG_OP, .name = "mse", .doc = "(x - y)^2", .arity = 2, .attrs = wg__loss_attr_table,
    .attrs_size = sizeof(wg__loss_attrs), .infer = wg__loss_infer, WG_LOSS_TABLE(mse), .lower = wg__loss_lower,
    .backward = backward, WG_SAMPLES(samples),
};

wg_node *wg_mse(wg_node *x, wg_node *y, wg_reduction reduction)
{
    return wg__loss_apply(&wg_op_mse, x, y, reduction);
}

#endif
