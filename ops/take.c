/* take, embedding: slices across an axis, chosen by indices; take_scatter, their adjoint. */
#include "ops/index.h"
#include "base/checked.h"
#include "base/error.h"

/* What `lower` leaves: x seen as (outer, size, inner), the result as (outer, n, inner). */
typedef struct plan {
    int64_t outer, size, n, inner;
    int axis;
} plan;

static wg_status copy_slices(const wg_call *c, int64_t begin, int64_t end, bool wraps)
{
    const plan *p = c->params;
    size_t bytes = (size_t)p->inner * wg_dtype_size(c->out_type);
    int64_t outer = begin < end ? begin / p->n : 0, at = begin - outer * p->n;
    for (int64_t unit = begin; unit < end; unit++) {
        int64_t given = wg__index_at(c, 1, at), i = given < 0 && !wraps ? -1 : wg__index_wrap(given, p->size);
        if (i < 0)
            return wg__index_fail(c, given, at, p->axis, p->size);
        char *to = (char *)c->out + (size_t)unit * bytes;
        const char *from = (const char *)c->in[0] + (size_t)(outer * p->size + i) * bytes;
        if (bytes == sizeof(float)) /* a size that the compiler knows is a move, and no call */
            memcpy(to, from, sizeof(float));
        else if (bytes == sizeof(double))
            memcpy(to, from, sizeof(double));
        else
            memcpy(to, from, bytes);
        outer += at + 1 == p->n;
        at = at + 1 == p->n ? 0 : at + 1;
    }
    return WG_OK;
}

static wg_status take_forward(const wg_call *c, int64_t begin, int64_t end)
{
    return copy_slices(c, begin, end, true);
}

static wg_status embedding_forward(const wg_call *c, int64_t begin, int64_t end)
{
    return copy_slices(c, begin, end, false);
}

/* The indices sorted by where they point, by counting: scratch begins with size + 1 offsets into the n positions that
 * follow. So each slice of the result is one unit's own, and its sum goes in the order of the indices. */
static wg_status take_scatter_count(const wg_call *c, int64_t begin, int64_t end)
{
    const plan *p = c->params;
    int64_t *offset = c->scratch, *position = offset + p->size + 1;
    if (begin == end)
        return WG_OK;
    memset(offset, 0, (size_t)(p->size + 1) * sizeof *offset);
    for (int64_t k = 0; k < p->n; k++) {
        int64_t given = wg__index_at(c, 1, k), i = wg__index_wrap(given, p->size);
        if (i < 0)
            return wg__index_fail(c, given, k, p->axis, p->size);
        offset[i + 1]++;
    }
    for (int64_t i = 0; i < p->size; i++)
        offset[i + 1] += offset[i];
    for (int64_t k = p->n - 1; k >= 0; k--) /* backwards: offsets[i + 1] moves down to where slice i begins */
        position[--offset[wg__index_wrap(wg__index_at(c, 1, k), p->size) + 1]] = k;
    return WG_OK;
}

WG_KERNEL(take_scatter_sum,
    enum { COLUMNS = 128 };
    const plan *p = c->params;
    const int64_t *offset = c->scratch;
    const int64_t *position = offset + p->size + 1;
    for (int64_t unit = begin; unit < end; unit++) {
        const int64_t outer = unit / p->size;
        const int64_t i = unit % p->size;
        const int64_t stop = i + 1 < p->size ? offset[i + 2] : p->n;
        for (int64_t column = 0; column < p->inner; column += COLUMNS) {
            const int64_t width = p->inner - column < COLUMNS ? p->inner - column : COLUMNS;
            double sum[COLUMNS];
            for (int64_t j = 0; j < width; j++)
                sum[j] = 0;
            for (int64_t k = offset[i + 1]; k < stop; k++) {
                const T *x = (const T *)c->in[0] + (outer * p->n + position[k]) * p->inner + column;
                for (int64_t j = 0; j < width; j++)
                    sum[j] += (double)x[j];
            }
            T *out = (T *)c->out + unit * p->inner + column;
            for (int64_t j = 0; j < width; j++)
                out[j] = (T)sum[j];
        }
    })

WG_KERNELS(take, .forward = WG_ANY_TYPE(take_forward));
WG_KERNELS(embedding, .forward = WG_ANY_TYPE(embedding_forward));
WG_KERNELS(take_scatter, .forward = WG_ANY_TYPE(take_scatter_count), .stage[0] = WG_BOTH(take_scatter_sum));

#ifdef WG_BASELINE

static const wg_attr attrs[] = { { "axis", WG_ATTR_I64, 0, NULL, NULL }, { 0 } };

