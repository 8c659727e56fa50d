/* The expression that an adjoint has built, built again with one operation changed, or one node replaced. */
#ifndef WG_VERIFY_REBUILD_H
#define WG_VERIFY_REBUILD_H

#include "graph/graph.h"

/* A replacement for operation `o`, whose operands are now in[0..o->n_in); NULL: none. A failure is the graph's. */
typedef wg_node *(*wg__edit)(void *user, const wg__operation *o, wg_node *const *in);

/* `root`, a node of `g` made since there were `begin` nodes, with `edit` applied to every operation made since that it needs,
 * operands first. root itself where nothing changed; NULL: a failure of the graph. */
wg_node *wg__rebuild(wg_graph *g, size_t begin, wg_node *root, wg__edit edit, void *user);

/* Does `root` need the values of `node`, not its shape alone, through operations made since there were `begin` nodes? */
bool wg__needs_values(wg_graph *g, size_t begin, wg_node *root, const wg_node *node);

#endif
