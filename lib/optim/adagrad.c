/* Adagrad (Duchi, Hazan and Singer, "Adaptive subgradient methods", JMLR 2011): rates by the sum of all squares. */
#include "optim/optim.h"

static void adagrad(wg__update *u, const void *opts)
{
    const wg_adagrad_opts *o = opts;
    wg_node *s = wg__optim_state(u, "s", o->initial), *next = wg_add(s, wg_square(u->gradient));
    wg__optim_set(u, s, next);
    wg__optim_descend(u, u->rate, wg_div(u->gradient, wg_shift(wg_sqrt(next), o->eps)));
}

wg_node *wg_adagrad(wg_grads grads, wg_node *lr, const wg_adagrad_opts *opts)
{
    wg_adagrad_opts o;
    wg_graph *g = wg__optim_begin(grads, lr, wg__options(&o, sizeof o, opts, "wg_adagrad_opts"), &o.name, "adagrad");
    if (!g || !wg__optim_option(g, o.name, "eps", &o.eps, 1e-10, HUGE_VAL) ||
        !wg__optim_option(g, o.name, "lr_decay", &o.lr_decay, 0, HUGE_VAL) ||
        !wg__optim_option(g, o.name, "initial", &o.initial, 0, HUGE_VAL))
        return NULL;
    if (o.lr_decay > 0) {
        wg_node *steps = wg_cast(wg_step_counter(g), WG_F64);
        lr = wg_div(wg__optim_as(lr, steps), wg_shift(wg_scale(steps, o.lr_decay), 1));
        if (!lr)
            return NULL;
    }
    return wg__optim_update(grads, lr, o.name, o.weight_decay, adagrad, &o);
}