/* x's shape with the axis replaced by the index's. */
static wg_status taken(wg_infer *t, const wg_shape *x, const wg_shape *index, int axis, wg_shape *out)
{
    if (x->rank - 1 + index->rank > WG_MAX_RANK)
        return wg_infer_fail(t, WG_ERR_SHAPE, "its result would have more than %d axes", WG_MAX_RANK);
    out->rank = x->rank - 1 + index->rank;
    for (int i = 0; i < out->rank; i++)
        out->dim[i] = i < axis                 ? x->dim[i]
                      : i < axis + index->rank ? index->dim[i - axis]
                                               : x->dim[i - index->rank + 1];
    return WG_OK;
}

static wg_status take_infer(wg_infer *t)
{
    int axis = wg__infer_axis(t, ((const wg__axis_attrs *)t->attrs)->axis);
    wg_status status = axis < 0 ? WG_ERR_ARG : wg__infer_index(t, 1);
    t->out_type[0] = t->in_type[0];
    return status ? status : taken(t, &t->in[0], &t->in[1], axis, &t->out[0]);
}

static wg_status embedding_infer(wg_infer *t)
{
    int axis = wg__infer_axis(t, 0);
    wg_status status = axis < 0 ? WG_ERR_ARG : wg__infer_index(t, 1);
    t->out_type[0] = t->in_type[0];
    return status ? status : taken(t, &t->in[0], &t->in[1], 0, &t->out[0]);
}

/* Operands: what was taken, the indices, and the shape that it was taken from. */
static wg_status take_scatter_infer(wg_infer *t)
{
    int64_t given = ((const wg__axis_attrs *)t->attrs)->axis;
    const wg_shape *x = &t->in[2];
    int axis = wg_axis_of((int)given, x->rank);
    wg_shape part = { .rank = 0 };
    if (axis < 0)
        return wg_infer_fail(t, WG_ERR_ARG, "axis %lld is out of range for rank %d", (long long)given, x->rank);
    wg_status status = wg__infer_index(t, 1);
    if (!status)
        status = taken(t, x, &t->in[1], axis, &part);
    bool fits = part.rank == t->in[0].rank;
    for (int i = 0; fits && i < part.rank; i++)
        fits = wg_dim_unify(part.dim[i], t->in[0].dim[i], &part.dim[i]);
    if (!status && !fits) {
        char a[96], b[96];
        return wg_infer_fail(t, WG_ERR_SHAPE, "%s is not what these indices take from %s",
                             wg_shape_text(t->in[0], a, sizeof a), wg_shape_text(*x, b, sizeof b));
    }
    t->out[0] = *x;
    return status;
}

static plan plan_of(const wg_shape *x, const wg_shape *index, int axis)
{
    plan p = { .outer = 1, .size = x->dim[axis], .n = wg_shape_count(*index), .axis = axis };
    for (int i = 0; i < axis; i++)
        p.outer *= x->dim[i];
    p.inner = wg__axis_stride(x, axis);
    return p;
}

/* A unit is one slice of the result. */
static wg_status lower_copies(wg_lowering *l, int64_t axis)
{
    plan p = plan_of(&l->in_shape[0], &l->in_shape[1], wg_axis_of((int)axis, l->in_shape[0].rank));
    *(plan *)(void *)l->params = p;
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .extent = p.outer * p.n, .grain = 1 + 4096 / (1 + p.inner),
                              .cost = 4 + 0.2 * (double)p.inner };
    return WG_OK;
}

static wg_status take_lower(wg_lowering *l)
{
    return lower_copies(l, ((const wg__axis_attrs *)l->attrs)->axis);
}

static wg_status embedding_lower(wg_lowering *l)
{
    return lower_copies(l, 0);
}

static wg_status take_scatter_lower(wg_lowering *l)
{
    int64_t axis = ((const wg__axis_attrs *)l->attrs)->axis;
    plan p = plan_of(&l->out_shape[0], &l->in_shape[1], wg_axis_of((int)axis, l->out_shape[0].rank));
    size_t numbers;
    *(plan *)(void *)l->params = p;
    if (!wg__add_size((size_t)p.size + 1, (size_t)p.n, &numbers) ||
        !wg__mul_size(numbers, sizeof(int64_t), &l->scratch))
        return wg__fail(WG_ERR_NOMEM, "its lists need more bytes than there are");
    int64_t each = p.inner * (1 + p.n / (1 + p.size)); /* elements that a slice is made of, on the average */
    l->n_stages = 2;
    l->stage[0] = (wg_stage){ .kernel = 0, .extent = 1, .grain = 1, .cost = 2 * (double)(p.size + p.n) };
    l->stage[1] = (wg_stage){ .kernel = 1, .extent = p.outer * p.size, .grain = 1 + 4096 / (1 + each),
                              .cost = 5 + (double)each };
    return WG_OK;
}

