/* Stores: the values of a graph's variables, apart from its structure. */
#ifndef WENGERT_STORE_H
#define WENGERT_STORE_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The graph's own store, made on first use with the graph's seed; borrowed, do not free. NULL: WG_ERR_NOMEM, WG_ERR_GRAPH,
 * WG_ERR_ARG (the graph was given up by wg_graph_free, and only stores, plans or execs hold it: wg_compile refuses it too). */
WG_API wg_store *wg_graph_store(wg_graph *);
/* A store with freshly drawn values. Each variable's stream is keyed by (seed, its name); seed 0: the graph's. NULL as above. */
WG_API wg_store *wg_store_new(const wg_graph *, uint64_t seed);
/* The same values in memory of their own. NULL: WG_ERR_NOMEM, WG_ERR_BUSY (a run is changing them). */
WG_API wg_store *wg_store_copy(const wg_store *);
WG_API wg_store *wg_store_ref(wg_store *); /* one more hold on the same store; returns it */
WG_API void wg_store_free(wg_store *);     /* gives up one hold */

/* A variable's value, borrowed until the next wg_set, load or training run. data NULL, with wg_error(): not a variable of this graph, or
 * added to it after the store was last used (the graph's own store has all: ask wg_graph_store again). */
WG_API wg_view wg_get(const wg_store *, const wg_node *variable);
/* Copies a value in. WG_ERR_SHAPE, WG_ERR_DTYPE, WG_ERR_ARG (no variable of this graph, no data), WG_ERR_NOMEM, WG_ERR_BUSY (a run is using
 * the store). After a failure nothing has changed. */
WG_API WG_MUST wg_status wg_set(wg_store *, const wg_node *variable, wg_view);
/* How many updates these values have seen: the value of wg_step_counter, 0 without one. */
WG_API int64_t wg_store_step(const wg_store *);
WG_API wg_graph *wg_store_graph(const wg_store *);

/* NumPy's legacy generator: np.random.seed(seed), then np.random.randn, double after double (MT19937, polar method). */
typedef struct wg_numpy_random {
    uint32_t state[624];
    int at;
    bool has_spare;
    double spare;
} wg_numpy_random;
WG_API void wg_numpy_seed(wg_numpy_random *, uint32_t seed);
WG_API double wg_numpy_uniform(wg_numpy_random *); /* [0, 1) with 53 bits */
WG_API double wg_numpy_randn(wg_numpy_random *);

#ifdef __cplusplus
}
#endif
#endif
