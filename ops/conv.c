/* conv1d, conv2d, conv3d: y = b + the sum over a window's elements of w times x, and conv_input_grad, the adjoint for x. One
 * implementation for any number of axes: ops/patches.h says how. */
#include <string.h>

#include "ops/conv.h"
#include "ops/patches.h"

static wg_status conv_lower(wg_lowering *l)
{
    const wg__conv_attrs *at = l->attrs;
    wg__patches v = wg__patches_of(&at->sliding, at->groups, &l->in_shape[0], &l->in_shape[1], l->out_shape, false);
    v.bias = l->n_in > 2;
    const wg_status status = WG_ISA_SYM(wg__conv_cut)(&v, l, wg_dtype_size(l->in_type[0]));
    memcpy(l->params, &v, sizeof v);
    return status;
}

static wg_status input_lower(wg_lowering *l)
{
    const wg__conv_attrs *at = l->attrs;
    wg__patches v = wg__patches_of(&at->sliding, at->groups, l->out_shape, &l->in_shape[1], &l->in_shape[0], true);
    const wg_status status = WG_ISA_SYM(wg__conv_cut)(&v, l, wg_dtype_size(l->in_type[0]));
    memcpy(l->params, &v, sizeof v);
    return status;
}

WG_KERNELS(conv1d, .forward = WG_CONV_KERNEL(multiply), .stage = WG_CONV_STAGES, .lower = conv_lower);
WG_KERNELS(conv2d, .forward = WG_CONV_KERNEL(multiply), .stage = WG_CONV_STAGES, .lower = conv_lower);
WG_KERNELS(conv3d, .forward = WG_CONV_KERNEL(multiply), .stage = WG_CONV_STAGES, .lower = conv_lower);
WG_KERNELS(conv_input_grad, .forward = WG_CONV_KERNEL(multiply), .stage = WG_CONV_STAGES,
           .lower = input_lower);

#ifdef WG_BASELINE

#include "base/checked.h"
#include "graph/graph.h"

/* ---- shapes ---- */

const wg_attr wg__conv_attrs_table[] = { WG_CONV_ATTRS, { 0 } };

/* Unless it is one group, a number of channels that is not known by now has no name in the other operand. */
static bool times(int64_t channels, int64_t groups, int64_t *all)
{
    *all = channels < 0 && groups > 1 ? WG_ANY : channels;
    return channels < 0 || wg__mul_i64(channels, groups, all);
}

wg_status wg__conv_operands(wg_infer *t, const wg_shape *x, const wg_shape *w, int axes, int64_t *outer, int64_t *inner)
{
    const wg__conv_attrs *at = t->attrs;
    char text[96];
    wg_status status = wg__infer_spatial(t, x, axes);
    if (!status)
        status = wg__infer_sliding(t, &at->sliding, x->rank - WG__SPATIAL);
    if (status)
        return status;
    if (at->groups < 1)
        return wg_infer_fail(t, WG_ERR_ARG, "groups must be 1 or more, got %lld", (long long)at->groups);
    if (w->rank != x->rank)
        return wg_infer_fail(t, WG_ERR_SHAPE, "w must have x's rank, got %s", wg_shape_text(*w, text, sizeof text));
    *outer = w->dim[0];
    if (*outer % at->groups != 0 && *outer >= 0)
        return wg_infer_fail(t, WG_ERR_SHAPE, "w %s does not divide into %lld groups",
                             wg_shape_text(*w, text, sizeof text), (long long)at->groups);
    if (!times(w->dim[1], at->groups, inner))
        return wg_infer_fail(t, WG_ERR_RANGE, "w has too many channels in %lld groups", (long long)at->groups);
    return WG_OK;
}

wg_status wg__conv_channels(wg_infer *t, const wg_shape *x, const wg_shape *w, int64_t channels)
{
    char a[96], b[96];
    if (wg_dim_unify(x->dim[1], channels, &channels))
        return WG_OK;
    const long long groups = (long long)((const wg__conv_attrs *)t->attrs)->groups;
    return wg_infer_fail(t, WG_ERR_SHAPE, "x %s has other channels than w %s takes in %lld group%s",
                         wg_shape_text(*x, a, sizeof a), wg_shape_text(*w, b, sizeof b), groups,
                         groups == 1 ? "" : "s");
}

