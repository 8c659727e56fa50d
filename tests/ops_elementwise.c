/* Elementwise operators: values against the C library's, infinities, types, what is refused. */
#include "ops_test.h"

static double plain_sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double plain_softplus(double x) { return x > 20 ? x : log1p(exp(x)); }
static double plain_relu(double x) { return x > 0 ? x : x != x ? x : 0; }
static double plain_sign(double x) { return (double)((x > 0) - (x < 0)); }
static double plain_rsqrt(double x) { return 1 / sqrt(x); }
static double plain_reciprocal(double x) { return 1 / x; }
static double plain_square(double x) { return x * x; }
static double plain_neg(double x) { return -x; }

static double plain_softsign(double x) { return x / (1 + fabs(x)); }
static double plain_silu(double x) { return x / (1 + exp(-x)); }
static double plain_mish(double x) { return x * tanh(log1p(exp(x))); }
static double plain_gelu(double x) { return 0.5 * x * erfc(-x * sqrt(0.5)); }
static double plain_log_sigmoid(double x) { return x < 0 ? x - log1p(exp(x)) : -log1p(exp(-x)); }
static double plain_relu6(double x) { return fmin(fmax(x, 0), 6); }
static double plain_hard_sigmoid(double x) { return plain_relu6(x + 3) / 6; }
static double plain_hard_swish(double x) { return x * plain_relu6(x + 3) / 6; }

static const struct unary {
    const char *name;
    wg_node *(*op)(wg_node *);
    double (*plain)(double);
    double low, high;
    double near_zero; /* results smaller than this are as exact as this one */
} unary[] = {
    { "exp", wg_exp, exp, -30, 30, 0 },
    { "expm1", wg_expm1, expm1, -10, 10, 0 },
    { "log", wg_log, log, 1e-3, 1e3, 0 },
    { "log1p", wg_log1p, log1p, -0.9, 10, 0 },
    { "sqrt", wg_sqrt, sqrt, 0, 1e3, 0 },
    { "rsqrt", wg_rsqrt, plain_rsqrt, 1e-3, 1e3, 0 },
    { "reciprocal", wg_reciprocal, plain_reciprocal, 1e-3, 1e3, 0 },
    { "square", wg_square, plain_square, -1e3, 1e3, 0 },
    { "sin", wg_sin, sin, -10, 10, 1 },
    { "cos", wg_cos, cos, -10, 10, 1 },
    { "tanh", wg_tanh, tanh, -8, 8, 0 },
    { "sigmoid", wg_sigmoid, plain_sigmoid, -12, 12, 0 },
    { "softplus", wg_softplus, plain_softplus, -12, 30, 0 },
    { "relu", wg_relu, plain_relu, -2, 2, 0 },
    { "neg", wg_neg, plain_neg, -2, 2, 0 },
    { "abs", wg_abs, fabs, -2, 2, 0 },
    { "sign", wg_sign, plain_sign, -2, 2, 0 },
    { "floor", wg_floor, floor, -5, 5, 0 },
    { "ceil", wg_ceil, ceil, -5, 5, 0 },
    { "round", wg_round, rint, -5, 5, 0 },
    { "log2", wg_log2, log2, 1e-3, 1e3, 0 },
    { "tan", wg_tan, tan, -1.5, 1.5, 0 },
    { "asin", wg_asin, asin, -1, 1, 0 },
    { "acos", wg_acos, acos, -1, 1, 1 },
    { "atan", wg_atan, atan, -10, 10, 0 },
    { "sinh", wg_sinh, sinh, -8, 8, 0 },
    { "cosh", wg_cosh, cosh, -8, 8, 0 },
    { "asinh", wg_asinh, asinh, -10, 10, 0 },
    { "acosh", wg_acosh, acosh, 1, 10, 0 },
    { "atanh", wg_atanh, atanh, -0.99, 0.99, 0 },
    { "erf", wg_erf, erf, -3, 3, 0 },
    { "erfc", wg_erfc, erfc, -3, 3, 0 },
    { "lgamma", wg_lgamma, lgamma, 0.01, 40, 0 },
    { "lgamma", wg_lgamma, lgamma, -2.95, -2.05, 1 },
    { "log_sigmoid", wg_log_sigmoid, plain_log_sigmoid, -20, 20, 0 },
    { "softsign", wg_softsign, plain_softsign, -9, 9, 0 },
    { "silu", wg_silu, plain_silu, -12, 12, 0 },
    { "mish", wg_mish, plain_mish, -12, 12, 0 },
    { "gelu", wg_gelu, plain_gelu, -3, 3, 1 },
    { "relu6", wg_relu6, plain_relu6, -2, 9, 0 },
    { "hard_sigmoid", wg_hard_sigmoid, plain_hard_sigmoid, -5, 5, 1 },
    { "hard_swish", wg_hard_swish, plain_hard_swish, -5, 5, 1 },
};

