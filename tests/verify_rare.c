/* Operators that are wrong in a place where few look: one rank, an operand left out, large cotangents, the other zero, the end
 * of a range, two results at once. */
#include <math.h>
#include <stddef.h>
#include <string.h>
#include <wengert.h>

#include "verify_suite.h"

/* x^2, whose adjoint is given. */
WG_KERNEL(square_forward, const T *x = c->in[0]; T *y = c->out; for (int64_t i = begin; i < end; i++) y[i] = x[i] * x[i];)

static const wg_sample plain[] = { { .in = { WG_VALUES(-2, 2, 3, 4) } } };

static wg_op square_of(const char *name, wg_node *(*backward)(const wg_adjoint *, int))
{
    return (wg_op){ WG_OP, .name = name, .doc = "x^2", .arity = 1, .flags = WG_ELEMENTWISE,
                    .forward = WG_BOTH(square_forward), .backward = backward, WG_SAMPLES(plain) };
}

static wg_node *right_square(const wg_adjoint *a) { return wg_mul(a->cotangent, wg_scale(a->in[0], 2)); }

static wg_node *square_backward(const wg_adjoint *a, int s) { return (void)s, right_square(a); }

/* ---- by shape ---- */

static wg_node *not_of_a_scalar(const wg_adjoint *a, int s)
{
    wg_node *right = right_square(a);
    return (void)s, wg_node_shape(a->in[0]).rank ? right : wg_scale(right, 3);
}
static wg_node *not_of_five_axes(const wg_adjoint *a, int s)
{
    wg_node *right = right_square(a);
    return (void)s, wg_node_shape(a->in[0]).rank != 5 ? right : wg_scale(right, 3);
}

START_TEST(an_adjoint_that_is_wrong_for_one_rank_fails)
{
    wg_op op = square_of("not_of_a_scalar", not_of_a_scalar);
    verify_expect_first(&op, "without the first 2 axes: the gradient of operand 0 is wrong");
    op = square_of("not_of_five_axes", not_of_five_axes);
    verify_expect_first(&op, "5 axes: the gradient of operand 0 is wrong");
}
END_TEST

/* The sum of each row, to the end of it; its gradient, up to column `columns`, a kernel of its own. */
WG_KERNEL(sum_rows, const T *x = c->in[0]; T *y = c->out; int64_t n = c->in_shape[0].dim[1];
          for (int64_t i = begin; i < end; i++) {
              y[i] = 0;
              for (int64_t k = 0; k < n; k++)
                  y[i] += x[i * n + k];
          })
WG_KERNEL(spread_rows, const T *v = c->in[0]; T *y = c->out; int64_t n = c->out_shape.dim[1];
          for (int64_t i = begin; i < end; i++) y[i] = i % n < 128 ? v[i / n] : 0;)

static wg_status infer_row(wg_infer *t)
{
    if (t->in[0].rank != 2)
        return wg_infer_fail(t, WG_ERR_SHAPE, "a matrix is asked for");
    t->out[0] = (wg_shape){ .dim = { t->in[0].dim[0] }, .rank = 1 };
    return WG_OK;
}
static wg_status infer_like(wg_infer *t)
{
    t->out[0] = t->in[1];
    return WG_OK;
}
static const wg_sample row_of_v[] = { { .in = { WG_VALUES(-1, 1, 3), WG_VALUES(-1, 1, 3, 4) } } };
static wg_node *sum_backward(const wg_adjoint *a, int s)
{
    return s ? wg_no_gradient(a) : wg_sum(a->cotangent, WG_AXES(1), false);
}
static const wg_op spread = { WG_OP, .name = "spread", .doc = "v, in each column", .arity = 2, .infer = infer_like,
                              .forward = WG_BOTH(spread_rows), .backward = sum_backward, WG_SAMPLES(row_of_v) };
