/* lib/optim: every optimiser against a plain loop over its published formula. */
#include <math.h>
#include <string.h>

#include "suite.h"
#include <wengert.h>

enum { N = 3, STEPS = 25 };
static const double start[N] = { 1.5, -0.75, 0.25 };

static wg_graph *g;
static wg_node *w, *loss;

/* loss = sum(w^4 / 4 + w^2): its gradient is w^3 + 2 w */
static void set_up(void)
{
    g = wg_graph_new();
    w = wg_param(g, "layer/w", WG_F64, WG_SHAPE(N), wg_init_zeros());
    loss = wg_sum(wg_add(wg_scale(wg_square(wg_square(w)), 0.25), wg_square(w)), WG_ALL_AXES, false);
    ck_assert_int_eq(wg_set(wg_graph_store(g), w, WG_VIEW(start, N)), WG_OK);
}

static void tear_down(void)
{
    wg_graph_free(g);
}

static double slope(double x)
{
    return x * x * x + 2 * x;
}

static wg_grads gradients(void)
{
    return wg_grads_of(loss, WG_NODES(w));
}

static void run(wg_node *update, int times)
{
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(loss, update));
    wg_exec *e = wg_exec_new(plan);
    ck_assert_msg(e != NULL, "%s", wg_error());
    for (int i = 0; i < times; i++)
        ck_assert_msg(wg_run(e) == WG_OK, "%s", wg_error());
    wg_exec_free(e), wg_plan_free(plan);
}

/* One parameter by the formula: s is its state, t counts from 1. */
typedef double (*rule)(double x, double s[2], int t);

static void compare(wg_node *update, rule formula)
{
    ck_assert_msg(update != NULL, "%s", wg_error());
    run(update, STEPS);
    wg_view got = wg_get(wg_graph_store(g), w);
    for (int i = 0; i < N; i++) {
        double x = start[i], s[2] = { 0, 0 };
        for (int t = 1; t <= STEPS; t++)
            x = formula(x, s, t);
        ck_assert_double_eq_tol(wg_view_at(got, i), x, 1e-13);
        ck_assert(fabs(x) < fabs(start[i])); /* and it does go down */
    }
    ck_assert_int_eq(wg_store_step(wg_graph_store(g)), STEPS);
}

static wg_node *rate(double value)
{
    return wg_const(g, value);
}

static double by_sgd(double x, double s[2], int t)
{
    (void)s, (void)t;
    return x - 0.05 * slope(x);
}

START_TEST(sgd)
{
    compare(wg_sgd(gradients(), rate(0.05)), by_sgd);
}
END_TEST

static double by_momentum(double x, double s[2], int t)
{
    (void)t;
    s[0] = 0.9 * s[0] + slope(x);
    return x - 0.01 * s[0];
}

START_TEST(momentum_defaults_to_nine_tenths)
{
    compare(wg_momentum(gradients(), rate(0.01), NULL), by_momentum);
}
END_TEST

static double by_nesterov_with_decay(double x, double s[2], int t)
{
    (void)t;
    double d = slope(x) + 0.1 * x;
    s[0] = 0.8 * s[0] + d;
    return x - 0.01 * (d + 0.8 * s[0]);
}

START_TEST(nesterov_with_weight_decay)
{
    wg_sgd_opts o = { .size = sizeof o, .momentum = 0.8, .nesterov = true, .weight_decay = 0.1 };
    compare(wg_momentum(gradients(), rate(0.01), &o), by_nesterov_with_decay);
}
END_TEST

static double adam_step(double x, double s[2], int t, double decay)
{
    double d = slope(x), lr = 0.02;
    s[0] = 0.9 * s[0] + 0.1 * d;
    s[1] = 0.999 * s[1] + 0.001 * d * d;
    double m = s[0] / (1 - pow(0.9, t)), v = s[1] / (1 - pow(0.999, t));
    return x * (1 - lr * decay) - lr * m / (sqrt(v) + 1e-8);
}

static double by_adam(double x, double s[2], int t)
{
    return adam_step(x, s, t, 0);
}

static double by_adamw(double x, double s[2], int t)
{
    return adam_step(x, s, t, 0.3);
}

START_TEST(adam)
{
    compare(wg_adam(gradients(), rate(0.02), NULL), by_adam);
    ck_assert_ptr_nonnull(wg_find(g, "adam/m/layer/w"));
    ck_assert_ptr_nonnull(wg_find(g, "adam/v/layer/w"));
}
END_TEST

