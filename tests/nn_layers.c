/* Layers: names, values, and what batch_norm remembers. */
#include "nn_test.h"

#define N WG_DIM('N')

static void assert_named(const wg_node *n, const char *name, wg_shape shape)
{
    ck_assert_msg(n != NULL, "%s", wg_error());
    ck_assert_str_eq(wg_node_name(n), name);
    ck_assert(wg_shape_equal(wg_node_shape(n), shape));
}

START_TEST(layers_name_what_they_own)
{
    wg_scope_push(g, "model");
    wg_embed e = wg_embed_new(g, "table", WG_F32, 10, 4, wg_init_normal(0, 1));
    wg_layernorm l = wg_layernorm_new(g, "ln", WG_F32, WG_SHAPE(3, 4));
    wg_rmsnorm r = wg_rmsnorm_new(g, "rms", WG_F64, WG_SHAPE(4));
    wg_groupnorm p = wg_groupnorm_new(g, "gn", WG_F32, 6, 2);
    wg_instancenorm i = wg_instancenorm_new(g, "in", WG_F32, 6);
    wg_batchnorm b = wg_batchnorm_new(g, "bn", WG_F32, 6);
    wg_scope_pop(g);
    assert_named(e.w, "model/table/w", WG_SHAPE(10, 4));
    assert_named(l.gamma, "model/ln/gamma", WG_SHAPE(3, 4));
    assert_named(l.beta, "model/ln/beta", WG_SHAPE(3, 4));
    assert_named(r.gamma, "model/rms/gamma", WG_SHAPE(4));
    assert_named(p.beta, "model/gn/beta", WG_SHAPE(6));
    assert_named(i.gamma, "model/in/gamma", WG_SHAPE(6));
    assert_named(b.mean, "model/bn/mean", WG_SHAPE(6));
    assert_named(b.var, "model/bn/var", WG_SHAPE(6));
    wg_node *y = wg_batchnorm_apply(b, wg_input(g, "x", WG_F32, WG_SHAPE(N, 6)));
    ck_assert_uint_eq(wg_trainable(y).n, 2); /* the running values are not trained */
    ck_assert_int_eq(wg_param_count(wg_trainable(y)), 12);
    ck_assert_int_eq(wg_param_count(WG_NODES(e.w, NULL, l.gamma)), 52);
}
END_TEST

START_TEST(a_layer_is_its_operator_with_its_parameters)
{
    static const double in[] = { 1, 2, 4, 8, 16, 32, -1, 0, 1, 5, 3, 0 };
    wg_node *x = wg_input(g, "x", WG_F64, WG_SHAPE(N, 2, 3)), *gamma = wg_param(g, "a", WG_F64, WG_SHAPE(2), wg_init_normal(0, 1));
    wg_layernorm l = wg_layernorm_new(g, "ln", WG_F64, WG_SHAPE(2, 3));
    wg_rmsnorm r = wg_rmsnorm_new(g, "rms", WG_F64, WG_SHAPE(3));
    wg_groupnorm p = wg_groupnorm_new(g, "gn", WG_F64, 2, 1);
    wg_instancenorm i = wg_instancenorm_new(g, "in", WG_F64, 2);
    p.gamma = i.gamma = gamma;
    wg_node *ones = wg_ones_like(l.gamma), *pair[][2] = {
        { wg_layernorm_apply(l, x), wg_layer_norm(x, ones, NULL, WG_AXES(1, 2), 1e-5) },
        { wg_rmsnorm_apply(r, x), wg_rms_norm(x, NULL, WG_AXES(-1), 1e-6) },
        { wg_groupnorm_apply(p, x), wg_group_norm(x, gamma, p.beta, 1, 1e-5) },
        { wg_instancenorm_apply(i, x), wg_instance_norm(x, gamma, i.beta, 1e-5) },
    };
    for (size_t k = 0; k < WG_COUNT(pair); k++) {
        double *a = values_of(pair[k][0], x, WG_VIEW(in, 2, 2, 3)), *b = values_of(pair[k][1], x, WG_VIEW(in, 2, 2, 3));
        for (int j = 0; j < 12; j++)
            ck_assert_double_eq_tol(a[j], b[j], 1e-15);
        free(a), free(b);
    }
}
END_TEST

