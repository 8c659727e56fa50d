/* The notebooks' gradient checks: the right backward pass, and each wrong one that they ran, with the difference that
 * they got. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "golden_bench.h"

START_TEST(check_in_one_dimension)
{
    begin("cases", "gradient_check_1d");
    double start = golden_number("inputs", "theta"), at = golden_number("inputs", "x");
    wg_node *x = wg_input(the_graph(), "x", WG_F64, WG_SCALAR);
    wg_node *theta = wg_param(the_graph(), "theta", WG_F64, WG_SCALAR, wg_init_constant(start));
    wg_node *j = wg_mul(theta, x), *d = wg_grad(j, theta);
    wg_plan *plan = wg_compile(the_graph(), WG_INFER, WG_NODES(j, d));
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
        n.p[i] = given_param(names[i]);
    for (int l = 0; l < 3; l++) {
        n.z[l] = linear(n.p[2 * l], a, n.p[2 * l + 1]);
        n.a[l] = a = l < 2 ? wg_relu(n.z[l]) : wg_sigmoid(n.z[l]);
    }
    n.cost = wg_bce(n.a[2], n.y, WG_MEAN);
    return n;
}

/* A backward pass by hand, with the notebooks' mistakes. */
typedef struct faults {
    bool swapped;        /* relu's and sigmoid's backward exchanged */
    bool last_to_all;    /* every hidden layer gets the last layer's gradient */
    double dW[3], db[3]; /* factors; 0 stands for 1/m */
} faults;

static wg_node *dZ_of(const network *n, int l, wg_node *dA, bool swapped)
{
    if ((l == 2) != swapped) {
        wg_node *s = wg_sigmoid(n->z[l]);
        return wg_mul(dA, wg_mul(s, wg_shift(wg_neg(s), 1)));
    }
    return wg_mul(dA, wg_cast(wg_gt(n->z[l], wg_const(the_graph(), 0)), WG_F64));
}

