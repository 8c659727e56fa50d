/* The notebooks' test cases, number for number; and their gradient checks, with each fault that they made. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "golden/golden.h"

static bench *b;

static void tear_down(void)
{
    bench_free(b);
    golden_close();
    b = NULL;
}

static void begin(const char *section, const char *name)
{
    golden_open(section, name);
    b = bench_new();
}

static wg_node *given(const char *name) { return bench_input(b, name, golden_get("inputs", name)); }

/* Z = W A + b */
static wg_node *linear(wg_node *w, wg_node *a, wg_node *bias) { return wg_add(wg_matmul(w, a), bias); }

/* ---- initialisation ---- */

static void check_initial(const char *name, const int64_t *width, size_t n, uint32_t seed)
{
    begin("cases", name);
    wg_mlp_opts opts = { .size = sizeof opts, .init = WG_MLP_NUMPY_SMALL, .numpy_seed = seed, .output = WG_SIGMOID };
    wg_node *x = wg_input(b->graph, "x", WG_F64, WG_SHAPE(width[0], WG_BATCH));
    wg_mlp mlp = wg_mlp_new(b->graph, x, width, n, &opts);
    wg_store *store = wg_graph_store(b->graph);
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
    bench_expect(b, linear(given("W"), given("A"), given("b")), "Z");
    tear_down();
    begin("cases", "linear_activation_forward");
    wg_node *z = linear(given("W"), given("A_prev"), given("b"));
    bench_expect(b, z, "Z");
    bench_expect(b, wg_sigmoid(z), "A_sigmoid");
    bench_expect(b, wg_relu(z), "A_relu");
    tear_down();
}
END_TEST

START_TEST(whole_models_forward)
{
    begin("cases", "L_model_forward_2layer");
    wg_node *a = wg_relu(linear(given("W1"), given("X"), given("b1")));
    bench_expect(b, a, "A1");
    bench_expect(b, wg_sigmoid(linear(given("W2"), a, given("b2"))), "AL");
    tear_down();
    begin("cases", "L_model_forward_2hidden");
    a = wg_relu(linear(given("W1"), given("X"), given("b1")));
    bench_expect(b, a, "A1");
    a = wg_relu(linear(given("W2"), a, given("b2")));
    bench_expect(b, a, "A2");
    bench_expect(b, wg_sigmoid(linear(given("W3"), a, given("b3"))), "AL");
    tear_down();
}
END_TEST

START_TEST(cost_and_its_gradient)
{
    begin("cases", "compute_cost");
    wg_node *al = given("AL"), *y = given("Y");
    wg_node *mean = wg_bce(al, y, WG_MEAN), *sum = wg_bce(al, y, WG_SUM);
    wg_exec *e = bench_run(b, WG_NODES(mean, sum));
    ck_assert_double_eq_tol(wg_scalar(e, mean), golden_number("outputs", "cost"), 1e-15);
    ck_assert_double_eq_tol(wg_scalar(e, sum), golden_number("outputs", "cost_without_1_over_m"), 4e-15);
    wg_exec_free(e);
    bench_expect(b, wg_grad(sum, al), "dAL"); /* the course's dAL is that of the sum */
    tear_down();
}
END_TEST

/* ---- backward ---- */

/* -(y log p + (1 - y) log(1 - p)) as the notebooks write it. */
static wg_node *log_loss(wg_node *p, wg_node *y)
{
    wg_node *not_y = wg_shift(wg_neg(y), 1), *not_p = wg_shift(wg_neg(p), 1);
    return wg_neg(wg_add(wg_mul(y, wg_log(p)), wg_mul(not_y, wg_log(not_p))));
}

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
    bench_expect(b, g.dA_prev, "dA_prev");
    bench_expect(b, g.dW, "dW");
    bench_expect(b, g.db, "db");
    bench_expect(b, g.db_sum, "db_without_1_over_m");
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
        bench_expect(b, got[i], text);
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

/* The caches of this case fit neither each other nor a probability: AL is 1.79, where bce cuts its logarithms off. Only pieces of a
 * graph can take them. */
