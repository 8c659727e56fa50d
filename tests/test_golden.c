/* The notebooks' test cases, number for number; golden_checks.c has their gradient checks. */
#include <stdio.h>

#include "golden_bench.h"
#include "suite.h"

/* ---- initialisation ---- */

static void check_initial(const char *name, const int64_t *width, size_t n, uint32_t seed)
{
    begin("cases", name);
    wg_mlp_opts opts = { .size = sizeof opts, .init = WG_MLP_NUMPY_SMALL, .numpy_seed = seed, .output = WG_SIGMOID };
    wg_node *x = wg_input(the_graph(), "x", WG_F64, WG_SHAPE(width[0], WG_BATCH));
    wg_mlp mlp = wg_mlp_new(the_graph(), x, width, n, &opts);
    wg_store *store = wg_graph_store(the_graph());
    ck_assert_msg(wg_mlp_numpy(store, &mlp, &opts) == WG_OK, "%s", wg_error());
    for (size_t i = 0; i < mlp.params.n; i++) {
        const char *param = wg_node_name(mlp.params.at[i]);
        golden expected = golden_get("outputs", param);
        golden_compare(wg_get(store, mlp.params.at[i]), golden_view(&expected), param);
    }
    tear_down();
}

START_TEST(initial_parameters_are_numpys)
{
    check_initial("initialize_parameters_2_2_1", (const int64_t[]){ 2, 2, 1 }, 3, 1);
    check_initial("initialize_parameters_3_2_1", (const int64_t[]){ 3, 2, 1 }, 3, 1);
    check_initial("initialize_parameters_deep_5_4_3", (const int64_t[]){ 5, 4, 3 }, 3, 3);
}
END_TEST

/* ---- forward ---- */

START_TEST(linear_and_activations_forward)
{
    begin("cases", "linear_forward");
    expect(linear(given("W"), given("A"), given("b")), "Z");
    tear_down();
    begin("cases", "linear_activation_forward");
    wg_node *z = linear(given("W"), given("A_prev"), given("b"));
    expect(z, "Z");
    expect(wg_sigmoid(z), "A_sigmoid");
    expect(wg_relu(z), "A_relu");
    tear_down();
}
END_TEST

START_TEST(whole_models_forward)
{
    begin("cases", "L_model_forward_2layer");
    wg_node *a = wg_relu(linear(given("W1"), given("X"), given("b1")));
    expect(a, "A1");
    expect(wg_sigmoid(linear(given("W2"), a, given("b2"))), "AL");
    tear_down();
    begin("cases", "L_model_forward_2hidden");
    a = wg_relu(linear(given("W1"), given("X"), given("b1")));
    expect(a, "A1");
    a = wg_relu(linear(given("W2"), a, given("b2")));
    expect(a, "A2");
    expect(wg_sigmoid(linear(given("W3"), a, given("b3"))), "AL");
    tear_down();
}
END_TEST

START_TEST(cost_and_its_gradient)
{
    begin("cases", "compute_cost");
    wg_node *al = given("AL"), *y = given("Y");
    wg_node *mean = wg_bce(al, y, WG_MEAN), *sum = wg_bce(al, y, WG_SUM);
    wg_exec *e = run(WG_NODES(mean, sum));
    ck_assert_double_eq_tol(wg_scalar(e, mean), golden_number("outputs", "cost"), 1e-15);
    ck_assert_double_eq_tol(wg_scalar(e, sum), golden_number("outputs", "cost_without_1_over_m"), 4e-15);
    wg_exec_free(e);
    expect(wg_grad(sum, al), "dAL"); /* the course's dAL is that of the sum */
    tear_down();
}
END_TEST

/* ---- backward ---- */

/* The course divides dW and db by m, but neither dZ nor dA. */
typedef struct linear_grads {
    wg_node *dA_prev, *dW, *db, *db_sum;
} linear_grads;

static linear_grads linear_backward(wg_node *dZ, wg_node *a, wg_node *w, wg_node *bias)
{
    double m = (double)wg_node_shape(a).dim[1];
    wg_grads g = wg_vjp(linear(w, a, bias), dZ, WG_NODES(a, w, bias));
    ck_assert_msg(g.of.n == 3, "%s", wg_error());
    return (linear_grads){ g.of.at[0], wg_scale(g.of.at[1], 1 / m), wg_scale(g.of.at[2], 1 / m), g.of.at[2] };
}

