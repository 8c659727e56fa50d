/* lib/verify: the method on functions whose derivatives are known, every registered operator, and operators that are wrong on
 * purpose: a verifier is trusted as far as it fails them. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wengert.h>

#include "verify/calibration.h"
#include "verify/numerics.h"

/* ---- the method ---- */

typedef struct tally {
    long pass, fail, inconclusive, zero;
} tally;

static struct {
    const calibration *of;
    double planted;
} plain;

static wg_status plain_value(void *user, const double *x, double *y)
{
    (void)user;
    *y = plain.of->value(*x);
    return WG_OK;
}

static wg_status plain_slope(void *user, const double *x, double *g)
{
    (void)user;
    *g = plain.of->slope(*x) * (1 + plain.planted);
    return WG_OK;
}

/* Judges a slope that is wrong by the relative error `planted`, at points log-uniform in magnitude. */
static tally judge_points(size_t index, double planted, long points)
{
    const double one = 1;
    const calibration *c = plain.of = &calibration_set[index];
    tally t = { 0 };
    wg__stream stream = { index + 1, 0 };
    plain.planted = planted;
    for (long i = 0; i < points; i++) {
        double x = c->least * pow(c->most / c->least, wg__draw(&stream)), scale;
        if (c->both_signs && wg__draw(&stream) < 0.5)
            x = -x;
        wg__scale_of(1, &x, &scale);
        wg__round_point(1, &x, &scale);
        double room = c->room(x);
        wg__subject f = { NULL, 1, 1, plain_value, plain_slope, &x, &one, &scale, &room };
        wg__judgement j;
        ck_assert_int_eq(wg__judge(&f, &stream, &j), WG_OK);
        t.pass += j.verdict == WG_PASS;
        t.fail += j.verdict == WG_FAIL;
        t.inconclusive += j.verdict == WG_INCONCLUSIVE;
        t.zero += c->slope(x) == 0;
    }
    return t;
}

enum { POINTS = 20000 };

START_TEST(right_slopes_never_fail)
{
    tally t = judge_points((size_t)_i, 0, POINTS);
    ck_assert_msg(t.fail <= POINTS / 20000 && t.inconclusive <= POINTS / 100, "%s: %ld failed, %ld inconclusive",
                  calibration_set[_i].name, t.fail, t.inconclusive);
}
END_TEST

START_TEST(every_error_of_one_in_a_million_is_found)
{
    tally t = judge_points((size_t)_i, 1e-6, POINTS / 4);
    ck_assert_msg(t.pass == t.zero, "%s: %ld passed", calibration_set[_i].name, t.pass - t.zero);
}
END_TEST

START_TEST(errors_of_one_in_a_billion_are_mostly_found)
{
    tally all = { 0 };
    long points = 0;
    for (size_t i = 0; i < calibration_count; i++) {
        tally t = judge_points(i, 1e-9, 500);
        all.fail += t.fail, all.zero += t.zero;
        points += 500;
    }
    ck_assert_msg((double)all.fail > 0.97 * (double)(points - all.zero), "%ld of %ld", all.fail, points - all.zero);
}
END_TEST

/* f(x) = (x0 x1, x0 + x1), with claims that are right, NaN, swapped, .. */
static wg_status pair_value(void *user, const double *x, double *y)
{
    (void)user;
    y[0] = x[0] * x[1], y[1] = x[0] + x[1];
    return WG_OK;
}

static const double pair_v[] = { 0.75, -1.25 };

static wg_status pair_slope(void *user, const double *x, double *g)
{
    int kind = *(const int *)user;
    double right[] = { pair_v[0] * x[1] + pair_v[1], pair_v[0] * x[0] + pair_v[1] };
    g[0] = kind == 1 ? NAN : kind == 2 ? right[1] : kind == 3 ? INFINITY : right[0];
    g[1] = kind == 2 ? right[0] : right[1];
    return WG_OK;
}

START_TEST(claims_that_are_swapped_or_not_finite_fail)
{
    double x[] = { 1.5, -0.3 }, scale[2];
    wg__scale_of(2, x, scale);
    wg__round_point(2, x, scale);
    for (int kind = 0; kind < 4; kind++) {
        wg__stream stream = { 7, 0 };
        wg__judgement j;
        wg__subject f = { &kind, 2, 2, pair_value, pair_slope, x, pair_v, scale, NULL };
        ck_assert_int_eq(wg__judge(&f, &stream, &j), WG_OK);
        ck_assert_int_eq(j.verdict, kind ? WG_FAIL : WG_PASS);
    }
}
END_TEST

