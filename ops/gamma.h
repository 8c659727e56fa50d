/* The logarithm of the gamma function, and its derivatives, in double precision for vector loops: no branches, each
 * value a selection at the end.
 *
 * Sources: Abramowitz and Stegun, Handbook of Mathematical Functions: 6.1.33 (series about 2), 6.1.15 (recurrence),
 * 6.1.41 (Stirling's series), 6.1.17 and 6.3.7 (reflection), 6.3.18. Away from the zeros of the functions errors are a
 * few units in the last place; near a zero it is the absolute error that stays that small, except at the zeros 1 and 2
 * of lgamma, about which the series is exact. */
#ifndef WG_OPS_GAMMA_H
#define WG_OPS_GAMMA_H

#include "kernels/vecmath.h"

#define WG__PI 3.14159265358979323846

/* F(k, zeta(k) - 1), highest first. With |z| <= 1/2 the next term would be below 2^-56 of the sum. */
#define WG__ZETAS(F)                                                                                                   \
    F(27, 7.450711789835429491981004e-9)                                                                               \
    F(26, 1.490155482836504123465851e-8)                                                                               \
    F(25, 2.980350351465228018606371e-8)                                                                               \
    F(24, 5.960818905125947961244021e-8)                                                                               \
    F(23, 1.192199259653110730677887e-7)                                                                               \
    F(22, 2.384505027277329900036482e-7)                                                                               \
    F(21, 4.769329867878064631167196e-7)                                                                               \
    F(20, 9.539620338727961131520387e-7)                                                                               \
    F(19, 1.908212716553938925656958e-6)                                                                               \
    F(18, 3.817293264999839856461645e-6)                                                                               \
    F(17, 7.637197637899762273600294e-6)                                                                               \
    F(16, 1.528225940865187173257149e-5)                                                                               \
    F(15, 3.058823630702049355172851e-5)                                                                               \
    F(14, 6.124813505870482925854511e-5)                                                                               \
    F(13, 1.227133475784891467518365e-4)                                                                               \
    F(12, 2.460865533080482986379980e-4)                                                                               \
    F(11, 4.941886041194645587022825e-4)                                                                               \
    F(10, 9.945751278180853371459589e-4)                                                                               \
    F(9, 2.008392826082214417852769e-3)                                                                                \
    F(8, 4.077356197944339378685239e-3)                                                                                \
    F(7, 8.349277381922826839797550e-3)                                                                                \
    F(6, 1.734306198444913971451793e-2)                                                                                \
    F(5, 3.692775514336992633136549e-2)                                                                                \
    F(4, 8.232323371113819151600370e-2)                                                                                \
    F(3, 2.020569031595942853997382e-1)                                                                                \
    F(2, 6.449340668482264364724152e-1)
#define WG__ONE_MINUS_EULER 0.4227843350984671393934879

/* Where x > 0 lies: from 8 on in the asymptotic series; below, a whole number of steps brings it to 2 + z with
 * |z| <= 1/2: by recurrence lgamma(x) is lgamma(2 + z) plus (minus, if x < 3/2) the logarithm of `product`, and
 * digamma(x) is digamma(2 + z) plus (minus) `sum` / `product`, the sum of the factors' reciprocals. */
typedef struct wg__gamma_place {
    double z, product, sum;
} wg__gamma_place;

static inline wg__gamma_place wg__gamma_place_of(double x)
{
    double product = 1, sum = 0, steps = 0;
#define WG__STEP_DOWN(j)                                                                                               \
    do {                                                                                                               \
        const double factor = x - (j);                                                                                 \
        sum = factor >= 1.5 ? sum * factor + product : sum;                                                            \
        product = factor >= 1.5 ? product * factor : product;                                                          \
        steps = factor >= 1.5 ? (j) : steps;                                                                           \
    } while (0)
    WG__STEP_DOWN(1);
    WG__STEP_DOWN(2);
    WG__STEP_DOWN(3);
    WG__STEP_DOWN(4);
    WG__STEP_DOWN(5);
    WG__STEP_DOWN(6);
#undef WG__STEP_DOWN
    wg__gamma_place p;
    p.z = x < 0.5 ? x : x < 1.5 ? x - 1 : (x - steps) - 2;
    p.product = x < 0.5 ? x * (1 + x) : x < 1.5 ? x : product;
    p.sum = x < 0.5 ? 1 + 2 * x : x < 1.5 ? 1 : sum;
    return p;
}