static wg_node *spread_backward(const wg_adjoint *a, int s)
{
    return (void)s, wg_apply(&spread, WG_NODES(a->cotangent, a->in[0]), NULL);
}

START_TEST(a_gradient_that_is_wrong_far_along_a_row_fails)
{
    wg_op op = { WG_OP, .name = "row_sum", .doc = "sums of rows", .arity = 1, .infer = infer_row,
                 .forward = WG_BOTH(sum_rows), .backward = spread_backward, WG_SAMPLES(plain) };
    verify_expect_first(&op, "the gradient of operand 0 is wrong");
}
END_TEST

/* x^2, but for element 66000. */
static wg_status all_but_one(const wg_call *c, int64_t begin, int64_t end)
{
    const double *x = c->in[0];
    double *y = c->out;
    for (int64_t i = begin; i < end; i++)
        y[i] = x[i] * x[i] * (c->first + i == 66000 ? 1.001 : 1);
    return WG_OK;
}

START_TEST(one_element_of_very_many_fails)
{
    wg_op op = square_of("all_but_one", square_backward);
    op.forward.f64 = all_but_one;
    op.forward.f32 = NULL;
    verify_expect_first(&op, "element 66000 of its value is not what it is for the same operands among fewer");
}
END_TEST

/* ---- by operand ---- */

/* a b + c, where c may be left out. */
WG_KERNEL(muladd, const T *a = c->in[0]; const T *b = c->in[1];
          const T *d = c->n_in > 2 ? c->in[2] : NULL; T *y = c->out;
          for (int64_t i = begin; i < end; i++) y[i] = a[i] * b[i] + (d ? d[i] : 0);)
static wg_node *muladd_backward(const wg_adjoint *a, int s)
{
    return s == 2 ? a->cotangent : wg_mul(a->cotangent, a->in[1 - s]);
}
static wg_node *only_with_all(const wg_adjoint *a, int s)
{
    return a->n_in == 3 ? muladd_backward(a, s) : wg_scale(muladd_backward(a, s), 2);
}
static const wg_sample three[] = { { .in = { WG_VALUES(-2, 2, 3), WG_VALUES(-2, 2, 3), WG_VALUES(-2, 2, 3) } } };
static const wg_sample two[] = { { .in = { WG_VALUES(-2, 2, 3), WG_VALUES(-2, 2, 3) }, .n = 2 } };

START_TEST(an_adjoint_that_is_wrong_when_an_operand_is_left_out_fails)
{
    wg_op op = { WG_OP, .name = "muladd", .doc = "a b + c", .arity = 3, .optional = 1, .flags = WG_ELEMENTWISE,
                 .forward = WG_BOTH(muladd), .backward = muladd_backward, WG_SAMPLES(three) };
    verify_expect_first(&op, "");
    op.backward = only_with_all;
    verify_expect_first(&op, "the last 1 of 3 operands left out: the gradient of operand 0 is wrong");
    op.backward = muladd_backward;
    op.samples = two;
    verify_expect_first(&op, "no sample has operand 2");
}
END_TEST

/* a - b, which says that it commutes. */
WG_KERNEL(minus, const T *a = c->in[0]; const T *b = c->in[1]; T *y = c->out;
          for (int64_t i = begin; i < end; i++) y[i] = a[i] - b[i];)
static wg_node *minus_backward(const wg_adjoint *a, int s) { return s ? wg_neg(a->cotangent) : a->cotangent; }
WG_KERNEL(plus, const T *a = c->in[0]; const T *b = c->in[1]; T *y = c->out;
          for (int64_t i = begin; i < end; i++) y[i] = a[i] + b[i];)
static wg_node *plus_backward(const wg_adjoint *a, int s) { return (void)s, a->cotangent; }