START_TEST(adamw_decays_beside_the_gradient)
{
    compare(wg_adam(gradients(), rate(0.02), WG_OPTS(wg_adam_opts, .weight_decay = 0.3)), by_adamw);
}
END_TEST

static double by_rmsprop(double x, double s[2], int t)
{
    (void)t;
    double d = slope(x);
    s[0] = 0.99 * s[0] + 0.01 * d * d;
    return x - 0.005 * d / (sqrt(s[0]) + 1e-8);
}

START_TEST(rmsprop)
{
    compare(wg_rmsprop(gradients(), rate(0.005), NULL), by_rmsprop);
}
END_TEST

START_TEST(the_first_adam_step_is_the_rate_whatever_the_gradient)
{
    run(wg_adam(gradients(), rate(0.02), NULL), 1);
    for (int i = 0; i < N; i++)
        ck_assert_double_eq_tol(fabs(wg_view_at(wg_get(wg_graph_store(g), w), i) - start[i]), 0.02, 1e-9);
}
END_TEST

START_TEST(state_and_counter_are_named_from_the_root)
{
    wg_scope_push(g, "inner");
    ck_assert_ptr_nonnull(wg_momentum(gradients(), rate(1), WG_OPTS(wg_sgd_opts, .name = "fast")));
    wg_scope_pop(g);
    ck_assert_ptr_nonnull(wg_find(g, "fast/v/layer/w"));
    ck_assert_ptr_eq(wg_find(g, "step"), wg_step_counter(g));
}
END_TEST

START_TEST(two_optimisers_in_one_plan_count_one_step)
{
    wg_node *other = wg_param(g, "other", WG_F64, WG_SHAPE(1), wg_init_constant(1));
    wg_node *second =
        wg_adam(wg_grads_of(wg_sum(wg_square(other), WG_ALL_AXES, false), WG_NODES(other)), rate(0.1), NULL);
    run(wg_group(WG_NODES(wg_sgd(gradients(), rate(0.1)), second)), 4);
    ck_assert_int_eq(wg_store_step(wg_graph_store(g)), 4);
}
END_TEST

START_TEST(the_same_state_twice_is_refused)
{
    ck_assert_ptr_nonnull(wg_adam(gradients(), rate(1), NULL));
    ck_assert_ptr_null(wg_adam(gradients(), rate(1), NULL));
    ck_assert_msg(strstr(wg_graph_error(g), "adam/m/layer/w") != NULL, "%s", wg_graph_error(g));
}
END_TEST

START_TEST(a_failed_gradient_is_handed_on)
{
    wg_grads none = { { NULL, 0 }, { NULL, 0 } };
    ck_assert_ptr_null(wg_sgd(none, rate(1)));
    ck_assert_ptr_null(wg_sgd(gradients(), NULL));
    ck_assert_ptr_null(wg_clip_by_global_norm(none, 1, NULL).of.at);
}
END_TEST

START_TEST(an_f32_model_takes_f64_rates)
{
    wg_node *x = wg_param(g, "x", WG_F32, WG_SHAPE(2), wg_init_constant(1));
    wg_node *cost = wg_sum(wg_square(x), WG_ALL_AXES, false);
    wg_node *lr = wg_schedule_cosine(wg_step_counter(g), 0.1, 0, 10);
    wg_node *update = wg_adam(wg_grads_of(cost, WG_NODES(x)), lr, NULL);
    ck_assert_msg(update != NULL, "%s", wg_error());
    run(update, 2);
    ck_assert(wg_view_at(wg_get(wg_graph_store(g), x), 0) < 0.9);
}
END_TEST

/* The schedule's value before each of the first n updates. */
static void values_over_time(wg_node *lr, double *value, int n)
{
    wg_node *update = wg_sgd(gradients(), wg_scale(lr, 0));
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(lr, update));
    wg_exec *e = wg_exec_new(plan);
    ck_assert_msg(e != NULL, "%s", wg_error());
    for (int i = 0; i < n; i++) {
        ck_assert_msg(wg_run(e) == WG_OK, "%s", wg_error());
        value[i] = wg_scalar(e, lr);
    }
    wg_exec_free(e), wg_plan_free(plan);
}

START_TEST(a_step_schedule_drops_at_exact_multiples)
{
    double value[10];
    values_over_time(wg_schedule_step(wg_step_counter(g), 0.8, 0.5, 3), value, 10);
    for (int i = 0; i < 10; i++)
        ck_assert_double_eq_tol(value[i], 0.8 * pow(0.5, i / 3), 1e-15);
}
END_TEST

