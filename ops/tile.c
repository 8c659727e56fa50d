/* tile, repeat: the whole axis again and again, or each of its elements; tile_sum and repeat_sum, their adjoints. */
#include "ops/remap.h"

WG_KERNELS(tile, .forward = WG_ANY_TYPE(wg__remap_forward));
WG_KERNELS(repeat, .forward = WG_ANY_TYPE(wg__remap_forward));
WG_KERNELS(tile_sum, .forward = { .f32 = wg__remap_sum_f32, .f64 = wg__remap_sum_f64 });
WG_KERNELS(repeat_sum, .forward = { .f32 = wg__remap_sum_f32, .f64 = wg__remap_sum_f64 });

#ifdef WG_BASELINE

#include "base/checked.h"

typedef struct repeat {
    int64_t repeats, axis;
} repeat;

static const wg_attr tile_attrs[] = { { "reps", WG_ATTR_LIST, 0, NULL, NULL }, { 0 } };
static const wg_attr repeat_attrs[] = {
    { "repeats", WG_ATTR_I64, offsetof(repeat, repeats), NULL, NULL },
    { "axis", WG_ATTR_I64, offsetof(repeat, axis), NULL, NULL },
    { 0 },
};

/* size * times, which is WG_ANY where size is not known and changes. */
static wg_status multiply(wg_infer *t, int axis, int64_t times, int64_t *size)
{
    if (times < 0)
        return wg_infer_fail(t, WG_ERR_ARG, "axis %d cannot be repeated %lld times", axis, (long long)times);
    if (*size < 0)
        *size = times == 1 ? *size : times == 0 ? 0 : WG_ANY;
    else if (!wg__mul_i64(*size, times, size))
        return wg_infer_fail(t, WG_ERR_RANGE, "axis %d would become too large", axis);
    return WG_OK;
}

/* As in NumPy: the shorter of shape and reps is filled up with leading ones. */
static wg_status tiled(wg_infer *t, const wg_shape *x, wg_shape *out)
{
    const wg_list *reps = t->attrs;
    wg_status status = WG_OK;
    if (reps->n < 0)
        return wg_infer_fail(t, WG_ERR_ARG, "reps must be a number or a list of numbers");
    out->rank = x->rank > reps->n ? x->rank : reps->n;
    for (int i = 0; !status && i < out->rank; i++) {
        int from = i - (out->rank - x->rank), rep = i - (out->rank - reps->n);
        out->dim[i] = from < 0 ? 1 : x->dim[from];
        status = multiply(t, i, rep < 0 ? 1 : reps->at[rep], &out->dim[i]);
    }
    return status;
}

static wg_status repeated(wg_infer *t, const wg_shape *x, wg_shape *out)
{
    const repeat *at = t->attrs;
    int axis = wg_axis_of((int)at->axis, x->rank);
    if (axis < 0)
        return wg_infer_fail(t, WG_ERR_ARG, "axis %lld is out of range for rank %d", (long long)at->axis, x->rank);
    *out = *x;
    return multiply(t, axis, at->repeats, &out->dim[axis]);
}

static wg_status tile_infer(wg_infer *t)
{
    return tiled(t, &t->in[0], &t->out[0]);
}

static wg_status repeat_infer(wg_infer *t)
{
    return repeated(t, &t->in[0], &t->out[0]);
}

typedef wg_status shape_rule(wg_infer *, const wg_shape *, wg_shape *);

/* Operands of the adjoints: a cotangent of the shape that the rule gives for the second's. */
static wg_status sum_infer(wg_infer *t, shape_rule *rule)
{
    wg_shape y = { .rank = 0 };
    wg_status status = rule(t, &t->in[1], &y);
    bool fits = t->in[0].rank == y.rank;
    for (int i = 0; fits && i < y.rank; i++)
        fits = wg_dim_unify(y.dim[i], t->in[0].dim[i], &y.dim[i]);
    if (!status && !fits) {
        char a[96], b[96];
        return wg_infer_fail(t, WG_ERR_SHAPE, "%s is not %s repeated", wg_shape_text(t->in[0], a, sizeof a),
                             wg_shape_text(t->in[1], b, sizeof b));
    }
    t->out[0] = t->in[1];
    t->out_type[0] = t->in_type[0];
    return status;
}

static wg_status tile_sum_infer(wg_infer *t)
{
    return sum_infer(t, tiled);
}

static wg_status repeat_sum_infer(wg_infer *t)
{
    return sum_infer(t, repeated);
}

static void tile_maps(const void *attributes, const wg_shape *x, const wg_shape *y, wg__map map[WG_MAX_RANK])
{
    (void)attributes;
    (void)x;
    for (int i = 0; i < y->rank; i++)
        map[i] = (wg__map){ WG__MAP_CYCLE, 0, 1 };
}

static void repeat_maps(const void *attributes, const wg_shape *x, const wg_shape *y, wg__map map[WG_MAX_RANK])
{
    const repeat *at = attributes;
    (void)x;
    for (int i = 0; i < y->rank; i++)
        map[i] = (wg__map){ WG__MAP_REPEAT, 0, i == wg_axis_of((int)at->axis, y->rank) ? at->repeats : 1 };
}

static wg_status tile_lower(wg_lowering *l)
{
    return wg__remap_lower(l, tile_maps, 0);
}

static wg_status repeat_lower(wg_lowering *l)
{
    return wg__remap_lower(l, repeat_maps, 0);
}

static wg_status tile_sum_lower(wg_lowering *l)
{
    return wg__remap_sum_lower(l, tile_maps);
}

static wg_status repeat_sum_lower(wg_lowering *l)
{
    return wg__remap_sum_lower(l, repeat_maps);
}

