/* logsumexp: log(sum(exp(x))) along axes, about the largest, so that nothing overflows. */
#include <math.h>

#include "ops/elementwise.h"
#include "ops/reduce.h"

#define LARGER(s, x) ((x) > (s) || (x) != (x) ? (x) : (s))
#define IF_FINITE(s, n) (isfinite(s) ? (s) : 0) /* infinities and NaN find their own way through exp and log */
WG_FOLD_IN(float, peak, f32, float, double, double, -INFINITY, LARGER, IF_FINITE)
WG_FOLD(peak, f64, double, double, double, -INFINITY, LARGER, IF_FINITE)

#define EXP(x, peak, attrs) wg_k_exp((x) - (peak))
#define LOG(s, n, peak, attrs) log(s) + (peak)
WG_FOLD_MAPPED(logsumexp, f32, float, float, float, EXP, LOG)
WG_FOLD_MAPPED(logsumexp, f64, double, double, double, EXP, LOG)
WG_REDUCE_TWICE(logsumexp, f32, &peak_f32, &logsumexp_f32)
WG_REDUCE_TWICE(logsumexp, f64, &peak_f64, &logsumexp_f64)

WG_KERNELS(logsumexp, .forward = WG_BOTH(logsumexp_fold), .stage = WG_TWICE_STAGES(logsumexp));

#ifdef WG_BASELINE

static wg_status infer(wg_infer *t)
{
    wg_status status = wg__infer_types(t, false);
    return status ? status : wg__reduce_infer(t);
}

/* c softmax(x). */
static wg_node *backward(const wg_adjoint *a, int slot)
{
    wg_node *x = a->in[0];
    (void)slot;
    wg_node *share = wg_exp(wg_sub(x, wg__restore_axes(a->output, x, a->attrs)));
    return wg_mul(share, wg__restore_axes(a->cotangent, x, a->attrs));
}

const wg_op wg_op_logsumexp = {
    WG_OP, .name = "logsumexp", .doc = "log(sum(exp(x))) along the axes, without overflow", .arity = 1,
    .attrs = wg__reduce_attr_table, .attrs_size = sizeof(wg__reduce_attrs), .infer = infer,
    .forward = WG_BOTH(logsumexp_fold), .stage = WG_TWICE_STAGES(logsumexp), .lower = wg__reduce_lower_twice,
    .backward = backward, WG_SAMPLES(wg__reduce_samples),
};

wg_node *wg_logsumexp(wg_node *x, wg_axes axes, bool keepdims)
{
    return wg_apply(&wg_op_logsumexp, WG_NODES(x), &(wg__reduce_attrs){ axes, keepdims });
}

#endif
