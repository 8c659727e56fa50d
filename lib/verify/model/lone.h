/* One operation of a graph by itself: its forward pass and its adjoint, compiled alone, on operands that are given.
 *
 * Operations that are alike (operator, attributes, shapes, types) share one. */
#ifndef WG_VERIFY_LONE_H
#define WG_VERIFY_LONE_H

#include "graph/graph.h"
#include <wengert/exec.h>

typedef struct wg__lone {
    const wg__operation *of; /* the first one that asked */
    wg_graph *graph;
    wg_shape *shape;       /* (of->n_in): of the operands */
    wg_node **in, **out;   /* (of->n_in); (of->n_out) */
    wg_node **bar, **pull; /* (of->n_out), (of->n_in); NULL where there is no gradient, or none was asked for yet */
    wg_exec *forward, *backward;
    uint64_t quadratic; /* slots: the results are quadratic when just these, or some of them, move */
    double roughness;   /* how far they are from it, in units of their noise */
    struct wg__lone *next;
} wg__lone;

typedef struct wg__lones {
    wg__arena memory;
    wg__lone *first;
    wg_mode mode;
    int threads;
} wg__lones;

void wg__lones_free(wg__lones *);
/* values: (o->n_in) the operands, for shapes and types. NULL: it cannot be built or compiled, and wg_error() tells. */
wg__lone *wg__lone_of(wg__lones *, const wg__operation *o, const wg_view *values);
/* out (n_out) views that last until the next run. */
wg_status wg__lone_run(wg__lone *, const wg_view *values, wg_view *out);
/* Makes the adjoint, from cotangents for the results that `has_bar` marks. WG_ERR_GRAPH and others: it has none. */
wg_status wg__lone_differentiate(wg__lones *, wg__lone *, const bool *has_bar);
/* pulled (n_in): data NULL where no gradient is defined. bars (n_out). */
wg_status wg__lone_pull(wg__lone *, const wg_view *values, const wg_view *bars, wg_view *pulled);

#endif
