/* Activations and special functions: values that PyTorch 1.13 and mpmath give, limits, kinks, what is refused. */
#include "ops_test.h"

enum { POINTS = 9 };
static const double at[POINTS] = { -12, -3, -1, -0.25, 0, 0.5, 2, 4, 40 };

static wg_node *points(void)
{
    return constant(WG_F64, WG_SHAPE(POINTS), at);
}
static wg_node *elu(wg_node *x) { return wg_elu(x, 1.5); }
static wg_node *celu(wg_node *x) { return wg_celu(x, 0.5); }

static const struct activation {
    const char *name;
    wg_node *(*op)(wg_node *);
    double value[POINTS], slope[POINTS];
} activation[] = {
    { "silu", wg_silu,
      { -7.3730095226576611e-05, -0.14227761953270035, -0.2689414213699951, -0.10945587477855048, 0, 0.3112296656009273,
        1.7615941559557646, 3.9280551601516338, 40 },
      { -6.7585467613783386e-05, -0.088104106015169617, 0.072329488128513253, 0.37628997842980233, 0.5,
        0.73996118730265192, 1.0907842487848955, 1.0526646148910728, 1 } },
    { "mish", wg_mish,
      { -7.3730321731865881e-05, -0.14564746127562461, -0.30340146137410895, -0.12992696367914103, 0,
        0.37524521130489513, 1.9439589595339946, 3.9974128069762385, 40 },
      { -6.7585901746137732e-05, -0.093393114532320839, 0.059216755877395014, 0.43981560172180523, 0.6,
        0.88642437535772733, 1.0693179342794896, 1.0044328769037503, 1 } },
    { "gelu", wg_gelu,
      { -2.1317785344932148e-32, -0.00404969409489028358, -0.158655253931457051, -0.100323418579269069, 0,
        0.345731230637006552, 1.95449973610364159, 3.99987331503266752, 40 },
      { -2.55789566167489562e-31, -0.011945647204183927, -0.0833154705876862984, 0.304626645116363974, 0.5,
        0.867495124656162843, 1.0852318010781969, 1.00050364966122642, 1 } },
    { "gelu_tanh", wg_gelu_tanh,
      { -1.63598544935348106e-61, -0.00363739208177301884, -0.158808009391723295, -0.100324649298315, 0,
        0.345714009825143922, 1.95459769408777502, 3.99992975405180763, 40 },
      { -5.29040335252255846e-60, -0.011584166630969648, -0.082964083845782577, 0.30464590484893955, 0.5, 0.86736990353464238,
        1.0860992566236183, 1.000335123197122, 1 } },
    { "softsign", wg_softsign,
      { -12.0 / 13, -0.75, -0.5, -0.2, 0, 1.0 / 3, 2.0 / 3, 0.8, 40.0 / 41 },
      { 1.0 / 169, 0.0625, 0.25, 0.64, 1, 4.0 / 9, 1.0 / 9, 0.04, 1.0 / 1681 } },
    { "log_sigmoid", wg_log_sigmoid,
      { -12.000006144193478, -3.0485873515737421, -1.3132616875182228, -0.82593941987884356, -0.69314718055994529,
        -0.47407698418010669, -0.12692801104297249, -0.018149927917809738, -4.2483542552915889e-18 },
      { 0.99999385582539779, 0.95257412682243325, 0.7310585786300049, 0.56217650088579818, 0.5, 0.37754066879814546,
        0.11920292202211755, 0.017986209962091555, 4.2483542552915889e-18 } },
    { "elu", elu,
      { -1.4999907836814699, -1.4253193974482041, -0.9481808382428365, -0.33179882539289268, 0, 0.5, 2, 4, 40 },
      { 9.2163185299923143e-06, 0.074680602551795913, 0.5518191617571635, 1.1682011746071073, 1.5, 1, 1, 1, 1 } },
    { "selu", wg_selu,
      { -1.7580885387116882, -1.6705687287671118, -1.1113307378125625, -0.38889019747811898, 0, 0.52535049367774023,
        2.1014019747109609, 4.2028039494219218, 42.028039494219215 },
      { 1.0802135688412635e-05, 0.087530612080264872, 0.64676860303481398, 1.3692091433692577, 1.7580993408473766,
        1.0507009873554805, 1.0507009873554805, 1.0507009873554805, 1.0507009873554805 } },
    { "celu", celu,
      { -0.49999999998112432, -0.49876062391166681, -0.43233235838169365, -0.19673467014368329, 0, 0.5, 2, 4, 40 },
      { 3.7751345442790977e-11, 0.0024787521766663585, 0.1353352832366127, 0.60653065971263342, 1, 1, 1, 1, 1 } },
    { "hard_sigmoid", wg_hard_sigmoid,
      { 0, 0, 1.0 / 3, 0.45833333333333331, 0.5, 0.58333333333333337, 0.83333333333333337, 1, 1 },
      { 0, 0, 1.0 / 6, 1.0 / 6, 1.0 / 6, 1.0 / 6, 1.0 / 6, 0, 0 } },
    { "hard_swish", wg_hard_swish,
      { 0, 0, -1.0 / 3, -0.11458333333333333, 0, 0.29166666666666669, 1.6666666666666667, 4, 40 },
      { 0, 0, 1.0 / 6, 0.41666666666666669, 0.5, 2.0 / 3, 1.1666666666666665, 1, 1 } },
};

