/* concat along an axis, and its adjoint's helper concat_slice, which cuts out one operand's part. */
#include <string.h>

#include "graph/graph.h"
#include "ops/elementwise.h"

/* Elements of one operand that are contiguous in the result: its axes from `axis` on. */
static int64_t stretch(const wg_shape *x, int64_t axis)
{
    int64_t n = 1;
    for (int i = wg_axis_of((int)axis, x->rank); i < x->rank; i++)
        n *= x->dim[i];
    return n;
}

static wg_status concat_forward(const wg_call *c, int64_t begin, int64_t end)
{
    int64_t axis = *(const int64_t *)c->attrs, row = stretch(&c->out_shape, axis);
    size_t size = wg_dtype_size(c->out_type);
    char *out = c->out;
    for (int64_t at = begin; at < end;) {
        int64_t outer = at / row, offset = at % row, n = 0, part = 0;
        int s = 0;
        for (; offset >= (part = stretch(&c->in_shape[s], axis)); s++)
            offset -= part;
        n = part - offset < end - at ? part - offset : end - at;
        memcpy(out + (size_t)at * size, (const char *)c->in[s] + (size_t)(outer * part + offset) * size,
               (size_t)n * size);
        at += n;
    }
    return WG_OK;
}

typedef struct slice {
    int64_t axis, slot;
} slice;

/* in[0] is the concatenation's cotangent; in[1 ..] lend their shapes. */
static wg_status concat_slice_forward(const wg_call *c, int64_t begin, int64_t end)
{
    const slice *at = c->attrs;
    int64_t row = stretch(&c->in_shape[0], at->axis), part = stretch(&c->out_shape, at->axis), before = 0;
    size_t size = wg_dtype_size(c->out_type);
    for (int s = 0; s < at->slot; s++)
        before += stretch(&c->in_shape[1 + s], at->axis);
    for (int64_t i = begin, n; i < end; i += n) {
        int64_t outer = i / part, offset = i % part;
        n = part - offset < end - i ? part - offset : end - i;
        memcpy((char *)c->out + (size_t)i * size,
               (const char *)c->in[0] + (size_t)(outer * row + before + offset) * size, (size_t)n * size);
    }
    return WG_OK;
}

WG_KERNELS(concat, .forward = WG_ANY_TYPE(concat_forward));
WG_KERNELS(concat_slice, .forward = WG_ANY_TYPE(concat_slice_forward));

#ifdef WG_BASELINE

static const wg_attr concat_attrs[] = { { "axis", WG_ATTR_I64, 0, "0", NULL }, { 0 } };
static const wg_attr slice_attrs[] = {
    { "axis", WG_ATTR_I64, offsetof(slice, axis), "0", NULL },
    { "slot", WG_ATTR_I64, offsetof(slice, slot), NULL, NULL },
    { 0 },
};

static wg_status concat_infer(wg_infer *t)
{
    int64_t given = *(const int64_t *)t->attrs;
    wg_shape out = t->in[0];
    if (given < -out.rank || given >= out.rank)
        return wg_infer_fail(t, WG_ERR_ARG, "axis %lld is out of range for rank %d", (long long)given, out.rank);
    int axis = wg_axis_of((int)given, out.rank);
    for (int s = 1; s < t->n_in; s++) {
        const wg_shape *x = &t->in[s];
        bool fits = x->rank == out.rank;
        for (int i = 0; fits && i < out.rank; i++)
            if (i != axis)
                fits = wg_dim_unify(out.dim[i], x->dim[i], &out.dim[i]);
        if (!fits) {
            char a[96], b[96];
            return wg_infer_fail(t, WG_ERR_SHAPE, "%s and %s differ in more than axis %d",
                                 wg_shape_text(t->in[0], a, sizeof a), wg_shape_text(*x, b, sizeof b), axis);
        }
        if (t->in_type[s] != t->in_type[0])
            return wg_infer_fail(t, WG_ERR_DTYPE, "operands are %s and %s: one of them needs a cast",
                                 wg_dtype_name(t->in_type[0]), wg_dtype_name(t->in_type[s]));
        bool known = out.dim[axis] >= 0 && x->dim[axis] >= 0;
        if (!known || __builtin_add_overflow(out.dim[axis], x->dim[axis], &out.dim[axis]))
            out.dim[axis] = WG_ANY;
    }
    t->out[0] = out;
    return WG_OK;
}

/* Kernels read as far as the operands' sizes say, so these must add up, where they are known. */
static bool is_concatenation(const wg_infer *t, int axis)
{
    int64_t along = 0, d;
    for (int s = 1; s < t->n_in; s++) {
        bool fits = t->in[s].rank == t->in[0].rank;
        for (int i = 0; fits && i < t->in[0].rank; i++)
            fits = i == axis || wg_dim_unify(t->in[0].dim[i], t->in[s].dim[i], &d);
        if (!fits)
            return false;
        along = along < 0 || t->in[s].dim[axis] < 0 ? -1 : along + t->in[s].dim[axis];
    }
    return along < 0 || t->in[0].dim[axis] < 0 || along == t->in[0].dim[axis];
}

