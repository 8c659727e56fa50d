/* max, min along axes. A NaN comes out; ties share the gradient equally. */
#include <math.h>

#include "ops/elementwise.h"
#include "ops/reduce.h"

#define LARGER(s, x) ((x) > (s) || (x) != (x) ? (x) : (s))
#define SMALLER(s, x) ((x) < (s) || (x) != (x) ? (x) : (s))
#define LARGER_INT(s, x) ((x) > (s) ? (x) : (s))
#define SMALLER_INT(s, x) ((x) < (s) ? (x) : (s))
#define AS_IT_IS(s, n) (s)
WG_REDUCE_IN(float, max, f32, float, double, float, -INFINITY, LARGER, AS_IT_IS)
WG_REDUCE(max, f64, double, double, double, -INFINITY, LARGER, AS_IT_IS)
WG_REDUCE(max, i32, int32_t, int64_t, int32_t, INT64_MIN, LARGER_INT, AS_IT_IS)
WG_REDUCE(max, i64, int64_t, int64_t, int64_t, INT64_MIN, LARGER_INT, AS_IT_IS)
WG_REDUCE_IN(float, min, f32, float, double, float, INFINITY, SMALLER, AS_IT_IS)
WG_REDUCE(min, f64, double, double, double, INFINITY, SMALLER, AS_IT_IS)
WG_REDUCE(min, i32, int32_t, int64_t, int32_t, INT64_MAX, SMALLER_INT, AS_IT_IS)
WG_REDUCE(min, i64, int64_t, int64_t, int64_t, INT64_MAX, SMALLER_INT, AS_IT_IS)

WG_KERNELS(max, .forward = WG_NUMBERS(max_fold), .stage[0] = WG_NUMBERS(max_join));
WG_KERNELS(min, .forward = WG_NUMBERS(min_fold), .stage[0] = WG_NUMBERS(min_join));

#ifdef WG_BASELINE

static wg_status infer(wg_infer *t)
{
    wg_axes axes = ((const wg__reduce_attrs *)t->attrs)->axes;
    wg_status status = wg__infer_types(t, true);
    if (!status)
        status = wg__reduce_infer(t);
    for (int i = 0; !status && i < (axes.n < 0 ? t->in[0].rank : axes.n); i++) {
        int axis = axes.n < 0 ? i : wg_axis_of(axes.at[i], t->in[0].rank);
        if (t->in[0].dim[axis] == 0)
            return wg_infer_fail(t, WG_ERR_SHAPE, "there are no elements along axis %d", axis);
    }
    return status;
}

/* Those equal to the result get equal parts. */
static wg_node *backward(const wg_adjoint *a, int slot)
{
    const wg__reduce_attrs *at = a->attrs;
    wg_node *x = a->in[0];
    (void)slot;
    wg_node *y = wg__restore_axes(a->output, x, at), *cotangent = wg__restore_axes(a->cotangent, x, at);
    wg_node *chosen = wg_cast(wg_eq(x, y), wg_node_dtype(x));
    return wg_mul(chosen, wg_div(cotangent, wg_sum(chosen, at->axes, at->keepdims || at->axes.n > 0)));
}

const wg_op wg_op_max = {
    WG_OP, .name = "max", .doc = "largest along the axes; ties share the gradient equally", .arity = 1,
    .attrs = wg__reduce_attr_table, .attrs_size = sizeof(wg__reduce_attrs), .infer = infer,
    .forward = WG_NUMBERS(max_fold), .stage[0] = WG_NUMBERS(max_join), .lower = wg__reduce_lower,
    .backward = backward, WG_SAMPLES(wg__reduce_samples),
};

const wg_op wg_op_min = {
    WG_OP, .name = "min", .doc = "smallest along the axes; ties share the gradient equally", .arity = 1,
    .attrs = wg__reduce_attr_table, .attrs_size = sizeof(wg__reduce_attrs), .infer = infer,
    .forward = WG_NUMBERS(min_fold), .stage[0] = WG_NUMBERS(min_join), .lower = wg__reduce_lower,
    .backward = backward, WG_SAMPLES(wg__reduce_samples),
};

wg_node *wg_max(wg_node *x, wg_axes axes, bool keepdims)
{
    return wg_apply(&wg_op_max, WG_NODES(x), &(wg__reduce_attrs){ axes, keepdims });
}

wg_node *wg_min(wg_node *x, wg_axes axes, bool keepdims)
{
    return wg_apply(&wg_op_min, WG_NODES(x), &(wg__reduce_attrs){ axes, keepdims });
}

#endif
