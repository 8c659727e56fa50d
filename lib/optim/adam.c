/* Adam (Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015), and with weight_decay AdamW
 * (Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019). */
#include <math.h>

#include "optim/optim.h"

struct adam {
    wg_adam_opts o;
    wg_node *correction1, *correction2; /* 1 - beta^t, f64 scalars */
};

static size_t adam(wg_node *w, wg_node *g, wg_node *rate, const void *opts, wg_node *effects[WG__EFFECTS])
{
    const struct adam *a = opts;
    const wg_adam_opts *o = &a->o;
    wg_node *m = wg__optim_state(w, o->name, "m"), *v = wg__optim_state(w, o->name, "v");
    wg_node *m_next = wg_add(wg_scale(m, o->beta1), wg_scale(g, 1 - o->beta1));
    wg_node *v_next = wg_add(wg_scale(v, o->beta2), wg_scale(wg_square(g), 1 - o->beta2));
    /* Both corrections as scalars: one division less an element than m / (1 - beta1^t) would cost. */
    wg_node *step = wg_div(rate, wg__optim_as(a->correction1, g));
    wg_node *root = wg_sqrt(wg__optim_as(a->correction2, g));
    wg_node *denominator = wg_shift(wg_div(wg_sqrt(v_next), root), o->eps);
    wg_node *kept = w;
    if (o->weight_decay > 0)
        kept = wg_mul(w, wg_shift(wg_scale(rate, -o->weight_decay), 1));
    effects[0] = wg_assign(m, m_next);
    effects[1] = wg_assign(v, v_next);
    effects[2] = wg_assign(w, wg_sub(kept, wg_mul(step, wg_div(m_next, denominator))));
    return effects[0] && effects[1] && effects[2] ? 3 : 0;
}

/* 1 - beta^t = -expm1(t log beta): no cancellation while beta^t is near 1. */
static wg_node *correction(wg_node *t, double beta) { return wg_neg(wg_expm1(wg_scale(t, log(beta)))); }

static bool is_decay(double beta) { return beta > 0 && beta < 1; }

wg_node *wg_adam(wg_grads grads, wg_node *lr, const wg_adam_opts *opts)
{
    struct adam a;
    wg_adam_opts *o = &a.o;
    if (!wg__options(o, sizeof *o, opts, "wg_adam_opts"))
        return wg__graph_fail_again(wg_node_graph(lr));
    if (!o->name)
        o->name = "adam";
    if (o->beta1 == 0)
        o->beta1 = 0.9;
    if (o->beta2 == 0)
        o->beta2 = 0.999;
    if (o->eps == 0)
        o->eps = 1e-8;
    if (!lr) {
        wg__fail_null(o->name, "rate");
        return NULL;
    }
    if (!is_decay(o->beta1) || !is_decay(o->beta2))
        return wg__graph_fail(wg_node_graph(lr), WG_ERR_ARG, "%s: beta1 and beta2 must lie between 0 and 1", o->name);
    /* The counter holds the updates before this one, and the paper's t counts from 1. */
    wg_node *t = wg_shift(wg_cast(wg_step_counter(wg_node_graph(lr)), WG_F64), 1);
    a.correction1 = correction(t, o->beta1);
    a.correction2 = correction(t, o->beta2);
    return wg__optim_update(grads, lr, adam, &a);
}