START_TEST(model_backward_on_inconsistent_caches)
{
    begin("cases", "L_model_backward");
    wg_node *al = given("AL"), *y = given("Y");
    wg_node *dAL = wg_grad(wg_sum(log_loss(al, y), WG_ALL_AXES, false), al);
    bench_expect(b, dAL, "dAL");
    wg_node *dZ2 = activation_backward(wg_sigmoid, dAL, given("Z2"));
    bench_expect(b, dZ2, "dZ2");
    linear_grads last = linear_backward(dZ2, given("A1"), given("W2"), given("b2"));
    bench_expect(b, last.dA_prev, "dA1");
    bench_expect(b, last.dW, "dW2");
    bench_expect(b, last.db, "db2");
    wg_node *dZ1 = activation_backward(wg_relu, last.dA_prev, given("Z1"));
    bench_expect(b, dZ1, "dZ1");
    linear_grads first = linear_backward(dZ1, given("A0"), given("W1"), given("b1"));
    bench_expect(b, first.dA_prev, "dA0");
    bench_expect(b, first.dW, "dW1");
    bench_expect(b, first.db, "db1");
    bench_expect(b, first.db_sum, "db1_without_1_over_m");
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
        p[i] = bench_param(b, names[i], golden_get("inputs", names[i]));
        g[i] = given(gradients[i]);
    }
    wg_grads grads = { { p, 4 }, { g, 4 } };
    wg_node *step = wg_sgd(grads, wg_const(b->graph, golden_number("inputs", "learning_rate")));
    wg_exec_free(bench_run(b, WG_NODES(step)));
    for (int i = 0; i < 4; i++) {
        golden expected = golden_get("outputs", names[i]);
        golden_compare(wg_get(wg_graph_store(b->graph), p[i]), golden_view(&expected), names[i]);
    }
    tear_down();
}
END_TEST

/* ---- gradient checks ---- */

START_TEST(check_in_one_dimension)
{
    begin("cases", "gradient_check_1d");
    double start = golden_number("inputs", "theta"), at = golden_number("inputs", "x");
    wg_node *x = wg_input(b->graph, "x", WG_F64, WG_SCALAR);
    wg_node *theta = wg_param(b->graph, "theta", WG_F64, WG_SCALAR, wg_init_constant(start));
    wg_node *j = wg_mul(theta, x), *d = wg_grad(j, theta);
    wg_plan *plan = wg_compile(b->graph, WG_INFER, WG_NODES(j, d));
    wg_exec *e = wg_exec_new(plan);
    wg_report *report;
    ck_assert_int_eq(wg_feed(e, x, wg_view_of(&at, WG_F64, WG_SCALAR)), WG_OK);
    ck_assert_int_eq(wg_run(e), WG_OK);
    ck_assert_double_eq(wg_scalar(e, j), golden_number("outputs", "J"));
    ck_assert_double_eq(wg_scalar(e, d), golden_number("outputs", "dtheta"));
    ck_assert_msg(wg_verify(j, WG_NODES(theta), e, NULL, &report) == WG_OK, "%s", wg_error());
    ck_assert_double_eq_tol(wg_report_difference(report), golden_number("outputs", "difference"), 1e-20);
    wg_report_free(report);
    wg_exec_free(e), wg_plan_free(plan);
    tear_down();
}
END_TEST

/* The check case: X (4,3) -> relu 5 -> relu n2 -> sigmoid 1, parameters in the order W1 b1 W2 b2 W3 b3. */
typedef struct network {
    wg_node *x, *y, *p[6], *z[3], *a[3], *cost;
} network;

static network forward(void)
{
    static const char *const names[] = { "W1", "b1", "W2", "b2", "W3", "b3" };
    network n = { .x = given("X"), .y = given("Y") };
    wg_node *a = n.x;
    for (int i = 0; i < 6; i++)
        n.p[i] = bench_param(b, names[i], golden_get("inputs", names[i]));
    for (int l = 0; l < 3; l++) {
        n.z[l] = linear(n.p[2 * l], a, n.p[2 * l + 1]);
        n.a[l] = a = l < 2 ? wg_relu(n.z[l]) : wg_sigmoid(n.z[l]);
    }
    n.cost = wg_bce(n.a[2], n.y, WG_MEAN);
    return n;
}

/* A backward pass by hand, with the notebooks' mistakes. */
typedef struct faults {
    bool swapped;           /* relu's and sigmoid's backward exchanged */
    bool last_to_all;       /* every hidden layer gets the last layer's gradient */
    double dW[3], db[3];    /* factors; 0 stands for 1/m */
} faults;

static wg_node *dZ_of(const network *n, int l, wg_node *dA, bool swapped)
{
    if ((l == 2) != swapped) {
        wg_node *s = wg_sigmoid(n->z[l]);
        return wg_mul(dA, wg_mul(s, wg_shift(wg_neg(s), 1)));
    }
    return wg_mul(dA, wg_cast(wg_gt(n->z[l], wg_const(b->graph, 0)), WG_F64));
}

