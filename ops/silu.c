/* silu, mish, softsign, log_sigmoid: smooth activations without attributes. */
#include "ops/elementwise.h"
#include "ops/softplus.h"

WG_UNARY_KERNELS(silu, x / (1 + wg_k_exp(-x)))
WG_UNARY_KERNELS(softsign, x / (1 + wg_k_abs(x)))
WG_UNARY_KERNELS(log_sigmoid, (x < 0 ? x : x != x ? x : 0) - wg_k_log1p(wg_k_exp(-wg_k_abs(x))))

/* tanh(log(1 + exp(x))) = ((1 + e)^2 - 1) / ((1 + e)^2 + 1) with e = exp(x), and the same in exp(-x), so that nothing
 * overflows. */
WG_KERNEL(mish_forward,
    const T *x = c->in[0];
    T *y = c->out;
    WG_SIMD for (int64_t i = begin; i < end; i++)
    {
        T e = wg_k_exp(-wg_k_abs(x[i])); /* in (0, 1] */
        T above = x[i] > 0 ? 1 + 2 * e : e * (e + 2);
        T below = x[i] > 0 ? above + 2 * e * e : above + 2;
        y[i] = x[i] * (above / below);
    })
WG_KERNELS(mish, .forward = WG_BOTH(mish_forward));

#ifdef WG_BASELINE

/* y = x s: s (1 + x (1 - s)) with s = sigmoid(x), 1 - s = sigmoid(-x). */
static wg_node *silu_derivative(wg_node *x)
{
    return wg_mul(wg_sigmoid(x), wg_shift(wg_mul(x, wg_sigmoid(wg_neg(x))), 1));
}

/* y = x t: t + x (1 - t^2) sigmoid(x) with t = tanh(softplus(x)). Past 40 the softplus is x to the last digit. Beyond
 * 1000 the derivative is 0 or 1, and the next one's products must not overflow. */
static wg_node *mish_derivative(wg_node *operand)
{
    wg_node *x = wg_clip(operand, -1000, 1000);
    wg_node *t = wg_tanh(wg_apply(&wg_op_softplus, WG_NODES(x), &(wg__softplus){ .beta = 1, .threshold = 40 }));
    wg_node *rest = wg_shift(wg_neg(wg_square(t)), 1);
    return wg_add(t, wg_mul(wg_mul(x, rest), wg_sigmoid(x)));
}

WG_DERIVATIVE(silu, silu_derivative(x))
WG_DERIVATIVE(mish, mish_derivative(x))
WG_DERIVATIVE(softsign, wg_square(wg_reciprocal(wg_shift(wg_abs(x), 1))))
WG_DERIVATIVE(log_sigmoid, wg_sigmoid(wg_neg(x)))

WG_UNARY(silu, "x sigmoid(x)", WG_SAMPLES(wg__samples_line))
WG_UNARY(mish, "x tanh(softplus(x))", WG_SAMPLES(wg__samples_line))
WG_UNARY(softsign, "x / (1 + |x|)", .kink = wg__kink_at_zero, WG_SAMPLES(wg__samples_line))
WG_UNARY(log_sigmoid, "log(sigmoid(x)), without overflow", WG_SAMPLES(wg__samples_line))

#endif
