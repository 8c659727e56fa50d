/* The descriptors of all built-in operators, for the adjoints and rewrites that name each other's. */
#ifndef WG_OPS_BUILTIN_H
#define WG_OPS_BUILTIN_H

#include <wengert/op.h>

#define WG_OP_ENTRY(op) extern const wg_op wg_op_##op;
#include "ops/registry.def"
#undef WG_OP_ENTRY

/* The `rewrite` of an operator that is a composition and has no kernel: what its `decompose` makes. */
wg_node *wg__composed(wg_node *output);

/* wg_apply, where the last operands may be NULL: absent. */
wg_node *wg__apply_some(const wg_op *, wg_node *const *in, size_t n, const void *attrs);

/* The operator `size`: how many elements x has along the axes, as a scalar node. */
wg_node *wg__size(wg_node *x, wg_axes);
/* The operator `window`: the cotangent where x is within the bounds, else 0. */
wg_node *wg__window(wg_node *cotangent, wg_node *x, double min, double max, bool closed);
/* The operator `diagonal`. */
wg_node *wg__diagonal(wg_node *x, int axis1, int axis2);
/* The operator `recurrence`; without b where that is NULL. */
wg_node *wg__recurrence(wg_node *a, wg_node *b, int axis, bool reverse, double start);

/* The operators `blend`, decay x + (1 - decay) y, and `adam_direction`, m / (sqrt(v) / root + eps). */
wg_node *wg__blend(wg_node *x, wg_node *y, double decay);
wg_node *wg__adam_direction(wg_node *m, wg_node *v, wg_node *root, double eps);

/* The operators `stretches`, `stretch_rest`, `stretch_join`; graph/scan.h declares them too, for scans in stretches. */
wg_node *wg__stretches(wg_node *x, int64_t length);
wg_node *wg__stretch_rest(wg_node *x, int64_t length);
wg_node *wg__stretch_join(wg_node *whole, wg_node *rest, wg_node *like, int64_t length);

#endif