static void backward(const network *n, const faults *f, wg_node *g[6])
{
    double m = 3;
    wg_node *one_less_a = wg_shift(wg_neg(n->a[2]), 1), *one_less_y = wg_shift(wg_neg(n->y), 1);
    wg_node *dA = wg_neg(wg_sub(wg_div(n->y, n->a[2]), wg_div(one_less_y, one_less_a))), *last = NULL;
    for (int l = 2; l >= 0; l--) {
        wg_node *before = l ? n->a[l - 1] : n->x;
        wg_node *dZ = dZ_of(n, l, f->last_to_all && l < 2 ? last : dA, f->swapped);
        g[2 * l] = wg_scale(wg_matmul_t(dZ, false, before, true), f->dW[l] != 0 ? f->dW[l] : 1 / m);
        g[2 * l + 1] = wg_scale(wg_sum(dZ, WG_AXES(1), true), f->db[l] != 0 ? f->db[l] : 1 / m);
        dA = wg_matmul_t(n->p[2 * l], true, dZ, false);
        if (l == 2)
            last = dA;
    }
}

static bool names(const wg_report *r, const char *param)
{
    for (size_t i = 0; i < wg_report_count(r); i++)
        if (wg_report_at(r, i).verdict == WG_FAIL && strcmp(wg_report_at(r, i).op, param) == 0)
            return true;
    return false;
}

static double last_difference;

/* Verifies g, expects the notebooks' difference, and a failure that names just these parameters ("" : it is right). */
static void expect_check(const network *n, wg_node *cost, wg_node *const g[6], const char *difference, const char *guilty)
{
    static const char *const all[] = { "W1", "b1", "W2", "b2", "W3", "b3" };
    wg_report *r = NULL;
    wg_exec *e = bench_run(b, WG_NODES(cost));
    wg_status st = wg_verify_gradients(cost, (wg_grads){ { n->p, 6 }, { g, 6 } }, e, NULL, &r);
    ck_assert_msg(st == (*guilty ? WG_ERR_VERIFY : WG_OK), "%s: %s", difference, wg_error());
    double expected = golden_number("difference", difference), got = wg_report_difference(r);
    if (*guilty)
        ck_assert_msg(fabs(got - expected) < 1e-7, "%s: %.10g, not %.10g", difference, got, expected);
    else /* rounding noise: the stable cost has no more of it than the notebooks' */
        ck_assert_msg(got > 1e-12 && got < 2 * expected, "%s: %.10g, not about %.10g", difference, got, expected);
    last_difference = got;
    for (int i = 0; i < 6; i++)
        ck_assert_msg(names(r, all[i]) == (strstr(guilty, all[i]) != NULL), "%s: %s", difference, wg_report_text(r));
    wg_report_free(r);
    wg_exec_free(e);
}

static void check_fault(const char *section, const faults *f, const char *difference, const char *guilty)
{
    begin("gradient_checks", section);
    network n = forward();
    wg_node *g[6];
    backward(&n, f, g);
    expect_check(&n, n.cost, g, difference, guilty);
    tear_down();
}

START_TEST(right_backward_passes)
{
    static const char *const sections[] = { "seed1", "seed2", "seed2_equal_width_4_5_5_1" };
    for (int i = 0; i < 3; i++)
        check_fault(sections[i], &(faults){ 0 }, "right", "");
}
END_TEST

/* With the notebooks' own formulas in full, which the library would replace by better ones if it knew them, the noise has the
 * size that they print. */
START_TEST(right_backward_has_the_notebooks_noise)
{
    begin("gradient_checks", "seed2");
    network n = forward();
    wg_node *g[6];
    backward(&n, &(faults){ 0 }, g);
    wg_node *a = wg_reciprocal(wg_shift(wg_exp(wg_neg(n.z[2])), 1));
    expect_check(&n, wg_scale(wg_sum(log_loss(a, n.y), WG_ALL_AXES, false), 1.0 / 3), g, "right", "");
    ck_assert_double_gt(last_difference, golden_number("difference", "right") / 2);
    tear_down();
}
END_TEST

START_TEST(each_fault_is_caught_and_its_parameters_named)
{
    static const char *const sections[] = { "seed1", "seed2" };
    for (int i = 0; i < 2; i++) {
        const char *s = sections[i];
        check_fault(s, &(faults){ .swapped = true }, "activations swapped", "W1 b1 W2 b2 W3 b3");
        check_fault(s, &(faults){ .dW = { 1, 1, 0 } }, "hidden dW without 1/m", "W1 W2");
        check_fault(s, &(faults){ .dW = { 0, 2.0 / 3, 0 } }, "dW2 doubled", "W2");
        check_fault(s, &(faults){ .db = { 4.0 / 3, 0, 0 } }, "db1 four times", "b1");
        check_fault(s, &(faults){ .dW = { 0, 2.0 / 3, 0 }, .db = { 4.0 / 3, 0, 0 } }, "dW2 doubled, db1 four times", "W2 b1");
        check_fault(s, &(faults){ .db = { 1, 1, 1 } }, "db without 1/m", "b1 b2 b3");
    }
    check_fault("seed2_equal_width_4_5_5_1", &(faults){ .last_to_all = true }, "last gradient to every layer", "W1 b1");
}
END_TEST

