/* conv_transpose1d, 2d, 3d: x spread by windows that lie `stride` apart, the adjoint of a convolution as an operator of its
 * own, whose result has the size that such a convolution's operand had at least. */
#include <string.h>

#include "ops/conv.h"
#include "ops/patches.h"

/* First, what it has in common with convolutions. */
typedef struct transposed {
    wg__conv_attrs conv;
    wg_list output_padding;
} transposed;

static wg_status lower(wg_lowering *l)
{
    const wg__conv_attrs *at = l->attrs;
    wg__patches v = wg__patches_of(&at->sliding, at->groups, l->out_shape, &l->in_shape[1], &l->in_shape[0], true);
    v.bias = l->n_in > 2;
    const wg_status status = WG_ISA_SYM(wg__conv_cut)(&v, l, wg_dtype_size(l->in_type[0]));
    memcpy(l->params, &v, sizeof v);
    return status;
}

#define TRANSPOSED_KERNELS(op)                                                                                         \
    WG_KERNELS(op, .forward = WG_CONV_KERNEL(multiply), .stage = WG_CONV_STAGES, .lower = lower)
TRANSPOSED_KERNELS(conv_transpose1d);
TRANSPOSED_KERNELS(conv_transpose2d);
TRANSPOSED_KERNELS(conv_transpose3d);

#ifdef WG_BASELINE

#include "base/checked.h"
#include "graph/graph.h"

/* The size along a spatial axis: (size - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1. */
static wg_status result_size(wg_infer *t, int axis, int64_t size, int64_t kernel, int64_t *out)
{
    const transposed *at = t->attrs;
    const int64_t stride = wg__spatial(at->conv.sliding.stride, axis),
                  dilation = wg__spatial(at->conv.sliding.dilation, axis);
    const int64_t more = wg__spatial(at->output_padding, axis);
    int64_t reach;
    if (more >= stride && more >= dilation)
        return wg_infer_fail(t, WG_ERR_ARG, "output_padding must be less than the stride or the dilation, got %lld",
                             (long long)more);
    if (kernel == 0)
        return wg_infer_fail(t, WG_ERR_SHAPE, "the kernel has no elements along axis %d", WG__SPATIAL + axis);
    if (size == 0)
        return wg_infer_fail(t, WG_ERR_SHAPE, "x has no elements along axis %d", WG__SPATIAL + axis);
    *out = WG_ANY;
    if (kernel < 0)
        return WG_OK;
    bool fits = wg__mul_i64(kernel - 1, dilation, &reach);
    const int64_t around = fits ? reach + 1 + more - 2 * wg__spatial(at->conv.sliding.padding, axis) : 0;
    if (size < 0) {
        if (stride == 1 && around == 1)
            *out = size;
        return WG_OK;
    }
    fits = fits && wg__mul_i64(size - 1, stride, out) && wg__add_i64(*out, around, out);
    if (!fits)
        return wg_infer_fail(t, WG_ERR_RANGE, "axis %d would become too large", WG__SPATIAL + axis);
    if (*out < 1)
        return wg_infer_fail(t, WG_ERR_SHAPE, "nothing is left of axis %d, of size %lld", WG__SPATIAL + axis,
                             (long long)size);
    return WG_OK;
}

static wg_status infer(wg_infer *t, int axes)
{
    const wg_shape *x = &t->in[0], *w = &t->in[1];
    wg_shape *y = &t->out[0];
    int64_t outer = WG_ANY, inner = WG_ANY;
    wg_status status = wg__conv_operands(t, x, w, axes, &outer, &inner);
    if (!status)
        status = wg__conv_channels(t, x, w, outer);
    if (!status)
        status = wg__infer_spatial_list(t, "output_padding", ((const transposed *)t->attrs)->output_padding, axes, 0);
    *y = (wg_shape){ { x->dim[0], inner }, x->rank };
    for (int i = 0; !status && i < axes; i++)
        status = result_size(t, i, x->dim[WG__SPATIAL + i], w->dim[WG__SPATIAL + i], &y->dim[WG__SPATIAL + i]);
    return status ? status : wg__conv_bias(t, inner);
}

static wg_status conv_transpose1d_infer(wg_infer *t) { return infer(t, 1); }
static wg_status conv_transpose2d_infer(wg_infer *t) { return infer(t, 2); }
static wg_status conv_transpose3d_infer(wg_infer *t) { return infer(t, 3); }

/* x with `sign` times as many more elements at the end of each axis as windows fit into output_padding alone: there, a
 * convolution of the result has windows that x has not. */
static wg_node *lengthened(wg_node *x, const transposed *at, int sign)
{
    const int rank = wg_node_shape(x).rank;
    wg_list before = { .n = rank }, after = { .n = rank };
    bool any = false;
    for (int i = WG__SPATIAL; i < rank; i++) {
        const int64_t more =
            wg__spatial(at->output_padding, i - WG__SPATIAL) / wg__spatial(at->conv.sliding.stride, i - WG__SPATIAL);
        after.at[i] = sign * more;
        any |= more > 0;
    }
    return any ? wg_pad(x, before, after, WG_PAD_CONSTANT, 0) : x;
}

static wg_node *backward(const wg_adjoint *a, int slot)
{
    const transposed *at = a->attrs;
    wg_node *x = a->in[0], *w = a->in[1], *g = a->cotangent;
    return slot == 0   ? lengthened(wg__conv(g, w, &at->conv), at, -1)
           : slot == 1 ? wg__conv_weight_grad(lengthened(x, at, 1), g, w, &at->conv)
                       : wg__conv_bias_grad(g);
}

