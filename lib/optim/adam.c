/* Adam (Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015), with weight_decay AdamW, and with amsgrad
 * the form that surely converges (Reddi, Kale and Kumar, "On the convergence of Adam and beyond", ICLR 2018). */
#include "optim/optim.h"

struct adam {
    wg__moments moments;
    bool amsgrad;
};

static void adam(wg__update *u, const void *opts)
{
    const struct adam *a = opts;
    const wg__moments *at = &a->moments;
    wg_node *m = wg__optim_state(u, "m", 0), *v = wg__optim_state(u, "v", 0);
    wg_node *m_next = wg__optim_blend(m, u->gradient, at->beta1);
    wg_node *v_next = wg__optim_blend(v, wg_square(u->gradient), at->beta2), *scale = v_next;
    wg__optim_set(u, m, m_next);
    wg__optim_set(u, v, v_next);
    if (a->amsgrad) {
        wg_node *largest = wg__optim_state(u, "vmax", 0);
        scale = wg_maximum(largest, v_next);
        wg__optim_set(u, largest, scale);
    }
    /* Both corrections as scalars: one division less an element than m / (1 - beta1^t) would cost. */
    wg_node *step = wg_div(u->rate, wg__optim_as(at->correction1, u->gradient));
    wg_node *root = wg_sqrt(wg__optim_as(at->correction2, u->gradient));
    wg__optim_descend(u, step, wg__adam_direction(m_next, scale, root, at->eps));
}

wg_node *wg_adam(wg_grads grads, wg_node *lr, const wg_adam_opts *opts)
{
    wg_adam_opts o;
    wg_graph *g = wg__optim_begin(grads, lr, wg__options(&o, sizeof o, opts, "wg_adam_opts"), &o.name, "adam");
    if (!g)
        return NULL;
    struct adam a = { { .beta1 = o.beta1, .beta2 = o.beta2, .eps = o.eps }, o.amsgrad };
    if (!wg__optim_moments(&a.moments, g, o.name, 1e-8))
        return NULL;
    return wg__optim_update(grads, lr, o.name, o.weight_decay, adam, &a);
}
