/* bce_with_logits: binary cross-entropy of p = sigmoid(z), straight from z: max(z, 0) - z y + log(1 + exp(-|z|)),
 * which neither overflows nor cancels. */
#include "ops/loss.h"

#define ENTROPY(z, y) ((((z) > 0 ? (z) : 0) - (z) * (y)) + wg_k_log1p(wg_k_exp(-wg_k_abs(z))))
WG_LOSS_KERNELS(bce_with_logits, ENTROPY, WG_LABEL_OK)

WG_KERNELS(bce_with_logits, WG_LOSS_TABLE(bce_with_logits));

#ifdef WG_BASELINE

/* d/dz = sigmoid(z) - y, d/dy = -z. */
static wg_node *backward(const wg_adjoint *a, int slot)
{
    wg_node *z = a->in[0], *y = a->in[1];
    return wg_mul(slot == 0 ? wg_sub(wg_sigmoid(z), y) : wg_neg(z), wg__loss_share(a));
}

static const wg__loss_attrs sum = { WG_SUM }, none = { WG_NONE };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-3, 3, 3, 4), WG_VALUES(0.3, 0.6, 3, 4) } },
    { .in = { WG_VALUES(-1, 1, 5), WG_VALUES(0.3, 0.6, 5) }, .attrs = &sum },
    { .in = { WG_VALUES(-6, 6, 2, 1), WG_VALUES(0.3, 0.6, 2, 1) }, .attrs = &none },
};

const wg_op wg_op_bce_with_logits = {
    WG_OP, .name = "bce_with_logits",
    .doc = "max(z, 0) - z y + log(1 + exp(-|z|)): bce of sigmoid(z); labels y in 0..1", .arity = 2,
    .flags = WG_CAN_FAIL, .attrs = wg__loss_attr_table, .attrs_size = sizeof(wg__loss_attrs),
    .infer = wg__loss_infer, WG_LOSS_TABLE(bce_with_logits), .lower = wg__loss_lower, .backward = backward,
    WG_SAMPLES(samples),
};

wg_node *wg_bce_logits(wg_node *z, wg_node *y, wg_reduction reduction)
{
    return wg__loss_apply(&wg_op_bce_with_logits, z, y, reduction);
}

#endif
