/* Stores: making, copying, reading and setting values; who may run on them. */
#include <sched.h>
#include <string.h>

#include "base/checked.h"
#include "exec/store.h"

size_t wg__variable_bytes(const wg__operation *variable)
{
    size_t bytes = 0;
    wg__shape_bytes(&variable->out->shape, variable->out->dtype, &bytes); /* checked when the variable was made */
    return bytes;
}

wg_status wg__store_complete(wg_store *s)
{
    wg_graph *g = s->graph;
    if (s->n == g->n_variables)
        return WG_OK;
    if (!wg__grow(&s->allocator, (void **)&s->value, &s->capacity, g->n_variables, sizeof *s->value))
        return WG_ERR_NOMEM;
    while (s->n < g->n_variables) {
        const wg__operation *v = g->variables[s->n];
        void *value = wg__alloc_aligned(&s->allocator, wg__variable_bytes(v));
        if (!value)
            return WG_ERR_NOMEM;
        if (!wg__init_draw(&s->allocator, s->seed, v, value)) {
            wg__free(&s->allocator, value, wg__variable_bytes(v), 1);
            return WG_ERR_NOMEM;
        }
        s->value[s->n++] = value;
    }
    return WG_OK;
}

static wg_store *store_empty(const wg_graph *g, uint64_t seed)
{
    wg_store *s = wg__alloc_zero(&g->allocator, 1, sizeof *s);
    if (!s)
        return NULL;
    s->allocator = g->allocator;
    s->graph = wg__graph_hold(g);
    atomic_init(&s->holds, 1);
    atomic_init(&s->users, 0);
    s->seed = seed ? seed : g->seed;
    return s;
}

static bool graph_usable(const wg_graph *g)
{
    if (!g)
        wg__fail_null("store", "graph");
    else if (g->status)
        wg__fail(WG_ERR_GRAPH, "%s", g->error);
    return g && !g->status;
}

wg_store *wg_store_new(const wg_graph *g, uint64_t seed)
{
    if (!graph_usable(g))
        return NULL;
    wg_store *s = store_empty(g, seed);
    if (s && wg__store_complete(s)) {
        wg_store_free(s);
        return NULL;
    }
    return s;
}

wg_store *wg_graph_store(wg_graph *g)
{
    if (!graph_usable(g))
        return NULL;
    if (g->given_up) { /* a new default store would hold the graph, and nobody would let it go */
        wg__fail(WG_ERR_ARG, "store: the graph was freed; what holds it has a store of its own");
        return NULL;
    }
    while (atomic_exchange_explicit(&g->store_lock, 1, memory_order_acquire))
        sched_yield();
    if (!g->store) {
        g->store = wg_store_new(g, 0);
        g->drop_store = wg_store_free;
    }
    wg_store *s = g->store && !wg__store_complete(g->store) ? g->store : NULL;
    atomic_store_explicit(&g->store_lock, 0, memory_order_release);
    return s;
}

static bool copy_values(wg_store *s, const wg_store *from)
{
    if (!wg__grow(&s->allocator, (void **)&s->value, &s->capacity, from->n ? from->n : 1, sizeof *s->value))
        return false;
    for (; s->n < from->n; s->n++) {
        size_t bytes = wg__variable_bytes(s->graph->variables[s->n]);
        if (!(s->value[s->n] = wg__alloc_aligned(&s->allocator, bytes)))
            return false;
        memcpy(s->value[s->n], from->value[s->n], bytes);
    }
    return true;
}

wg_store *wg_store_copy(const wg_store *from)
{
    if (!from) {
        wg__fail_null("wg_store_copy", "store");
        return NULL;
    }
    wg_store *counted = (wg_store *)from; /* constant but for its count of users */
    if (!wg__store_enter(counted, false)) {
        wg__fail(WG_ERR_BUSY, "wg_store_copy: a run is changing the values");
        return NULL;
    }
    wg_store *s = store_empty(from->graph, from->seed);
    if (s && !copy_values(s, from)) {
        wg_store_free(s);
        s = NULL;
    }
    wg__store_leave(counted, false);
    return s;
}