START_TEST(cost_without_its_divisor_is_caught)
{
    begin("gradient_checks", "seed2");
    network n = forward();
    wg_node *g[6];
    backward(&n, &(faults){ 0 }, g);
    expect_check(&n, wg_bce(n.a[2], n.y, WG_SUM), g, "cost without 1/m", "W1 b1 W2 b2 W3 b3");
    tear_down();
}
END_TEST

START_TEST(gradients_of_zero_are_caught)
{
    begin("gradient_checks", "seed2");
    network n = forward();
    wg_node *g[6];
    for (int i = 0; i < 6; i++)
        g[i] = wg_zeros_like(n.p[i]);
    expect_check(&n, n.cost, g, "integer 1/m", "W1 b1 W2 b2 W3 b3");
    tear_down();
}
END_TEST

/* The swap once more, as two operators whose adjoints are each other's. */
static wg_node *sigmoids(const wg_adjoint *a, int slot)
{
    (void)slot;
    wg_node *s = wg_sigmoid(a->in[0]);
    return wg_mul(a->cotangent, wg_mul(s, wg_shift(wg_neg(s), 1)));
}

static wg_node *relus(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_where(wg_gt(a->in[0], wg_zeros_like(a->in[0])), a->cotangent, wg_zeros_like(a->cotangent));
}

START_TEST(operators_with_exchanged_adjoints_are_caught)
{
    begin("gradient_checks", "seed2");
    network n = forward();
    wg_op relu = *wg_node_op(n.a[0]), sigmoid = *wg_node_op(n.a[2]);
    relu.name = "relu_of_000", relu.backward = sigmoids;
    sigmoid.name = "sigmoid_of_000", sigmoid.backward = relus;
    wg_node *a = n.x;
    for (int l = 0; l < 3; l++)
        a = wg_apply(l < 2 ? &relu : &sigmoid, WG_NODES(linear(n.p[2 * l], a, n.p[2 * l + 1])), NULL);
    wg_node *cost = wg_bce(a, n.y, WG_MEAN);
    wg_grads g = wg_grads_of(cost, (wg_nodes){ n.p, 6 });
    ck_assert_msg(g.of.n == 6, "%s", wg_error());
    expect_check(&n, cost, g.of.at, "activations swapped", "W1 b1 W2 b2 W3 b3");
    tear_down();
}
END_TEST

/* b3 + 60: the sigmoid is exactly 1, the naive formulas give NaN or infinity. */
START_TEST(saturated_cost_is_exact)
{
    begin("gradient_checks", "seed2");
    network n = forward();
    golden b3 = golden_get("inputs", "b3");
    b3.data[0] += 60;
    ck_assert_int_eq(wg_set(wg_graph_store(b->graph), n.p[5], golden_view(&b3)), WG_OK);
    wg_node *z = n.z[2], *dZ = wg_scale(wg_grad(n.cost, z), 3);
    wg_exec *e = bench_run(b, WG_NODES(n.cost, dZ));
    golden_close();
    golden_open("gradient_checks", "saturation");
    ck_assert_double_eq_tol(wg_scalar(e, n.cost), golden_number(NULL, "cost"), 1e-13);
    golden expected = golden_get(NULL, "dZ3");
    golden_compare(wg_result(e, dZ), golden_view(&expected), "dZ3");
    wg_exec_free(e);
    tear_down();
}
END_TEST

int main(void)
{
    Suite *s = suite_create("golden");
    TCase *values = tcase_create("values"), *checks = tcase_create("checks");
    tcase_add_test(values, initial_parameters_are_numpys);
    tcase_add_test(values, linear_and_activations_forward);
    tcase_add_test(values, whole_models_forward);
    tcase_add_test(values, cost_and_its_gradient);
    tcase_add_test(values, linear_backward_is_the_courses);
    tcase_add_test(values, activations_backward_are_the_courses);
    tcase_add_test(values, model_backward_on_inconsistent_caches);
    tcase_add_test(values, update_is_gradient_descent);
    tcase_add_test(checks, check_in_one_dimension);
    tcase_add_test(checks, right_backward_passes);
    tcase_add_test(checks, right_backward_has_the_notebooks_noise);
    tcase_add_test(checks, each_fault_is_caught_and_its_parameters_named);
    tcase_add_test(checks, cost_without_its_divisor_is_caught);
    tcase_add_test(checks, gradients_of_zero_are_caught);
    tcase_add_test(checks, operators_with_exchanged_adjoints_are_caught);
    tcase_add_test(checks, saturated_cost_is_exact);
    suite_add_tcase(s, values);
    suite_add_tcase(s, checks);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
