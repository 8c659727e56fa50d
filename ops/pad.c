/* pad: elements before and after each axis, or, where negative, fewer. */
#include "ops/remap.h"

WG_KERNELS(pad, .forward = WG_ANY_TYPE(wg__remap_forward));
WG_KERNELS(pad_scatter, .forward = { .f32 = wg__remap_sum_f32, .f64 = wg__remap_sum_f64 });

#ifdef WG_BASELINE

#include "base/checked.h"

typedef struct pad {
    wg_list before, after;
    int mode; /* a wg_pad_mode */
    double value;
} pad;

static const wg_attr attrs[] = {
    { "before", WG_ATTR_LIST, offsetof(pad, before), NULL, NULL },
    { "after", WG_ATTR_LIST, offsetof(pad, after), NULL, NULL },
    { "mode", WG_ATTR_ENUM, offsetof(pad, mode), "constant", "constant|reflect|edge" },
    { "value", WG_ATTR_F64, offsetof(pad, value), "0", NULL },
    { 0 },
};

/* Far more than memory holds, and so few that sums with positions do not overflow. */
#define PADDING_MAX (INT64_C(1) << 48)

static wg_status check_list(wg_infer *t, const char *name, wg_list list, int rank)
{
    wg_status status = wg__infer_full_list(t, name, list, rank);
    for (int i = 0; !status && i < rank; i++)
        if (list.at[i] > PADDING_MAX || list.at[i] < -PADDING_MAX)
            return wg_infer_fail(t, WG_ERR_RANGE, "%s is out of range at axis %d", name, i);
    return status;
}

/* The shape that padding x gives. */
static wg_status padded(wg_infer *t, const wg_shape *x, wg_shape *out)
{
    const pad *at = t->attrs;
    wg_status status = check_list(t, "before", at->before, x->rank);
    if (!status)
        status = check_list(t, "after", at->after, x->rank);
    out->rank = x->rank;
    for (int i = 0; !status && i < x->rank; i++) {
        int64_t before = at->before.at[i], after = at->after.at[i], more = before + after, size = x->dim[i];
        if (size >= 0 && !wg__add_i64(size, more, &size))
            return wg_infer_fail(t, WG_ERR_RANGE, "axis %d would become too large", i);
        if (x->dim[i] >= 0 && size < 0)
            return wg_infer_fail(t, WG_ERR_SHAPE, "%lld before and %lld after leave nothing of axis %d, of size %lld",
                                 (long long)before, (long long)after, i, (long long)x->dim[i]);
        if (at->mode != WG_PAD_CONSTANT && x->dim[i] == 0 && size > 0)
            return wg_infer_fail(t, WG_ERR_SHAPE, "axis %d has no element to pad with", i);
        out->dim[i] = x->dim[i] >= 0 || more == 0 ? size : WG_ANY;
    }
    return status;
}

static wg_status pad_infer(wg_infer *t)
{
    return padded(t, &t->in[0], &t->out[0]);
}

static wg_status scatter_infer(wg_infer *t)
{
    wg_shape y = { .rank = 0 };
    wg_status status = padded(t, &t->in[1], &y);
    bool fits = t->in[0].rank == y.rank;
    for (int i = 0; fits && i < y.rank; i++)
        fits = wg_dim_unify(y.dim[i], t->in[0].dim[i], &y.dim[i]);
    if (!status && !fits) {
        char a[96], b[96];
        return wg_infer_fail(t, WG_ERR_SHAPE, "%s is not what padding %s gives", wg_shape_text(t->in[0], a, sizeof a),
                             wg_shape_text(t->in[1], b, sizeof b));
    }
    t->out[0] = t->in[1];
    t->out_type[0] = t->in_type[0];
    return status;
}

static void maps(const void *attributes, const wg_shape *x, const wg_shape *y, wg__map map[WG_MAX_RANK])
{
    static const wg__map_kind kind[] = { WG__MAP_LINE, WG__MAP_REFLECT, WG__MAP_EDGE };
    const pad *at = attributes;
    (void)x;
    for (int i = 0; i < y->rank; i++) {
        int64_t before = at->before.at[i];
        map[i] = (wg__map){ kind[at->mode], at->mode == WG_PAD_CONSTANT ? -before : before, 1 };
    }
}

static wg_status pad_lower(wg_lowering *l)
{
    return wg__remap_lower(l, maps, ((const pad *)l->attrs)->value);
}

static wg_status scatter_lower(wg_lowering *l)
{
    return wg__remap_sum_lower(l, maps);
}