/* 203 points: vectors and their remainders. Four units in the last place are what the vector functions promise. */
START_TEST(values_agree_with_the_C_library)
{
    const struct unary *u = &unary[_i];
    for (int k = 0; k < 2; k++) {
        wg_dtype type = k ? WG_F64 : WG_F32;
        double points[203], unit = k ? 0x1p-52 : 0x1p-23;
        for (int i = 0; i < 203; i++)
            points[i] = (float)(u->low + (u->high - u->low) * i / 202);
        wg_view y = value(u->op(constant(type, WG_SHAPE(203), points)));
        for (int i = 0; i < 203; i++) {
            double expected = u->plain(points[i]), got = wg_view_at(y, i);
            double tolerance = 4 * unit * fmax(fabs(expected), u->near_zero);
            ck_assert_msg(fabs(got - expected) <= tolerance,
                          "%s(%g) as %s is %.17g, not %.17g", u->name, points[i], wg_dtype_name(type), got, expected);
        }
    }
}
END_TEST

START_TEST(limits_come_out_as_limits)
{
    wg_node *ends = VECTOR(INFINITY, -INFINITY, NAN, 0);
    ASSERT_VALUES(wg_exp(ends), INFINITY, 0, NAN, 1);
    ASSERT_VALUES(wg_log(ends), INFINITY, NAN, NAN, -INFINITY);
    ASSERT_VALUES(wg_tanh(ends), 1, -1, NAN, 0);
    ASSERT_VALUES(wg_sigmoid(ends), 1, 0, NAN, 0.5);
    ASSERT_VALUES(wg_relu(ends), INFINITY, 0, NAN, 0);
    ASSERT_VALUES(wg_abs(ends), INFINITY, INFINITY, NAN, 0);
    ASSERT_VALUES(wg_sign(ends), 1, -1, NAN, 0);
    ASSERT_VALUES(wg_reciprocal(ends), 0, 0, NAN, INFINITY);
    ASSERT_VALUES(wg_leaky_relu(VECTOR(-2, 0, 3), 0.5), -1, 0, 3);
    ASSERT_VALUES(wg_hypot(VECTOR(INFINITY, 0), VECTOR(NAN, 0)), INFINITY, 0);
    ASSERT_NEAR(wg_hypot(VECTOR(3e200), VECTOR(4e200)), 2e185, 5e200);
    ASSERT_NEAR(wg_atan2(VECTOR(1, 0, -1, 0), VECTOR(0, -1, -1, 1)), 1e-15, acos(0), acos(-1), -0.75 * acos(-1), 0);
    ASSERT_VALUES(wg_acosh(VECTOR(1, 0.5)), 0, NAN);
    ASSERT_VALUES(wg_atanh(VECTOR(1, -1, 2)), INFINITY, -INFINITY, NAN);
    ASSERT_VALUES(wg_asin(VECTOR(1.5)), NAN);
    ASSERT_VALUES(wg_erf(ends), 1, -1, NAN, 0);
    ASSERT_VALUES(wg_erfc(ends), 0, 2, NAN, 1);
    ASSERT_VALUES(wg_round(VECTOR(-2.5, -0.5, 0.5, 1.5, 2.5, 0x1p60, NAN)), -2, 0, 0, 2, 2, 0x1p60, NAN);
    ASSERT_NEAR(wg_softplus(VECTOR(-800, 800, 0)), 1e-16, 0, 800, log(2));
    ASSERT_VALUES(wg_sigmoid(VECTOR(-800, 800)), 0, 1);
    ck_assert(element(wg_sigmoid(VECTOR(-700)), 0) > 0); /* no underflow before its time */
}
END_TEST

