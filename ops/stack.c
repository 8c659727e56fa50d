/* stack: operands side by side along a new axis; split: a tensor cut into several along an axis. */
#include <string.h>

#include "graph/graph.h"
#include "ops/elementwise.h"

typedef struct split {
    int64_t axis;
    wg_list sections;
} split;

static int64_t product_from(const wg_shape *x, int axis)
{
    int64_t n = 1;
    for (int i = axis; i < x->rank; i++)
        n *= x->dim[i];
    return n;
}

/* Elements begin .. end-1 of the result. */
static wg_status stack_forward(const wg_call *c, int64_t begin, int64_t end)
{
    int axis = wg_axis_of((int)*(const int64_t *)c->attrs, c->out_shape.rank);
    int64_t part = product_from(&c->out_shape, axis + 1), row = part * c->n_in;
    size_t size = wg_dtype_size(c->out_type);
    for (int64_t at = begin, n; at < end; at += n) {
        int64_t outer = at / row, slot = at % row / part, offset = at % part;
        n = part - offset < end - at ? part - offset : end - at;
        memcpy((char *)c->out + (size_t)at * size, (const char *)c->in[slot] + (size_t)(outer * part + offset) * size,
               (size_t)n * size);
    }
    return WG_OK;
}

/* The size along the axis of result r. */
static int64_t section(const split *at, int64_t size, int r)
{
    return at->sections.n == 1 ? size / at->sections.at[0] : at->sections.at[r];
}

/* Elements begin .. end-1 of the operand. */
static wg_status split_forward(const wg_call *c, int64_t begin, int64_t end)
{
    const split *at = c->attrs;
    const wg_shape *x = &c->in_shape[0];
    int axis = wg_axis_of((int)at->axis, x->rank);
    int64_t inner = product_from(x, axis + 1), row = inner * x->dim[axis];
    size_t size = wg_dtype_size(c->out_type);
    for (int64_t i = begin, n; i < end; i += n) {
        int64_t outer = i / row, offset = i % row, part;
        int r = 0;
        for (; offset >= (part = section(at, x->dim[axis], r) * inner); r++)
            offset -= part;
        n = part - offset < end - i ? part - offset : end - i;
        memcpy((char *)c->outs[r] + (size_t)(outer * part + offset) * size, (const char *)c->in[0] + (size_t)i * size,
               (size_t)n * size);
    }
    return WG_OK;
}

WG_KERNELS(stack, .forward = WG_ANY_TYPE(stack_forward));
WG_KERNELS(split, .forward = WG_ANY_TYPE(split_forward));

#ifdef WG_BASELINE

static const wg_attr stack_attrs[] = { { "axis", WG_ATTR_I64, 0, "0", NULL }, { 0 } };
static const wg_attr split_attrs[] = {
    { "axis", WG_ATTR_I64, offsetof(split, axis), "0", NULL },
    { "sections", WG_ATTR_LIST, offsetof(split, sections), NULL, NULL },
    { 0 },
};

static wg_status stack_infer(wg_infer *t)
{
    wg_shape one = t->in[0];
    int64_t given = *(const int64_t *)t->attrs;
    int axis = wg_axis_of((int)given, one.rank + 1);
    if (axis < 0)
        return wg_infer_fail(t, WG_ERR_ARG, "axis %lld is out of range for rank %d", (long long)given, one.rank + 1);
    if (one.rank == WG_MAX_RANK)
        return wg_infer_fail(t, WG_ERR_SHAPE, "its result would have more than %d axes", WG_MAX_RANK);
    for (int s = 1; s < t->n_in; s++) {
        bool fits = t->in[s].rank == one.rank;
        for (int i = 0; fits && i < one.rank; i++)
            fits = wg_dim_unify(one.dim[i], t->in[s].dim[i], &one.dim[i]);
        if (!fits) {
            char a[96], b[96];
            return wg_infer_fail(t, WG_ERR_SHAPE, "operands differ in shape: %s and %s",
                                 wg_shape_text(t->in[0], a, sizeof a), wg_shape_text(t->in[s], b, sizeof b));
        }
        if (t->in_type[s] != t->in_type[0])
            return wg_infer_fail(t, WG_ERR_DTYPE, "operands are %s and %s: one of them needs a cast",
                                 wg_dtype_name(t->in_type[0]), wg_dtype_name(t->in_type[s]));
    }
    t->out[0].rank = one.rank + 1;
    for (int i = 0; i <= one.rank; i++)
        t->out[0].dim[i] = i == axis ? t->n_in : one.dim[i < axis ? i : i - 1];
    return WG_OK;
}

/* One number: so many equal parts; several: their sizes. */
static int split_count(const void *attributes)
{
    const wg_list *sections = &((const split *)attributes)->sections;
    int64_t parts = sections->n == 1 ? sections->at[0] : sections->n;
    return parts >= 1 && parts <= WG__MAX_RESULTS ? (int)parts : 1;
}

