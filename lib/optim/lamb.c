/* LAMB (You et al., "Large batch optimization for deep learning: training BERT in 76 minutes", ICLR 2020), algorithm 2. */
#include "optim/optim.h"

struct lamb {
    wg__moments moments;
    double weight_decay;
};

/* The length of all of x, a scalar. */
static wg_node *length(wg_node *x) { return wg_norm(x, 2, WG_ALL_AXES, false); }

static void lamb(wg__update *u, const void *opts)
{
    const struct lamb *l = opts;
    const wg__moments *at = &l->moments;
    wg_graph *g = wg_node_graph(u->param);
    wg_node *m = wg__optim_state(u, "m", 0), *v = wg__optim_state(u, "v", 0);
    wg_node *m_next = wg__optim_blend(m, u->gradient, at->beta1);
    wg_node *v_next = wg__optim_blend(v, wg_square(u->gradient), at->beta2);
    wg__optim_set(u, m, m_next);
    wg__optim_set(u, v, v_next);
    wg_node *m_corrected = wg_div(m_next, wg__optim_as(at->correction1, u->gradient));
    wg_node *v_corrected = wg_div(v_next, wg__optim_as(at->correction2, u->gradient));
    wg_node *direction = wg_div(m_corrected, wg_shift(wg_sqrt(v_corrected), at->eps));
    if (l->weight_decay > 0)
        direction = wg_add(direction, wg_scale(u->param, l->weight_decay));
    wg_node *own = length(u->param), *its = length(direction), *zero = wg_const(g, 0), *one = wg_const(g, 1);
    wg_node *both = wg_logical_and(wg_gt(own, zero), wg_gt(its, zero));
    wg_node *trust = wg_where(both, wg_div(own, its), one);
    wg__optim_descend(u, wg_mul(u->rate, trust), direction);
}

wg_node *wg_lamb(wg_grads grads, wg_node *lr, const wg_lamb_opts *opts)
{
    wg_lamb_opts o;
    wg_graph *g = wg__optim_begin(grads, lr, wg__options(&o, sizeof o, opts, "wg_lamb_opts"), &o.name, "lamb");
    if (!g)
        return NULL;
    struct lamb l = { { .beta1 = o.beta1, .beta2 = o.beta2, .eps = o.eps }, o.weight_decay };
    if (!wg__optim_moments(&l.moments, g, o.name, 1e-6) ||
        !wg__optim_option(g, o.name, "weight_decay", &l.weight_decay, 0, HUGE_VAL))
        return NULL;
    return wg__optim_update(grads, lr, o.name, 0, lamb, &l);
}
