/* The frame of every optimiser: walk the parameters, collect the assigns. */
#include "optim/optim.h"

#include <stdio.h>

wg_node *wg__optim_variable(wg_graph *g, const char *name, wg_dtype dtype, wg_shape shape)
{
    const struct wg__scope *open = g->scope;
    g->scope = NULL;
    wg_node *variable = wg_variable(g, name, dtype, shape, wg_init_zeros());
    g->scope = open;
    return variable;
}

wg_node *wg__optim_state(wg_node *param, const char *optimiser, const char *kind)
{
    char name[512];
    wg_graph *g = wg_node_graph(param);
    int length = snprintf(name, sizeof name, "%s/%s/%s", optimiser, kind, wg_node_name(param));
    if (length < 0 || (size_t)length >= sizeof name)
        return wg__graph_fail(g, WG_ERR_ARG, "%s: the name of %.40s.. is too long", optimiser, wg_node_name(param));
    return wg__optim_variable(g, name, wg_node_dtype(param), wg_node_shape(param));
}

wg_node *wg__optim_as(wg_node *scalar, const wg_node *like)
{
    return wg_node_dtype(scalar) == wg_node_dtype(like) ? scalar : wg_cast(scalar, wg_node_dtype(like));
}

wg_node *wg__optim_update(wg_grads grads, wg_node *rate, wg__optim_rule rule, const void *opts)
{
    if (!rate || !grads.of.at || grads.of.n != grads.wrt.n) {
        wg__fail_null("optimiser", rate ? "list of gradients" : "rate");
        return NULL;
    }
    wg_graph *g = wg_node_graph(rate);
    if (!grads.of.n)
        return wg__graph_fail(g, WG_ERR_ARG, "there is nothing to update: the loss depends on no param");
    size_t room = grads.of.n * WG__EFFECTS + 1, n = 0;
    wg_node **effects = wg__alloc(&g->allocator, room, sizeof *effects);
    if (!effects)
        return wg__graph_fail_again(g);
    bool whole = true;
    for (size_t i = 0; i < grads.of.n && whole; i++) {
        wg_node *gradient = grads.of.at[i];
        size_t more = rule(grads.wrt.at[i], gradient, wg__optim_as(rate, gradient), opts, effects + n);
        whole = more > 0;
        n += more;
    }
    effects[n++] = wg__optim_step(g);
    wg_node *all = whole ? wg_group((wg_nodes){ effects, n }) : NULL;
    wg__free(&g->allocator, effects, room, sizeof *effects);
    return all;
}
