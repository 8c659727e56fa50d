/* avg_pool1d, avg_pool2d, adaptive_avg_pool2d: means over windows of the spatial axes; and the adjoints, which share each
 * mean's cotangent among the elements of its window. */
#include "ops/resample_rows.h"

#define AVG_POOL_KERNELS(op)                                                                                           \
    WG_KERNELS(op, .forward = WG_ANY_TYPE(wg__resample_tables), .stage[0] = WG_BOTH(resample_rows))
AVG_POOL_KERNELS(avg_pool1d);
AVG_POOL_KERNELS(avg_pool2d);
AVG_POOL_KERNELS(avg_pool_scatter);
AVG_POOL_KERNELS(adaptive_avg_pool2d);
AVG_POOL_KERNELS(adaptive_avg_pool_scatter);

#ifdef WG_BASELINE

#include "graph/graph.h"
#include "ops/pool.h"

/* ---- windows of one size ---- */

static wg_status infer_1d(wg_infer *t) { return wg__pool_shape(t, &t->in[0], 1, &t->out[0]); }

static wg_status infer_2d(wg_infer *t) { return wg__pool_shape(t, &t->in[0], 2, &t->out[0]); }

static wg_status scatter_infer(wg_infer *t)
{
    wg_shape y;
    wg_status status = wg__pool_shape(t, &t->in[1], 0, &y);
    return status ? status : wg__infer_transposed(t, &y, "pooling");
}

static wg__rule rule_of(const void *attributes, int axis)
{
    const wg__pool *p = attributes;
    const wg__sliding s = wg__pool_sliding(p);
    return (wg__rule){ .kind = WG__RULE_AVERAGE,
                       .padded = p->count_include_pad,
                       .kernel = wg__spatial(p->kernel, axis),
                       .stride = wg__spatial(s.stride, axis),
                       .padding = wg__spatial(s.padding, axis) };
}

static wg_status lower(wg_lowering *l) { return wg__resample_lower(l, rule_of, false); }

static wg_status scatter_lower(wg_lowering *l) { return wg__resample_lower(l, rule_of, true); }

static wg_node *backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_apply(&wg_op_avg_pool_scatter, WG_NODES(a->cotangent, a->in[0]), a->attrs);
}

static wg_node *scatter_backward(const wg_adjoint *a, int slot)
{
    const bool line = wg_node_shape(a->in[1]).rank == WG__SPATIAL + 1;
    if (slot == 1)
        return wg_no_gradient(a);
    return wg_apply(line ? &wg_op_avg_pool1d : &wg_op_avg_pool2d, WG_NODES(a->cotangent), a->attrs);
}

/* ---- a number of windows ---- */

static const wg_attr parts_attrs[] = { { "output_size", WG_ATTR_LIST, 0, NULL, NULL }, { 0 } };

/* The shape of so many means; null keeps an axis' size. */
static wg_status parts(wg_infer *t, const wg_shape *x, wg_shape *y)
{
    const wg_list *size = t->attrs;
    wg_status status = wg__infer_spatial(t, x, 2);
    *y = *x;
    if (!status && size->n != 1 && size->n != 2)
        status =
            wg_infer_fail(t, WG_ERR_ARG, "output_size has %d numbers for 2 spatial axes", size->n < 0 ? 0 : size->n);
    for (int i = 0; i < 2 && !status; i++) {
        const int64_t m = wg__spatial(*size, i);
        if (m != WG_ABSENT && (m < 0 || m > INT32_MAX))
            return wg_infer_fail(t, WG_ERR_ARG, "output_size must be in 0..%d, got %lld", INT32_MAX, (long long)m);
        if (x->dim[WG__SPATIAL + i] == 0)
            return wg_infer_fail(t, WG_ERR_SHAPE, "there are no elements along axis %d", WG__SPATIAL + i);
        y->dim[WG__SPATIAL + i] = m == WG_ABSENT ? x->dim[WG__SPATIAL + i] : m;
    }
    return status;
}

static wg_status parts_infer(wg_infer *t) { return parts(t, &t->in[0], &t->out[0]); }

static wg_status parts_scatter_infer(wg_infer *t)
{
    wg_shape y;
    wg_status status = parts(t, &t->in[1], &y);
    return status ? status : wg__infer_transposed(t, &y, "pooling");
}

