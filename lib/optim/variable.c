/* The variables of optimisers: named from the root, assigned when an update is due. */
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "optim/optim.h"

char *wg__optim_name(wg_graph *g, const char *prefix, const char *member)
{
    size_t bytes = 0;
    char *name = NULL;
    if (wg__add_size(strlen(prefix), strlen(member), &bytes) && wg__add_size(bytes, 2, &bytes))
        name = wg__arena_alloc(&g->arena, bytes);
    if (!name)
        return wg__graph_fail_again(g);
    snprintf(name, bytes, "%s/%s", prefix, member);
    return name;
}

wg_node *wg__optim_variable(wg_graph *g, const char *name, wg_dtype dtype, wg_shape shape, double first)
{
    const struct wg__scope *open = g->scope;
    g->scope = NULL;
    wg_node *variable = wg_variable(g, name, dtype, shape, wg_init_constant(first));
    g->scope = open;
    return variable;
}

wg_node *wg__optim_as(wg_node *scalar, const wg_node *like)
{
    return wg_node_dtype(scalar) == wg_node_dtype(like) ? scalar : wg_cast(scalar, wg_node_dtype(like));
}

wg_node *wg__optim_assign(wg_node *variable, wg_node *value)
{
    wg_graph *g = wg_node_graph(variable);
    return wg_assign(variable, g && g->update_due ? wg_where(g->update_due, value, variable) : value);
}
