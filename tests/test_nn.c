/* lib/nn: layers and whole models. */
#include "nn_test.h"
#include "suite.h"

TCase *nn_attention_tests(void);

wg_graph *g;

void set_up(void)
{
    g = wg_graph_new();
}

void tear_down(void)
{
    wg_graph_free(g);
}

double *values_of(wg_node *y, wg_node *x, wg_view fed)
{
    wg_plan *plan = wg_compile(g, WG_INFER, WG_NODES(y));
    wg_exec *e = wg_exec_new(plan);
    ck_assert_msg(e != NULL, "%s", wg_error());
    if (x)
        ck_assert_int_eq(wg_bind(e, x, fed), WG_OK);
    ck_assert_msg(wg_run(e) == WG_OK, "%s", wg_error());
    wg_view view = wg_result(e, y);
    int64_t n = wg_shape_count(view.shape);
    double *value = calloc((size_t)n, sizeof *value);
    for (int64_t i = 0; i < n; i++)
        value[i] = wg_view_at(view, i);
    wg_exec_free(e), wg_plan_free(plan);
    return value;
}

START_TEST(a_dense_layer_is_an_affine_map)
{
    static const double w[] = { 1, 2, 3, 4, 5, 6 }, b[] = { 10, 20, 30 }, in[] = { 1, -1, 0.5, 2 };
    static const double expected[] = { 1 - 4 + 10, 2 - 5 + 20, 3 - 6 + 30, 0.5 + 8 + 10, 1 + 10 + 20, 1.5 + 12 + 30 };
    wg_node *x = wg_input(g, "x", WG_F64, WG_SHAPE(WG_BATCH, 2));
    wg_dense layer = wg_dense_new(g, "hidden", WG_F64, 2, 3, wg_init_he());
    ck_assert_str_eq(wg_node_name(layer.w), "hidden/w");
    ck_assert_str_eq(wg_node_name(layer.b), "hidden/b");
    ck_assert_int_eq(wg_set(wg_graph_store(g), layer.w, WG_VIEW(w, 2, 3)), WG_OK);
    ck_assert_int_eq(wg_set(wg_graph_store(g), layer.b, WG_VIEW(b, 3)), WG_OK);
    double *y = values_of(wg_dense_apply(layer, x), x, WG_VIEW(in, 2, 2));
    for (int i = 0; i < 6; i++)
        ck_assert_double_eq_tol(y[i], expected[i], 1e-14);
    free(y);
}
END_TEST

START_TEST(a_layer_that_is_applied_twice_shares_its_parameters)
{
    wg_node *x = wg_input(g, "x", WG_F64, WG_SHAPE(WG_BATCH, 3));
    wg_dense trunk = wg_dense_new(g, "trunk", WG_F64, 3, 3, wg_init_he());
    wg_node *y = wg_sum(wg_dense_apply(trunk, wg_dense_apply(trunk, x)), WG_ALL_AXES, false);
    ck_assert_uint_eq(wg_trainable(y).n, 2);
}
END_TEST

START_TEST(a_failed_layer_gives_null_and_an_error)
{
    wg_dense none = wg_dense_new(g, "bad name", WG_F64, 2, 2, wg_init_he());
    ck_assert_ptr_null(wg_dense_apply(none, wg_input(g, "x", WG_F64, WG_SHAPE(1, 2))));
    ck_assert(*wg_graph_error(g));
}
END_TEST

static const int64_t width[] = { 4, 5, 3, 1 };

static wg_mlp model(wg_graph *in, wg_node *x, wg_layout layout, wg_mlp_init init)
{
    wg_mlp_opts o = {
        .size = sizeof o, .layout = layout, .hidden = WG_TANH, .output = WG_SIGMOID, .init = init, .numpy_seed = 1
    };
    wg_mlp m = wg_mlp_new(in, x, width, 4, &o);
    ck_assert_msg(m.y != NULL, "%s", wg_error());
    ck_assert_int_eq(wg_mlp_numpy(wg_graph_store(in), &m, &o), WG_OK);
    return m;
}