START_TEST(what_falsely_says_that_it_commutes_fails)
{
    wg_op op = { WG_OP, .name = "plus", .doc = "a + b", .arity = 2, .flags = WG_ELEMENTWISE | WG_COMMUTES,
                 .forward = WG_BOTH(plus), .backward = plus_backward, WG_SAMPLES(two) };
    verify_expect_first(&op, "");
    op.forward = (wg_kernels)WG_BOTH(minus);
    op.backward = minus_backward;
    verify_expect_first(&op, "it says that it commutes, but f(b, a) is not f(a, b)");
    op.forward.f64 = plus_f64;
    op.backward = plus_backward;
    verify_expect_first(&op, "f32");
}
END_TEST

/* ---- by value ---- */

/* clip(v, -limit, limit) 2 x, and the like. */
static wg_node *clipped(const wg_adjoint *a, double limit)
{
    return wg_mul(wg_clip(a->cotangent, -limit, limit), wg_scale(a->in[0], 2));
}
static wg_node *clipped_at_10(const wg_adjoint *a, int s) { return (void)s, clipped(a, 10); }
static wg_node *clipped_at_a_million(const wg_adjoint *a, int s) { return (void)s, clipped(a, 1e6); }
static wg_node *nothing_below_1e_minus_9(const wg_adjoint *a, int s)
{
    wg_node *v = a->cotangent, *large = wg_gt(wg_abs(v), wg_const(wg_node_graph(v), 1e-9));
    return (void)s, wg_mul(wg_mul(v, wg_cast(large, wg_node_dtype(v))), wg_scale(a->in[0], 2));
}

START_TEST(cotangents_that_are_clipped_or_dropped_fail)
{
    wg_op op = square_of("clipped_at_10", clipped_at_10);
    verify_expect_first(&op, "is not linear in the cotangent");
    op = square_of("clipped_at_a_million", clipped_at_a_million);
    verify_expect_first(&op, "is not linear in the cotangent");
    op = square_of("nothing_below", nothing_below_1e_minus_9);
    verify_expect_first(&op, "is not linear in the cotangent");
}
END_TEST

/* relu, with a derivative of 1 at -0. */
static wg_status step_but_for_minus_zero(const wg_call *c, int64_t begin, int64_t end)
{
    const double *v = c->in[0], *x = c->in[1];
    double *y = c->out;
    for (int64_t i = begin; i < end; i++)
        y[i] = x[i] > 0 || (x[i] == 0 && signbit(x[i])) ? v[i] : 0;
    return WG_OK;
}
static const wg_op step_grad;
static wg_node *step_backward(const wg_adjoint *a, int s)
{
    return s ? wg_no_gradient(a) : wg_apply(&step_grad, WG_NODES(a->cotangent, a->in[1]), NULL);
}
static const wg_sample step_samples[] = { { .in = { WG_VALUES(-1, 1, 3), WG_VALUES(0.5, 2, 3) } } };
static const wg_op step_grad = { WG_OP, .name = "step_grad", .doc = "v where x > 0", .arity = 2,
                                 .flags = WG_ELEMENTWISE, .forward = { .f64 = step_but_for_minus_zero },
                                 .backward = step_backward, WG_SAMPLES(step_samples) };
static wg_node *relu_backward(const wg_adjoint *a, int s)
{
    return (void)s, wg_apply(&step_grad, WG_NODES(a->cotangent, a->in[0]), NULL);
}

START_TEST(the_other_zero_is_a_kink_too)
{
    wg_op op = *wg_registry_find(NULL, "relu");
    op.name = "relu_at_minus_zero";
    op.forward.f32 = NULL;
    op.rewrite = NULL;
    op.backward = relu_backward;
    verify_expect_first(&op, "at a kink the gradient of element");
}
END_TEST

/* x^3, whose adjoint divides by x: 0 / 0 and then 0, where x is 0; here with an offset, since x^2 hides it. */
WG_KERNEL(with_offset, const T *x = c->in[0]; T *y = c->out;
          for (int64_t i = begin; i < end; i++) y[i] = x[i] * x[i] + x[i];)
