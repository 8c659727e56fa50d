/* Making operations: what lies below wg_apply and the leaves. */
#ifndef WG_GRAPH_OPERATION_H
#define WG_GRAPH_OPERATION_H

#include "graph/graph.h"

/* Adds an operation with a copy of operands and attributes; shapes and types of its n_out results as given. Made-up names.
 * NULL: WG_ERR_NOMEM, recorded. */
wg__operation *wg__operation_new(wg_graph *, const wg_op *, wg_nodes in, const void *attrs, int n_out, const wg_shape *,
                                 const wg_dtype *);

#endif
