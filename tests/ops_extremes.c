/* Elementwise operators where finite differences are blind: huge, tiny, saturating and denormal arguments, zeros of either
 * sign and infinities. Values and gradients against long double, where it is wider than double. */
#include <float.h>
#include <stdio.h>

#include "ops_test.h"

#if LDBL_MANT_DIG >= 64

typedef long double (*reference)(long double);

static long double minus_one(long double x) { return isnan(x) ? x : -1; }
static long double negative(long double x) { return -x; }
static long double squared(long double x) { return x * x; }
static long double doubled(long double x) { return 2 * x; }
static long double inverse(long double x) { return 1 / x; }
static long double inverse_slope(long double x) { return -1 / x / x; }
static long double step_up(long double x) { return x > 0; }
static long double ramp(long double x) { return x > 0 ? x : 0; }
static long double sign_of(long double x) { return (x > 0) - (x < 0); }
static long double inverse_root(long double x) { return 1 / sqrtl(x); }
static long double root_slope(long double x) { return 0.5L / sqrtl(x); }
static long double inverse_root_slope(long double x) { return -0.5L / sqrtl(x) / x; }
static long double log1p_slope(long double x) { return 1 / (1 + x); }
static long double minus_sine(long double x) { return -sinl(x); }
static long double tanh_slope(long double x)
{
    long double c = coshl(x);
    return 1 / c / c;
}
static long double logistic(long double x)
{
    long double e = expl(-fabsl(x));
    return (x >= 0 ? 1 : e) / (1 + e);
}
static long double logistic_slope(long double x) { return logistic(x) * logistic(-x); }
static long double softplus(long double x) { return (x > 0 ? x : 0) + log1pl(expl(-fabsl(x))); }

/* Bounds in units in the last place of the result, and for gradients also of 1: one that is built from the rounded result
 * y, as 1 - y^2 is, knows y to half a unit of 1 and no better. */
static const struct {
    const char *name;
    reference value, slope;
    double low, high;       /* arguments that are tried */
    double ulps, slope_ulps, slope_of_one;
} functions[] = {
    { "neg", negative, minus_one, -INFINITY, INFINITY, 0, 0, 0 },
    { "square", squared, doubled, -INFINITY, INFINITY, 0.5, 0.5, 0 },
    { "abs", fabsl, sign_of, -INFINITY, INFINITY, 0, 0, 0 },
    { "relu", ramp, step_up, -INFINITY, INFINITY, 0, 0, 0 },
    { "reciprocal", inverse, inverse_slope, -INFINITY, INFINITY, 0.5, 2, 0 },
    { "exp", expl, expl, -INFINITY, INFINITY, 2, 2, 0 },
    { "expm1", expm1l, expl, -INFINITY, INFINITY, 2, 2, 1 },
    { "log", logl, inverse, 0, INFINITY, 2, 0.5, 0 },
    { "log1p", log1pl, log1p_slope, -1, INFINITY, 2, 1.5, 0 },
    { "sqrt", sqrtl, root_slope, 0, INFINITY, 0.5, 1.5, 0 },
    { "rsqrt", inverse_root, inverse_root_slope, DBL_TRUE_MIN, INFINITY, 1.5, 6, 0 }, /* -0 is no place to ask for a slope */
    { "sin", sinl, cosl, -1e4, 1e4, 2, 2, 0 },
    { "cos", cosl, minus_sine, -1e4, 1e4, 2, 2, 0 },
    { "tanh", tanhl, tanh_slope, -INFINITY, INFINITY, 3, 4, 3 },
    { "sigmoid", logistic, logistic_slope, -INFINITY, INFINITY, 3, 4, 3 },
    { "softplus", softplus, logistic, -INFINITY, INFINITY, 3, 3, 0 },
};

static const double magnitudes[] = { 0,    DBL_TRUE_MIN, 1e-310, DBL_MIN, 1e-300, 1e-155, 1e-30, 1e-17, 1e-16, 1e-9, 1e-8,
                                     1e-4, 0.1,          0.5,    0.99,    1,      1.5,    3,     10,    18.7,  19.1, 36,
                                     37,   40,           87,     88.8,    104,    300,    700,   709.7, 709.8, 745,  746,
                                     1e3,  1e4,          1e10,   1e38,    1e155,  1e300,  DBL_MAX, INFINITY };
enum { MAGNITUDES = WG_COUNT(magnitudes), POINTS = 2 * MAGNITUDES };

/* One unit in the last place of x in a type of so many bits, down to the smallest denormal. */
static long double unit_of(long double x, int bits, int least)
{
    int exponent = x == 0 || !isfinite(x) ? least : ilogbl(x) - (bits - 1);
    return ldexpl(1, exponent < least ? least : exponent);
}

static bool near_enough(double got, long double exact, wg_dtype type, double ulps, double of_one)
{
    bool wide = type == WG_F64;
    int bits = wide ? DBL_MANT_DIG : FLT_MANT_DIG, least = wide ? -1074 : -149;
    double rounded = wide ? (double)exact : (double)(float)exact;
    if (isnan(exact) || isnan(got))
        return isnan(exact) && isnan(got);
    if (got == rounded)
        return true;
    if (isinf(got)) /* it may round beyond the largest number a little early */
        return fabsl(exact) > (wide ? DBL_MAX : FLT_MAX) * (1 - 8 * ldexp(1, -bits)) && (got > 0) == (exact > 0);
    long double allowed = ulps * unit_of(exact, bits, least) + of_one * ldexpl(1, -bits);
    return fabsl(got - exact) <= allowed + unit_of(exact, bits, least) / 2;
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
        long double exact = functions[i].value(points[k]), exact_slope = functions[i].slope(points[k]);
        double got = element(y, k), got_slope = element(slope, k);
        ck_assert_msg(near_enough(got, exact, type, functions[i].ulps, 0), "%s %s(%.17g) is %.17g, not %.20Lg",
                      wg_dtype_name(type), functions[i].name, points[k], got, exact);
        ck_assert_msg(near_enough(got_slope, exact_slope, type, functions[i].slope_ulps, functions[i].slope_of_one),
                      "%s the derivative of %s at %.17g is %.17g, not %.20Lg", wg_dtype_name(type), functions[i].name,
                      points[k], got_slope, exact_slope);
    }
}

START_TEST(functions_and_derivatives_hold_at_the_ends_of_f64)
{
    check_function(_i, WG_F64);
}
END_TEST

START_TEST(functions_and_derivatives_hold_at_the_ends_of_f32)
{
    check_function(_i, WG_F32);
}
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
#if LDBL_MANT_DIG >= 64
    tcase_add_loop_test(t, functions_and_derivatives_hold_at_the_ends_of_f64, 0, (int)WG_COUNT(functions));
    tcase_add_loop_test(t, functions_and_derivatives_hold_at_the_ends_of_f32, 0, (int)WG_COUNT(functions));
#else
    fputs("NOTICE: long double is no wider than double: functions are not compared with it\n", stderr);
#endif
    tcase_add_test(t, losses_of_huge_logits_are_finite_and_right);
    tcase_add_test(t, softmax_with_large_gaps_neither_overflows_nor_loses_the_tail);
    tcase_add_test(t, two_operands_round_once_at_the_ends_of_their_range);
    return t;
}