static double flops(const wg_call *c) { return wg__conv_flops(&c->in_shape[0], &c->in_shape[1]); }

static const wg_attr attrs[] = {
    WG_CONV_ATTRS,
    { "output_padding", WG_ATTR_LIST, offsetof(transposed, output_padding), "0", NULL },
    { 0 },
};

static const transposed strided = { { { WG_DIMS(2), WG_DIMS(1), WG_DIMS(1) }, 1 }, WG_DIMS(1) },
                        uneven = { { { WG_DIMS(2, 1), WG_DIMS(0, 2), WG_DIMS(1, 3) }, 1 }, WG_DIMS(0, 2) },
                        grouped = { { { WG_DIMS(3), WG_DIMS(0), WG_DIMS(1) }, 2 }, WG_DIMS(0) };
static const wg_sample conv_transpose1d_samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 3, 4), WG_VALUES(-2, 2, 3, 2, 3), WG_VALUES(-2, 2, 2) } },
    { .in = { WG_VALUES(-2, 2, 2, 2, 4), WG_VALUES(-2, 2, 2, 2, 3), WG_VALUES(-2, 2, 2) }, .attrs = &strided },
    { .in = { WG_VALUES(-2, 2, 1, 2, 3), WG_VALUES(-2, 2, 2, 1, 2), WG_VALUES(-2, 2, 2) }, .attrs = &grouped },
};
static const wg_sample conv_transpose2d_samples[] = {
    { .in = { WG_VALUES(-2, 2, 1, 2, 3, 2), WG_VALUES(-2, 2, 2, 3, 3, 2) }, .n = 2 },
    { .in = { WG_VALUES(-2, 2, 2, 2, 2, 3), WG_VALUES(-2, 2, 2, 1, 3, 3), WG_VALUES(-2, 2, 1) }, .attrs = &strided },
    { .in = { WG_VALUES(-2, 2, 1, 2, 1, 3), WG_VALUES(-2, 2, 2, 4, 3, 2), WG_VALUES(-2, 2, 4) }, .attrs = &uneven },
    { .in = { WG_VALUES(-2, 2, 2, 4, 3, 1), WG_VALUES(-2, 2, 4, 1, 2, 2) }, .attrs = &grouped, .n = 2 },
    { .in = { WG_VALUES(-2, 2, 1, 5, 2, 3), WG_VALUES(-2, 2, 5, 2, 3, 3), WG_VALUES(-2, 2, 2) }, .attrs = &strided },
};
static const wg_sample conv_transpose3d_samples[] = {
    { .in = { WG_VALUES(-2, 2, 1, 2, 1, 3, 1), WG_VALUES(-2, 2, 2, 1, 2, 1, 3), WG_VALUES(-2, 2, 1) } },
    { .in = { WG_VALUES(-2, 2, 1, 1, 2, 1, 3), WG_VALUES(-2, 2, 1, 1, 3, 2, 1) }, .attrs = &strided, .n = 2 },
};

#define TRANSPOSED(op, sizes)                                                                                          \
    const wg_op wg_op_##op = {                                                                                         \
        WG_OP,                                                                                                         \
        .name = #op,                                                                                                   \
        .doc = "b + x times w, added up where the windows of a convolution would lie; x (N, C, " sizes                 \
               "), w (C, out / groups, kernel..), b (out)",                                                            \
        .arity = 3,                                                                                                    \
        .optional = 1,                                                                                                 \
        .attrs = attrs,                                                                                                \
        .attrs_size = sizeof(transposed),                                                                              \
        .infer = op##_infer,                                                                                           \
        .forward = WG_CONV_KERNEL(multiply),                                                                           \
        .stage = WG_CONV_STAGES,                                                                                       \
        .lower = lower,                                                                                                \
        .backward = backward,                                                                                          \
        .flops = flops,                                                                                                \
        WG_SAMPLES(op##_samples)                                                                                       \
    }
TRANSPOSED(conv_transpose1d, "L");
TRANSPOSED(conv_transpose2d, "H, W");
TRANSPOSED(conv_transpose3d, "D, H, W");

static wg_node *apply(const wg_op *op, wg_node *x, wg_node *w, wg_node *b, wg_axes output_padding,
                      const wg_conv_opts *opts)
{
    transposed at = { .output_padding = wg__list_or(output_padding, WG_LIST(0)) };
    if (!wg__sliding_options(&at.conv.sliding, &at.conv.groups, opts, WG_LIST(1)))
        return wg__graph_fail_again(wg_node_graph(x));
    return wg_apply(op, (wg_nodes){ (wg_node *[]){ x, w, b }, b ? 3 : 2 }, &at);
}

wg_node *wg_conv_transpose1d(wg_node *x, wg_node *w, wg_node *b, wg_axes output_padding, const wg_conv_opts *opts)
{
    return apply(&wg_op_conv_transpose1d, x, w, b, output_padding, opts);
}

wg_node *wg_conv_transpose2d(wg_node *x, wg_node *w, wg_node *b, wg_axes output_padding, const wg_conv_opts *opts)
{
    return apply(&wg_op_conv_transpose2d, x, w, b, output_padding, opts);
}

wg_node *wg_conv_transpose3d(wg_node *x, wg_node *w, wg_node *b, wg_axes output_padding, const wg_conv_opts *opts)
{
    return apply(&wg_op_conv_transpose3d, x, w, b, output_padding, opts);
}

#endif
