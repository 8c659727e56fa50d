/* Private copies of a graph: begin, remember origins, drop. */
#include "plan/copy.h"

#include <string.h>

bool wg__copy_begin(wg__copy *c, const wg_graph *source)
{
    *c = (wg__copy){ .n_image = source->n_nodes };
    c->graph = wg__graph_new_private(source);
    if (!c->graph)
        return false;
    c->image = wg__alloc_zero(&c->graph->allocator, c->n_image, sizeof *c->image);
    return c->image != NULL;
}

bool wg__copy_origin(wg__copy *c, const wg_node *user)
{
    const wg_graph *g = c->graph;
    if (!wg__grow(&g->allocator, (void **)&c->origin, &c->origin_capacity, g->n_nodes, sizeof *c->origin))
        return false;
    while (c->n_origin < g->n_nodes)
        c->origin[c->n_origin++] = user;
    return true;
}

void wg__copy_drop(wg__copy *c)
{
    if (!c->graph)
        return;
    wg__allocator a = c->graph->allocator;
    wg__free(&a, c->image, c->n_image, sizeof *c->image);
    wg__free(&a, c->origin, c->origin_capacity, sizeof *c->origin);
    wg_graph_free(c->graph);
    *c = (wg__copy){ 0 };
}

const void *wg__attr_of(const wg_op *op, const void *attrs, const char *name)
{
    for (const wg_attr *a = op->attrs; a && a->name && attrs; a++)
        if (!strcmp(a->name, name))
            return (const char *)attrs + a->offset;
    return NULL;
}
