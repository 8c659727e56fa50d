/* slice: a part of each axis, as Python's start:stop:step; slice_scatter, its adjoint; slice_like. */
#include "ops/remap.h"

WG_KERNELS(slice, .forward = WG_ANY_TYPE(wg__remap_forward));
WG_KERNELS(slice_scatter, .forward = WG_ANY_TYPE(wg__remap_forward));
WG_KERNELS(slice_like, .forward = WG_ANY_TYPE(wg__remap_forward));

#ifdef WG_BASELINE

#include "graph/graph.h"

typedef struct slice {
    wg_list start, stop, step;
} slice;

static const wg_attr attrs[] = {
    { "start", WG_ATTR_LIST, offsetof(slice, start), "null", NULL },
    { "stop", WG_ATTR_LIST, offsetof(slice, stop), "null", NULL },
    { "step", WG_ATTR_LIST, offsetof(slice, step), "null", NULL },
    { 0 },
};

/* What start:stop:step chooses of one axis. */
typedef struct cut {
    int64_t first, step, count; /* count WG_ANY: the axis' size is not known, nor is it all of it */
    bool whole;                 /* every element, in this order or reversed */
} cut;

static int64_t number_at(const wg_list *list, int axis)
{
    return list->n < 0 ? WG_ABSENT : list->at[axis];
}

/* A bound as Python takes it: negative ones count from the end, and beyond the ends means the ends. */
static int64_t clamp_bound(int64_t bound, int64_t size, int64_t least, int64_t most)
{
    if (bound < 0)
        bound = bound < -size ? least : bound + size;
    return bound < least ? least : bound > most ? most : bound;
}

static cut cut_of(const slice *at, int axis, int64_t size)
{
    int64_t start = number_at(&at->start, axis), stop = number_at(&at->stop, axis), step = number_at(&at->step, axis);
    step = step == WG_ABSENT ? 1 : step;
    bool back = step < 0, unit = step == 1 || step == -1;
    bool whole = unit && stop == WG_ABSENT && (start == WG_ABSENT || (start == 0 && !back) || (start == -1 && back));
    if (size < 0)
        return (cut){ 0, step, whole ? size : WG_ANY, whole };
    int64_t least = back ? -1 : 0, most = back ? size - 1 : size;
    int64_t first = start == WG_ABSENT ? (back ? most : least) : clamp_bound(start, size, least, most);
    int64_t end = stop == WG_ABSENT ? (back ? least : most) : clamp_bound(stop, size, least, most);
    int64_t length = back ? first - end : end - first; /* at most size: steps may be as large as they like */
    uint64_t stride = back ? 0 - (uint64_t)step : (uint64_t)step;
    int64_t count = length > 0 ? (int64_t)(((uint64_t)length - 1) / stride) + 1 : 0;
    return (cut){ first, count > 1 ? step : 1, count, whole };
}

/* The shape that slicing x gives. */
static wg_status sliced(wg_infer *t, const wg_shape *x, wg_shape *out)
{
    const slice *at = t->attrs;
    const wg_list *list[] = { &at->start, &at->stop, &at->step };
    static const char *const name[] = { "start", "stop", "step" };
    for (int i = 0; i < 3; i++)
        if (list[i]->n >= 0 && list[i]->n != x->rank)
            return wg_infer_fail(t, WG_ERR_ARG, "%s has %d numbers, the operand %d axes", name[i], list[i]->n, x->rank);
    out->rank = x->rank;
    for (int i = 0; i < x->rank; i++) {
        if (number_at(&at->step, i) == 0)
            return wg_infer_fail(t, WG_ERR_ARG, "the step along axis %d is 0", i);
        out->dim[i] = cut_of(at, i, x->dim[i]).count;
    }
    return WG_OK;
}

static wg_status slice_infer(wg_infer *t)
{
    return sliced(t, &t->in[0], &t->out[0]);
}