static wg_status concat_slice_infer(wg_infer *t)
{
    const slice *at = t->attrs;
    if (at->slot < 0 || at->slot >= t->n_in - 1)
        return wg_infer_fail(t, WG_ERR_ARG, "there is no operand %lld", (long long)at->slot);
    if (at->axis < -t->in[0].rank || at->axis >= t->in[0].rank)
        return wg_infer_fail(t, WG_ERR_ARG, "axis %lld is out of range for rank %d", (long long)at->axis, t->in[0].rank);
    if (!is_concatenation(t, wg_axis_of((int)at->axis, t->in[0].rank)))
        return wg_infer_fail(t, WG_ERR_SHAPE, "the first operand is no concatenation of the others");
    t->out[0] = t->in[1 + at->slot];
    t->out_type[0] = t->in_type[0];
    return WG_OK;
}

static wg_status lower(wg_lowering *l)
{
    int64_t n = wg_shape_count(l->out_shape[0]);
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .kernel = 0, .extent = n, .grain = 4096, .cost = 0.2 };
    return WG_OK;
}

static wg_node *concat_backward(const wg_adjoint *a, int slot)
{
    wg_graph *g = wg_node_graph(a->cotangent);
    size_t n = 1 + (size_t)a->n_in;
    wg_node **in = wg__alloc(&g->allocator, n, sizeof *in);
    if (!in)
        return wg__graph_fail_again(g);
    in[0] = a->cotangent;
    for (int s = 0; s < a->n_in; s++)
        in[1 + s] = a->in[s];
    wg_node *part = wg_apply(&wg_op_concat_slice, (wg_nodes){ in, n }, &(slice){ *(const int64_t *)a->attrs, slot });
    wg__free(&g->allocator, in, n, sizeof *in);
    return part;
}

/* The cotangent goes back to its place among zeros. */
static wg_node *concat_slice_backward(const wg_adjoint *a, int slot)
{
    const slice *at = a->attrs;
    wg_graph *g = wg_node_graph(a->cotangent);
    size_t n = (size_t)a->n_in - 1;
    if (slot > 0)
        return wg_no_gradient(a);
    wg_node **part = wg__alloc(&g->allocator, n, sizeof *part);
    if (!part)
        return wg__graph_fail_again(g);
    for (size_t s = 0; s < n; s++)
        part[s] = (int64_t)s == at->slot ? a->cotangent : wg_zeros_like(a->in[1 + s]);
    wg_node *whole = wg_concat((wg_nodes){ part, n }, (int)at->axis);
    wg__free(&g->allocator, part, n, sizeof *part);
    return whole;
}

static const int64_t last_axis = -1;
static const slice first_of_rows = { 0, 0 }, second_of_columns = { 1, 1 };
static const wg_sample concat_samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 3), WG_VALUES(-2, 2, 1, 3) }, .n = 2 },
    { .in = { WG_VALUES(-2, 2, 2, 3), WG_VALUES(-2, 2, 2, 1), WG_VALUES(-2, 2, 2, 2) }, .attrs = &last_axis, .n = 3 },
    { .in = { WG_VALUES(-2, 2, 4) }, .n = 1 },
};
static const wg_sample slice_samples[] = {
    { .in = { WG_VALUES(-2, 2, 3, 3), WG_VALUES(-2, 2, 2, 3), WG_VALUES(-2, 2, 1, 3) },
      .attrs = &first_of_rows, .n = 3 },
    { .in = { WG_VALUES(-2, 2, 2, 4), WG_VALUES(-2, 2, 2, 3), WG_VALUES(-2, 2, 2, 1) },
      .attrs = &second_of_columns, .n = 3 },
};

const wg_op wg_op_concat = {
    WG_OP, .name = "concat", .doc = "the operands one after the other along the axis", .arity = WG_VARIADIC,
    .attrs = concat_attrs, .attrs_size = sizeof(int64_t), .infer = concat_infer,
    .forward = WG_ANY_TYPE(concat_forward), .lower = lower, .backward = concat_backward, WG_SAMPLES(concat_samples),
};

const wg_op wg_op_concat_slice = {
    WG_OP, .name = "concat_slice", .doc = "operand `slot`'s part of a concatenation: the adjoint of concat",
    .arity = WG_VARIADIC, .flags = WG_GRADIENT_OF_OTHERS | WG_SHAPE_ONLY_REST, .attrs = slice_attrs,
    .attrs_size = sizeof(slice), .infer = concat_slice_infer, .forward = WG_ANY_TYPE(concat_slice_forward),
    .lower = lower, .backward = concat_slice_backward, WG_SAMPLES(slice_samples),
};

wg_node *wg_concat(wg_nodes xs, int axis)
{
    return wg_apply(&wg_op_concat, xs, &(int64_t){ axis });
}

#endif