START_TEST(an_embedding_looks_rows_up)
{
    static const int64_t at[] = { 2, 0, 2 };
    wg_embed e = wg_embed_new(g, "table", WG_F64, 3, 2, wg_init_normal(0, 1));
    wg_node *index = wg_input(g, "index", WG_I64, WG_SHAPE(N));
    double *y = values_of(wg_embed_apply(e, index), index, WG_VIEW(at, 3));
    wg_view w = wg_get(wg_graph_store(g), e.w);
    for (int i = 0; i < 6; i++)
        ck_assert_double_eq(y[i], wg_view_at(w, 2 * at[i / 2] + i % 2));
    free(y);
}
END_TEST

START_TEST(convolution_layers_go_by_the_kernels_axes)
{
    const wg_conv_opts *opts = WG_OPTS(wg_conv_opts, .stride = WG_AXES(2), .padding = WG_AXES(1), .groups = 2);
    wg_node *line = wg_input(g, NULL, WG_F64, WG_SHAPE(N, 4, 9)), *plane = wg_input(g, NULL, WG_F64, WG_SHAPE(N, 4, 9, 7)),
            *space = wg_input(g, NULL, WG_F64, WG_SHAPE(N, 4, 9, 7, 5));
    wg_conv a = wg_conv_new(g, "a", WG_F64, 4, 6, WG_AXES(3), opts, wg_init_he());
    wg_conv b = wg_conv_new(g, "b", WG_F64, 4, 6, WG_AXES(3, 2), NULL, wg_init_he());
    wg_conv c = wg_conv_new(g, "c", WG_F64, 4, 6, WG_AXES(3, 3, 3), opts, wg_init_he());
    wg_conv_transpose d =
        wg_conv_transpose_new(g, "d", WG_F64, 4, 6, WG_AXES(3, 3), WG_AXES(1), opts, wg_init_xavier());
    assert_named(a.w, "a/w", WG_SHAPE(6, 2, 3));
    assert_named(b.w, "b/w", WG_SHAPE(6, 4, 3, 2));
    assert_named(b.b, "b/b", WG_SHAPE(6));
    assert_named(c.w, "c/w", WG_SHAPE(6, 2, 3, 3, 3));
    assert_named(d.w, "d/w", WG_SHAPE(4, 3, 3, 3));
    assert_named(d.b, "d/b", WG_SHAPE(6));
    wg_node *y[] = { wg_conv_apply(a, line), wg_conv_apply(b, plane), wg_conv_apply(c, space),
                     wg_conv_transpose_apply(d, plane) };
    const wg_shape expected[] = { WG_SHAPE(N, 6, 5), WG_SHAPE(N, 6, 7, 6), WG_SHAPE(N, 6, 5, 4, 3), WG_SHAPE(N, 6, 18, 14) };
    for (size_t i = 0; i < WG_COUNT(y); i++) {
        ck_assert_msg(y[i] != NULL, "%s", wg_error());
        ck_assert(wg_shape_equal(wg_node_shape(y[i]), expected[i]));
    }
    b.b = NULL;
    ck_assert_uint_eq(wg_trainable(wg_conv_apply(b, plane)).n, 1);
}
END_TEST

START_TEST(convolution_layers_refuse_what_does_not_fit)
{
    const wg_conv_opts *thirds = WG_OPTS(wg_conv_opts, .groups = 3);
    wg_conv c = { .w = NULL };
    if (_i == 0)
        c = wg_conv_new(g, "c", WG_F32, 4, 6, WG_AXES(3), thirds, wg_init_he());
    else if (_i == 1)
        c = wg_conv_new(g, "c", WG_F32, 4, 6, ((wg_axes){ .n = 0 }), NULL, wg_init_he());
    else if (_i == 2)
        c = wg_conv_new(g, "c", WG_F32, 4, 6, WG_AXES(1, 1, 1, 1), NULL, wg_init_he());
    else
        c = wg_conv_new(g, "c", WG_F32, 4, 6, WG_AXES(1), &(wg_conv_opts){ .groups = 1 }, wg_init_he());
    ck_assert(!c.w && *wg_graph_error(g));
    ck_assert_int_eq(wg_error_status(), WG_ERR_ARG);
}
END_TEST

