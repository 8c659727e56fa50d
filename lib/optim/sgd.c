/* Gradient descent: plain, with momentum, and Nesterov's. Momentum in PyTorch's form: v = mu v + g, w = w - lr v. */
#include "optim/optim.h"

static void plain(wg__update *u, const void *opts)
{
    (void)opts;
    wg__optim_descend(u, u->rate, u->gradient);
}

static void with_momentum(wg__update *u, const void *opts)
{
    const wg_sgd_opts *o = opts;
    wg_node *v = wg__optim_state(u, "v", 0);
    wg_node *next = wg_add(wg_scale(v, o->momentum), u->gradient);
    wg__optim_set(u, v, next);
    /* Nesterov looks ahead: along the velocity that the next step will begin with. */
    wg__optim_descend(u, u->rate, o->nesterov ? wg_add(u->gradient, wg_scale(next, o->momentum)) : next);
}

wg_node *wg_sgd(wg_grads grads, wg_node *lr)
{
    const char *name = NULL;
    return wg__optim_begin(grads, lr, true, &name, "sgd") ? wg__optim_update(grads, lr, name, 0, plain, NULL) : NULL;
}

wg_node *wg_momentum(wg_grads grads, wg_node *lr, const wg_sgd_opts *opts)
{
    wg_sgd_opts o;
    wg_graph *g = wg__optim_begin(grads, lr, wg__options(&o, sizeof o, opts, "wg_sgd_opts"), &o.name, "momentum");
    if (!g || !wg__optim_option(g, o.name, "momentum", &o.momentum, 0.9, 1))
        return NULL;
    return wg__optim_update(grads, lr, o.name, o.weight_decay, with_momentum, &o);
}
