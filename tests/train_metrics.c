/* Metrics against values computed by hand, and what becomes of ties, single classes, NaN and wrong labels. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"
#include "train_test.h"
#include <wengert.h>

/* The metric of one batch; NAN with a message where adding fails. */
static double value_of(wg_metric_kind kind, wg_view of, wg_view labels)
{
    wg_tally *t = wg_tally_new(kind);
    double value = wg_tally_add(t, of, labels) ? NAN : wg_tally_value(t);
    wg_tally_free(t);
    return value;
}

static void assert_refused(wg_metric_kind kind, wg_view of, wg_view labels, wg_status status)
{
    wg_tally *t = wg_tally_new(kind);
    forget_failures();
    ck_assert_int_eq(wg_tally_add(t, of, labels), status);
    ck_assert_int_eq(wg_error_status(), status);
    ck_assert(wg_error()[0] != '\0');
    wg_tally_free(t);
}

static const wg_view nothing = { .data = NULL };

START_TEST(accuracy_counts_right_answers)
{
    static const float score[] = {
        0.1f, 0.7f, 0.2f, 0.5f, 0.2f, 0.5f, 0, 0, 1, 3, 2, 1
    }; /* answers 1, 0 (a tie), 2, 0 */
    static const int64_t label[] = { 1, 0, 1, 0 };
    static const uint8_t few[] = { 1, 0, 1, 0 };
    static const double p[] = { 0.5, 0.6, -1, 2 }; /* answers 0, 1, 0, 1 */
    static const double binary[] = { 0, 1, 1, 1 };
    static const bool guess[] = { false, true, true, false };

    ck_assert_double_eq(value_of(WG_ACCURACY, WG_VIEW(score, 4, 3), WG_VIEW(label, 4)), 0.75);
    ck_assert_double_eq(value_of(WG_ACCURACY, WG_VIEW(score, 4, 3), WG_VIEW(few, 4, 1)), 0.75);
    ck_assert_double_eq(value_of(WG_ACCURACY, WG_VIEW(score, 2, 2, 3), WG_VIEW(label, 2, 2)), 0.75);
    ck_assert_double_eq(value_of(WG_ACCURACY, WG_VIEW(p, 4, 1), WG_VIEW(binary, 4)), 0.75);
    ck_assert_double_eq(value_of(WG_ACCURACY, WG_VIEW(guess, 4), WG_VIEW(few, 4)), 0.5);
    ck_assert_double_eq(value_of(WG_ACCURACY, WG_VIEW(label, 4), WG_VIEW(few, 4)), 1);
}
END_TEST

START_TEST(a_confusion_counts_pairs_over_batches)
{
    static const float first[] = { 9, 0, 0, 0, 9, 0, 0, 0, 9 }, second[] = { 0, 9, 0, 0, 9, 0 };
    static const int64_t one[] = { 0, 1, 1 }, two[] = { 1, 2 };
    static const int64_t expected[] = { 1, 0, 0, 0, 2, 1, 0, 1, 0 };
    wg_tally *t = wg_tally_new(WG_CONFUSION);

    ck_assert_ptr_null(wg_tally_confusion(t).data);
    ck_assert_int_eq(wg_tally_add(t, WG_VIEW(first, 3, 3), WG_VIEW(one, 3)), WG_OK);
    ck_assert_int_eq(wg_tally_add(t, WG_VIEW(second, 2, 3), WG_VIEW(two, 2)), WG_OK);
    ck_assert_double_eq(wg_tally_value(t), 0.6);
    ck_assert_int_eq(wg_tally_count(t), 5);
    wg_view counts = wg_tally_confusion(t);
    ck_assert(counts.dtype == WG_I64 && wg_shape_equal(counts.shape, WG_SHAPE(3, 3)));
    ck_assert(!memcmp(counts.data, expected, sizeof expected));

    /* Classes that come later make it grow, and what was counted stays. */
    wg_tally_reset(t);
    static const int64_t small[] = { 0, 1, 1 }, said[] = { 1, 1, 0 }, big[] = { 3 }, far_off[] = { 4096 };
    ck_assert_int_eq(wg_tally_add(t, WG_VIEW(said, 3), WG_VIEW(small, 3)), WG_OK);
    ck_assert_int_eq(wg_tally_add(t, WG_VIEW(small, 1), WG_VIEW(big, 1)), WG_OK);
    counts = wg_tally_confusion(t);
    ck_assert(wg_shape_equal(counts.shape, WG_SHAPE(4, 4)));
    static const int64_t grown[] = { 0, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0 };
    ck_assert(!memcmp(counts.data, grown, sizeof grown));
    ck_assert_int_eq(wg_tally_add(t, WG_VIEW(small, 1), WG_VIEW(far_off, 1)), WG_ERR_RANGE);
    wg_tally_free(t);

    /* One class alone still makes the binary matrix of a probability. */
    static const double p[] = { 0.1, 0.2 };
    static const uint8_t zeros[] = { 0, 0 };
    t = wg_tally_new(WG_CONFUSION);
    ck_assert_int_eq(wg_tally_add(t, WG_VIEW(p, 2), WG_VIEW(zeros, 2)), WG_OK);
    ck_assert(wg_shape_equal(wg_tally_confusion(t).shape, WG_SHAPE(2, 2)));
    wg_tally_free(t);
    t = wg_tally_new(WG_ACCURACY);
    ck_assert_ptr_null(wg_tally_confusion(t).data);
    wg_tally_free(t);
}
END_TEST

