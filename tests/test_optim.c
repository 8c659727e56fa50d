/* lib/optim: the suite, and the problem that its cases share. */
#include <math.h>

#include "optim_test.h"

const double start[N] = { 1.5, -0.75, 0.25 };
wg_graph *g;
wg_node *w, *loss;
wg_dtype problem_dtype = WG_F64;

/* Its gradient is w^3 + 2 w. */
void set_up(void)
{
    float narrow[N];
    for (int i = 0; i < N; i++)
        narrow[i] = (float)start[i];
    g = wg_graph_new();
    w = wg_param(g, "layer/w", problem_dtype, WG_SHAPE(N), wg_init_zeros());
    loss = wg_sum(wg_add(wg_scale(wg_square(wg_square(w)), 0.25), wg_square(w)), WG_ALL_AXES, false);
    wg_view first = problem_dtype == WG_F32 ? WG_VIEW(narrow, N) : WG_VIEW(start, N);
    ck_assert_int_eq(wg_set(wg_graph_store(g), w, first), WG_OK);
}

void tear_down(void)
{
    wg_graph_free(g);
    problem_dtype = WG_F64;
}

double slope(double x) { return x * x * x + 2 * x; }

wg_grads gradients(void) { return wg_grads_of(loss, WG_NODES(w)); }

wg_grads two_layers(void)
{
    wg_node *sum = loss;
    static const char *const names[] = { "layer/b", "norm/gamma", "norm/beta" };
    wg_node *all[4] = { w };
    for (int i = 0; i < 3; i++) {
        all[i + 1] = wg_param(g, names[i], WG_F64, WG_SHAPE(2), wg_init_constant(1));
        sum = wg_add(sum, wg_sum(wg_square(all[i + 1]), WG_ALL_AXES, false));
    }
    return wg_grads_of(sum, (wg_nodes){ all, 4 });
}

wg_node *rate(double value) { return wg_const(g, value); }

void run(wg_node *update, int times)
{
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(loss, update));
    wg_exec *e = wg_exec_new(plan);
    ck_assert_msg(e != NULL, "%s", wg_error());
    for (int i = 0; i < times; i++)
        ck_assert_msg(wg_run(e) == WG_OK, "%s", wg_error());
    wg_exec_free(e), wg_plan_free(plan);
}

void values_over_time(wg_node *scalar, double *value, int n)
{
    wg_node *update = wg_sgd(gradients(), rate(0));
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(scalar, update));
    wg_exec *e = wg_exec_new(plan);
    ck_assert_msg(e != NULL, "%s", wg_error());
    for (int i = 0; i < n; i++) {
        ck_assert_msg(wg_run(e) == WG_OK, "%s", wg_error());
        value[i] = wg_scalar(e, scalar);
    }
    wg_exec_free(e), wg_plan_free(plan);
}

int main(void)
{
    Suite *suite = suite_create("optim");
    TCase *cases[] = { rules_case(), schedules_case(), gradients_case(), accumulation_case(), averages_case() };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tcase_add_checked_fixture(cases[i], set_up, tear_down);
        suite_add_tcase(suite, cases[i]);
    }
    return run_suite(suite);
}