/* ---- batch_norm ---- */

static const double batch[] = { 1, 2, 3, 4 }, other[] = { 10, 20 };

/* One channel of one element an example: batches of numbers. */
typedef struct model {
    wg_batchnorm bn;
    wg_node *x, *y, *loss;
} model;

static model one_channel(void)
{
    model m = { .bn = wg_batchnorm_new(g, "bn", WG_F64, 1), .x = wg_input(g, "x", WG_F64, WG_SHAPE(N, 1)) };
    m.y = wg_batchnorm_apply(m.bn, m.x);
    m.loss = wg_mean(wg_square(wg_shift(m.y, 1)), WG_ALL_AXES, false);
    return m;
}

static wg_exec *exec_of(wg_mode mode, wg_nodes wanted)
{
    wg_plan *plan = wg_compile(g, mode, wanted);
    wg_exec *e = wg_exec_new(plan);
    ck_assert_msg(e != NULL, "%s", wg_error());
    wg_plan_free(plan);
    return e;
}

static void run_on(wg_exec *e, const wg_node *x, const double *values, int64_t n)
{
    ck_assert_int_eq(wg_feed(e, x, WG_VIEW(values, n, 1)), WG_OK);
    ck_assert_msg(wg_run(e) == WG_OK, "%s", wg_error());
}

static void assert_running(const wg_batchnorm *bn, double mean, double var)
{
    ck_assert_double_eq_tol(wg_view_at(wg_get(wg_graph_store(g), bn->mean), 0), mean, 1e-14);
    ck_assert_double_eq_tol(wg_view_at(wg_get(wg_graph_store(g), bn->var), 0), var, 1e-14);
}

static wg_node *step_of(const model *m, double rate)
{
    return wg_sgd(wg_grads_of(m->loss, wg_trainable(m->loss)), wg_const(g, rate));
}

START_TEST(a_step_moves_the_running_values)
{
    model m = one_channel();
    wg_exec *e = exec_of(WG_TRAIN, WG_NODES(m.y, step_of(&m, 0)));
    run_on(e, m.x, batch, 4); /* mean 2.5, variance 5/4, of the sample 5/3 */
    ck_assert_double_eq_tol(wg_view_at(wg_result(e, m.y), 0), -1.5 / sqrt(1.25 + 1e-5), 1e-15);
    assert_running(&m.bn, 0.25, 0.9 + 0.1 * 5 / 3);
    run_on(e, m.x, other, 2); /* 15; 25, of the sample 50 */
    assert_running(&m.bn, 0.9 * 0.25 + 1.5, 0.9 * (0.9 + 0.1 * 5 / 3) + 5);
    run_on(e, m.x, batch, 1); /* one element has no variance */
    assert_running(&m.bn, 0.9 * 1.725 + 0.1, 0.9 * (0.9 * (0.9 + 0.1 * 5 / 3) + 5));
    wg_exec_free(e);
}
END_TEST

START_TEST(inference_uses_the_running_values)
{
    static const double mean = 3, var = 4;
    model m = one_channel();
    ck_assert_int_eq(wg_set(wg_graph_store(g), m.bn.mean, WG_VIEW(&mean, 1)), WG_OK);
    ck_assert_int_eq(wg_set(wg_graph_store(g), m.bn.var, WG_VIEW(&var, 1)), WG_OK);
    double *y = values_of(m.y, m.x, WG_VIEW(batch, 4, 1));
    for (int i = 0; i < 4; i++)
        ck_assert_double_eq_tol(y[i], (batch[i] - 3) / sqrt(4 + 1e-5), 1e-15);
    free(y);
}
END_TEST

