/* bce_with_logits: binary cross-entropy of p = sigmoid(z), straight from z, with the weight w of positive examples:
 * w y softplus(-z) + (1 - y) softplus(z), where softplus(z) = max(z, 0) + log(1 + exp(-|z|)), which neither overflows nor
 * cancels. */
#include "ops/loss.h"

typedef struct bce_with_logits {
    wg__loss_attrs loss;
    double pos_weight;
} bce_with_logits;

#define REST(z) wg_k_log1p(wg_k_exp(-wg_k_abs(z)))
#define ENTROPY(z, y) (weight * (y) * (((z) < 0 ? -(z) : 0) + REST(z)) + (1 - (y)) * (((z) > 0 ? (z) : 0) + REST(z)))
WG_LOSS_KERNELS_WITH(bce_with_logits, ENTROPY, WG_LABEL_OK,
                     const T weight = (T)((const bce_with_logits *)c->attrs)->pos_weight;)

WG_KERNELS(bce_with_logits, WG_LOSS_TABLE(bce_with_logits));

#ifdef WG_BASELINE

static const wg_attr attrs[] = {
    WG_LOSS_REDUCTION,
    { "pos_weight", WG_ATTR_F64, offsetof(bce_with_logits, pos_weight), "1", NULL },
    { 0 },
};

static wg_status infer(wg_infer *t)
{
    double weight = ((const bce_with_logits *)t->attrs)->pos_weight;
    if (!(weight >= 0))
        return wg_infer_fail(t, WG_ERR_ARG, "pos_weight must not be negative, got %g", weight);
    return wg__loss_infer(t);
}

/* d/dz = (1 - y) sigmoid(z) - w y sigmoid(-z), which is sigmoid(z) - y for w = 1; d/dy = w softplus(-z) - softplus(z),
 * which is (w - 1) softplus(-z) - z. */
static wg_node *backward(const wg_adjoint *a, int slot)
{
    wg_node *z = a->in[0], *y = a->in[1], *d;
    double weight = ((const bce_with_logits *)a->attrs)->pos_weight;
    if (slot == 1)
        d = weight == 1 ? wg_neg(z) : wg_sub(wg_scale(wg_log_sigmoid(z), 1 - weight), z);
    else if (weight == 1)
        d = wg_sub(wg_sigmoid(z), y);
    else
        d = wg_sub(wg_mul(wg_shift(wg_neg(y), 1), wg_sigmoid(z)), wg_mul(wg_scale(y, weight), wg_sigmoid(wg_neg(z))));
    return wg_mul(d, wg__loss_share(a));
}

static const bce_with_logits sum = { { WG_SUM }, 1 }, none = { { WG_NONE }, 1 }, rare = { { WG_MEAN }, 3.5 };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-3, 3, 3, 4), WG_VALUES(0.3, 0.6, 3, 4) } },
    { .in = { WG_VALUES(-1, 1, 5), WG_VALUES(0.3, 0.6, 5) }, .attrs = &sum },
    { .in = { WG_VALUES(-6, 6, 2, 1), WG_VALUES(0.3, 0.6, 2, 1) }, .attrs = &none },
    { .in = { WG_VALUES(-3, 3, 4), WG_VALUES(0.3, 0.6, 4) }, .attrs = &rare },
};

const wg_op wg_op_bce_with_logits = {
    WG_OP, .name = "bce_with_logits",
    .doc = "max(z, 0) - z y + log(1 + exp(-|z|)): bce of sigmoid(z); pos_weight times y log p; labels y in 0..1",
    .arity = 2, .flags = WG_CAN_FAIL, .attrs = attrs, .attrs_size = sizeof(bce_with_logits), .infer = infer,
    WG_LOSS_TABLE(bce_with_logits), .lower = wg__loss_lower, .backward = backward, WG_SAMPLES(samples),
};

static wg_node *weighted(wg_node *z, wg_node *y, int reduction, double pos_weight)
{
    return wg_apply(&wg_op_bce_with_logits, WG_NODES(z, y), &(bce_with_logits){ { reduction }, pos_weight });
}

wg_node *wg_bce_logits(wg_node *z, wg_node *y, wg_reduction reduction)
{
    return weighted(z, y, (int)reduction, 1);
}

wg_node *wg_bce_logits_weighted(wg_node *z, wg_node *y, double pos_weight, wg_reduction reduction)
{
    return weighted(z, y, (int)reduction, pos_weight);
}

#endif
