/* Exponential moving averages of params (Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992,
 * with weights that fade). */
#include <string.h>

#include "optim/optim.h"

typedef struct averaging {
    const char *prefix; /* "ema/mean" */
    wg_node *old, *new; /* weights of the average and of the param: scalars */
    wg_node **effect;   /* so far */
    size_t n;
} averaging;

static void average(averaging *a, wg_node *param, wg_node *value)
{
    wg_graph *g = wg_node_graph(param);
    const char *name = wg__optim_name(g, a->prefix, wg_node_name(param));
    if (!name)
        return;
    wg_node *mean = wg__optim_variable(g, name, wg_node_dtype(param), wg_node_shape(param), 0);
    wg_node *next = wg_add(wg_mul(mean, a->old), wg_mul(value, a->new));
    a->effect[a->n++] = wg__optim_assign(mean, next);
}

/* Averages what the needed assigns give to params. */
static void average_all(averaging *a, wg_graph *g, const unsigned char *needed)
{
    for (size_t i = 0, end = g->n_nodes; i < end && !g->status; i++) {
        const wg__operation *o = g->nodes[i]->operation;
        if (needed[i] && o->op == &wg_op_assign && wg__op_of(o->in[0]) == &wg_op_param)
            average(a, o->in[0], o->in[1]);
    }
}

static wg_node *collect(averaging *a, wg_node *update, const char *name)
{
    wg_graph *g = wg_node_graph(update);
    size_t nodes = g->n_nodes;
    unsigned char *needed = wg__alloc_zero(&g->allocator, nodes, 1);
    size_t room = g->n_variables + 2;
    a->effect = wg__alloc(&g->allocator, room, sizeof *a->effect);
    wg_node *all = NULL;
    if (!needed || !a->effect) {
        wg__graph_fail_again(g);
    } else {
        a->effect[a->n++] = update;
        wg__mark_needed(g, (wg_nodes){ &update, 1 }, needed);
        average_all(a, g, needed);
        all = g->status  ? NULL
              : a->n > 1 ? wg_group((wg_nodes){ a->effect, a->n })
                         : wg__graph_fail(g, WG_ERR_ARG, "%s: the update changes no param", name);
    }
    wg__free(&g->allocator, needed, nodes, 1);
    wg__free(&g->allocator, a->effect, room, sizeof *a->effect);
    return all;
}

wg_node *wg_ema(wg_node *update, double decay, const wg_ema_opts *opts)
{
    wg_ema_opts o;
    wg_graph *g = wg_node_graph(update);
    if (!wg__options(&o, sizeof o, opts, "wg_ema_opts"))
        return wg__graph_fail_again(g);
    const char *name = o.name ? o.name : "ema";
    if (!g) {
        wg__fail_null(name, "update");
        return NULL;
    }
    if (!(decay >= 0 && decay <= 1))
        return wg__graph_fail(g, WG_ERR_ARG, "%s: the decay is %g, but must lie between 0 and 1", name, decay);
    const char *prefix = wg__optim_name(g, name, "mean"), *counter = wg__optim_name(g, name, "count");
    if (!prefix || !counter)
        return NULL;
    /* How many values have been averaged; the first one counts in full. */
    wg_node *count = wg__optim_variable(g, counter, WG_I64, WG_SCALAR, 0);
    averaging a = { .prefix = prefix };
    a.old = wg_where(wg_eq(count, wg_const(g, 0)), wg_const(g, 0), wg_const(g, decay));
    a.new = wg_shift(wg_neg(a.old), 1);
    wg_node *all = a.new ? collect(&a, update, name) : NULL;
    wg_node *counted = all ? wg__optim_assign(count, wg_add(count, wg_const(g, 1))) : NULL;
    return counted ? wg_group(WG_NODES(all, counted)) : NULL;
}

/* What stands behind "NAME/kind/", or NULL. */
static const char *member(const char *full, const char *name, const char *kind)
{
    size_t n = strlen(name), k = strlen(kind);
    return !strncmp(full, name, n) && !strncmp(full + n, kind, k) ? full + n + k : NULL;
}

/* Puts the averages in the params' places. */
static wg_status replace(wg_store *s, const char *name)
{
    wg_graph *g = wg_store_graph(s);
    bool counted = false;
    for (size_t i = 0; i < g->n_variables; i++) {
        const wg_node *variable = g->variables[i]->out;
        const char *of = member(variable->name, name, "/mean/");
        const char *end = member(variable->name, name, "/count");
        wg_view value = of || end ? wg_get(s, variable) : (wg_view){ .data = NULL };
        if ((of || end) && !value.data)
            return wg_error_status();
        counted = counted || (end && !*end && wg_view_at(value, 0) > 0);
        wg_status status = of ? wg_set(s, wg_find(g, of), value) : WG_OK;
        if (status)
            return status;
    }
    return counted ? WG_OK : wg__fail(WG_ERR_ARG, "%s: there are no averages, or no update has been made", name);
}

wg_store *wg_ema_store(const wg_store *values, const char *name)
{
    wg_store *s = wg_store_copy(values);
    if (s && replace(s, name ? name : "ema")) {
        wg_store_free(s);
        s = NULL;
    }
    return s;
}