static void assert_close(const char *name, wg_node *n, const double *expected, double relative)
{
    wg_view y = value(n);
    for (int i = 0; i < POINTS; i++) {
        double got = wg_view_at(y, i), want = expected[i];
        ck_assert_msg(fabs(got - want) <= relative * fabs(want) + 1e-60, "%s at %g: %.17g, not %.17g", name, at[i], got,
                      want);
    }
}

/* Tails too are right to their last digits: gelu(-12) is -2e-32. */
START_TEST(activations_and_their_slopes_are_those_of_PyTorch)
{
    const struct activation *a = &activation[_i];
    wg_node *x = points(), *y = a->op(x);
    assert_close(a->name, y, a->value, 3e-14); /* erfc magnifies the rounding of its argument */
    assert_close(a->name, wg_grad(wg_sum(y, WG_ALL_AXES, false), x), a->slope, 1e-13);
}
END_TEST

/* Derivatives of the first and second order at arguments at which parts of the formulas overflow. */
START_TEST(huge_arguments_leave_no_NaN_behind)
{
    for (size_t i = 0; i < WG_COUNT(activation); i++) {
        for (int k = 0; k < 2; k++) {
            wg_node *x = OF_TYPE(k ? WG_F64 : WG_F32, -3e38, -1e20, -1e4, 1e4, 1e20, 3e38);
            wg_node *first = wg_grad(wg_sum(activation[i].op(x), WG_ALL_AXES, false), x);
            wg_node *second = wg_grad(wg_sum(first, WG_ALL_AXES, false), x);
            for (int e = 0; e < 6; e++) {
                double slope = element(first, e), bend = element(second, e);
                ck_assert_msg(slope >= 0 && slope < 1.1, "%s: slope %g", activation[i].name, slope);
                ck_assert_msg(fabs(bend) < 1e-3, "%s: second derivative %g", activation[i].name, bend);
            }
        }
    }
    wg_node *x = VECTOR(1e200, -1e200);
    ASSERT_VALUES(wg_grad(wg_sum(wg_atan(x), WG_ALL_AXES, false), x), 0, 0);
    ASSERT_NEAR(wg_grad(wg_sum(wg_asinh(x), WG_ALL_AXES, false), x), 1e-210, 1e-200, 1e-200);
    wg_node *y = VECTOR(3e200), *z = VECTOR(4e200);
    ASSERT_NEAR(wg_grad(wg_sum(wg_atan2(y, z), WG_ALL_AXES, false), y), 1e-214, 4.0 / 25e200);
    ASSERT_NEAR(wg_grad(wg_sum(wg_hypot(y, z), WG_ALL_AXES, false), y), 1e-15, 0.6);
}
END_TEST

static wg_node *slope_of(wg_node *y, wg_node *x)
{
    return wg_grad(wg_sum(y, WG_ALL_AXES, false), x);
}

