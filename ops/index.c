/* What operators on indices share. */
#include "ops/index.h"

wg_status wg__index_fail(const wg_call *c, int64_t index, int64_t position, int axis, int64_t size)
{
    return wg_call_fail(c, WG_ERR_RANGE, "index %lld at position %lld is out of range for axis %d of size %lld",
                        (long long)index, (long long)position, axis, (long long)size);
}

wg_status wg__infer_index(wg_infer *t, int slot)
{
    if (t->in_type[slot] != WG_I32 && t->in_type[slot] != WG_I64)
        return wg_infer_fail(t, WG_ERR_DTYPE, "takes indices of i32 or i64, got %s", wg_dtype_name(t->in_type[slot]));
    return WG_OK;
}

int wg__infer_axis(wg_infer *t, int64_t axis)
{
    int rank = t->in[0].rank, at = wg_axis_of((int)axis, rank);
    if (at < 0)
        wg_infer_fail(t, WG_ERR_ARG, "axis %lld is out of range for rank %d", (long long)axis, rank);
    return at;
}

int64_t wg__line_start(const wg_shape *of, const wg_shape *in, int axis, int64_t line)
{
    int64_t start = 0, stride = 1;
    for (int i = of->rank - 1; i >= 0; i--) {
        if (i != axis) {
            int64_t at = line % of->dim[i];
            if (at >= in->dim[i])
                return -1;
            line /= of->dim[i];
            start += at * stride;
        }
        stride *= in->dim[i];
    }
    return start;
}

int64_t wg__axis_stride(const wg_shape *s, int axis)
{
    int64_t stride = 1;
    for (int i = axis + 1; i < s->rank; i++)
        stride *= s->dim[i];
    return stride;
}
