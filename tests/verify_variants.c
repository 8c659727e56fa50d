/* Operators that are wrong where two alterations of a sample meet: a path that an attribute chooses, or a missing operand, is
 * wrong in a broadcast, at a length, for one node in two slots. */
#include <math.h>
#include <stddef.h>
#include <wengert.h>

#include "verify_suite.h"

typedef struct gate {
    bool negate, square;
} gate;

static const wg_attr gate_attrs[] = { { "negate", WG_ATTR_BOOL, offsetof(gate, negate), "false", NULL },
                                      { "square", WG_ATTR_BOOL, offsetof(gate, square), "false", NULL },
                                      { 0 } };

/* +- x w, or +- x w^2 */
WG_KERNEL(gate_forward, const gate *o = c->attrs; const T *x = c->in[0]; const T *w = c->in[1]; T *y = c->out;
          for (int64_t i = begin; i < end; i++) y[i] = (o->negate ? -x[i] : x[i]) * w[i] * (o->square ? w[i] : 1);)

static wg_node *gate_backward(const wg_adjoint *a, int s)
{
    const gate *o = a->attrs;
    wg_node *x = a->in[0], *w = a->in[1], *g = o->negate ? wg_neg(a->cotangent) : a->cotangent;
    if (!s)
        return wg_mul(g, o->square ? wg_square(w) : w);
    return wg_mul(g, o->square ? wg_scale(wg_mul(x, w), 2) : x);
}

static wg_node *wrong_if(const wg_adjoint *a, int s, bool wrong)
{
    wg_node *right = gate_backward(a, s);
    return wrong ? wg_neg(right) : right;
}

static int rank_of(const wg_adjoint *a, int s) { return wg_node_shape(a->in[s]).rank; }
static bool negates(const wg_adjoint *a) { return ((const gate *)a->attrs)->negate; }
static bool squares(const wg_adjoint *a) { return ((const gate *)a->attrs)->square; }

static wg_node *negated_row(const wg_adjoint *a, int s)
{
    return wrong_if(a, s, negates(a) && rank_of(a, 1) == 1 && rank_of(a, 0) == 2);
}
static wg_node *negated_and_squared(const wg_adjoint *a, int s) { return wrong_if(a, s, negates(a) && squares(a)); }
static wg_node *squared_of_one(const wg_adjoint *a, int s)
{
    return wrong_if(a, s, squares(a) && a->in[0] == a->in[1]);
}

static const wg_sample pairs[] = { { .in = { WG_VALUES(-2, 2, 3, 4), WG_VALUES(-2, 2, 3, 4) } } };
static wg_op gate_of(const char *name, wg_node *(*backward)(const wg_adjoint *, int))
{
    return (wg_op){ WG_OP, .name = name, .doc = "+- x w^k", .arity = 2, .flags = WG_ELEMENTWISE, .attrs = gate_attrs,
                    .attrs_size = sizeof(gate), .forward = WG_BOTH(gate_forward), .backward = backward,
                    WG_SAMPLES(pairs) };
}

START_TEST(a_choice_that_is_wrong_in_some_shapes_fails)
{
    wg_op op = gate_of("gate", gate_backward);
    verify_expect(&op, "");
    op = gate_of("negated_row", negated_row);
    verify_expect_first(&op, "negate true, operand 1 without its first 1 axes: the gradient of operand 0 is wrong");
    op = gate_of("squared_of_one", squared_of_one);
    verify_expect_first(&op, "square true, one operand in slots 0 and 1: the gradient of operand 0 is wrong");
    op = gate_of("negated_and_squared", negated_and_squared);
    verify_expect_first(&op, "negate true, square true: the gradient of operand 0 is wrong");
}
END_TEST

/* Four at a time, but the sign of the rest is forgotten. */
static wg_status gate_by_fours(const wg_call *c, int64_t begin, int64_t end)
{
    const gate *o = c->attrs;
    const double *x = c->in[0], *w = c->in[1];
    double *y = c->out;
    gate_forward_f64(c, begin, end);
    for (int64_t i = end - end % 4; i < end && o->negate; i++)
        y[i] = x[i] * w[i];
    return WG_OK;
}

START_TEST(a_choice_that_is_wrong_at_some_lengths_fails)
{
    wg_op op = gate_of("by_fours", gate_backward);
    op.forward.f64 = gate_by_fours;
    verify_expect(&op, "negate true, length ");
}
END_TEST