START_TEST(a_model_has_its_parameters_in_order_and_shape)
{
    static const char *const names[] = { "W1", "b1", "W2", "b2", "W3", "b3" };
    wg_node *x = wg_input(g, "x", WG_F64, WG_SHAPE(4, WG_BATCH));
    wg_mlp m = model(g, x, WG_COLUMNS, WG_MLP_HE);
    ck_assert_uint_eq(m.params.n, 6);
    for (size_t i = 0; i < 6; i++)
        ck_assert_str_eq(wg_node_name(m.params.at[i]), names[i]);
    ck_assert(wg_shape_equal(wg_node_shape(m.params.at[0]), WG_SHAPE(5, 4)));
    ck_assert(wg_shape_equal(wg_node_shape(m.params.at[1]), WG_SHAPE(5, 1)));
    ck_assert(wg_shape_equal(wg_node_shape(m.y), WG_SHAPE(1, WG_BATCH)));
    ck_assert_ptr_eq(wg_find(g, "Z3"), m.z);
    ck_assert_ptr_nonnull(wg_find(g, "A1"));
}
END_TEST

START_TEST(what_the_input_was_made_of_is_no_parameter_of_the_model)
{
    wg_node *shift = wg_param(g, "shift", WG_F64, WG_SHAPE(4, 1), wg_init_zeros());
    wg_node *x = wg_add(wg_input(g, "x", WG_F64, WG_SHAPE(4, WG_BATCH)), shift);
    wg_mlp m = model(g, x, WG_COLUMNS, WG_MLP_HE);
    ck_assert_uint_eq(m.params.n, 6);
    ck_assert_str_eq(wg_node_name(m.params.at[0]), "W1");
}
END_TEST

START_TEST(numpy_initialisers_draw_layer_after_layer)
{
    /* np.random.seed(1); randn(5, 4) / 2 begins so; W2 goes on where W1 ended */
    wg_numpy_random random;
    wg_numpy_seed(&random, 1);
    wg_mlp m = model(g, wg_input(g, "x", WG_F64, WG_SHAPE(4, WG_BATCH)), WG_COLUMNS, WG_MLP_NUMPY);
    wg_store *store = wg_graph_store(g);
    for (size_t l = 0; l < 3; l++) {
        wg_view w = wg_get(store, m.params.at[2 * l]), b = wg_get(store, m.params.at[2 * l + 1]);
        for (int64_t i = 0; i < width[l] * width[l + 1]; i++)
            ck_assert_double_eq(wg_view_at(w, i), wg_numpy_randn(&random) / sqrt((double)width[l]));
        for (int64_t i = 0; i < width[l + 1]; i++)
            ck_assert_double_eq(wg_view_at(b, i), 0);
    }
    ck_assert_double_eq(wg_view_at(wg_get(store, m.params.at[0]), 0), 1.6243453636632417 / 2);
}
END_TEST

START_TEST(the_small_numpy_initialiser_multiplies)
{
    wg_mlp m = model(g, wg_input(g, "x", WG_F64, WG_SHAPE(4, WG_BATCH)), WG_COLUMNS, WG_MLP_NUMPY_SMALL);
    ck_assert_double_eq(wg_view_at(wg_get(wg_graph_store(g), m.params.at[0]), 1), -0.61175641365007538 * 0.01);
}
END_TEST

START_TEST(both_layouts_compute_the_same)
{
    static double columns[4 * 6], rows[6 * 4];
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 6; j++)
            columns[i * 6 + j] = rows[j * 4 + i] = sin(i + 5 * j);
    wg_node *x = wg_input(g, "x", WG_F64, WG_SHAPE(4, WG_BATCH));
    wg_scope_push(g, "rows");
    wg_node *xr = wg_input(g, "x", WG_F64, WG_SHAPE(WG_BATCH, 4));
    wg_mlp r = model(g, xr, WG_ROWS, WG_MLP_NUMPY);
    wg_scope_pop(g);
    wg_mlp c = model(g, x, WG_COLUMNS, WG_MLP_NUMPY);
    ck_assert(wg_shape_equal(wg_node_shape(r.params.at[0]), WG_SHAPE(4, 5)));
    double *a = values_of(c.y, x, WG_VIEW(columns, 4, 6)), *b = values_of(r.y, xr, WG_VIEW(rows, 6, 4));
    for (int i = 0; i < 6; i++)
        ck_assert_double_eq_tol(a[i], b[i], 1e-15);
    free(a), free(b);
}
END_TEST

