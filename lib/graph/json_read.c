/* A graph built from its description. It is written by hand too, so each mistake is told with the node and what was
 * expected. */
#include <string.h>

#include "graph/body.h"
#include "graph/json_reader.h"
#include "graph/names.h"

/* ---- operations ---- */

/* Tells apart what does not exist at all from what stands too late, which a cycle always does somewhere. */
static void fail_missing_input(const wg__reader *r, const char *input)
{
    size_t length = strcspn(input, "."); /* NAME of the result NAME.1, unless the name itself has points */

    for (size_t i = 0; i < json_array_size(r->nodes); i++) {
        const char *name = json_string_value(json_object_get(json_array_get(r->nodes, i), "name"));

        if (name != NULL &&
            (strcmp(name, input) == 0 || (strlen(name) == length && strncmp(name, input, length) == 0))) {
            wg__reader_fail(r, "input \"%.255s\" does not stand before it; inputs come before their users", input);
            return;
        }
    }
    wg__reader_fail(r, "input \"%.255s\" does not exist", input);
}

/* The operands, in memory for wg__free with *n. NULL: failed. */
static wg_node **read_inputs(const wg__reader *r, size_t *n)
{
    const json_t *list = json_object_get(r->node, "inputs");
    char shown[WG__JSON_SHOWN];
    wg_node **in;

    *n = json_array_size(list);
    if (list != NULL && !json_is_array(list)) {
        wg__reader_fail(r, "inputs: expected a list of names, got %s", wg__json_shown(list, shown));
        return NULL;
    }
    in = wg__alloc_zero(NULL, *n, sizeof *in);
    for (size_t i = 0; in != NULL && i < *n; i++) {
        const json_t *item = json_array_get(list, i);

        in[i] = json_is_string(item) ? wg__names_find(r->graph, json_string_value(item)) : NULL;
        if (in[i] != NULL)
            continue;
        if (json_is_string(item))
            fail_missing_input(r, json_string_value(item));
        else
            wg__reader_fail(r, "inputs: expected names, got %s", wg__json_shown(item, shown));
        wg__free(NULL, in, *n, sizeof *in);
        return NULL;
    }
    return in;
}

static wg_node *read_operation(const wg__reader *r, const wg_op *op)
{
    void *attrs = wg__alloc_zero(NULL, 1, op->attrs_size);
    wg_node *made = NULL, **in = NULL;
    size_t n = 0;

    if (attrs != NULL && wg__reader_keys(r, "name op inputs attrs")) {
        if (!wg__attrs_parse(op, json_object_get(r->node, "attrs"), r->graph, attrs))
            wg__reader_fail_again(r);
        else
            in = read_inputs(r, &n);
    }
    if (in != NULL) {
        made = wg_apply_in(r->graph, op, (wg_nodes){ in, n }, op->attrs_size > 0 ? attrs : NULL);
        if (made == NULL || !wg__name_operation(made->operation, r->name)) {
            wg__reader_fail_again(r);
            made = NULL;
        }
    }
    wg__free(NULL, in, n, sizeof *in);
    wg__attrs_release(op, attrs);
    wg__free(NULL, attrs, 1, op->attrs_size);
    return made;
}

static bool read_operator(const wg__reader *r, const char *name)
{
    const wg_op *op = wg_registry_find(r->graph->registry, name);
    char guess[96];

    if (op == NULL)
        return wg__reader_fail(r, "there is no operator \"%.60s\"%s", name,
                               wg__suggest_op(r->graph->registry, name, guess));
    if (op->flags & WG_LEAF)
        return wg__reader_fail(r, "a graph description cannot have a node \"%s\"", name);
    return read_operation(r, op) != NULL;
}

/* ---- nodes ---- */

static bool read_node(const wg__reader *r)
{
    const char *op;

    if (!wg__name_valid(r->name))
        return wg__reader_fail(r, "is no name: letters, digits, _ . - and single / between parts are allowed");
    if (wg__names_find(r->graph, r->name) != NULL)
        return wg__reader_fail(r, "the name is taken");
    op = wg__reader_string(r, "op", "an operator's name");
    if (op == NULL)
        return false;
    if (wg__is_leaf(op))
        return wg__read_leaf(r, op);
    return read_operator(r, op);
}

static bool read_nodes(wg_graph *g, const json_t *nodes)
{
    if (!json_is_array(nodes)) {
        wg__fail(WG_ERR_FORMAT, "nodes: expected a list");
        return false;
    }
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        wg__reader r = { .graph = g, .nodes = nodes, .node = json_array_get(nodes, i) };

        r.name = json_string_value(json_object_get(r.node, "name"));
        if (r.name == NULL) {
            wg__fail(WG_ERR_FORMAT, "node %zu of the list: expected an object with a name", i + 1);
            return false;
        }
        if (!read_node(&r))
            return false;
    }
    return true;
}

/* ---- the whole ---- */

