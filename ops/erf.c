/* erf, erfc: the error function and what it lacks of 1. */
#include "ops/elementwise.h"

WG_UNARY_KERNELS(erf, wg_k_erf(x))
WG_UNARY_KERNELS(erfc, wg_k_erfc(x))

#ifdef WG_BASELINE

/* factor * exp(-x^2). */
static wg_node *bell(wg_node *x, double factor)
{
    return wg_scale(wg_exp(wg_neg(wg_square(x))), factor);
}

static const double two_over_sqrt_pi = 1.12837916709551257390;
WG_DERIVATIVE(erf, bell(x, two_over_sqrt_pi))
WG_DERIVATIVE(erfc, bell(x, -two_over_sqrt_pi))

WG_UNARY(erf, "2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x", WG_SAMPLES(wg__samples_line))
WG_UNARY(erfc, "1 - erf(x), exact for large x", WG_SAMPLES(wg__samples_line))

#endif