/* x g + b, where b may be left out */
WG_KERNEL(affine_forward, const T *x = c->in[0]; const T *g = c->in[1]; const T *b = c->n_in > 2 ? c->in[2] : NULL;
          T *y = c->out; for (int64_t i = begin; i < end; i++) y[i] = x[i] * g[i] + (b ? b[i] : 0);)

static wg_node *averages_a_row(const wg_adjoint *a, int s)
{
    if (s == 2)
        return a->cotangent;
    wg_node *right = wg_mul(a->cotangent, a->in[1 - s]);
    bool row = s == 1 && a->n_in == 2 && rank_of(a, 1) == 1 && rank_of(a, 0) == 2;
    return row ? wg_mean(right, WG_AXES(0), false) : right;
}

static const wg_sample triples[] = {
    { .in = { WG_VALUES(-2, 2, 3, 4), WG_VALUES(-2, 2, 3, 4), WG_VALUES(-2, 2, 3, 4) } }
};

START_TEST(a_broadcast_that_is_wrong_without_the_last_operand_fails)
{
    wg_op op = { WG_OP, .name = "affine", .doc = "x g + b", .arity = 3, .optional = 1, .flags = WG_ELEMENTWISE,
                 .forward = WG_BOTH(affine_forward), .backward = averages_a_row, WG_SAMPLES(triples) };
    verify_expect_first(&op, "the last 1 of 3 operands left out, operand 1 without its first 1 axes: ");
}
END_TEST

/* sum (x - w)^2, or its root, which has no derivative where both are one */
typedef struct apart {
    bool root;
} apart;
static const wg_attr apart_attrs[] = { { "root", WG_ATTR_BOOL, offsetof(apart, root), "false", NULL }, { 0 } };
static wg_status infer_apart(wg_infer *t)
{
    t->out[0] = WG_SCALAR;
    return wg_shape_equal(t->in[0], t->in[1]) ? WG_OK : wg_infer_fail(t, WG_ERR_SHAPE, "two of one shape are asked for");
}
WG_KERNEL(apart_forward, (void)begin; (void)end; const apart *o = c->attrs; const T *x = c->in[0]; const T *w = c->in[1];
          T *y = c->out; double sum = 0; for (int64_t i = 0; i < wg_shape_count(c->in_shape[0]); i++) sum +=
          ((double)x[i] - (double)w[i]) * ((double)x[i] - (double)w[i]);
          y[0] = (T)(o->root ? sqrt(sum) : sum);)
static wg_node *apart_backward(const wg_adjoint *a, int s)
{
    const apart *o = a->attrs;
    wg_node *d = wg_sub(a->in[s], a->in[1 - s]);
    return wg_mul(a->cotangent, o->root ? wg_div(d, a->output) : wg_scale(d, 2));
}

START_TEST(a_choice_without_a_derivative_for_one_operand_is_excused)
{
    wg_op op = { WG_OP, .name = "apart", .doc = "sum (x - w)^2", .arity = 2, .infer = infer_apart,
                 .attrs = apart_attrs, .attrs_size = sizeof(apart), .forward = WG_BOTH(apart_forward),
                 .backward = apart_backward, WG_SAMPLES(pairs) };
    verify_expect(&op, "");
}
END_TEST

/* ---- many axes ---- */

static wg_status infer_transposed(wg_infer *t)
{
    int rank = t->in[0].rank;
    if (rank < 2)
        return wg_infer_fail(t, WG_ERR_SHAPE, "two axes are asked for");
    t->out[0] = t->in[0];
    t->out[0].dim[rank - 1] = t->in[0].dim[rank - 2];
    t->out[0].dim[rank - 2] = t->in[0].dim[rank - 1];
    return WG_OK;
}

/* 2 x, its last two axes exchanged; of all leading axes but those after the third. */
WG_KERNEL(transpose_some, (void)begin; (void)end; const T *x = c->in[0]; T *y = c->out; wg_shape s = c->in_shape[0];
          int64_t n = 1; int64_t rows = s.dim[s.rank - 2]; int64_t columns = s.dim[s.rank - 1];
          for (int axis = 0; axis < s.rank - 2 && axis < 3; axis++) n *= s.dim[axis];
          for (int64_t k = 0; k < n * rows * columns; k++) {
              int64_t row = k / columns % rows;
              int64_t column = k % columns;
              y[k - k % (rows * columns) + column * rows + row] = 2 * x[k];
          })
