/* Exponential moving averages of params, and evaluating with them. */
#include <stdio.h>
#include <string.h>

#include "optim_test.h"

static double value_of(const wg_store *s, const wg_node *n) { return wg_view_at(wg_get(s, n), 0); }

/* The first param's element 0 by hand: w and its mean after n updates. */
static void by_hand(int n, double decay, double *x, double *mean)
{
    *x = start[0];
    for (int t = 1; t <= n; t++) {
        *x -= 0.05 * slope(*x);
        *mean = t == 1 ? *x : decay * *mean + (1 - decay) * *x;
    }
}

START_TEST(an_average_follows_the_values_after_each_update)
{
    double x, mean = 0;
    run(wg_ema(wg_sgd(gradients(), rate(0.05)), 0.8, NULL), 7);
    by_hand(7, 0.8, &x, &mean);
    wg_store *s = wg_graph_store(g), *averaged = wg_ema_store(s, NULL);
    ck_assert_msg(averaged != NULL, "%s", wg_error());
    ck_assert_double_eq_tol(value_of(s, w), x, 1e-14);
    ck_assert_double_eq_tol(value_of(s, wg_find(g, "ema/mean/layer/w")), mean, 1e-14);
    ck_assert_double_eq_tol(value_of(averaged, w), mean, 1e-14);
    ck_assert(mean > x); /* it lags behind */
    ck_assert_int_eq(wg_store_step(averaged), 7);
    wg_store_free(averaged);
}
END_TEST

START_TEST(after_one_update_the_average_is_the_value)
{
    run(wg_ema(wg_sgd(gradients(), rate(0.05)), 0.999, NULL), 1);
    wg_store *s = wg_graph_store(g), *averaged = wg_ema_store(s, NULL);
    ck_assert_double_eq(value_of(averaged, w), value_of(s, w));
    wg_store_free(averaged);
}
END_TEST

/* One plan evaluates on either store, and the averaged one is saved like any other. */
START_TEST(a_plan_runs_on_the_averages)
{
    run(wg_ema(wg_sgd(gradients(), rate(0.05)), 0.9, WG_OPTS(wg_ema_opts, .name = "slow")), 5);
    wg_store *averaged = wg_ema_store(wg_graph_store(g), "slow"), *back = wg_store_new(g, 0);
    wg_plan *plan = wg_compile(g, WG_INFER, WG_NODES(loss));
    wg_exec *e = wg_exec_new(plan);
    ck_assert_int_eq(wg_run(e), WG_OK);
    double plain = wg_scalar(e, loss);
    ck_assert_int_eq(wg_exec_use(e, averaged), WG_OK);
    ck_assert_int_eq(wg_run(e), WG_OK);
    ck_assert(wg_scalar(e, loss) > plain);
    ck_assert_int_eq(wg_save(averaged, "optim_averaged.npz", NULL), WG_OK);
    ck_assert_msg(wg_load(back, "optim_averaged.npz") == WG_OK, "%s", wg_error());
    ck_assert_double_eq(value_of(back, w), value_of(averaged, w));
    remove("optim_averaged.npz");
    wg_exec_free(e), wg_plan_free(plan), wg_store_free(back), wg_store_free(averaged);
}
END_TEST

START_TEST(averages_count_updates_and_not_micro_batches)
{
    double x, mean = 0;
    run(wg_ema(wg_sgd(wg_accumulate(gradients(), 3), rate(0.05)), 0.8, NULL), 14);
    by_hand(4, 0.8, &x, &mean);
    wg_store *s = wg_graph_store(g);
    ck_assert_double_eq_tol(value_of(s, w), x, 1e-14);
    ck_assert_double_eq_tol(value_of(s, wg_find(g, "ema/mean/layer/w")), mean, 1e-14);
}
END_TEST

START_TEST(a_group_of_updates_is_averaged_as_one)
{
    wg_node *other = wg_param(g, "other", WG_F32, WG_SHAPE(1), wg_init_constant(1));
    wg_node *still = wg_param(g, "still", WG_F32, WG_SHAPE(1), wg_init_constant(4));
    wg_node *cost = wg_sum(wg_square(other), WG_ALL_AXES, false);
    wg_node *one = wg_sgd(wg_grads_of(cost, WG_NODES(other)), rate(0.1)), *two = wg_adam(gradients(), rate(0.1), NULL);
    run(wg_ema(wg_group(WG_NODES(one, two)), 0.5, NULL), 3);
    wg_store *averaged = wg_ema_store(wg_graph_store(g), NULL);
    ck_assert_double_eq_tol(value_of(averaged, other), 0.25 * 0.8 + 0.25 * 0.64 + 0.5 * 0.512, 1e-6);
    ck_assert_ptr_null(wg_find(g, "ema/mean/still"));
    ck_assert_double_eq(value_of(averaged, still), 4); /* what no update changes stays */
    wg_store_free(averaged);
}
END_TEST

START_TEST(averages_that_are_not_there_are_told)
{
    wg_node *update = wg_ema(wg_sgd(gradients(), rate(0.05)), 0.8, NULL);
    ck_assert_ptr_null(wg_ema_store(wg_graph_store(g), NULL)); /* of nothing */
    ck_assert_int_eq(wg_error_status(), WG_ERR_ARG);
    run(update, 1);
    ck_assert_ptr_null(wg_ema_store(wg_graph_store(g), "other"));
    ck_assert_msg(strstr(wg_error(), "other: there are no averages"), "%s", wg_error());
    ck_assert_ptr_null(
        wg_ema(wg_assign(wg_step_counter(g), wg_step_counter(g)), 0.5, WG_OPTS(wg_ema_opts, .name = "n")));
    ck_assert_msg(strstr(wg_graph_error(g), "changes no param"), "%s", wg_graph_error(g));
}
END_TEST

START_TEST(a_decay_beyond_one_is_refused)
{
    ck_assert_ptr_null(wg_ema(wg_sgd(gradients(), rate(0.05)), 1.5, NULL));
    ck_assert_msg(strstr(wg_graph_error(g), "ema: the decay is 1.5"), "%s", wg_graph_error(g));
}
END_TEST

TCase *averages_case(void)
{
    TCase *t = tcase_create("averages");
    tcase_add_test(t, an_average_follows_the_values_after_each_update);
    tcase_add_test(t, after_one_update_the_average_is_the_value);
    tcase_add_test(t, a_plan_runs_on_the_averages);
    tcase_add_test(t, averages_count_updates_and_not_micro_batches);
    tcase_add_test(t, a_group_of_updates_is_averaged_as_one);
    tcase_add_test(t, averages_that_are_not_there_are_told);
    tcase_add_test(t, a_decay_beyond_one_is_refused);
    return t;
}
