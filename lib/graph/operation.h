/* Making operations: what lies below wg_apply and the leaves. */
#ifndef WG_GRAPH_OPERATION_H
#define WG_GRAPH_OPERATION_H

#include "graph/graph.h"

/* Adds an operation with a copy of operands and attributes; shapes and types of its n_out results as given. Made-up names.
 * NULL: WG_ERR_NOMEM, recorded. */
wg__operation *wg__operation_new(wg_graph *, const wg_op *, wg_nodes in, const void *attrs, int n_out, const wg_shape *,
                                 const wg_dtype *);

/* The same in two steps: first the results, by which the user knows them, then operands and a place in the graph's order. */
wg__operation *wg__operation_promise(wg_graph *, const wg_op *, const void *attrs, int n_out, const wg_shape *,
                                     const wg_dtype *);
bool wg__operation_enter(wg__operation *, wg_nodes in);

#endif
