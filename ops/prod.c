/* prod: the product along axes. */
#include "ops/reduce.h"
#include "tensor/shape.h"

#define TIMES(s, x) ((s) * (x))
#define WRAPPING_TIMES(s, x) (int64_t)((uint64_t)(s) * (uint64_t)(x))
#define AS_IT_IS(s, n) (s)
WG_REDUCE(prod, f32, float, double, float, 1, TIMES, AS_IT_IS)
WG_REDUCE(prod, f64, double, double, double, 1, TIMES, AS_IT_IS)
WG_REDUCE(prod, i32, int32_t, int64_t, int64_t, 1, WRAPPING_TIMES, AS_IT_IS)
WG_REDUCE(prod, i64, int64_t, int64_t, int64_t, 1, WRAPPING_TIMES, AS_IT_IS)
WG_REDUCE(prod, u8, uint8_t, int64_t, int64_t, 1, WRAPPING_TIMES, AS_IT_IS)

WG_KERNELS(prod, .forward = WG_EVERY_BY_U8(prod_fold), .stage[0] = WG_EVERY_BY_U8(prod_join));

#ifdef WG_BASELINE

static wg_status infer(wg_infer *t)
{
    t->out_type[0] = wg__is_float(t->in_type[0]) ? t->in_type[0] : WG_I64;
    return wg__reduce_infer(t);
}

/* For each element the product of all others, without a division, so that zeros need no care: those before it times
 * those behind it, one axis after the other. */
static wg_node *backward(const wg_adjoint *a, int slot)
{
    const wg__reduce_attrs *at = a->attrs;
    wg_node *x = a->in[0], *others[WG_MAX_RANK] = { NULL }, *part = x;
    const int n = at->axes.n < 0 ? wg_node_shape(x).rank : at->axes.n;
    (void)slot;
    for (int i = 0; i < n; i++) {
        const int axis = at->axes.n < 0 ? i : at->axes.at[i];
        others[i] = wg_mul(wg__recurrence(part, NULL, axis, false, 1), wg__recurrence(part, NULL, axis, true, 1));
        if (i + 1 < n)
            part = wg_prod(part, WG_AXES(axis), true);
    }
    wg_node *d = wg__restore_axes(a->cotangent, x, at);
    for (int i = n - 1; i >= 0; i--)
        d = wg_mul(d, others[i]);
    return n ? d : wg_reshape_like(d, x);
}

const wg_op wg_op_prod = {
    WG_OP, .name = "prod", .doc = "product along the axes; bool and integers in i64", .arity = 1,
    .attrs = wg__reduce_attr_table, .attrs_size = sizeof(wg__reduce_attrs), .infer = infer,
    .forward = WG_EVERY_BY_U8(prod_fold), .stage[0] = WG_EVERY_BY_U8(prod_join), .lower = wg__reduce_lower, .backward = backward,
    WG_SAMPLES(wg__reduce_samples),
};

wg_node *wg_prod(wg_node *x, wg_axes axes, bool keepdims)
{
    return wg_apply(&wg_op_prod, WG_NODES(x), &(wg__reduce_attrs){ axes, keepdims });
}

#endif
