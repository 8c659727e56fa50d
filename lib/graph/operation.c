/* Operations and the nodes they give; looking at nodes. */
#include <string.h>

#include "graph/names.h"
#include "graph/operation.h"

static void *copy_bytes(wg_graph *g, const void *from, size_t n)
{
    void *to = wg__arena_alloc(&g->arena, n ? n : 1);
    if (to && n)
        memcpy(to, from, n);
    return to;
}

wg__operation *wg__operation_new(wg_graph *g, const wg_op *op, wg_nodes in, const void *attrs, int n_out,
                                 const wg_shape *shape, const wg_dtype *dtype)
{
    size_t results = (size_t)n_out;
    wg__operation *o = wg__arena_alloc(&g->arena, sizeof *o);
    if (!o || !wg__grow(&g->allocator, (void **)&g->nodes, &g->nodes_capacity, g->n_nodes + results, sizeof(wg_node *)))
        return wg__graph_fail_again(g);
    o->op = op;
    o->graph = g;
    o->n_in = (int)in.n;
    o->n_out = n_out;
    o->index = g->n_operations;
    o->variable = -1;
    o->in = copy_bytes(g, in.at, in.n * sizeof *in.at);
    o->out = wg__arena_alloc(&g->arena, results * sizeof *o->out);
    if (!o->in || !o->out || (op->attrs_size && !(o->attrs = copy_bytes(g, attrs, op->attrs_size))))
        return wg__graph_fail_again(g);
    for (int r = 0; r < n_out; r++)
        o->out[r] = (wg_node){
            .operation = o, .shape = shape[r], .dtype = dtype[r], .result = r, .index = g->n_nodes + (size_t)r
        };
    if (!wg__name_made_up(o))
        return wg__graph_fail_again(g);
    for (int r = 0; r < n_out; r++)
        g->nodes[g->n_nodes++] = &o->out[r];
    g->n_operations++;
    return o;
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
    if (!n)
        return (wg_nodes){ NULL, 0 };
    wg__operation *o = n->operation;
    return (wg_nodes){ &o->graph->nodes[o->out[0].index], (size_t)o->n_out };
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
    if (!o->rewritten) {
        wg_node *better = o->op->rewrite(n);
        if (!better && o->graph->status)
            return NULL;
        o->rewritten = better ? better : n;
    }
    return o->rewritten;
}