static wg__rule parts_rule_of(const void *attributes, int axis)
{
    (void)attributes;
    (void)axis;
    return (wg__rule){ .kind = WG__RULE_PARTS };
}

static wg_status parts_lower(wg_lowering *l) { return wg__resample_lower(l, parts_rule_of, false); }

static wg_status parts_scatter_lower(wg_lowering *l) { return wg__resample_lower(l, parts_rule_of, true); }

static wg_node *parts_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_apply(&wg_op_adaptive_avg_pool_scatter, WG_NODES(a->cotangent, a->in[0]), a->attrs);
}

static wg_node *parts_scatter_backward(const wg_adjoint *a, int slot)
{
    return slot == 0 ? wg_apply(&wg_op_adaptive_avg_pool2d, WG_NODES(a->cotangent), a->attrs) : wg_no_gradient(a);
}

/* ---- descriptors ---- */

#define ONE(number) { { number }, 1 }
#define TWO(first, second) { { first, second }, 2 }
#define NONE { { 0 }, -1 }
static const wg__pool twos = { ONE(2), NONE, ONE(0), NONE, true },
                      overlapping = { ONE(3), ONE(1), ONE(1), NONE, true },
                      inside = { TWO(3, 2), TWO(2, 3), TWO(1, 0), NONE, false },
                      gaps = { TWO(1, 2), TWO(2, 3), ONE(0), NONE, true },
                      wide = { TWO(2, 19), TWO(1, 2), TWO(0, 9), NONE, false };
static const wg_sample samples_1d[] = {
    { .in = { WG_VALUES(-2, 2, 2, 3, 5) }, .attrs = &twos },
    { .in = { WG_VALUES(-2, 2, 1, 2, 6) }, .attrs = &overlapping },
    { .in = { WG_VALUES(-2, 2, 2, 1, 1) }, .attrs = &overlapping },
};
static const wg_sample samples_2d[] = {
    { .in = { WG_VALUES(-2, 2, 2, 2, 4, 5) }, .attrs = &twos },
    { .in = { WG_VALUES(-2, 2, 1, 2, 3, 4) }, .attrs = &overlapping },
    { .in = { WG_VALUES(-2, 2, 1, 2, 5, 6) }, .attrs = &inside },
    { .in = { WG_VALUES(-2, 2, 2, 1, 4, 6) }, .attrs = &gaps },
    { .in = { WG_VALUES(-2, 2, 1, 2, 3, 23) }, .attrs = &wide },
};
static const wg_sample scatter_samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 3, 2), WG_VALUES(-2, 2, 2, 3, 5) }, .attrs = &twos },
    { .in = { WG_VALUES(-2, 2, 1, 2, 6), WG_VALUES(-2, 2, 1, 2, 6) }, .attrs = &overlapping },
    { .in = { WG_VALUES(-2, 2, 2, 2, 2, 2), WG_VALUES(-2, 2, 2, 2, 4, 5) }, .attrs = &twos },
    { .in = { WG_VALUES(-2, 2, 1, 2, 3, 2), WG_VALUES(-2, 2, 1, 2, 5, 6) }, .attrs = &inside },
    { .in = { WG_VALUES(-2, 2, 2, 1, 2, 2), WG_VALUES(-2, 2, 2, 1, 4, 6) }, .attrs = &gaps },
};
static const wg_list three_two = TWO(3, 2), single = ONE(1), kept = TWO(WG_ABSENT, 4), twenty = TWO(1, 20);
static const wg_sample parts_samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 2, 5, 6) }, .attrs = &three_two },
    { .in = { WG_VALUES(-2, 2, 2, 3, 4, 20) }, .attrs = &single },
    { .in = { WG_VALUES(-2, 2, 1, 2, 2, 3) }, .attrs = &kept },
};
static const wg_sample parts_scatter_samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 2, 3, 2), WG_VALUES(-2, 2, 2, 2, 5, 6) }, .attrs = &three_two },
    { .in = { WG_VALUES(-2, 2, 2, 3, 1, 1), WG_VALUES(-2, 2, 2, 3, 4, 20) }, .attrs = &single },
    { .in = { WG_VALUES(-2, 2, 1, 2, 2, 4), WG_VALUES(-2, 2, 1, 2, 2, 3) }, .attrs = &kept },
    { .in = { WG_VALUES(-2, 2, 1, 2, 1, 20), WG_VALUES(-2, 2, 1, 2, 3, 1) }, .attrs = &twenty },
};

