/* Elementwise operators where finite differences are blind: huge, tiny, saturating and denormal arguments, zeros of either
 * sign and infinities. Values and gradients against __float128 where the compiler has it, else against long double, where
 * that is wider than double. */
#include <float.h>
#include <stdio.h>

#include "ops_test.h"

#ifdef WG_HAVE_QUADMATH
#include <quadmath.h>
typedef __float128 wide;
#define WIDE(function) function##q
#elif LDBL_MANT_DIG >= 64
typedef long double wide;
#define WIDE(function) function##l
#endif

#ifdef WIDE

typedef wide (*reference)(wide);

static bool is_nan(wide x) { return x != x; }
static wide magnitude(wide x) { return WIDE(fabs)(x); }
static wide minus_one(wide x) { return is_nan(x) ? x : -1; }
static wide negative(wide x) { return -x; }
static wide squared(wide x) { return x * x; }
static wide doubled(wide x) { return 2 * x; }
static wide inverse(wide x) { return 1 / x; }
static wide inverse_slope(wide x) { return -1 / x / x; }
static wide step_up(wide x) { return x > 0; }
static wide ramp(wide x) { return x > 0 ? x : 0; }
static wide sign_of(wide x) { return (x > 0) - (x < 0); }
static wide inverse_root(wide x) { return 1 / WIDE(sqrt)(x); }
static wide root_slope(wide x) { return 1 / WIDE(sqrt)(x) / 2; }
static wide inverse_root_slope(wide x) { return -1 / WIDE(sqrt)(x) / x / 2; }
static wide log1p_slope(wide x) { return 1 / (1 + x); }
static wide log2_slope(wide x) { return 1 / x / WIDE(log)(2); }
static wide minus_sine(wide x) { return -WIDE(sin)(x); }
static wide secant_squared(wide x) { return 1 / WIDE(cos)(x) / WIDE(cos)(x); }
static wide asin_slope(wide x) { return 1 / WIDE(sqrt)((1 - x) * (1 + x)); }
static wide acos_slope(wide x) { return -asin_slope(x); }
static wide atan_slope(wide x) { return 1 / (1 + x * x); }
static wide asinh_slope(wide x) { return 1 / WIDE(hypot)(1, x); }
static wide acosh_slope(wide x) { return 1 / WIDE(sqrt)(x - 1) / WIDE(sqrt)(x + 1); }
static wide atanh_slope(wide x) { return 1 / ((1 - x) * (1 + x)); }
static wide bell(wide x) { return 2 / WIDE(sqrt)(WIDE(acos)(-1)) * WIDE(exp)(-x * x); }
static wide minus_bell(wide x) { return -bell(x); }
static wide softsign(wide x) { return x / (1 + magnitude(x)); }
static wide softsign_slope(wide x) { return 1 / (1 + magnitude(x)) / (1 + magnitude(x)); }
static wide tanh_slope(wide x)
{
    wide c = WIDE(cosh)(x);
    return 1 / c / c;
}
static wide logistic(wide x)
{
    wide e = WIDE(exp)(-magnitude(x));
    return (x >= 0 ? 1 : e) / (1 + e);
}
static wide logistic_slope(wide x) { return logistic(x) * logistic(-x); }
static wide logistic_complement(wide x) { return logistic(-x); }
static wide softplus(wide x) { return (x > 0 ? x : 0) + WIDE(log1p)(WIDE(exp)(-magnitude(x))); }
static wide log_logistic(wide x) { return -softplus(-x); }

/* Bounds in units in the last place of the result, and for gradients also of 1: one that is built from the rounded result
 * y, as 1 - y^2 is, knows y to half a unit of 1 and no better. */
