/* The operations between some results and the leaves, in an order in which operands come first. */
#ifndef WG_GRAD_ORDER_H
#define WG_GRAD_ORDER_H

#include "graph/graph.h"

typedef struct wg__order {
    wg__operation **at;
    size_t n, capacity;
    unsigned char *state; /* by operation index: 0 unseen, 1 open, 2 listed */
    size_t state_capacity;
    const wg__allocator *allocator;
    wg_nodes keep; /* nodes that must not be rewritten away */
} wg__order;

/* The node that stands for n in differentiation: a stabler form, or one made of primitives where n's operator has no adjoint. Nodes in `keep`, and those
 * that read one of them, stay as they are. NULL on failure. */
wg_node *wg__effective(const wg__order *, wg_node *n);

/* Lists what `ys` need. False: a failure is recorded on the graph. Free in either case. */
bool wg__order_make(wg__order *, wg_graph *, wg_nodes ys, wg_nodes keep);
void wg__order_free(wg__order *);

#endif
