/* Clipping by the norm of all gradients together (Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent
 * neural networks", ICML 2013). */
#include "optim/optim.h"

static wg_node *sum_of_squares(wg_nodes of)
{
    wg_node *total = NULL;
    for (size_t i = 0; i < of.n; i++) {
        wg_node *one = wg_sum(wg_square(of.at[i]), WG_ALL_AXES, false);
        total = i ? wg_add(total, wg__optim_as(one, total)) : one;
    }
    return total;
}

wg_grads wg_clip_by_global_norm(wg_grads grads, double max, wg_node **norm)
{
    const wg_grads none = { { NULL, 0 }, { NULL, 0 } };
    if (norm)
        *norm = NULL;
    if (!grads.of.at || !grads.of.n) {
        if (grads.of.at)
            wg__fail(WG_ERR_ARG, "clip_by_global_norm: there are no gradients");
        else
            wg__fail_null("clip_by_global_norm", "list of gradients");
        return none;
    }
    wg_graph *g = wg_node_graph(grads.of.at[0]);
    if (!(max > 0)) {
        wg__graph_fail(g, WG_ERR_ARG, "clip_by_global_norm: the norm must be above 0, but is %g", max);
        return none;
    }
    wg_node *length = wg_sqrt(sum_of_squares(grads.of));
    /* A zero norm gives infinity here, and so a factor of 1. */
    wg_node *factor = wg_minimum(wg_div(wg_const(g, max), length), wg_const(g, 1));
    wg_node **clipped = factor ? wg__arena_alloc(&g->arena, grads.of.n * sizeof *clipped) : NULL;
    if (!clipped)
        return none;
    for (size_t i = 0; i < grads.of.n; i++) {
        clipped[i] = wg_mul(grads.of.at[i], wg__optim_as(factor, grads.of.at[i]));
        if (!clipped[i])
            return none;
    }
    if (norm)
        *norm = length;
    return (wg_grads){ grads.wrt, { clipped, grads.of.n } };
}