static wg_node *take_back(const wg_adjoint *a, int slot, int64_t axis)
{
    if (slot > 0)
        return wg_no_gradient(a);
    return wg_apply(&wg_op_take_scatter, WG_NODES(a->cotangent, a->in[1], a->in[0]), &(wg__axis_attrs){ axis });
}

static wg_node *take_backward(const wg_adjoint *a, int slot)
{
    return take_back(a, slot, ((const wg__axis_attrs *)a->attrs)->axis);
}

static wg_node *embedding_backward(const wg_adjoint *a, int slot)
{
    return take_back(a, slot, 0);
}

static wg_node *take_scatter_backward(const wg_adjoint *a, int slot)
{
    if (slot > 0)
        return wg_no_gradient(a);
    return wg_take(a->cotangent, a->in[1], (int)((const wg__axis_attrs *)a->attrs)->axis);
}

#define INDICES(low, high, type, ...) { WG_DIMS(__VA_ARGS__), low, high, type, false }
static const wg__axis_attrs first = { 0 }, last = { -1 }, middle = { 1 };
static const wg_sample take_samples[] = {
    { .in = { WG_VALUES(-2, 2, 3, 4), INDICES(0, 2, WG_I64, 5) }, .attrs = &first },
    { .in = { WG_VALUES(-2, 2, 2, 4), INDICES(-4, 3, WG_I32, 2, 3) }, .attrs = &last },
    { .in = { WG_VALUES(-2, 2, 2, 3, 2), INDICES(-3, 2, WG_I64, 4) }, .attrs = &middle },
    { .in = { WG_VALUES(-2, 2, 4), { .lo = 2, .hi = 2, .dtype = WG_I64 } }, .attrs = &first },
};
static const wg_sample embedding_samples[] = {
    { .in = { WG_VALUES(-2, 2, 5, 3), INDICES(0, 4, WG_I64, 2, 4) } },
    { .in = { WG_VALUES(-2, 2, 4, 2, 2), INDICES(0, 3, WG_I32, 6) } },
    { .in = { WG_VALUES(-2, 2, 4), INDICES(0, 3, WG_I64, 1, 3) } },
};
static const wg_sample take_scatter_samples[] = {
    { .in = { WG_VALUES(-2, 2, 5, 4), INDICES(0, 2, WG_I64, 5), WG_VALUES(-2, 2, 3, 4) }, .attrs = &first },
    { .in = { WG_VALUES(-2, 2, 2, 2, 3), INDICES(-4, 3, WG_I32, 2, 3), WG_VALUES(-2, 2, 2, 4) }, .attrs = &last },
    { .in = { WG_VALUES(-2, 2, 2, 4, 2), INDICES(-3, 2, WG_I64, 4), WG_VALUES(-2, 2, 2, 3, 2) }, .attrs = &middle },
};

const wg_op wg_op_take = {
    WG_OP, .name = "take", .doc = "slices of x across the axis, at the indices, as numpy.take", .arity = 2,
    .flags = WG_CAN_FAIL, .attrs = attrs, .attrs_size = sizeof(wg__axis_attrs), .infer = take_infer,
    .forward = WG_ANY_TYPE(take_forward), .lower = take_lower, .backward = take_backward, WG_SAMPLES(take_samples),
};

const wg_op wg_op_embedding = {
    WG_OP, .name = "embedding", .doc = "weight[index]: rows of a table; an index is at least 0", .arity = 2,
    .flags = WG_CAN_FAIL, .infer = embedding_infer, .forward = WG_ANY_TYPE(embedding_forward), .lower = embedding_lower,
    .backward = embedding_backward, WG_SAMPLES(embedding_samples),
};

const wg_op wg_op_take_scatter = {
    WG_OP, .name = "take_scatter",
    .doc = "sums slices at the indices where they were taken from, the third operand's shape: the adjoint of take",
    .arity = 3, .flags = WG_CAN_FAIL | WG_GRADIENT_OF_OTHERS | WG_SHAPE_ONLY_LAST, .attrs = attrs,
    .attrs_size = sizeof(wg__axis_attrs), .infer = take_scatter_infer, .forward = WG_ANY_TYPE(take_scatter_count),
    .stage[0] = WG_BOTH(take_scatter_sum), .lower = take_scatter_lower, .backward = take_scatter_backward,
    WG_SAMPLES(take_scatter_samples),
};

wg_node *wg_take(wg_node *x, wg_node *index, int axis)
{
    return wg_apply(&wg_op_take, WG_NODES(x, index), &(wg__axis_attrs){ axis });
}

wg_node *wg_embedding(wg_node *weight, wg_node *index)
{
    return wg_apply(&wg_op_embedding, WG_NODES(weight, index), NULL);
}

#endif
