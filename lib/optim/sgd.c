/* Gradient descent: plain, with momentum, and Nesterov's. Momentum in PyTorch's form: v = mu v + g, w = w - lr v. */
#include "optim/optim.h"

static size_t plain(wg_node *w, wg_node *g, wg_node *rate, const void *opts, wg_node *effects[WG__EFFECTS])
{
    (void)opts;
    effects[0] = wg_assign(w, wg_sub(w, wg_mul(rate, g)));
    return effects[0] ? 1 : 0;
}

static size_t with_momentum(wg_node *w, wg_node *g, wg_node *rate, const void *opts, wg_node *effects[WG__EFFECTS])
{
    const wg_sgd_opts *o = opts;
    wg_node *v = wg__optim_state(w, o->name, "v");
    if (o->weight_decay > 0)
        g = wg_add(g, wg_scale(w, o->weight_decay));
    wg_node *next = wg_add(wg_scale(v, o->momentum), g);
    /* Nesterov looks ahead: along the velocity that the next step will begin with. */
    wg_node *direction = o->nesterov ? wg_add(g, wg_scale(next, o->momentum)) : next;
    effects[0] = wg_assign(v, next);
    effects[1] = wg_assign(w, wg_sub(w, wg_mul(rate, direction)));
    return effects[0] && effects[1] ? 2 : 0;
}

wg_node *wg_sgd(wg_grads grads, wg_node *lr) { return wg__optim_update(grads, lr, plain, NULL); }

wg_node *wg_momentum(wg_grads grads, wg_node *lr, const wg_sgd_opts *opts)
{
    wg_sgd_opts o;
    if (!wg__options(&o, sizeof o, opts, "wg_sgd_opts"))
        return wg__graph_fail_again(wg_node_graph(lr));
    if (!o.name)
        o.name = "momentum";
    if (o.momentum == 0)
        o.momentum = 0.9;
    return wg__optim_update(grads, lr, with_momentum, &o);
}
