/* The geometry of windows, with sizes that may be known by name only. */
#include "ops/sliding.h"

#include "base/checked.h"
#include "base/options.h"
#include "ops/elementwise.h"

wg_status wg__infer_spatial(wg_infer *t, const wg_shape *x, int axes)
{
    const int rank = axes ? WG__SPATIAL + axes : x->rank;
    char text[96];
    if (x->rank != rank || x->rank <= WG__SPATIAL || x->rank > WG__SPATIAL + WG__SPATIAL_MAX)
        return wg_infer_fail(t, WG_ERR_SHAPE, "takes (N, C, %s), got %s",
                             axes == 1   ? "one spatial size"
                             : axes == 2 ? "two spatial sizes"
                             : axes == 3 ? "three spatial sizes"
                                         : "one to three spatial sizes",
                             wg_shape_text(*x, text, sizeof text));
    return wg__infer_types(t, false);
}

wg_status wg__infer_spatial_list(wg_infer *t, const char *name, wg_list list, int axes, int64_t least)
{
    if (list.n != 1 && list.n != axes)
        return wg_infer_fail(t, WG_ERR_ARG, "%s has %d numbers for %d spatial axes", name, list.n < 0 ? 0 : list.n,
                             axes);
    for (int i = 0; i < list.n; i++)
        if (list.at[i] < least || list.at[i] > INT32_MAX)
            return wg_infer_fail(t, WG_ERR_ARG, "%s must be in %d..%d, got %lld", name, (int)least, INT32_MAX,
                                 (long long)list.at[i]);
    return WG_OK;
}

wg_status wg__infer_sliding(wg_infer *t, const wg__sliding *s, int axes)
{
    wg_status status = wg__infer_spatial_list(t, "stride", s->stride, axes, 1);
    if (!status)
        status = wg__infer_spatial_list(t, "padding", s->padding, axes, 0);
    return status ? status : wg__infer_spatial_list(t, "dilation", s->dilation, axes, 1);
}

wg_status wg__infer_windows(wg_infer *t, const wg__sliding *s, int axis, int64_t size, int64_t kernel, int64_t *windows)
{
    const int64_t stride = wg__spatial(s->stride, axis), padding = wg__spatial(s->padding, axis);
    const int64_t dilation = wg__spatial(s->dilation, axis);
    int64_t reach, padded;
    *windows = WG_ANY;
    if (kernel == 0)
        return wg_infer_fail(t, WG_ERR_SHAPE, "the kernel has no elements along axis %d", WG__SPATIAL + axis);
    if (kernel < 0)
        return WG_OK;
    if (!wg__mul_i64(kernel - 1, dilation, &reach) || !wg__add_i64(reach, 1, &reach))
        return wg_infer_fail(t, WG_ERR_RANGE, "the kernel is too large along axis %d", WG__SPATIAL + axis);
    if (size < 0) {
        if (stride == 1 && 2 * padding == reach - 1)
            *windows = size;
        return WG_OK;
    }
    if (!wg__add_i64(size, 2 * padding, &padded))
        return wg_infer_fail(t, WG_ERR_RANGE, "axis %d is too large", WG__SPATIAL + axis);
    if (reach > padded)
        return wg_infer_fail(t, WG_ERR_SHAPE,
                             "the kernel reaches over %lld elements along axis %d, of size %lld with padding",
                             (long long)reach, WG__SPATIAL + axis, (long long)padded);
    *windows = (padded - reach) / stride + 1;
    return WG_OK;
}

wg_status wg__infer_plane(wg_infer *t, const wg_shape *x)
{
    wg_status status = wg__infer_spatial(t, x, 0);
    if (!status && x->rank > WG__SPATIAL + 2)
        return wg_infer_fail(t, WG_ERR_SHAPE, "takes one or two spatial sizes, got %d", x->rank - WG__SPATIAL);
    return status;
}

wg_status wg__infer_transposed(wg_infer *t, const wg_shape *y, const char *what)
{
    bool fits = t->in[0].rank == y->rank;
    int64_t size;
    for (int i = 0; fits && i < y->rank; i++)
        fits = wg_dim_unify(y->dim[i], t->in[0].dim[i], &size);
    t->out[0] = t->in[1];
    char a[96], b[96];
    if (!fits)
        return wg_infer_fail(t, WG_ERR_SHAPE, "%s is not what %s %s gives", wg_shape_text(t->in[0], a, sizeof a), what,
                             wg_shape_text(t->in[1], b, sizeof b));
    return WG_OK;
}

wg_list wg__list_or(wg_axes axes, wg_list otherwise)
{
    wg_list list = { .n = axes.n };
    for (int i = 0; i < axes.n && i < WG_MAX_RANK; i++)
        list.at[i] = axes.at[i];
    return axes.n ? list : otherwise;
}

bool wg__sliding_options(wg__sliding *s, int64_t *groups, const wg_conv_opts *given, wg_list stride)
{
    wg_conv_opts own;
    if (!wg__options(&own, sizeof own, given, "wg_conv_opts"))
        return false;
    *s = (wg__sliding){ wg__list_or(own.stride, stride), wg__list_or(own.padding, WG_LIST(0)),
                        wg__list_or(own.dilation, WG_LIST(1)) };
    *groups = own.groups ? own.groups : 1;
    return true;
}
