/* Losses: values by hand, saturation, labels that cannot be, shapes that do not fit. */
#include "ops_test.h"

START_TEST(values_by_hand)
{
    wg_node *x = VECTOR(1, 2, 4), *y = VECTOR(1, 0, 1);
    ASSERT_NEAR(wg_mse(x, y, WG_MEAN), 1e-15, 13.0 / 3);
    ASSERT_VALUES(wg_mse(x, y, WG_SUM), 13);
    ASSERT_VALUES(wg_mse(x, y, WG_NONE), 0, 4, 9);
    wg_node *p = VECTOR(0.25, 0.5), *labels = VECTOR(1, 0);
    ASSERT_NEAR(wg_bce(p, labels, WG_NONE), 1e-15, log(4), log(2));
    ASSERT_NEAR(wg_bce(p, labels, WG_MEAN), 1e-15, log(8) / 2);
    ASSERT_NEAR(wg_bce(p, VECTOR(0.5, 0.5), WG_SUM), 1e-15, -0.5 * (log(0.25) + log(0.75)) + log(2));
    ASSERT_NEAR(wg_bce_logits(VECTOR(0, 2), labels, WG_NONE), 1e-15, log(2), log1p(exp(2)));
}
END_TEST

/* Many blocks: 3 times 4096 and a remainder. */
START_TEST(long_losses_join_their_blocks)
{
    wg_node *x = scattered(WG_F64, WG_SHAPE(12345), 1), *y = scattered(WG_F64, WG_SHAPE(12345), 2);
    double sum = element(wg_sum(wg_square(wg_sub(x, y)), WG_ALL_AXES, false), 0);
    ck_assert_double_eq_tol(element(wg_mse(x, y, WG_SUM), 0), sum, 1e-10);
    ck_assert_double_eq_tol(element(wg_mse(x, y, WG_MEAN), 0), sum / 12345, 1e-14);
    ck_assert_double_eq_tol(element(wg_sum(wg_mse(x, y, WG_NONE), WG_ALL_AXES, false), 0), sum, 1e-10);
}
END_TEST

START_TEST(certain_probabilities_give_finite_losses)
{
    wg_node *p = VECTOR(0, 1, 0, 1), *y = VECTOR(0, 1, 1, 0);
    ASSERT_VALUES(wg_bce(p, y, WG_NONE), 0, 0, 100, 100); /* cut off as in PyTorch */
    ASSERT_VALUES(wg_grad(wg_bce(p, y, WG_SUM), p), 0, 0, -1e12, 1e12);
}
END_TEST

START_TEST(saturated_logits_keep_value_and_gradient)
{
    wg_node *z = VECTOR(-1000, 1000, -1000, 1000, 60), *y = VECTOR(0, 1, 1, 0, 0);
    ASSERT_VALUES(wg_bce_logits(z, y, WG_NONE), 0, 0, 1000, 1000, 60);
    ASSERT_NEAR(wg_grad(wg_bce_logits(z, y, WG_SUM), z), 1e-15, 0, 0, -1, 1, 1);
}
END_TEST

/* bce of a sigmoid, and the same written out, become the stable form without being told. */
START_TEST(sigmoid_into_logarithm_is_rewritten)
{
    wg_node *z = VECTOR(-1000, 1000, 0.5, 60), *y = VECTOR(1, 0, 0, 0), *a = wg_sigmoid(z), *one = wg_const(g, 1);
    ASSERT_NEAR(wg_bce(a, y, WG_NONE), 1e-15, 1000, 1000, log1p(exp(0.5)), 60);
    ASSERT_NEAR(wg_grad(wg_bce(a, y, WG_SUM), z), 1e-15, -1, 1, 1 / (1 + exp(-0.5)), 1);
    wg_node *naive = wg_neg(wg_add(wg_mul(y, wg_log(a)), wg_mul(wg_sub(one, y), wg_log(wg_sub(one, a)))));
    ASSERT_NEAR(naive, 1e-13, 1000, 1000, log1p(exp(0.5)), 60);
    ASSERT_NEAR(wg_grad(wg_sum(naive, WG_ALL_AXES, false), z), 1e-13, -1, 1, 1 / (1 + exp(-0.5)), 1);
    ASSERT_NEAR(wg_log(wg_shift(wg_neg(a), 1)), 1e-13, 0, -1000, -log1p(exp(0.5)), -60);
    ASSERT_NEAR(wg_log(wg_shift(wg_scale(a, -1), 1)), 1e-13, 0, -1000, -log1p(exp(0.5)), -60);
    ASSERT_NEAR(wg_log(wg_softmax(VECTOR(0, 1000), 0)), 1e-12, -1000, 0);
}
END_TEST

