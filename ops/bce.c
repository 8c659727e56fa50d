/* bce: binary cross-entropy of probabilities p and labels y, -(y log p + (1 - y) log(1 - p)). Logarithms are cut
 * off at -100 and the adjoint's denominator at 1e-12, as in PyTorch, so that p = 0 and p = 1 give finite values.
 * Of a sigmoid it becomes bce_with_logits, which needs neither. */
#include "ops/loss.h"

#define CUT(x) ((x) < -100 ? -100 : (x))
#define ENTROPY(p, y) (-((y) * CUT(wg_k_log(p)) + (1 - (y)) * CUT(wg_k_log1p(-(p)))))
WG_LOSS_KERNELS(bce, ENTROPY, WG_LABEL_OK)

WG_KERNELS(bce, WG_LOSS_TABLE(bce));

#ifdef WG_BASELINE

/* d/dp = (p - y) / (p (1 - p)), d/dy = log(1 - p) - log p. */
static wg_node *backward(const wg_adjoint *a, int slot)
{
    wg_node *p = a->in[0], *y = a->in[1];
    wg_graph *g = wg_node_graph(p);
    if (slot == 0) {
        wg_node *variance = wg_maximum(wg_mul(p, wg_shift(wg_neg(p), 1)), wg_const(g, 1e-12));
        return wg_mul(wg_div(wg_sub(p, y), variance), wg__loss_share(a));
    }
    wg_node *least = wg_const(g, -100);
    wg_node *log_p = wg_maximum(wg_log(p), least), *log_q = wg_maximum(wg_log1p(wg_neg(p)), least);
    return wg_mul(wg_sub(log_q, log_p), wg__loss_share(a));
}

static wg_node *rewrite(wg_node *output)
{
    wg_nodes in = wg_node_inputs(output);
    if (wg_node_op(in.at[0]) != &wg_op_sigmoid)
        return NULL;
    wg_node *z = wg_node_inputs(in.at[0]).at[0];
    const wg__loss_attrs *at = wg_node_attrs(output);
    return wg_bce_logits(z, in.at[1], (wg_reduction)at->reduction);
}

static const wg__loss_attrs sum = { WG_SUM }, none = { WG_NONE };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(0.3, 0.6, 3, 4), WG_VALUES(0.3, 0.6, 3, 4) } },
    { .in = { WG_VALUES(0.3, 0.6, 5), WG_VALUES(0.3, 0.6, 5) }, .attrs = &sum },
    { .in = { WG_VALUES(0.4, 0.7, 2, 1), WG_VALUES(0.3, 0.6, 2, 1) }, .attrs = &none },
};

const wg_op wg_op_bce = {
    WG_OP, .name = "bce", .doc = "-(y log p + (1 - y) log(1 - p)) of probabilities p; labels y in 0..1", .arity = 2,
    .flags = WG_CAN_FAIL, .attrs = wg__loss_attr_table, .attrs_size = sizeof(wg__loss_attrs), .infer = wg__loss_infer,
    WG_LOSS_TABLE(bce), .lower = wg__loss_lower, .backward = backward, .rewrite = rewrite, WG_SAMPLES(samples),
};

wg_node *wg_bce(wg_node *p, wg_node *y, wg_reduction reduction)
{
    return wg__loss_apply(&wg_op_bce, p, y, reduction);
}

#endif
