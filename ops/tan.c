/* tan, asin, acos, atan. */
#include <math.h>

#include "ops/elementwise.h"

WG_UNARY_KERNELS(tan, wg_k_tan(x))
WG_UNARY_KERNELS(asin, wg_k_asin(x))
WG_UNARY_KERNELS(acos, wg_k_acos(x))
WG_UNARY_KERNELS(atan, wg_k_atan(x))

#ifdef WG_BASELINE

/* (1 - x^2)^(-1/2), where 1 - x^2 does not cancel. */
static wg_node *chord(wg_node *x)
{
    return wg_rsqrt(wg_mul(wg_shift(wg_neg(x), 1), wg_shift(x, 1)));
}

WG_DERIVATIVE(tan, wg_shift(wg_square(y), 1))
WG_DERIVATIVE(asin, chord(x))
WG_DERIVATIVE(acos, wg_neg(chord(x)))
WG_DERIVATIVE(atan, wg_square(wg_reciprocal(wg_hypot(x, wg_const(wg_node_graph(x), 1))))) /* x^2 may overflow */

/* Poles at pi/2 + k pi. */
static double tan_kink(const void *attrs, const double *x)
{
    const double pi = 3.14159265358979323846;
    (void)attrs;
    return fabs(remainder(x[0] - pi / 2, pi));
}

static double unit_kink(const void *attrs, const double *x)
{
    (void)attrs;
    return 1 - fabs(x[0]);
}

static const wg_sample tan_samples[] = {
    { .in = { WG_VALUES(-1.2, 1.2, 7) } },
    { .in = { WG_VALUES(2, 4, 2, 1, 3) } },
};
static const wg_sample unit_samples[] = {
    { .in = { WG_VALUES(-0.9, 0.9, 7) } },
    { .in = { WG_VALUES(-0.5, 0.7, 2, 1, 3) } },
};

WG_UNARY(tan, "tan x", .kink = tan_kink, WG_SAMPLES(tan_samples))
WG_UNARY(asin, "arc sine of x in -1..1", .kink = unit_kink, WG_SAMPLES(unit_samples))
WG_UNARY(acos, "arc cosine of x in -1..1", .kink = unit_kink, WG_SAMPLES(unit_samples))
WG_UNARY(atan, "arc tangent", WG_SAMPLES(wg__samples_line))

#endif
