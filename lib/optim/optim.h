/* What the optimisers share: state variables, rates, and the one group of assigns. */
#ifndef WG_OPTIM_OPTIM_H
#define WG_OPTIM_OPTIM_H

#include "base/options.h"
#include "graph/graph.h"
#include <wengert/optim.h>

/* A parameter's piece of state: "adam/m/W1", zero at first, of the parameter's type and shape. The name is counted from
 * the root, whatever scopes are open. */
wg_node *wg__optim_state(wg_node *param, const char *optimiser, const char *kind);

/* A variable under its full name, whatever scopes are open. */
wg_node *wg__optim_variable(wg_graph *, const char *name, wg_dtype, wg_shape);

/* A scalar in the type of `like`. */
wg_node *wg__optim_as(wg_node *scalar, const wg_node *like);

/* What one optimiser does with one parameter: given its gradient and the rate in its type, it adds at most WG__EFFECTS
 * assigns to `effects` and returns how many, 0 for a failure. */
enum { WG__EFFECTS = 3 };
typedef size_t (*wg__optim_rule)(wg_node *param, wg_node *gradient, wg_node *rate, const void *opts,
                                 wg_node *effects[WG__EFFECTS]);

/* Applies the rule to every parameter, and groups the assigns with the step counter's. */
wg_node *wg__optim_update(wg_grads, wg_node *rate, wg__optim_rule, const void *opts);

/* The one increment of the graph's step counter, which all its optimisers share. */
wg_node *wg__optim_step(wg_graph *);

#endif
