/* The adjoint of a scan in the making. */
#ifndef WG_GRAD_SCAN_H
#define WG_GRAD_SCAN_H

#include "graph/scan.h"

/* One iteration, and its vector-Jacobian product, in a graph of their own. */
typedef struct wg__scan_pull {
    wg__operation *of;  /* the scan that is differentiated */
    wg__operation *tip; /* the last scan that extends it: same operands, same results first */
    const wg__scan *attrs;
    wg_graph *d;
    wg_node **in;      /* by operand: d's input */
    wg_node **out;     /* by result of the tip */
    wg_node **bar_out; /* by result of the scan: d's input for the cotangent; NULL: none, or zero */
    wg_node **bar_in;  /* by operand: its cotangent; NULL: none, or zero */
    wg_node **sum; /* by operand: what of a shared operand's cotangent the iterations before gave; NULL: not shared */
    size_t n_d;    /* nodes of d, now complete */
    unsigned char *need; /* by node of d: what the adjoint takes from it */
    int *saved;          /* by node of d: the tip's stack that holds it; -1: none */
} wg__scan_pull;

enum { WG__NEED_SHAPE = 1, WG__NEED_VALUE = 2 };

/* Settles what the adjoint takes from the iterations and what it computes again, and extends the scan by the stacks that
 * takes: need, saved, tip. False: recorded on the scan's graph. */
bool wg__scan_save(wg__scan_pull *);

#endif
