/* A graph's twin in f64: the same operations on the same leaves, every f32 widened, in a graph of its own.
 *
 * What is verified is the twin, so that the user's graph gains no nodes, and rounding in f32 cannot hide a wrong
 * gradient. All leaves but constants are inputs of the twin, whose values are held here. */
#ifndef WG_VERIFY_TWIN_H
#define WG_VERIFY_TWIN_H

#include "graph/graph.h"
#include "verify/model/reuse.h"
#include <wengert/exec.h>

typedef struct wg__twin_input {
    const wg_node *source;
    wg_node *node;
    wg_shape shape; /* as fed */
    size_t count, bytes;
    void *data;    /* contiguous, of the node's type */
    bool borrowed; /* the user's memory: never written to */
} wg__twin_input;

typedef struct wg__twin {
    const wg_graph *source;
    bool narrow;      /* a copy of the model as it is, f32 and all */
    wg__reuse *reuse; /* where its values come from, and what its graph and execs need */
    wg__allocator allocator;
    wg_graph *graph;
    wg__arena arena;
    wg_node **of; /* by the source's node index; NULL: not needed */
    wg__twin_input *leaves;
    size_t n_leaves, leaves_capacity;
    void *values; /* of all leaves that are not borrowed */
    size_t values_bytes;
} wg__twin;

/* Copies what `wanted` needs, and the values of its leaves as `at` has them. `narrow` and `reuse` are set, the rest is
 * zero. A failure leaves a twin that wg__twin_free takes. WG_ERR_UNFED: an input has no value. */
wg_status wg__twin_make(wg__twin *, wg_nodes wanted, const wg_exec *at);
/* Copies what is borrowed, so that it can be moved. Execs that were made before read the borrowed values still. */
wg_status wg__twin_own(wg__twin *);
void wg__twin_free(wg__twin *);
wg__twin_input *wg__twin_find(const wg__twin *, const wg_node *source); /* NULL: it is none */
/* Makes an exec for nodes of the twin that reads the leaves' values. The plan is held by it. */
wg_exec *wg__twin_exec(const wg__twin *, wg_mode, wg_nodes wanted);
wg_exec *wg__twin_exec_on(const wg__twin *, wg_mode, wg_nodes wanted, int threads);

#endif
