/* Random leaves: moments, ranges, and that numbers depend on seed, leaf and index alone. */
#include "base/random.h"
#include "ops_test.h"

enum { MANY = 200000 };

/* Mean, variance, and correlation of neighbours, within five standard errors. */
static void assert_moments(wg_node *n, double mean, double variance)
{
    wg_view x = value(n);
    double sum = 0, squares = 0, products = 0, fourth = 0;
    for (int i = 0; i < MANY; i++) {
        double d = wg_view_at(x, i) - mean;
        sum += d;
        squares += d * d;
        fourth += d * d * d * d;
        products += d * (wg_view_at(x, (i + 1) % MANY) - mean);
    }
    double spread = fourth / MANY - variance * variance;
    ck_assert_double_eq_tol(sum / MANY, 0, 5 * sqrt(variance / MANY));
    ck_assert_double_eq_tol(squares / MANY, variance, 5 * sqrt(spread / MANY) + 1e-12);
    ck_assert_double_eq_tol(products / MANY, 0, 5 * variance / sqrt(MANY));
}

START_TEST(moments_are_those_of_the_distribution)
{
    for (wg_dtype type = WG_F32; type <= WG_F64; type++) {
        assert_moments(wg_uniform(g, type, WG_SHAPE(MANY), -1, 3), 1, 16.0 / 12);
        assert_moments(wg_normal(g, type, WG_SHAPE(MANY), 2, 0.5), 2, 0.25);
        assert_moments(wg_bernoulli(g, type, WG_SHAPE(MANY), 0.2), 0.2, 0.16);
    }
    assert_moments(wg_bernoulli(g, WG_BOOL, WG_SHAPE(MANY), 0.9), 0.9, 0.09);
}
END_TEST

/* Shares of a normal distribution beyond 1, 2 and 3: the tails, which moments hardly see. */
START_TEST(normal_numbers_have_tails)
{
    static const double share[] = { 0.31731050786291415, 0.045500263896358417, 0.0026997960632601866 };
    wg_view x = value(wg_normal(g, WG_F64, WG_SHAPE(MANY), 0, 1));
    for (int k = 0; k < 3; k++) {
        int beyond = 0;
        for (int i = 0; i < MANY; i++)
            beyond += fabs(wg_view_at(x, i)) > k + 1;
        ck_assert_double_eq_tol((double)beyond / MANY, share[k], 5 * sqrt(share[k] / MANY));
    }
}
END_TEST

/* At step 0: word k of a chunk of 64 elements is word k / 16 of the counter k % 16, of Philox as it is written down. */
static uint32_t word_of(int64_t element, uint64_t seed, uint64_t stream)
{
    uint32_t four[4];
    wg__philox(four, seed + stream * UINT64_C(0x9E3779B97F4A7C15), (uint64_t)(element / 64 * 16 + element % 16), 0);
    return four[element % 64 / 16];
}

START_TEST(words_are_those_of_philox)
{
    enum { N = 1000, SEED = 12345, STREAM = 77 };
    for (wg_dtype type = WG_F32; type <= WG_F64; type++) {
        wg_graph *seeded = wg_graph_new_with(WG_OPTS(wg_graph_opts, .seed = SEED));
        wg_node *x = wg_input(seeded, "x", type, WG_SHAPE(N));
        wg_node *y = wg_apply_named(seeded, "dropout", WG_NODES(wg_ones_like(x)), "{\"p\": 0.3, \"stream\": 77}");
        wg_plan *plan = wg_compile(seeded, WG_TRAIN, WG_NODES(y));
        wg_exec *exec = wg_exec_new(plan);
        double zeros[N] = { 0 };
        ck_assert_int_eq(wg_feed(exec, x, wg_view_of(zeros, type, WG_SHAPE(N))), WG_OK);
        ck_assert_int_eq(wg_run(exec), WG_OK);
        wg_view dropped = wg_result(exec, y);
        for (int i = 0; i < N; i++)
            ck_assert_int_eq(wg_view_at(dropped, i) != 0, word_of(i, SEED, STREAM) >= (uint32_t)(0.3 * 0x1p32));
        wg_exec_free(exec);
        wg_plan_free(plan);
        wg_graph_free(seeded);
    }
}
END_TEST

