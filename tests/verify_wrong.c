/* Operators that are wrong on purpose. A verifier is trusted as far as it fails them. */
#include <math.h>
#include <stddef.h>
#include <string.h>
#include <wengert.h>

#include "verify_suite.h"

static const wg_op *op_named(const char *name)
{
    const wg_op *op = wg_registry_find(NULL, name);
    ck_assert_msg(op != NULL, "no operator %s", name);
    return op;
}

static wg_node *right_square(const wg_adjoint *a, int s)
{
    return (void)s, wg_mul(a->cotangent, wg_scale(a->in[0], 2));
}
static wg_node *negated(const wg_adjoint *a, int s) { return wg_neg(right_square(a, s)); }
static wg_node *doubled(const wg_adjoint *a, int s) { return wg_scale(right_square(a, s), 2); }
static wg_node *off_a_little(const wg_adjoint *a, int s) { return wg_scale(right_square(a, s), 1 + 1e-6); }
static wg_node *zero(const wg_adjoint *a, int s) { return (void)s, wg_no_gradient(a); }
static wg_node *of_ones(const wg_adjoint *a, int s) { return (void)s, wg_scale(a->in[0], 2); }
static wg_node *not_a_number(const wg_adjoint *a, int s)
{
    return wg_add(right_square(a, s), wg_log(wg_neg(wg_shift(wg_abs(a->in[0]), 1))));
}
static wg_node *rounded(const wg_adjoint *a, int s)
{
    return wg_cast(wg_cast(right_square(a, s), WG_F32), wg_node_dtype(a->in[0]));
}
static wg_node *output_for_input(const wg_adjoint *a, int s)
{
    return (void)s, wg_mul(a->cotangent, wg_scale(a->output, 2));
}
static wg_node *shifted(const wg_adjoint *a, int s) { return wg_shift(right_square(a, s), 1e-4); }
static wg_node *wrong_at_second(const wg_adjoint *a, int s)
{
    return (void)s, wg_mul(a->cotangent, wg_scale(wg_stop_gradient(a->in[0]), 2));
}
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
    { "not_a_number", not_a_number, "by the adjoint not a number" },
    { "rounded", rounded, "is wrong" },
    { "output_for_input", output_for_input, "is wrong" },
    { "shifted", shifted, "is not linear in the cotangent" },
    { "wrong_at_second", wrong_at_second, "the second-order gradient of operand 0 is wrong" },
    { "failing", failing, "is NULL" },
};

START_TEST(wrong_adjoints_fail)
{
    if (_i % test_stride())
        return;
    wg_op op = *op_named("square");
    op.name = squares[_i].name;
    op.backward = squares[_i].backward;
    verify_expect(&op, squares[_i].says);
}
END_TEST

static wg_node *swapped_slots(const wg_adjoint *a, int s) { return wg_mul(a->cotangent, a->in[s]); }
static wg_node *first_slot_only(const wg_adjoint *a, int s)
{
    return s ? wg_no_gradient(a) : wg_mul(a->cotangent, a->in[1]);
}

START_TEST(swapped_and_forgotten_slots_fail)
{
    wg_op op = *op_named("mul");
    op.name = "swapped_slots";
    op.backward = swapped_slots;
    verify_expect(&op, "the gradient of operand 0 is wrong");
    op.name = "first_slot_only";
    op.backward = first_slot_only;
    verify_expect(&op, "the gradient of operand 1 is wrong");
}
END_TEST

/* y (2, 3) = x (2, 3) + b (3), not elementwise: so its adjoint must sum over rows by itself. */
WG_KERNEL(add_row, const T *x = c->in[0]; const T *b = c->in[1]; T *y = c->out;
          for (int64_t i = begin; i < end; i++) y[i] = x[i] + b[i % c->in_shape[1].dim[0]];)
