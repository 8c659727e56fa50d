/* Gradient accumulation: sums that grow from run to run, and an update that lands when the last micro-batch is in. */
#include "optim/optim.h"

/* The counter of micro-batches, once for all that the graph accumulates. */
static bool begin(wg_graph *g, int64_t batches)
{
    if (g->micro_batches)
        return true;
    wg_node *index = wg__optim_variable(g, "micro_batch", WG_I64, WG_SCALAR, 0);
    wg_node *due = wg_eq(index, wg_const(g, (double)(batches - 1)));
    wg_node *next = wg_where(due, wg_const(g, 0), wg_add(index, wg_const(g, 1)));
    g->accumulation = wg_assign(index, next);
    if (!g->accumulation)
        return false;
    g->micro_batch = index;
    g->update_due = due;
    g->micro_batches = batches;
    return true;
}

/* The sum's next value goes to the list of effects at *user, and the mean is what the optimiser sees. */
static wg_node *mean_of(wg_node *gradient, wg_node *param, void *user)
{
    wg_node ***effect = user;
    wg_graph *g = wg_node_graph(gradient);
    const char *name = wg__optim_name(g, "accumulated", wg_node_name(param));
    wg_node *sum = name ? wg__optim_variable(g, name, wg_node_dtype(param), wg_node_shape(param), 0) : NULL;
    wg_node *total = wg_add(sum, gradient);
    *(*effect)++ = wg_assign(sum, wg_where(g->update_due, wg_const(g, 0), total));
    return wg_scale(total, 1 / (double)g->micro_batches);
}

static wg_grads accumulate(wg_graph *g, wg_grads grads)
{
    size_t n = grads.of.n + 1;
    wg_node **effect = wg__alloc(&g->allocator, n, sizeof *effect), **at = effect;
    if (!effect) {
        wg__graph_fail_again(g);
        return wg__no_grads;
    }
    *at++ = g->accumulation;
    wg_grads means = wg__optim_map("accumulate", grads, mean_of, &at);
    if (means.of.at && !(g->accumulation = wg_group((wg_nodes){ effect, n })))
        means = wg__no_grads;
    wg__free(&g->allocator, effect, n, sizeof *effect);
    return means;
}

wg_grads wg_accumulate(wg_grads grads, int64_t batches)
{
    enum { MOST = INT32_MAX };
    wg_graph *g = wg__optim_graph_of("accumulate", grads);
    if (!g)
        return wg__no_grads;
    if (batches < 1 || batches > MOST || (g->micro_batches && g->micro_batches != batches)) {
        wg__graph_fail(g, WG_ERR_ARG,
                       "accumulate: %lld micro-batches: expected a number from 1, the same in all of the graph",
                       (long long)batches);
        return wg__no_grads;
    }
    if (batches == 1)
        return grads;
    if (g->step_assign) {
        wg__graph_fail(g, WG_ERR_ARG,
                       "accumulate: an optimiser of this graph was made before, and would update in each run");
        return wg__no_grads;
    }
    return begin(g, batches) ? accumulate(g, grads) : wg__no_grads;
}