START_TEST(two_operands)
{
    wg_node *x = VECTOR(1, -2, 3), *y = VECTOR(4, 5, -6);
    ASSERT_VALUES(wg_add(x, y), 5, 3, -3);
    ASSERT_VALUES(wg_sub(x, y), -3, -7, 9);
    ASSERT_VALUES(wg_mul(x, y), 4, -10, -18);
    ASSERT_VALUES(wg_div(x, y), 0.25, -0.4, -0.5);
    ASSERT_NEAR(wg_pow(x, VECTOR(2, 3, -1)), 1e-15, 1, -8, 1.0 / 3);
    ASSERT_VALUES(wg_maximum(x, y), 4, 5, 3);
    ASSERT_VALUES(wg_minimum(x, y), 1, -2, -6);
    ASSERT_VALUES(wg_maximum(VECTOR(NAN, 1), VECTOR(1, NAN)), NAN, NAN);
    ASSERT_VALUES(wg_minimum(VECTOR(NAN, 1), VECTOR(1, NAN)), NAN, NAN);
    ASSERT_VALUES(wg_scale(x, -0.5), -0.5, 1, -1.5);
    ASSERT_VALUES(wg_shift(x, 0.5), 1.5, -1.5, 3.5);
}
END_TEST

START_TEST(operands_broadcast_in_every_position)
{
    wg_node *column = TENSOR(WG_SHAPE(2, 1), 10, 20), *row = VECTOR(1, 2, 3), *scalar = TENSOR(WG_SCALAR, 100);
    ASSERT_VALUES(wg_add(column, row), 11, 12, 13, 21, 22, 23);
    ASSERT_VALUES(wg_add(row, column), 11, 12, 13, 21, 22, 23);
    ASSERT_VALUES(wg_add(scalar, row), 101, 102, 103);
    ASSERT_VALUES(wg_where(wg_gt(row, wg_const(g, 1.5)), column, scalar), 100, 10, 10, 100, 20, 20);
    assert_shape(wg_mul(TENSOR(WG_SHAPE(1, 3, 1), 1, 2, 3), TENSOR(WG_SHAPE(2, 1, 1, 2), 1, 2, 3, 4)),
                 WG_SHAPE(2, 1, 3, 2));
}
END_TEST

START_TEST(integers_wrap_and_keep_their_type)
{
    for (int k = 0; k < 2; k++) {
        wg_dtype type = k ? WG_I64 : WG_I32;
        wg_node *x = OF_TYPE(type, 7, -3, 0), *y = OF_TYPE(type, 2, 5, -1), *sum = wg_add(x, y);
        ck_assert_int_eq(wg_node_dtype(sum), type);
        ASSERT_VALUES(sum, 9, 2, -1);
        ASSERT_VALUES(wg_sub(x, y), 5, -8, 1);
        ASSERT_VALUES(wg_mul(x, y), 14, -15, 0);
        ASSERT_VALUES(wg_maximum(x, y), 7, 5, 0);
        ASSERT_VALUES(wg_minimum(x, y), 2, -3, -1);
        ASSERT_VALUES(wg_neg(x), -7, 3, 0);
        ASSERT_VALUES(wg_abs(x), 7, 3, 0);
        ASSERT_VALUES(wg_sign(x), 1, -1, 0);
        ASSERT_VALUES(wg_square(x), 49, 9, 0);
        ASSERT_VALUES(wg_scale(x, -2), -14, 6, 0);
        ASSERT_VALUES(wg_shift(x, 1), 8, -2, 1);
    }
    ASSERT_VALUES(wg_floor(OF_TYPE(WG_I64, 7, -3)), 7, -3);
    wg_node *most = OF_TYPE(WG_I32, 2147483647, -2147483648.0);
    ASSERT_VALUES(wg_shift(most, 1), -2147483648.0, -2147483647);
    ASSERT_VALUES(wg_abs(most), 2147483647, -2147483648.0);
}
END_TEST