START_TEST(noise_is_measured)
{
    double value[7];
    wg__stream stream = { 3, 0 };
    double sum = 0;
    for (int k = 0; k < 200; k++) {
        for (int i = 0; i < 7; i++) /* uniform in +-1e-9 on a parabola: deviation 5.8e-10 */
            value[i] = 1 + 0.01 * i * 1e-6 + 1e-12 * i * i + 2e-9 * (wg__draw(&stream) - 0.5);
        sum += wg__noise(value);
    }
    ck_assert_double_gt(sum / 200, 3e-10);
    ck_assert_double_lt(sum / 200, 9e-10);
    for (int i = 0; i < 7; i++)
        value[i] = 3;
    ck_assert(wg__noise(value) == 0);
}
END_TEST

/* ---- the registered operators ---- */

START_TEST(every_registered_operator_passes)
{
    const wg_op *op = wg_registry_at(NULL, (size_t)_i);
    wg_report *r = NULL;
    ck_assert_msg(wg_verify_op(op, &r) == WG_OK, "%s", wg_report_text(r));
    if (!(op->flags & (WG_LEAF | WG_EFFECT)))
        ck_assert_msg(wg_report_passed(r) > 0, "%s: nothing was checked", op->name);
    wg_report_free(r);
}
END_TEST

/* ---- wrong operators ---- */

static const wg_op *op_named(const char *name)
{
    const wg_op *op = wg_registry_find(NULL, name);
    ck_assert_msg(op != NULL, "no operator %s", name);
    return op;
}

static wg_node *right_square(const wg_adjoint *a, int s) { return (void)s, wg_mul(a->cotangent, wg_scale(a->in[0], 2)); }
static wg_node *negated(const wg_adjoint *a, int s) { return wg_neg(right_square(a, s)); }
static wg_node *doubled(const wg_adjoint *a, int s) { return wg_scale(right_square(a, s), 2); }
static wg_node *off_a_little(const wg_adjoint *a, int s) { return wg_scale(right_square(a, s), 1 + 1e-6); }
static wg_node *zero(const wg_adjoint *a, int s) { return (void)s, wg_no_gradient(a); }
static wg_node *of_ones(const wg_adjoint *a, int s) { return (void)s, wg_scale(a->in[0], 2); }
static wg_node *not_a_number(const wg_adjoint *a, int s) { return wg_add(right_square(a, s), wg_log(wg_neg(wg_shift(wg_abs(a->in[0]), 1)))); }
static wg_node *rounded(const wg_adjoint *a, int s) { return wg_cast(wg_cast(right_square(a, s), WG_F32), wg_node_dtype(a->in[0])); }
static wg_node *output_for_input(const wg_adjoint *a, int s) { return (void)s, wg_mul(a->cotangent, wg_scale(a->output, 2)); }
static wg_node *shifted(const wg_adjoint *a, int s) { return wg_shift(right_square(a, s), 1e-4); }
static wg_node *wrong_at_second(const wg_adjoint *a, int s) { return (void)s, wg_mul(a->cotangent, wg_scale(wg_stop_gradient(a->in[0]), 2)); }
static wg_node *failing(const wg_adjoint *a, int s) { return (void)a, (void)s, NULL; }

static const struct {
    const char *name;
    wg_node *(*backward)(const wg_adjoint *, int);
    const char *says; /* "": it is right */
} squares[] = {
    { "right", right_square, "" },
    { "negated", negated, "negated: sample 0: the gradient of operand 0 is wrong" },
    { "doubled", doubled, "(2 times that)" },
    { "off_a_little", off_a_little, "(1.000001 times that)" },
    { "zero", zero, "by the adjoint 0 " },
    { "of_ones", of_ones, "is wrong" },
    { "not_a_number", not_a_number, "nan times that" },
    { "rounded", rounded, "is wrong" },
    { "output_for_input", output_for_input, "is wrong" },
    { "shifted", shifted, "is not linear in the cotangent" },
    { "wrong_at_second", wrong_at_second, "the second-order gradient of operand 0 is wrong" },
    { "failing", failing, "is NULL" },
};

/* The operator verified; its report must say so. */
static void expect(const wg_op *op, const char *says)
{
    wg_report *r = NULL;
    wg_status st = wg_verify_op(op, &r);
    ck_assert_msg(st == (*says ? WG_ERR_VERIFY : WG_OK), "%s: status %d, %s", op->name, st, wg_report_text(r));
    ck_assert_msg(strstr(wg_report_text(r), says) != NULL, "%s: no \"%s\" in: %s", op->name, says, wg_report_text(r));
    ck_assert_msg((wg_report_failed(r) > 0) == (*says != 0), "%s", op->name);
    wg_report_free(r);
}

