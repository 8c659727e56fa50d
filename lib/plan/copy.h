/* Private copies of a graph, in which a compilation rewrites. The user's graph is only read. */
#ifndef WG_PLAN_COPY_H
#define WG_PLAN_COPY_H

#include "graph/graph.h"
#include <wengert/exec.h>

typedef struct wg__copy {
    wg_graph *graph;
    wg_node **image; /* by index of a node of the source: what stands for it in `graph`; NULL: not needed */
    size_t n_image;
    const wg_node **origin; /* by index of a node of `graph`: the user's node that messages name */
    size_t n_origin, origin_capacity;
} wg__copy;

/* An empty copy of `source`. False: WG_ERR_NOMEM; wg__copy_drop is still due. */
bool wg__copy_begin(wg__copy *, const wg_graph *source);
/* All nodes made since the last call stand for that node of the user's. */
bool wg__copy_origin(wg__copy *, const wg_node *user);
void wg__copy_drop(wg__copy *);

/* The passes that may change values, and that a plan shares with the interpreter: the mode's branches are taken, and each
 * operator's better form (op->rewrite) replaces it. */
bool wg__settle_graph(wg__copy *settled, const wg_graph *source, wg_mode, wg_nodes wanted);

/* The passes that preserve every bit: equal operations become one, constants are folded, what does nothing is left out.
 * `wanted` are nodes of settled->graph. */
bool wg__canonise_graph(wg__copy *canonical, const wg__copy *settled, wg_nodes wanted);

/* The attribute of that name within `attrs`; NULL when the operator has none such. */
const void *wg__attr_of(const wg_op *, const void *attrs, const char *name);

/* ---- parts of wg__canonise_graph ---- */

/* One application before it is made: changed in place into an equivalent, simpler one. */
typedef struct wg__form {
    const wg_op *op;
    wg_node **in;
    int n_in;
    const void *attrs;
    int replay;        /* as of the operation */
    uint64_t room[16]; /* for changed attributes */
} wg__form;

/* A node that already has the value of `form`, whose result has the shape and type of `result`; NULL when there is none.
 * Transposes that a product can take over are moved into `form`. */
wg_node *wg__simplify(wg__form *form, const wg_node *result);

/* The constant that `n` always is, when that is small and certain; `n` itself otherwise; NULL: WG_ERR_NOMEM. */
wg_node *wg__fold(wg_node *n);

/* Operations by operator, attributes and operands. */
typedef struct wg__sharing {
    const wg__allocator *allocator;
    wg__operation **slot;
    size_t capacity; /* a power of two */
} wg__sharing;
bool wg__sharing_begin(wg__sharing *, const wg__allocator *, size_t most);
void wg__sharing_end(wg__sharing *);
/* An equal operation made before, or NULL. `value`: of constants. */
wg__operation *wg__shared(const wg__sharing *, const wg__form *, const wg_node *constant);
void wg__share(wg__sharing *, wg__operation *);

#endif