static wg_node *zero_at_zero(const wg_adjoint *a, int s)
{
    wg_node *x = a->in[0], *is = wg_cast(wg_ne(x, wg_const(wg_node_graph(x), 0)), wg_node_dtype(x));
    return (void)s, wg_mul(wg_mul(a->cotangent, is), wg_shift(wg_scale(x, 2), 1));
}

START_TEST(an_adjoint_that_is_wrong_at_zero_fails)
{
    wg_op op = square_of("zero_at_zero", zero_at_zero);
    op.forward = (wg_kernels)WG_BOTH(with_offset);
    verify_expect_first(&op, "with an element 0: the gradient of operand 0 is wrong");
}
END_TEST

/* Half as steep again, near the upper end of the range. */
static wg_node *steeper_at_the_end(const wg_adjoint *a, int s)
{
    wg_node *x = a->in[0], *far = wg_cast(wg_gt(x, wg_const(wg_node_graph(x), 1.8)), wg_node_dtype(x));
    return (void)s, wg_mul(right_square(a), wg_shift(wg_scale(far, 0.5), 1));
}

START_TEST(an_adjoint_that_is_wrong_near_the_end_of_its_range_fails)
{
    wg_op op = square_of("steeper_at_the_end", steeper_at_the_end);
    verify_expect_first(&op, "values close to the ends of their ranges: the gradient of operand 0 is wrong");
}
END_TEST

/* Kinks that cover x > 1 keep differences away from there. */
static double kink_everywhere_above_1(const void *attrs, const double *x)
{
    return (void)attrs, x[0] > 1 ? 0 : 1 - x[0];
}

START_TEST(kinks_that_fill_a_part_of_the_range_fail)
{
    wg_op op = square_of("hidden", square_backward);
    op.kink = kink_everywhere_above_1;
    verify_expect_first(&op, "kinks that fill a part of the range hide it");
}
END_TEST

/* sin(5000 x) turns thousands of times within the longest step. */
WG_KERNEL(sin_5000, const T *x = c->in[0]; T *y = c->out;
          for (int64_t i = begin; i < end; i++) y[i] = (T)sin(5000 * (double)x[i]);)
static wg_node *cos_5000(const wg_adjoint *a, int s)
{
    return (void)s, wg_mul(a->cotangent, wg_scale(wg_cos(wg_scale(a->in[0], 5000)), 5000));
}

START_TEST(what_turns_within_a_step_is_not_accused)
{
    static const wg_sample unit[] = { { .in = { WG_VALUES(-1, 1, 3, 4) } } };
    wg_op op = square_of("sin_5000", cos_5000);
    op.forward = (wg_kernels)WG_BOTH(sin_5000);
    op.samples = unit;
    for (uint64_t seed = 1; seed <= 16; seed += test_stride() > 1 ? 8 : 1) {
        wg_report *r = NULL;
        wg_status st = wg_verify_op_with(&op, WG_OPTS(wg_verify_opts, .seed = seed, .order = 1), &r);
        ck_assert(st == WG_OK || st == WG_ERR_VERIFY);
        for (size_t i = 0; i < wg_report_count(r); i++) { /* that nothing can be said of it, may be said */
            wg_check check = wg_report_at(r, i);
            ck_assert_msg(check.verdict != WG_FAIL || strcmp(check.what, "gradient") != 0, "%s", check.text);
        }
        wg_report_free(r);
    }
}
END_TEST

/* max(x - b, 0), with b broadcast: its gradient is a sum, of which one term is at its kink. */
WG_KERNEL(above, const T *x = c->in[0]; const T *b = c->in[1]; T *y = c->out;
          for (int64_t i = begin; i < end; i++) y[i] = x[i] > b[i] ? x[i] - b[i] : 0;)