/* Operands: what was sliced out, and the shape to put it back into. */
static wg_status scatter_infer(wg_infer *t)
{
    wg_shape part = { .rank = 0 };
    wg_status status = sliced(t, &t->in[1], &part);
    bool fits = t->in[0].rank == part.rank;
    for (int i = 0; fits && i < part.rank; i++)
        fits = wg_dim_unify(part.dim[i], t->in[0].dim[i], &part.dim[i]);
    if (!status && !fits) {
        char a[96], b[96];
        return wg_infer_fail(t, WG_ERR_SHAPE, "%s is not what this slice of %s gives",
                             wg_shape_text(t->in[0], a, sizeof a), wg_shape_text(t->in[1], b, sizeof b));
    }
    t->out[0] = t->in[1];
    t->out_type[0] = t->in_type[0];
    return status;
}

static wg_status like_infer(wg_infer *t)
{
    if (t->in[0].rank != t->in[1].rank)
        return wg_infer_fail(t, WG_ERR_SHAPE, "its operands have %d and %d axes", t->in[0].rank, t->in[1].rank);
    t->out[0] = t->in[1];
    t->out_type[0] = t->in_type[0];
    return WG_OK;
}

static void slice_maps(const void *attributes, const wg_shape *x, const wg_shape *y, wg__map map[WG_MAX_RANK])
{
    for (int i = 0; i < y->rank; i++) {
        cut k = cut_of(attributes, i, x->dim[i]);
        map[i] = (wg__map){ WG__MAP_LINE, k.first, k.step };
    }
}

static void scatter_maps(const void *attributes, const wg_shape *x, const wg_shape *y, wg__map map[WG_MAX_RANK])
{
    (void)x;
    for (int i = 0; i < y->rank; i++) {
        cut k = cut_of(attributes, i, y->dim[i]);
        map[i] = (wg__map){ WG__MAP_SPREAD, k.first, k.step };
        if (k.step == 1 || k.step == -1) /* without gaps: the same, and faster */
            map[i] = (wg__map){ WG__MAP_LINE, -k.first * k.step, k.step };
    }
}

static void like_maps(const void *attributes, const wg_shape *x, const wg_shape *y, wg__map map[WG_MAX_RANK])
{
    (void)attributes;
    (void)x;
    for (int i = 0; i < y->rank; i++)
        map[i] = (wg__map){ WG__MAP_LINE, 0, 1 };
}

static wg_status slice_lower(wg_lowering *l)
{
    return wg__remap_lower(l, slice_maps, 0);
}

static wg_status scatter_lower(wg_lowering *l)
{
    return wg__remap_lower(l, scatter_maps, 0);
}

static wg_status like_lower(wg_lowering *l)
{
    return wg__remap_lower(l, like_maps, 0);
}

static wg_node *slice_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_apply(&wg_op_slice_scatter, WG_NODES(a->cotangent, a->in[0]), a->attrs);
}

static wg_node *scatter_backward(const wg_adjoint *a, int slot)
{
    return slot == 0 ? wg_apply(&wg_op_slice, WG_NODES(a->cotangent), a->attrs) : wg_no_gradient(a);
}

static wg_node *like_backward(const wg_adjoint *a, int slot)
{
    return slot == 0 ? wg_slice_like(a->cotangent, a->in[0]) : wg_no_gradient(a);
}

#define OPEN WG_ABSENT
static const slice rows = { { { 1, OPEN }, 2 }, { { 3, OPEN }, 2 }, { { 0 }, -1 } },
                   strides = { { { OPEN, -4, 1 }, 3 }, { { OPEN, OPEN, -1 }, 3 }, { { 1, 2, 1 }, 3 } },
                   backwards = { { { -1, OPEN }, 2 }, { { OPEN, 0 }, 2 }, { { -2, -1 }, 2 } },
                   beyond = { { { -9 }, 1 }, { { 99 }, 1 }, { { 3 }, 1 } },
                   nothing = { { { 2, OPEN }, 2 }, { { 1, OPEN }, 2 }, { { 0 }, -1 } };