/* Against the definition, over all pairs, with many ties. */
START_TEST(the_area_is_that_over_all_pairs)
{
    enum { N = 200 };
    float score[N];
    uint8_t label[N];
    double won = 0, pairs = 0;
    unsigned state = 1 + (unsigned)_i;

    for (int i = 0; i < N; i++) {
        state = state * 1103515245u + 12345u;
        score[i] = (float)(state >> 16 & 15) / 4 - 2;
        label[i] = (state >> 21 & 3) == 0;
    }
    for (int i = 0; i < N; i++)
        for (int k = 0; k < N; k++)
            if (label[i] && !label[k]) {
                pairs++;
                won += score[i] > score[k] ? 1 : score[i] == score[k] ? 0.5 : 0;
            }
    wg_tally *t = wg_tally_new(WG_AUC);
    for (int i = 0; i < N; i += 50) /* by batches, and asked in between */
        ck_assert(!wg_tally_add(t, WG_VIEW(score + i, 50, 1), WG_VIEW(label + i, 50)) && wg_tally_value(t) >= 0);
    ck_assert_double_eq(wg_tally_value(t), won / pairs);
    wg_tally_free(t);
}
END_TEST

START_TEST(the_area_at_its_edges)
{
    static const double score[] = { 1, 2, 3, 4 }, same[] = { 7, 7, 7, 7 };
    static const double endless[] = { -INFINITY, INFINITY, -INFINITY, INFINITY };
    static const uint8_t up[] = { 0, 0, 1, 1 }, down[] = { 1, 1, 0, 0 }, all[] = { 1, 1, 1, 1 },
                         mixed[] = { 0, 1, 0, 1 };

    ck_assert_double_eq(value_of(WG_AUC, WG_VIEW(score, 4), WG_VIEW(up, 4)), 1);
    ck_assert_double_eq(value_of(WG_AUC, WG_VIEW(score, 4), WG_VIEW(down, 4)), 0);
    ck_assert_double_eq(value_of(WG_AUC, WG_VIEW(score, 4), WG_VIEW(mixed, 4)), 0.75);
    ck_assert_double_eq(value_of(WG_AUC, WG_VIEW(same, 4), WG_VIEW(up, 4)), 0.5);
    ck_assert_double_eq(value_of(WG_AUC, WG_VIEW(endless, 4), WG_VIEW(mixed, 4)), 1);
    ck_assert(isnan(value_of(WG_AUC, WG_VIEW(score, 4), WG_VIEW(all, 4))));
}
END_TEST

