/* The descriptors of all built-in operators, for the adjoints and rewrites that name each other's. */
#ifndef WG_OPS_BUILTIN_H
#define WG_OPS_BUILTIN_H

#include <wengert/op.h>

#define WG_OP_ENTRY(op) extern const wg_op wg_op_##op;
#include "ops/registry.def"
#undef WG_OP_ENTRY

/* The operator `size`: how many elements x has along the axes, as a scalar node. */
wg_node *wg__size(wg_node *x, wg_axes);
/* The operator `window`: the cotangent where x is within the bounds, else 0. */
wg_node *wg__window(wg_node *cotangent, wg_node *x, double min, double max, bool closed);

#endif
