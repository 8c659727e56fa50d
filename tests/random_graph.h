/* Random graphs for tests: forward, loss, gradients, an optimiser's updates, wanted nodes here and there. */
#ifndef WG_TESTS_RANDOM_GRAPH_H
#define WG_TESTS_RANDOM_GRAPH_H

#include <wengert.h>

typedef struct random_graph {
    wg_graph *graph;
    wg_node *x, *y; /* inputs (N,6) of the type given, and (N) i64 labels 0..2 */
    wg_node *wanted[64];
    size_t n_wanted;
    wg_node *assign[64];
    size_t n_assigns;
} random_graph;

/* The graph of that seed, with about `size` operators before differentiation. Free .graph with wg_graph_free. */
random_graph random_graph_new(uint64_t seed, int size, wg_dtype);

#endif
