/* RMSprop (Tieleman and Hinton, "Lecture 6.5 - rmsprop", Coursera 2012), with PyTorch's place of eps: outside the root. */
#include "optim/optim.h"

static size_t rmsprop(wg_node *w, wg_node *g, wg_node *rate, const void *opts, wg_node *effects[WG__EFFECTS])
{
    const wg_rmsprop_opts *o = opts;
    wg_node *s = wg__optim_state(w, o->name, "s");
    wg_node *next = wg_add(wg_scale(s, o->alpha), wg_scale(wg_square(g), 1 - o->alpha));
    wg_node *direction = wg_div(g, wg_shift(wg_sqrt(next), o->eps));
    effects[0] = wg_assign(s, next);
    effects[1] = wg_assign(w, wg_sub(w, wg_mul(rate, direction)));
    return effects[0] && effects[1] ? 2 : 0;
}

wg_node *wg_rmsprop(wg_grads grads, wg_node *lr, const wg_rmsprop_opts *opts)
{
    wg_rmsprop_opts o;
    if (!wg__options(&o, sizeof o, opts, "wg_rmsprop_opts"))
        return wg__graph_fail_again(wg_node_graph(lr));
    if (!o.name)
        o.name = "rmsprop";
    if (o.alpha == 0)
        o.alpha = 0.99;
    if (o.eps == 0)
        o.eps = 1e-8;
    return wg__optim_update(grads, lr, rmsprop, &o);
}