static wg_node *tile_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_apply(&wg_op_tile_sum, WG_NODES(a->cotangent, a->in[0]), a->attrs);
}

static wg_node *repeat_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_apply(&wg_op_repeat_sum, WG_NODES(a->cotangent, a->in[0]), a->attrs);
}

static wg_node *tile_sum_backward(const wg_adjoint *a, int slot)
{
    return slot == 0 ? wg_apply(&wg_op_tile, WG_NODES(a->cotangent), a->attrs) : wg_no_gradient(a);
}

static wg_node *repeat_sum_backward(const wg_adjoint *a, int slot)
{
    return slot == 0 ? wg_apply(&wg_op_repeat, WG_NODES(a->cotangent), a->attrs) : wg_no_gradient(a);
}

static const wg_list columns = { { 3 }, 1 }, all_axes = { { 2, 1, 2 }, 3 }, new_axes = { { 2, 3 }, 2 }, never = { { 0, 2 }, 2 };
static const repeat rows_twice = { 2, 0 }, columns_thrice = { 3, -1 }, middle = { 2, 1 }, not_at_all = { 0, 0 };
static const wg_sample tile_samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 3) }, .attrs = &columns },
    { .in = { WG_VALUES(-2, 2, 2, 3, 2) }, .attrs = &all_axes },
    { .in = { WG_VALUES(-2, 2, 4) }, .attrs = &new_axes },
    { .in = { { .lo = -2, .hi = 2 } }, .attrs = &new_axes },
    { .in = { WG_VALUES(-2, 2, 2, 2) }, .attrs = &never },
};
static const wg_sample tile_sum_samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 9), WG_VALUES(-2, 2, 2, 3) }, .attrs = &columns },
    { .in = { WG_VALUES(-2, 2, 4, 3, 4), WG_VALUES(-2, 2, 2, 3, 2) }, .attrs = &all_axes },
    { .in = { WG_VALUES(-2, 2, 2, 12), WG_VALUES(-2, 2, 4) }, .attrs = &new_axes },
    { .in = { WG_VALUES(-2, 2, 2, 3), { .lo = -2, .hi = 2 } }, .attrs = &new_axes },
};
static const wg_sample repeat_samples[] = {
    { .in = { WG_VALUES(-2, 2, 3, 2) }, .attrs = &rows_twice },
    { .in = { WG_VALUES(-2, 2, 2, 3) }, .attrs = &columns_thrice },
    { .in = { WG_VALUES(-2, 2, 2, 3, 2) }, .attrs = &middle },
    { .in = { WG_VALUES(-2, 2, 3, 2) }, .attrs = &not_at_all },
};
static const wg_sample repeat_sum_samples[] = {
    { .in = { WG_VALUES(-2, 2, 6, 2), WG_VALUES(-2, 2, 3, 2) }, .attrs = &rows_twice },
    { .in = { WG_VALUES(-2, 2, 2, 9), WG_VALUES(-2, 2, 2, 3) }, .attrs = &columns_thrice },
    { .in = { WG_VALUES(-2, 2, 2, 6, 2), WG_VALUES(-2, 2, 2, 3, 2) }, .attrs = &middle },
};

const wg_op wg_op_tile = {
    WG_OP, .name = "tile", .doc = "x reps[i] times along axis i, as numpy.tile", .arity = 1, .attrs = tile_attrs,
    .attrs_size = sizeof(wg_list), .infer = tile_infer, .forward = WG_ANY_TYPE(wg__remap_forward), .lower = tile_lower,
    .backward = tile_backward, WG_SAMPLES(tile_samples),
};

const wg_op wg_op_tile_sum = {
    WG_OP, .name = "tile_sum", .doc = "sums over the tiles that have the second operand's shape: the adjoint of tile",
    .arity = 2, .flags = WG_GRADIENT_OF_OTHERS | WG_SHAPE_ONLY_LAST, .attrs = tile_attrs, .attrs_size = sizeof(wg_list),
    .infer = tile_sum_infer, .forward = { .f32 = wg__remap_sum_f32, .f64 = wg__remap_sum_f64 }, .lower = tile_sum_lower,
    .backward = tile_sum_backward, WG_SAMPLES(tile_sum_samples),
};

const wg_op wg_op_repeat = {
    WG_OP, .name = "repeat", .doc = "each element along the axis `repeats` times, as numpy.repeat", .arity = 1,
    .attrs = repeat_attrs, .attrs_size = sizeof(repeat), .infer = repeat_infer,
    .forward = WG_ANY_TYPE(wg__remap_forward), .lower = repeat_lower, .backward = repeat_backward,
    WG_SAMPLES(repeat_samples),
};

const wg_op wg_op_repeat_sum = {
    WG_OP, .name = "repeat_sum",
    .doc = "sums every `repeats` elements along the axis, to the second operand's shape: the adjoint of repeat",
    .arity = 2, .flags = WG_GRADIENT_OF_OTHERS | WG_SHAPE_ONLY_LAST, .attrs = repeat_attrs, .attrs_size = sizeof(repeat),
    .infer = repeat_sum_infer, .forward = { .f32 = wg__remap_sum_f32, .f64 = wg__remap_sum_f64 },
    .lower = repeat_sum_lower, .backward = repeat_sum_backward, WG_SAMPLES(repeat_sum_samples),
};

wg_node *wg_tile(wg_node *x, wg_list reps)
{
    return wg_apply(&wg_op_tile, WG_NODES(x), &reps);
}

wg_node *wg_repeat(wg_node *x, int64_t repeats, int axis)
{
    return wg_apply(&wg_op_repeat, WG_NODES(x), &(repeat){ repeats, axis });
}

#endif
