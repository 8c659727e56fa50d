/* Views: typed access to memory that somebody else owns. */
#include <math.h>

#include "base/error.h"
#include "tensor/shape.h"

wg_view wg_view_of(const void *data, wg_dtype type, wg_shape shape)
{
    return (wg_view){ .data = data, .shape = shape, .dtype = type };
}

/* The elements of a contiguous view of one type. Where the view stands for a failure, its cause has been told already.
 * */
static const void *elements(const wg_view *v, wg_dtype type, size_t *n)
{
    int64_t count = wg_shape_count(v->shape);
    const void *data = NULL;

    if (v->data == NULL) {
        if (wg_error_status() == WG_OK)
            wg__fail(WG_ERR_ARG, "a view without data");
    } else if (v->dtype != type) {
        wg__fail(WG_ERR_DTYPE, "a view of %s was read as %s", wg_dtype_name(v->dtype), wg_dtype_name(type));
    } else if (v->strided || count < 0) {
        wg__fail(WG_ERR_ARG, "a %s view was read as a plain array", v->strided ? "strided" : "malformed");
    } else {
        data = v->data;
    }
    if (n != NULL)
        *n = data == NULL ? 0 : (size_t)count;
    return data;
}

const float *wg_view_f32(wg_view v, size_t *n) { return elements(&v, WG_F32, n); }

const double *wg_view_f64(wg_view v, size_t *n) { return elements(&v, WG_F64, n); }

const int32_t *wg_view_i32(wg_view v, size_t *n) { return elements(&v, WG_I32, n); }

const int64_t *wg_view_i64(wg_view v, size_t *n) { return elements(&v, WG_I64, n); }

const uint8_t *wg_view_u8(wg_view v, size_t *n) { return elements(&v, WG_U8, n); }

const bool *wg_view_bool(wg_view v, size_t *n) { return elements(&v, WG_BOOL, n); }

double wg_view_at(wg_view v, int64_t i)
{
    int64_t offset = 0;

    if (v.data == NULL || i < 0 || i >= wg_shape_count(v.shape) || wg_dtype_size(v.dtype) == 0)
        return NAN;
    if (!v.strided)
        return wg__load(v.data, v.dtype, i);
    for (int axis = v.shape.rank - 1; axis >= 0; axis--) {
        offset += i % v.shape.dim[axis] * v.stride[axis];
        i /= v.shape.dim[axis];
    }
    return wg__load(v.data, v.dtype, offset);
}