static inline double wg__lgamma_positive(double x)
{
    const wg__gamma_place p = wg__gamma_place_of(x);
    const double w = -p.z, r = 1 / x, r2 = r * r;
    const double log_of = wg_k_log(x >= 8 ? x : p.product);
    double s = 0;
#define WG__TERM(k, zeta) s = s * w + (zeta) / (k);
    WG__ZETAS(WG__TERM)
#undef WG__TERM
    const double series = p.z * WG__ONE_MINUS_EULER + w * w * s;
    const double near = series + (x < 1.5 ? -log_of : log_of);
    double t = -3617.0 / 122400;
    t = t * r2 + 1.0 / 156;
    t = t * r2 - 691.0 / 360360;
    t = t * r2 + 1.0 / 1188;
    t = t * r2 - 1.0 / 1680;
    t = t * r2 + 1.0 / 1260;
    t = t * r2 - 1.0 / 360;
    t = t * r2 + 1.0 / 12;
    const double half_log_2pi_less_half = 0.41893853320467274178;
    const double far = (x - 0.5) * (log_of - 1) + half_log_2pi_less_half + t * r;
    return x >= 8 ? far : near;
}

/* log |gamma(x)|; infinite at 0, -1, -2 .. */
static inline double wg__lgamma(double x)
{
    const double size = wg_k_abs(x), positive = wg__lgamma_positive(size);
    const double sine = wg_k_sin(WG__PI * (size - wg_k_rint(size))); /* |sin(pi x)|: the difference is exact */
    const double reflected = wg_k_log(WG__PI / (size * wg_k_abs(sine))) - positive;
    const double of_either = x < 0 ? reflected : positive;
    return size == INFINITY ? INFINITY : of_either;
}

static inline double wg__digamma_positive(double x)
{
    const wg__gamma_place p = wg__gamma_place_of(x);
    const double w = -p.z, r = 1 / x, r2 = r * r;
    double s = 0;
#define WG__TERM(k, zeta) s = s * w + (zeta);
    WG__ZETAS(WG__TERM)
#undef WG__TERM
    const double series = WG__ONE_MINUS_EULER - w * s, steps = p.sum / p.product;
    const double near = series + (x < 1.5 ? -steps : steps);
    double t = 43867.0 / 14364;
    t = t * r2 - 3617.0 / 8160;
    t = t * r2 + 1.0 / 12;
    t = t * r2 - 691.0 / 32760;
    t = t * r2 + 1.0 / 132;
    t = t * r2 - 1.0 / 240;
    t = t * r2 + 1.0 / 252;
    t = t * r2 - 1.0 / 120;
    t = t * r2 + 1.0 / 12;
    const double far = wg_k_log(x) - 0.5 * r - t * r2;
    return x >= 8 ? far : near;
}

/* cot(pi x), from the exact distance to the nearest whole or half number. */
static inline double wg__cot_pi(double x)
{
    const double r = x - wg_k_rint(x), size = wg_k_abs(r);
    const double tangent = wg_k_tan(WG__PI * (size <= 0.25 ? size : 0.5 - size));
    return wg_k_copysign(size <= 0.25 ? 1 / tangent : tangent, r);
}

/* The derivative of lgamma. As in PyTorch: -infinity at 0, infinity at -0, NaN at -1, -2 .. */
static inline double wg__digamma(double x)
{
    const double positive = wg__digamma_positive(wg_k_abs(x));
    const double reflected = positive - 1 / x - WG__PI * wg__cot_pi(x);
    const double of_either = x < 0 ? (x == wg_k_rint(x) ? NAN : reflected) : positive;
    return x == 0 ? wg_k_copysign((double)INFINITY, -x) : of_either;
}

#endif