START_TEST(comparisons_take_every_type_and_give_bool)
{
    for (wg_dtype type = WG_F32; type <= WG_BOOL; type++) {
        wg_node *x = OF_TYPE(type, 0, 1, 1), *y = OF_TYPE(type, 0, 0, 1);
        ck_assert_int_eq(wg_node_dtype(wg_eq(x, y)), WG_BOOL);
        ASSERT_VALUES(wg_eq(x, y), 1, 0, 1);
        ASSERT_VALUES(wg_ne(x, y), 0, 1, 0);
        ASSERT_VALUES(wg_lt(y, x), 0, 1, 0);
        ASSERT_VALUES(wg_le(x, y), 1, 0, 1);
        ASSERT_VALUES(wg_gt(x, y), 0, 1, 0);
        ASSERT_VALUES(wg_ge(x, y), 1, 1, 1);
        ASSERT_VALUES(wg_where(OF_TYPE(WG_U8, 0, 2, 1), x, y), 0, 1, 1);
    }
    wg_node *nan = VECTOR(NAN);
    ASSERT_VALUES(wg_eq(nan, nan), 0);
    ASSERT_VALUES(wg_ne(nan, nan), 1);
    wg_node *p = OF_TYPE(WG_BOOL, 0, 0, 1, 1), *q = OF_TYPE(WG_U8, 0, 3, 0, 7);
    ASSERT_VALUES(wg_logical_and(p, q), 0, 0, 0, 1);
    ASSERT_VALUES(wg_logical_or(p, q), 0, 1, 1, 1);
    ASSERT_VALUES(wg_logical_not(q), 1, 0, 1, 0);
}
END_TEST

START_TEST(casts_cut_off_saturate_and_test_for_zero)
{
    wg_node *x = VECTOR(-1.9, 0.5, 300, NAN, 1e30);
    ASSERT_VALUES(wg_cast(x, WG_I32), -1, 0, 300, 0, 2147483647);
    ASSERT_VALUES(wg_cast(x, WG_U8), 0, 0, 255, 0, 255);
    ASSERT_VALUES(wg_cast(x, WG_BOOL), 1, 1, 1, 1, 1);
    ASSERT_VALUES(wg_cast(OF_TYPE(WG_I64, -2, 3), WG_F32), -2, 3);
    for (wg_dtype from = WG_F32; from <= WG_BOOL; from++)
        for (wg_dtype to = WG_F32; to <= WG_BOOL; to++) {
            wg_node *y = wg_cast(OF_TYPE(from, 0, 1), to);
            ck_assert_int_eq(wg_node_dtype(y), to);
            ASSERT_VALUES(y, 0, 1);
        }
}
END_TEST

