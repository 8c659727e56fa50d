/* expand_dims, squeeze: axes of size 1 come and go. */
#include "ops/builtin.h"
#include "ops/op.h"

WG_NO_KERNELS(expand_dims);
WG_NO_KERNELS(squeeze);

#ifdef WG_BASELINE

/* Axes are those of the result, as in NumPy. */
static wg_status expand_dims_infer(wg_infer *t)
{
    wg_axes axes = *(const wg_axes *)t->attrs;
    int rank = t->in[0].rank + axes.n;
    bool on[WG_MAX_RANK];
    if (axes.n < 0 || rank > WG_MAX_RANK)
        return wg_infer_fail(t, WG_ERR_ARG, "needs a list of axes, and gives at most %d", WG_MAX_RANK);
    wg_status status = wg_infer_axes(t, axes, rank, on);
    t->out[0].rank = rank;
    for (int i = 0, from = 0; !status && i < rank; i++)
        t->out[0].dim[i] = on[i] ? 1 : t->in[0].dim[from++];
    return status;
}

static wg_status squeeze_infer(wg_infer *t)
{
    wg_axes axes = *(const wg_axes *)t->attrs;
    const wg_shape *x = &t->in[0];
    bool on[WG_MAX_RANK];
    wg_status status = wg_infer_axes(t, axes, x->rank, on);
    int rank = 0;
    for (int i = 0; !status && i < x->rank; i++) {
        if (axes.n >= 0 && on[i] && x->dim[i] != 1) {
            char text[96];
            return wg_infer_fail(t, WG_ERR_SHAPE, "axis %d of %s is not 1", i, wg_shape_text(*x, text, sizeof text));
        }
        if (!on[i] || x->dim[i] != 1)
            t->out[0].dim[rank++] = x->dim[i];
    }
    t->out[0].rank = rank;
    return status;
}

static wg_node *reshape_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_reshape_like(a->cotangent, a->in[0]);
}

static const wg_attr expand_attrs[] = { { "axes", WG_ATTR_AXES, 0, NULL, NULL }, { 0 } };
static const wg_attr squeeze_attrs[] = { { "axes", WG_ATTR_AXES, 0, "null", NULL }, { 0 } };

static const wg_axes ends = { { 0, -1 }, 2 }, second = { { 1 }, 1 };
static const wg_sample expand_samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 3) }, .attrs = &ends },
    { .in = { WG_VALUES(-2, 2, 4) }, .attrs = &second },
};
static const wg_sample squeeze_samples[] = {
    { .in = { WG_VALUES(-2, 2, 1, 3, 1) } },
    { .in = { WG_VALUES(-2, 2, 2, 1, 3, 1) }, .attrs = &second },
};

const wg_op wg_op_expand_dims = {
    WG_OP, .name = "expand_dims", .doc = "new axes of size 1, which the result has at `axes`", .arity = 1,
    .flags = WG_VIEW_OP, .attrs = expand_attrs, .attrs_size = sizeof(wg_axes), .infer = expand_dims_infer,
    .backward = reshape_backward, WG_SAMPLES(expand_samples),
};

const wg_op wg_op_squeeze = {
    WG_OP, .name = "squeeze", .doc = "without those axes, all of size 1; without a list: without all of size 1",
    .arity = 1, .flags = WG_VIEW_OP, .attrs = squeeze_attrs, .attrs_size = sizeof(wg_axes), .infer = squeeze_infer,
    .backward = reshape_backward, WG_SAMPLES(squeeze_samples),
};

wg_node *wg_expand_dims(wg_node *x, wg_axes axes)
{
    return wg_apply(&wg_op_expand_dims, WG_NODES(x), &axes);
}

wg_node *wg_squeeze(wg_node *x, wg_axes axes)
{
    return wg_apply(&wg_op_squeeze, WG_NODES(x), &axes);
}

#endif