static double above_kink(const void *attrs, const double *x) { return (void)attrs, fabs(x[0] - x[1]); }
static wg_node *above_backward(const wg_adjoint *a, int s)
{
    wg_node *g = wg_mul(a->cotangent, wg_cast(wg_gt(a->in[0], a->in[1]), wg_node_dtype(a->in[0])));
    return s ? wg_neg(g) : g;
}
static wg_node *above_steep(const wg_adjoint *a, int s)
{
    wg_node *g = wg_mul(a->cotangent, wg_cast(wg_ge(a->in[0], a->in[1]), wg_node_dtype(a->in[0])));
    return s ? wg_neg(g) : g;
}
static const wg_sample above_samples[] = { { .in = { WG_VALUES(-2, 2, 12), WG_VALUES(-1, 1, 1) } } };

START_TEST(the_flatter_side_is_that_of_the_element_at_its_kink)
{
    wg_op op = { WG_OP, .name = "above", .doc = "max(x - b, 0)", .arity = 2, .flags = WG_ELEMENTWISE,
                 .forward = WG_BOTH(above), .backward = above_backward, .kink = above_kink,
                 .at_kink = WG_KINK_FLATTER, WG_SAMPLES(above_samples) };
    for (uint64_t seed = 1; seed <= 16; seed += test_stride() > 1 ? 8 : 1)
        ck_assert_msg(wg_verify_op_with(&op, WG_OPTS(wg_verify_opts, .seed = seed), NULL) == WG_OK, "%s", wg_error());
    op.backward = above_steep;
    verify_expect(&op, "by its own convention");
    op.at_kink = WG_KINK_STEEPER;
    ck_assert_msg(wg_verify_op(&op, NULL) == WG_OK, "%s", wg_error());
}
END_TEST

/* ---- by attributes, and by how many results are used ---- */

typedef struct slope {
    double k;
    int64_t n;
} slope;
static const wg_attr slope_attrs[] = { { "k", WG_ATTR_F64, offsetof(slope, k), "1.5", NULL },
                                       { "n", WG_ATTR_I64, offsetof(slope, n), "2", NULL },
                                       { 0 } };
WG_KERNEL(sloping, const slope *p = c->attrs; const T *x = c->in[0]; T *y = c->out;
          for (int64_t i = begin; i < end; i++) y[i] = (T)(p->k * (double)p->n) * x[i];)
static wg_node *sloping_backward(const wg_adjoint *a, int s)
{
    const slope *p = a->attrs;
    return (void)s, wg_scale(a->cotangent, p->k * (double)p->n);
}
static wg_node *never_downwards(const wg_adjoint *a, int s)
{
    const slope *p = a->attrs;
    return (void)s, wg_scale(a->cotangent, fabs(p->k) * (double)p->n);
}
static wg_node *not_by_three(const wg_adjoint *a, int s)
{
    const slope *p = a->attrs;
    return (void)s, wg_scale(a->cotangent, p->k * (double)(p->n == 3 ? 2 : p->n));
}

START_TEST(attributes_of_the_other_sign_and_the_next_number_are_tried)
{
    wg_op op = square_of("sloping", sloping_backward);
    op.forward = (wg_kernels)WG_BOTH(sloping);
    op.attrs = slope_attrs, op.attrs_size = sizeof(slope);
    verify_expect_first(&op, "");
    op.backward = never_downwards;
    verify_expect_first(&op, "k -1.21875: the gradient of operand 0 is wrong");
    op.backward = not_by_three;
    verify_expect_first(&op, "n 3: the gradient of operand 0 is wrong");
}
END_TEST

/* x and 2 x. */
static wg_status two_multiples(const wg_call *c, int64_t begin, int64_t end)
{
    const double *x = c->in[0];
    double *y = c->outs[0], *z = c->outs[1];
    for (int64_t i = begin; i < end; i++)
        y[i] = x[i], z[i] = 2 * x[i];
    return WG_OK;
}
static wg_status infer_two(wg_infer *t)
{
    t->out[0] = t->out[1] = t->in[0];
    t->out_type[1] = t->out_type[0];
    return WG_OK;
}
static wg_node *crossed(const wg_adjoint *a, int s)
{
    wg_node *right = wg_add(a->cotangents[0], wg_scale(a->cotangents[1], 2));
    return (void)s, wg_add(right, wg_mul(a->cotangents[0], a->cotangents[1]));
}

