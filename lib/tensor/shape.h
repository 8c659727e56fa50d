/* Shapes: arithmetic on sizes that may be known by name only, or not at all. */
#ifndef WG_TENSOR_SHAPE_H
#define WG_TENSOR_SHAPE_H

#include <wengert/tensor.h>

static inline bool wg__dim_known(int64_t d) { return d >= 0; }
static inline bool wg__is_float(wg_dtype t) { return t == WG_F32 || t == WG_F64; }

/* Known everywhere, and the product fits. */
bool wg__shape_known(const wg_shape *);
/* Rank in 0..8, each size >= 0, a named size, or WG_ANY. */
bool wg__shape_valid(const wg_shape *);
/* Bytes of a tensor of known shape; false on overflow. */
bool wg__shape_bytes(const wg_shape *, wg_dtype, size_t *bytes);
/* Row-major strides in elements. */
void wg__shape_strides(const wg_shape *, int64_t stride[WG_MAX_RANK]);
/* Strides with which an operand of shape `from` is read while walking `to` (0 where it is broadcast). `to` is from's
 * broadcast. */
void wg__broadcast_strides(const wg_shape *from, const wg_shape *to, int64_t stride[WG_MAX_RANK]);
/* NumPy's rule for two shapes; sizes that are unknown broadcast only against a literal 1 or a missing axis. False: no
 * fit; *axis (from the end, 1 = last) tells where. */
bool wg__broadcast(const wg_shape *a, const wg_shape *b, wg_shape *out, int *axis);
/* Copies any view into contiguous memory of its own type. */
void wg__view_copy(void *to, wg_view from);
/* Element type conversion of n contiguous elements. */
void wg__convert(void *to, wg_dtype to_type, const void *from, wg_dtype from_type, int64_t n);
/* One element as a double / from a double. */
double wg__load(const void *p, wg_dtype, int64_t i);
void wg__store(void *p, wg_dtype, int64_t i, double value);
/* Element i of a view that has it: wg_view_at, without asking. */
static inline double wg__view_element(const wg_view *v, int64_t i)
{
    return v->strided ? wg_view_at(*v, i) : wg__load(v->data, v->dtype, i);
}

#endif