static wg_node *sums(const wg_adjoint *a, int s) { return s ? wg_sum(a->cotangent, WG_AXES(0), false) : a->cotangent; }
static wg_node *averages(const wg_adjoint *a, int s)
{
    return s ? wg_mean(a->cotangent, WG_AXES(0), false) : a->cotangent;
}
static wg_node *does_not_sum(const wg_adjoint *a, int s) { return (void)s, a->cotangent; }
static wg_node *wrong_axis(const wg_adjoint *a, int s)
{
    return s ? wg_sum(a->cotangent, WG_AXES(1), false) : a->cotangent;
}
static const wg_sample rows[] = { { .in = { { WG_DIMS(3, 3), -1, 1, WG_DTYPE_NONE, false },
                                            { WG_DIMS(3), -1, 1, WG_DTYPE_NONE, false } } } };

START_TEST(a_broadcast_sum_that_is_missing_or_wrong_fails)
{
    wg_op op = { WG_OP,           .name = "add_row",           .doc = "x + b",
                 .arity = 2,      .forward = WG_BOTH(add_row), .backward = sums,
                 WG_SAMPLES(rows) };
    verify_expect(&op, "");
    op.backward = averages;
    verify_expect(&op, "the gradient of operand 1 is wrong");
    op.backward = wrong_axis;
    verify_expect(&op, "the gradient of operand 1 is wrong");
    op.backward = does_not_sum;
    verify_expect(&op, "its adjoint for operand 1 has shape (3,3), the operand (3)");
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
    verify_expect(&op, "without_samples: has no samples");
    op = *op_named("square");
    op.name = "coarse";
    op.forward.f32 = coarse_square;
    verify_expect(&op, "which rounding does not explain");
    op = *op_named("square");
    op.name = "overflowing";
    op.forward.f64 = overflowing;
    verify_expect(&op, "of its value is inf");
    op = *op_named("square");
    op.name = "scribbling";
    op.forward.f64 = squares_in_place;
    wg_report *r = NULL;
    ck_assert_int_eq(wg_verify_op(&op, &r), WG_ERR_VERIFY);
    wg_report_free(r);
}
END_TEST

/* Nothing to differentiate by. */
static const wg_sample whole_numbers[] = { { .in = { { WG_DIMS(3, 4), -9, 9, WG_I32, false },
                                                     { WG_DIMS(3, 4), -9, 9, WG_I32, false } } } };