START_TEST(perplexity_of_logits)
{
    static const float even[] = { 5, 5, 5, 5, -3, -3, -3, -3 };
    static const int64_t label[] = { 2, 0 }, zero[] = { 0 };
    static const double large[] = { 1000, 998 }, sure[] = { 0, -INFINITY };

    ck_assert_double_eq_tol(value_of(WG_PERPLEXITY, WG_VIEW(even, 2, 4), WG_VIEW(label, 2)), 4, 1e-14);
    ck_assert_double_eq_tol(value_of(WG_PERPLEXITY, WG_VIEW(large, 1, 2), WG_VIEW(zero, 1)), 1 + exp(-2), 1e-14);
    ck_assert_double_eq(value_of(WG_PERPLEXITY, WG_VIEW(sure, 1, 2), WG_VIEW(zero, 1)), 1);
    static const int64_t other[] = { 1 };
    ck_assert(isinf(value_of(WG_PERPLEXITY, WG_VIEW(sure, 1, 2), WG_VIEW(other, 1))));
}
END_TEST

START_TEST(errors_of_regressions)
{
    static const double y[] = { 1, 2, 3, 4 }, p[] = { 1, 2, 3, 2 }, mean[] = { 2.5, 2.5, 2.5, 2.5 };
    static const double wide[] = { 1, 100, 3, 300 }, guess[] = { 1, 100, 3, 200 }; /* means 2 and 200 */
    static const double flat[] = { 3, 3, 3, 3 };

    ck_assert_double_eq(value_of(WG_RMSE, WG_VIEW(p, 4), WG_VIEW(y, 4)), 1);
    ck_assert_double_eq_tol(value_of(WG_R2, WG_VIEW(p, 4, 1), WG_VIEW(y, 4)), 1 - 4 / 5.0, 1e-15);
    ck_assert_double_eq_tol(value_of(WG_R2, WG_VIEW(mean, 4), WG_VIEW(y, 4)), 0, 1e-15);
    ck_assert_double_eq_tol(value_of(WG_R2, WG_VIEW(guess, 2, 2), WG_VIEW(wide, 2, 2)), 1 - 1e4 / (2 + 2e4), 1e-15);
    ck_assert(isnan(value_of(WG_R2, WG_VIEW(p, 4), WG_VIEW(flat, 4))));
    /* Far from zero nothing is lost: the spread of 1e9 + y is that of y. */
    double far_y[4], far_p[4];
    for (int i = 0; i < 4; i++)
        far_y[i] = 1e9 + y[i], far_p[i] = 1e9 + p[i];
    ck_assert_double_eq_tol(value_of(WG_R2, WG_VIEW(far_p, 4), WG_VIEW(far_y, 4)), 1 - 4 / 5.0, 1e-12);
}
END_TEST

START_TEST(averages_are_of_elements)
{
    static const float x[] = { 1, 2, 3, 6 };
    wg_tally *t = wg_tally_new(WG_AVERAGE);

    ck_assert_int_eq(wg_tally_add(t, WG_VIEW(x, 3), nothing), WG_OK);
    ck_assert_int_eq(wg_tally_add(t, WG_VIEW(x + 3, 1), nothing), WG_OK);
    ck_assert_double_eq(wg_tally_value(t), 3);
    wg_tally_reset(t);
    ck_assert_int_eq(wg_tally_count(t), 0);
    forget_failures();
    ck_assert(isnan(wg_tally_value(t)));
    ck_assert_int_eq(wg_error_status(), WG_ERR_ARG);
    wg_tally_free(t);
}
END_TEST

START_TEST(a_prediction_that_is_no_number_is_not_overlooked)
{
    static const double p[] = { 0.2, NAN, 0.9, 0.8 };
    static const uint8_t label[] = { 0, 1, 1, 0 }, two[] = { 0, 1 };
    static const wg_metric_kind kinds[] = { WG_ACCURACY, WG_CONFUSION, WG_AUC, WG_RMSE, WG_R2 };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        ck_assert(isnan(value_of(kinds[i], WG_VIEW(p, 4), WG_VIEW(label, 4))));
    ck_assert(isnan(value_of(WG_ACCURACY, WG_VIEW(p, 2, 2), WG_VIEW(two, 2))));
    ck_assert(isnan(value_of(WG_PERPLEXITY, WG_VIEW(p, 2, 2), WG_VIEW(two, 2))));
    ck_assert(isnan(value_of(WG_AVERAGE, WG_VIEW(p, 4), nothing)));
    /* The other examples are in the matrix. */
    wg_tally *t = wg_tally_new(WG_CONFUSION);
    ck_assert_int_eq(wg_tally_add(t, WG_VIEW(p, 4), WG_VIEW(label, 4)), WG_OK);
    static const int64_t rest[] = { 1, 1, 0, 1 };
    ck_assert(!memcmp(wg_tally_confusion(t).data, rest, sizeof rest));
    ck_assert_int_eq(wg_tally_count(t), 4);
    wg_tally_free(t);
}
END_TEST

