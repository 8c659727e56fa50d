/* Expressions that mutants are made of. Each gives NULL where it does not apply, or after a failure of the graph. */
#ifndef WG_VERIFY_MUTANT_NODES_H
#define WG_VERIFY_MUTANT_NODES_H

#include "graph/graph.h"

/* x with its middle element times `factor`; with that much of v's sum added to it. */
wg_node *wg__mutant_element(wg_node *x, double factor);
wg_node *wg__mutant_element_off(wg_node *x, wg_node *v, double by);
/* Two axes of one length swapped; else, the elements in reversed order. */
wg_node *wg__mutant_transposed(wg_node *x);
/* Zero but where the axes that x has more than `like` have index 0. */
wg_node *wg__mutant_first_only(wg_node *x, const wg_node *like);
/* The last element zero. */
wg_node *wg__mutant_without_last(wg_node *x);
/* x summed down to like's shape, but over an axis of the same length that `like` keeps. */
wg_node *wg__mutant_over_other_axis(wg_node *x, wg_node *like);
/* For a sum: an order of the operand's axes that swaps one summed over with one kept, of the same length. */
bool wg__mutant_other_axis(const wg__operation *sum, wg_axes *order);
/* The number of elements of a by that of b. */
double wg__mutant_ratio(const wg_node *a, const wg_node *b);

#endif