START_TEST(numbers_stay_in_their_range)
{
    /* Only two f32 numbers are in the range: rounding must not give its end. */
    double low = 1, high = 1 + 0x1p-22;
    wg_view x = value(wg_uniform(g, WG_F32, WG_SHAPE(MANY), low, high));
    for (int i = 0; i < MANY; i++)
        ck_assert(wg_view_at(x, i) >= low && wg_view_at(x, i) < high);
    ASSERT_VALUES(wg_bernoulli(g, WG_F64, WG_SHAPE(3), 0), 0, 0, 0);
    ASSERT_VALUES(wg_bernoulli(g, WG_F64, WG_SHAPE(3), 1), 1, 1, 1);
    ASSERT_VALUES(wg_normal(g, WG_F64, WG_SHAPE(2), 7, 0), 7, 7);
    ck_assert_int_eq(value(wg_uniform(g, WG_F64, WG_SHAPE(2, 0), 0, 1)).shape.dim[1], 0);
}
END_TEST

START_TEST(threads_and_types_do_not_matter_and_leaves_do)
{
    wg_node *leaf[] = { wg_uniform(g, WG_F64, WG_SHAPE(20011), 0, 1), wg_normal(g, WG_F64, WG_SHAPE(20011), 0, 1),
                        wg_uniform(g, WG_F64, WG_SHAPE(20011), 0, 1) };
    for (int k = 0; k < 3; k++) {
        double sum = element(wg_sum(leaf[k], WG_ALL_AXES, false), 0);
        wg_view one = value_in(leaf[k], WG_TRAIN, 1), three = value_in(leaf[k], WG_INFER, 3);
        ck_assert(memcmp(one.data, three.data, 20011 * sizeof(double)) == 0);
        double again = 0;
        for (int i = 0; i < 20011; i++)
            again += wg_view_at(one, i);
        ck_assert_double_eq_tol(sum, again, 1e-9);
    }
    ck_assert(element(leaf[0], 0) != element(leaf[2], 0));
    wg_nodes none = { NULL, 0 };
    wg_node *wide = wg_apply_named(g, "normal", none, "{\"shape\": [3], \"dtype\": \"f64\", \"stream\": 9}");
    wg_node *narrow = wg_apply_named(g, "normal", none, "{\"shape\": [3], \"dtype\": \"f32\", \"stream\": 9}");
    for (int i = 0; i < 3; i++)
        ck_assert_double_eq(element(narrow, i), (float)element(wide, i));
}
END_TEST

START_TEST(each_step_draws_anew)
{
    wg_node *count = wg_step_counter(g), *next = wg_assign(count, wg_shift(count, 1));
    wg_node *x = wg_uniform(g, WG_F64, WG_SHAPE(4), 0, 1);
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(x, next));
    wg_exec *e = wg_exec_new(plan);
    ck_assert_int_eq(wg_run(e), WG_OK);
    double first = wg_view_at(wg_result(e, x), 0);
    ck_assert_int_eq(wg_run(e), WG_OK);
    ck_assert(wg_view_at(wg_result(e, x), 0) != first);
    wg_exec_free(e);
    wg_plan_free(plan);
}
END_TEST

START_TEST(wrong_distributions_are_refused)
{
    wg_shape shape = WG_SHAPE(2);
    ASSERT_FAILS(wg_uniform(g, WG_F64, shape, 1, 1), WG_ERR_ARG, "uniform: low must be below high, got 1 and 1");
    ASSERT_FAILS(wg_normal(g, WG_F64, shape, 0, -1), WG_ERR_ARG, "normal: std must not be negative, got -1");
    ASSERT_FAILS(wg_bernoulli(g, WG_F64, shape, 1.5), WG_ERR_ARG, "bernoulli: p must be in 0..1, got 1.5");
    ASSERT_FAILS(wg_uniform(g, WG_I64, shape, 0, 1), WG_ERR_DTYPE, "uniform: draws f32 or f64, not i64");
    ASSERT_FAILS(wg_bernoulli(g, WG_U8, shape, 0.5), WG_ERR_DTYPE, "bernoulli: draws f32, f64 or bool, not u8");
    ASSERT_FAILS(wg_normal(g, WG_F64, WG_SHAPE(2, WG_ANY), 0, 1), WG_ERR_SHAPE,
                 "normal: axis 1 has neither a size nor a name");
}
END_TEST

TCase *ops_random_tests(void)
{
    TCase *t = tcase_create("random");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, moments_are_those_of_the_distribution);
    tcase_add_test(t, normal_numbers_have_tails);
    tcase_add_test(t, words_are_those_of_philox);
    tcase_add_test(t, numbers_stay_in_their_range);
    tcase_add_test(t, threads_and_types_do_not_matter_and_leaves_do);
    tcase_add_test(t, each_step_draws_anew);
    tcase_add_test(t, wrong_distributions_are_refused);
    return t;
}
