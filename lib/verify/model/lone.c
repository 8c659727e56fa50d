/* Compiling single operations. */
#include "verify/model/lone.h"

#include "exec/exec.h"
#include <wengert/grad.h>
#include <wengert/ops.h>

static bool alike(const wg__lone *l, const wg__operation *o, const wg_view *values)
{
    if (l->of->op != o->op || l->of->n_in != o->n_in || l->of->n_out != o->n_out)
        return false;
    for (int s = 0; s < o->n_in; s++)
        if (l->of->in[s]->dtype != o->in[s]->dtype || !wg_shape_equal(l->shape[s], values[s].shape))
            return false;
    return !o->attrs || wg__attrs_equal(o->op, l->of->attrs, o->attrs);
}

static bool build(wg__lones *all, wg__lone *l, const wg_view *values)
{
    const wg__operation *o = l->of;
    size_t n = (size_t)o->n_in, m = (size_t)o->n_out;
    const wg_graph *source = o->graph;
    l->shape = wg__arena_alloc(&all->memory, (n + 1) * sizeof *l->shape);
    l->in = wg__arena_alloc(&all->memory, 2 * (n + m) * sizeof *l->in);
    l->graph = wg__graph_new_private(source);
    if (!l->shape || !l->in || !l->graph)
        return false;
    l->out = l->in + n;
    l->bar = l->out + m;
    l->pull = l->bar + m;
    for (size_t s = 0; s < n; s++) {
        l->shape[s] = values[s].shape;
        if (!(l->in[s] = wg_input(l->graph, NULL, values[s].dtype, values[s].shape)))
            return false;
    }
    wg_node *first = wg_apply_in(l->graph, o->op, (wg_nodes){ l->in, n }, o->attrs);
    wg_nodes results = wg_node_results(first);
    for (size_t r = 0; r < m && r < results.n; r++)
        l->out[r] = results.at[r];
    return results.n == m;
}

static wg_exec *compile(const wg__lones *all, wg_graph *g, wg_node *const *nodes, size_t n)
{
    wg_plan *plan = wg_compile(g, all->mode, (wg_nodes){ nodes, n });
    wg_exec *e = wg_exec_new_with(plan, WG_OPTS(wg_exec_opts, .threads = all->threads));
    wg_plan_free(plan); /* the exec keeps it */
    return e;
}

wg__lone *wg__lone_of(wg__lones *all, const wg__operation *o, const wg_view *values)
{
    for (wg__lone *l = all->first; l; l = l->next)
        if (alike(l, o, values))
            return l;
    wg__lone *l = wg__arena_alloc(&all->memory, sizeof *l);
    if (!l)
        return NULL;
    l->of = o;
    bool ok = build(all, l, values) && (l->forward = compile(all, l->graph, l->out, (size_t)o->n_out));
    if (!ok) {
        wg_graph_free(l->graph);
        return NULL;
    }
    l->next = all->first;
    return all->first = l;
}

void wg__lones_free(wg__lones *all)
{
    for (wg__lone *l = all->first; l; l = l->next) {
        wg_exec_free(l->forward);
        wg_exec_free(l->backward);
        wg_graph_free(l->graph);
    }
    wg__arena_free(&all->memory);
    all->first = NULL;
}

static wg_status bind_operands(const wg__lone *l, wg_exec *e, const wg_view *values)
{
    wg_status st = WG_OK;
    for (int s = 0; s < l->of->n_in && !st; s++)
        st = wg_bind(e, l->in[s], values[s]);
    return st;
}

wg_status wg__lone_run(wg__lone *l, const wg_view *values, wg_view *out)
{
    wg_status st = bind_operands(l, l->forward, values);
    if (!st)
        st = wg_run(l->forward);
    for (int r = 0; r < l->of->n_out && !st; r++)
        out[r] = wg_result(l->forward, l->out[r]);
    return st;
}

/* sum over the results of <bar, y>, as the node to be differentiated: reverse mode then asks the operator once. */
wg_status wg__lone_differentiate(wg__lones *all, wg__lone *l, const bool *has_bar)
{
    const wg__operation *o = l->of;
    wg_node **list = wg__arena_alloc(&all->memory, ((size_t)o->n_in + 1) * sizeof *list), *sum = NULL;
    size_t n = 0;
    if (l->backward)
        return WG_OK;
    if (!list)
        return WG_ERR_NOMEM;
    for (int s = 0; s < o->n_in; s++)
        if (wg__is_float(l->in[s]->dtype))
            list[n++] = l->in[s];
    for (int r = 0; r < o->n_out; r++) {
        if (!has_bar[r])
            continue;
        l->bar[r] = wg_input(l->graph, NULL, l->out[r]->dtype, l->out[r]->shape);
        wg_node *part = wg_sum(wg_mul(l->bar[r], l->out[r]), WG_ALL_AXES, false);
        sum = sum ? wg_add(sum, part) : part;
    }
    wg_grads g = wg_vjp(sum, NULL, (wg_nodes){ list, n });
    if (!g.of.at)
        return wg_error_status();
    for (int s = 0, k = 0; s < o->n_in; s++)
        if (wg__is_float(l->in[s]->dtype))
            l->pull[s] = g.of.at[k++];
    l->backward = compile(all, l->graph, g.of.at, g.of.n);
    return l->backward ? WG_OK : wg_error_status();
}

wg_status wg__lone_pull(wg__lone *l, const wg_view *values, const wg_view *bars, wg_view *pulled)
{
    wg_status st = bind_operands(l, l->backward, values);
    for (int r = 0; r < l->of->n_out && !st; r++)
        if (l->bar[r])
            st = wg_bind(l->backward, l->bar[r], bars[r]);
    if (!st)
        st = wg_run(l->backward);
    for (int s = 0; s < l->of->n_in && !st; s++)
        pulled[s] = l->pull[s] ? wg_result(l->backward, l->pull[s]) : (wg_view){ 0 };
    return st;
}
