/* What scaled_dot_product_attention and the operator of its adjoint share. */
#ifndef WG_OPS_ATTENTION_H
#define WG_OPS_ATTENTION_H

#include "kernels/attention.h"
#include "ops/builtin.h"
#include "ops/op.h"

typedef struct wg__attention_attrs {
    bool causal;
    double scale; /* 0: 1 / sqrt(width) */
} wg__attention_attrs;

extern const wg_attr wg__attention_attr_table[];

/* Sizes of operands q (.., queries, width), k (.., keys, width), v (.., keys, values), and the mask where there is one. */
typedef struct wg__attention_sizes {
    wg_shape batch; /* of all of them, broadcast */
    int64_t queries, keys, width, values;
} wg__attention_sizes;
/* Types and shapes of the first three operands and of `mask_slot`, if it is there. WG_ERR_DTYPE, WG_ERR_SHAPE, WG_ERR_ARG. */
wg_status wg__attention_infer(wg_infer *, int mask_slot, wg__attention_sizes *);
/* batch, then up to two more sizes; a negative `second` stands for none. */
wg_shape wg__attention_shape(const wg__attention_sizes *, int64_t first, const int64_t *second);
/* The sizes of a call, all but the cuts. */
wg__attention wg__attention_of(const wg_lowering *, int mask_slot);
/* How many scores a call looks at. */
double wg__attention_scores(const wg_call *);

/* With the scores s = scale q k^T + mask: p = exp(s - logs) and ds = p (dy v^T - sums), from primitives. in: q, k, v, dy,
 * logs, sums, [mask]. */
typedef struct wg__attention_parts {
    wg_node *p, *ds; /* (batch, queries, keys) */
} wg__attention_parts;
wg__attention_parts wg__attention_by_parts(wg_node *const *in, int n, const wg__attention_attrs *);
/* x times the scale that the attributes give for operand q. */
wg_node *wg__attention_scale(wg_node *x, wg_node *q, const wg__attention_attrs *);

#endif