static wg_node *of_the_first(const wg_adjoint *a, int s) { return (void)s, a->cotangents[0]; }

START_TEST(an_adjoint_that_is_wrong_for_two_cotangents_at_once_fails)
{
    wg_op op = { WG_OP, .name = "crossed", .doc = "x, 2 x", .arity = 1, .results = 2, .infer = infer_two,
                 .forward = { .f64 = two_multiples }, .backward = crossed, WG_SAMPLES(plain) };
    verify_expect_first(&op, "all results at once: the gradient of operand 0 is wrong");
}
END_TEST

START_TEST(the_result_is_named_whose_cotangent_an_adjoint_forgets)
{
    wg_op op = { WG_OP, .name = "forgetful", .doc = "x, 2 x", .arity = 1, .results = 2, .infer = infer_two,
                 .forward = { .f64 = two_multiples }, .backward = of_the_first, WG_SAMPLES(plain) };
    verify_expect_first(&op, "sample 0, result 1 alone: the gradient of operand 0 is wrong");
}
END_TEST

/* ---- by how the graph is made ---- */

/* The cotangent over the number of rows, which may not be known yet. */
WG_KERNEL(mean_rows, const T *x = c->in[0]; T *y = c->out; int64_t m = c->in_shape[0].dim[0], n = c->out_shape.dim[0];
          for (int64_t i = begin; i < end; i++) {
              y[i] = 0;
              for (int64_t r = 0; r < m; r++)
                  y[i] += x[r * n + i] / (T)m;
          })
static wg_status infer_columns(wg_infer *t)
{
    if (t->in[0].rank != 2 || t->in[0].dim[0] == 0)
        return wg_infer_fail(t, WG_ERR_SHAPE, "a matrix with rows is asked for");
    t->out[0] = (wg_shape){ .dim = { t->in[0].dim[1] }, .rank = 1 };
    return WG_OK;
}
static wg_node *over_rows(const wg_adjoint *a, int s)
{
    wg_node *each = wg_scale(a->cotangent, 1 / (double)wg_node_shape(a->in[0]).dim[0]);
    return (void)s, wg_add(wg_expand_dims(each, WG_AXES(0)), wg_zeros_like(a->in[0]));
}

START_TEST(an_adjoint_that_needs_a_size_too_early_fails)
{
    wg_op op = { WG_OP, .name = "over_rows", .doc = "means of columns", .arity = 1, .infer = infer_columns,
                 .forward = WG_BOTH(mean_rows), .backward = over_rows, WG_SAMPLES(plain) };
    verify_expect_first(&op, "the gradient of operand 0 is another when the first size is known only when it is run");
}
END_TEST

/* x^3, in two steps by way of the result. */
WG_KERNEL(two_steps, const T *x = c->in[0]; T *y = c->out; for (int64_t i = begin; i < end; i++) {
    y[i] = x[i] * x[i];
    y[i] = y[i] * x[i];
})
static wg_node *cube_backward(const wg_adjoint *a, int s)
{
    return (void)s, wg_mul(a->cotangent, wg_scale(wg_square(a->in[0]), 3));
}

START_TEST(a_kernel_that_cannot_write_over_its_operand_fails)
{
    wg_op op = square_of("two_steps", cube_backward);
    op.forward = (wg_kernels)WG_BOTH(two_steps);
    verify_expect_first(&op, "its value is another when it is written over operand 0");
}
END_TEST

