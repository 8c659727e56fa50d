/* gather: along an axis, the elements that indices of the result's shape name; scatter_add: its adjoint, and useful by
 * itself. */
#include "ops/index.h"

/* A unit is up to WG__LINES lines of the result, side by side. */
#define GATHER(name, type)                                                                                             \
    static wg_status name(const wg_call *c, int64_t begin, int64_t end)                                                \
    {                                                                                                                  \
        const wg_shape *x = &c->in_shape[0], *index = &c->out_shape;                                                   \
        const int axis = wg_axis_of((int)((const wg__axis_attrs *)c->attrs)->axis, x->rank);                           \
        const int64_t stride = wg__axis_stride(x, axis), size = x->dim[axis];                                          \
        const wg__along *a = c->params;                                                                                \
        for (int64_t unit = begin; unit < end; unit++) {                                                               \
            const wg__lines lines = wg__lines_of(a, unit);                                                             \
            const type *from[WG__LINES];                                                                               \
            for (int j = 0; j < lines.width; j++)                                                                      \
                from[j] = (const type *)c->in[0] + wg__line_start(index, x, axis, lines.line + j);                     \
            for (int64_t k = 0; k < a->length; k++)                                                                    \
                for (int j = 0; j < lines.width; j++) {                                                                \
                    const int64_t at = lines.first + k * a->inner + j, given = wg__index_at(c, 1, at);                 \
                    const int64_t i = wg__index_wrap(given, size);                                                     \
                    if (i < 0)                                                                                         \
                        return wg__index_fail(c, given, at, axis, size);                                               \
                    ((type *)c->out)[at] = from[j][i * stride];                                                        \
                }                                                                                                      \
        }                                                                                                              \
        return WG_OK;                                                                                                  \
    }
GATHER(gather_1, uint8_t)
GATHER(gather_4, uint32_t)
GATHER(gather_8, uint64_t)

/* The index's type may decide which kernel is called, so the element's size does here. */
static wg_status gather_forward(const wg_call *c, int64_t begin, int64_t end)
{
    size_t size = wg_dtype_size(c->out_type);
    return (size == 8 ? gather_8 : size == 4 ? gather_4 : gather_1)(c, begin, end);
}

/* A unit is up to WG__LINES lines of x, whole: whatever is added to them is, in the order of the indices. */
#define SCATTER_ADD(suffix, type, S)                                                                                   \
    WG_KERNEL_OF(                                                                                                      \
        scatter_add_forward_##suffix, type, const wg_shape *x = &c->in_shape[0]; const wg_shape *index = &c->in_shape[1]; \
        const int axis = wg_axis_of((int)((const wg__axis_attrs *)c->attrs)->axis, x->rank);                           \
        const int64_t stride = wg__axis_stride(index, axis); const int64_t src_stride = wg__axis_stride(&c->in_shape[2], axis); \
        const wg__along *a = c->params; const int64_t size = a->length;                                                \
        for (int64_t unit = begin; unit < end; unit++) {                                                               \
            const wg__lines lines = wg__lines_of(a, unit);                                                             \
            T *y = (T *)c->out + lines.first;                                                                          \
            int64_t start[WG__LINES] = { 0 };                                                                          \
            const T *src[WG__LINES];                                                                                   \
            for (int64_t k = 0; k < size; k++)                                                                         \
                memcpy(y + k * a->inner, (const T *)c->in[0] + lines.first + k * a->inner,                             \
                       (size_t)lines.width * sizeof(T));                                                               \
            for (int j = 0; j < lines.width; j++) {                                                                    \
                start[j] = wg__line_start(x, index, axis, lines.line + j);                                             \
                if (start[j] >= 0)                                                                                     \
                    src[j] = (const T *)c->in[2] + wg__line_start(x, &c->in_shape[2], axis, lines.line + j);           \
            }                                                                                                          \
            for (int64_t k = 0; k < index->dim[axis]; k++)                                                             \
                for (int j = 0; j < lines.width; j++) {                                                                \
                    if (start[j] < 0)                                                                                  \
                        continue;                                                                                      \
                    const int64_t at = start[j] + k * stride;                                                          \
                    const int64_t given = wg__index_at(c, 1, at);                                                      \
                    const int64_t i = wg__index_wrap(given, size);                                                     \
                    if (i < 0)                                                                                         \
                        return wg__index_fail(c, given, at, axis, size);                                               \
                    y[i * a->inner + j] = (T)((S)y[i * a->inner + j] + (S)src[j][k * src_stride]);                     \
                }                                                                                                      \
        })