static void backward(const network *n, const faults *f, wg_node *g[6])
{
    double m = 3;
    wg_node *one_less_a = wg_shift(wg_neg(n->a[2]), 1), *one_less_y = wg_shift(wg_neg(n->y), 1);
    wg_node *dA = wg_neg(wg_sub(wg_div(n->y, n->a[2]), wg_div(one_less_y, one_less_a))), *last = NULL;
    for (int l = 2; l >= 0; l--) {
        wg_node *before = l ? n->a[l - 1] : n->x;
        wg_node *dZ = dZ_of(n, l, f->last_to_all && l < 2 ? last : dA, f->swapped);
        wg_name(dZ, "dZ%d", l + 1);
        g[2 * l] =
            wg_name(wg_scale(wg_matmul_t(dZ, false, before, true), f->dW[l] != 0 ? f->dW[l] : 1 / m), "dW%d", l + 1);
        g[2 * l + 1] = wg_name(wg_scale(wg_sum(dZ, WG_AXES(1), true), f->db[l] != 0 ? f->db[l] : 1 / m), "db%d", l + 1);
        dA = wg_name(wg_matmul_t(n->p[2 * l], true, dZ, false), "dA%d", l);
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

/* The first failure names one of these ("A1 0 or A2 0"): where several are wrong, the direction decides which one stands out. */
static void expect_one_of(const wg_report *r, const char *nodes)
{
    size_t i = 0;
    char first[200];
    while (i < wg_report_count(r) && wg_report_at(r, i).verdict != WG_FAIL)
        i++;
    snprintf(first, sizeof first, "%s %d", wg_report_at(r, i).node, wg_report_at(r, i).slot);
    ck_assert_msg(i < wg_report_count(r) && strstr(nodes, first), "%s, not %s: %s", first, nodes, wg_report_text(r));
}

/* The first failures name these nodes and operands, in that order ("db1 0, dW2 0"), and the kinds likewise. */
static void expect_first(const wg_report *r, const char *nodes, const char *kinds)
{
    char named[600] = "", found[600] = "";
    for (size_t i = 0; i < wg_report_count(r) && strlen(named) < strlen(nodes); i++) {
        wg_check c = wg_report_at(r, i);
        if (c.verdict != WG_FAIL)
            continue;
        snprintf(named + strlen(named), 200, "%s%s %d", *named ? ", " : "", c.node, c.slot);
        snprintf(found + strlen(found), 200, "%s%s", *found ? ", " : "", c.kind);
        ck_assert_msg(strstr(c.text, c.node) && strstr(c.text, c.kind), "%s", c.text);
    }
    ck_assert_msg(!strcmp(named, nodes) && !strcmp(found, kinds), "%s %s, not %s %s: %s", named, found, nodes, kinds,
                  wg_report_text(r));
}

/* Verifies g, expects the notebooks' difference, and a failure that names just these parameters ("" : it is right). */
static void expect_check(const network *n, wg_node *cost, wg_node *const g[6], const char *difference,
                         const char *guilty, const char *node, const char *kind)
{
    static const char *const all[] = { "W1", "b1", "W2", "b2", "W3", "b3" };
    wg_report *r = NULL;
    wg_exec *e = run(WG_NODES(cost));
    wg_status st = wg_verify_gradients(cost, (wg_grads){ { n->p, 6 }, { g, 6 } }, e, NULL, &r);
    ck_assert_msg(st == (*guilty ? WG_ERR_VERIFY : WG_OK), "%s: %s", difference, wg_error());
    double expected = golden_number("difference", difference), got = wg_report_difference(r);
    if (*guilty)
        ck_assert_msg(fabs(got - expected) < 1e-7, "%s: %.10g, not %.10g", difference, got, expected);
    else /* rounding noise: the stable cost has no more of it than the notebooks' */
        ck_assert_msg(got > 1e-12 && got < 2 * expected, "%s: %.10g, not about %.10g", difference, got, expected);
    last_difference = got;
    if (strstr(node, " or "))
        expect_one_of(r, node);
    else if (*guilty)
        expect_first(r, node, kind);
    for (int i = 0; i < 6; i++)
        ck_assert_msg(names(r, all[i]) == (strstr(guilty, all[i]) != NULL), "%s: %s", difference, wg_report_text(r));
    wg_report_free(r);
    wg_exec_free(e);
}

static void check_fault(const char *section, const faults *f, const char *difference, const char *guilty,
                        const char *node, const char *kind)
{
    begin("gradient_checks", section);
    network n = forward();
    wg_node *g[6];
    backward(&n, f, g);
    expect_check(&n, n.cost, g, difference, guilty, node, kind);
    tear_down();
}

START_TEST(right_backward_passes)
{
    static const char *const sections[] = { "seed1", "seed2", "seed2_equal_width_4_5_5_1" };
    for (int i = 0; i < 3; i++)
        check_fault(sections[i], &(faults){ 0 }, "right", "", "", "");
}
END_TEST

/* With the notebooks' own formulas in full, which the library would replace by better ones if it knew them, the noise
 * has the size that they print. */
START_TEST(right_backward_has_the_notebooks_noise)
{
    begin("gradient_checks", "seed2");
    network n = forward();
    wg_node *g[6];
    backward(&n, &(faults){ 0 }, g);
    wg_node *a = wg_reciprocal(wg_shift(wg_exp(wg_neg(n.z[2])), 1));
    expect_check(&n, wg_scale(wg_sum(log_loss(a, n.y), WG_ALL_AXES, false), 1.0 / 3), g, "right", "", "", "");
    ck_assert_double_gt(last_difference, golden_number("difference", "right") / 2);
    tear_down();
}
END_TEST

START_TEST(each_fault_is_caught_and_its_parameters_named)
{
    static const char *const sections[] = { "seed1", "seed2" };
    for (int i = 0; i < 2; i++) {
        const char *s = sections[i];
        check_fault(s, &(faults){ .swapped = true }, "activations swapped", "W1 b1 W2 b2 W3 b3", "dZ3 1",
                    "wrong derivative"); /* in seed1 dZ3 is dA3 itself: z3 > 0 everywhere */
        check_fault(s, &(faults){ .dW = { 1, 1, 0 } }, "hidden dW without 1/m", "W1 W2", "dW1 0", "factor 3");
        check_fault(s, &(faults){ .dW = { 0, 2.0 / 3, 0 } }, "dW2 doubled", "W2", "dW2 0", "factor 2");
        check_fault(s, &(faults){ .db = { 4.0 / 3, 0, 0 } }, "db1 four times", "b1", "db1 0", "factor 4");
        check_fault(s, &(faults){ .dW = { 0, 2.0 / 3, 0 }, .db = { 4.0 / 3, 0, 0 } }, "dW2 doubled, db1 four times",
                    "W2 b1", "db1 0, dW2 0", "factor 4, factor 2");
        check_fault(s, &(faults){ .db = { 1, 1, 1 } }, "db without 1/m", "b1 b2 b3", "db1 0", "factor 3");
    }
    check_fault("seed2_equal_width_4_5_5_1", &(faults){ .last_to_all = true }, "last gradient to every layer", "W1 b1",
                "dZ1 0", "wiring");
}
END_TEST

START_TEST(cost_without_its_divisor_is_caught)
{
    begin("gradient_checks", "seed2");
    network n = forward();
    wg_node *g[6];
    backward(&n, &(faults){ 0 }, g);
    expect_check(&n, wg_name(wg_bce(n.a[2], n.y, WG_SUM), "cost"), g, "cost without 1/m", "W1 b1 W2 b2 W3 b3", "cost 0",
                 "factor 1/3");
    tear_down();
}
END_TEST

START_TEST(gradients_of_zero_are_caught)
{
    begin("gradient_checks", "seed2");
    network n = forward();
    wg_node *g[6];
    backward(&n, &(faults){ 0 }, g);
    for (int i = 0; i < 6; i++)
        g[i] = wg_name(wg_scale(g[i], 1 / 3), "once_more_%d", i);
    expect_check(&n, n.cost, g, "integer 1/m", "W1 b1 W2 b2 W3 b3", "once_more_0 0", "zero");
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
        a = wg_name(wg_apply(l < 2 ? &relu : &sigmoid, WG_NODES(linear(n.p[2 * l], a, n.p[2 * l + 1])), NULL), "A%d",
                    l + 1);
    wg_node *cost = wg_bce(a, n.y, WG_MEAN);
    wg_grads g = wg_grads_of(cost, (wg_nodes){ n.p, 6 });
    ck_assert_msg(g.of.n == 6, "%s", wg_error());
    expect_check(&n, cost, g.of.at, "activations swapped", "W1 b1 W2 b2 W3 b3", "A1 0 or A2 0 or A3 0", "");
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
    ck_assert_int_eq(wg_set(wg_graph_store(the_graph()), n.p[5], golden_view(&b3)), WG_OK);
    wg_node *z = n.z[2], *dZ = wg_scale(wg_grad(n.cost, z), 3);
    wg_exec *e = run(WG_NODES(n.cost, dZ));
    golden_close();
    golden_open("gradient_checks", "saturation");
    ck_assert_double_eq_tol(wg_scalar(e, n.cost), golden_number(NULL, "cost"), 1e-13);
    golden expected = golden_get(NULL, "dZ3");
    golden_compare(wg_result(e, dZ), golden_view(&expected), "dZ3");
    wg_exec_free(e);
    tear_down();
}
END_TEST

TCase *golden_checks(void)
{
    TCase *t = tcase_create("checks");
    tcase_add_test(t, check_in_one_dimension);
    tcase_add_test(t, right_backward_passes);
    tcase_add_test(t, right_backward_has_the_notebooks_noise);
    tcase_add_test(t, each_fault_is_caught_and_its_parameters_named);
    tcase_add_test(t, cost_without_its_divisor_is_caught);
    tcase_add_test(t, gradients_of_zero_are_caught);
    tcase_add_test(t, operators_with_exchanged_adjoints_are_caught);
    tcase_add_test(t, saturated_cost_is_exact);
    return t;
}
