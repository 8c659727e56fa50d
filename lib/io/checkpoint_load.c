/* Loads checkpoints: into a store, as a new store, or as a graph with its store. */
#include <string.h>

#include "base/options.h"
#include "io/checkpoint.h"

/* The last step of loading, which can fail no more once it has begun. */
static wg_status adopt(wg_store *store, const wg__values *v)
{
    if (!wg__store_enter(store, true))
        return wg__fail(WG_ERR_BUSY, "a run is using the values");
    for (size_t k = 0; k < v->n; k++) /* copied, for others hold pointers to the old places */
        memcpy(store->value[k], v->at[k], wg__variable_bytes(v->graph->variables[k]));
    wg__store_leave(store, true);
    return WG_OK;
}

/* A file without a description may come from NumPy; a damaged one is an error even where nobody reads it. */
static wg_status check_description(const wg__zip *zip)
{
    size_t n = 0;
    char *text;

    if (!wg__zip_find(zip, WG__CHECKPOINT_GRAPH))
        return WG_OK;
    text = wg__checkpoint_text(zip, &n);
    if (!text)
        return wg_error_status();
    wg__free(zip->allocator, text, n + 1, 1);
    return WG_OK;
}

static wg_status load(wg_store *store, const char *path)
{
    wg__zip zip;
    wg__values v;
    wg_status status = wg__store_complete(store);

    if (!status)
        status = wg__zip_open(&zip, path, &store->allocator);
    if (status)
        return status;
    status = check_description(&zip);
    if (!status)
        status = wg__values_read(&v, store->graph, &zip, NULL);
    if (!status) {
        status = adopt(store, &v);
        wg__values_free(&v);
    }
    wg__zip_close(&zip);
    return status;
}

wg_status wg_load(wg_store *store, const char *path)
{
    wg_status status;

    if (!store)
        return wg__fail_null("wg_load", "store");
    if (!path)
        return wg__fail(WG_ERR_ARG, "wg_load: the path is NULL");
    status = load(store, path);
    return status ? wg__fail_in("%s: ", path) : WG_OK;
}

/* Values for a graph, where members that the note lists as state may be left over. */
static wg_status read_for(wg__values *v, const wg_graph *g, const wg__zip *zip)
{
    size_t n = 0;
    json_t *root = NULL, *note = NULL;
    wg_status status = WG_OK;

    if (wg__zip_find(zip, WG__CHECKPOINT_GRAPH)) {
        char *text = wg__checkpoint_text(zip, &n);
        note = text ? wg__checkpoint_note(text, n, &root) : NULL;
        if (text)
            wg__free(zip->allocator, text, n + 1, 1);
        if (!note)
            return wg_error_status();
    }
    status = wg__values_read(v, g, zip, note);
    json_decref(root);
    return status;
}

static wg_store *open_store(const wg_graph *g, const wg__zip *zip)
{
    wg__values v;
    wg_store *store;

    if (read_for(&v, g, zip))
        return NULL;
    store = wg_store_new(g, 0);
    if (store && adopt(store, &v)) {
        wg_store_free(store);
        store = NULL;
    }
    wg__values_free(&v);
    return store;
}

wg_store *wg_store_open(const wg_graph *g, const char *path)
{
    wg__zip zip;
    wg_store *store = NULL;

    if (!g || !path || g->status) {
        if (!g)
            wg__fail_null("wg_store_open", "graph");
        else if (!path)
            wg__fail(WG_ERR_ARG, "wg_store_open: the path is NULL");
        else
            wg__fail(WG_ERR_GRAPH, "wg_store_open: %s", wg_graph_error(g));
        return NULL;
    }
    if (!wg__zip_open(&zip, path, &g->allocator)) {
        store = open_store(g, &zip);
        wg__zip_close(&zip);
    }
    if (!store)
        wg__fail_in("%s: ", path);
    return store;
}

/* The seed is the file's unless the caller has one. */
static wg_graph *parse(const char *text, size_t n, const json_t *note, const wg_graph_opts *given)
{
    wg_graph_opts o;
    wg_graph *g;

    if (!wg__options(&o, sizeof o, given, "wg_graph_opts"))
        return NULL;
    o.size = sizeof o;
    if (!o.seed)
        o.seed = wg__checkpoint_seed(note);
    g = wg_graph_parse(text, n, &o);
    if (!g)
        wg__fail_in("%s: ", WG__CHECKPOINT_GRAPH);
    return g;
}

/* What was added for this file alone, so that it is found like the graph's own. */
static wg_status take_meta(wg_graph *g, json_t *note)
{
    const char *key;
    json_t *value;
    wg_status status = WG_OK;

    json_object_foreach (json_object_get(note, "meta"), key, value)
        if (!status && json_is_string(value))
            status = wg_graph_set_meta(g, key, json_string_value(value));
    return status;
}

/* The graph's own store takes the verified values. */
static wg_status fill(wg_graph *g, const wg__zip *zip, json_t *note)
{
    wg__values v;
    wg_store *store;
    wg_status status = take_meta(g, note);

    if (!status)
        status = wg__values_read(&v, g, zip, note);
    if (status)
        return status;
    store = wg_graph_store(g);
    status = store ? adopt(store, &v) : wg_error_status();
    wg__values_free(&v);
    return status;
}

static wg_graph *load_graph(const wg__zip *zip, const wg_graph_opts *opts)
{
    size_t n = 0;
    char *text = wg__checkpoint_text(zip, &n);
    json_t *root = NULL, *note = text ? wg__checkpoint_note(text, n, &root) : NULL;
    wg_graph *g = note ? parse(text, n, note, opts) : NULL;

    if (g && fill(g, zip, note)) {
        wg_graph_free(g);
        g = NULL;
    }
    json_decref(root);
    if (text)
        wg__free(zip->allocator, text, n + 1, 1);
    return g;
}

wg_graph *wg_graph_load(const char *path, const wg_graph_opts *opts)
{
    wg__zip zip;
    wg__allocator allocator = wg__default_allocator;
    wg_graph *g = NULL;

    if (!path) {
        wg__fail(WG_ERR_ARG, "wg_graph_load: the path is NULL");
        return NULL;
    }
    if (opts && opts->size >= offsetof(wg_graph_opts, message) && opts->alloc && opts->dealloc)
        allocator = (wg__allocator){ opts->user, opts->alloc, opts->dealloc };
    if (!wg__zip_open(&zip, path, &allocator)) {
        g = load_graph(&zip, opts);
        wg__zip_close(&zip);
    }
    if (!g)
        wg__fail_in("%s: ", path);
    return g;
}

char *wg_checkpoint_json(const char *path)
{
    wg__zip zip;
    size_t n = 0;
    char *text = NULL;

    if (!path) {
        wg__fail(WG_ERR_ARG, "wg_checkpoint_json: the path is NULL");
        return NULL;
    }
    if (!wg__zip_open(&zip, path, NULL)) {
        char *read = wg__checkpoint_text(&zip, &n);
        text = read ? wg__copy_text(NULL, read) : NULL;
        if (read)
            wg__free(NULL, read, n + 1, 1);
        wg__zip_close(&zip);
    }
    if (!text)
        wg__fail_in("%s: ", path);
    return text;
}
