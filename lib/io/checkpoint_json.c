/* The description inside a checkpoint, and the note that it carries beyond the graph:
 *
 *     "checkpoint": {"library": "0.1.0", "step": 1200, "seed": "1", "meta": {"key": "value"},
 *                    "state": [{"name": "adam/m/W1", "dtype": "f32", "shape": [4, 3]}]}
 *
 * The seed is a text, for JSON's readers round numbers beyond 2^53. Step and seed are all that the random streams
 * depend on. */
#include <string.h>

#include "graph/json.h"
#include "io/checkpoint.h"

enum { DESCRIPTION_MAX = 1 << 28 }; /* bytes */

/* ---- writing ---- */

static void put_meta(wg__text *t, const char *const *meta)
{
    const char *before = ",\n    \"meta\": {";

    if (!meta || !meta[0])
        return;
    for (; meta[0] && meta[1]; meta += 2, before = ", ") {
        wg__text_add(t, before);
        wg__json_quote(t, meta[0]);
        wg__text_add(t, ": ");
        wg__json_quote(t, meta[1]);
    }
    wg__text_add(t, "}");
}

/* The names of the params and variables in a description, as the keys of an object. NULL: WG_ERR_NOMEM. */
static json_t *described_variables(const json_t *root)
{
    json_t *names = json_object(), *nodes = json_object_get(root, "nodes");

    for (size_t k = 0; names && k < json_array_size(nodes); k++) {
        json_t *node = json_array_get(nodes, k);
        const char *op = json_string_value(json_object_get(node, "op"));
        const char *name = json_string_value(json_object_get(node, "name"));
        if (!op || !name || (strcmp(op, wg_op_param.name) != 0 && strcmp(op, wg_op_variable.name) != 0))
            continue;
        if (json_object_set_new(names, name, json_true())) {
            json_decref(names);
            names = NULL;
        }
    }
    if (!names)
        wg__fail(WG_ERR_NOMEM, "out of memory while describing the graph");
    return names;
}

static void put_state(wg__text *t, const wg_graph *g, const json_t *described)
{
    const char *before = ",\n    \"state\": [\n      ";
    bool any = false;

    for (size_t k = 0; k < g->n_variables; k++) {
        const wg_node *n = g->variables[k]->out;
        if (json_object_get(described, wg_node_name(n)))
            continue;
        wg__text_add(t, before);
        wg__text_add(t, "{\"name\": ");
        wg__json_quote(t, wg_node_name(n));
        wg__text_printf(t, ", \"dtype\": \"%s\", \"shape\": ", wg_dtype_name(n->dtype));
        wg__json_shape(t, &n->shape, "null");
        wg__text_add(t, "}");
        before = ",\n      ";
        any = true;
    }
    wg__text_add(t, any ? "\n    ]" : "");
}

static char *with_note(const char *graph, const json_t *described, const wg_store *store, const char *const *meta)
{
    const char *end = strrchr(graph, '}');
    wg__text t = { .allocator = NULL };

    wg__text_add_n(&t, graph, (size_t)(end - graph));
    while (t.n && t.at[t.n - 1] == '\n')
        t.at[--t.n] = 0;
    wg__text_printf(&t, ",\n  \"checkpoint\": {\n    \"library\": \"%s\", \"step\": %lld, \"seed\": \"%llu\"",
                    wg_version(), (long long)wg_store_step(store), (unsigned long long)store->seed);
    put_meta(&t, meta);
    put_state(&t, store->graph, described);
    wg__text_add(&t, "\n  }\n}\n");
    return wg__text_take(&t);
}

char *wg__checkpoint_describe(const wg_store *store, const char *const *meta)
{
    char *graph = wg_graph_json(store->graph, (wg_nodes){ .n = 0 }), *text = NULL;
    json_t *root = graph ? wg__json_load(graph, strlen(graph)) : NULL;
    json_t *described = root ? described_variables(root) : NULL;

    if (described)
        text = with_note(graph, described, store, meta);
    json_decref(described);
    json_decref(root);
    wg_text_free(graph);
    return text;
}

/* ---- reading ---- */

char *wg__checkpoint_text(const wg__zip *zip, size_t *n)
{
    const wg__zip_entry *entry = wg__zip_find(zip, WG__CHECKPOINT_GRAPH);
    char *text;

    if (!entry) {
        wg__fail(WG_ERR_FORMAT, "holds no %s, so it is no checkpoint", WG__CHECKPOINT_GRAPH);
        return NULL;
    }
    if (entry->size > DESCRIPTION_MAX) {
        wg__fail(WG_ERR_FORMAT, "%s: has %llu bytes; at most %d are read", entry->name, (unsigned long long)entry->size,
                 DESCRIPTION_MAX);
        return NULL;
    }
    *n = (size_t)entry->size;
    text = wg__alloc(zip->allocator, *n + 1, 1);
    if (!text)
        return NULL;
    if (wg__zip_read_all(zip, entry, text)) {
        wg__free(zip->allocator, text, *n + 1, 1);
        return NULL;
    }
    text[*n] = 0;
    return text;
}

json_t *wg__checkpoint_note(const char *text, size_t n, json_t **root)
{
    json_t *note;

    *root = wg__json_load(text, n);
    if (!*root) {
        wg__fail_in("%s: ", WG__CHECKPOINT_GRAPH);
        return NULL;
    }
    note = json_object_get(*root, "checkpoint");
    if (json_is_object(note))
        return note;
    wg__fail(WG_ERR_FORMAT, "%s: has no object \"checkpoint\"", WG__CHECKPOINT_GRAPH);
    json_decref(*root);
    *root = NULL;
    return NULL;
}

bool wg__checkpoint_is_state(const json_t *note, const char *name, size_t length)
{
    const json_t *state = json_object_get(note, "state");

    for (size_t k = 0; k < json_array_size(state); k++) {
        const char *listed = json_string_value(json_object_get(json_array_get(state, k), "name"));
        if (listed && strlen(listed) == length && !memcmp(listed, name, length))
            return true;
    }
    return false;
}

uint64_t wg__checkpoint_seed(const json_t *note)
{
    const char *digit = json_string_value(json_object_get(note, "seed"));
    uint64_t seed = 0;

    for (; digit && *digit >= '0' && *digit <= '9'; digit++)
        seed = seed * 10 + (uint64_t)(*digit - '0'); /* wraps round, as any 64 bits are a seed */
    return seed;
}
