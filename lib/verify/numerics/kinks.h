/* How far the elements of an elementwise operator's operands are from its kinks. */
#ifndef WG_VERIFY_KINKS_H
#define WG_VERIFY_KINKS_H

#include <wengert/op.h>

enum { WG__KINK_OPERANDS = 8 };

/* Calls visit(user, at, distance) for each element of the result: at[s] is the element of operand s that it is made of,
 * distance what op->kink says. `in`: contiguous operands; `shape`: the result's. Does nothing for operators without
 * kinks. */
void wg__each_kink(const wg_op *, const void *attrs, int n, const wg_view *in, wg_shape shape,
                   void (*visit)(void *user, const int64_t *at, double distance), void *user);

/* Has the operator kinks that can be looked at? */
static inline bool wg__has_kinks(const wg_op *op, int n)
{
    return op->kink && (op->flags & WG_ELEMENTWISE) && n <= WG__KINK_OPERANDS;
}

#endif
