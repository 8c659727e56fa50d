/* Which operations a description of a graph, as JSON or for Graphviz, holds. */
#include <string.h>

#include "graph/json.h"
#include "graph/scan.h"

/* Nodes that an entry names, wherever in it they stand ("loss", "feeds", "outputs"): loading must find them again. */
static void mark_named(const wg_graph *g, json_t *value, unsigned char *marks)
{
    const wg_node *n = wg_find(g, json_string_value(value));

    if (n != NULL)
        marks[n->index] = 1;
    for (size_t i = 0; i < json_array_size(value); i++)
        mark_named(g, json_array_get(value, i), marks);
    for (void *at = json_object_iter(value); at != NULL; at = json_object_iter_next(value, at))
        mark_named(g, json_object_iter_value(at), marks);
}

static bool mark_entries(const wg_graph *g, unsigned char *marks)
{
    for (size_t i = 0; i < g->n_entries; i++) {
        json_t *entry = wg__json_load(g->entries[i].value, strlen(g->entries[i].value));

        if (entry == NULL)
            return false;
        mark_named(g, entry, marks);
        json_decref(entry);
    }
    return true;
}

/* What the outputs need and, for a whole graph, its entries; a graph with neither is written in full. One byte a node,
 * for wg__free with g->n_nodes; NULL after a failure. */
static unsigned char *needed(const wg_graph *g, wg_nodes outputs, bool whole)
{
    unsigned char *marks = wg__alloc_zero(NULL, g->n_nodes, 1);

    if (marks == NULL)
        return NULL;
    if (whole && !mark_entries(g, marks)) {
        wg__free(NULL, marks, g->n_nodes, 1);
        return NULL;
    }
    if (outputs.n == 0 && g->n_entries == 0)
        memset(marks, 1, g->n_nodes);
    wg__mark_needed(g, outputs, marks);
    return marks;
}

static bool any_marked(const wg__operation *o, const unsigned char *marks)
{
    for (int r = 0; r < o->n_out; r++)
        if (marks[o->out[r].index])
            return true;
    return false;
}

static bool outputs_fit(const wg_graph *g, wg_nodes outputs, const char *caller)
{
    if (g == NULL || g->status != WG_OK) {
        wg__fail(WG_ERR_GRAPH, "%s: %s", caller, g == NULL ? "the graph is NULL" : wg_graph_error(g));
        return false;
    }
    for (size_t i = 0; i < outputs.n; i++)
        if (outputs.at[i] == NULL || outputs.at[i]->operation->graph != g) {
            wg__fail(WG_ERR_GRAPH, "%s: output %zu is %s", caller, i,
                     outputs.at[i] == NULL ? "NULL" : "of another graph");
            return false;
        } else if (!wg__scan_outside(outputs.at[i], caller)) {
            return false;
        }
    return true;
}

/* The marked operations, by creation order, of which there are at most as many as nodes. */
static size_t collect(const wg_graph *g, const unsigned char *marks, const wg__operation **operations)
{
    size_t n = 0;

    for (size_t i = 0; i < g->n_nodes; i++) {
        const wg__operation *o = g->nodes[i]->operation;

        if (g->nodes[i]->result != 0 || o->inside || !any_marked(o, marks)) /* scans hold what is inside */
            continue;
        if (operations != NULL)
            operations[n] = o;
        n++;
    }
    return n;
}

bool wg__describe(const wg_graph *g, wg_nodes outputs, const char *caller, const wg__operation ***operations, size_t *n)
{
    bool whole = outputs.n == 0;
    unsigned char *marks;

    if (!outputs_fit(g, outputs, caller))
        return false;
    marks = needed(g, whole ? wg_graph_outputs(g) : outputs, whole);
    if (marks == NULL)
        return false;
    *n = collect(g, marks, NULL);
    *operations = wg__alloc(NULL, *n, sizeof **operations);
    if (*operations != NULL)
        collect(g, marks, *operations);
    wg__free(NULL, marks, g->n_nodes, 1);
    return *operations != NULL;
}