START_TEST(wrong_adjoints_fail)
{
    wg_op op = *op_named("square");
    op.name = squares[_i].name;
    op.backward = squares[_i].backward;
    expect(&op, squares[_i].says);
}
END_TEST

static wg_node *swapped_slots(const wg_adjoint *a, int s) { return wg_mul(a->cotangent, a->in[s]); }
static wg_node *first_slot_only(const wg_adjoint *a, int s) { return s ? wg_no_gradient(a) : wg_mul(a->cotangent, a->in[1]); }

START_TEST(swapped_and_forgotten_slots_fail)
{
    wg_op op = *op_named("mul");
    op.name = "swapped_slots";
    op.backward = swapped_slots;
    expect(&op, "the gradient of operand 0 is wrong");
    op.name = "first_slot_only";
    op.backward = first_slot_only;
    expect(&op, "the gradient of operand 1 is wrong");
}
END_TEST

/* y (2, 3) = x (2, 3) + b (3), not elementwise: so its adjoint must sum over rows by itself. */
WG_KERNEL(add_row,
    const T *x = c->in[0]; const T *b = c->in[1]; T *y = c->out;
    for (int64_t i = begin; i < end; i++)
        y[i] = x[i] + b[i % c->in_shape[1].dim[0]];
)
static wg_node *sums(const wg_adjoint *a, int s) { return s ? wg_sum(a->cotangent, WG_AXES(0), false) : a->cotangent; }
static wg_node *averages(const wg_adjoint *a, int s) { return s ? wg_mean(a->cotangent, WG_AXES(0), false) : a->cotangent; }
static wg_node *does_not_sum(const wg_adjoint *a, int s) { return (void)s, a->cotangent; }
static wg_node *wrong_axis(const wg_adjoint *a, int s) { return s ? wg_sum(a->cotangent, WG_AXES(1), false) : a->cotangent; }
static const wg_sample rows[] = { { .in = { { WG_DIMS(3, 3), -1, 1, WG_DTYPE_NONE, false }, { WG_DIMS(3), -1, 1, WG_DTYPE_NONE, false } } } };

START_TEST(a_broadcast_sum_that_is_missing_or_wrong_fails)
{
    wg_op op = { WG_OP, .name = "add_row", .doc = "x + b", .arity = 2, .forward = WG_BOTH(add_row), .backward = sums, WG_SAMPLES(rows) };
    expect(&op, "");
    op.backward = averages;
    expect(&op, "the gradient of operand 1 is wrong");
    op.backward = wrong_axis;
    expect(&op, "the gradient of operand 1 is wrong");
    op.backward = does_not_sum;
    expect(&op, "its adjoint for operand 1 has shape (3,3), the operand (3)");
}
END_TEST

static wg_status squares_in_place(const wg_call *c, int64_t begin, int64_t end)
{
    double *x = (double *)(uintptr_t)c->in[0], *y = c->out;
    for (int64_t i = begin; i < end; i++) {
        y[i] = x[i] * x[i];
        if (i == 0)
            x[i] += 1e-3;
    }
    return WG_OK;
}

static wg_status coarse_square(const wg_call *c, int64_t begin, int64_t end)
{
    const float *x = c->in[0];
    float *y = c->out;
    for (int64_t i = begin; i < end; i++)
        y[i] = x[i] * x[i] * 1.00001f;
    return WG_OK;
}

static wg_status overflowing(const wg_call *c, int64_t begin, int64_t end)
{
    double *y = c->out;
    (void)c;
    for (int64_t i = begin; i < end; i++)
        y[i] = INFINITY;
    return WG_OK;
}

START_TEST(wrong_values_fail)
{
    wg_op op = *op_named("square");
    op.name = "without_samples";
    op.n_samples = 0;
    expect(&op, "without_samples: has no samples");
    op = *op_named("square");
    op.name = "coarse";
    op.forward.f32 = coarse_square;
    expect(&op, "which rounding does not explain");
    op = *op_named("square");
    op.name = "overflowing";
    op.forward.f64 = overflowing;
    expect(&op, "of its value is inf");
    op = *op_named("square");
    op.name = "scribbling";
    op.forward.f64 = squares_in_place;
    wg_report *r = NULL;
    ck_assert_int_eq(wg_verify_op(&op, &r), WG_ERR_VERIFY);
    wg_report_free(r);
}
END_TEST

START_TEST(an_operator_without_an_adjoint_has_its_values_checked)
{
    wg_op op = *op_named("square");
    op.name = "values_only";
    op.backward = NULL;
    op.decompose = NULL;
    expect(&op, "");
}
END_TEST

