/* where: one of two, element by element, by a mask of bool or u8. */
#include "ops/elementwise.h"

#define WHERE(suffix, type)                                                                                            \
    WG_KERNEL_OF(where_forward_##suffix, type, const uint8_t *mask = c->in[0]; const T *x = c->in[1];                  \
                 const T *y = c->in[2]; T *out = c->out;                                                               \
                 WG_SIMD for (int64_t i = begin; i < end; i++) out[i] = mask[i] ? x[i] : y[i];)

WHERE(f32, float)
WHERE(f64, double)
WHERE(i32, int32_t)
WHERE(i64, int64_t)
WHERE(u8, uint8_t)
WHERE(bool, uint8_t)

WG_KERNELS(where, .forward = WG_EVERY(where_forward));

#ifdef WG_BASELINE

static wg_status infer(wg_infer *t)
{
    const wg_dtype *type = t->in_type;
    if (type[0] != WG_BOOL && type[0] != WG_U8)
        return wg_infer_fail(t, WG_ERR_DTYPE, "takes a condition of bool or u8, got %s", wg_dtype_name(type[0]));
    if (type[1] != type[2])
        return wg_infer_fail(t, WG_ERR_DTYPE, "its branches are %s and %s: one of them needs a cast",
                             wg_dtype_name(type[1]), wg_dtype_name(type[2]));
    t->out_type[0] = type[1];
    return wg_infer_broadcast(t, &t->out[0]);
}

static wg_node *where_backward(const wg_adjoint *a, int slot)
{
    if (slot == 0)
        return wg_no_gradient(a);
    wg_node *zero = wg_const(wg_node_graph(a->cotangent), 0);
    return slot == 1 ? wg_where(a->in[0], a->cotangent, zero) : wg_where(a->in[0], zero, a->cotangent);
}

static const wg_sample samples[] = {
    { .in = { { WG_DIMS(3, 4), 0, 1, WG_BOOL, false }, WG_VALUES(-2, 2, 3, 4), WG_VALUES(-2, 2, 3, 4) } },
    { .in = { { WG_DIMS(2, 1), 0, 1, WG_U8, false }, WG_VALUES(-2, 2, 3), { .lo = -2, .hi = 2 } } },
};

const wg_op wg_op_where = {
    WG_OP, .name = "where", .doc = "x where the condition holds, else y", .arity = 3, .flags = WG_ELEMENTWISE,
    .infer = infer, .forward = WG_EVERY(where_forward), .backward = where_backward, WG_SAMPLES(samples),
};

wg_node *wg_where(wg_node *condition, wg_node *x, wg_node *y)
{
    return wg_apply(&wg_op_where, WG_NODES(condition, x, y), NULL);
}

#endif