START_TEST(a_model_that_is_applied_again_is_the_same_model)
{
    static const double in[] = { 1, 2, 3, 4, -1, -2, -3, -4 };
    wg_mlp_opts o = { .size = sizeof o, .hidden = WG_SIGMOID, .output = WG_SOFTMAX };
    wg_node *x = wg_input(g, "x", WG_F64, WG_SHAPE(4, WG_BATCH)),
            *x2 = wg_input(g, "x2", WG_F64, WG_SHAPE(4, WG_BATCH));
    wg_mlp m = wg_mlp_new(g, x, width, 3, &o), again = wg_mlp_apply(&m, x2, &o);
    ck_assert_msg(again.y != NULL, "%s", wg_error());
    ck_assert_uint_eq(wg_trainable(again.y).n, 4);
    double *a = values_of(m.y, x, WG_VIEW(in, 4, 2)), *b = values_of(again.y, x2, WG_VIEW(in, 4, 2));
    ck_assert_mem_eq(a, b, 6 * sizeof *a);
    ck_assert_double_eq_tol(a[0] + a[2] + a[4], 1, 1e-15); /* softmax runs down a column */
    free(a), free(b);
}
END_TEST

START_TEST(fans_follow_the_layout)
{
    static const int64_t wide[] = { 1000, 10 };
    wg_mlp m = wg_mlp_new(g, wg_input(g, "x", WG_F64, WG_SHAPE(1000, WG_BATCH)), wide, 2, NULL);
    wg_view w = wg_get(wg_graph_store(g), m.params.at[0]);
    double squares = 0;
    for (int64_t i = 0; i < 10000; i++)
        squares += wg_view_at(w, i) * wg_view_at(w, i);
    ck_assert_double_eq_tol(sqrt(squares / 10000), sqrt(2.0 / 1000), 0.002);
}
END_TEST

START_TEST(wrong_sizes_are_refused)
{
    static const int64_t zero[] = { 4, 0, 1 };
    wg_node *x = wg_input(g, "x", WG_F64, WG_SHAPE(4, WG_BATCH));
    if (_i == 0)
        ck_assert_ptr_null(wg_mlp_new(g, x, width, 1, NULL).y);
    else if (_i == 1)
        ck_assert_ptr_null(wg_mlp_new(g, x, zero, 3, NULL).y);
    else if (_i == 2)
        ck_assert_ptr_null(wg_mlp_new(g, x, width + 1, 3, NULL).y); /* begins with 5, x has 4 */
    else
        ck_assert_ptr_null(wg_mlp_new(g, NULL, width, 4, NULL).y);
    ck_assert(*wg_graph_error(g));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nn");
    TCase *t = tcase_create("nn");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, a_dense_layer_is_an_affine_map);
    tcase_add_test(t, a_layer_that_is_applied_twice_shares_its_parameters);
    tcase_add_test(t, a_failed_layer_gives_null_and_an_error);
    tcase_add_test(t, a_model_has_its_parameters_in_order_and_shape);
    tcase_add_test(t, what_the_input_was_made_of_is_no_parameter_of_the_model);
    tcase_add_test(t, numpy_initialisers_draw_layer_after_layer);
    tcase_add_test(t, the_small_numpy_initialiser_multiplies);
    tcase_add_test(t, both_layouts_compute_the_same);
    tcase_add_test(t, a_model_that_is_applied_again_is_the_same_model);
    tcase_add_test(t, fans_follow_the_layout);
    tcase_add_loop_test(t, wrong_sizes_are_refused, 0, 4);
    suite_add_tcase(suite, t);
    suite_add_tcase(suite, nn_layer_tests());
    suite_add_tcase(suite, nn_init_tests());
    suite_add_tcase(suite, nn_attention_tests());
    return run_suite(suite);
}
