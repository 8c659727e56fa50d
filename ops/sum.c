/* sum, sum_to_like. */
#include "ops/reduce.h"
#include "tensor/shape.h"

#define ADD(s, x) ((s) + (x))
#define WRAPPING_ADD(s, x) (int64_t)((uint64_t)(s) + (uint64_t)(x))
#define AS_IT_IS(s, n) (s)
WG_REDUCE(sum, f32, float, double, float, 0, ADD, AS_IT_IS)
WG_REDUCE(sum, f64, double, double, double, 0, ADD, AS_IT_IS)
WG_REDUCE(sum, i32, int32_t, int64_t, int64_t, 0, WRAPPING_ADD, AS_IT_IS)
WG_REDUCE(sum, i64, int64_t, int64_t, int64_t, 0, WRAPPING_ADD, AS_IT_IS)
WG_REDUCE(sum, u8, uint8_t, int64_t, int64_t, 0, WRAPPING_ADD, AS_IT_IS)

WG_KERNELS(sum, .forward = WG_EVERY_BY_U8(sum_fold), .stage[0] = WG_EVERY_BY_U8(sum_join));
WG_KERNELS(sum_to_like, .forward = WG_EVERY_BY_U8(sum_fold), .stage[0] = WG_EVERY_BY_U8(sum_join));

#ifdef WG_BASELINE

static wg_status sum_infer(wg_infer *t)
{
    t->out_type[0] = wg__is_float(t->in_type[0]) ? t->in_type[0] : WG_I64;
    return wg__reduce_infer(t);
}

static wg_node *sum_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_broadcast_like(wg__restore_axes(a->cotangent, a->in[0], a->attrs), a->in[0]);
}

/* `like` must broadcast to x. */
static wg_status sum_to_like_infer(wg_infer *t)
{
    const wg_shape *x = &t->in[0], *like = &t->in[1];
    bool fits = like->rank <= x->rank;
    t->out[0] = *like;
    for (int i = 1; fits && i <= like->rank; i++)
        if (like->dim[like->rank - i] != 1)
            fits = wg_dim_unify(x->dim[x->rank - i], like->dim[like->rank - i], &t->out[0].dim[like->rank - i]);
    if (!fits) {
        char a[96], b[96];
        return wg_infer_fail(t, WG_ERR_SHAPE, "%s is no broadcast of %s", wg_shape_text(*x, a, sizeof a),
                             wg_shape_text(*like, b, sizeof b));
    }
    if (!wg__is_float(t->in_type[0]) || t->in_type[0] != t->in_type[1])
        return wg_infer_fail(t, WG_ERR_DTYPE, "takes two of f32 or of f64, got %s and %s", wg_dtype_name(t->in_type[0]),
                             wg_dtype_name(t->in_type[1]));
    return WG_OK;
}

static wg_status sum_to_like_lower(wg_lowering *l)
{
    const wg_shape *x = &l->in_shape[0], *like = &l->in_shape[1];
    bool on[WG_MAX_RANK] = { 0 };
    for (int i = 1; i <= x->rank; i++)
        on[x->rank - i] = i > like->rank || like->dim[like->rank - i] == 1;
    return wg__reduce_lower_axes(l, on);
}

static wg_node *sum_to_like_backward(const wg_adjoint *a, int slot)
{
    return slot == 0 ? wg_broadcast_like(a->cotangent, a->in[0]) : wg_no_gradient(a);
}

static const wg_sample like_samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 3, 4), WG_VALUES(-2, 2, 3, 1) } },
    { .in = { WG_VALUES(-2, 2, 3, 4), WG_VALUES(-2, 2, 4) } },
    { .in = { WG_VALUES(-2, 2, 5), { .lo = -2, .hi = 2 } } },
    { .in = { WG_VALUES(-2, 2, 2, 3), WG_VALUES(-2, 2, 2, 3) } },
};

const wg_op wg_op_sum = {
    WG_OP, .name = "sum", .doc = "sum along the axes; bool and integers are counted in i64", .arity = 1,
    .attrs = wg__reduce_attr_table, .attrs_size = sizeof(wg__reduce_attrs), .infer = sum_infer, .forward = WG_EVERY_BY_U8(sum_fold),
    .stage[0] = WG_EVERY_BY_U8(sum_join), .lower = wg__reduce_lower, .backward = sum_backward, WG_SAMPLES(wg__reduce_samples),
};

const wg_op wg_op_sum_to_like = {
    WG_OP, .name = "sum_to_like", .doc = "undoes a broadcast: x summed down to the shape of the second operand",
    .arity = 2, .flags = WG_SHAPE_ONLY_LAST, .infer = sum_to_like_infer, .forward = WG_EVERY_BY_U8(sum_fold), .stage[0] = WG_EVERY_BY_U8(sum_join),
    .lower = sum_to_like_lower, .backward = sum_to_like_backward, WG_SAMPLES(like_samples),
};

wg_node *wg_sum(wg_node *x, wg_axes axes, bool keepdims)
{
    return wg_apply(&wg_op_sum, WG_NODES(x), &(wg__reduce_attrs){ axes, keepdims });
}

wg_node *wg_sum_to_like(wg_node *x, wg_node *like)
{
    return wg_apply(&wg_op_sum_to_like, WG_NODES(x, like), NULL);
}

#endif