static const struct {
    const char *name;
    reference value, slope;
    double low, high; /* arguments that are tried */
    double ulps, slope_ulps, slope_of_one;
} functions[] = {
    { "neg", negative, minus_one, -INFINITY, INFINITY, 0, 0, 0 },
    { "square", squared, doubled, -INFINITY, INFINITY, 0.5, 0.5, 0 },
    { "abs", magnitude, sign_of, -INFINITY, INFINITY, 0, 0, 0 },
    { "relu", ramp, step_up, -INFINITY, INFINITY, 0, 0, 0 },
    { "reciprocal", inverse, inverse_slope, -INFINITY, INFINITY, 0.5, 2, 0 },
    { "exp", WIDE(exp), WIDE(exp), -INFINITY, INFINITY, 2, 2, 0 },
    { "expm1", WIDE(expm1), WIDE(exp), -INFINITY, INFINITY, 2, 2, 1 },
    { "log", WIDE(log), inverse, 0, INFINITY, 2, 0.5, 0 },
    { "log1p", WIDE(log1p), log1p_slope, -1, INFINITY, 2, 1.5, 0 },
    { "sqrt", WIDE(sqrt), root_slope, 0, INFINITY, 0.5, 1.5, 0 },
    { "rsqrt", inverse_root, inverse_root_slope, DBL_TRUE_MIN, INFINITY, 1.5, 6,
      0 }, /* -0 is no place to ask for a slope */
    { "sin", WIDE(sin), WIDE(cos), -1e4, 1e4, 2, 2, 0 },
    { "cos", WIDE(cos), minus_sine, -1e4, 1e4, 2, 2, 0 },
    { "tanh", WIDE(tanh), tanh_slope, -INFINITY, INFINITY, 3, 4, 3 },
    { "sigmoid", logistic, logistic_slope, -INFINITY, INFINITY, 3, 4, 3 },
    { "softplus", softplus, logistic, -INFINITY, INFINITY, 3, 3, 0 },
    { "log_sigmoid", log_logistic, logistic_complement, -INFINITY, INFINITY, 3, 4, 3 },
    { "log2", WIDE(log2), log2_slope, 0, INFINITY, 2, 2, 0 },
    { "tan", WIDE(tan), secant_squared, -1e4, 1e4, 2, 4, 3 },
    { "asin", WIDE(asin), asin_slope, -1, 1, 2, 4, 0 },
    { "acos", WIDE(acos), acos_slope, -1, 1, 2, 4, 0 },
    { "atan", WIDE(atan), atan_slope, -INFINITY, INFINITY, 2, 3, 0 },
    { "sinh", WIDE(sinh), WIDE(cosh), -INFINITY, INFINITY, 3, 3, 0 },
    { "cosh", WIDE(cosh), WIDE(sinh), -INFINITY, INFINITY, 3, 3, 0 },
    { "asinh", WIDE(asinh), asinh_slope, -INFINITY, INFINITY, 3, 3, 0 },
    { "acosh", WIDE(acosh), acosh_slope, 1, INFINITY, 3, 3, 0 },
    { "atanh", WIDE(atanh), atanh_slope, -1, 1, 3, 3, 0 },
    { "erf", WIDE(erf), bell, -INFINITY, INFINITY, 2, 200, 0 }, /* exp(-x^2) knows x^2 = 365 to half a unit */
    { "erfc", WIDE(erfc), minus_bell, -INFINITY, INFINITY, 3, 200, 0 },
    { "softsign", softsign, softsign_slope, -DBL_MAX, DBL_MAX, 1, 3, 0 },
};

static const double magnitudes[] = { 0,    DBL_TRUE_MIN, 1e-310, DBL_MIN, 1e-300,  1e-155, 1e-30, 1e-17, 1e-16,
                                     1e-9, 1e-8,         1e-4,   0.1,     0.5,     0.99,   1,     1.5,   3,
                                     10,   18.7,         19.1,   36,      37,      40,     87,    88.8,  104,
                                     300,  700,          709.7,  709.8,   745,     746,    1e3,   1e4,   1e10,
                                     1e38, 1e155,        1e300,  DBL_MAX, INFINITY };
enum { MAGNITUDES = WG_COUNT(magnitudes), POINTS = 2 * MAGNITUDES };

/* One unit in the last place of x in a type of so many bits, down to the smallest denormal. */
static wide unit_of(wide x, int bits, int least)
{
    int exponent = x == 0 || !isfinite((double)x) ? least : WIDE(ilogb)(x) - (bits - 1);
    return WIDE(ldexp)(1, exponent < least ? least : exponent);
}

static bool near_enough(double got, wide exact, wg_dtype type, double ulps, double of_one)
{
    bool f64 = type == WG_F64;
    int bits = f64 ? DBL_MANT_DIG : FLT_MANT_DIG, least = f64 ? -1074 : -149;
    double rounded = f64 ? (double)exact : (double)(float)exact;
    if (is_nan(exact) || isnan(got))
        return is_nan(exact) && isnan(got);
    if (got == rounded)
        return true;
    if (isinf(got)) /* it may round beyond the largest number a little early */
        return magnitude(exact) > (f64 ? DBL_MAX : FLT_MAX) * (1 - 8 * ldexp(1, -bits)) && (got > 0) == (exact > 0);
    wide allowed = ulps * unit_of(exact, bits, least) + of_one * ldexp(1, -bits);
    return magnitude(got - exact) <= allowed + unit_of(exact, bits, least) / 2;
}

static void check_function(int i, wg_dtype type)
{
    double points[POINTS];
    int n = 0;
    for (int k = 0; k < POINTS; k++) {
        double x = k % 2 ? -magnitudes[k / 2] : magnitudes[k / 2];
        if (x >= functions[i].low && x <= functions[i].high)
            points[n++] = type == WG_F32 ? (double)(float)x : x;
    }
    wg_node *x = constant(type, WG_SHAPE(n), points);
    wg_node *y = wg_apply_named(g, functions[i].name, WG_NODES(x), NULL);
    wg_node *slope = wg_vjp(y, wg_ones_like(y), WG_NODES(x)).of.at[0];
    for (int k = 0; k < n; k++) {
        wide exact = functions[i].value(points[k]), exact_slope = functions[i].slope(points[k]);
        double got = element(y, k), got_slope = element(slope, k);
        ck_assert_msg(near_enough(got, exact, type, functions[i].ulps, 0), "%s %s(%.17g) is %.17g, not %.20Lg",
                      wg_dtype_name(type), functions[i].name, points[k], got, (long double)exact);
        ck_assert_msg(near_enough(got_slope, exact_slope, type, functions[i].slope_ulps, functions[i].slope_of_one),
                      "%s the derivative of %s at %.17g is %.17g, not %.20Lg", wg_dtype_name(type), functions[i].name,
                      points[k], got_slope, (long double)exact_slope);
    }
}

