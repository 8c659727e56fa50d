/* The frame of every optimiser: walk the params, collect the assigns. */
#include "optim/optim.h"

wg_graph *wg__optim_begin(wg_grads grads, wg_node *rate, bool read, const char **name, const char *usual)
{
    if (!read)
        return wg__graph_fail_again(wg_node_graph(rate));
    if (!*name)
        *name = usual;
    if (!rate || !grads.of.at || grads.of.n != grads.wrt.n) {
        wg__fail_null(*name, rate ? "list of gradients" : "rate");
        return NULL;
    }
    if (!grads.of.n)
        return wg__graph_fail(wg_node_graph(rate), WG_ERR_ARG,
                              "%s: there is nothing to update: the loss depends on no param", *name);
    return wg_node_graph(rate);
}

bool wg__optim_option(wg_graph *g, const char *name, const char *option, double *value, double otherwise, double below)
{
    if (*value == 0)
        *value = otherwise;
    if (*value >= 0 && *value < below)
        return true;
    if (below < HUGE_VAL)
        wg__graph_fail(g, WG_ERR_ARG, "%s: %s is %g, but must be at least 0 and below %g", name, option, *value, below);
    else
        wg__graph_fail(g, WG_ERR_ARG, "%s: %s is %g, but must be a number that is not negative", name, option, *value);
    return false;
}

wg_node *wg__optim_state(const wg__update *u, const char *kind, double first)
{
    wg_graph *g = wg_node_graph(u->param);
    const char *prefix = wg__optim_name(g, u->name, kind);
    const char *name = prefix ? wg__optim_name(g, prefix, wg_node_name(u->param)) : NULL;
    return name ? wg__optim_variable(g, name, wg_node_dtype(u->param), wg_node_shape(u->param), first) : NULL;
}

void wg__optim_set(wg__update *u, wg_node *variable, wg_node *value)
{
    u->effect[u->n++] = wg__optim_assign(variable, value);
}

void wg__optim_descend(wg__update *u, wg_node *step, wg_node *direction)
{
    wg_node *kept = u->param;
    if (u->weight_decay > 0)
        kept = wg_mul(kept, wg_shift(wg_scale(u->rate, -u->weight_decay), 1));
    wg__optim_set(u, u->param, wg_sub(kept, wg_mul(step, direction)));
}

wg_node *wg__optim_blend(wg_node *old, wg_node *new, double decay)
{
    return wg__blend(old, new, decay);
}

wg_node *wg__optim_update(wg_grads grads, wg_node *rate, const char *name, double weight_decay, wg__optim_rule rule,
                          const void *opts)
{
    wg_graph *g = wg_node_graph(rate);
    if (!wg__optim_option(g, name, "weight_decay", &weight_decay, 0, HUGE_VAL))
        return NULL;
    wg_nodes tracked = wg_tracked(grads.of);
    size_t room = grads.of.n * WG__EFFECTS + tracked.n + 2, n = 0;
    wg_node **effects = wg__alloc(&g->allocator, room, sizeof *effects);
    if (!effects)
        return wg__graph_fail_again(g);
    for (size_t i = 0; i < grads.of.n && !g->status; i++) {
        wg_node *gradient = grads.of.at[i];
        wg__update u = { .name = name,
                         .param = grads.wrt.at[i],
                         .gradient = gradient,
                         .rate = wg__optim_as(rate, gradient),
                         .weight_decay = weight_decay };
        rule(&u, opts);
        for (size_t k = 0; k < u.n; k++)
            effects[n++] = u.effect[k];
    }
    for (size_t i = 0; i < tracked.n; i++)
        effects[n++] = tracked.at[i];
    effects[n++] = wg__optim_step(g);
    if (g->accumulation)
        effects[n++] = g->accumulation;
    wg_node *all = g->status ? NULL : wg_group((wg_nodes){ effects, n });
    wg__free(&g->allocator, effects, room, sizeof *effects);
    return all;
}
