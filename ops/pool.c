#include "ops/pool.h"

#include "base/checked.h"
#include "graph/graph.h"

const wg_attr wg__max_pool_attrs[] = {
    { "kernel", WG_ATTR_LIST, offsetof(wg__pool, kernel), NULL, NULL },
    { "stride", WG_ATTR_LIST, offsetof(wg__pool, stride), "null", NULL },
    { "padding", WG_ATTR_LIST, offsetof(wg__pool, padding), "0", NULL },
    { "dilation", WG_ATTR_LIST, offsetof(wg__pool, dilation), "1", NULL },
    { 0 },
};
const wg_attr wg__avg_pool_attrs[] = {
    { "kernel", WG_ATTR_LIST, offsetof(wg__pool, kernel), NULL, NULL },
    { "stride", WG_ATTR_LIST, offsetof(wg__pool, stride), "null", NULL },
    { "padding", WG_ATTR_LIST, offsetof(wg__pool, padding), "0", NULL },
    { "count_include_pad", WG_ATTR_BOOL, offsetof(wg__pool, count_include_pad), "true", NULL },
    { 0 },
};

wg__sliding wg__pool_sliding(const wg__pool *p)
{
    return (wg__sliding){ p->stride.n > 0 ? p->stride : p->kernel, p->padding,
                          p->dilation.n > 0 ? p->dilation : WG_LIST(1) };
}

static wg_status check(wg_infer *t, const wg__pool *p, const wg__sliding *s, int axes)
{
    wg_status status = wg__infer_spatial_list(t, "kernel", p->kernel, axes, 1);
    if (!status)
        status = wg__infer_sliding(t, s, axes);
    int64_t taps = 1;
    for (int i = 0; i < axes && !status; i++) {
        const int64_t kernel = wg__spatial(p->kernel, i), padding = wg__spatial(s->padding, i);
        if (!wg__mul_i64(taps, kernel, &taps) || taps > INT32_MAX)
            status = wg_infer_fail(t, WG_ERR_RANGE, "the kernel has more than %d elements", INT32_MAX);
        else if (padding > kernel / 2)
            status = wg_infer_fail(t, WG_ERR_ARG, "padding of %lld is more than half of the kernel, %lld",
                                   (long long)padding, (long long)kernel);
    }
    return status;
}

wg_status wg__pool_shape(wg_infer *t, const wg_shape *x, int axes, wg_shape *y)
{
    const wg__pool *p = t->attrs;
    const wg__sliding s = wg__pool_sliding(p);
    *y = *x;
    wg_status status = axes ? wg__infer_spatial(t, x, axes) : wg__infer_plane(t, x);
    axes = x->rank - WG__SPATIAL;
    if (!status)
        status = check(t, p, &s, axes);
    for (int i = 0; i < axes && !status; i++) {
        if (x->dim[WG__SPATIAL + i] == 0)
            return wg_infer_fail(t, WG_ERR_SHAPE, "there are no elements along axis %d", WG__SPATIAL + i);
        status =
            wg__infer_windows(t, &s, i, x->dim[WG__SPATIAL + i], wg__spatial(p->kernel, i), &y->dim[WG__SPATIAL + i]);
    }
    return status;
}

bool wg__pool_options(wg__pool *p, const wg_node *x, wg_axes kernel, const wg_conv_opts *given)
{
    wg__sliding s;
    int64_t groups;
    wg_graph *g = wg_node_graph(x);
    if (!wg__sliding_options(&s, &groups, given, WG_NO_LIST)) {
        wg__graph_fail_again(g);
        return false;
    }
    if (groups != 1) {
        wg__graph_fail(g, WG_ERR_ARG, "pooling has no groups, got %lld", (long long)groups);
        return false;
    }
    *p = (wg__pool){ wg__list_or(kernel, WG_LIST(0)), s.stride, s.padding, s.dilation, true };
    return true;
}