START_TEST(functions_and_derivatives_hold_at_the_ends_of_f64) { check_function(_i, WG_F64); }
END_TEST

START_TEST(functions_and_derivatives_hold_at_the_ends_of_f32) { check_function(_i, WG_F32); }
END_TEST

#endif

/* Losses of logits, far into saturation: value and gradient are what the closed forms say, and never a NaN. */
START_TEST(losses_of_huge_logits_are_finite_and_right)
{
    wg_node *z = VECTOR(700, -700, 1e4, -1e4, 1e300), *y = VECTOR(1, 1, 0, 0, 0);
    wg_node *loss = wg_bce_logits(z, y, WG_NONE);
    ASSERT_NEAR(loss, 1e-290, 0, 700, 1e4, 0, 1e300);
    wg_node *slope = wg_vjp(loss, wg_ones_like(loss), WG_NODES(z)).of.at[0];
    ASSERT_NEAR(slope, 1e-290, 0, -1, 1, 0, 1);
}
END_TEST

START_TEST(softmax_with_large_gaps_neither_overflows_nor_loses_the_tail)
{
    wg_node *x = VECTOR(1e4, 0, -1e4, 9990);
    double tail = log1p(exp(-10));
    wg_node *y = wg_log_softmax(x, 0);
    ASSERT_NEAR(y, 1e-11, -tail, -1e4 - tail, -2e4 - tail, -10 - tail);
    double p = 1 / (1 + exp(-10));
    ASSERT_NEAR(wg_softmax(x, 0), 1e-15, p, 0, 0, 1 - p);
    /* The gradient of log_softmax_2 is e_2 - softmax. */
    wg_node *slope = wg_vjp(y, VECTOR(0, 0, 1, 0), WG_NODES(x)).of.at[0];
    ASSERT_NEAR(slope, 1e-15, -p, 0, 1, p - 1);
}
END_TEST

START_TEST(two_operands_round_once_at_the_ends_of_their_range)
{
    const double a[] = { DBL_MAX, DBL_MIN, DBL_TRUE_MIN, -0.0, INFINITY, 1e-300, 1e300 };
    const double b[] = { DBL_MAX, -DBL_MIN, 0.5, 0, -INFINITY, 1e300, 1e-300 };
    enum { N = WG_COUNT(a) };
    wg_node *x = constant(WG_F64, WG_SHAPE(N), a), *y = constant(WG_F64, WG_SHAPE(N), b);
    double sum[N], difference[N], product[N], quotient[N], larger[N], smaller[N];
    for (int i = 0; i < N; i++) {
        sum[i] = a[i] + b[i], difference[i] = a[i] - b[i];
        product[i] = a[i] * b[i], quotient[i] = a[i] / b[i];
        larger[i] = fmax(a[i], b[i]), smaller[i] = fmin(a[i], b[i]);
    }
    assert_values("x + y", wg_add(x, y), 0, N, sum);
    assert_values("x - y", wg_sub(x, y), 0, N, difference);
    assert_values("x * y", wg_mul(x, y), 0, N, product);
    assert_values("x / y", wg_div(x, y), 0, N, quotient);
    assert_values("max(x, y)", wg_maximum(x, y), 0, N, larger);
    assert_values("min(x, y)", wg_minimum(x, y), 0, N, smaller);
}
END_TEST

TCase *ops_extremes_tests(void)
{
    TCase *t = tcase_create("extremes");
    tcase_add_checked_fixture(t, set_up, tear_down);
#ifdef WIDE
    tcase_add_loop_test(t, functions_and_derivatives_hold_at_the_ends_of_f64, 0, (int)WG_COUNT(functions));
    tcase_add_loop_test(t, functions_and_derivatives_hold_at_the_ends_of_f32, 0, (int)WG_COUNT(functions));
#endif
#ifndef WIDE
    fputs("NOTICE: nothing is wider than double here: functions are not compared with it\n", stderr);
#elif !defined WG_HAVE_QUADMATH
    fputs("NOTICE: no __float128: functions are compared with long double\n", stderr);
#endif
    tcase_add_test(t, losses_of_huge_logits_are_finite_and_right);
    tcase_add_test(t, softmax_with_large_gaps_neither_overflows_nor_loses_the_tail);
    tcase_add_test(t, two_operands_round_once_at_the_ends_of_their_range);
    return t;
}
