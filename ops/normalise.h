/* What the normalisations share: x to mean 0 and variance 1 over some axes, then scale and offset by operands that lie
 * along others. They are compositions: over the last axes an operator does a row at a time; over others, mean and variance
 * are passes of their own. What is elementwise becomes one loop. */
#ifndef WG_OPS_NORMALISE_H
#define WG_OPS_NORMALISE_H

#include "ops/builtin.h"
#include "ops/op.h"

/* All operands are of one floating type; those from slot 1 on have x's sizes along the axes marked, and are `what`. */
wg_status wg__normalise_infer(wg_infer *, const bool on[WG_MAX_RANK], double eps, const char *what);
/* An operand of the sizes of x's axes marked, with axes of size 1 where it must broadcast to x. */
wg_node *wg__lay_along(wg_node *, int rank, const bool on[WG_MAX_RANK]);
/* (x - mean) / sqrt(var + eps) over the axes; var is the population's. */
wg_node *wg__standardise(wg_node *x, wg_axes, double eps);
/* The operator `standardise`: the same over that many last axes. */
wg_node *wg__standardise_last(wg_node *x, int axes, double eps);
/* y gamma + beta, with operands 1 and 2 of `n` as gamma and beta, where they are there. */
wg_node *wg__scale_offset(wg_node *y, wg_node *const *in, int n, const bool on[WG_MAX_RANK]);

#endif
