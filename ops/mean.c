/* mean. */
#include "ops/elementwise.h"
#include "ops/reduce.h"

#define ADD(s, x) ((s) + (x))
#define BY_COUNT(s, n) (s) / (double)(n)
WG_REDUCE(mean, f32, float, double, float, 0, ADD, BY_COUNT)
WG_REDUCE(mean, f64, double, double, double, 0, ADD, BY_COUNT)

WG_KERNELS(mean, .forward = WG_BOTH(mean_fold), .stage[0] = WG_BOTH(mean_join));

#ifdef WG_BASELINE

static wg_status infer(wg_infer *t)
{
    wg_status status = wg__infer_types(t, false);
    return status ? status : wg__reduce_infer(t);
}

static wg_node *mean_backward(const wg_adjoint *a, int slot)
{
    const wg__reduce_attrs *at = a->attrs;
    (void)slot;
    wg_node *share = wg_div(a->cotangent, wg__size(a->in[0], at->axes));
    return wg_broadcast_like(wg__restore_axes(share, a->in[0], at), a->in[0]);
}

const wg_op wg_op_mean = {
    WG_OP, .name = "mean", .doc = "mean along the axes; NaN where there are no elements", .arity = 1,
    .attrs = wg__reduce_attr_table, .attrs_size = sizeof(wg__reduce_attrs), .infer = infer,
    .forward = WG_BOTH(mean_fold), .stage[0] = WG_BOTH(mean_join), .lower = wg__reduce_lower,
    .backward = mean_backward, WG_SAMPLES(wg__reduce_samples),
};

wg_node *wg_mean(wg_node *x, wg_axes axes, bool keepdims)
{
    return wg_apply(&wg_op_mean, WG_NODES(x), &(wg__reduce_attrs){ axes, keepdims });
}

#endif
