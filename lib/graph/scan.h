/* Scans: what the operation holds, and one that is being built.
 *
 * Operands are the carries' first values, the slices (whose axis 0 is walked), and what the iterations share. Results are the
 * carries' last values, and stacks along axis 0. The body's inputs are the same without the axis, its outputs the carries'
 * next values and what is stacked.
 *
 * Differentiation wants more values of the iterations than the user does. It makes a second scan that extends the first:
 * same operands, same results, and more stacks behind them. Plans compute the extended one alone (plan/scan_settle.c). */
#ifndef WG_GRAPH_SCAN_H
#define WG_GRAPH_SCAN_H

#include "graph/body.h"
#include <wengert/scan.h>

typedef struct wg__scan {
    wg_graph *body;
    int64_t carries, slices; /* how many of the operands are those */
    bool reverse;            /* from the last slice to the first */
    bool recompute;          /* its adjoint keeps carries alone, and computes the rest of an iteration again */
} wg__scan;

/* NULL: the operation is no scan. */
static inline const wg__scan *wg__scan_of(const wg__operation *o) { return o->op == &wg_op_scan ? o->attrs : NULL; }

/* The adjoint for one operand (lib/grad). */
wg_node *wg__scan_backward(const wg_adjoint *, int slot);

/* Applies scan. Drops the caller's hold on the body. NULL: recorded. */
wg_node *wg__scan_apply(wg_graph *, wg__scan, wg_nodes in);

/* Axis 0 in stretches of one length, (T, ..) as (T / length, length, ..); what is left; and both joined again, as long as
 * `like` (ops/stretch.c). */
wg_node *wg__stretches(wg_node *x, int64_t length);
wg_node *wg__stretch_rest(wg_node *x, int64_t length);
wg_node *wg__stretch_join(wg_node *whole, wg_node *rest, wg_node *like, int64_t length);

/* The scan in stretches; result[r] is what the scan's result r would be. The caller keeps its hold on the body. False: recorded. */
bool wg__scan_in_stretches(wg_graph *, wg__scan, int64_t stretch, wg_nodes in, wg_node **result);

/* ---- building ---- */

typedef struct wg__scan_carry {
    wg_node *inside, *first, *next;
    wg__operation *last; /* promised; NULL: nobody asked */
} wg__scan_carry;

typedef struct wg__scan_slice {
    wg_node *inside, *of; /* its axis 0 is walked */
} wg__scan_slice;

typedef struct wg__scan_stack {
    wg_node *of;
    wg__operation *stacked; /* promised */
} wg__scan_stack;

struct wg_scan {
    wg_graph *graph;
    wg_scan *outer; /* open around it */
    int axis, depth;
    bool ended;
    int64_t stretch; /* 0: the adjoint keeps all that it needs of every iteration */
    wg__scan_carry carry[WG__MAX_RESULTS];
    wg__scan_slice slice[WG__MAX_RESULTS];
    wg__scan_stack stack[WG__MAX_RESULTS];
    size_t n_carries, n_slices, n_stacks;
};

static inline int wg__scan_depth(const wg_scan *s) { return s->depth; }

/* Whether a node is of outside of all scans, and there; records a failure if not. */
bool wg__scan_outside(const wg_node *, const char *caller);
/* Whether a node can be used now, where it is of inside or promised; records a failure if not. */
bool wg__scan_allows(const wg_node *, const char *caller);

#endif