wg_status wg__conv_shape(wg_infer *t, const wg_shape *x, const wg_shape *w, int axes, wg_shape *y)
{
    const wg__conv_attrs *at = t->attrs;
    int64_t outer = WG_ANY, inner = WG_ANY;
    wg_status status = wg__conv_operands(t, x, w, axes, &outer, &inner);
    if (!status)
        status = wg__conv_channels(t, x, w, inner);
    if (status)
        return status;
    *y = (wg_shape){ { x->dim[0], outer }, x->rank };
    for (int i = 0; !status && i < x->rank - WG__SPATIAL; i++)
        status = wg__infer_windows(t, &at->sliding, i, x->dim[WG__SPATIAL + i], w->dim[WG__SPATIAL + i],
                                   &y->dim[WG__SPATIAL + i]);
    return status;
}

wg_status wg__conv_fits(wg_infer *t, const wg_shape *g, const wg_shape *y)
{
    bool fits = g->rank == y->rank;
    int64_t size;
    for (int i = 0; fits && i < y->rank; i++)
        fits = wg_dim_unify(g->dim[i], y->dim[i], &size);
    if (fits)
        return WG_OK;
    char a[96], b[96];
    return wg_infer_fail(t, WG_ERR_SHAPE, "g is %s, and the convolution's result %s", wg_shape_text(*g, a, sizeof a),
                         wg_shape_text(*y, b, sizeof b));
}

wg_status wg__conv_bias(wg_infer *t, int64_t channels)
{
    char text[96];
    if (t->n_in < 3 || (t->in[2].rank == 1 && wg_dim_unify(t->in[2].dim[0], channels, &channels)))
        return WG_OK;
    return wg_infer_fail(t, WG_ERR_SHAPE, "the bias has one number a channel of the result, got %s",
                         wg_shape_text(t->in[2], text, sizeof text));
}

static wg_status conv_infer(wg_infer *t, int axes)
{
    const wg_status status = wg__conv_shape(t, &t->in[0], &t->in[1], axes, &t->out[0]);
    return status ? status : wg__conv_bias(t, t->out[0].dim[1]);
}

static wg_status conv1d_infer(wg_infer *t) { return conv_infer(t, 1); }
static wg_status conv2d_infer(wg_infer *t) { return conv_infer(t, 2); }
static wg_status conv3d_infer(wg_infer *t) { return conv_infer(t, 3); }

static wg_status input_infer(wg_infer *t)
{
    wg_shape y;
    const wg_status status = wg__conv_shape(t, &t->in[2], &t->in[1], 0, &y);
    t->out[0] = t->in[2];
    return status ? status : wg__conv_fits(t, &t->in[0], &y);
}

/* ---- adjoints ---- */

static wg_node *conv_backward(const wg_adjoint *a, int slot)
{
    wg_node *x = a->in[0], *w = a->in[1], *g = a->cotangent;
    return slot == 0   ? wg__conv_input_grad(g, w, x, a->attrs)
           : slot == 1 ? wg__conv_weight_grad(g, x, w, a->attrs)
                       : wg__conv_bias_grad(g);
}

/* Linear in g and in w. */
static wg_node *input_backward(const wg_adjoint *a, int slot)
{
    wg_node *g = a->in[0], *w = a->in[1], *h = a->cotangent;
    return slot == 0   ? wg__conv(h, w, a->attrs)
           : slot == 1 ? wg__conv_weight_grad(g, h, w, a->attrs)
                       : wg_no_gradient(a);
}

wg_node *wg__conv_bias_grad(wg_node *g)
{
    wg_axes axes = { { 0 }, 1 };
    for (int i = WG__SPATIAL; i < wg_node_shape(g).rank; i++)
        axes.at[axes.n++] = i;
    return wg_sum(g, axes, false);
}

/* ---- descriptors ---- */

static double conv_flops(const wg_call *c) { return wg__conv_flops(&c->out_shape, &c->in_shape[1]); }
static double input_flops(const wg_call *c) { return wg__conv_flops(&c->in_shape[0], &c->in_shape[1]); }

