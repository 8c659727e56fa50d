/* Regions whose values are recomputed: what wg_remat asks for.
 *
 * A mark remat(y, at..) encloses the operations on the ways from `at` to y. Whatever was built after the mark, the
 * backward pass above all, and reads a value from inside, gets it from a copy of those operations instead, which is made
 * when it is first asked for: so it stands in the order of time just before its first reader, and the values themselves
 * die when the forward pass is done with them. A copy is a different operation from its original (wg__operation.replay)
 * to the pass that shares equal ones, and draws the same random numbers, for those follow from attributes.
 *
 * Regions may lie within each other: a value is read from its innermost region, and what that reads at its border may
 * be recomputed by the next. */
#ifndef WG_PLAN_REMAT_H
#define WG_PLAN_REMAT_H

#include "plan/copy.h"

typedef struct wg__member {
    const wg__operation *of;
    wg_node **image; /* (of->n_out): of the copy; NULL: not made */
} wg__member;

typedef struct wg__region {
    const wg__operation *mark;
    wg__member *member; /* by index of the operation */
    size_t n;
} wg__region;

typedef struct wg__remats {
    wg__copy *copy;
    wg_mode mode;
    wg__region *region; /* in the order in which the marks were made */
    size_t n;
    wg__arena memory; /* of all of it */
} wg__remats;

/* The regions of the marks among the needed nodes. False: WG_ERR_NOMEM; wg__remats_end is still due. */
bool wg__remats_begin(wg__remats *, wg__copy *, const wg_graph *source, wg_mode, const unsigned char *needed);
void wg__remats_end(wg__remats *);

/* What an operation that was made at index `when` reads for node n: its image, or its copy's. NULL: WG_ERR_NOMEM. */
wg_node *wg__remat_read(wg__remats *, const wg_node *n, size_t when);
/* Is the operation made after the mark of a region that it belongs to? Then it is made as a copy alone. */
bool wg__remat_only(const wg__remats *, const wg__operation *);

/* ---- parts of wg__settle_graph ---- */

/* The slot of the operand whose value a node has in this mode, without any computation; -1: it computes. */
int wg__passes_on(const wg__operation *, wg_mode);
/* The operation applied to what it reads, and its results' best forms in image[]. False: a failure. */
bool wg__settle_apply(wg__remats *, const wg__operation *, wg_node *const *in, wg_node **image);

#endif
