/* Reverse mode on graphs: the one place where derivatives are made. */
#ifndef WG_GRAD_PULLBACK_H
#define WG_GRAD_PULLBACK_H

#include "graph/graph.h"
#include <wengert/grad.h>

/* What reverse mode did, kept for whoever wants to look at each step: the operations that it walked, operands first, and
 * by operation (as in `at`) and slot the node that was differentiated by and the share of its cotangent that came from
 * there. */
typedef struct wg__tape_entry {
    wg__operation *of;
    wg_node **in;    /* (of->n_in): the nodes that stand for the operands */
    wg_node **share; /* (of->n_in): NULL: zero */
    wg_node **bar;   /* (of->n_out): the results' cotangents; NULL: zero */
} wg__tape_entry;

typedef struct wg__tape {
    wg__tape_entry *at;
    size_t n;
    wg_node *root;       /* what stands for the first of ys */
    wg_node **cotangent; /* by node index, of the n_nodes first; NULL: zero */
    unsigned char *depends; /* by node index: on one of wrt */
    size_t n_nodes;
    wg__arena memory; /* of all of it */
} wg__tape;

void wg__tape_free(wg__tape *);

/* sum over i of (d ys[i] / d wrt[j])^T cotangents[i], for each j. A failure (recorded) is {0}. */
wg_grads wg__pullback(wg_graph *, wg_nodes ys, wg_nodes cotangents, wg_nodes wrt);
/* The same, and the tape, which the caller frees whatever comes out. */
wg_grads wg__pullback_taped(wg_graph *, wg_nodes ys, wg_nodes cotangents, wg_nodes wrt, wg__tape *);

#endif
