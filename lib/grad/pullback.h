/* Reverse mode on graphs: the one place where derivatives are made. */
#ifndef WG_GRAD_PULLBACK_H
#define WG_GRAD_PULLBACK_H

#include "graph/graph.h"
#include <wengert/grad.h>

/* sum over i of (d ys[i] / d wrt[j])^T cotangents[i], for each j. A failure (recorded) is {0}. */
wg_grads wg__pullback(wg_graph *, wg_nodes ys, wg_nodes cotangents, wg_nodes wrt);

#endif
