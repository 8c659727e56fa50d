/* sinh, cosh, and the inverse functions asinh, acosh, atanh. */
#include <math.h>

#include "ops/elementwise.h"

WG_UNARY_KERNELS(sinh, wg_k_sinh(x))
WG_UNARY_KERNELS(cosh, wg_k_cosh(x))
WG_UNARY_KERNELS(asinh, wg_k_asinh(x))
WG_UNARY_KERNELS(acosh, wg_k_acosh(x))
WG_UNARY_KERNELS(atanh, wg_k_atanh(x))

#ifdef WG_BASELINE

static wg_node *one(wg_node *x)
{
    return wg_const(wg_node_graph(x), 1);
}

/* Squares are written as products and hypotenuses, which neither cancel near 1 nor overflow. */
WG_DERIVATIVE(sinh, wg_cosh(x))
WG_DERIVATIVE(cosh, wg_sinh(x))
WG_DERIVATIVE(asinh, wg_reciprocal(wg_hypot(x, one(x))))
WG_DERIVATIVE(acosh, wg_mul(wg_rsqrt(wg_shift(x, -1)), wg_rsqrt(wg_shift(x, 1))))
WG_DERIVATIVE(atanh, wg_reciprocal(wg_mul(wg_shift(wg_neg(x), 1), wg_shift(x, 1))))

static double acosh_kink(const void *attrs, const double *x)
{
    (void)attrs;
    return x[0] - 1;
}

static double atanh_kink(const void *attrs, const double *x)
{
    (void)attrs;
    return 1 - fabs(x[0]);
}

static const wg_sample acosh_samples[] = {
    { .in = { WG_VALUES(1.2, 4, 7) } },
    { .in = { WG_VALUES(2, 30, 2, 1, 3) } },
};
static const wg_sample atanh_samples[] = {
    { .in = { WG_VALUES(-0.9, 0.9, 7) } },
    { .in = { WG_VALUES(-0.5, 0.7, 2, 1, 3) } },
};

WG_UNARY(sinh, "(exp(x) - exp(-x)) / 2", WG_SAMPLES(wg__samples_line))
WG_UNARY(cosh, "(exp(x) + exp(-x)) / 2", WG_SAMPLES(wg__samples_line))
WG_UNARY(asinh, "log(x + sqrt(x^2 + 1))", WG_SAMPLES(wg__samples_line))
WG_UNARY(acosh, "log(x + sqrt(x^2 - 1)), x >= 1", .kink = acosh_kink, WG_SAMPLES(acosh_samples))
WG_UNARY(atanh, "log((1 + x) / (1 - x)) / 2, x in -1..1", .kink = atanh_kink, WG_SAMPLES(atanh_samples))

#endif