/* An activation's dZ, at a Z that need not be W A + b. */
static wg_node *activation_backward(wg_node *(*activation)(wg_node *), wg_node *dA, wg_node *z)
{
    wg_grads g = wg_vjp(activation(z), dA, WG_NODES(z));
    return g.of.n ? g.of.at[0] : NULL;
}

START_TEST(linear_backward_is_the_courses)
{
    begin("cases", "linear_backward");
    linear_grads g = linear_backward(given("dZ"), given("A_prev"), given("W"), given("b"));
    expect(g.dA_prev, "dA_prev");
    expect(g.dW, "dW");
    expect(g.db, "db");
    expect(g.db_sum, "db_without_1_over_m");
    tear_down();
}
END_TEST

static void expect_activation(wg_node *(*activation)(wg_node *), const char *name, wg_node *const in[5])
{
    char text[64];
    wg_node *dZ = activation_backward(activation, in[0], in[4]);
    linear_grads g = linear_backward(dZ, in[1], in[2], in[3]);
    wg_node *got[] = { dZ, g.dA_prev, g.dW, g.db, g.db_sum };
    static const char *const what[] = { "dZ", "dA_prev", "dW", "db", "db_without_1_over_m" };
    for (int i = 0; i < 5; i++) {
        snprintf(text, sizeof text, "%s_%s", name, what[i]);
        expect(got[i], text);
    }
}

START_TEST(activations_backward_are_the_courses)
{
    begin("cases", "linear_activation_backward");
    wg_node *in[] = { given("dA"), given("A_prev"), given("W"), given("b"), given("Z") };
    expect_activation(wg_sigmoid, "sigmoid", in);
    expect_activation(wg_relu, "relu", in);
    tear_down();
}
END_TEST

/* The caches of this case fit neither each other nor a probability: AL is 1.79, where bce cuts its logarithms off. Only
 * pieces of a graph can take them. */
START_TEST(model_backward_on_inconsistent_caches)
{
    begin("cases", "L_model_backward");
    wg_node *al = given("AL"), *y = given("Y");
    wg_node *dAL = wg_grad(wg_sum(log_loss(al, y), WG_ALL_AXES, false), al);
    expect(dAL, "dAL");
    wg_node *dZ2 = activation_backward(wg_sigmoid, dAL, given("Z2"));
    expect(dZ2, "dZ2");
    linear_grads last = linear_backward(dZ2, given("A1"), given("W2"), given("b2"));
    expect(last.dA_prev, "dA1");
    expect(last.dW, "dW2");
    expect(last.db, "db2");
    wg_node *dZ1 = activation_backward(wg_relu, last.dA_prev, given("Z1"));
    expect(dZ1, "dZ1");
    linear_grads first = linear_backward(dZ1, given("A0"), given("W1"), given("b1"));
    expect(first.dA_prev, "dA0");
    expect(first.dW, "dW1");
    expect(first.db, "db1");
    expect(first.db_sum, "db1_without_1_over_m");
    tear_down();
}
END_TEST

START_TEST(update_is_gradient_descent)
{
    static const char *const names[] = { "W1", "b1", "W2", "b2" };
    static const char *const gradients[] = { "dW1", "db1", "dW2", "db2" };
    wg_node *p[4], *g[4];
    begin("cases", "update_parameters");
    for (int i = 0; i < 4; i++) {
        p[i] = given_param(names[i]);
        g[i] = given(gradients[i]);
    }
    wg_grads grads = { { p, 4 }, { g, 4 } };
    wg_node *step = wg_sgd(grads, wg_const(the_graph(), golden_number("inputs", "learning_rate")));
    wg_exec_free(run(WG_NODES(step)));
    for (int i = 0; i < 4; i++) {
        golden expected = golden_get("outputs", names[i]);
        golden_compare(wg_get(wg_graph_store(the_graph()), p[i]), golden_view(&expected), names[i]);
    }
    tear_down();
}
END_TEST

int main(void)
{
    Suite *s = suite_create("golden");
    TCase *values = tcase_create("values");
    tcase_add_test(values, initial_parameters_are_numpys);
    tcase_add_test(values, linear_and_activations_forward);
    tcase_add_test(values, whole_models_forward);
    tcase_add_test(values, cost_and_its_gradient);
    tcase_add_test(values, linear_backward_is_the_courses);
    tcase_add_test(values, activations_backward_are_the_courses);
    tcase_add_test(values, model_backward_on_inconsistent_caches);
    tcase_add_test(values, update_is_gradient_descent);
    suite_add_tcase(s, values);
    suite_add_tcase(s, golden_checks());
    return run_suite(s);
}
