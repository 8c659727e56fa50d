/* What is done to gradients before an optimiser sees them: clipping, L2, groups of params. */
#include <math.h>
#include <string.h>

#include "optim_test.h"

/* The gradients as they are at the start, and a further node. */
static void evaluate(wg_grads of, double value[N], wg_node *further, double *other)
{
    ck_assert_msg(of.of.at != NULL, "%s", wg_error());
    ck_assert_ptr_eq(of.wrt.at[0], w);
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(of.of.at[0], further ? further : loss));
    wg_exec *e = wg_exec_new(plan);
    ck_assert_msg(e && wg_run(e) == WG_OK, "%s", wg_error());
    for (int i = 0; i < N; i++)
        value[i] = wg_view_at(wg_result(e, of.of.at[0]), i);
    if (other)
        *other = wg_scalar(e, further);
    wg_exec_free(e), wg_plan_free(plan);
}

static double norm_at_start(void)
{
    double squares = 0;
    for (int i = 0; i < N; i++)
        squares += slope(start[i]) * slope(start[i]);
    return sqrt(squares);
}

START_TEST(clipping_scales_long_gradients_and_leaves_short_ones)
{
    double expected = norm_at_start(), norm, of[N];
    wg_node *length;
    wg_grads clipped = wg_clip_by_global_norm(gradients(), 0.5, &length);
    evaluate(clipped, of, length, &norm);
    ck_assert_double_eq_tol(norm, expected, 1e-14);
    for (int i = 0; i < N; i++)
        ck_assert_double_eq_tol(of[i], slope(start[i]) * 0.5 / expected, 1e-14);
    evaluate(wg_clip_by_norm(gradients(), 1e6), of, NULL, NULL);
    for (int i = 0; i < N; i++)
        ck_assert_double_eq_tol(of[i], slope(start[i]), 1e-14);
}
END_TEST

/* Two params: each by its own length, or both by that of all. */
START_TEST(the_norm_is_each_params_own_or_that_of_all)
{
    wg_node *other = wg_param(g, "other", WG_F32, WG_SHAPE(1), wg_init_constant(3)); /* its gradient is 6 */
    wg_node *both = wg_add(loss, wg_cast(wg_sum(wg_square(other), WG_ALL_AXES, false), WG_F64));
    wg_grads d = wg_grads_of(both, WG_NODES(w, other)), own = wg_clip_by_norm(d, 2),
             all = wg_clip_by_global_norm(d, 2, NULL);
    double of[N], second, length = norm_at_start();
    evaluate(own, of, own.of.at[1], &second);
    ck_assert_double_eq_tol(of[0], slope(start[0]) * 2 / length, 1e-14);
    ck_assert_double_eq_tol(second, 2, 1e-6);
    evaluate(all, of, all.of.at[1], &second);
    length = sqrt(length * length + 36);
    ck_assert_double_eq_tol(of[0], slope(start[0]) * 2 / length, 1e-14);
    ck_assert_double_eq_tol(second, 12 / length, 1e-6);
}
END_TEST

START_TEST(a_zero_gradient_stays_zero_when_clipped)
{
    static const double zero[N] = { 0, 0, 0 };
    double of[N];
    ck_assert_int_eq(wg_set(wg_graph_store(g), w, WG_VIEW(zero, N)), WG_OK);
    evaluate(wg_clip_by_norm(wg_clip_by_global_norm(gradients(), 1, NULL), 1), of, NULL, NULL);
    for (int i = 0; i < N; i++)
        ck_assert_double_eq(of[i], 0);
}
END_TEST

START_TEST(values_are_clipped_one_by_one_and_l2_is_added)
{
    double of[N];
    evaluate(wg_clip_by_value(gradients(), -1, 2), of, NULL, NULL);
    for (int i = 0; i < N; i++)
        ck_assert_double_eq(of[i], fmin(fmax(slope(start[i]), -1), 2));
    evaluate(wg_add_l2(gradients(), 0.25), of, NULL, NULL);
    for (int i = 0; i < N; i++)
        ck_assert_double_eq_tol(of[i], slope(start[i]) + 0.25 * start[i], 1e-15);
}
END_TEST

START_TEST(limits_that_make_no_sense_are_refused)
{
    static const char *const texts[] = { "clip_by_norm: the norm must be above 0", "clip_by_global_norm: the norm",
                                         "clip_by_value: 1 .. 1 is no range", "add_l2: the factor is -1" };
    for (int i = 0; i < 4; i++) {
        tear_down();
        set_up();
        wg_grads made = i == 0   ? wg_clip_by_norm(gradients(), 0)
                        : i == 1 ? wg_clip_by_global_norm(gradients(), NAN, NULL)
                        : i == 2 ? wg_clip_by_value(gradients(), 1, 1)
                                 : wg_add_l2(gradients(), -1);
        ck_assert_ptr_null(made.of.at);
        ck_assert_msg(strstr(wg_graph_error(g), texts[i]), "%s", wg_graph_error(g));
    }
}
END_TEST

