/* The updates of variables that follow a value: what wg_track has noted in a graph. */
#include <string.h>

#include "optim/optim.h"

/* The first node that is made just like n, which may be n itself: optimisers over the same layers so share the assigns, and a
 * plan may have them all. */
static wg_node *first_like(wg_node *n)
{
    const wg__operation *o = n ? n->operation : NULL;
    for (size_t i = n ? o->in[0]->index + 1 : 0; n && i < n->index; i++) {
        const wg__operation *p = o->graph->nodes[i]->operation;
        bool same = p->op == o->op && p->n_in == o->n_in;
        for (int s = 0; same && s < o->n_in; s++)
            same = p->in[s] == o->in[s];
        if (same && (!o->attrs || memcmp(p->attrs, o->attrs, o->op->attrs_size) == 0))
            return p->out;
    }
    return n;
}

/* from + momentum (to - from) */
static wg_node *moved(wg_node *from, wg_node *to, double momentum)
{
    return first_like(wg_add(from, first_like(wg_scale(first_like(wg_sub(to, from)), momentum))));
}

static bool is_track(const wg_node *n) { return wg__op_of(n) == &wg_op_track; }

/* The value that all the tracks marked leave in their variable, one after the other in the order in which they were made. */
static wg_node *followed(const wg_graph *g, const unsigned char *marks, size_t n, size_t first)
{
    wg_node *variable = g->nodes[first]->operation->in[2], *value = variable;
    for (size_t i = first; i < n; i++) {
        const wg__operation *o = g->nodes[i]->operation;
        if (marks[i] && is_track(o->out) && o->in[2] == variable)
            value = moved(value, o->in[1], *(const double *)o->attrs);
    }
    return value;
}

/* Whether an earlier marked node tracks the same variable. */
static bool seen(const wg_graph *g, const unsigned char *marks, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (marks[i] && is_track(g->nodes[i]) && g->nodes[i]->operation->in[2] == g->nodes[at]->operation->in[2])
            return true;
    return false;
}

static wg_nodes assigns(wg_graph *g, const unsigned char *marks, size_t n_nodes)
{
    wg_nodes none = { NULL, 0 };
    size_t n = 0, made = 0;
    for (size_t i = 0; i < n_nodes; i++)
        n += marks[i] && is_track(g->nodes[i]) && !seen(g, marks, i);
    wg_node **effect = wg__arena_alloc(&g->arena, (n + 1) * sizeof *effect);
    if (!effect)
        return wg__graph_fail_again(g), none;
    for (size_t i = 0; i < n_nodes; i++) {
        if (!marks[i] || !is_track(g->nodes[i]) || seen(g, marks, i))
            continue;
        wg_node *variable = g->nodes[i]->operation->in[2];
        effect[made] = first_like(wg_assign(variable, first_like(wg_by_mode(followed(g, marks, n_nodes, i), variable))));
        if (!effect[made++])
            return none;
    }
    return (wg_nodes){ effect, n };
}

wg_nodes wg_tracked(wg_nodes of)
{
    wg_nodes none = { NULL, 0 };
    wg_graph *g = of.n && of.at ? wg_node_graph(of.at[0]) : NULL;
    for (size_t i = 0; i < of.n && g; i++)
        if (wg_node_graph(of.at[i]) != g)
            g = NULL;
    if (!g || g->status) {
        if (!g)
            wg__fail_null("wg_tracked", "node, or one of another graph");
        return none;
    }
    const size_t n = g->n_nodes;
    unsigned char *marks = wg__alloc_zero(&g->allocator, n, 1);
    if (!marks)
        return wg__graph_fail_again(g), none;
    wg__mark_needed(g, of, marks);
    wg_nodes effects = assigns(g, marks, n);
    wg__free(&g->allocator, marks, n, 1);
    return effects;
}
