/* lib/grad: derivatives of any order, forward mode, Hessian-vector products, and what is refused. */
#include <math.h>
#include <string.h>

#include "suite.h"
#include <wengert.h>

static wg_graph *g;
static wg_node *x;
static const double xs[] = { 0.5, -1.25, 2 };

static void set_up(void)
{
    g = wg_graph_new();
    x = wg_input(g, "x", WG_F64, WG_SHAPE(3));
}

static void tear_down(void) { wg_graph_free(g); }

/* Element i of y at x = xs. */
static double at(wg_node *y, int64_t i)
{
    wg_plan *plan = wg_compile(g, WG_INFER, WG_NODES(y));
    wg_exec *e = wg_exec_new(plan);
    ck_assert_msg(e != NULL, "%s", wg_error());
    ck_assert_int_eq(wg_bind(e, x, WG_VIEW(xs, 3)), WG_OK);
    ck_assert_msg(wg_run(e) == WG_OK, "%s", wg_error());
    double value = wg_view_at(wg_result(e, y), i);
    wg_exec_free(e), wg_plan_free(plan);
    return value;
}

static wg_node *total(wg_node *y) { return wg_sum(y, WG_ALL_AXES, false); }

START_TEST(derivatives_of_any_order)
{
    /* y = sum x^4 by squares; its derivatives are 4x^3, 12x^2, 24x, 24, 0 */
    wg_node *y = total(wg_square(wg_square(x)));
    const double expected[] = { 4 * 8, 12 * 4, 24 * 2, 24, 0 };
    for (int order = 0; order < 5; order++) {
        wg_node *d = wg_grad(y, x);
        ck_assert_msg(d != NULL, "%s", wg_error());
        ck_assert_double_eq_tol(at(d, 2), expected[order], 1e-12);
        y = total(d);
    }
}
END_TEST

START_TEST(fan_out_and_the_same_node_in_both_slots_are_summed)
{
    ck_assert_double_eq_tol(at(wg_grad(total(wg_mul(x, x)), x), 1), -2.5, 1e-15);
    wg_node *t = wg_tanh(x), *y = total(wg_add(wg_mul(t, x), wg_exp(t)));
    double s = tanh(-1.25), ds = 1 - s * s;
    ck_assert_double_eq_tol(at(wg_grad(y, x), 1), ds * -1.25 + s + exp(s) * ds, 1e-14);
}
END_TEST

START_TEST(a_cotangent_is_reduced_to_the_broadcast_operand)
{
    wg_node *b = wg_param(g, "b", WG_F64, WG_SHAPE(1), wg_init_constant(2));
    wg_node *y = total(wg_mul(wg_expand_dims(x, WG_AXES(0)), wg_mul(b, wg_expand_dims(x, WG_AXES(1)))));
    wg_node *d = wg_grad(y, b);
    ck_assert_int_eq(wg_node_shape(d).rank, 1);
    double sum = xs[0] + xs[1] + xs[2];
    ck_assert_double_eq_tol(at(d, 0), sum * sum, 1e-13);
}
END_TEST

START_TEST(forward_mode_equals_the_product_with_the_jacobian)
{
    wg_node *v = wg_constant(g, "v", WG_VIEW(((const double[]){ 1, -2, 3 }), 3));
    wg_node *y = wg_mul(wg_sin(x), total(x)); /* J = diag(cos x * s) + sin x 1^T */
    wg_node *j = wg_jvp(y, x, v);
    ck_assert_msg(j != NULL, "%s", wg_error());
    double s = xs[0] + xs[1] + xs[2];
    ck_assert_double_eq_tol(at(j, 1), cos(xs[1]) * s * -2 + sin(xs[1]) * 2, 1e-14);
}
END_TEST

START_TEST(a_hessian_vector_product)
{
    wg_node *v = wg_constant(g, "v", WG_VIEW(((const double[]){ 1, -2, 3 }), 3));
    wg_node *y = wg_mul(total(wg_square(x)), total(x)); /* H v = 2 v s + 2 (x.v) 1 + 2 x (1.v), s = sum x */
    wg_grads h = wg_hvp(y, WG_NODES(x), WG_NODES(v));
    ck_assert_uint_eq(h.of.n, 1);
    double s = xs[0] + xs[1] + xs[2], xv = xs[0] - 2 * xs[1] + 3 * xs[2];
    ck_assert_double_eq_tol(at(h.of.at[0], 2), 2 * 3 * s + 2 * xv + 2 * xs[2] * 2, 1e-13);
}
END_TEST

START_TEST(what_does_not_depend_has_a_zero_gradient_of_its_shape)
{
    wg_node *b = wg_param(g, "b", WG_F64, WG_SHAPE(2, 2), wg_init_he());
    wg_node *d = wg_grad(total(wg_stop_gradient(x)), x), *e = wg_grad(total(x), b);
    ck_assert_double_eq(at(d, 0), 0);
    ck_assert_double_eq(at(e, 3), 0);
    ck_assert_int_eq(wg_node_shape(e).rank, 2);
}
END_TEST

START_TEST(a_node_in_the_middle_can_be_differentiated_by)
{
    wg_node *p = wg_sigmoid(x), *y = wg_constant(g, NULL, WG_VIEW(((const double[]){ 1, 0, 1 }), 3));
    wg_node *loss = wg_bce(p, y, WG_SUM);
    double q = 1 / (1 + exp(1.25));
    ck_assert_double_eq_tol(at(wg_grad(loss, p), 1), 1 / (1 - q), 1e-13);
    ck_assert_double_eq_tol(at(wg_grad(loss, x), 1), q, 1e-15);
}
END_TEST