START_TEST(without_a_step_in_training_nothing_moves)
{
    model m = one_channel();
    wg_node *step = step_of(&m, 0);
    wg_exec *read = exec_of(WG_TRAIN, WG_NODES(m.loss, m.y)), *infer = exec_of(WG_INFER, WG_NODES(m.loss, step));
    run_on(read, m.x, batch, 4);
    run_on(infer, m.x, batch, 4);
    assert_running(&m.bn, 0, 1);
    wg_exec_free(read);
    wg_exec_free(infer);
}
END_TEST

START_TEST(a_layer_applied_twice_is_updated_twice)
{
    model m = one_channel();
    wg_node *x2 = wg_input(g, "x2", WG_F64, WG_SHAPE(WG_DIM('M'), 1));
    m.loss = wg_add(m.loss, wg_sum(wg_square(wg_batchnorm_apply(m.bn, x2)), WG_ALL_AXES, false));
    wg_exec *e = exec_of(WG_TRAIN, WG_NODES(step_of(&m, 0)));
    ck_assert_int_eq(wg_feed(e, x2, WG_VIEW(other, 2, 1)), WG_OK);
    run_on(e, m.x, batch, 4);
    assert_running(&m.bn, 0.9 * 0.25 + 1.5, 0.9 * (0.9 + 0.1 * 5 / 3) + 5);
    wg_exec_free(e);
}
END_TEST

START_TEST(two_optimisers_in_one_plan_share_the_update)
{
    model m = one_channel();
    wg_node *a = wg_sgd(wg_grads_of(m.loss, WG_NODES(m.bn.gamma)), wg_const(g, 0));
    wg_node *b = wg_adam(wg_grads_of(m.loss, WG_NODES(m.bn.gamma, m.bn.beta)), wg_const(g, 0), NULL);
    wg_grads only = wg_grads_of(m.loss, WG_NODES(m.bn.beta));
    wg_node *c = wg_momentum(only, wg_const(g, 0), NULL);
    ck_assert_msg(a && b && c, "%s", wg_error());
    wg_exec *e = exec_of(WG_TRAIN, WG_NODES(a, c));
    run_on(e, m.x, batch, 4);
    assert_running(&m.bn, 0.25, 0.9 + 0.1 * 5 / 3);
    wg_exec_free(e);
}
END_TEST

START_TEST(steps_of_ones_own_ask_for_the_updates)
{
    model m = one_channel();
    wg_nodes tracked = wg_tracked(WG_NODES(m.loss));
    ck_assert_uint_eq(tracked.n, 2);
    wg_exec *e = exec_of(WG_TRAIN, WG_NODES(m.loss, tracked.at[0], tracked.at[1]));
    run_on(e, m.x, batch, 4);
    assert_running(&m.bn, 0.25, 0.9 + 0.1 * 5 / 3);
    wg_exec_free(e);
    wg_nodes nothing = wg_tracked(WG_NODES(m.x));
    ck_assert(nothing.at && !nothing.n);
}
END_TEST

START_TEST(a_model_from_a_file_goes_on_tracking)
{
    model m = one_channel();
    wg_output(m.loss, "loss");
    char *text = wg_graph_json(g, WG_NODES(m.loss));
    ck_assert_msg(text != NULL, "%s", wg_error());
    tear_down();
    g = wg_graph_parse(text, strlen(text), NULL);
    wg_text_free(text);
    ck_assert_msg(g != NULL, "%s", wg_error());
    m = (model){ .bn = { .mean = wg_find(g, "bn/mean"), .var = wg_find(g, "bn/var") }, .x = wg_find(g, "x"),
                 .loss = wg_find(g, "loss") };
    wg_exec *e = exec_of(WG_TRAIN, WG_NODES(step_of(&m, 0.1)));
    run_on(e, m.x, batch, 4);
    assert_running(&m.bn, 0.25, 0.9 + 0.1 * 5 / 3);
    wg_exec_free(e);
}
END_TEST