static const wg_sample slice_samples[] = {
    { .in = { WG_VALUES(-2, 2, 4, 3) }, .attrs = &rows },
    { .in = { WG_VALUES(-2, 2, 2, 5, 3) }, .attrs = &strides },
    { .in = { WG_VALUES(-2, 2, 5, 3) }, .attrs = &backwards },
    { .in = { WG_VALUES(-2, 2, 7) }, .attrs = &beyond },
    { .in = { WG_VALUES(-2, 2, 3, 2) } },
    { .in = { { .lo = -2, .hi = 2 } } },
    { .in = { WG_VALUES(-2, 2, 3, 2) }, .attrs = &nothing },
};
static const wg_sample scatter_samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 3), WG_VALUES(-2, 2, 4, 3) }, .attrs = &rows },
    { .in = { WG_VALUES(-2, 2, 2, 2, 1), WG_VALUES(-2, 2, 2, 5, 3) }, .attrs = &strides },
    { .in = { WG_VALUES(-2, 2, 3, 2), WG_VALUES(-2, 2, 5, 3) }, .attrs = &backwards },
    { .in = { WG_VALUES(-2, 2, 3), WG_VALUES(-2, 2, 7) }, .attrs = &beyond },
};
static const wg_sample like_samples[] = {
    { .in = { WG_VALUES(-2, 2, 4, 2, 3), WG_VALUES(-2, 2, 2, 3, 3) } },
    { .in = { WG_VALUES(-2, 2, 2), WG_VALUES(-2, 2, 5) } },
    { .in = { WG_VALUES(-2, 2, 5, 24, 67), WG_VALUES(-2, 2, 4, 24, 60) } },
    { .in = { { .lo = -2, .hi = 2 }, { .lo = -2, .hi = 2 } } },
};

const wg_op wg_op_slice = {
    WG_OP, .name = "slice", .doc = "x[start:stop:step] along each axis, by Python's rules; null leaves an axis whole",
    .arity = 1, .attrs = attrs, .attrs_size = sizeof(slice), .infer = slice_infer,
    .forward = WG_ANY_TYPE(wg__remap_forward), .lower = slice_lower, .backward = slice_backward,
    WG_SAMPLES(slice_samples),
};

const wg_op wg_op_slice_scatter = {
    WG_OP, .name = "slice_scatter", .doc = "x at its place among zeros of the second operand's shape: the adjoint of slice",
    .arity = 2, .flags = WG_GRADIENT_OF_OTHERS | WG_SHAPE_ONLY_LAST, .attrs = attrs, .attrs_size = sizeof(slice),
    .infer = scatter_infer, .forward = WG_ANY_TYPE(wg__remap_forward), .lower = scatter_lower,
    .backward = scatter_backward, WG_SAMPLES(scatter_samples),
};

const wg_op wg_op_slice_like = {
    WG_OP, .name = "slice_like", .doc = "x cut off, or filled up with zeros, at the end of each axis to the second operand's shape",
    .arity = 2, .flags = WG_SHAPE_ONLY_LAST, .infer = like_infer, .forward = WG_ANY_TYPE(wg__remap_forward),
    .lower = like_lower, .backward = like_backward, WG_SAMPLES(like_samples),
};

wg_node *wg_slice(wg_node *x, wg_list start, wg_list stop, wg_list step)
{
    return wg_apply(&wg_op_slice, WG_NODES(x), &(slice){ start, stop, step });
}

wg_node *wg_slice1(wg_node *x, int axis, int64_t start, int64_t stop)
{
    const int rank = wg_node_shape(x).rank, at = wg_axis_of(axis, rank);
    if (x && at < 0)
        return wg__graph_fail(wg_node_graph(x), WG_ERR_ARG, "slice: axis %d is out of range for rank %d", axis, rank);
    wg_list from = { .n = rank }, to = { .n = rank };
    for (int i = 0; i < rank; i++) {
        from.at[i] = i == at ? start : WG_ABSENT;
        to.at[i] = i == at ? stop : WG_ABSENT;
    }
    return wg_slice(x, from, to, WG_NO_LIST);
}

wg_node *wg_slice_like(wg_node *x, wg_node *like)
{
    return wg_apply(&wg_op_slice_like, WG_NODES(x, like), NULL);
}

#endif