START_TEST(order_one_asks_no_more)
{
    wg_op op = *op_named("square");
    wg_report *r = NULL;
    op.name = "wrong_at_second";
    op.backward = wrong_at_second;
    ck_assert_int_eq(wg_verify_op_with(&op, WG_OPTS(wg_verify_opts, .order = 1), &r), WG_OK);
    ck_assert(isnan(wg_report_difference(r)));
    ck_assert_ptr_nonnull(strstr(wg_report_text(r), "checks passed"));
    wg_report_free(r);
    ck_assert_int_eq(wg_verify_op(NULL, NULL), WG_ERR_ARG);
}
END_TEST

/* ---- models ---- */

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
    wg_mlp mlp = wg_mlp_new(m.g, m.x, width, 4, WG_OPTS(wg_mlp_opts, .layout = WG_ROWS, .hidden = hidden, .output = WG_SIGMOID));
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

static void model_free(model *m)
{
    wg_exec_free(m->exec), wg_plan_free(m->plan), wg_graph_free(m->g);
}

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
    ck_assert_uint_eq(wg_report_passed(r), 2);
    ck_assert_double_lt(wg_report_difference(r), 2e-7);
    ck_assert_uint_eq(wg_graph_count(m.g), nodes);
    ck_assert_double_eq(wg_view_at(wg_get(wg_graph_store(m.g), m.params.at[0]), 3), before);
    ck_assert_int_eq(wg_store_step(wg_graph_store(m.g)), 0);
    wg_report_free(r);
    model_free(&m);
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
    ck_assert_int_eq(wg_verify_gradients(m.loss, wrong, m.exec, WG_OPTS(wg_verify_opts, .textbook_limit = -1), &r), WG_ERR_VERIFY);
    ck_assert_msg(strstr(wg_report_text(r), "the gradient of W2 is wrong") != NULL, "%s", wg_report_text(r));
    ck_assert_uint_eq(wg_report_failed(r), 1);
    ck_assert(isnan(wg_report_difference(r)));
    wg_report_free(r);
    model_free(&m);
}
END_TEST

START_TEST(models_that_cannot_be_verified_say_why)
{
    model m = model_new(WG_F64, WG_TANH);
    wg_exec *unfed = wg_exec_new(m.plan);
    ck_assert_int_eq(wg_verify(m.loss, m.params, unfed, NULL, NULL), WG_ERR_UNFED);
    ck_assert_int_eq(wg_verify(m.loss, m.params, NULL, NULL, NULL), WG_ERR_ARG);
    ck_assert_int_eq(wg_verify(m.x, m.params, m.exec, NULL, NULL), WG_ERR_SHAPE);
    ck_assert_int_eq(wg_verify(m.loss, WG_NODES(m.loss), m.exec, NULL, NULL), WG_ERR_ARG);
    ck_assert_int_eq(wg_verify_gradients(m.loss, (wg_grads){ .wrt = m.params }, m.exec, NULL, NULL) != WG_OK, 1);
    wg_exec_free(unfed);
    model_free(&m);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("verify");
    TCase *method = tcase_create("method"), *registry = tcase_create("registry"), *wrong = tcase_create("wrong"),
          *models = tcase_create("models");
    tcase_add_loop_test(method, right_slopes_never_fail, 0, (int)calibration_count);
    tcase_add_loop_test(method, every_error_of_one_in_a_million_is_found, 0, (int)calibration_count);
    tcase_add_test(method, errors_of_one_in_a_billion_are_mostly_found);
    tcase_add_test(method, claims_that_are_swapped_or_not_finite_fail);
    tcase_add_test(method, noise_is_measured);
    tcase_add_loop_test(registry, every_registered_operator_passes, 0, (int)wg_registry_count(NULL));
    tcase_add_loop_test(wrong, wrong_adjoints_fail, 0, (int)WG_COUNT(squares));
    tcase_add_test(wrong, swapped_and_forgotten_slots_fail);
    tcase_add_test(wrong, a_broadcast_sum_that_is_missing_or_wrong_fails);
    tcase_add_test(wrong, wrong_values_fail);
    tcase_add_test(wrong, an_operator_without_an_adjoint_has_its_values_checked);
    tcase_add_test(wrong, order_one_asks_no_more);
    tcase_add_loop_test(models, right_models_pass_to_second_order_and_nothing_changes, 0, 4);
    tcase_add_loop_test(models, a_wrong_gradient_is_named, 0, 2);
    tcase_add_test(models, models_that_cannot_be_verified_say_why);
    suite_add_tcase(s, method);
    suite_add_tcase(s, registry);
    suite_add_tcase(s, wrong);
    suite_add_tcase(s, models);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