START_TEST(labels_out_of_range_fail_the_run)
{
    static const double bad[] = { 2, -0.1, NAN };
    for (int i = 0; i < 3; i++) {
        wg_node *y = VECTOR(0, 1, bad[i]), *x = VECTOR(0.5, 0.5, 0.5);
        for (wg_reduction r = WG_MEAN; r <= WG_NONE; r++) {
            ck_assert_int_eq(run_status(wg_bce(x, y, r)), WG_ERR_RANGE);
            ck_assert_msg(strstr(wg_error(), "at 2 is outside 0..1") != NULL, "%s", wg_error());
            ck_assert_int_eq(run_status(wg_bce(wg_sigmoid(x), y, r)), WG_ERR_RANGE);
        }
    }
    wg_node *logits = scattered(WG_F64, WG_SHAPE(3, 4), 1);
    wg_node *loss = wg_cross_entropy(logits, OF_TYPE(WG_I64, 0, 4, 1), 1, NULL);
    ck_assert_int_eq(run_status(loss), WG_ERR_RANGE);
    ck_assert_msg(strstr(wg_error(), "label 4 at 1 is outside 0..3") != NULL, "%s", wg_error());
    ck_assert_int_eq(run_status(wg_grad(loss, logits)), WG_ERR_RANGE);
    ck_assert_int_eq(run_status(wg_cross_entropy(logits, OF_TYPE(WG_I32, 0, -1, 1), 1, NULL)), WG_ERR_RANGE);
}
END_TEST

START_TEST(losses_never_broadcast)
{
    wg_node *column = wg_input(g, NULL, WG_F32, WG_SHAPE(WG_BATCH, 1));
    ASSERT_FAILS(wg_mse(column, wg_input(g, NULL, WG_F32, WG_SHAPE(WG_BATCH)), WG_MEAN), WG_ERR_SHAPE,
                 "mse: (N,1) against (N): a loss does not broadcast");
    ASSERT_FAILS(wg_bce(VECTOR(0.5), VECTOR(1, 0), WG_MEAN), WG_ERR_SHAPE, "bce: (1) against (2)");
    ASSERT_FAILS(wg_mse(VECTOR(1), OF_TYPE(WG_I64, 1), WG_MEAN), WG_ERR_DTYPE, "mse: takes f32 or f64, got i64");
    ASSERT_FAILS(wg_cross_entropy(scattered(WG_F64, WG_SHAPE(3, 4), 1), OF_TYPE(WG_I64, 0, 1), 1, NULL), WG_ERR_SHAPE,
                 "cross_entropy: (3,4) logits against (2) labels of type i64");
    ASSERT_FAILS(wg_cross_entropy(scattered(WG_F64, WG_SHAPE(3, 4), 1), OF_TYPE(WG_U8, 0, 1, 1), 1, NULL), WG_ERR_DTYPE,
                 "cross_entropy: labels are i32 or i64 indices, or f64 probabilities; got u8");
}
END_TEST

static wg_node *smoothed(wg_node *x, wg_node *labels, int axis, wg_reduction r, double smoothing, const int64_t *ignore)
{
    return wg_cross_entropy(x, labels, axis,
                            WG_OPTS(wg_cross_entropy_opts, .reduction = r, .label_smoothing = smoothing,
                                                     .ignore_index = ignore));
}