/* ---- groups of params ---- */

START_TEST(params_are_chosen_by_patterns)
{
    static const struct {
        const char *pattern;
        size_t n; /* of 4: layer/w, layer/b, norm/gamma, norm/beta */
    } cases[] = { { "*", 4 },          { "*/b", 1 },        { "layer/*", 2 },      { "*a", 2 },   { "l?ye?/?", 2 },
                  { "*/b,norm/*", 3 }, { "x,,layer/b", 1 }, { "layer/b*", 1 },     { "**r*", 4 }, { "*a*a*", 1 },
                  { "norm/beta", 1 },  { "x*,*gamma", 1 },  { "norm/b?ta,*/?", 3 } };
    wg_grads all = two_layers(), rest;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        wg_grads some = wg_grads_matching(all, cases[i].pattern, &rest);
        ck_assert_msg(some.of.n == cases[i].n && some.wrt.n == some.of.n, "%s: %zu", cases[i].pattern, some.of.n);
        ck_assert_uint_eq(rest.of.n, 4 - cases[i].n);
        for (size_t k = 0; k < some.wrt.n; k++)
            for (size_t r = 0; r < rest.wrt.n; r++)
                ck_assert_ptr_ne(some.wrt.at[k], rest.wrt.at[r]);
    }
    ck_assert_uint_eq(wg_grads_matching(all, "layer/w", NULL).of.n, 1);
    ck_assert_ptr_null(wg_grads_matching(all, "layer", &rest).of.at);
    ck_assert_msg(strstr(wg_graph_error(g), "none of the 4 params"), "%s", wg_graph_error(g));
}
END_TEST

static bool is_vector(const wg_node *param, void *calls)
{
    ++*(int *)calls;
    return wg_shape_count(wg_node_shape(param)) == 2;
}

/* No decay for some, another rate for them, one count of steps. */
START_TEST(groups_have_options_of_their_own_and_one_counter)
{
    int calls = 0;
    wg_grads rest, vectors = wg_grads_where(two_layers(), is_vector, &calls, &rest);
    ck_assert_int_eq(calls, 4);
    ck_assert_uint_eq(vectors.of.n, 3);
    wg_node *one = wg_momentum(vectors, rate(0), NULL);
    wg_node *two =
        wg_momentum(wg_clip_by_value(rest, -1e-30, 1e-30), rate(0.5), WG_OPTS(wg_sgd_opts, .weight_decay = 0.5));
    run(wg_group(WG_NODES(one, two)), 4);
    wg_store *s = wg_graph_store(g);
    ck_assert_int_eq(wg_store_step(s), 4);
    ck_assert_double_eq(wg_view_at(wg_get(s, wg_find(g, "layer/b")), 0), 1);
    for (int i = 0; i < N; i++)
        ck_assert_double_eq_tol(wg_view_at(wg_get(s, w), i), start[i] * pow(0.75, 4), 1e-15);
}
END_TEST

START_TEST(a_failed_gradient_is_handed_on)
{
    wg_grads none = { { NULL, 0 }, { NULL, 0 } };
    ck_assert_ptr_null(wg_sgd(none, rate(1)));
    ck_assert_ptr_null(wg_sgd(gradients(), NULL));
    ck_assert_ptr_null(wg_clip_by_global_norm(none, 1, NULL).of.at);
    ck_assert_ptr_null(wg_accumulate(none, 2).of.at);
    ck_assert_ptr_null(wg_add_l2(none, 2).of.at);
    ck_assert_ptr_null(wg_grads_matching(none, "*", NULL).of.at);
}
END_TEST

START_TEST(nothing_to_update_is_told)
{
    wg_node *free_of_params = wg_sum(wg_input(g, "free", WG_F64, WG_SHAPE(3)), WG_ALL_AXES, false);
    ck_assert_ptr_null(wg_sgd(wg_grads_of(free_of_params, wg_trainable(free_of_params)), rate(0.1)));
    ck_assert_msg(strstr(wg_graph_error(g), "nothing to update"), "%s", wg_graph_error(g));
}
END_TEST

TCase *gradients_case(void)
{
    TCase *t = tcase_create("gradients");
    tcase_add_test(t, clipping_scales_long_gradients_and_leaves_short_ones);
    tcase_add_test(t, the_norm_is_each_params_own_or_that_of_all);
    tcase_add_test(t, a_zero_gradient_stays_zero_when_clipped);
    tcase_add_test(t, values_are_clipped_one_by_one_and_l2_is_added);
    tcase_add_test(t, limits_that_make_no_sense_are_refused);
    tcase_add_test(t, params_are_chosen_by_patterns);
    tcase_add_test(t, groups_have_options_of_their_own_and_one_counter);
    tcase_add_test(t, a_failed_gradient_is_handed_on);
    tcase_add_test(t, nothing_to_update_is_told);
    return t;
}
