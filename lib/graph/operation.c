/* Operations and the nodes they give; looking at nodes. */
#include <string.h>

#include "graph/names.h"
#include "graph/operation.h"
#include "graph/scan.h"

static void *copy_bytes(wg_graph *g, const void *from, size_t n)
{
    void *to = wg__arena_alloc(&g->arena, n ? n : 1);
    if (to && n)
        memcpy(to, from, n);
    return to;
}

/* The scan whose iterations compute what these operands go into: the innermost of theirs. A draw belongs to the scan that
 * is open. */
static const wg_scan *scan_around(const wg_graph *g, const wg_op *op, wg_nodes in)
{
    const wg_scan *inside = op->flags & WG_RANDOM && !in.n ? g->scan : NULL;
    for (size_t s = 0; s < in.n; s++)
        if (in.at[s]->operation->inside &&
            (!inside || wg__scan_depth(in.at[s]->operation->inside) > wg__scan_depth(inside)))
            inside = in.at[s]->operation->inside;
    return inside;
}

/* The graphs among the attributes live as long as this one. */
static bool hold_bodies(wg__operation *o)
{
    wg_graph *g = o->graph;
    for (const wg_attr *a = o->op->flags & WG_HOLDS_GRAPH ? o->op->attrs : NULL; a && a->name; a++) {
        if (a->kind != WG_ATTR_GRAPH)
            continue;
        wg__body *b = wg__arena_alloc(&g->arena, sizeof *b);
        if (!b)
            return false;
        *b = (wg__body){ wg__graph_hold(*(wg_graph *const *)((const char *)o->attrs + a->offset)), g->bodies };
        g->bodies = b;
    }
    return true;
}

wg__operation *wg__operation_promise(wg_graph *g, const wg_op *op, const void *attrs, int n_out, const wg_shape *shape,
                                     const wg_dtype *dtype)
{
    wg__operation *o = wg__arena_alloc(&g->arena, sizeof *o);
    if (!o)
        return wg__graph_fail_again(g);
    o->op = op;
    o->graph = g;
    o->n_out = n_out;
    o->replay = g->replay;
    o->variable = -1;
    o->out = wg__arena_alloc(&g->arena, (size_t)n_out * sizeof *o->out);
    o->results = wg__arena_alloc(&g->arena, (size_t)n_out * sizeof *o->results);
    if (!o->out || !o->results || (op->attrs_size && !(o->attrs = copy_bytes(g, attrs, op->attrs_size))))
        return wg__graph_fail_again(g);
    for (int r = 0; r < n_out; r++) {
        o->out[r] = (wg_node){
            .operation = o, .shape = shape[r], .dtype = dtype[r], .result = r, .index = WG__PROMISED, .name = ""
        };
        o->results[r] = &o->out[r];
    }
    return o;
}

bool wg__operation_enter(wg__operation *o, wg_nodes in)
{
    wg_graph *g = o->graph;
    size_t results = (size_t)o->n_out;
    bool done =
        wg__grow(&g->allocator, (void **)&g->nodes, &g->nodes_capacity, g->n_nodes + results, sizeof(wg_node *));
    o->index = g->n_operations;
    o->n_in = (int)in.n;
    o->in = copy_bytes(g, in.at, in.n * sizeof *in.at);
    o->inside = scan_around(g, o->op, in);
    for (size_t r = 0; r < results; r++)
        o->out[r].index = g->n_nodes + r;
    if (!done || !o->in || !hold_bodies(o) || (!o->named && !wg__name_made_up(o))) {
        wg__graph_fail_again(g);
        return false;
    }
    for (size_t r = 0; r < results; r++)
        g->nodes[g->n_nodes++] = &o->out[r];
    g->n_operations++;
    return true;
}

wg__operation *wg__operation_new(wg_graph *g, const wg_op *op, wg_nodes in, const void *attrs, int n_out,
                                 const wg_shape *shape, const wg_dtype *dtype)
{
    wg__operation *o = wg__operation_promise(g, op, attrs, n_out, shape, dtype);
    return o && wg__operation_enter(o, in) ? o : NULL;
}

const char *wg_node_name(const wg_node *n) { return n ? n->name : ""; }

wg_shape wg_node_shape(const wg_node *n) { return n ? n->shape : (wg_shape){ { 0 }, 0 }; }

wg_dtype wg_node_dtype(const wg_node *n) { return n ? n->dtype : WG_DTYPE_NONE; }

const wg_op *wg_node_op(const wg_node *n) { return n ? n->operation->op : NULL; }

const void *wg_node_attrs(const wg_node *n) { return n ? n->operation->attrs : NULL; }

wg_graph *wg_node_graph(const wg_node *n) { return n ? n->operation->graph : NULL; }

wg_nodes wg_node_inputs(const wg_node *n)
{
    return n ? (wg_nodes){ n->operation->in, (size_t)n->operation->n_in } : (wg_nodes){ NULL, 0 };
}

wg_nodes wg_node_results(const wg_node *n)
{
    if (!n || n->index == WG__PROMISED)
        return (wg_nodes){ NULL, 0 };
    return (wg_nodes){ n->operation->results, (size_t)n->operation->n_out };
}

void wg__mark_needed(const wg_graph *g, wg_nodes wanted, unsigned char *marks)
{
    for (size_t i = 0; i < wanted.n; i++)
        marks[wanted.at[i]->index] = 1;
    for (size_t i = g->n_nodes; i-- > 0;) {
        const wg__operation *o = g->nodes[i]->operation;
        for (int s = 0; marks[i] && s < o->n_in; s++)
            marks[o->in[s]->index] = 1;
    }
}

wg_node *wg__rewritten(wg_node *n)
{
    wg__operation *o = n->operation;
    if (!o->op->rewrite || o->n_out != 1)
        return n;
    if (!n->rewritten) {
        wg_node *better = o->op->rewrite(n);
        if (!better && o->graph->status)
            return NULL;
        n->rewritten = better ? better : n;
    }
    return n->rewritten;
}