START_TEST(labels_and_shapes_that_do_not_fit)
{
    static const double p[] = { 0.2, 0.3, 0.9, 0.8 }, half[] = { 0, 0.5 }, none[] = { NAN, 0 },
                        endless[] = { INFINITY, 0 };
    static const int64_t beyond[] = { 0, 2 }, below[] = { -1, 0 };
    static const wg_metric_kind by_class[] = { WG_ACCURACY, WG_CONFUSION, WG_PERPLEXITY };

    for (int i = 0; i < 3; i++) {
        assert_refused(by_class[i], WG_VIEW(p, 2, 2), WG_VIEW(beyond, 2), WG_ERR_RANGE);
        assert_refused(by_class[i], WG_VIEW(p, 2, 2), WG_VIEW(below, 2), WG_ERR_RANGE);
        assert_refused(by_class[i], WG_VIEW(p, 2, 2), WG_VIEW(half, 2), WG_ERR_RANGE);
        assert_refused(by_class[i], WG_VIEW(p, 2, 2), WG_VIEW(none, 2), WG_ERR_RANGE);
        assert_refused(by_class[i], WG_VIEW(p, 1, 4), WG_VIEW(beyond, 2), WG_ERR_SHAPE);
    }
    assert_refused(WG_AUC, WG_VIEW(p, 2), WG_VIEW(beyond, 2), WG_ERR_RANGE);
    assert_refused(WG_AUC, WG_VIEW(p, 2), WG_VIEW(none, 2), WG_ERR_RANGE);
    assert_refused(WG_AUC, WG_VIEW(p, 3), WG_VIEW(beyond, 2), WG_ERR_SHAPE);
    assert_refused(WG_RMSE, WG_VIEW(p, 3), WG_VIEW(p, 2), WG_ERR_SHAPE);
    assert_refused(WG_RMSE, WG_VIEW(p, 2), WG_VIEW(none, 2), WG_ERR_RANGE);
    assert_refused(WG_R2, WG_VIEW(p, 2), WG_VIEW(endless, 2), WG_ERR_RANGE);
    assert_refused(WG_ACCURACY, nothing, WG_VIEW(p, 2), WG_ERR_ARG);
    assert_refused(WG_ACCURACY, WG_VIEW(p, 2), nothing, WG_ERR_ARG);
    wg_tally *t = wg_tally_new(WG_R2);
    ck_assert_int_eq(wg_tally_add(t, WG_VIEW(p, 2, 2), WG_VIEW(p, 2, 2)), WG_OK);
    ck_assert_int_eq(wg_tally_add(t, WG_VIEW(p, 4, 1), WG_VIEW(p, 4, 1)), WG_ERR_SHAPE);
    wg_tally_free(t);
    ck_assert_ptr_null(wg_tally_new((wg_metric_kind)99));
}
END_TEST

START_TEST(batches_of_nothing_change_nothing)
{
    static const double p[] = { 0.2 };
    static const uint8_t label[] = { 0 };

    for (int kind = WG_AVERAGE; kind <= WG_R2; kind++) {
        wg_tally *t = wg_tally_new((wg_metric_kind)kind);
        ck_assert_msg(!wg_tally_add(t, WG_VIEW(p, 0, 1), WG_VIEW(label, 0)), "kind %d: %s", kind, wg_error());
        ck_assert(isnan(wg_tally_value(t)));
        ck_assert_int_eq(wg_tally_count(t), 0);
        wg_tally_free(t);
    }
}
END_TEST

START_TEST(strided_views_are_read_as_they_stand)
{
    static const float columns[] = { 1, 2, 3, 40, 50, 60 };
    static const float y[] = { 1, 40, 2, 50, 3, 60 };
    wg_view turned = WG_VIEW(columns, 3, 2);

    turned.strided = true;
    turned.stride[0] = 1, turned.stride[1] = 3;
    ck_assert_double_eq(value_of(WG_RMSE, turned, WG_VIEW(y, 3, 2)), 0);
}
END_TEST