/* Gradients pass through the batch's own mean and variance. */
START_TEST(the_gradient_of_a_batch_is_verified)
{
    wg_node *x = wg_param(g, "x", WG_F64, WG_SHAPE(3, 2, 2), wg_init_normal(0, 1));
    wg_batchnorm bn = wg_batchnorm_new(g, "bn", WG_F64, 2);
    wg_node *c = wg_param(g, "c", WG_F64, WG_SHAPE(3, 2, 2), wg_init_normal(0, 1));
    wg_node *loss = wg_sum(wg_mul(wg_tanh(wg_batchnorm_apply(bn, x)), c), WG_ALL_AXES, false);
    wg_exec *e = exec_of(WG_TRAIN, WG_NODES(loss));
    wg_report *report = NULL;
    ck_assert_msg(wg_verify(loss, wg_trainable(loss), e, NULL, &report) == WG_OK, "%s", wg_report_text(report));
    wg_report_free(report);
    assert_running(&bn, 0, 1);
    wg_exec_free(e);
}
END_TEST

START_TEST(what_cannot_be_tracked_is_told)
{
    wg_node *x = wg_input(g, "x", WG_F64, WG_SHAPE(N, 3)), *v = wg_variable(g, "v", WG_F64, WG_SHAPE(2), wg_init_zeros());
    ck_assert_ptr_null(wg_track(x, wg_sum(x, WG_AXES(0), false), v, 0.1));
    ck_assert_str_eq(wg_error(), "track: a variable of shape (2) cannot follow a value of shape (3), in track(x, sum(x), v)");
    tear_down();
    set_up();
    x = wg_input(g, "x", WG_F64, WG_SHAPE(N, 3));
    v = wg_variable(g, "v", WG_F32, WG_SHAPE(3), wg_init_zeros());
    ck_assert_ptr_null(wg_track(x, wg_sum(x, WG_AXES(0), false), v, 0.1));
    ck_assert_int_eq(wg_error_status(), WG_ERR_DTYPE);
    tear_down();
    set_up();
    x = wg_input(g, "x", WG_F64, WG_SHAPE(3));
    ck_assert_ptr_null(wg_track(x, x, x, 1.5));
    ck_assert_int_eq(wg_error_status(), WG_ERR_ARG);
    tear_down();
    set_up();
    x = wg_input(g, "x", WG_F64, WG_SHAPE(5, 2, 3));
    wg_scan *scan = wg_scan_begin(g, 0);
    ck_assert_ptr_null(wg_batchnorm_apply(wg_batchnorm_new(g, "bn", WG_F64, 3), wg_scan_slice(scan, x)));
    ck_assert_int_eq(wg_error_status(), WG_ERR_ARG);
    ck_assert_msg(strncmp(wg_error(), "track: mean(", 12) == 0, "%s", wg_error());
    wg_scan_end(scan);
    tear_down();
    set_up();
    x = wg_input(g, "x", WG_F64, WG_SHAPE(3)); /* no variable: it cannot be assigned */
    ck_assert_ptr_null(wg_tracked(WG_NODES(wg_track(x, x, x, 0.5))).at);
    ck_assert(*wg_graph_error(g));
}
END_TEST

TCase *nn_layer_tests(void)
{
    TCase *t = tcase_create("layers");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, layers_name_what_they_own);
    tcase_add_test(t, a_layer_is_its_operator_with_its_parameters);
    tcase_add_test(t, an_embedding_looks_rows_up);
    tcase_add_test(t, convolution_layers_go_by_the_kernels_axes);
    tcase_add_loop_test(t, convolution_layers_refuse_what_does_not_fit, 0, 4);
    tcase_add_test(t, a_step_moves_the_running_values);
    tcase_add_test(t, inference_uses_the_running_values);
    tcase_add_test(t, without_a_step_in_training_nothing_moves);
    tcase_add_test(t, a_layer_applied_twice_is_updated_twice);
    tcase_add_test(t, two_optimisers_in_one_plan_share_the_update);
    tcase_add_test(t, steps_of_ones_own_ask_for_the_updates);
    tcase_add_test(t, a_model_from_a_file_goes_on_tracking);
    tcase_add_test(t, the_gradient_of_a_batch_is_verified);
    tcase_add_test(t, what_cannot_be_tracked_is_told);
    return t;
}