static const wg__conv_attrs uneven = { { WG_DIMS(2, 1), WG_DIMS(1, 2), WG_DIMS(1, 2) }, 1 },
                            grouped = { { WG_DIMS(2), WG_DIMS(1), WG_DIMS(1) }, 2 },
                            padded = { { WG_DIMS(1), WG_DIMS(1), WG_DIMS(1) }, 1 },
                            sparse = { { WG_DIMS(3), WG_DIMS(0), WG_DIMS(1) }, 1 },
                            uneven_3d = { { WG_DIMS(2, 1, 2), WG_DIMS(0, 1, 1), WG_DIMS(1, 2, 1) }, 1 };
static const wg_sample conv1d_samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 3, 7), WG_VALUES(-2, 2, 4, 3, 3), WG_VALUES(-2, 2, 4) } },
    { .in = { WG_VALUES(-2, 2, 2, 2, 6), WG_VALUES(-2, 2, 2, 1, 3) }, .attrs = &grouped, .n = 2 },
    { .in = { WG_VALUES(-2, 2, 1, 2, 5), WG_VALUES(-2, 2, 2, 2, 2) }, .attrs = &sparse, .n = 2 },
    { .in = { WG_VALUES(-2, 2, 2, 5, 4), WG_VALUES(-2, 2, 2, 5, 3), WG_VALUES(-2, 2, 2) } },
};
/* Up to four channels are convolved directly, more by a product of matrices. */
static const wg_sample conv2d_samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 2, 4, 4), WG_VALUES(-2, 2, 3, 2, 3, 3), WG_VALUES(-2, 2, 3) }, .attrs = &padded },
    { .in = { WG_VALUES(-2, 2, 1, 2, 4, 5), WG_VALUES(-2, 2, 2, 2, 3, 3), WG_VALUES(-2, 2, 2) }, .attrs = &uneven },
    { .in = { WG_VALUES(-2, 2, 2, 4, 3, 4), WG_VALUES(-2, 2, 4, 2, 3, 2) }, .attrs = &grouped, .n = 2 },
    { .in = { WG_VALUES(-2, 2, 2, 3, 3, 2), WG_VALUES(-2, 2, 2, 3, 1, 1) }, .n = 2 }, /* no window mixes anything */
    { .in = { WG_VALUES(-2, 2, 1, 5, 6, 7), WG_VALUES(-2, 2, 2, 5, 2, 2) }, .n = 2 }, /* several panels */
    { .in = { WG_VALUES(-2, 2, 1, 5, 4, 5), WG_VALUES(-2, 2, 2, 5, 3, 3), WG_VALUES(-2, 2, 2) }, .attrs = &uneven },
    { .in = { WG_VALUES(-2, 2, 1, 2, 3, 4), WG_VALUES(-2, 2, 10, 1, 3, 2) }, .attrs = &grouped, .n = 2 },
    { .in = { WG_VALUES(-2, 2, 0, 1, 3, 3), WG_VALUES(-2, 2, 2, 1, 2, 2), WG_VALUES(-2, 2, 2) } },
};
static const wg_sample conv3d_samples[] = {
    { .in = { WG_VALUES(-2, 2, 1, 2, 2, 3, 2), WG_VALUES(-2, 2, 2, 2, 2, 2, 2), WG_VALUES(-2, 2, 2) } },
    { .in = { WG_VALUES(-2, 2, 1, 1, 3, 3, 3), WG_VALUES(-2, 2, 2, 1, 2, 2, 2) }, .attrs = &uneven_3d, .n = 2 },
    { .in = { WG_VALUES(-2, 2, 1, 5, 2, 3, 2), WG_VALUES(-2, 2, 1, 5, 2, 2, 1) }, .attrs = &uneven_3d, .n = 2 },
};
static const wg_sample input_samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 3, 5), WG_VALUES(-2, 2, 3, 2, 3), WG_VALUES(-2, 2, 2, 2, 7) } },
    { .in = { WG_VALUES(-2, 2, 1, 2, 2, 5), WG_VALUES(-2, 2, 2, 2, 3, 3), WG_VALUES(-2, 2, 1, 2, 4, 5) },
      .attrs = &uneven },
    { .in = { WG_VALUES(-2, 2, 2, 4, 2, 3), WG_VALUES(-2, 2, 4, 1, 3, 2), WG_VALUES(-2, 2, 2, 2, 3, 4) },
      .attrs = &grouped },
    { .in = { WG_VALUES(-2, 2, 1, 2, 2, 1), WG_VALUES(-2, 2, 2, 1, 2, 2), WG_VALUES(-2, 2, 1, 1, 6, 4) },
      .attrs = &sparse }, /* phases without a tap */
    { .in = { WG_VALUES(-2, 2, 1, 1, 1, 3, 2), WG_VALUES(-2, 2, 1, 2, 2, 2, 2), WG_VALUES(-2, 2, 1, 2, 3, 3, 3) },
      .attrs = &uneven_3d },
    { .in = { WG_VALUES(-2, 2, 1, 2, 2, 5), WG_VALUES(-2, 2, 2, 5, 3, 3), WG_VALUES(-2, 2, 1, 5, 4, 5) },
      .attrs = &uneven },
    { .in = { WG_VALUES(-2, 2, 1, 5, 2, 1), WG_VALUES(-2, 2, 5, 1, 2, 2), WG_VALUES(-2, 2, 1, 1, 6, 4) },
      .attrs = &sparse },
};