START_TEST(wrong_types_are_named)
{
    ASSERT_FAILS(wg_exp(OF_TYPE(WG_I64, 1)), WG_ERR_DTYPE, "exp: takes f32 or f64, got i64");
    ASSERT_FAILS(wg_tan(OF_TYPE(WG_I32, 1)), WG_ERR_DTYPE, "tan: takes f32 or f64, got i32");
    ASSERT_FAILS(wg_round(OF_TYPE(WG_BOOL, 1)), WG_ERR_DTYPE, "round: takes f32, f64, i32 or i64, got bool");
    ASSERT_FAILS(wg_hypot(OF_TYPE(WG_F32, 1), VECTOR(1)), WG_ERR_DTYPE, "hypot: operand types differ: f32 and f64");
    ASSERT_FAILS(wg_relu(OF_TYPE(WG_BOOL, 1)), WG_ERR_DTYPE, "relu: takes f32 or f64, got bool");
    ASSERT_FAILS(wg_add(OF_TYPE(WG_U8, 1), OF_TYPE(WG_U8, 1)), WG_ERR_DTYPE, "add: takes f32, f64, i32 or i64, got u8");
    ASSERT_FAILS(wg_add(OF_TYPE(WG_I32, 1), OF_TYPE(WG_I64, 1)), WG_ERR_DTYPE, "add: operands are i32 and i64");
    ASSERT_FAILS(wg_mul(OF_TYPE(WG_F32, 1), OF_TYPE(WG_I64, 1)), WG_ERR_DTYPE, "mul: operands are f32 and i64");
    ASSERT_FAILS(wg_eq(OF_TYPE(WG_F32, 1), OF_TYPE(WG_I64, 1)), WG_ERR_DTYPE, "eq: operands are f32 and i64");
    ASSERT_FAILS(wg_div(OF_TYPE(WG_I32, 1), OF_TYPE(WG_I32, 1)), WG_ERR_DTYPE, "div: takes f32 or f64");
    ASSERT_FAILS(wg_scale(OF_TYPE(WG_I32, 1), 0.5), WG_ERR_DTYPE, "scale: 0.5 is not an i32");
    ASSERT_FAILS(wg_shift(OF_TYPE(WG_I32, 1), 3e9), WG_ERR_DTYPE, "shift: 3e+09 is not an i32");
    ASSERT_FAILS(wg_where(VECTOR(1), VECTOR(1), VECTOR(1)), WG_ERR_DTYPE,
                 "where: takes a condition of bool or u8, got f64");
    ASSERT_FAILS(wg_where(OF_TYPE(WG_BOOL, 1), OF_TYPE(WG_I32, 1), VECTOR(1)), WG_ERR_DTYPE,
                 "where: its branches are i32 and f64");
    ASSERT_FAILS(wg_logical_not(VECTOR(1)), WG_ERR_DTYPE, "logical_not: takes bool or u8, got f64");
    ASSERT_FAILS(wg_cast(VECTOR(1), WG_DTYPE_NONE), WG_ERR_DTYPE, "cast");
    ASSERT_FAILS(wg_add(VECTOR(1, 2), VECTOR(1, 2, 3)), WG_ERR_SHAPE, "add: shapes do not broadcast: (2) and (3)");
}
END_TEST

/* At their kinks the derivatives are those that the documentation states. */
START_TEST(kinks_follow_their_conventions)
{
    wg_node *x = VECTOR(-1, 0, 1), *y = VECTOR(-1, 0, 2);
    ASSERT_VALUES(wg_grad(wg_sum(wg_relu(x), WG_ALL_AXES, false), x), 0, 0, 1);
    ASSERT_VALUES(wg_grad(wg_sum(wg_abs(x), WG_ALL_AXES, false), x), -1, 0, 1);
    ASSERT_VALUES(wg_grad(wg_sum(wg_leaky_relu(x, 0.25), WG_ALL_AXES, false), x), 0.25, 0.25, 1);
    ASSERT_VALUES(wg_grad(wg_sum(wg_maximum(x, y), WG_ALL_AXES, false), x), 0.5, 0.5, 0);
    ASSERT_VALUES(wg_grad(wg_sum(wg_minimum(x, y), WG_ALL_AXES, false), y), 0.5, 0.5, 0);
    wg_node *zero = VECTOR(0), *p = VECTOR(0);
    ASSERT_VALUES(wg_grad(wg_sum(wg_pow(zero, p), WG_ALL_AXES, false), zero), 0); /* x^0 is 1 everywhere */
    ASSERT_VALUES(wg_grad(wg_sum(wg_pow(zero, VECTOR(2)), WG_ALL_AXES, false), zero), 0);
}
END_TEST

TCase *ops_elementwise_tests(void)
{
    TCase *t = tcase_create("elementwise");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_loop_test(t, values_agree_with_the_C_library, 0, (int)WG_COUNT(unary));
    tcase_add_test(t, limits_come_out_as_limits);
    tcase_add_test(t, two_operands);
    tcase_add_test(t, operands_broadcast_in_every_position);
    tcase_add_test(t, integers_wrap_and_keep_their_type);
    tcase_add_test(t, comparisons_take_every_type_and_give_bool);
    tcase_add_test(t, casts_cut_off_saturate_and_test_for_zero);
    tcase_add_test(t, wrong_types_are_named);
    tcase_add_test(t, kinks_follow_their_conventions);
    return t;
}
