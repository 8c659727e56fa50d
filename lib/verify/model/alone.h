/* Runs of a whole model compared with its operations alone. */
#ifndef WG_VERIFY_ALONE_H
#define WG_VERIFY_ALONE_H

#include "verify/model/blame.h"

/* Every operation of `narrow`, an f32 model, against the same operation of `wide` in f64 on the very operands that it had: its
 * results, and the shares that its adjoint sends. Adds a failed check ("f32") for each that differs by more than
 * rounding, and counts them. */
wg_status wg__alone_narrow(wg__trace *narrow, wg__trace *wide, size_t *guilty);
/* Two kept runs of one model: adds a failed check ("threads") for the first operation whose bits differ although its
 * operands' do not. False: there is none. */
bool wg__alone_differs(const wg__trace *a, const wg__trace *b, int threads_a, int threads_b, wg_report *);

/* The plan that keeps every value against the plan for `wanted` and one node more, node after node: adds a failed check ("plan")
 * for the first that has other bits there. Many runs: for when it is known that something has. *named: there is one. */
wg_status wg__alone_unkept(const wg__trace *kept, wg_nodes wanted, wg_report *, bool *named);

#endif
