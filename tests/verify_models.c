/* Whole models: right ones pass and are left as they were, wrong ones are named. */
#include <math.h>
#include <string.h>
#include <wengert.h>

#include "suite.h"
#include "verify/model/reuse.h"
#include "verify/numerics/numerics.h"
#include "verify_suite.h"

typedef struct model {
    wg_graph *g;
    wg_node *x, *y, *loss, *step;
    wg_nodes params;
    wg_plan *plan;
    wg_exec *exec;
} model;

static double xs[24], ys[8];
static float xs32[24], ys32[8];

static model model_new(wg_dtype dtype, wg_activation hidden)
{
    const int64_t width[] = { 3, 5, 4, 1 };
    wg__stream stream = { 5, 0 };
    for (int i = 0; i < 24; i++)
        xs32[i] = (float)(xs[i] = 2 * wg__draw(&stream) - 1);
    for (int i = 0; i < 8; i++)
        ys32[i] = (float)(ys[i] = i % 3 == 0);
    model m = { .g = wg_graph_new_with(WG_OPTS(wg_graph_opts, .threads = 1)) };
    m.x = wg_input(m.g, "x", dtype, WG_SHAPE(WG_BATCH, 3));
    m.y = wg_input(m.g, "y", dtype, WG_SHAPE(WG_BATCH, 1));
    wg_mlp mlp =
        wg_mlp_new(m.g, m.x, width, 4, WG_OPTS(wg_mlp_opts, .layout = WG_ROWS, .hidden = hidden, .output = WG_SIGMOID));
    m.loss = wg_bce(mlp.y, m.y, WG_MEAN);
    m.params = wg_trainable(m.loss);
    m.step = wg_sgd(wg_grads_of(m.loss, m.params), wg_const(m.g, 0.5));
    m.plan = wg_compile(m.g, WG_TRAIN, WG_NODES(m.loss, m.step));
    m.exec = wg_exec_new(m.plan);
    ck_assert_msg(m.exec != NULL, "%s", wg_error());
    if (dtype == WG_F64) {
        ck_assert_int_eq(wg_bind(m.exec, m.x, WG_VIEW(xs, 8, 3)), WG_OK);
        ck_assert_int_eq(wg_bind(m.exec, m.y, WG_VIEW(ys, 8, 1)), WG_OK);
    } else {
        ck_assert_int_eq(wg_bind(m.exec, m.x, WG_VIEW(xs32, 8, 3)), WG_OK);
        ck_assert_int_eq(wg_bind(m.exec, m.y, WG_VIEW(ys32, 8, 1)), WG_OK);
    }
    return m;
}

static void model_free(model *m) { wg_exec_free(m->exec), wg_plan_free(m->plan), wg_graph_free(m->g); }

START_TEST(right_models_pass_to_second_order_and_nothing_changes)
{
    static const wg_dtype types[] = { WG_F64, WG_F32 };
    static const wg_activation hidden[] = { WG_TANH, WG_RELU };
    model m = model_new(types[_i % 2], hidden[_i / 2]);
    wg_report *r = NULL;
    size_t nodes = wg_graph_count(m.g);
    double before = wg_view_at(wg_get(wg_graph_store(m.g), m.params.at[0]), 3);
    wg_status st = wg_verify(m.loss, m.params, m.exec, WG_OPTS(wg_verify_opts, .order = 2), &r);
    ck_assert_msg(st == WG_OK, "%s", wg_error());
    ck_assert_uint_eq(wg_report_passed(r), wg_report_count(r));
    ck_assert_uint_gt(wg_report_passed(r), 40);
    ck_assert_double_lt(wg_report_difference(r), 2e-7);
    ck_assert_uint_eq(wg_graph_count(m.g), nodes);
    ck_assert_double_eq(wg_view_at(wg_get(wg_graph_store(m.g), m.params.at[0]), 3), before);
    ck_assert_int_eq(wg_store_step(wg_graph_store(m.g)), 0);
    wg_report_free(r);
    model_free(&m);
}
END_TEST

/* Large enough to be rounded, where the processor can. */
START_TEST(what_products_may_lose_is_not_what_is_verified)
{
    static float x[48 * 300];
    wg__stream stream = { 7, 0 };
    for (size_t i = 0; i < WG_COUNT(x); i++)
        x[i] = (float)(2 * wg__draw(&stream) - 1);
    wg_graph *g = wg_graph_new_with(WG_OPTS(wg_graph_opts, .threads = 1));
    wg_node *in = wg_constant(g, "x", WG_VIEW(x, 48, 300)), *w = wg_param(g, "w", WG_F32, WG_SHAPE(300, 64), wg_init_he());
    wg_node *loss = wg_mean(wg_square(wg_tanh(wg_matmul(in, w))), WG_ALL_AXES, false);
    ck_assert_int_eq(wg_set_matmul_precision(g, WG_MATMUL_MEDIUM), WG_OK);
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(loss));
    wg_exec *e = wg_exec_new(plan);
    wg_report *r = NULL;
    wg_status st = wg_verify(loss, WG_NODES(w), e, WG_OPTS(wg_verify_opts, .textbook_limit = -1), &r);
    ck_assert_msg(st == WG_OK, "%s", wg_report_text(r));
    wg_report_free(r);
    wg_exec_free(e);
    wg_plan_free(plan);
    wg_graph_free(g);
}
END_TEST

