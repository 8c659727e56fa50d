/* Texts that travel with a graph: meta data and entries. */
#include <string.h>

#include "graph/json.h"

/* The pair of that key, or NULL. */
static wg__text_pair *find(wg__text_pair *pairs, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(pairs[i].key, key))
            return &pairs[i];
    return NULL;
}

static void drop(const wg__allocator *a, wg__text_pair *pairs, size_t *n, wg__text_pair *at)
{
    wg__free_text(a, at->key);
    wg__free_text(a, at->value);
    memmove(at, at + 1, (size_t)(pairs + *n - at - 1) * sizeof *at);
    --*n;
}

/* Sets, replaces or (value NULL) removes; all or nothing. */
static wg_status set(const wg__allocator *a, wg__text_pair **pairs, size_t *n, size_t *capacity, const char *key,
                     const char *value)
{
    wg__text_pair *old = find(*pairs, *n, key);
    if (!value) {
        if (old)
            drop(a, *pairs, n, old);
        return WG_OK;
    }
    char *copy = wg__copy_text(a, value);
    if (!copy)
        return WG_ERR_NOMEM;
    if (old) {
        wg__free_text(a, old->value);
        old->value = copy;
        return WG_OK;
    }
    char *name = wg__copy_text(a, key);
    if (!name || !wg__grow(a, (void **)pairs, capacity, *n + 1, sizeof **pairs)) {
        wg__free_text(a, name);
        wg__free_text(a, copy);
        return WG_ERR_NOMEM;
    }
    (*pairs)[(*n)++] = (wg__text_pair){ name, copy };
    return WG_OK;
}

wg_status wg_graph_set_meta(wg_graph *g, const char *key, const char *value)
{
    if (!g || !key)
        return wg__fail(WG_ERR_ARG, "wg_graph_set_meta: the graph or the key is NULL");
    return set(&g->allocator, &g->meta, &g->n_meta, &g->meta_capacity, key, value);
}

const char *wg_graph_meta(const wg_graph *g, const char *key)
{
    const wg__text_pair *p = g && key ? find(g->meta, g->n_meta, key) : NULL;
    return p ? p->value : NULL;
}

wg_status wg_graph_set_entry(wg_graph *g, const char *name, const char *json)
{
    if (!g || !name)
        return wg__fail(WG_ERR_ARG, "wg_graph_set_entry: the graph or the name is NULL");
    if (json && !wg__json_is_object(json))
        return wg__fail_in("entry %s: ", name);
    return set(&g->allocator, &g->entries, &g->n_entries, &g->entries_capacity, name, json);
}

const char *wg_graph_entry(const wg_graph *g, const char *name)
{
    const wg__text_pair *p = g && name ? find(g->entries, g->n_entries, name) : NULL;
    return p ? p->value : NULL;
}
