/* What is done to gradients before an optimiser sees them: clipping, L2, groups of params, accumulation. */
#include <math.h>
#include <stdio.h>
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

static wg_grads two_layers(void)
{
    wg_node *sum = loss;
    static const char *const names[] = { "layer/b", "norm/gamma", "norm/beta" };
    wg_node *all[4] = { w };
    for (int i = 0; i < 3; i++) {
        all[i + 1] = wg_param(g, names[i], WG_F64, WG_SHAPE(2), wg_init_constant(1));
        sum = wg_add(sum, wg_sum(wg_square(all[i + 1]), WG_ALL_AXES, false));
    }
    return wg_grads_of(sum, (wg_nodes){ all, 4 });
}

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

/* ---- accumulation ---- */

enum { ROWS = 12, WIDTH = 2, BATCHES = 3, UPDATES = 5 };

/* A least squares problem of rows that come in batches; the update's effect. */
static wg_node *regression(wg_node **x, wg_node **y, int64_t batches)
{
    *x = wg_input(g, "x", WG_F64, WG_SHAPE(WG_BATCH, WIDTH));
    *y = wg_input(g, "y", WG_F64, WG_SHAPE(WG_BATCH, 1));
    wg_dense layer = wg_dense_new(g, "out", WG_F64, WIDTH, 1, wg_init_constant(0.5));
    wg_node *cost = wg_mse(wg_dense_apply(layer, *x), *y, WG_MEAN);
    wg_grads d = wg_accumulate(wg_grads_of(cost, WG_NODES(layer.w, layer.b)), batches);
    wg_node *lr = wg_schedule_linear(wg_step_counter(g), 0.1, 0.01, UPDATES);
    return wg_adam(wg_clip_by_global_norm(d, 1, NULL), lr, NULL);
}

/* Trains on the rows, `batches` parts an update; runs 0 .. runs-1 of all, after those of `path`, if given. */
static void fit(int64_t batches, int first, int runs, const char *from, double result[WIDTH + 1])
{
    double rows[ROWS * WIDTH], labels[ROWS];
    for (int i = 0; i < ROWS; i++) {
        rows[2 * i] = sin(i), rows[2 * i + 1] = cos(2.0 * i);
        labels[i] = 3 * rows[2 * i] - rows[2 * i + 1] + 0.25;
    }
    wg_node *x, *y, *update = regression(&x, &y, batches);
    wg_store *s = wg_graph_store(g);
    ck_assert_msg(update && (!from || wg_load(s, from) == WG_OK), "%s", wg_error());
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(update));
    wg_exec *e = wg_exec_new(plan);
    int64_t size = ROWS / batches;
    for (int k = first; k < first + runs; k++) {
        int64_t row = k % batches * size;
        wg_bind(e, x, wg_view_of(rows + row * WIDTH, WG_F64, WG_SHAPE(size, WIDTH)));
        wg_bind(e, y, wg_view_of(labels + row, WG_F64, WG_SHAPE(size, 1)));
        ck_assert_msg(wg_run(e) == WG_OK, "%s", wg_error());
        ck_assert_int_eq(wg_store_step(s), (k + 1) / batches);
    }
    for (int i = 0; i < WIDTH; i++)
        result[i] = wg_view_at(wg_get(s, wg_find(g, "out/w")), i);
    result[WIDTH] = wg_view_at(wg_get(s, wg_find(g, "out/b")), 0);
    wg_exec_free(e), wg_plan_free(plan);
}

START_TEST(micro_batches_give_what_the_batch_gives)
{
    double whole[WIDTH + 1], parts[WIDTH + 1];
    fit(1, 0, UPDATES, NULL, whole);
    ck_assert_ptr_null(wg_find(g, "micro_batch"));
    tear_down();
    set_up();
    fit(BATCHES, 0, UPDATES * BATCHES, NULL, parts);
    for (int i = 0; i <= WIDTH; i++) {
        ck_assert_double_eq_tol(parts[i], whole[i], 1e-14);
        ck_assert(fabs(parts[i] - 0.5) > 0.01 || i == WIDTH);
    }
}
END_TEST

START_TEST(accumulation_goes_on_from_a_checkpoint_between_two_updates)
{
    double whole[WIDTH + 1], parts[WIDTH + 1];
    fit(BATCHES, 0, UPDATES * BATCHES, NULL, whole);
    tear_down();
    set_up();
    fit(BATCHES, 0, 7, NULL, parts);
    ck_assert_int_eq(wg_save(wg_graph_store(g), "optim_micro.npz", NULL), WG_OK);
    tear_down();
    set_up();
    fit(BATCHES, 7, UPDATES * BATCHES - 7, "optim_micro.npz", parts);
    ck_assert_mem_eq(whole, parts, sizeof whole);
    remove("optim_micro.npz");
}
END_TEST

/* Dropout must not hide the same units in each micro-batch. */
START_TEST(each_micro_batch_draws_anew)
{
    enum { RUNS = 6 };
    wg_node *noise = wg_uniform(g, WG_F64, WG_SCALAR, 0, 1);
    wg_node *update = wg_sgd(wg_accumulate(gradients(), 3), rate(0));
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(noise, update));
    wg_exec *e = wg_exec_new_with(plan, WG_OPTS(wg_exec_opts, .check_finite = true));
    double drawn[RUNS];
    for (int i = 0; i < RUNS; i++) {
        wg_view plain;
        ck_assert_msg(e && wg_interpret(e, noise, &plain) == WG_OK, "%s", wg_error());
        double expected = wg_view_at(plain, 0);
        ck_assert_msg(wg_run(e) == WG_OK, "%s", wg_error());
        drawn[i] = wg_scalar(e, noise);
        ck_assert_double_eq(drawn[i], expected);
        for (int k = 0; k < i; k++)
            ck_assert_double_ne(drawn[i], drawn[k]);
    }
    wg_exec_free(e), wg_plan_free(plan);
}
END_TEST

START_TEST(accumulation_comes_before_optimisers_and_is_one)
{
    ck_assert_ptr_null(wg_accumulate(gradients(), 0).of.at);
    tear_down();
    set_up();
    wg_grads d = two_layers(), rest, biases = wg_grads_matching(d, "layer/b", &rest);
    ck_assert_ptr_nonnull(wg_accumulate(biases, 4).of.at);
    ck_assert_ptr_nonnull(wg_accumulate(rest, 4).of.at);
    ck_assert_ptr_null(wg_accumulate(gradients(), 2).of.at);
    tear_down();
    set_up();
    ck_assert_ptr_nonnull(wg_sgd(gradients(), rate(1)));
    ck_assert_ptr_null(wg_accumulate(gradients(), 2).of.at);
    ck_assert_msg(strstr(wg_graph_error(g), "was made before"), "%s", wg_graph_error(g));
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
    tcase_add_test(t, micro_batches_give_what_the_batch_gives);
    tcase_add_test(t, accumulation_goes_on_from_a_checkpoint_between_two_updates);
    tcase_add_test(t, each_micro_batch_draws_anew);
    tcase_add_test(t, accumulation_comes_before_optimisers_and_is_one);
    tcase_add_test(t, a_failed_gradient_is_handed_on);
    tcase_add_test(t, nothing_to_update_is_told);
    return t;
}