/* ---- over a data set ---- */

START_TEST(an_evaluation_does_not_depend_on_the_batches)
{
    enum { N = 23 };
    float x[N][2], y[N];
    double value[4];

    for (int i = 0; i < N; i++) {
        x[i][0] = (float)(i % 7) / 7, x[i][1] = (float)(i % 5) / 5;
        y[i] = x[i][0] - x[i][1] + (float)(i % 3) / 9;
    }
    wg_graph *g = wg_graph_new();
    wg_node *in = wg_input(g, "x", WG_F32, WG_SHAPE(WG_BATCH, 2)),
            *label = wg_input(g, "y", WG_F32, WG_SHAPE(WG_BATCH));
    wg_node *w = wg_param(g, "w", WG_F32, WG_SHAPE(2, 1), wg_init_normal(0, 1));
    wg_node *p = wg_squeeze(wg_matmul(wg_dropout(in, 0.5), w), WG_AXES(1));
    wg_node *loss = wg_mse(p, label, WG_MEAN), *up = wg_gt(label, wg_const(g, 0.2));
    wg_metrics metrics = WG_METRICS({ WG_AVERAGE, loss, NULL }, { WG_RMSE, p, label }, { WG_AUC, p, up });
    wg_evaluator *v = wg_evaluator_new(metrics, WG_NODES(in, label), NULL);
    ck_assert_msg(v != NULL, "%s", wg_error());
    wg_data *data[] = { wg_data_view(wg_view_of(x, WG_F32, WG_SHAPE(N, 2))), wg_data_view(WG_VIEW(y, N)) };
    for (int64_t batch = 0; batch <= N; batch += 4) {
        wg_batches *b = wg_batches_new(data, 2, WG_OPTS(wg_batches_opts, .batch = batch, .prefetch = batch % 3));
        ck_assert_msg(!wg_evaluate(v, b), "%s", wg_error());
        for (size_t i = 0; i < 3; i++) {
            double now = wg_tally_value(wg_evaluator_tally(v, i));
            if (batch)
                ck_assert_double_eq_tol(now, value[i], 1e-7);
            value[i] = now;
        }
        ck_assert_double_eq_tol(value[0], value[1] * value[1],
                                1e-7); /* the loss is the squared error, short last batch or not */
        ck_assert_int_eq(wg_tally_count(wg_evaluator_tally(v, 2)), N);
        wg_batches_free(b);
    }
    ck_assert_ptr_null(wg_evaluator_tally(v, 3));
    wg_batches *one = wg_batches_new(data, 1, NULL);
    ck_assert_int_eq(wg_evaluate(v, one), WG_ERR_ARG);
    ck_assert_ptr_null(wg_evaluator_new(WG_METRICS({ WG_RMSE, p, NULL }), WG_NODES(in, label), NULL));
    ck_assert_ptr_null(wg_evaluator_new(metrics, (wg_nodes){ NULL, 0 }, NULL));
    ck_assert_ptr_null(wg_evaluator_new((wg_metrics){ NULL, 0 }, WG_NODES(in), NULL));
    wg_batches_free(one), wg_data_free(data[0]), wg_data_free(data[1]);
    wg_evaluator_free(v), wg_graph_free(g);
}
END_TEST

TCase *train_metrics_tests(void)
{
    TCase *t = tcase_create("metrics");

    tcase_add_test(t, accuracy_counts_right_answers);
    tcase_add_test(t, a_confusion_counts_pairs_over_batches);
    tcase_add_loop_test(t, the_area_is_that_over_all_pairs, 0, 5);
    tcase_add_test(t, the_area_at_its_edges);
    tcase_add_test(t, perplexity_of_logits);
    tcase_add_test(t, errors_of_regressions);
    tcase_add_test(t, averages_are_of_elements);
    tcase_add_test(t, a_prediction_that_is_no_number_is_not_overlooked);
    tcase_add_test(t, labels_and_shapes_that_do_not_fit);
    tcase_add_test(t, batches_of_nothing_change_nothing);
    tcase_add_test(t, strided_views_are_read_as_they_stand);
    tcase_add_test(t, an_evaluation_does_not_depend_on_the_batches);
    return t;
}