/* Constants are cut off again. */
static wg_node *pad_backward(const wg_adjoint *a, int slot)
{
    pad back = *(const pad *)a->attrs;
    (void)slot;
    if (back.mode != WG_PAD_CONSTANT)
        return wg_apply(&wg_op_pad_scatter, WG_NODES(a->cotangent, a->in[0]), a->attrs);
    for (int i = 0; i < back.before.n; i++) {
        back.before.at[i] = -back.before.at[i];
        back.after.at[i] = -back.after.at[i];
    }
    back.value = 0;
    return wg_apply(&wg_op_pad, WG_NODES(a->cotangent), &back);
}

static wg_node *scatter_backward(const wg_adjoint *a, int slot)
{
    pad again = *(const pad *)a->attrs;
    again.value = 0;
    return slot == 0 ? wg_apply(&wg_op_pad, WG_NODES(a->cotangent), &again) : wg_no_gradient(a);
}

#define AROUND(mode, value) { { { 1, 0, 2 }, 3 }, { { 0, 2, 1 }, 3 }, mode, value }
#define CROPPED(mode) { { { -1, 3 }, 2 }, { { 2, -2 }, 2 }, mode, 0 }
static const pad around = AROUND(WG_PAD_CONSTANT, 1.5), around_reflect = AROUND(WG_PAD_REFLECT, 0),
                 around_edge = AROUND(WG_PAD_EDGE, 0), cropped = CROPPED(WG_PAD_CONSTANT),
                 cropped_reflect = CROPPED(WG_PAD_REFLECT), cropped_edge = CROPPED(WG_PAD_EDGE),
                 far = { { { 7 }, 1 }, { { 6 }, 1 }, WG_PAD_REFLECT, 0 };
static const wg_sample pad_samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 3, 4) }, .attrs = &around },
    { .in = { WG_VALUES(-2, 2, 2, 3, 4) }, .attrs = &around_reflect },
    { .in = { WG_VALUES(-2, 2, 2, 3, 4) }, .attrs = &around_edge },
    { .in = { WG_VALUES(-2, 2, 3, 5) }, .attrs = &cropped },
    { .in = { WG_VALUES(-2, 2, 3, 5) }, .attrs = &cropped_reflect },
    { .in = { WG_VALUES(-2, 2, 3, 5) }, .attrs = &cropped_edge },
    { .in = { WG_VALUES(-2, 2, 3) }, .attrs = &far },
    { .in = { WG_VALUES(-2, 2, 1) }, .attrs = &far },
};
static const wg_sample scatter_samples[] = {
    { .in = { WG_VALUES(-2, 2, 3, 5, 7), WG_VALUES(-2, 2, 2, 3, 4) }, .attrs = &around_reflect },
    { .in = { WG_VALUES(-2, 2, 3, 5, 7), WG_VALUES(-2, 2, 2, 3, 4) }, .attrs = &around_edge },
    { .in = { WG_VALUES(-2, 2, 4, 6), WG_VALUES(-2, 2, 3, 5) }, .attrs = &cropped_reflect },
    { .in = { WG_VALUES(-2, 2, 4, 6), WG_VALUES(-2, 2, 3, 5) }, .attrs = &cropped_edge },
    { .in = { WG_VALUES(-2, 2, 4, 6), WG_VALUES(-2, 2, 3, 5) }, .attrs = &cropped },
    { .in = { WG_VALUES(-2, 2, 16), WG_VALUES(-2, 2, 3) }, .attrs = &far },
    { .in = { WG_VALUES(-2, 2, 14), WG_VALUES(-2, 2, 1) }, .attrs = &far },
};

const wg_op wg_op_pad = {
    WG_OP, .name = "pad",
    .doc = "more elements before and after each axis: a value, x reflected, or its edge; negative: fewer", .arity = 1,
    .attrs = attrs, .attrs_size = sizeof(pad), .infer = pad_infer, .forward = WG_ANY_TYPE(wg__remap_forward),
    .lower = pad_lower, .backward = pad_backward, WG_SAMPLES(pad_samples),
};

const wg_op wg_op_pad_scatter = {
    WG_OP, .name = "pad_scatter",
    .doc = "sums what padding the second operand copied, back to where it came from: the adjoint of pad", .arity = 2,
    .flags = WG_GRADIENT_OF_OTHERS | WG_SHAPE_ONLY_LAST, .attrs = attrs, .attrs_size = sizeof(pad),
    .infer = scatter_infer, .forward = { .f32 = wg__remap_sum_f32, .f64 = wg__remap_sum_f64 }, .lower = scatter_lower,
    .backward = scatter_backward, WG_SAMPLES(scatter_samples),
};

wg_node *wg_pad(wg_node *x, wg_list before, wg_list after, wg_pad_mode mode, double value)
{
    return wg_apply(&wg_op_pad, WG_NODES(x), &(pad){ before, after, (int)mode, value });
}

#endif
