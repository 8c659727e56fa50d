/* A backward pass that somebody wrote by hand, against reverse mode's: the node where it first departs.
 *
 * Nodes are matched by value. What is, or is a multiple of, a cotangent that reverse mode computes is taken as right so far
 * (hand-written passes often carry a factor such as 1/m to the end); the lowest node that matches nothing although all of
 * its operands do is where the mistake was made. */
#ifndef WG_VERIFY_WIRING_H
#define WG_VERIFY_WIRING_H

#include "verify/model/blame.h"
#include "verify/numerics/kind.h"

typedef struct wg__wiring wg__wiring;

typedef struct wg__culprit {
    const wg_node *node; /* of the twin; NULL: not found */
    int slot;
    char kind[WG__KIND_MAX];
    char remark[3 * WG__BLAME_LABEL]; /* what the operand is, and what belongs there; "" */
} wg__culprit;

/* Reverse mode once more, for every node of the forward pass as it stands, and one run with all of it. NULL: it cannot be had
 * (wg_error tells); the wrong parameters are still known. */
wg__wiring *wg__wiring_open(wg__trace *);
void wg__wiring_free(wg__wiring *);
/* Where the gradient of part `index`, known to be wrong, goes astray. */
void wg__wiring_find(wg__wiring *, size_t index, wg__culprit *);

#endif