START_TEST(cross_entropy_of_indices_and_of_probabilities)
{
    wg_node *x = wg_log(TENSOR(WG_SHAPE(2, 3), 0.2, 0.3, 0.5, 0.6, 0.3, 0.1)), *labels = OF_TYPE(WG_I64, 2, 0);
    ASSERT_NEAR(wg_cross_entropy(x, labels, 1, NULL), 1e-15, -(log(0.5) + log(0.6)) / 2);
    ASSERT_NEAR(smoothed(x, labels, -1, WG_NONE, 0, NULL), 1e-15, -log(0.5), -log(0.6));
    ASSERT_NEAR(wg_cross_entropy(wg_transpose(x), labels, 0, NULL), 1e-15, -(log(0.5) + log(0.6)) / 2);
    wg_node *hot = TENSOR(WG_SHAPE(2, 3), 0, 0, 1, 1, 0, 0);
    ASSERT_NEAR(wg_cross_entropy(x, hot, 1, NULL), 1e-15, -(log(0.5) + log(0.6)) / 2);
    double rest = log(0.2) + log(0.3) + log(0.5);
    ASSERT_NEAR(smoothed(x, labels, 1, WG_NONE, 0.3, NULL), 1e-14, -0.7 * log(0.5) - 0.1 * rest,
                -0.7 * log(0.6) - 0.1 * (log(0.6) + log(0.3) + log(0.1)));
    ck_assert_double_eq_tol(element(smoothed(x, labels, 1, WG_MEAN, 0.3, NULL), 0),
                            element(smoothed(x, hot, 1, WG_MEAN, 0.3, NULL), 0), 1e-14);
    ASSERT_NEAR(wg_grad(wg_cross_entropy(x, labels, 1, NULL), x), 1e-15, 0.1, 0.15, -0.25, -0.2, 0.15, 0.05);
}
END_TEST

START_TEST(ignored_labels_count_for_nothing)
{
    const int64_t ignore = -100;
    wg_node *x = wg_log(TENSOR(WG_SHAPE(3, 2), 0.5, 0.5, 0.25, 0.75, 0.9, 0.1)), *labels = OF_TYPE(WG_I32, 0, -100, 1);
    ASSERT_NEAR(smoothed(x, labels, 1, WG_NONE, 0, &ignore), 1e-15, log(2), 0, log(10));
    ASSERT_NEAR(smoothed(x, labels, 1, WG_MEAN, 0, &ignore), 1e-15, (log(2) + log(10)) / 2);
    wg_node *mean = smoothed(x, labels, 1, WG_MEAN, 0, &ignore);
    ASSERT_NEAR(wg_grad(mean, x), 1e-15, -0.25, 0.25, 0, 0, 0.45, -0.45);

    wg_node *none = smoothed(x, OF_TYPE(WG_I32, -100, -100, -100), 1, WG_MEAN, 0, &ignore);
    ASSERT_NEAR(none, 0, 0);
    ASSERT_NEAR(wg_grad(none, x), 0, 0, 0, 0, 0, 0, 0);
}
END_TEST

TCase *ops_loss_tests(void)
{
    TCase *t = tcase_create("losses");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, values_by_hand);
    tcase_add_test(t, long_losses_join_their_blocks);
    tcase_add_test(t, certain_probabilities_give_finite_losses);
    tcase_add_test(t, saturated_logits_keep_value_and_gradient);
    tcase_add_test(t, sigmoid_into_logarithm_is_rewritten);
    tcase_add_test(t, labels_out_of_range_fail_the_run);
    tcase_add_test(t, losses_never_broadcast);
    tcase_add_test(t, cross_entropy_of_indices_and_of_probabilities);
    tcase_add_test(t, ignored_labels_count_for_nothing);
    return t;
}