START_TEST(trainable_lists_the_params_in_creation_order)
{
    wg_node *a = wg_param(g, "a", WG_F64, WG_SHAPE(3), wg_init_zeros());
    wg_node *b = wg_param(g, "b", WG_F64, WG_SHAPE(3), wg_init_zeros());
    wg_variable(g, "v", WG_F64, WG_SHAPE(3), wg_init_zeros());
    wg_nodes t = wg_trainable(total(wg_mul(b, wg_mul(a, x))));
    ck_assert_uint_eq(t.n, 2);
    ck_assert_ptr_eq(t.at[0], a);
    ck_assert_ptr_eq(t.at[1], b);
    ck_assert_uint_eq(wg_trainable(x).n, 0);
}
END_TEST

START_TEST(only_scalars_have_gradients)
{
    ck_assert_ptr_null(wg_grad(x, x));
    ck_assert_int_eq(wg_error_status(), WG_ERR_SHAPE);
    ck_assert_ptr_nonnull(strstr(wg_error(), "single element"));
}
END_TEST

START_TEST(integers_have_none)
{
    wg_node *i = wg_input(g, "i", WG_I64, WG_SHAPE(3));
    ck_assert_ptr_null(wg_grad(total(x), i));
    ck_assert_int_eq(wg_error_status(), WG_ERR_DTYPE);
}
END_TEST

static wg_status copy(const wg_call *c, int64_t begin, int64_t end)
{
    for (int64_t i = begin; i < end; i++)
        ((double *)c->out)[i] = ((const double *)c->in[0])[i];
    return WG_OK;
}

START_TEST(an_operator_without_an_adjoint_is_named)
{
    static const wg_op opaque = { WG_OP, .name = "opaque", .arity = 1, .flags = WG_ELEMENTWISE, .forward = { .f64 = copy } };
    ck_assert_ptr_null(wg_grad(total(wg_apply(&opaque, WG_NODES(x), NULL)), x));
    ck_assert_ptr_nonnull(strstr(wg_error(), "opaque has no adjoint"));
}
END_TEST

static wg_node *as_square(const wg_adjoint *a) { return wg_square(a->in[0]); }
static wg_status square(const wg_call *c, int64_t begin, int64_t end)
{
    for (int64_t i = begin; i < end; i++)
        ((double *)c->out)[i] = ((const double *)c->in[0])[i] * ((const double *)c->in[0])[i];
    return WG_OK;
}

START_TEST(an_operator_without_an_adjoint_is_differentiated_through_its_primitives)
{
    static const wg_op fused = { WG_OP, .name = "fused", .arity = 1, .flags = WG_ELEMENTWISE, .forward = { .f64 = square },
                                 .decompose = as_square };
    ck_assert_double_eq_tol(at(wg_grad(total(wg_apply(&fused, WG_NODES(x), NULL)), x), 2), 4, 1e-15);
}
END_TEST

static wg_node *wrong_shape(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_sum(a->cotangent, WG_ALL_AXES, false);
}

START_TEST(an_adjoint_of_the_wrong_shape_is_named)
{
    static const wg_op wrong = { WG_OP, .name = "wrong", .arity = 1, .forward = { .f64 = copy }, .backward = wrong_shape };
    ck_assert_ptr_null(wg_grad(total(wg_apply(&wrong, WG_NODES(x), NULL)), x));
    ck_assert_str_eq(wg_error(), "wrong: its adjoint for operand 0 has shape (), the operand (3)");
}
END_TEST

START_TEST(a_deep_graph_needs_no_stack)
{
    wg_node *y = x;
    for (int i = 0; i < 50000; i++)
        y = wg_scale(y, 1.00001);
    wg_node *d = wg_grad(total(y), x);
    ck_assert_msg(d != NULL, "%s", wg_error());
    ck_assert_double_eq_tol(at(d, 0), pow(1.00001, 50000), 1e-9);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("grad");
    TCase *t = tcase_create("grad");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, derivatives_of_any_order);
    tcase_add_test(t, fan_out_and_the_same_node_in_both_slots_are_summed);
    tcase_add_test(t, a_cotangent_is_reduced_to_the_broadcast_operand);
    tcase_add_test(t, forward_mode_equals_the_product_with_the_jacobian);
    tcase_add_test(t, a_hessian_vector_product);
    tcase_add_test(t, what_does_not_depend_has_a_zero_gradient_of_its_shape);
    tcase_add_test(t, a_node_in_the_middle_can_be_differentiated_by);
    tcase_add_test(t, trainable_lists_the_params_in_creation_order);
    tcase_add_test(t, only_scalars_have_gradients);
    tcase_add_test(t, integers_have_none);
    tcase_add_test(t, an_operator_without_an_adjoint_is_named);
    tcase_add_test(t, an_operator_without_an_adjoint_is_differentiated_through_its_primitives);
    tcase_add_test(t, an_adjoint_of_the_wrong_shape_is_named);
    tcase_add_test(t, a_deep_graph_needs_no_stack);
    suite_add_tcase(s, t);
    return run_suite(s);
}
