/* The operators: values, types, shapes, errors. Their gradients are the verifier's affair. The tests are in ops_*.c. */
#include <stdlib.h>

#include "ops_test.h"
#include "suite.h"

wg_graph *g;

enum { KEPT_MAX = 4096 };
static wg_exec *kept[KEPT_MAX]; /* what values point into */
static int n_kept;

void set_up(void)
{
    g = wg_graph_new();
}

static void drop_values(void)
{
    while (n_kept)
        wg_exec_free(kept[--n_kept]);
}

void tear_down(void)
{
    drop_values();
    wg_graph_free(g);
}

wg_view value_in(wg_node *n, wg_mode mode, int threads)
{
    ck_assert_msg(n != NULL, "%s", wg_error());
    wg_plan *plan = wg_compile(g, mode, WG_NODES(n));
    ck_assert_msg(plan != NULL, "%s", wg_error());
    wg_exec *e = wg_exec_new_with(plan, WG_OPTS(wg_exec_opts, .threads = threads));
    wg_plan_free(plan);
    ck_assert_msg(e != NULL, "%s", wg_error());
    ck_assert_msg(wg_run(e) == WG_OK, "%s", wg_error());
    if (n_kept == KEPT_MAX)
        drop_values();
    kept[n_kept++] = e;
    return wg_result(e, n);
}

wg_view value(wg_node *n)
{
    return value_in(n, WG_TRAIN, 1);
}

double element(wg_node *n, int64_t index)
{
    return wg_view_at(value(n), index);
}

wg_status run_status(wg_node *n)
{
    ck_assert_msg(n != NULL, "%s", wg_error());
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(n));
    wg_exec *e = wg_exec_new(plan);
    wg_status status = e ? wg_run(e) : wg_error_status();
    wg_exec_free(e);
    wg_plan_free(plan);
    return status;
}

static void put(void *to, wg_dtype type, int64_t i, double v)
{
    switch (type) {
    case WG_F32: ((float *)to)[i] = (float)v; break;
    case WG_F64: ((double *)to)[i] = v; break;
    case WG_I32: ((int32_t *)to)[i] = (int32_t)v; break;
    case WG_I64: ((int64_t *)to)[i] = (int64_t)v; break;
    case WG_U8: ((uint8_t *)to)[i] = (uint8_t)v; break;
    case WG_BOOL: ((bool *)to)[i] = v != 0; break;
    case WG_DTYPE_NONE: break;
    }
}

wg_node *constant(wg_dtype type, wg_shape shape, const double *values)
{
    int64_t n = wg_shape_count(shape);
    void *p = calloc((size_t)n + 1, 8);
    for (int64_t i = 0; i < n; i++)
        put(p, type, i, values[i]);
    wg_node *c = wg_constant(g, NULL, wg_view_of(p, type, shape));
    free(p);
    return c;
}

wg_node *scattered(wg_dtype type, wg_shape shape, uint64_t seed)
{
    int64_t n = wg_shape_count(shape);
    double *v = calloc((size_t)n + 1, sizeof *v);
    for (int64_t i = 0; i < n; i++) {
        uint64_t h = ((uint64_t)i + 1) * UINT64_C(0x9E3779B97F4A7C15) + seed * UINT64_C(0xBF58476D1CE4E5B9);
        h = (h ^ (h >> 29)) * UINT64_C(0x94D049BB133111EB);
        v[i] = (double)((int64_t)(h >> 53) - 1024) / 1024;
        if (type != WG_F32 && type != WG_F64)
            v[i] = (double)(h >> 62); /* 0..3 */
    }
    wg_node *c = constant(type, shape, v);
    free(v);
    return c;
}

void assert_values(const char *what, wg_node *n, double tolerance, size_t count, const double *expected)
{
    wg_view v = value(n);
    ck_assert_msg(wg_shape_count(v.shape) == (int64_t)count, "%s has %lld elements", what,
                  (long long)wg_shape_count(v.shape));
    for (size_t i = 0; i < count; i++) {
        double got = wg_view_at(v, (int64_t)i);
        bool equal = got == expected[i] || (isnan(got) && isnan(expected[i])) || fabs(got - expected[i]) <= tolerance;
        ck_assert_msg(equal, "%s[%zu] is %.17g, expected %.17g", what, i, got, expected[i]);
    }
}

void assert_shape(wg_node *n, wg_shape expected)
{
    char a[96], b[96];
    ck_assert_msg(n != NULL, "%s", wg_error());
    ck_assert_msg(wg_shape_equal(wg_node_shape(n), expected), "%s, expected %s",
                  wg_shape_text(wg_node_shape(n), a, sizeof a), wg_shape_text(expected, b, sizeof b));
}

void assert_fails(const char *what, wg_node *n, wg_status status, const char *part)
{
    ck_assert_msg(n == NULL, "%s did not fail", what);
    ck_assert_msg(wg_error_status() == status && strstr(wg_error(), part), "%s: %s", what, wg_error());
    tear_down();
    set_up();
}

int main(void)
{
    Suite *suite = suite_create("ops");
    suite_add_tcase(suite, ops_elementwise_tests());
    suite_add_tcase(suite, ops_extremes_tests());
    suite_add_tcase(suite, ops_shape_tests());
    suite_add_tcase(suite, ops_reduction_tests());
    suite_add_tcase(suite, ops_loss_tests());
    suite_add_tcase(suite, ops_activation_tests());
    suite_add_tcase(suite, ops_random_tests());
    suite_add_tcase(suite, ops_control_tests());
    suite_add_tcase(suite, ops_moves_tests());
    suite_add_tcase(suite, ops_index_tests());
    suite_add_tcase(suite, ops_linear_tests());
    suite_add_tcase(suite, ops_precision_tests());
    suite_add_tcase(suite, ops_conv_tests());
    suite_add_tcase(suite, ops_pool_tests());
    suite_add_tcase(suite, ops_attention_tests());
    return run_suite(suite);
}
