/* Initial values: their spread, what depends on the shape, and on the name. */
#include "nn_test.h"

/* The parameter's first values; valid until the test ends. */
static wg_view drawn(const char *name, wg_shape shape, wg_init init)
{
    wg_node *w = wg_param(g, name, WG_F64, shape, init);
    ck_assert_msg(w != NULL, "%s", wg_error());
    return wg_get(wg_graph_store(g), w);
}

static double deviation(wg_view v)
{
    const int64_t n = wg_shape_count(v.shape);
    double squares = 0;
    for (int64_t i = 0; i < n; i++)
        squares += wg_view_at(v, i) * wg_view_at(v, i);
    return sqrt(squares / (double)n);
}

static double largest(wg_view v)
{
    double most = 0;
    for (int64_t i = 0; i < wg_shape_count(v.shape); i++)
        most = fmax(most, fabs(wg_view_at(v, i)));
    return most;
}

START_TEST(fans_come_from_the_shape)
{
    const wg_shape matrix = WG_SHAPE(400, 50), conv = WG_SHAPE(60, 8, 5, 5), line = WG_SHAPE(70, 30, 7);
    ck_assert_double_eq_tol(deviation(drawn("m", matrix, wg_init_he())), sqrt(2.0 / 400), 0.002);
    ck_assert_double_eq_tol(deviation(drawn("c", conv, wg_init_he())), sqrt(2.0 / 200), 0.002);
    ck_assert_double_eq_tol(deviation(drawn("l", line, wg_init_lecun())), sqrt(1.0 / 210), 0.002);
    ck_assert_double_eq_tol(deviation(drawn("n", matrix, wg_init_lecun())), sqrt(1.0 / 400), 0.002);
    ck_assert_double_eq_tol(largest(drawn("x", conv, wg_init_xavier())), sqrt(6.0 / (200 + 1500)), 0.001);
    ck_assert_double_eq_tol(largest(drawn("y", matrix, wg_init_xavier())), sqrt(6.0 / 450), 0.001);
}
END_TEST

START_TEST(a_truncated_normal_has_no_tails)
{
    wg_view v = drawn("w", WG_SHAPE(100, 200), wg_init_truncated_normal(0, 0.5));
    ck_assert_double_lt(largest(v), 1.0000001);
    ck_assert_double_gt(largest(v), 0.99);
    ck_assert_double_eq_tol(deviation(v), 0.5 * 0.8796, 0.005); /* of N(0, 1) within -2 .. 2 */
    double sum = 0;
    wg_view moved = drawn("u", WG_SHAPE(100, 200), wg_init_truncated_normal(3, 0.5));
    for (int i = 0; i < 20000; i++)
        sum += wg_view_at(moved, i);
    ck_assert_double_eq_tol(sum / 20000, 3, 0.02);
}
END_TEST

/* rows: the inner products of all pairs of rows, else of columns, of v seen as a matrix of `first` rows. */
static void assert_orthonormal(wg_view v, double gain, bool rows)
{
    const int64_t first = v.shape.dim[0], rest = wg_shape_count(v.shape) / first, n = rows ? first : rest;
    for (int64_t a = 0; a < n; a++)
        for (int64_t b = 0; b <= a; b++) {
            double sum = 0;
            for (int64_t i = 0; i < (rows ? rest : first); i++)
                sum += wg_view_at(v, rows ? a * rest + i : i * rest + a) * wg_view_at(v, rows ? b * rest + i : i * rest + b);
            ck_assert_double_eq_tol(sum, a == b ? gain * gain : 0, 1e-14 * gain * gain);
        }
}

START_TEST(orthogonal_rows_or_columns)
{
    assert_orthonormal(drawn("square", WG_SHAPE(40, 40), wg_init_orthogonal(0)), 1, true);
    assert_orthonormal(drawn("wide", WG_SHAPE(7, 33), wg_init_orthogonal(1)), 1, true);
    assert_orthonormal(drawn("tall", WG_SHAPE(33, 7), wg_init_orthogonal(2.5)), 2.5, false);
    assert_orthonormal(drawn("conv", WG_SHAPE(8, 3, 2, 2), wg_init_orthogonal(1)), 1, true);
    drawn("none", WG_SHAPE(0, 3), wg_init_orthogonal(1));
    ck_assert_ptr_null(wg_param(g, "line", WG_F64, WG_SHAPE(3), wg_init_orthogonal(1)));
    ck_assert_int_eq(wg_error_status(), WG_ERR_ARG);
    ck_assert(strstr(wg_error(), "param line: an orthogonal initial value has at least two dimensions"));
}
END_TEST

