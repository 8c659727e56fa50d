/* The counter of updates. */
#include "optim/optim.h"

wg_node *wg_step_counter(wg_graph *g)
{
    if (!g) {
        wg__fail_null("step counter", "graph");
        return NULL;
    }
    if (!g->step) {
        /* A graph that came from a file may bring its counter along. */
        wg_node *found = wg_find(g, "step");
        bool fits = found && wg__op_of(found) == &wg_op_variable && found->dtype == WG_I64 && found->shape.rank == 0;
        g->step = fits ? found : wg__optim_variable(g, "step", WG_I64, WG_SCALAR, 0);
    }
    return g->step;
}

wg_node *wg__optim_step(wg_graph *g)
{
    wg_node *step = wg_step_counter(g);
    if (step && !g->step_assign)
        g->step_assign = wg__optim_assign(step, wg_add(step, wg_const(g, 1)));
    return g->step_assign;
}

wg_node *wg__optim_time(wg_graph *g) { return wg_shift(wg_cast(wg_step_counter(g), WG_F64), 1); }