static wg_status check_sections(wg_infer *t, int64_t size, int axis)
{
    const wg_list *sections = &((const split *)t->attrs)->sections;
    int64_t sum = 0;
    if (sections->n < 1)
        return wg_infer_fail(t, WG_ERR_ARG, "sections must be a number of parts, or a list of sizes");
    if (sections->n == 1 && (sections->at[0] < 1 || sections->at[0] > WG__MAX_RESULTS))
        return wg_infer_fail(t, WG_ERR_ARG, "can make 1..%d parts, not %lld", WG__MAX_RESULTS, (long long)sections->at[0]);
    if (sections->n == 1 && size >= 0 && size % sections->at[0])
        return wg_infer_fail(t, WG_ERR_SHAPE, "axis %d of size %lld has no %lld equal parts", axis, (long long)size,
                             (long long)sections->at[0]);
    for (int r = 0; r < sections->n && sections->n > 1; r++)
        if (sections->at[r] < 0 || __builtin_add_overflow(sum, sections->at[r], &sum))
            return wg_infer_fail(t, WG_ERR_ARG, "section %d has no size: %lld", r, (long long)sections->at[r]);
    if (sections->n > 1 && size >= 0 && size != sum)
        return wg_infer_fail(t, WG_ERR_SHAPE, "the sections add up to %lld, axis %d has size %lld", (long long)sum, axis,
                             (long long)size);
    return WG_OK;
}

static wg_status split_infer(wg_infer *t)
{
    const split *at = t->attrs;
    const wg_shape *x = &t->in[0];
    int axis = wg_axis_of((int)at->axis, x->rank);
    if (axis < 0)
        return wg_infer_fail(t, WG_ERR_ARG, "axis %lld is out of range for rank %d", (long long)at->axis, x->rank);
    int64_t size = x->dim[axis];
    wg_status status = check_sections(t, size, axis);
    for (int r = 0; !status && r < split_count(at); r++) {
        t->out[r] = *x;
        if (at->sections.n > 1 || size >= 0)
            t->out[r].dim[axis] = section(at, size, r);
        else if (at->sections.at[0] > 1)
            t->out[r].dim[axis] = WG_ANY;
    }
    return status;
}

static wg_status lower_over(wg_lowering *l, wg_shape shape)
{
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .extent = wg_shape_count(shape), .grain = 4096, .cost = 0.2 };
    return WG_OK;
}

static wg_status stack_lower(wg_lowering *l)
{
    return lower_over(l, l->out_shape[0]);
}

static wg_status split_lower(wg_lowering *l)
{
    return lower_over(l, l->in_shape[0]);
}

/* The operand's slice of the cotangent. */
static wg_node *stack_backward(const wg_adjoint *a, int slot)
{
    wg_shape y = wg_node_shape(a->cotangent);
    int axis = wg_axis_of((int)*(const int64_t *)a->attrs, y.rank);
    wg_list start = { .n = y.rank }, stop = { .n = y.rank };
    for (int i = 0; i < y.rank; i++)
        start.at[i] = stop.at[i] = WG_ABSENT;
    start.at[axis] = slot;
    stop.at[axis] = slot + 1;
    return wg_squeeze(wg_slice(a->cotangent, start, stop, WG_NO_LIST), WG_AXES(axis));
}

static wg_node *split_backward(const wg_adjoint *a, int slot)
{
    const split *at = a->attrs;
    (void)slot;
    return wg_concat((wg_nodes){ a->cotangents, (size_t)split_count(at) }, (int)at->axis);
}

static const int64_t second = 1, last = -1;
static const split thirds = { 0, { { 3 }, 1 } }, sizes = { -1, { { 2, 0, 3 }, 3 } }, one = { 1, { { 1 }, 1 } };
static const wg_sample stack_samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 3), WG_VALUES(-2, 2, 2, 3) }, .n = 2 },
    { .in = { WG_VALUES(-2, 2, 2, 3), WG_VALUES(-2, 2, 2, 3), WG_VALUES(-2, 2, 2, 3) }, .attrs = &second, .n = 3 },
    { .in = { WG_VALUES(-2, 2, 4), WG_VALUES(-2, 2, 4) }, .attrs = &last, .n = 2 },
    { .in = { { .lo = -2, .hi = 2 }, { .lo = -2, .hi = 2 } }, .n = 2 },
};
static const wg_sample split_samples[] = {
    { .in = { WG_VALUES(-2, 2, 6, 2) }, .attrs = &thirds },
    { .in = { WG_VALUES(-2, 2, 2, 5) }, .attrs = &sizes },
    { .in = { WG_VALUES(-2, 2, 2, 3) }, .attrs = &one },
};

const wg_op wg_op_stack = {
    WG_OP, .name = "stack", .doc = "the operands, all of one shape, side by side along a new axis", .arity = WG_VARIADIC,
    .attrs = stack_attrs, .attrs_size = sizeof(int64_t), .infer = stack_infer, .forward = WG_ANY_TYPE(stack_forward),
    .lower = stack_lower, .backward = stack_backward, WG_SAMPLES(stack_samples),
};

const wg_op wg_op_split = {
    WG_OP, .name = "split", .doc = "parts of x along the axis: so many of equal size, or a list of sizes", .arity = 1,
    .attrs = split_attrs, .attrs_size = sizeof(split), .infer = split_infer, .forward = WG_ANY_TYPE(split_forward),
    .lower = split_lower, .backward = split_backward, WG_SAMPLES(split_samples), .results_of = split_count,
};

wg_node *wg_stack(wg_nodes xs, int axis)
{
    return wg_apply(&wg_op_stack, xs, &(int64_t){ axis });
}

wg_nodes wg_split(wg_node *x, int axis, wg_list sections)
{
    wg_node *first = wg_apply(&wg_op_split, WG_NODES(x), &(split){ axis, sections });
    return first ? wg_node_results(first) : (wg_nodes){ NULL, 0 };
}

#endif