START_TEST(a_wrong_gradient_is_named)
{
    model m = model_new(_i ? WG_F32 : WG_F64, WG_RELU);
    wg_grads right = wg_grads_of(m.loss, m.params);
    wg_node *of[8];
    for (size_t i = 0; i < m.params.n; i++)
        of[i] = i == 2 ? wg_scale(right.of.at[i], 1 + 1e-5) : right.of.at[i];
    wg_report *r = NULL;
    wg_grads wrong = { m.params, { of, m.params.n } };
    ck_assert_int_eq(wg_verify_gradients(m.loss, wrong, m.exec, WG_OPTS(wg_verify_opts, .textbook_limit = -1), &r),
                     WG_ERR_VERIFY);
    ck_assert_msg(strstr(wg_report_text(r), "the gradient of W2 is wrong") != NULL, "%s", wg_report_text(r));
    ck_assert_uint_eq(wg_report_failed(r), 1);
    ck_assert(isnan(wg_report_difference(r)));
    wg_report_free(r);
    model_free(&m);
}
END_TEST

/* Biases of zero, and relu units all of whose inputs are off: theta is exactly at kinks, where differences and adjoint
 * disagree for good. */
START_TEST(deep_relu_models_are_judged_beside_their_kinks)
{
    const int64_t width[] = { 6, 8, 8, 4, 3, 1 };
    static double x[12 * 6], y[12];
    wg__stream stream = { (uint64_t)_i, 0 };
    for (size_t i = 0; i < WG_COUNT(x); i++)
        x[i] = wg__draw(&stream);
    for (size_t i = 0; i < WG_COUNT(y); i++)
        y[i] = (double)(i % 2);
    wg_graph *g = wg_graph_new_with(WG_OPTS(wg_graph_opts, .threads = 1, .seed = (uint64_t)_i));
    wg_node *xs_node = wg_input(g, "x", WG_F64, WG_SHAPE(WG_BATCH, 6)),
            *ys_node = wg_input(g, "y", WG_F64, WG_SHAPE(WG_BATCH, 1));
    wg_mlp mlp =
        wg_mlp_new(g, xs_node, width, WG_COUNT(width), WG_OPTS(wg_mlp_opts, .layout = WG_ROWS, .dropout = 0.3));
    wg_node *loss = wg_bce_logits(mlp.z, ys_node, WG_MEAN);
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(loss));
    wg_exec *e = wg_exec_new(plan);
    wg_report *r = NULL;
    ck_assert_int_eq(wg_bind(e, xs_node, WG_VIEW(x, 12, 6)), WG_OK);
    ck_assert_int_eq(wg_bind(e, ys_node, WG_VIEW(y, 12, 1)), WG_OK);
    wg_status st = wg_verify(loss, mlp.params, e, WG_OPTS(wg_verify_opts, .order = 2), &r);
    ck_assert_msg(st == WG_OK && !wg_report_inconclusive(r), "%s", wg_report_text(r));
    ck_assert_double_lt(wg_report_difference(r), 1e-6);
    wg_report_free(r);
    wg_exec_free(e), wg_plan_free(plan), wg_graph_free(g);
}
END_TEST

START_TEST(models_that_cannot_be_verified_say_why)
{
    model m = model_new(WG_F64, WG_TANH);
    wg_exec *unfed = wg_exec_new(m.plan);
    forget_failures();
    ck_assert_int_eq(wg_verify(m.loss, m.params, NULL, NULL, NULL), WG_ERR_ARG);
    ck_assert_int_eq(wg_verify(m.loss, m.params, unfed, NULL, NULL), WG_ERR_UNFED);
    ck_assert_int_eq(wg_verify(m.x, m.params, m.exec, NULL, NULL), WG_ERR_SHAPE);
    ck_assert_int_eq(wg_verify(m.loss, WG_NODES(m.loss), m.exec, NULL, NULL), WG_ERR_ARG);
    ck_assert_int_eq(wg_verify_gradients(m.loss, (wg_grads){ .wrt = m.params }, m.exec, NULL, NULL) != WG_OK, 1);
    wg_exec_free(unfed);
    model_free(&m);
}
END_TEST

START_TEST(large_blocks_are_used_again)
{
    wg__reuse r = { 0 };
    wg__allocator a = wg__reuse_allocator(&r);
    const size_t large = 1 << 20;
    void *first = wg__alloc_aligned(&a, large), *second = wg__alloc_aligned(&a, large);
    ck_assert(first && second && first != second);
    memset(first, 1, large);
    wg__free(&a, first, large, 1);
    void *again = wg__alloc_aligned(&a, large - 100), *small = wg__alloc(&a, 10, 1);
    ck_assert_ptr_eq(again, first);
    wg__free(&a, again, large - 100, 1);
    void *much_less = wg__alloc_aligned(&a, large / 8), *more = wg__alloc_aligned(&a, 2 * large);
    ck_assert(much_less != first && more != first);
    wg__free(&a, small, 10, 1);
    wg__free(&a, much_less, large / 8, 1);
    wg__free(&a, more, 2 * large, 1);
    wg__free(&a, second, large, 1);
    wg__reuse_end(&r); /* a sanitizer would tell of what is left */
}
END_TEST

TCase *verify_models(void)
{
    TCase *t = tcase_create("models");
    tcase_add_loop_test(t, right_models_pass_to_second_order_and_nothing_changes, 0, 4);
    tcase_add_test(t, what_products_may_lose_is_not_what_is_verified);
    tcase_add_loop_test(t, a_wrong_gradient_is_named, 0, 2);
    tcase_add_loop_test(t, deep_relu_models_are_judged_beside_their_kinks, 1, 21);
    tcase_add_test(t, models_that_cannot_be_verified_say_why);
    tcase_add_test(t, large_blocks_are_used_again);
    return t;
}