START_TEST(cosine_and_linear_schedules_end_at_their_last_value)
{
    const double pi = 3.14159265358979323846;
    double wave[8], line[8];
    values_over_time(wg_schedule_cosine(wg_step_counter(g), 1, 0.1, 5), wave, 8);
    tear_down();
    set_up();
    values_over_time(wg_schedule_linear(wg_step_counter(g), 1, 0.2, 4), line, 8);
    for (int i = 0; i < 8; i++) {
        ck_assert_double_eq_tol(wave[i], 0.1 + 0.45 * (1 + cos(pi * fmin(i / 5.0, 1))), 1e-15);
        ck_assert_double_eq_tol(line[i], 1 - 0.8 * fmin(i / 4.0, 1), 1e-15);
    }
}
END_TEST

START_TEST(a_schedule_of_no_steps_is_refused)
{
    ck_assert_ptr_null(wg_schedule_cosine(wg_step_counter(g), 1, 0, 0));
    ck_assert(*wg_graph_error(g));
}
END_TEST

/* Norm and scaled gradients of `clipped`, at the start. */
static void clip(double max, double *norm, double of[N])
{
    wg_node *length;
    wg_grads clipped = wg_clip_by_global_norm(gradients(), max, &length);
    ck_assert_msg(clipped.of.at != NULL, "%s", wg_error());
    ck_assert_ptr_eq(clipped.wrt.at[0], w);
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(length, clipped.of.at[0]));
    wg_exec *e = wg_exec_new(plan);
    ck_assert_msg(e && wg_run(e) == WG_OK, "%s", wg_error());
    *norm = wg_scalar(e, length);
    for (int i = 0; i < N; i++)
        of[i] = wg_view_at(wg_result(e, clipped.of.at[0]), i);
    wg_exec_free(e), wg_plan_free(plan);
}

START_TEST(nothing_to_update_is_told)
{
    wg_node *free_of_params = wg_sum(wg_input(g, "free", WG_F64, WG_SHAPE(3)), WG_ALL_AXES, false);
    ck_assert_ptr_null(wg_sgd(wg_grads_of(free_of_params, wg_trainable(free_of_params)), wg_const(g, 0.1)));
    ck_assert_msg(strstr(wg_graph_error(g), "nothing to update"), "%s", wg_graph_error(g));
}
END_TEST

START_TEST(clipping_scales_long_gradients_and_leaves_short_ones)
{
    double expected = 0, norm, of[N];
    for (int i = 0; i < N; i++)
        expected += slope(start[i]) * slope(start[i]);
    expected = sqrt(expected);
    clip(0.5, &norm, of);
    ck_assert_double_eq_tol(norm, expected, 1e-14);
    for (int i = 0; i < N; i++)
        ck_assert_double_eq_tol(of[i], slope(start[i]) * 0.5 / expected, 1e-14);
    clip(1e6, &norm, of);
    for (int i = 0; i < N; i++)
        ck_assert_double_eq_tol(of[i], slope(start[i]), 1e-14);
}
END_TEST

START_TEST(a_zero_gradient_stays_zero_when_clipped)
{
    static const double zero[N] = { 0, 0, 0 };
    double norm, of[N];
    ck_assert_int_eq(wg_set(wg_graph_store(g), w, WG_VIEW(zero, N)), WG_OK);
    clip(1, &norm, of);
    for (int i = 0; i < N; i++)
        ck_assert_double_eq(of[i], 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("optim");
    TCase *t = tcase_create("optim");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, sgd);
    tcase_add_test(t, momentum_defaults_to_nine_tenths);
    tcase_add_test(t, nesterov_with_weight_decay);
    tcase_add_test(t, adam);
    tcase_add_test(t, adamw_decays_beside_the_gradient);
    tcase_add_test(t, rmsprop);
    tcase_add_test(t, the_first_adam_step_is_the_rate_whatever_the_gradient);
    tcase_add_test(t, state_and_counter_are_named_from_the_root);
    tcase_add_test(t, two_optimisers_in_one_plan_count_one_step);
    tcase_add_test(t, the_same_state_twice_is_refused);
    tcase_add_test(t, a_failed_gradient_is_handed_on);
    tcase_add_test(t, an_f32_model_takes_f64_rates);
    tcase_add_test(t, a_step_schedule_drops_at_exact_multiples);
    tcase_add_test(t, cosine_and_linear_schedules_end_at_their_last_value);
    tcase_add_test(t, a_schedule_of_no_steps_is_refused);
    tcase_add_test(t, nothing_to_update_is_told);
    tcase_add_test(t, clipping_scales_long_gradients_and_leaves_short_ones);
    tcase_add_test(t, a_zero_gradient_stays_zero_when_clipped);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
