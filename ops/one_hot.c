/* one_hot: indices as vectors with a single one; iota: positions along an axis. */
#include "ops/index.h"
#include "tensor/shape.h"

typedef struct one_hot {
    int64_t depth;
    wg_dtype dtype;
} one_hot;

typedef struct iota {
    int64_t axis;
    wg_dtype dtype;
} iota;

static wg_status one_hot_forward(const wg_call *c, int64_t begin, int64_t end)
{
    int64_t depth = ((const one_hot *)c->attrs)->depth;
    size_t size = wg_dtype_size(c->out_type);
    memset((char *)c->out + (size_t)(begin * depth) * size, 0, (size_t)((end - begin) * depth) * size);
    for (int64_t i = begin; i < end; i++) {
        int64_t at = wg__index_at(c, 0, i);
        if (at < 0 || at >= depth)
            return wg__index_fail(c, at, i, c->out_shape.rank - 1, depth);
        wg__store(c->out, c->out_type, i * depth + at, 1);
    }
    return WG_OK;
}

static wg_status iota_forward(const wg_call *c, int64_t begin, int64_t end)
{
    const wg_shape *y = &c->out_shape;
    int axis = wg_axis_of((int)((const iota *)c->attrs)->axis, y->rank);
    int64_t inner = wg__axis_stride(y, axis), size = y->dim[axis];
    for (int64_t i = begin; i < end; i++)
        wg__store(c->out, c->out_type, i, (double)(i / inner % size));
    return WG_OK;
}

WG_KERNELS(one_hot, .forward = { .i32 = one_hot_forward, .i64 = one_hot_forward });
WG_KERNELS(iota, .forward = WG_ANY_TYPE(iota_forward));

#ifdef WG_BASELINE

static const wg_attr one_hot_attrs[] = {
    { "depth", WG_ATTR_I64, offsetof(one_hot, depth), NULL, NULL },
    { "dtype", WG_ATTR_DTYPE, offsetof(one_hot, dtype), NULL, NULL },
    { 0 },
};
static const wg_attr iota_attrs[] = {
    { "axis", WG_ATTR_I64, offsetof(iota, axis), "0", NULL },
    { "dtype", WG_ATTR_DTYPE, offsetof(iota, dtype), "i64", NULL },
    { 0 },
};

static wg_status one_hot_infer(wg_infer *t)
{
    const one_hot *at = t->attrs;
    wg_status status = wg__infer_index(t, 0);
    if (status)
        return status;
    if (at->depth < 0)
        return wg_infer_fail(t, WG_ERR_ARG, "depth must be at least 0, got %lld", (long long)at->depth);
    if (t->in[0].rank == WG_MAX_RANK)
        return wg_infer_fail(t, WG_ERR_SHAPE, "its result would have more than %d axes", WG_MAX_RANK);
    t->out[0] = t->in[0];
    t->out[0].dim[t->out[0].rank++] = at->depth;
    t->out_type[0] = at->dtype;
    return WG_OK;
}

static wg_status iota_infer(wg_infer *t)
{
    const iota *at = t->attrs;
    if (wg__infer_axis(t, at->axis) < 0)
        return WG_ERR_ARG;
    t->out[0] = t->in[0];
    t->out_type[0] = at->dtype;
    return WG_OK;
}

static wg_status one_hot_lower(wg_lowering *l)
{
    int64_t depth = ((const one_hot *)l->attrs)->depth;
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .extent = wg_shape_count(l->in_shape[0]), .grain = 1 + 4096 / (1 + depth),
                              .cost = 4 + 0.2 * (double)depth };
    return WG_OK;
}

static wg_status iota_lower(wg_lowering *l)
{
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .extent = wg_shape_count(l->out_shape[0]), .grain = 1024, .cost = 3 };
    return WG_OK;
}

static const one_hot four = { 4, WG_F64 }, five = { 5, WG_I32 };
static const iota rows = { 0, WG_I64 }, columns = { -1, WG_F64 };
static const wg_sample one_hot_samples[] = {
    { .in = { { WG_DIMS(3), 0, 3, WG_I64, false } }, .attrs = &four },
    { .in = { { WG_DIMS(2, 1, 2), 0, 4, WG_I32, false } }, .attrs = &five },
};
static const wg_sample iota_samples[] = {
    { .in = { WG_VALUES(-2, 2, 3, 2) }, .attrs = &rows },
    { .in = { WG_VALUES(-2, 2, 2, 1, 4) }, .attrs = &columns },
};

const wg_op wg_op_one_hot = {
    WG_OP, .name = "one_hot", .doc = "for each index, a vector of `depth` with 1 there and 0 elsewhere", .arity = 1,
    .flags = WG_CAN_FAIL | WG_NO_GRADIENT, .attrs = one_hot_attrs, .attrs_size = sizeof(one_hot),
    .infer = one_hot_infer, .forward = { .i32 = one_hot_forward, .i64 = one_hot_forward }, .lower = one_hot_lower,
    WG_SAMPLES(one_hot_samples),
};

const wg_op wg_op_iota = {
    WG_OP, .name = "iota", .doc = "of x's shape: each element's position along the axis", .arity = 1,
    .flags = WG_NO_GRADIENT | WG_SHAPE_ONLY_LAST, .attrs = iota_attrs, .attrs_size = sizeof(iota),
    .infer = iota_infer, .forward = WG_ANY_TYPE(iota_forward), .lower = iota_lower, WG_SAMPLES(iota_samples),
};

wg_node *wg_one_hot(wg_node *index, int64_t depth, wg_dtype dtype)
{
    return wg_apply(&wg_op_one_hot, WG_NODES(index), &(one_hot){ depth, dtype });
}

wg_node *wg_iota(wg_node *like, int axis, wg_dtype dtype)
{
    return wg_apply(&wg_op_iota, WG_NODES(like), &(iota){ axis, dtype });
}

#endif
