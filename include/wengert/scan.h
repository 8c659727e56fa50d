/* Loops over an axis, written in straight-line code.
 *
 *     wg_scan *s = wg_scan_begin(g, 1);                  over axis 1 of x (N, T, C)
 *     wg_node *xt = wg_scan_slice(s, x);                 (N, C): of one iteration
 *     wg_node *h = wg_scan_carry(s, h0);                 (N, H): from one iteration to the next, h0 at first
 *     wg_node *next = wg_tanh(wg_add(wg_matmul(xt, w), wg_matmul(h, u)));
 *     wg_scan_next(s, h, next);
 *     wg_node *y = wg_scan_stack(s, next);               (N, T, H): of all iterations
 *     wg_node *last = wg_scan_last(s, h);                (N, H): the carry after the last
 *     wg_scan_end(s);
 *
 * What is made of slices and carries is computed once an iteration; every other node that it uses (w, u) is of outside, and
 * the same in all iterations. Nodes of inside cannot be used outside, but for what stack and last give. Random operators
 * made between begin and end draw anew in each iteration. Scans may be nested: a scan that begins while another is open
 * ends before it.
 *
 * The whole becomes one operation, "scan", which is differentiated as any other, to any order; lengths may be known only at
 * run time, and be 0: then `last` is what the carry began with. A scan belongs to its graph, and is not freed.
 */
#ifndef WENGERT_SCAN_H
#define WENGERT_SCAN_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Begins a scan over that axis of each of its slices and stacks; negative: from the end. NULL: WG_ERR_NOMEM, WG_ERR_GRAPH. */
WG_API wg_scan *wg_scan_begin(wg_graph *, int axis);
/* What an iteration sees of x, without the axis. All slices have one length. NULL: WG_ERR_ARG (no such axis, or the scan has
 * ended), WG_ERR_SHAPE (another length than the slices before), WG_ERR_NOMEM. */
WG_API wg_node *wg_scan_slice(wg_scan *, wg_node *x);
/* A value that goes from iteration to iteration, `first` in the first one. NULL: WG_ERR_ARG, WG_ERR_NOMEM. */
WG_API wg_node *wg_scan_carry(wg_scan *, wg_node *first);
/* What the carry is in the next iteration, once for each carry. WG_ERR_SHAPE, WG_ERR_DTYPE: not as the carry; WG_ERR_ARG: no carry
 * of this scan, or it has its next. */
WG_API void wg_scan_next(wg_scan *, wg_node *carry, wg_node *next);
/* The values that a node has in all iterations, along the axis; and a carry's value after the last iteration. Usable after
 * wg_scan_end. NULL: WG_ERR_ARG, WG_ERR_NOMEM. */
WG_API wg_node *wg_scan_stack(wg_scan *, wg_node *);
WG_API wg_node *wg_scan_last(wg_scan *, wg_node *carry);
/* Before the end, for long sequences: the adjoint keeps the carries of every stretch-th iteration alone, and computes what it
 * needs of a stretch again when it comes to it. So for T iterations memory for T / stretch carries and one stretch's
 * values, and one more forward pass; least with a stretch of about sqrt(T). Values and derivatives are the same, but
 * that draws are others. 0 keeps everything, as scans do. WG_ERR_ARG: below 0, or the scan has ended. */
WG_API void wg_scan_remat(wg_scan *, int64_t stretch);
/* Ends the scan. WG_ERR_ARG: it has no slice, a carry has no next, there is nothing to give, or another scan inside has not
 * ended; WG_ERR_NOMEM. */
WG_API void wg_scan_end(wg_scan *);

#ifdef __cplusplus
}
#endif
#endif