/* x[i][k[i]], of k in either width says inference, but read as i64. */
WG_KERNEL(picked, const T *x = c->in[0]; const int64_t *k = c->in[1]; T *y = c->out; int64_t d = c->in_shape[0].dim[1];
          for (int64_t i = begin; i < end; i++) {
              if (k[i] < 0 || k[i] >= d)
                  return wg_call_fail(c, WG_ERR_RANGE, "%lld is no column", (long long)k[i]);
              y[i] = x[i * d + k[i]];
          })
static wg_status infer_picked(wg_infer *t)
{
    int64_t n;
    if (t->in[0].rank != 2 || t->in[1].rank != 1 || !wg_dim_unify(t->in[0].dim[0], t->in[1].dim[0], &n))
        return wg_infer_fail(t, WG_ERR_SHAPE, "(n, d) and (n) are asked for");
    if (t->in_type[1] != WG_I64 && t->in_type[1] != WG_I32)
        return wg_infer_fail(t, WG_ERR_DTYPE, "indices are integers");
    t->out[0] = t->in[1];
    return WG_OK;
}
static wg_node *picked_backward(const wg_adjoint *a, int s)
{
    if (s)
        return wg_no_gradient(a);
    wg_node *is = wg_eq(wg_iota(a->in[0], 1, WG_I64), wg_cast(wg_expand_dims(a->in[1], WG_AXES(1)), WG_I64));
    return wg_mul(wg_cast(is, wg_node_dtype(a->in[0])), wg_expand_dims(a->cotangent, WG_AXES(1)));
}
static const wg_sample picked_samples[] = { { .in = { WG_VALUES(-2, 2, 6, 3), { WG_DIMS(6), 0, 2, WG_I64, false } } } };

START_TEST(indices_of_the_other_width_may_not_be_refused)
{
    wg_op op = { WG_OP, .name = "picked", .doc = "x[i][k[i]]", .arity = 2, .flags = WG_CAN_FAIL, .infer = infer_picked,
                 .forward = WG_BOTH(picked), .backward = picked_backward, WG_SAMPLES(picked_samples) };
    verify_expect_first(&op, "operand 1 of i32: picked");
}
END_TEST

/* ---- by memory ---- */

/* Rounds its operand down to a multiple of 2^-20, and squares it: once it has run, the operand is what it makes of it. */
static wg_status rounds_its_operand(const wg_call *c, int64_t begin, int64_t end)
{
    double *x = (double *)(uintptr_t)c->in[0], *y = c->out;
    for (int64_t i = begin; i < end; i++) {
        double rounded = floor(x[i] * 0x1p20) * 0x1p-20;
        y[i] = x[i] * x[i];
        if (&y[i] != &x[i])
            x[i] = rounded;
    }
    return WG_OK;
}

/* The square of each element and nothing of the next one, which is read nevertheless: not for AddressSanitizer to find. */
__attribute__((no_sanitize("address"))) static wg_status reads_on(const wg_call *c, int64_t begin, int64_t end)
{
    const double *x = c->in[0];
    double *y = c->out;
    int64_t n = c->out_shape.dim[0];
    for (int64_t i = begin; i < end; i++)
        y[i] = x[i] * x[i] + 0 * x[i < n ? i + 1 : i];
    return WG_OK;
}

START_TEST(what_writes_or_reads_where_it_must_not_is_told)
{
    static const wg_sample line[] = { { .in = { WG_VALUES(-2, 2, 5) } } };
    wg_op op = square_of("rounds_its_operand", square_backward);
    op.forward = (wg_kernels){ .f64 = rounds_its_operand };
    op.flags = 0;
    verify_expect_first(&op, "it writes into its operands");
    op = square_of("reads_on", square_backward);
    op.forward = (wg_kernels){ .f64 = reads_on };
    op.flags = 0;
    op.samples = line;
    if (test_stride() == 1) /* valgrind would tell, too */
        verify_expect_first(&op, "its value depends on what stands in memory beside its operands");
}
END_TEST