#define CONVOLUTION(op, ...)                                                                                           \
    const wg_op wg_op_##op = { WG_OP,                                                                                  \
                               .name = #op,                                                                            \
                               .doc = "b + the sum over windows' elements and channels of w x; x (N, C, " __VA_ARGS__  \
                                      "), w (out, C / groups, kernel..), b (out)",                                     \
                               .arity = 3,                                                                             \
                               .optional = 1,                                                                          \
                               .attrs = wg__conv_attrs_table,                                                          \
                               .attrs_size = sizeof(wg__conv_attrs),                                                   \
                               .infer = op##_infer,                                                                    \
                               .forward = WG_CONV_KERNEL(multiply),                                                    \
                               .stage = WG_CONV_STAGES,                                                                \
                               .lower = conv_lower,                                                                    \
                               .backward = conv_backward,                                                              \
                               .flops = conv_flops,                                                                    \
                               WG_SAMPLES(op##_samples) }
CONVOLUTION(conv1d, "L");
CONVOLUTION(conv2d, "H, W");
CONVOLUTION(conv3d, "D, H, W");

const wg_op wg_op_conv_input_grad = {
    WG_OP,
    .name = "conv_input_grad",
    .doc = "a convolution's gradient for x, of the last operand's shape: g times w, added "
           "up where the windows lay",
    .arity = 3,
    .flags = WG_GRADIENT_OF_OTHERS | WG_SHAPE_ONLY_LAST,
    .attrs = wg__conv_attrs_table,
    .attrs_size = sizeof(wg__conv_attrs),
    .infer = input_infer,
    .forward = WG_CONV_KERNEL(multiply),
    .stage = WG_CONV_STAGES,
    .lower = input_lower,
    .backward = input_backward,
    .flops = input_flops,
    WG_SAMPLES(input_samples),
};

/* ---- builders ---- */

static const wg_op *const convolution[] = { &wg_op_conv1d, &wg_op_conv2d, &wg_op_conv3d };

wg_node *wg__conv(wg_node *x, wg_node *w, const wg__conv_attrs *at)
{
    const int axes = wg_node_shape(x).rank - WG__SPATIAL;
    return axes < 1 ? NULL : wg_apply(convolution[axes - 1], WG_NODES(x, w), at);
}

wg_node *wg__conv_input_grad(wg_node *g, wg_node *w, wg_node *x_like, const wg__conv_attrs *at)
{
    return wg_apply(&wg_op_conv_input_grad, WG_NODES(g, w, x_like), at);
}

static wg_node *apply(int axes, wg_node *x, wg_node *w, wg_node *b, const wg_conv_opts *opts)
{
    wg__conv_attrs at = { .groups = 1 };
    if (!wg__sliding_options(&at.sliding, &at.groups, opts, WG_LIST(1)))
        return wg__graph_fail_again(wg_node_graph(x));
    return wg_apply(convolution[axes - 1], (wg_nodes){ (wg_node *[]){ x, w, b }, b ? 3 : 2 }, &at);
}

wg_node *wg_conv1d(wg_node *x, wg_node *w, wg_node *b, const wg_conv_opts *opts) { return apply(1, x, w, b, opts); }
wg_node *wg_conv2d(wg_node *x, wg_node *w, wg_node *b, const wg_conv_opts *opts) { return apply(2, x, w, b, opts); }
wg_node *wg_conv3d(wg_node *x, wg_node *w, wg_node *b, const wg_conv_opts *opts) { return apply(3, x, w, b, opts); }

#endif