wg_store *wg_store_ref(wg_store *s)
{
    if (s)
        atomic_fetch_add_explicit(&s->holds, 1, memory_order_relaxed);
    return s;
}

void wg_store_free(wg_store *s)
{
    if (!s || atomic_fetch_sub_explicit(&s->holds, 1, memory_order_acq_rel) != 1)
        return;
    wg__allocator a = s->allocator;
    for (size_t i = 0; i < s->n; i++)
        wg__free(&a, s->value[i], wg__variable_bytes(s->graph->variables[i]), 1);
    wg__free(&a, s->value, s->capacity, sizeof *s->value);
    wg_graph *g = s->graph;
    wg__free(&a, s, 1, sizeof *s);
    wg__graph_release(g);
}

bool wg__store_enter(wg_store *s, bool change)
{
    int users = atomic_load_explicit(&s->users, memory_order_relaxed);
    do {
        if (change ? users != 0 : users < 0)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&s->users, &users, change ? -1 : users + 1, memory_order_acquire,
                                                    memory_order_relaxed));
    return true;
}

void wg__store_leave(wg_store *s, bool change)
{
    if (change)
        atomic_store_explicit(&s->users, 0, memory_order_release);
    else
        atomic_fetch_sub_explicit(&s->users, 1, memory_order_release);
}

/* The variable's operation, or NULL with WG_ERR_ARG. */
static const wg__operation *variable_of(const char *caller, const wg_store *s, const wg_node *n)
{
    if (!s || !n) {
        wg__fail_null(caller, s ? "variable" : "store");
        return NULL;
    }
    if (n->operation->graph != s->graph || n->operation->variable < 0) {
        wg__fail(WG_ERR_ARG, "%s: %s is no variable of the store's graph", caller, n->name);
        return NULL;
    }
    return n->operation;
}

wg_view wg_get(const wg_store *s, const wg_node *n)
{
    const wg__operation *v = variable_of("wg_get", s, n);
    if (v && (size_t)v->variable >= s->n) {
        wg__fail(WG_ERR_ARG, "wg_get: %s was added to the graph after the store was made", n->name);
        v = NULL;
    }
    return v ? wg_view_of(s->value[v->variable], n->dtype, n->shape) : (wg_view){ 0 };
}

wg_status wg_set(wg_store *s, const wg_node *n, wg_view view)
{
    const wg__operation *v = variable_of("wg_set", s, n);
    if (!v)
        return wg_error_status();
    char a[96], b[96];
    if (!view.data)
        return wg__fail(WG_ERR_ARG, "wg_set: %s: the view has no data", n->name);
    if (view.dtype != n->dtype)
        return wg__fail(WG_ERR_DTYPE, "wg_set: %s is %s, the value %s", n->name, wg_dtype_name(n->dtype), wg_dtype_name(view.dtype));
    if (!wg_shape_equal(view.shape, n->shape))
        return wg__fail(WG_ERR_SHAPE, "wg_set: %s has shape %s, the value %s", n->name, wg_shape_text(n->shape, a, sizeof a),
                        wg_shape_text(view.shape, b, sizeof b));
    if (wg__store_complete(s))
        return WG_ERR_NOMEM;
    if (!wg__store_enter(s, true))
        return wg__fail(WG_ERR_BUSY, "wg_set: %s: a run is using the store", n->name);
    wg__view_copy(s->value[v->variable], view);
    wg__store_leave(s, true);
    return WG_OK;
}

int64_t wg_store_step(const wg_store *s)
{
    const wg_node *step = s ? s->graph->step : NULL;
    if (!step || (size_t)step->operation->variable >= s->n)
        return 0;
    return *(const int64_t *)s->value[step->operation->variable];
}

uint64_t wg__store_draw(const wg_store *s)
{
    enum { MICRO_BATCH_AT = 32 }; /* a bit that steps do not reach */
    const wg_node *micro = s->graph->micro_batch;
    uint64_t step = (uint64_t)wg_store_step(s);
    if (!micro || (size_t)micro->operation->variable >= s->n)
        return step;
    return step + ((uint64_t) * (const int64_t *)s->value[micro->operation->variable] << MICRO_BATCH_AT);
}

wg_graph *wg_store_graph(const wg_store *s) { return s ? s->graph : NULL; }