START_TEST(an_adjoint_that_was_forgotten_fails)
{
    wg_op op = *op_named("square");
    op.name = "forgotten";
    op.backward = NULL;
    op.decompose = NULL;
    verify_expect(&op, "forgotten: it has neither an adjoint nor WG_NO_GRADIENT");
    op = *op_named("sign");
    verify_expect(&op, "");
    op = *op_named("add");
    op.backward = NULL;
    op.samples = whole_numbers;
    op.n_samples = WG_COUNT(whole_numbers);
    verify_expect(&op, "");
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

/* ---- faults that show in few places ---- */

/* 3 x^2 for what cube gives, but in the last element of a range that is a vector and thirteen more. */
static wg_status cube_grad_tail(const wg_call *c, int64_t begin, int64_t end)
{
    const double *v = c->in[0], *x = c->in[1];
    double *y = c->out;
    for (int64_t i = begin; i < end; i++)
        y[i] = v[i] * 3 * x[i] * x[i];
    if (end - begin == 29)
        y[end - 1] = 0;
    return WG_OK;
}

static const wg_op tail_grad = { WG_OP,
                                 .name = "tail_grad",
                                 .doc = "3 v x^2",
                                 .arity = 2,
                                 .flags = WG_ELEMENTWISE,
                                 .forward = { .f64 = cube_grad_tail },
                                 WG_SAMPLES(
                                     ((const wg_sample[]){ { .in = { WG_VALUES(-2, 2, 3), WG_VALUES(-2, 2, 3) } } })) };

static wg_status cube_f64(const wg_call *c, int64_t begin, int64_t end)
{
    const double *x = c->in[0];
    double *y = c->out;
    for (int64_t i = begin; i < end; i++)
        y[i] = x[i] * x[i] * x[i];
    return WG_OK;
}

static wg_node *by_tail(const wg_adjoint *a, int s)
{
    return (void)s, wg_apply(&tail_grad, WG_NODES(a->cotangent, a->in[0]), NULL);
}

static wg_node *of_one_element(const wg_adjoint *a, int s)
{
    wg_node *right = wg_mul(a->cotangent, wg_scale(wg_square(a->in[0]), 3));
    return (void)s, wg_shape_count(wg_node_shape(right)) == 1 ? wg_scale(right, 1.5) : right;
}

typedef struct power {
    double k;
    bool square;
} power;

static const wg_attr power_attrs[] = { { "k", WG_ATTR_F64, offsetof(power, k), "1", NULL },
                                       { "square", WG_ATTR_BOOL, offsetof(power, square), "false", NULL },
                                       { 0 } };

/* k x^3 or k x^2 */
static wg_status power_forward(const wg_call *c, int64_t begin, int64_t end)
{
    const power *p = c->attrs;
    const double *x = c->in[0];
    double *y = c->out;
    for (int64_t i = begin; i < end; i++)
        y[i] = p->k * x[i] * x[i] * (p->square ? 1 : x[i]);
    return WG_OK;
}

static wg_node *without_k(const wg_adjoint *a, int s)
{
    const power *p = a->attrs;
    wg_node *slope = p->square ? wg_scale(a->in[0], 2 * p->k) : wg_scale(wg_square(a->in[0]), 3);
    return (void)s, wg_mul(a->cotangent, slope);
}

static wg_node *without_k_if_square(const wg_adjoint *a, int s)
{
    const power *p = a->attrs;
    wg_node *slope = p->square ? wg_scale(a->in[0], 2) : wg_scale(wg_square(a->in[0]), 3 * p->k);
    return (void)s, wg_mul(a->cotangent, slope);
}

START_TEST(faults_of_few_lengths_or_attributes_are_found)
{
    static const wg_sample samples[] = { { .in = { WG_VALUES(-2, 2, 3, 4) } } };
    wg_op op = { WG_OP,
                 .name = "few",
                 .doc = "k x^3",
                 .arity = 1,
                 .flags = WG_ELEMENTWISE,
                 .attrs = power_attrs,
                 .attrs_size = sizeof(power),
                 .forward = { .f64 = power_forward },
                 .backward = by_tail,
                 WG_SAMPLES(samples) };
    wg_op plain = op;
    plain.attrs = NULL, plain.attrs_size = 0, plain.forward.f64 = cube_f64;
    verify_expect(&plain, "length 29: the gradient of operand 0 is wrong");
    plain.backward = of_one_element;
    verify_expect(&plain, "length 1: the gradient of operand 0 is wrong");
    op.backward = without_k;
    verify_expect(&op, "k 0.8125: the gradient of operand 0 is wrong");
    op.backward = without_k_if_square;
    verify_expect(&op, "square true, other numbers: the gradient of operand 0 is wrong");
}
END_TEST

/* x^2, and a little more in every call. */
static _Thread_local int calls;
static wg_status counting(const wg_call *c, int64_t begin, int64_t end)
{
    const double *x = c->in[0];
    double *y = c->out;
    calls++;
    for (int64_t i = begin; i < end; i++)
        y[i] = x[i] * x[i] + 1e-13 * (calls % 7);
    return WG_OK;
}

START_TEST(an_operator_that_is_not_the_same_twice_fails_in_one_line)
{
    wg_op op = *op_named("square");
    wg_report *r;
    op.name = "counting";
    op.forward = (wg_kernels){ .f64 = counting };
    ck_assert_int_eq(wg_verify_op(&op, &r), WG_ERR_VERIFY);
    ck_assert_uint_eq(wg_report_failed(r), 1);
    wg_report_free(r);
    verify_expect_first(&op, "run twice on the same operands, its value is not the same");
}
END_TEST

TCase *verify_wrong_operators(void)
{
    TCase *t = tcase_create("wrong operators");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, wrong_adjoints_fail, 0, (int)WG_COUNT(squares));
    tcase_add_test(t, swapped_and_forgotten_slots_fail);
    tcase_add_test(t, a_broadcast_sum_that_is_missing_or_wrong_fails);
    tcase_add_test(t, wrong_values_fail);
    tcase_add_test(t, an_adjoint_that_was_forgotten_fails);
    tcase_add_test(t, order_one_asks_no_more);
    tcase_add_test(t, an_operator_that_is_not_the_same_twice_fails_in_one_line);
    tcase_add_test(t, faults_of_few_lengths_or_attributes_are_found);
    return t;
}
