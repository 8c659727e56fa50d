/* A backward pass that somebody wrote by hand, against reverse mode's: the node where it first departs.
 *
 * Nodes are matched by value. What is, or is a multiple of, a cotangent that reverse mode computes is taken as right so far
 * (hand-written passes often carry a factor such as 1/m to the end); the lowest node that matches nothing although all of
 * its operands do is where the mistake was made. Where a gradient is a multiple of the right one, the mistake is where the
 * factor came in. */
#ifndef WG_VERIFY_WIRING_H
#define WG_VERIFY_WIRING_H

#include "verify/model/blame.h"
#include "verify/numerics/kind.h"

typedef struct wg__right {
    const wg_node *of, *node; /* a forward node; its cotangent, or a term of it */
    wg_view value;
} wg__right;

typedef struct wg__wiring {
    wg__trace *t;
    wg__arena memory;
    wg_exec *exec;
    size_t before, after; /* reverse mode's nodes are before .. after - 1 */
    unsigned char *forward,
        *theirs;            /* by node index: the scalar needs it; the gradients under test do, and it does not */
    unsigned char *carries; /* by node index: a cotangent goes into it; unknown at first */
    wg_grads naive;         /* the cotangents of all forward nodes, unrewritten */
    wg__right *right;       /* those, and the terms of which they are sums */
    size_t n_rights;
} wg__wiring;

typedef struct wg__culprit {
    const wg_node *node; /* of the twin; NULL: not found */
    const wg_node
        *multiple; /* what is `ratio` times what it should be: the gradient, or a term of it; NULL: nothing is */
    double ratio;
    int slot;
    bool common; /* it explains several gradients */
    char kind[WG__KIND_MAX];
    char remark[3 * WG__BLAME_LABEL]; /* what the operand is, and what belongs there; "" */
} wg__culprit;

/* Reverse mode once more, for every node of the forward pass as it stands, and one run with all of it. NULL: it cannot be had
 * (wg_error tells); the wrong parameters are still known. */
wg__wiring *wg__wiring_open(wg__trace *);
void wg__wiring_free(wg__wiring *);
/* Where the gradients known to be wrong go astray. j, culprits: by part; those that passed are left as they are. */
void wg__wiring_find(wg__wiring *, const wg__judgement *j, wg__culprit *culprits);

/* ---- matching ---- */

wg_view wg__wiring_value(const wg__wiring *, const wg_node *);
/* Is x a multiple of y? A lone element, or the same one everywhere, is of anything: there only y itself will do. */
bool wg__wiring_proportional(wg_view x, wg_view y, double *ratio);
/* The right cotangent of a forward node; NULL: it has none. */
const wg_node *wg__wiring_cotangent(const wg__wiring *, const wg_node *of);
/* Is u, or a multiple of it, anything that the forward pass or reverse mode has? */
bool wg__wiring_known(const wg__wiring *, const wg_node *u);
/* Does a cotangent go into u, a node under test? */
bool wg__wiring_carries(wg__wiring *, const wg_node *u);
/* The first operand by which one does; -1: none. */
int wg__wiring_carrier(wg__wiring *, const wg_node *u);

/* ---- parts of the search ---- */

/* For culprits that have a `multiple`: where the factor came in. */
void wg__wiring_factors(wg__wiring *, const wg__judgement *, wg__culprit *);
/* u, no multiple of what should stand there although its operands are: which of them is to blame. `gradient`, of which `right` is
 * the right value: the part's, that u goes into. */
void wg__wiring_step(wg__wiring *, const wg_node *u, const wg_node *gradient, const wg_node *right, wg__culprit *);

#endif