#define RESAMPLING .forward = WG_ANY_TYPE(wg__resample_tables), .stage[0] = WG_BOTH(resample_rows)

const wg_op wg_op_avg_pool1d = {
    WG_OP, .name = "avg_pool1d", .doc = "means over windows of x (N, C, L); a window may begin in the padding",
    .arity = 1, .attrs = wg__avg_pool_attrs, .attrs_size = sizeof(wg__pool), .infer = infer_1d, RESAMPLING,
    .lower = lower, .backward = backward, WG_SAMPLES(samples_1d),
};

const wg_op wg_op_avg_pool2d = {
    WG_OP, .name = "avg_pool2d", .doc = "means over windows of x (N, C, H, W); a window may begin in the padding",
    .arity = 1, .attrs = wg__avg_pool_attrs, .attrs_size = sizeof(wg__pool), .infer = infer_2d, RESAMPLING,
    .lower = lower, .backward = backward, WG_SAMPLES(samples_2d),
};

const wg_op wg_op_avg_pool_scatter = {
    WG_OP, .name = "avg_pool_scatter",
    .doc = "shares each element among those of its window in the second operand's shape: the adjoint of avg_pool",
    .arity = 2, .flags = WG_GRADIENT_OF_OTHERS | WG_SHAPE_ONLY_LAST, .attrs = wg__avg_pool_attrs,
    .attrs_size = sizeof(wg__pool), .infer = scatter_infer, RESAMPLING, .lower = scatter_lower,
    .backward = scatter_backward, WG_SAMPLES(scatter_samples),
};

const wg_op wg_op_adaptive_avg_pool2d = {
    WG_OP, .name = "adaptive_avg_pool2d", .doc = "output_size means over x (N, C, H, W), of parts as even as can be",
    .arity = 1, .attrs = parts_attrs, .attrs_size = sizeof(wg_list), .infer = parts_infer, RESAMPLING,
    .lower = parts_lower, .backward = parts_backward, WG_SAMPLES(parts_samples),
};

const wg_op wg_op_adaptive_avg_pool_scatter = {
    WG_OP, .name = "adaptive_avg_pool_scatter",
    .doc = "shares each element among those of its part in the second operand's shape: the adjoint of "
           "adaptive_avg_pool2d",
    .arity = 2, .flags = WG_GRADIENT_OF_OTHERS | WG_SHAPE_ONLY_LAST, .attrs = parts_attrs,
    .attrs_size = sizeof(wg_list), .infer = parts_scatter_infer, RESAMPLING, .lower = parts_scatter_lower,
    .backward = parts_scatter_backward, WG_SAMPLES(parts_scatter_samples),
};

static wg_node *avg_pool(const wg_op *op, wg_node *x, wg_axes kernel, const wg_conv_opts *opts, bool count_include_pad)
{
    wg__pool p = { .count_include_pad = true };
    if (x && !wg__pool_options(&p, x, kernel, opts))
        return NULL;
    for (int i = 0; i < p.dilation.n; i++)
        if (p.dilation.at[i] != 1)
            return wg__graph_fail(wg_node_graph(x), WG_ERR_ARG, "%s: has no dilation, got %lld", op->name,
                                  (long long)p.dilation.at[i]);
    p.count_include_pad = count_include_pad;
    return wg_apply(op, WG_NODES(x), &p);
}

wg_node *wg_avg_pool1d(wg_node *x, int kernel, const wg_conv_opts *opts, bool count_include_pad)
{
    return avg_pool(&wg_op_avg_pool1d, x, WG_AXES(kernel), opts, count_include_pad);
}

wg_node *wg_avg_pool2d(wg_node *x, wg_axes kernel, const wg_conv_opts *opts, bool count_include_pad)
{
    return avg_pool(&wg_op_avg_pool2d, x, kernel, opts, count_include_pad);
}

wg_node *wg_adaptive_avg_pool2d(wg_node *x, wg_list output_size)
{
    return wg_apply(&wg_op_adaptive_avg_pool2d, WG_NODES(x), &output_size);
}

#endif