static wg_node *transposed_backward(const wg_adjoint *a, int s)
{
    int rank = rank_of(a, s);
    wg_axes order = { .n = rank };
    for (int i = 0; i < rank; i++)
        order.at[i] = i;
    order.at[rank - 1] = rank - 2;
    order.at[rank - 2] = rank - 1;
    return wg_scale(wg_permute(a->cotangent, order), 2);
}
static const wg_sample matrix[] = { { .in = { WG_VALUES(-2, 2, 3, 4) } } };

START_TEST(a_kernel_that_forgets_the_fourth_leading_axis_fails)
{
    wg_op op = { WG_OP, .name = "transpose_some", .doc = "2 x^T", .arity = 1, .infer = infer_transposed,
                 .forward = WG_BOTH(transpose_some), .backward = transposed_backward, WG_SAMPLES(matrix) };
    verify_expect(&op, "sample 0, 8 axes: its value");
}
END_TEST

/* ---- sizes that are named, and operations that share memory ---- */

static wg_status infer_one_less(wg_infer *t)
{
    t->out[0] = t->in[0];
    t->out[0].dim[0] -= 1;
    bool empty = t->in[0].rank < 1 || t->in[0].dim[0] == 0;
    return empty ? wg_infer_fail(t, WG_ERR_SHAPE, "nothing to leave out") : WG_OK;
}
WG_KERNEL(but_the_first, const T *x = c->in[0]; T *y = c->out;
          for (int64_t i = begin; i < end; i++) y[i] = x[i + 1];)
static const wg_sample row[] = { { .in = { WG_VALUES(-2, 2, 4) } } };

START_TEST(a_result_with_a_name_that_no_operand_has_fails)
{
    wg_op op = { WG_OP, .name = "one_less", .doc = "x without its first", .arity = 1, .flags = WG_NO_GRADIENT,
                 .infer = infer_one_less, .forward = WG_BOTH(but_the_first), WG_SAMPLES(row) };
    verify_expect_first(&op, "where operand 0 is (K) its result 0 is said to be (L)");
}
END_TEST

static int64_t row_length;
static wg_status infer_rows(wg_infer *t)
{
    if (t->in[0].rank < 1)
        return wg_infer_fail(t, WG_ERR_SHAPE, "an axis is asked for");
    t->out[0] = t->in[0];
    t->out[0].rank--;
    return WG_OK;
}
static wg_status lower_rows(wg_lowering *l)
{
    row_length = l->in_shape[0].dim[l->in_shape[0].rank - 1];
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .extent = wg_shape_count(l->out_shape[0]), .grain = 1, .cost = (double)row_length };
    return WG_OK;
}
WG_KERNEL(sum_of_rows, const T *x = c->in[0]; T *y = c->out; for (int64_t i = begin; i < end; i++) {
    y[i] = 0;
    for (int64_t k = 0; k < row_length; k++)
        y[i] += x[i * row_length + k];
})
static wg_node *rows_backward(const wg_adjoint *a, int s)
{
    return wg_mul(wg_expand_dims(a->cotangent, WG_AXES(-1)), wg_ones_like(a->in[s]));
}

START_TEST(what_lowering_keeps_for_all_operations_fails)
{
    wg_op op = { WG_OP, .name = "rows", .doc = "sums of rows", .arity = 1, .infer = infer_rows, .lower = lower_rows,
                 .forward = WG_BOTH(sum_of_rows), .backward = rows_backward, WG_SAMPLES(matrix) };
    verify_expect_first(&op, "of what was prepared before is another since then");
}
END_TEST

TCase *verify_variants(void)
{
    TCase *t = tcase_create("variants");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, a_choice_that_is_wrong_in_some_shapes_fails);
    tcase_add_test(t, a_choice_that_is_wrong_at_some_lengths_fails);
    tcase_add_test(t, a_broadcast_that_is_wrong_without_the_last_operand_fails);
    tcase_add_test(t, a_choice_without_a_derivative_for_one_operand_is_excused);
    tcase_add_test(t, a_kernel_that_forgets_the_fourth_leading_axis_fails);
    tcase_add_test(t, a_result_with_a_name_that_no_operand_has_fails);
    tcase_add_test(t, what_lowering_keeps_for_all_operations_fails);
    return t;
}
