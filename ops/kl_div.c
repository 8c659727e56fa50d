/* kl_div: the divergence of q, given by its logarithm, from p: p (log p - log q), which is 0 where p is 0. With
 * log_target p is given by its logarithm too. Operands in PyTorch's order. */
#include "ops/loss.h"

typedef struct kl_div {
    wg__loss_attrs loss;
    bool log_target;
} kl_div;

#define P(y) (log_target ? wg_k_exp(y) : (y))
#define LOG_P(y) (log_target ? (y) : wg_k_log(y))
#define DIVERGENCE(x, y) (P(y) == 0 ? 0 : P(y) * (LOG_P(y) - (x)))
WG_LOSS_KERNELS_WITH(kl_div, DIVERGENCE, WG_ANY_LABEL, const bool log_target = ((const kl_div *)c->attrs)->log_target;)

WG_KERNELS(kl_div, WG_LOSS_TABLE(kl_div));

#ifdef WG_BASELINE

static const wg_attr attrs[] = {
    { "reduction", WG_ATTR_ENUM, offsetof(kl_div, loss.reduction), "mean", "mean|sum|none|batchmean" },
    { "log_target", WG_ATTR_BOOL, offsetof(kl_div, log_target), "false", NULL },
    { 0 },
};

/* d/d(log q) = -p. d/dp = log p + 1 - log q, and 0 where p = 0; d/d(log p) = p (log p + 1 - log q). */
static wg_node *backward(const wg_adjoint *a, int slot)
{
    wg_node *log_q = a->in[0], *target = a->in[1], *share = wg__loss_share(a);
    bool log_target = ((const kl_div *)a->attrs)->log_target;
    wg_node *p = log_target ? wg_exp(target) : target;
    if (slot == 0)
        return wg_neg(wg_mul(p, share));
    if (log_target)
        return wg_mul(wg_mul(p, wg_shift(wg_sub(target, log_q), 1)), share);
    wg_graph *g = wg_node_graph(p);
    wg_node *zero = wg_const(g, 0), *none = wg_eq(p, zero);
    wg_node *slope = wg_shift(wg_sub(wg_log(wg_where(none, wg_const(g, 1), p)), log_q), 1);
    return wg_mul(wg_where(none, zero, slope), share);
}

static const kl_div batch = { { WG_BATCHMEAN }, false }, log_sum = { { WG_SUM }, true }, none_ = { { WG_NONE }, false };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-2, -0.2, 3, 4), WG_VALUES(0.1, 0.9, 3, 4) } },
    { .in = { WG_VALUES(-2, -0.2, 3, 4), WG_VALUES(0.1, 0.9, 3, 4) }, .attrs = &batch },
    { .in = { WG_VALUES(-2, -0.2, 5), WG_VALUES(-2, -0.1, 5) }, .attrs = &log_sum },
    { .in = { WG_VALUES(-2, -0.2, 2, 1), WG_VALUES(0.1, 0.9, 2, 1) }, .attrs = &none_ },
};

const wg_op wg_op_kl_div = {
    WG_OP, .name = "kl_div", .doc = "p (log p - log q) of operands log q and p; 0 where p = 0", .arity = 2,
    .attrs = attrs, .attrs_size = sizeof(kl_div), .infer = wg__loss_infer, WG_LOSS_TABLE(kl_div),
    .lower = wg__loss_lower, .backward = backward, WG_SAMPLES(samples),
};

wg_node *wg_kl_div(wg_node *log_q, wg_node *p, bool log_target, wg_reduction reduction)
{
    return wg_apply(&wg_op_kl_div, WG_NODES(log_q, p), &(kl_div){ { (int)reduction }, log_target });
}

#endif
