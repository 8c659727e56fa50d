/* Lists of gradients made from others, one by one. */
#include "optim/optim.h"

const wg_grads wg__no_grads = { { NULL, 0 }, { NULL, 0 } };

wg_graph *wg__optim_graph_of(const char *caller, wg_grads grads)
{
    if (grads.of.at && grads.of.n)
        return wg_node_graph(grads.of.at[0]);
    if (grads.of.at)
        wg__fail(WG_ERR_ARG, "%s: there are no gradients", caller);
    else
        wg__fail_null(caller, "list of gradients");
    return NULL;
}

wg_grads wg__optim_map(const char *caller, wg_grads grads, wg_node *(*make)(wg_node *, wg_node *, void *), void *user)
{
    wg_graph *g = wg__optim_graph_of(caller, grads);
    wg_node **made = g ? wg__arena_alloc(&g->arena, grads.of.n * sizeof *made) : NULL;
    if (g && !made)
        wg__graph_fail_again(g);
    for (size_t i = 0; made && i < grads.of.n; i++)
        if (!(made[i] = make(grads.of.at[i], grads.wrt.at[i], user)))
            return wg__no_grads;
    return made ? (wg_grads){ grads.wrt, { made, grads.of.n } } : wg__no_grads;
}

static wg_node *regularised(wg_node *gradient, wg_node *param, void *factor)
{
    return wg_add(gradient, wg_scale(param, *(const double *)factor));
}

wg_grads wg_add_l2(wg_grads grads, double factor)
{
    wg_graph *g = wg__optim_graph_of("add_l2", grads);
    if (!g || !wg__optim_option(g, "add_l2", "the factor", &factor, 0, HUGE_VAL))
        return wg__no_grads;
    return factor > 0 ? wg__optim_map("add_l2", grads, regularised, &factor) : grads;
}
