/* Clipping: by the norm of all gradients together (Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent
 * neural networks", ICML 2013), by each one's own, and by value. */
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

/* min(1, max / norm). A zero norm gives infinity, and so a factor of 1. */
static wg_node *factor_for(wg_node *norm, double max)
{
    wg_graph *g = wg_node_graph(norm);
    return g ? wg_minimum(wg_div(wg_const(g, max), norm), wg_const(g, 1)) : NULL;
}

/* The graph of gradients to be clipped to the norm `max`. */
static wg_graph *graph_for_norm(const char *caller, wg_grads grads, double max)
{
    wg_graph *g = wg__optim_graph_of(caller, grads);
    if (g && !(max > 0))
        return wg__graph_fail(g, WG_ERR_ARG, "%s: the norm must be above 0, but is %g", caller, max);
    return g;
}

static wg_node *scaled(wg_node *gradient, wg_node *param, void *factor)
{
    (void)param;
    return wg_mul(gradient, wg__optim_as(factor, gradient));
}

wg_grads wg_clip_by_global_norm(wg_grads grads, double max, wg_node **norm)
{
    if (norm)
        *norm = NULL;
    if (!graph_for_norm("clip_by_global_norm", grads, max))
        return wg__no_grads;
    wg_node *length = wg_sqrt(sum_of_squares(grads.of)), *factor = factor_for(length, max);
    wg_grads clipped = factor ? wg__optim_map("clip_by_global_norm", grads, scaled, factor) : wg__no_grads;
    if (norm && clipped.of.at)
        *norm = length;
    return clipped;
}

static wg_node *shortened(wg_node *gradient, wg_node *param, void *max)
{
    (void)param;
    return wg_mul(gradient, factor_for(wg_norm(gradient, 2, WG_ALL_AXES, false), *(const double *)max));
}

wg_grads wg_clip_by_norm(wg_grads grads, double max)
{
    if (!graph_for_norm("clip_by_norm", grads, max))
        return wg__no_grads;
    return wg__optim_map("clip_by_norm", grads, shortened, &max);
}

static wg_node *bounded(wg_node *gradient, wg_node *param, void *bounds)
{
    const double *at = bounds;
    (void)param;
    return wg_clip(gradient, at[0], at[1]);
}

wg_grads wg_clip_by_value(wg_grads grads, double low, double high)
{
    wg_graph *g = wg__optim_graph_of("clip_by_value", grads);
    if (g && !(low < high))
        g = wg__graph_fail(g, WG_ERR_ARG, "clip_by_value: %g .. %g is no range", low, high);
    return g ? wg__optim_map("clip_by_value", grads, bounded, (double[]){ low, high }) : wg__no_grads;
}