static bool mark_output(wg_node *n) { return wg__mark_output(n) != NULL; }

/* A body may give a node twice. */
static bool read_outputs(wg_graph *g, const json_t *list, bool (*mark)(wg_node *))
{
    char shown[WG__JSON_SHOWN];

    if (list != NULL && !json_is_array(list)) {
        wg__fail(WG_ERR_FORMAT, "outputs: expected a list of names, got %s", wg__json_shown(list, shown));
        return false;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        wg_node *n = json_is_string(item) ? wg__names_find(g, json_string_value(item)) : NULL;

        if (n == NULL) {
            wg__fail(WG_ERR_FORMAT, "outputs: %s is not a node", wg__json_shown(item, shown));
            return false;
        }
        if (!mark(n))
            return false;
    }
    return true;
}

static bool set_entry(wg_graph *g, const char *key, json_t *value)
{
    size_t n = json_dumpb(value, NULL, 0, JSON_COMPACT);
    char *text = json_is_object(value) ? wg__alloc_zero(NULL, n + 1, 1) : NULL;
    wg_status status = WG_ERR_FORMAT;

    if (!json_is_object(value))
        return wg__fail(status, "entry %.60s: expected an object", key) == WG_OK;
    if (text == NULL)
        return false;
    json_dumpb(value, text, n, JSON_COMPACT);
    status = wg_graph_set_entry(g, key, text);
    wg__free(NULL, text, n + 1, 1);
    return status == WG_OK;
}

static bool set_meta(wg_graph *g, const char *key, json_t *value)
{
    if (!json_is_string(value))
        return wg__fail(WG_ERR_FORMAT, "meta %.60s: expected a text", key) == WG_OK;
    return wg_graph_set_meta(g, key, json_string_value(value)) == WG_OK;
}

static bool read_pairs(wg_graph *g, const char *what, json_t *object, bool (*set)(wg_graph *, const char *, json_t *))
{
    if (object != NULL && !json_is_object(object)) {
        wg__fail(WG_ERR_FORMAT, "%s: expected an object", what);
        return false;
    }
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at))
        if (!set(g, json_object_iter_key(at), json_object_iter_value(at)))
            return false;
    return true;
}

static bool check_header(const json_t *root)
{
    /* The last row is what a checkpoint adds. */
    static const char known[] = "format version nodes outputs entries meta "
                                "checkpoint library step seed state";
    const char *format = json_string_value(json_object_get(root, "format")), *which;
    const json_t *version = json_object_get(root, "version");

    if (format == NULL || strcmp(format, "wengert-graph") != 0)
        wg__fail(WG_ERR_FORMAT, "expected \"format\": \"wengert-graph\"");
    else if (!json_is_integer(version) || json_integer_value(version) != 1)
        wg__fail(WG_ERR_FORMAT, "expected \"version\": 1, the only one that this library knows");
    else if (!wg__json_only(root, known, &which))
        wg__fail(WG_ERR_FORMAT, "member \"%.60s\" is unknown (known: %s)", which, known);
    else
        return true;
    return false;
}

static bool read_graph(wg_graph *g, const json_t *root)
{
    return read_nodes(g, json_object_get(root, "nodes")) && read_outputs(g, json_object_get(root, "outputs"), mark_output) &&
           read_pairs(g, "entries", json_object_get(root, "entries"), set_entry) &&
           read_pairs(g, "meta", json_object_get(root, "meta"), set_meta);
}

wg_graph *wg__json_to_body(const json_t *value, const wg_graph *like)
{
    char shown[WG__JSON_SHOWN];
    const char *which;
    wg_graph *body;

    if (!json_is_object(value)) {
        wg__fail(WG_ERR_FORMAT, "expected an object with nodes and outputs, got %s", wg__json_shown(value, shown));
        return NULL;
    }
    if (!wg__json_only(value, "nodes outputs", &which)) {
        wg__fail(WG_ERR_FORMAT, "member \"%.60s\" is unknown (known: nodes outputs)", which);
        return NULL;
    }
    body = wg__graph_new_private(like);
    if (body != NULL && (!read_nodes(body, json_object_get(value, "nodes")) ||
                         !read_outputs(body, json_object_get(value, "outputs"), wg__body_output))) {
        wg__graph_release(body);
        return NULL;
    }
    return body;
}

wg_graph *wg_graph_parse(const char *json, size_t length, const wg_graph_opts *options)
{
    wg_graph *g = NULL;
    json_t *root;

    if (json == NULL) {
        wg__fail(WG_ERR_ARG, "wg_graph_parse: the text is NULL");
        return NULL;
    }
    root = wg__json_load(json, length);
    if (root == NULL)
        return NULL;
    if (check_header(root))
        g = wg_graph_new_with(options);
    if (g != NULL && !read_graph(g, root)) {
        wg_graph_free(g);
        g = NULL;
    }
    json_decref(root);
    return g;
}
