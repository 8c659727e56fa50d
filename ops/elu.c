/* elu, selu, celu: x where it is positive, else an exponential that levels off. All are
 * scale x, or scale alpha (exp(rate x) - 1). The gradient at 0 is that of the exponential, as in PyTorch. */
#include "ops/elementwise.h"

typedef struct elu {
    double alpha;
} elu;

/* Klambauer et al., "Self-normalizing neural networks", 2017. */
#define SELU_ALPHA 1.6732632423543772848170429916717
#define SELU_SCALE 1.0507009873554804934193349852946

WG_KERNEL(elu_forward, const T alpha = (T)((const elu *)c->attrs)->alpha; WG_EACH1(x > 0 ? x : alpha * wg_k_expm1(x)))
WG_KERNEL(celu_forward, const T alpha = (T)((const elu *)c->attrs)->alpha;
          WG_EACH1(x > 0 ? x : alpha * wg_k_expm1(x / alpha)))
WG_KERNELS(elu, .forward = WG_BOTH(elu_forward));
WG_KERNELS(celu, .forward = WG_BOTH(celu_forward));
WG_UNARY_KERNELS(selu, x > 0 ? (T)SELU_SCALE * x : (T)(SELU_SCALE * SELU_ALPHA) * wg_k_expm1(x))

#ifdef WG_BASELINE

/* `scale`, or factor * exp(rate x). The exponent is cut off at 0: what is not chosen may not overflow, or the second
 * derivative would be 0 * infinity. */
static wg_node *derivative(wg_node *x, double scale, double factor, double rate)
{
    wg_graph *g = wg_node_graph(x);
    wg_node *zero = wg_const(g, 0), *below = wg_minimum(x, zero);
    wg_node *exponent = rate == 1 ? below : wg_scale(below, rate);
    return wg_where(wg_le(x, zero), wg_scale(wg_exp(exponent), factor), wg_const(g, scale));
}

static const wg_attr attrs[] = { { "alpha", WG_ATTR_F64, offsetof(elu, alpha), "1", NULL }, { 0 } };

static wg_status celu_infer(wg_infer *t)
{
    if (((const elu *)t->attrs)->alpha == 0)
        return wg_infer_fail(t, WG_ERR_ARG, "alpha must not be 0");
    return wg__infer_floats(t);
}

WG_DERIVATIVE(elu, derivative(x, 1, ((const elu *)a->attrs)->alpha, 1))
WG_DERIVATIVE(celu, derivative(x, 1, 1, 1 / ((const elu *)a->attrs)->alpha))
WG_DERIVATIVE(selu, derivative(x, SELU_SCALE, SELU_SCALE * SELU_ALPHA, 1))

static const elu third = { 1.0 / 3 }, double_ = { 2 };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-3, 3, 7) } },
    { .in = { WG_VALUES(-1, 1, 2, 1, 3) }, .attrs = &third },
    { .in = { WG_VALUES(-4, -0.5, 2, 2) }, .attrs = &double_ },
};

const wg_op wg_op_elu = {
    WG_OP, .name = "elu", .doc = "x if x > 0, else alpha (exp(x) - 1)", .arity = 1, .flags = WG_ELEMENTWISE,
    .attrs = attrs, .attrs_size = sizeof(elu), .infer = wg__infer_floats, .forward = WG_BOTH(elu_forward),
    .backward = elu_backward, .kink = wg__kink_at_zero, .at_kink = WG_KINK_LEFT, WG_SAMPLES(samples),
};

const wg_op wg_op_celu = {
    WG_OP, .name = "celu", .doc = "x if x > 0, else alpha (exp(x / alpha) - 1)", .arity = 1, .flags = WG_ELEMENTWISE,
    .attrs = attrs, .attrs_size = sizeof(elu), .infer = celu_infer, .forward = WG_BOTH(celu_forward),
    .backward = celu_backward, .kink = wg__kink_at_zero, .at_kink = WG_KINK_LEFT, WG_SAMPLES(samples),
};

WG_UNARY(selu, "1.0507 x if x > 0, else 1.0507 * 1.67326 (exp(x) - 1)", .kink = wg__kink_at_zero, .at_kink = WG_KINK_LEFT,
         WG_SAMPLES(wg__samples_line))

wg_node *wg_elu(wg_node *x, double alpha)
{
    return wg_apply(&wg_op_elu, WG_NODES(x), &(elu){ alpha });
}

wg_node *wg_celu(wg_node *x, double alpha)
{
    return wg_apply(&wg_op_celu, WG_NODES(x), &(elu){ alpha });
}

#endif
