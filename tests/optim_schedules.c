/* Schedules: their values step by step, and exactly at their ends. */
#include <math.h>
#include <string.h>

#include "optim_test.h"

static const double pi = 3.14159265358979323846;

static void begin_again(void)
{
    tear_down();
    set_up();
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
    double wave[8], line[8], still[3];
    values_over_time(wg_schedule_cosine(wg_step_counter(g), 0.7, 0.1, 5), wave, 8);
    begin_again();
    values_over_time(wg_schedule_linear(wg_step_counter(g), 0.7, 0.2, 4), line, 8);
    begin_again();
    values_over_time(wg_schedule_constant(wg_step_counter(g), 0.3), still, 3);
    for (int i = 0; i < 8; i++) {
        ck_assert_double_eq_tol(wave[i], 0.1 + 0.3 * (1 + cos(pi * fmin(i / 5.0, 1))), 1e-15);
        ck_assert_double_eq_tol(line[i], 0.7 - 0.5 * fmin(i / 4.0, 1), 1e-15);
    }
    ck_assert_double_eq(wave[0], 0.7);
    ck_assert_double_eq(line[0], 0.7);
    for (int i = 5; i < 8; i++) {
        ck_assert_double_eq(wave[i], 0.1);
        ck_assert_double_eq(line[i], 0.2);
    }
    for (int i = 0; i < 3; i++)
        ck_assert_double_eq(still[i], 0.3);
}
END_TEST

START_TEST(a_warm_up_climbs_to_the_schedule_behind_it)
{
    enum { WARM = 4, STEPS_IN_ALL = 10 };
    double value[STEPS_IN_ALL + 2];
    wg_node *step = wg_step_counter(g);
    wg_node *behind = wg_schedule_cosine(wg_schedule_after(step, WARM), 0.3, 0.01, STEPS_IN_ALL - WARM);
    values_over_time(wg_schedule_warmup(step, WARM, behind), value, STEPS_IN_ALL + 2);
    for (int i = 0; i < STEPS_IN_ALL + 2; i++) {
        double part = fmin(fmax(i - WARM, 0) / (STEPS_IN_ALL - WARM), 1);
        double expected = i < WARM ? 0.3 * (i + 1) / WARM : 0.01 + 0.145 * (1 + cos(pi * part));
        ck_assert_double_eq_tol(value[i], expected, 1e-15);
    }
    ck_assert_double_eq(value[WARM - 1], 0.3);
    ck_assert_double_eq(value[WARM], 0.3);
    ck_assert_double_eq(value[STEPS_IN_ALL], 0.01);
    ck_assert_double_eq(value[STEPS_IN_ALL + 1], 0.01);
}
END_TEST

/* The numbers of torch.optim.lr_scheduler.OneCycleLR. */
static double one_cycle_at(double t, double peak, double steps, double rise, double start_by, double end_by)
{
    double first = peak / start_by, last = first / end_by, top = rise * steps - 1;
    double from = t <= top ? first : peak, to = t <= top ? peak : last;
    double part = t <= top ? t / top : (t - top) / (steps - 1 - top);
    return to + (from - to) / 2 * (1 + cos(pi * part));
}

START_TEST(one_cycle_is_that_of_torch)
{
    double value[25];
    values_over_time(wg_schedule_one_cycle(wg_step_counter(g), 0.4, 20, NULL), value, 25);
    for (int i = 0; i < 20; i++)
        ck_assert_double_eq_tol(value[i], one_cycle_at(i, 0.4, 20, 0.3, 25, 1e4), 1e-15);
    ck_assert_double_eq(value[0], 0.4 / 25);
    ck_assert_double_eq(value[5], 0.4);
    for (int i = 19; i < 25; i++)
        ck_assert_double_eq(value[i], 0.4 / 25 / 1e4);
    begin_again();
    const wg_one_cycle_opts o = { .size = sizeof o, .rise = 0.37, .start = 10, .end = 100 };
    values_over_time(wg_schedule_one_cycle(wg_step_counter(g), 0.4, 20, &o), value, 25);
    for (int i = 0; i < 20; i++)
        ck_assert_double_eq_tol(value[i], one_cycle_at(i, 0.4, 20, 0.37, 10, 100), 1e-15);
}
END_TEST

START_TEST(the_shortest_cycles_have_their_ends)
{
    double value[4];
    values_over_time(wg_schedule_one_cycle(wg_step_counter(g), 1, 1, NULL), value, 2); /* nothing but the end */
    ck_assert_double_eq(value[0], 1 / 25.0 / 1e4);
    ck_assert_double_eq(value[1], 1 / 25.0 / 1e4);
    begin_again();
    values_over_time(wg_schedule_one_cycle(wg_step_counter(g), 1, 3, NULL), value, 4); /* no room to rise */
    ck_assert_double_eq(value[0], 1);
    ck_assert_double_eq(value[2], 1 / 25.0 / 1e4);
    ck_assert_double_eq(value[3], 1 / 25.0 / 1e4);
}
END_TEST

START_TEST(a_schedule_of_no_steps_is_refused)
{
    wg_node *step = wg_step_counter(g), *made[] = {
        wg_schedule_cosine(step, 1, 0, 0), NULL, NULL, NULL, NULL,
    };
    ck_assert_msg(strstr(wg_graph_error(g), "schedule cosine"), "%s", wg_graph_error(g));
    begin_again();
    made[1] = wg_schedule_warmup(wg_step_counter(g), 0, rate(1));
    ck_assert_msg(strstr(wg_graph_error(g), "schedule warmup"), "%s", wg_graph_error(g));
    begin_again();
    made[2] = wg_schedule_after(wg_step_counter(g), -1);
    begin_again();
    made[3] = wg_schedule_one_cycle(wg_step_counter(g), 1, 10, WG_OPTS(wg_one_cycle_opts, .rise = 1));
    ck_assert_msg(strstr(wg_graph_error(g), "schedule one_cycle: rise"), "%s", wg_graph_error(g));
    begin_again();
    made[4] = wg_schedule_one_cycle(wg_step_counter(g), 1, -3, NULL);
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        ck_assert_ptr_null(made[i]);
}
END_TEST

START_TEST(an_f32_model_takes_f64_rates)
{
    wg_node *x = wg_param(g, "x", WG_F32, WG_SHAPE(2), wg_init_constant(1));
    wg_node *cost = wg_sum(wg_square(x), WG_ALL_AXES, false);
    wg_node *step = wg_step_counter(g);
    wg_node *lr = wg_schedule_warmup(step, 1, wg_schedule_cosine(step, 0.1, 0, 10));
    wg_node *update = wg_adam(wg_grads_of(cost, WG_NODES(x)), lr, NULL);
    ck_assert_msg(update != NULL, "%s", wg_error());
    run(update, 2);
    ck_assert(wg_view_at(wg_get(wg_graph_store(g), x), 0) < 0.9);
}
END_TEST

TCase *schedules_case(void)
{
    TCase *t = tcase_create("schedules");
    tcase_add_test(t, a_step_schedule_drops_at_exact_multiples);
    tcase_add_test(t, cosine_and_linear_schedules_end_at_their_last_value);
    tcase_add_test(t, a_warm_up_climbs_to_the_schedule_behind_it);
    tcase_add_test(t, one_cycle_is_that_of_torch);
    tcase_add_test(t, the_shortest_cycles_have_their_ends);
    tcase_add_test(t, a_schedule_of_no_steps_is_refused);
    tcase_add_test(t, an_f32_model_takes_f64_rates);
    return t;
}
