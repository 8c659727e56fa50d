/* Adam's moments: running means of the gradient and of its square begin with 0, and are corrected for it. */
#include <math.h>

#include "optim/optim.h"

/* 1 - beta^t = -expm1(t log beta): no cancellation while beta^t is near 1. */
static wg_node *correction(wg_node *t, double beta) { return wg_neg(wg_expm1(wg_scale(t, log(beta)))); }

bool wg__optim_moments(wg__moments *m, wg_graph *g, const char *name, double usual_eps)
{
    if (!wg__optim_option(g, name, "beta1", &m->beta1, 0.9, 1) ||
        !wg__optim_option(g, name, "beta2", &m->beta2, 0.999, 1) ||
        !wg__optim_option(g, name, "eps", &m->eps, usual_eps, HUGE_VAL))
        return false;
    wg_node *t = wg__optim_time(g);
    m->correction1 = correction(t, m->beta1);
    m->correction2 = correction(t, m->beta2);
    return m->correction1 && m->correction2;
}
