/* Gradients of micro-batches that add up to an update. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "optim_test.h"

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

TCase *accumulation_case(void)
{
    TCase *t = tcase_create("accumulation");
    tcase_add_test(t, micro_batches_give_what_the_batch_gives);
    tcase_add_test(t, accumulation_goes_on_from_a_checkpoint_between_two_updates);
    tcase_add_test(t, each_micro_batch_draws_anew);
    tcase_add_test(t, accumulation_comes_before_optimisers_and_is_one);
    return t;
}
