/* What a training remembers: a variable of the graph, a copy of the best values, and files with both. */
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "graph/graph.h"
#include "optim/optim.h"
#include "train/train.h"

wg_node *wg__fit_variable(wg_graph *g)
{
    wg_shape shape = WG_SHAPE(WG__FIT_STATE);
    wg_node *n = wg_find(g, "fit/state");

    if (!n)
        return wg__optim_variable(g, "fit/state", WG_F64, shape, 0);
    if (n->operation->variable < 0 || n->dtype != WG_F64 || !wg_shape_equal(n->shape, shape))
        return wg__graph_fail(g, WG_ERR_ARG, "wg_fit: the name fit/state is taken by something else");
    return n;
}

static wg_view view_of_state(const wg__fit_state *s) { return wg_view_of(s, WG_F64, WG_SHAPE(WG__FIT_STATE)); }

/* model.npz -> model.best.npz */
static char *name_best(const char *path)
{
    size_t n = strlen(path);
    bool npz = n > 4 && !strcmp(path + n - 4, ".npz");
    wg__text t = { .allocator = NULL };

    wg__text_add_n(&t, path, npz ? n - 4 : n);
    wg__text_add(&t, npz ? ".best.npz" : ".best");
    return wg__text_take(&t);
}

/* The best values of the trainings before, where this one looks for the same: from their file, or, as a training that was
 * patient leaves them, in the store itself. Without them the search begins anew. */
static wg_status find_best(wg__keeper *k, bool resumed, int64_t epoch)
{
    if (resumed && k->best_path)
        k->best = wg_store_open(wg_store_graph(k->store), k->best_path);
    else if ((int64_t)k->state.best_epoch == epoch && k->state.seen == 0)
        k->best = wg_store_copy(k->store);
    else
        k->state.best_epoch = k->state.waited = 0;
    return k->state.best_epoch > 0 && !k->best ? wg_error_status() : WG_OK;
}

wg_status wg__keeper_open(wg__keeper *k, wg_store *store, wg_node *variable, const wg_fit_opts *o, wg_metric_kind kind,
                          int64_t per_epoch)
{
    bool resumed = o->checkpoint && access(o->checkpoint, F_OK) == 0;

    *k = (wg__keeper){ .store = store, .variable = variable, .path = o->checkpoint, .saved = resumed };
    if (o->checkpoint && o->patience && !(k->best_path = name_best(o->checkpoint)))
        return WG_ERR_NOMEM;
    if (resumed && wg_load(store, o->checkpoint))
        return wg_error_status();
    wg_view state = wg_get(store, variable);
    if (!state.data)
        return wg_error_status();
    memcpy(&k->state, state.data, sizeof k->state);
    if (k->state.kind != (double)kind)
        k->state.best_epoch = k->state.waited = 0;
    k->state.kind = (double)kind;
    return o->patience && k->state.best_epoch > 0 ? find_best(k, resumed, (int64_t)k->state.step / per_epoch) : WG_OK;
}

void wg__keeper_close(wg__keeper *k)
{
    wg_store_free(k->best);
    wg__free_text(NULL, k->best_path);
}

wg_status wg__keep_state(wg__keeper *k)
{
    k->saved = false;
    return wg_set(k->store, k->variable, view_of_state(&k->state));
}

wg_status wg__keep_best(wg__keeper *k)
{
    wg_store *copy = wg_store_copy(k->store);

    if (!copy)
        return wg_error_status();
    wg_store_free(k->best);
    k->best = copy;
    return k->best_path ? wg_save(copy, k->best_path, NULL) : WG_OK;
}

wg_status wg__keep_save(wg__keeper *k)
{
    if (!k->path || k->saved)
        return WG_OK;
    wg_status status = wg_save(k->store, k->path, NULL);
    k->saved = status == WG_OK;
    return status;
}

wg_status wg__keep_restore(wg__keeper *k)
{
    const wg_graph *g = wg_store_graph(k->store);
    wg_status status = WG_OK;

    for (size_t i = 0; i < g->n_variables && k->best && !status; i++)
        status = wg_set(k->store, g->variables[i]->out, wg_get(k->best, g->variables[i]->out));
    return status;
}