START_TEST(bounds_are_kept_and_gradients_at_them_follow_PyTorch)
{
    wg_node *x = VECTOR(-2, -1, 0, 3, 5, NAN);
    ASSERT_VALUES(wg_clip(x, -1, 3), -1, -1, 0, 3, 3, NAN);
    ASSERT_VALUES(slope_of(wg_clip(x, -1, 3), x), 0, 1, 1, 1, 0, 0);
    ASSERT_VALUES(wg_clip(x, -INFINITY, 0), -2, -1, 0, 0, 0, NAN);
    ASSERT_VALUES(slope_of(wg_clip(x, 0, INFINITY), x), 0, 0, 1, 1, 1, 0);
    ASSERT_VALUES(wg_clip(x, 4, 2), 2, 2, 2, 2, 2, NAN);
    ASSERT_VALUES(wg_hardtanh(x, -1, 3), -1, -1, 0, 3, 3, NAN);
    ASSERT_VALUES(slope_of(wg_hardtanh(VECTOR(-2, -1, 0, 3, 5), -1, 3), x), 0, 0, 0, 0, 0, 0);
    wg_node *y = VECTOR(-2, -1, 0, 3, 5, 6);
    ASSERT_VALUES(slope_of(wg_hardtanh(y, -1, 3), y), 0, 0, 1, 0, 0, 0);
    ASSERT_VALUES(slope_of(wg_relu6(y), y), 0, 0, 0, 1, 1, 0);
    ASSERT_VALUES(wg_relu6(VECTOR(-1, 0, 5, 7, NAN)), 0, 0, 5, 6, NAN);
    ASSERT_VALUES(slope_of(wg_hard_swish(VECTOR(-3, 3)), VECTOR(0)), 0);
    wg_node *z = VECTOR(-3, 3);
    ASSERT_VALUES(slope_of(wg_hard_swish(z), z), 0, 1);
    ASSERT_VALUES(slope_of(wg_hard_sigmoid(z), z), 0, 0);
    ASSERT_VALUES(wg_clip(OF_TYPE(WG_I32, -5, 0, 9), -2, INFINITY), -2, 0, 9);
    ASSERT_VALUES(wg_clip(OF_TYPE(WG_I64, -5, 0, 9), -1e300, 4), -5, 0, 4);
    ASSERT_NEAR(wg_softplus_at(VECTOR(-1, 2), 3, 4), 1e-15, log1p(exp(-3)) / 3, 2);
}
END_TEST

START_TEST(attributes_out_of_range_are_refused)
{
    wg_node *x = VECTOR(1);
    ASSERT_FAILS(wg_clip(x, NAN, 1), WG_ERR_ARG, "clip: min must not be NaN");
    ASSERT_FAILS(wg_clip(OF_TYPE(WG_I32, 1), 0, 1.5), WG_ERR_ARG,
                 "clip: max must be whole for an operand of i32, got 1.5");
    x = VECTOR(1);
    ASSERT_FAILS(wg_hardtanh(x, 2, 1), WG_ERR_ARG, "hardtanh: min must not be above max, got 2 and 1");
    ASSERT_FAILS(wg_celu(VECTOR(1), 0), WG_ERR_ARG, "celu: alpha must not be 0");
    ASSERT_FAILS(wg_polygamma(-1, VECTOR(1)), WG_ERR_ARG, "polygamma: n must be in 0..100, got -1");
    ASSERT_FAILS(wg_polygamma(101, VECTOR(1)), WG_ERR_ARG, "polygamma: n must be in 0..100, got 101");
    ASSERT_FAILS(wg_softplus_at(VECTOR(1), 0, 20), WG_ERR_ARG, "softplus: beta must be positive, got 0");
    ASSERT_FAILS(wg_apply_named(g, "gelu", WG_NODES(VECTOR(1)), "{\"approximate\": \"erf\"}"), WG_ERR_ARG,
                 "gelu: attribute approximate: expected none|tanh");
    ASSERT_FAILS(wg_gelu(OF_TYPE(WG_I64, 1)), WG_ERR_DTYPE, "gelu: takes f32 or f64, got i64");
}
END_TEST

/* mpmath with 30 digits. Four units in the last place, or of 1 where a zero is near. */
static void assert_digits(wg_node *n, size_t count, const double *expected)
{
    wg_view y = value(n);
    for (size_t i = 0; i < count; i++) {
        double got = wg_view_at(y, (int64_t)i);
        double size = expected[i] == 0 ? 0 : fmax(fabs(expected[i]), 1); /* lgamma(2) = 0 is exact */
        ck_assert_msg(fabs(got - expected[i]) <= 0x1p-50 * size, "element %zu: %.17g, not %.17g", i, got, expected[i]);
    }
}

