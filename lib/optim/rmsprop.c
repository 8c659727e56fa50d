/* RMSprop (Tieleman and Hinton, "Lecture 6.5 - rmsprop", Coursera 2012), with PyTorch's place of eps, outside the root; and
 * centered (Graves, "Generating sequences with recurrent neural networks", 2013). */
#include "optim/optim.h"

static void rmsprop(wg__update *u, const void *opts)
{
    const wg_rmsprop_opts *o = opts;
    wg_node *s = wg__optim_state(u, "s", 0), *next = wg__optim_blend(s, wg_square(u->gradient), o->alpha);
    wg_node *variance = next;
    wg__optim_set(u, s, next);
    if (o->centered) {
        wg_node *mean = wg__optim_state(u, "g", 0), *mean_next = wg__optim_blend(mean, u->gradient, o->alpha);
        wg__optim_set(u, mean, mean_next);
        /* Rounding may bring the difference below zero. */
        variance = wg_maximum(wg_sub(next, wg_square(mean_next)), wg_const(wg_node_graph(u->param), 0));
    }
    wg_node *direction = wg_div(u->gradient, wg_shift(wg_sqrt(variance), o->eps));
    if (o->momentum > 0) {
        wg_node *v = wg__optim_state(u, "v", 0);
        direction = wg_add(wg_scale(v, o->momentum), direction);
        wg__optim_set(u, v, direction);
    }
    wg__optim_descend(u, u->rate, direction);
}

wg_node *wg_rmsprop(wg_grads grads, wg_node *lr, const wg_rmsprop_opts *opts)
{
    wg_rmsprop_opts o;
    wg_graph *g = wg__optim_begin(grads, lr, wg__options(&o, sizeof o, opts, "wg_rmsprop_opts"), &o.name, "rmsprop");
    if (!g || !wg__optim_option(g, o.name, "alpha", &o.alpha, 0.99, 1) ||
        !wg__optim_option(g, o.name, "eps", &o.eps, 1e-8, HUGE_VAL) ||
        !wg__optim_option(g, o.name, "momentum", &o.momentum, 0, 1))
        return NULL;
    return wg__optim_update(grads, lr, o.name, o.weight_decay, rmsprop, &o);
}
