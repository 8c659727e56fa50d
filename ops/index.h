/* Tensors of indices: i32 or i64, along one axis of another operand. A negative index counts from the axis' end, as in
 * NumPy; embedding and one_hot refuse it, as PyTorch does. An index that is out of range fails the run. */
#ifndef WG_OPS_INDEX_H
#define WG_OPS_INDEX_H

#include "ops/along.h"

/* Element i of operand `slot`. */
static inline int64_t wg__index_at(const wg_call *c, int slot, int64_t i)
{
    return c->in_type[slot] == WG_I64 ? ((const int64_t *)c->in[slot])[i] : ((const int32_t *)c->in[slot])[i];
}

/* Into 0..size-1; -1 when out of range. */
static inline int64_t wg__index_wrap(int64_t index, int64_t size)
{
    index += index < 0 ? size : 0;
    return index >= 0 && index < size ? index : -1;
}

/* WG_ERR_RANGE for element `position` of the indices. */
wg_status wg__index_fail(const wg_call *, int64_t index, int64_t position, int axis, int64_t size);

/* WG_ERR_DTYPE unless operand `slot` holds indices. */
wg_status wg__infer_index(wg_infer *, int slot);
/* Puts into range and checks the axis of operand 0; -1, and the failure is recorded. */
int wg__infer_axis(wg_infer *, int64_t axis);

/* Where line number `line` along the axis of tensors of shape `of` begins in one of shape `in`, of equal rank; -1: it lies
 * outside. */
int64_t wg__line_start(const wg_shape *of, const wg_shape *in, int axis, int64_t line);
/* The distance between neighbours along the axis, in elements. */
int64_t wg__axis_stride(const wg_shape *, int axis);

#endif