SCATTER_ADD(f32, float, float)
SCATTER_ADD(f64, double, double)
SCATTER_ADD(i32, int32_t, uint32_t)
SCATTER_ADD(i64, int64_t, uint64_t)

WG_KERNELS(gather, .forward = WG_ANY_TYPE(gather_forward));
WG_KERNELS(scatter_add, .forward = WG_NUMBERS(scatter_add_forward));

#ifdef WG_BASELINE

static const wg_attr attrs[] = { { "axis", WG_ATTR_I64, 0, NULL, NULL }, { 0 } };

/* `small` may be shorter than `large`, but not longer, along all axes but `except`. */
static bool fits_into(const wg_shape *small, const wg_shape *large, int except)
{
    bool fits = small->rank == large->rank;
    for (int i = 0; fits && i < small->rank; i++) {
        int64_t d, a = small->dim[i], b = large->dim[i];
        fits = i == except || (a >= 0 && b >= 0 ? a <= b : wg_dim_unify(a, b, &d));
    }
    return fits;
}

static wg_status does_not_fit(wg_infer *t, int slot, int into)
{
    static const char *const name[] = { "the operand's", "the index's", "the source's" };
    char a[96], b[96];
    return wg_infer_fail(t, WG_ERR_SHAPE, "%s shape %s does not fit into %s %s", name[slot],
                         wg_shape_text(t->in[slot], a, sizeof a), name[into], wg_shape_text(t->in[into], b, sizeof b));
}

static wg_status gather_infer(wg_infer *t)
{
    int axis = wg__infer_axis(t, ((const wg__axis_attrs *)t->attrs)->axis);
    if (axis < 0)
        return WG_ERR_ARG;
    wg_status status = wg__infer_index(t, 1);
    if (!status && !fits_into(&t->in[1], &t->in[0], axis))
        return does_not_fit(t, 1, 0);
    t->out[0] = t->in[1];
    t->out_type[0] = t->in_type[0];
    return status;
}

static wg_status scatter_add_infer(wg_infer *t)
{
    int axis = wg__infer_axis(t, ((const wg__axis_attrs *)t->attrs)->axis);
    if (axis < 0)
        return WG_ERR_ARG;
    wg_status status = wg__infer_index(t, 1);
    if (status)
        return status;
    if (t->in_type[0] == WG_U8 || t->in_type[0] == WG_BOOL || t->in_type[0] != t->in_type[2])
        return wg_infer_fail(t, WG_ERR_DTYPE, "takes two of f32, f64, i32 or i64, got %s and %s",
                             wg_dtype_name(t->in_type[0]), wg_dtype_name(t->in_type[2]));
    if (!fits_into(&t->in[1], &t->in[0], axis))
        return does_not_fit(t, 1, 0);
    if (!fits_into(&t->in[1], &t->in[2], -1))
        return does_not_fit(t, 1, 2);
    t->out[0] = t->in[0];
    return WG_OK;
}

/* Over the lines of the result. */
static wg_status lower(wg_lowering *l)
{
    int64_t axis = ((const wg__axis_attrs *)l->attrs)->axis;
    wg_lowering result = *l;
    result.in_shape = l->out_shape;
    wg_status status = wg__along_lower(&result, axis, 2);
    result.in_shape = l->in_shape;
    *l = result;
    return status;
}

static wg_status scatter_add_lower(wg_lowering *l)
{
    wg_status status = lower(l);
    l->stage[0].cost += 3 * (double)wg_shape_count(l->in_shape[1]) / (double)(1 + l->stage[0].extent);
    return status;
}