START_TEST(draws_depend_on_seed_and_name_alone)
{
    const wg_init kinds[] = { wg_init_lecun(), wg_init_orthogonal(1), wg_init_truncated_normal(0, 1) };
    for (size_t k = 0; k < WG_COUNT(kinds); k++) {
        double value[12];
        wg_node *w = wg_param(g, "w", WG_F64, WG_SHAPE(3, 4), kinds[k]);
        for (int i = 0; i < 12; i++)
            value[i] = wg_view_at(wg_get(wg_graph_store(g), w), i);
        tear_down();
        set_up();
        wg_param(g, "before", WG_F64, WG_SHAPE(5, 5), wg_init_he());
        w = wg_param(g, "w", WG_F64, WG_SHAPE(3, 4), kinds[k]);
        wg_store *same = wg_graph_store(g), *another = wg_store_new(g, 2);
        bool differ = false;
        for (int i = 0; i < 12; i++) {
            ck_assert_double_eq(wg_view_at(wg_get(same, w), i), value[i]);
            differ = differ || wg_view_at(wg_get(another, w), i) != value[i];
        }
        ck_assert(differ);
        wg_store_free(another);
        tear_down();
        set_up();
    }
}
END_TEST

START_TEST(descriptions_keep_initial_values)
{
    static const char text[] =
        "{\"format\": \"wengert-graph\", \"version\": 1, \"nodes\": ["
        "{\"name\": \"a\", \"op\": \"param\", \"dtype\": \"f64\", \"shape\": [2, 3], \"init\": {\"name\": \"orthogonal\", \"gain\": 2}},"
        "{\"name\": \"b\", \"op\": \"param\", \"dtype\": \"f64\", \"shape\": [2, 3], \"init\": {\"name\": \"lecun\", \"fan_in\": 7}},"
        "{\"name\": \"c\", \"op\": \"param\", \"dtype\": \"f64\", \"shape\": [2, 3], "
        "\"init\": {\"name\": \"truncated_normal\", \"mean\": 1, \"deviation\": 2}}]}";
    static const wg_init expected[] = { { WG_INIT_ORTHOGONAL, 2, 0 },
                                        { WG_INIT_LECUN, 7, 0 },
                                        { WG_INIT_TRUNCATED_NORMAL, 1, 2 } };
    wg_graph *parsed = wg_graph_parse(text, sizeof text - 1, NULL);
    ck_assert_msg(parsed != NULL, "%s", wg_error());
    char *again = wg_graph_json(parsed, (wg_nodes){ NULL, 0 });
    wg_graph *back = wg_graph_parse(again, strlen(again), NULL);
    ck_assert_msg(back != NULL, "%s", wg_error());
    wg_text_free(again);
    for (size_t i = 0; i < WG_COUNT(expected); i++) {
        const char name[] = { (char)('a' + i), '\0' };
        wg_node *same = wg_param(g, name, WG_F64, WG_SHAPE(2, 3), expected[i]);
        for (int j = 0; j < 6; j++)
            ck_assert_double_eq(wg_view_at(wg_get(wg_graph_store(back), wg_find(back, name)), j),
                                wg_view_at(wg_get(wg_graph_store(g), same), j));
    }
    wg_graph_free(parsed);
    wg_graph_free(back);
}
END_TEST

TCase *nn_init_tests(void)
{
    TCase *t = tcase_create("inits");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, fans_come_from_the_shape);
    tcase_add_test(t, a_truncated_normal_has_no_tails);
    tcase_add_test(t, orthogonal_rows_or_columns);
    tcase_add_test(t, draws_depend_on_seed_and_name_alone);
    tcase_add_test(t, descriptions_keep_initial_values);
    return t;
}
