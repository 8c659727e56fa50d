/* Saves a store: all variables in the graph's order, and the description. */
#include <string.h>

#include "base/options.h"
#include "base/team.h"
#include "io/checkpoint.h"

static wg_status add_variables(wg__zip_writer *w, const wg_store *store)
{
    const wg_graph *g = store->graph;
    wg_status status = WG_OK;

    for (size_t k = 0; !status && k < g->n_variables; k++) {
        const wg_node *n = g->variables[k]->out;
        const char *name = wg_node_name(n);
        status = wg__npz_add(w, name, wg_view_of(store->value[k], n->dtype, n->shape));
        if (status)
            wg__fail_in("%s: ", name);
    }
    return status;
}

static wg_status write_archive(const wg_store *store, const char *path, int level, const char *description)
{
    wg__zip_writer w;
    wg_status status = wg__zip_create(&w, path, level, wg__team_size(store->graph->threads), &store->allocator);

    if (status)
        return status;
    status = add_variables(&w, store);
    if (!status)
        status = wg__zip_add(&w, WG__CHECKPOINT_GRAPH, &(wg__piece){ description, strlen(description) }, 1);
    if (!status)
        return wg__zip_commit(&w);
    wg__zip_abandon(&w);
    return status;
}

/* With the store held for reading. */
static wg_status save(const wg_store *store, const char *path, int level, const char *const *meta)
{
    char *description = wg__checkpoint_describe(store, meta);
    wg_status status = description ? write_archive(store, path, level, description) : wg_error_status();

    wg_text_free(description);
    return status;
}

static wg_status read_options(const wg_save_opts *given, wg_save_opts *o, int *level)
{
    if (!wg__options(o, sizeof *o, given, "wg_save_opts"))
        return WG_ERR_ARG;
    if (!wg__npz_level(o->level, level))
        return wg__fail(WG_ERR_ARG, "the level %d is none of -1 .. 9", o->level);
    for (size_t k = 0; o->meta && o->meta[k]; k += 2)
        if (!o->meta[k + 1])
            return wg__fail(WG_ERR_ARG, "the meta key '%s' has no value", o->meta[k]);
    return WG_OK;
}

wg_status wg_save(const wg_store *values, const char *path, const wg_save_opts *opts)
{
    wg_store *store = (wg_store *)(uintptr_t)values; /* constant but for its count of users */
    wg_save_opts o;
    int level;
    wg_status status;

    if (!store)
        return wg__fail_null("wg_save", "store");
    if (!path)
        return wg__fail(WG_ERR_ARG, "wg_save: the path is NULL");
    status = read_options(opts, &o, &level);
    if (!status)
        status = wg__store_complete(store);
    if (!status && !wg__store_enter(store, false))
        status = wg__fail(WG_ERR_BUSY, "a run is changing the values");
    else if (!status) {
        status = save(store, path, level, o.meta);
        wg__store_leave(store, false);
    }
    return status ? wg__fail_in("%s: ", path) : WG_OK;
}
