/* Adadelta (Zeiler, "ADADELTA: an adaptive learning rate method", 2012): steps in the unit of the params. */
#include "optim/optim.h"

static void adadelta(wg__update *u, const void *opts)
{
    const wg_adadelta_opts *o = opts;
    wg_node *s = wg__optim_state(u, "s", 0),
            *d = wg__optim_state(u, "d", 0); /* running squares of gradients and steps */
    wg_node *s_next = wg__optim_blend(s, wg_square(u->gradient), o->rho);
    wg_node *ratio = wg_div(wg_sqrt(wg_shift(d, o->eps)), wg_sqrt(wg_shift(s_next, o->eps)));
    wg_node *change = wg_mul(ratio, u->gradient);
    wg__optim_set(u, s, s_next);
    wg__optim_set(u, d, wg__optim_blend(d, wg_square(change), o->rho));
    wg__optim_descend(u, u->rate, change);
}

wg_node *wg_adadelta(wg_grads grads, wg_node *lr, const wg_adadelta_opts *opts)
{
    wg_adadelta_opts o;
    wg_graph *g = wg__optim_begin(grads, lr, wg__options(&o, sizeof o, opts, "wg_adadelta_opts"), &o.name, "adadelta");
    if (!g || !wg__optim_option(g, o.name, "rho", &o.rho, 0.9, 1) ||
        !wg__optim_option(g, o.name, "eps", &o.eps, 1e-6, HUGE_VAL))
        return NULL;
    return wg__optim_update(grads, lr, o.name, o.weight_decay, adadelta, &o);
}