static wg_node *gather_backward(const wg_adjoint *a, int slot)
{
    if (slot > 0)
        return wg_no_gradient(a);
    return wg_scatter_add(wg_zeros_like(a->in[0]), a->in[1], a->cotangent, (int)((const wg__axis_attrs *)a->attrs)->axis);
}

/* Sources beyond the indices were not used. */
static wg_node *scatter_add_backward(const wg_adjoint *a, int slot)
{
    if (slot == 0)
        return a->cotangent;
    if (slot == 1)
        return wg_no_gradient(a);
    wg_node *back = wg_gather(a->cotangent, a->in[1], (int)((const wg__axis_attrs *)a->attrs)->axis);
    bool all = back && wg_shape_equal(wg_node_shape(back), wg_node_shape(a->in[2]));
    return all ? back : wg_slice_like(back, a->in[2]);
}

#define INDICES(low, high, type, ...) { WG_DIMS(__VA_ARGS__), low, high, type, false }
static const wg__axis_attrs first = { 0 }, last = { -1 }, middle = { 1 };
static const wg_sample gather_samples[] = {
    { .in = { WG_VALUES(-2, 2, 3, 4), INDICES(0, 2, WG_I64, 5, 4) }, .attrs = &first },
    { .in = { WG_VALUES(-2, 2, 3, 4), INDICES(-4, 3, WG_I32, 2, 3) }, .attrs = &last },
    { .in = { WG_VALUES(-2, 2, 2, 3, 2), INDICES(-3, 2, WG_I64, 1, 4, 2) }, .attrs = &middle },
    { .in = { WG_VALUES(-2, 2, 5), INDICES(0, 4, WG_I64, 7) }, .attrs = &first },
};
static const wg_sample scatter_add_samples[] = {
    { .in = { WG_VALUES(-2, 2, 3, 4), INDICES(0, 2, WG_I64, 5, 4), WG_VALUES(-2, 2, 5, 4) }, .attrs = &first },
    { .in = { WG_VALUES(-2, 2, 3, 4), INDICES(-4, 3, WG_I32, 2, 3), WG_VALUES(-2, 2, 3, 5) }, .attrs = &last },
    { .in = { WG_VALUES(-2, 2, 2, 3, 2), INDICES(-3, 2, WG_I64, 1, 4, 2), WG_VALUES(-2, 2, 2, 4, 3) }, .attrs = &middle },
    { .in = { WG_VALUES(-2, 2, 3), INDICES(0, 2, WG_I64, 9), WG_VALUES(-2, 2, 9) }, .attrs = &first },
};

const wg_op wg_op_gather = {
    WG_OP, .name = "gather", .doc = "along the axis, x at the index of each element of the result, as torch.gather",
    .arity = 2, .flags = WG_CAN_FAIL, .attrs = attrs, .attrs_size = sizeof(wg__axis_attrs), .infer = gather_infer,
    .forward = WG_ANY_TYPE(gather_forward), .lower = lower, .backward = gather_backward, WG_SAMPLES(gather_samples),
};

const wg_op wg_op_scatter_add = {
    WG_OP, .name = "scatter_add", .doc = "x, and along the axis each source added at its index, as torch.scatter_add",
    .arity = 3, .flags = WG_CAN_FAIL, .attrs = attrs, .attrs_size = sizeof(wg__axis_attrs), .infer = scatter_add_infer,
    .forward = WG_NUMBERS(scatter_add_forward), .lower = scatter_add_lower, .backward = scatter_add_backward,
    WG_SAMPLES(scatter_add_samples),
};

wg_node *wg_gather(wg_node *x, wg_node *index, int axis)
{
    return wg_apply(&wg_op_gather, WG_NODES(x, index), &(wg__axis_attrs){ axis });
}

wg_node *wg_scatter_add(wg_node *x, wg_node *index, wg_node *source, int axis)
{
    return wg_apply(&wg_op_scatter_add, WG_NODES(x, index, source), &(wg__axis_attrs){ axis });
}

#endif