START_TEST(gamma_functions_have_all_their_digits)
{
    static const double x[] = { 1e-300, 0.001, 0.3, 0.75, 1.25, 2, 2.5, 5.5, 8, 30, 1e10, -0.3, -1.5, -4.2 };
    static const double log_gamma[] = {
        690.77552789821370518,   6.9071788853838536617, 1.0957979948180755606, 0.20328095143129537148,
        -0.098271836421813161464, 0,                     0.28468287047291915963, 3.9578139676187162939,
        8.5251613610654143002,   71.25703896716800901,  220258509288.81058147, 1.4648400508576025305,
        0.86004701537648101451,  -1.8075166614192913606
    };
    static const double digamma[] = {
        -9.9999999999999997494e+299, -1000.5755719318102797, -3.5025242222001331249, -1.0858608797864721696,
        -0.22745353337626540809,     0.42278433509846713939, 0.70315664064524318723, 1.6110931485817511237,
        2.0156414779556099965,       3.3844381326855248766,  23.02585092989045684,   2.1133097796353988734,
        0.70315664064524318723,      5.8734654592678824778
    };
    assert_digits(wg_lgamma(constant(WG_F64, WG_SHAPE(14), x)), 14, log_gamma);
    assert_digits(wg_digamma(constant(WG_F64, WG_SHAPE(14), x)), 14, digamma);
    assert_digits(wg_polygamma(0, constant(WG_F64, WG_SHAPE(14), x)), 14, digamma);
    wg_node *poles = VECTOR(0, -1, -2, INFINITY, NAN);
    ASSERT_VALUES(wg_lgamma(poles), INFINITY, INFINITY, INFINITY, INFINITY, NAN);
    ASSERT_VALUES(wg_digamma(poles), -INFINITY, NAN, NAN, INFINITY, NAN);
    ASSERT_VALUES(wg_polygamma(1, poles), INFINITY, INFINITY, INFINITY, 0, NAN);
}
END_TEST

START_TEST(polygamma_of_low_and_high_order)
{
    static const double x[] = { 0.001, 0.3, 1, 2.5, 30, 1e6, -0.3, -1.5, -4.2 };
    static const int64_t order[] = { 1, 2, 5, 30 };
    static const double expected[4][9] = {
        { 1000001.6425331958273, 12.245364546107731301, 1.6449340668482264365, 0.49035775610023486497,
          0.033895060357739944214, 1.0000005000001666667e-6, 13.945160267805722489, 9.3792466449891237539,
          28.354875744597662809 },
        { -2000000002.3976321648, -75.272536588726038917, -2.4041138063191885708, -0.236204051641727403,
          -0.001148765203728599844, -1.0000010000005e-12, 67.63908119988316004, -0.236204051641727403,
          247.00315048041460643 },
        { 1.1999999999999998513e+20, 164634.84609922303643, 122.08116743813389677, 0.57856917856718348455,
          1.0726994936161623892e-6, 2.400006000006e-29, 165634.3818520858948, 15381.648528026303809,
          1875502.9757642576502 },
        { -2.6525285981219088746e+125, -4.2943869917015744779e+48, -2.6525285993570947629e+32,
          -1.2232990235199245034e+20, -6.8043629582669342038e-14, -8.8418946208548446046e-150,
          4.2943869916847624216e+48, -1.2232990235199253295e+20, 1.2351798816220078395e+54 },
    };
    for (int k = 0; k < 4; k++) {
        wg_view y = value(wg_polygamma(order[k], constant(WG_F64, WG_SHAPE(9), x)));
        for (int i = 0; i < 9; i++) {
            double got = wg_view_at(y, i), want = expected[k][i];
            ck_assert_msg(fabs(got - want) <= 2e-14 * fabs(want), "n = %d at %g: %.17g, not %.17g", (int)order[k], x[i],
                          got, want);
        }
    }
}
END_TEST

TCase *ops_activation_tests(void)
{
    TCase *t = tcase_create("activations");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_loop_test(t, activations_and_their_slopes_are_those_of_PyTorch, 0, (int)WG_COUNT(activation));
    tcase_add_test(t, huge_arguments_leave_no_NaN_behind);
    tcase_add_test(t, bounds_are_kept_and_gradients_at_them_follow_PyTorch);
    tcase_add_test(t, attributes_out_of_range_are_refused);
    tcase_add_test(t, gamma_functions_have_all_their_digits);
    tcase_add_test(t, polygamma_of_low_and_high_order);
    return t;
}
