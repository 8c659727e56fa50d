/* A graph's life: made, failing once, held by plans and stores, freed. */
#include "base/options.h"
#include "graph/names.h"

wg_graph *wg_graph_new(void) { return wg_graph_new_with(NULL); }

wg_graph *wg_graph_new_with(const wg_graph_opts *given)
{
    wg_graph_opts o;
    if (!wg__options(&o, sizeof o, given, "wg_graph_opts"))
        return NULL;
    if (!o.alloc != !o.dealloc) {
        wg__fail(WG_ERR_ARG, "wg_graph_opts: alloc and dealloc must be given together");
        return NULL;
    }
    wg__allocator a = o.alloc ? (wg__allocator){ o.user, o.alloc, o.dealloc } : wg__default_allocator;
    wg_graph *g = wg__alloc_zero(&a, 1, sizeof *g);
    if (!g)
        return NULL;
    g->allocator = a;
    g->arena.allocator = &g->allocator;
    atomic_init(&g->holds, 1);
    g->message = o.message;
    g->message_user = o.user;
    g->registry = o.registry;
    g->seed = o.seed ? o.seed : 1;
    g->threads = o.threads;
    return g;
}

wg_graph *wg__graph_new_private(const wg_graph *source)
{
    wg_graph_opts o = { .size = sizeof o,
                        .registry = source->registry,
                        .seed = source->seed,
                        .threads = source->threads,
                        .user = source->allocator.user,
                        .alloc = source->allocator.alloc,
                        .dealloc = source->allocator.dealloc };
    wg_graph *g = wg_graph_new_with(&o);
    if (g)
        g->precision = source->precision;
    return g;
}

wg_status wg_set_matmul_precision(wg_graph *g, wg_matmul_precision precision)
{
    if (!g)
        return wg__fail_null("wg_set_matmul_precision", "graph");
    if (precision != WG_MATMUL_HIGHEST && precision != WG_MATMUL_HIGH && precision != WG_MATMUL_MEDIUM)
        return wg__fail(WG_ERR_ARG, "wg_set_matmul_precision: there is no precision %d: WG_MATMUL_HIGHEST, _HIGH or _MEDIUM",
                        (int)precision);
    g->precision = precision;
    return WG_OK;
}

wg_graph *wg__graph_hold(const wg_graph *g)
{
    wg_graph *mutable_g = (wg_graph *)g; /* the count is the one thing that a reader changes */
    atomic_fetch_add_explicit(&mutable_g->holds, 1, memory_order_relaxed);
    return mutable_g;
}

static void free_pairs(const wg__allocator *a, wg__text_pair *pairs, size_t n, size_t capacity)
{
    for (size_t i = 0; i < n; i++) {
        wg__free_text(a, pairs[i].key);
        wg__free_text(a, pairs[i].value);
    }
    wg__free(a, pairs, capacity, sizeof *pairs);
}

void wg__graph_release(wg_graph *g)
{
    if (!g || atomic_fetch_sub_explicit(&g->holds, 1, memory_order_acq_rel) != 1)
        return;
    wg__allocator a = g->allocator;
    wg__names_free(g);
    wg__free(&a, g->nodes, g->nodes_capacity, sizeof *g->nodes);
    wg__free(&a, g->variables, g->variables_capacity, sizeof *g->variables);
    wg__free(&a, g->outputs, g->outputs_capacity, sizeof *g->outputs);
    free_pairs(&a, g->meta, g->n_meta, g->meta_capacity);
    free_pairs(&a, g->entries, g->n_entries, g->entries_capacity);
    for (wg__body *b = g->bodies; b; b = b->next)
        wg__graph_release(b->graph);
    wg__arena_free(&g->arena);
    wg__free(&a, g, 1, sizeof *g);
}

void wg_graph_free(wg_graph *g)
{
    if (!g)
        return;
    /* The graph's own store holds the graph: letting it go first breaks the ring. */
    wg_store *own = g->store;
    g->store = NULL;
    g->given_up = true;
    if (own)
        g->drop_store(own);
    wg__graph_release(g);
}

const char *wg_graph_error(const wg_graph *g)
{
    if (!g)
        return wg_error();
    return g->error ? g->error : "";
}

uint64_t wg_graph_seed(const wg_graph *g) { return g ? g->seed : 0; }

void *wg__graph_fail_again(wg_graph *g)
{
    if (g && g->status == WG_OK) {
        static char no_memory[] = "out of memory";
        g->status = wg_error_status();
        g->error = wg__arena_text(&g->arena, wg_error());
        if (!g->error)
            g->error = no_memory;
        wg__graph_say(g, WG_ERROR, g->error);
    }
    return NULL;
}

void *wg__graph_fail(wg_graph *g, wg_status status, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    wg__fail_v(status, format, list);
    va_end(list);
    return wg__graph_fail_again(g);
}

void wg__graph_say(const wg_graph *g, wg_level level, const char *text)
{
    if (g && g->message)
        g->message(g->message_user, level, text);
}

size_t wg_graph_count(const wg_graph *g) { return g ? g->n_nodes : 0; }

wg_node *wg_graph_node(const wg_graph *g, size_t index) { return g && index < g->n_nodes ? g->nodes[index] : NULL; }

wg_nodes wg_graph_outputs(const wg_graph *g)
{
    return g ? (wg_nodes){ g->outputs, g->n_outputs } : (wg_nodes){ NULL, 0 };
}
