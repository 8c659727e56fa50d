/* Applying an operator by its name, with attributes as JSON. */
#include <string.h>

#include "graph/json.h"

/* The attributes' struct, for wg__free with op->attrs_size; NULL after a failure. */
static void *parse_attrs(const wg_graph *g, const wg_op *op, const char *json)
{
    json_t *object = NULL;
    void *attrs;

    if (json != NULL && (object = wg__json_load(json, strlen(json))) == NULL) {
        wg__fail_in("%s: attributes: ", op->name);
        return NULL;
    }
    attrs = wg__alloc_zero(NULL, 1, op->attrs_size);
    if (attrs != NULL && !wg__attrs_parse(op, object, g, attrs)) {
        wg__attrs_release(op, attrs);
        wg__free(NULL, attrs, 1, op->attrs_size);
        attrs = NULL;
    }
    json_decref(object);
    return attrs;
}

wg_node *wg_apply_named(wg_graph *g, const char *name, wg_nodes in, const char *json_attrs)
{
    const wg_op *op = g == NULL ? NULL : wg_registry_find(g->registry, name);
    char guess[96];
    wg_node *node;
    void *attrs;

    if (g == NULL || name == NULL)
        return wg__graph_fail(g, WG_ERR_ARG, "wg_apply_named: the %s is NULL", g == NULL ? "graph" : "operator's name");
    if (g->status != WG_OK)
        return NULL;
    if (op == NULL)
        return wg__graph_fail(g, WG_ERR_ARG, "there is no operator \"%.60s\"%s", name,
                              wg__suggest_op(g->registry, name, guess));
    if (op->flags & WG_LEAF)
        return wg__graph_fail(g, WG_ERR_ARG, "%s: is a leaf, which wg_%s makes", name, name);
    attrs = parse_attrs(g, op, json_attrs);
    if (attrs == NULL)
        return wg__graph_fail_again(g);
    node = wg_apply_in(g, op, in, op->attrs_size > 0 ? attrs : NULL);
    wg__attrs_release(op, attrs);
    wg__free(NULL, attrs, 1, op->attrs_size);
    return node;
}