/* ---- names ---- */

/* v 2 x, but for one element, where there are many. */
static wg_status all_but_777(const wg_call *c, int64_t begin, int64_t end)
{
    const double *v = c->in[0], *x = c->in[1];
    double *y = c->out;
    for (int64_t i = begin; i < end; i++)
        y[i] = 2 * v[i] * x[i] * (c->first + i == 777 ? 1.01 : 1);
    return WG_OK;
}
static wg_node *square_grad_backward(const wg_adjoint *a, int s)
{
    return wg_scale(wg_mul(a->cotangent, a->in[1 - s]), 2);
}
static const wg_op square_grad = { WG_OP, .name = "square_grad", .doc = "2 v x", .arity = 2, .flags = WG_ELEMENTWISE,
                                   .forward = { .f64 = all_but_777 }, .backward = square_grad_backward,
                                   WG_SAMPLES(two) };
static wg_node *by_square_grad(const wg_adjoint *a, int s)
{
    return (void)s, wg_apply(&square_grad, WG_NODES(a->cotangent, a->in[0]), NULL);
}
static wg_node *nearly(const wg_adjoint *a, int s) { return (void)s, wg_scale(right_square(a), 1 + 4e-10); }

START_TEST(a_lone_element_is_found_among_many_and_a_small_factor_told)
{
    wg_op op = square_of("all_but_777", by_square_grad);
    op.forward.f32 = NULL;
    verify_expect_first(&op, "element 777 of its gradient for operand 0 is not what it is for the same operands among fewer");
    wg_report *r = NULL;
    bool told = false;
    ck_assert_int_eq(wg_verify_op(&op, &r), WG_ERR_VERIFY);
    for (size_t i = 0; i < wg_report_count(r); i++)
        told = told || strstr(wg_report_at(r, i).kind, "a few of many elements ([777] among them)");
    ck_assert(told);
    wg_report_free(r);
    op = square_of("nearly", nearly);
    verify_expect_first(&op, "(1 + 4e-10 times that)");
}
END_TEST

TCase *verify_rare_mistakes(void)
{
    TCase *t = tcase_create("rare mistakes");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, an_adjoint_that_is_wrong_for_one_rank_fails);
    tcase_add_test(t, a_gradient_that_is_wrong_far_along_a_row_fails);
    tcase_add_test(t, one_element_of_very_many_fails);
    tcase_add_test(t, an_adjoint_that_is_wrong_when_an_operand_is_left_out_fails);
    tcase_add_test(t, what_falsely_says_that_it_commutes_fails);
    tcase_add_test(t, cotangents_that_are_clipped_or_dropped_fail);
    tcase_add_test(t, the_other_zero_is_a_kink_too);
    tcase_add_test(t, an_adjoint_that_is_wrong_at_zero_fails);
    tcase_add_test(t, an_adjoint_that_is_wrong_near_the_end_of_its_range_fails);
    tcase_add_test(t, kinks_that_fill_a_part_of_the_range_fail);
    tcase_add_test(t, what_turns_within_a_step_is_not_accused);
    tcase_add_test(t, the_flatter_side_is_that_of_the_element_at_its_kink);
    tcase_add_test(t, indices_of_the_other_width_may_not_be_refused);
    tcase_add_test(t, attributes_of_the_other_sign_and_the_next_number_are_tried);
    tcase_add_test(t, an_adjoint_that_is_wrong_for_two_cotangents_at_once_fails);
    tcase_add_test(t, the_result_is_named_whose_cotangent_an_adjoint_forgets);
    tcase_add_test(t, an_adjoint_that_needs_a_size_too_early_fails);
    tcase_add_test(t, a_kernel_that_cannot_write_over_its_operand_fails);
    tcase_add_test(t, what_writes_or_reads_where_it_must_not_is_told);
    tcase_add_test(t, a_lone_element_is_found_among_many_and_a_small_factor_told);
    return t;
}
