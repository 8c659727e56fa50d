/* Every public entry, given NULL where it needs an object: it fails with a message, or answers with nothing. */
#include <math.h>

#include "suite.h"
#include <wengert.h>

/* The call is made as if nothing had failed before; `good` is how its result tells the failure. */
#define TOLD(call, good)                                                                                               \
    do {                                                                                                               \
        forget_failures();                                                                                             \
        ck_assert_msg((call)good, "%s does not fail", #call);                                                          \
        ck_assert_msg(wg_error()[0] != '\0' && wg_error_status() != WG_OK, "%s leaves no message", #call);             \
    } while (0)
#define NO_POINTER(call) TOLD(call, == NULL)
#define NO_STATUS(call) TOLD(call, != WG_OK)
#define NO_GRADS(call) TOLD((call).of.at, == NULL)
#define NO_VIEW(call) TOLD((call).data, == NULL)

static const wg_nodes none = { NULL, 0 };
static const wg_nodes null_node = { (wg_node *[]){ NULL }, 1 };
static const wg_grads no_grads = { { NULL, 0 }, { NULL, 0 } };

START_TEST(building_a_graph)
{
    NO_POINTER(wg_input(NULL, "x", WG_F32, WG_SCALAR));
    NO_POINTER(wg_param(NULL, "x", WG_F32, WG_SCALAR, wg_init_zeros()));
    NO_POINTER(wg_variable(NULL, "x", WG_F32, WG_SCALAR, wg_init_zeros()));
    NO_POINTER(wg_const(NULL, 1));
    NO_POINTER(wg_constant(NULL, "x", wg_view_of(&(float){ 1 }, WG_F32, WG_SCALAR)));
    NO_POINTER(wg_zeros(NULL, WG_F32, WG_SCALAR));
    NO_POINTER(wg_step_counter(NULL));
    NO_POINTER(wg_name(NULL, "x"));
    NO_POINTER(wg_output(NULL, "x"));
    NO_POINTER(wg_apply(NULL, null_node, NULL));
    NO_POINTER(wg_apply(wg_registry_find(NULL, "relu"), null_node, NULL));
    NO_POINTER(wg_apply(wg_registry_find(NULL, "relu"), none, NULL));
    NO_POINTER(wg_apply(wg_registry_find(NULL, "relu"), (wg_nodes){ NULL, 1 }, NULL));
    NO_POINTER(wg_apply_in(NULL, NULL, none, NULL));
    NO_POINTER(wg_apply_named(NULL, "relu", null_node, NULL));
    NO_POINTER(wg_apply_named(NULL, NULL, none, NULL));
    NO_POINTER(wg_graph_json(NULL, none));
    NO_POINTER(wg_graph_dot(NULL, none));
    NO_POINTER(wg_graph_parse(NULL, 0, NULL));
    NO_STATUS(wg_graph_set_meta(NULL, "key", "value"));
    NO_STATUS(wg_graph_set_entry(NULL, "name", "{}"));
    NO_STATUS(wg_register(NULL, NULL));
    NO_STATUS(wg_registry_plugin(NULL, NULL));
    NO_POINTER(wg_dense_new(NULL, "x", WG_F32, 1, 1, wg_init_zeros()).w);
    NO_POINTER(wg_dense_apply((wg_dense){ .w = NULL }, NULL));
    NO_POINTER(wg_conv_new(NULL, "x", WG_F32, 1, 1, (wg_axes){ { 2 }, 1 }, NULL, wg_init_he()).w);
    NO_POINTER(wg_conv_apply((wg_conv){ .w = NULL }, NULL));
    NO_POINTER(wg_conv_transpose_new(NULL, "x", WG_F32, 1, 1, (wg_axes){ { 2 }, 1 }, (wg_axes){ .n = 0 }, NULL, wg_init_he()).w);
    NO_POINTER(wg_conv_transpose_apply((wg_conv_transpose){ .w = NULL }, NULL));
    NO_POINTER(wg_embed_new(NULL, "x", WG_F32, 1, 1, wg_init_zeros()).w);
    NO_POINTER(wg_embed_apply((wg_embed){ .w = NULL }, NULL));
    NO_POINTER(wg_layernorm_new(NULL, "x", WG_F32, WG_SCALAR).gamma);
    NO_POINTER(wg_layernorm_apply((wg_layernorm){ .gamma = NULL }, NULL));
    NO_POINTER(wg_rmsnorm_new(NULL, "x", WG_F32, WG_SCALAR).gamma);
    NO_POINTER(wg_rmsnorm_apply((wg_rmsnorm){ .gamma = NULL }, NULL));
    NO_POINTER(wg_groupnorm_new(NULL, "x", WG_F32, 1, 1).gamma);
    NO_POINTER(wg_groupnorm_apply((wg_groupnorm){ .gamma = NULL }, NULL));
    NO_POINTER(wg_instancenorm_new(NULL, "x", WG_F32, 1).gamma);
    NO_POINTER(wg_instancenorm_apply((wg_instancenorm){ .gamma = NULL }, NULL));
    NO_POINTER(wg_batchnorm_new(NULL, "x", WG_F32, 1).mean);
    NO_POINTER(wg_batchnorm_apply((wg_batchnorm){ .gamma = NULL }, NULL));
    NO_POINTER(wg_track(NULL, NULL, NULL, 0.1));
    NO_POINTER(wg_tracked(none).at);
    NO_POINTER(wg_tracked(null_node).at);
    ck_assert_int_eq(wg_param_count(none) + wg_param_count(null_node), 0);
    NO_POINTER(wg_mlp_new(NULL, NULL, (int64_t[]){ 1, 1 }, 2, NULL).y);
    NO_POINTER(wg_mlp_apply(NULL, NULL, NULL).y);
    NO_POINTER(wg_scan_begin(NULL, 0));
    NO_POINTER(wg_scan_slice(NULL, NULL));
    NO_POINTER(wg_scan_carry(NULL, NULL));
    NO_POINTER(wg_scan_stack(NULL, NULL));
    NO_POINTER(wg_scan_last(NULL, NULL));
    wg_scan_remat(NULL, 1);
    NO_POINTER(wg_rnn_new(NULL, "x", WG_F32, 1, 1).w_x);
    NO_POINTER(wg_lstm_new(NULL, "x", WG_F32, 1, 1).w_x);
    NO_POINTER(wg_gru_new(NULL, "x", WG_F32, 1, 1).w_x);
    NO_POINTER(wg_rnn_apply((wg_rnn){ .w_x = NULL }, NULL, NULL, NULL).y);
    NO_POINTER(wg_lstm_apply((wg_lstm){ .w_x = NULL }, NULL, NULL, NULL, NULL).y);
    NO_POINTER(wg_gru_apply((wg_gru){ .w_x = NULL }, NULL, NULL, NULL).y);
    wg_scan_next(NULL, NULL, NULL);
    wg_scan_end(NULL);
    NO_POINTER(wg_attention_new(NULL, "x", WG_F32, 2, 1, wg_init_zeros()).q.w);
    NO_POINTER(wg_attention_apply((wg_attention){ .heads = 1 }, NULL, NULL, NULL, NULL));
    NO_POINTER(wg_transformer_block_new(NULL, "x", WG_F32, 2, 1, wg_init_zeros()).up.w);
    NO_POINTER(wg_transformer_block_apply(NULL, NULL, NULL, NULL));
    wg_scope_push(NULL, "x");
    wg_scope_pop(NULL);
}
END_TEST

START_TEST(operators)
{
    static wg_node *(*const unary[])(wg_node *) = {
        wg_neg,  wg_abs,  wg_sign,     wg_exp,  wg_expm1, wg_log,  wg_log1p,       wg_square,     wg_sqrt,         wg_rsqrt,
        wg_sin,  wg_cos,  wg_tanh,     wg_relu, wg_sigmoid, wg_softplus, wg_reciprocal, wg_logical_not, wg_zeros_like,
        wg_ones_like, wg_transpose, wg_stop_gradient,
    };
    static wg_node *(*const binary[])(wg_node *, wg_node *) = {
        wg_matmul, wg_add, wg_sub, wg_mul, wg_div, wg_pow, wg_maximum, wg_minimum, wg_eq, wg_ne, wg_lt, wg_le, wg_gt, wg_ge,
        wg_logical_and, wg_logical_or, wg_sum_to_like, wg_broadcast_like, wg_reshape_like, wg_by_mode, wg_assign,
    };
    wg_axes all = WG_ALL_AXES;
    for (size_t i = 0; i < sizeof unary / sizeof *unary; i++)
        NO_POINTER(unary[i](NULL));
    for (size_t i = 0; i < sizeof binary / sizeof *binary; i++)
        NO_POINTER(binary[i](NULL, NULL));
    NO_POINTER(wg_matmul_t(NULL, true, NULL, false));
    NO_POINTER(wg_scale(NULL, 2));
    NO_POINTER(wg_shift(NULL, 2));
    NO_POINTER(wg_leaky_relu(NULL, 0.1));
    NO_POINTER(wg_where(NULL, NULL, NULL));
    NO_POINTER(wg_cast(NULL, WG_F64));
    NO_POINTER(wg_slice1(NULL, 0, 0, 1));
    NO_POINTER(wg_max_pool1d(NULL, 2, NULL));
    NO_POINTER(wg_max_pool2d(NULL, (wg_axes){ { 2 }, 1 }, NULL));
    NO_POINTER(wg_avg_pool1d(NULL, 2, NULL, true));
    NO_POINTER(wg_avg_pool2d(NULL, (wg_axes){ { 2 }, 1 }, NULL, true));
    NO_POINTER(wg_adaptive_avg_pool2d(NULL, WG_LIST(1)));
    NO_POINTER(wg_upsample(NULL, 2, WG_NEAREST));
    NO_POINTER(wg_pixel_shuffle(NULL, 2));
    NO_POINTER(wg_pixel_unshuffle(NULL, 2));
    NO_POINTER(wg_sum(NULL, all, false));
    NO_POINTER(wg_mean(NULL, all, false));
    NO_POINTER(wg_max(NULL, all, false));
    NO_POINTER(wg_min(NULL, all, false));
    NO_POINTER(wg_argmax(NULL, 0));
    NO_POINTER(wg_softmax(NULL, 0));
    NO_POINTER(wg_log_softmax(NULL, 0));
    NO_POINTER(wg_reshape(NULL, WG_SCALAR));
    NO_POINTER(wg_flatten(NULL, 1));
    NO_POINTER(wg_permute(NULL, all));
    NO_POINTER(wg_slice1(NULL, 0, 0, 1));
    NO_POINTER(wg_expand_dims(NULL, all));
    NO_POINTER(wg_squeeze(NULL, all));
    NO_POINTER(wg_broadcast_to(NULL, WG_SCALAR));
    NO_POINTER(wg_concat(none, 0));
    NO_POINTER(wg_concat(null_node, 0));
    NO_POINTER(wg_bce(NULL, NULL, WG_MEAN));
    NO_POINTER(wg_bce_logits(NULL, NULL, WG_MEAN));
    NO_POINTER(wg_mse(NULL, NULL, WG_MEAN));
    NO_POINTER(wg_cross_entropy(NULL, NULL, 0, NULL));
    NO_POINTER(wg_conv1d(NULL, NULL, NULL, NULL));
    NO_POINTER(wg_conv2d(NULL, NULL, NULL, NULL));
    NO_POINTER(wg_conv3d(NULL, NULL, NULL, NULL));
    NO_POINTER(wg_conv_transpose1d(NULL, NULL, NULL, all, NULL));
    NO_POINTER(wg_conv_transpose2d(NULL, NULL, NULL, all, NULL));
    NO_POINTER(wg_conv_transpose3d(NULL, NULL, NULL, all, NULL));
    NO_POINTER(wg_unfold(NULL, all, NULL));
    NO_POINTER(wg_fold(NULL, all, all, NULL));
    NO_POINTER(wg_dropout(NULL, 0.5));
    NO_POINTER(wg_remat(NULL, none));
    NO_POINTER(wg_rope(NULL, false, 10000, 0));
    NO_POINTER(wg_scaled_dot_product_attention(NULL, NULL, NULL, NULL, false, 0));
    NO_POINTER(wg_group(none));
    NO_POINTER(wg_group(null_node));
    NO_POINTER(wg_schedule_step(NULL, 1, 1, 1));
    NO_POINTER(wg_schedule_cosine(NULL, 1, 1, 1));
    NO_POINTER(wg_schedule_linear(NULL, 1, 1, 1));
    NO_POINTER(wg_schedule_constant(NULL, 1));
    NO_POINTER(wg_schedule_after(NULL, 1));
    NO_POINTER(wg_schedule_warmup(NULL, 1, NULL));
    NO_POINTER(wg_schedule_one_cycle(NULL, 1, 1, NULL));
}
END_TEST

START_TEST(derivatives_and_optimisers)
{
    NO_POINTER(wg_trainable(NULL).at);
    NO_POINTER(wg_grad(NULL, NULL));
    NO_GRADS(wg_grads_of(NULL, null_node));
    NO_GRADS(wg_vjp(NULL, NULL, null_node));
    NO_POINTER(wg_jvp(NULL, NULL, NULL));
    NO_POINTER(wg_jvp_of(NULL, null_node, null_node));
    NO_GRADS(wg_hvp(NULL, null_node, null_node));
    NO_GRADS(wg_clip_by_global_norm(no_grads, 1, NULL));
    NO_GRADS(wg_clip_by_norm(no_grads, 1));
    NO_GRADS(wg_clip_by_value(no_grads, -1, 1));
    NO_GRADS(wg_add_l2(no_grads, 1));
    NO_GRADS(wg_accumulate(no_grads, 2));
    NO_GRADS(wg_grads_matching(no_grads, "*", NULL));
    NO_GRADS(wg_grads_matching(no_grads, NULL, NULL));
    NO_GRADS(wg_grads_where(no_grads, NULL, NULL, NULL));
    NO_POINTER(wg_sgd(no_grads, NULL));
    NO_POINTER(wg_momentum(no_grads, NULL, NULL));
    NO_POINTER(wg_adam(no_grads, NULL, NULL));
    NO_POINTER(wg_rmsprop(no_grads, NULL, NULL));
    NO_POINTER(wg_adagrad(no_grads, NULL, NULL));
    NO_POINTER(wg_adadelta(no_grads, NULL, NULL));
    NO_POINTER(wg_lamb(no_grads, NULL, NULL));
    NO_POINTER(wg_ema(NULL, 0.9, NULL));
    NO_POINTER(wg_ema_store(NULL, NULL));
}
END_TEST

START_TEST(plans_runs_and_stores)
{
    NO_STATUS(wg_set_matmul_precision(NULL, WG_MATMUL_HIGHEST));
    NO_POINTER(wg_compile(NULL, WG_INFER, none));
    NO_POINTER(wg_exec_new(NULL));
    NO_POINTER(wg_exec_new_with(NULL, NULL));
    NO_STATUS(wg_exec_use(NULL, NULL));
    NO_STATUS(wg_feed(NULL, NULL, wg_view_of(NULL, WG_F32, WG_SCALAR)));
    NO_STATUS(wg_bind(NULL, NULL, wg_view_of(NULL, WG_F32, WG_SCALAR)));
    NO_STATUS(wg_prepare(NULL));
    NO_STATUS(wg_run(NULL));
    NO_VIEW(wg_result(NULL, NULL));
    NO_STATUS(wg_exec_describe(NULL, &(wg_exec_stats){ .size = sizeof(wg_exec_stats) }));
    NO_POINTER(wg_exec_listing(NULL));
    NO_STATUS(wg_exec_trace(NULL, "trace.json"));
    NO_STATUS(wg_interpret(NULL, NULL, NULL));
    NO_POINTER(wg_graph_store(NULL));
    NO_POINTER(wg_store_new(NULL, 0));
    NO_POINTER(wg_store_copy(NULL));
    NO_VIEW(wg_get(NULL, NULL));
    NO_STATUS(wg_set(NULL, NULL, wg_view_of(NULL, WG_F32, WG_SCALAR)));
    NO_STATUS(wg_mlp_numpy(NULL, NULL, NULL));
}
END_TEST

START_TEST(files_and_checks)
{
    wg_report *report = NULL;
    wg_batch batch;
    NO_STATUS(wg_save(NULL, NULL, NULL));
    NO_STATUS(wg_load(NULL, NULL));
    NO_POINTER(wg_store_open(NULL, NULL));
    NO_POINTER(wg_graph_load(NULL, NULL));
    NO_POINTER(wg_checkpoint_json(NULL));
    NO_POINTER(wg_npz_open(NULL));
    NO_VIEW(wg_npz_get(NULL, NULL));
    NO_STATUS(wg_npz_write(NULL, NULL, NULL, 0, 0));
    NO_STATUS(wg_npy_write(NULL, wg_view_of(NULL, WG_F32, WG_SCALAR)));
    NO_POINTER(wg_data_open(NULL));
    NO_POINTER(wg_data_open_with(NULL, NULL));
    NO_POINTER(wg_data_view(wg_view_of(NULL, WG_F32, WG_SHAPE(1))));
    NO_VIEW(wg_data_rows(NULL, 0, 1));
    NO_POINTER(wg_batches_new(NULL, 0, NULL));
    NO_STATUS(wg_batches_at(NULL, 0, &batch));
    NO_STATUS(wg_tally_add(NULL, wg_view_of(NULL, WG_F32, WG_SCALAR), wg_view_of(NULL, WG_F32, WG_SCALAR)));
    NO_VIEW(wg_tally_confusion(NULL));
    TOLD(isnan(wg_tally_value(NULL)), != 0);
    NO_POINTER(wg_evaluator_new((wg_metrics){ NULL, 0 }, none, NULL));
    NO_STATUS(wg_evaluate(NULL, NULL));
    NO_POINTER(wg_evaluator_tally(NULL, 0));
    NO_STATUS(wg_fit(NULL, NULL));
    NO_STATUS(wg_fit(WG_OPTS(wg_fit_opts, .epochs = 1), NULL));
    NO_STATUS(wg_verify_op(NULL, &report));
    NO_STATUS(wg_verify_op_with(NULL, NULL, NULL));
    NO_STATUS(wg_verify(NULL, none, NULL, NULL, &report));
    NO_STATUS(wg_verify_gradients(NULL, no_grads, NULL, NULL, &report));
    ck_assert_ptr_null(report);
}
END_TEST

START_TEST(questions_and_frees)
{
    ck_assert_ptr_null(wg_find(NULL, NULL));
    ck_assert_str_eq(wg_node_name(NULL), "");
    ck_assert_int_eq(wg_node_shape(NULL).rank, 0);
    ck_assert_int_eq(wg_node_dtype(NULL), WG_DTYPE_NONE);
    ck_assert_ptr_null(wg_node_op(NULL));
    ck_assert_ptr_null(wg_node_attrs(NULL));
    ck_assert_ptr_null(wg_node_inputs(NULL).at);
    ck_assert_ptr_null(wg_node_results(NULL).at);
    ck_assert_ptr_null(wg_node_graph(NULL));
    ck_assert_uint_eq(wg_graph_count(NULL), 0);
    ck_assert_ptr_null(wg_graph_node(NULL, 0));
    ck_assert_uint_eq(wg_graph_outputs(NULL).n, 0);
    ck_assert_uint_eq(wg_graph_seed(NULL), 0);
    ck_assert_ptr_null(wg_graph_meta(NULL, NULL));
    ck_assert_ptr_null(wg_graph_entry(NULL, NULL));
    ck_assert_ptr_null(wg_registry_find(NULL, NULL));
    ck_assert_ptr_nonnull(wg_graph_error(NULL));
    ck_assert_ptr_nonnull(wg_exec_error(NULL));
    ck_assert_ptr_null(wg_exec_store(NULL));
    ck_assert_ptr_null(wg_store_ref(NULL));
    ck_assert_int_eq(wg_store_step(NULL), 0);
    ck_assert_ptr_null(wg_store_graph(NULL));
    ck_assert_uint_eq(wg_npz_count(NULL), 0);
    ck_assert_str_eq(wg_npz_name(NULL, 0), "");
    ck_assert_int_eq(wg_data_shape(NULL).rank, 0);
    ck_assert_int_eq(wg_data_dtype(NULL), WG_DTYPE_NONE);
    ck_assert_uint_eq(wg_data_columns(NULL), 0);
    ck_assert_ptr_null(wg_data_column(NULL, 0));
    ck_assert_uint_eq(wg_data_classes(NULL), 0);
    ck_assert_ptr_null(wg_data_class(NULL, 0));
    ck_assert_int_eq(wg_batches_per_epoch(NULL), 0);
    ck_assert_int_eq(wg_tally_count(NULL), 0);
    wg_tally_reset(NULL), wg_tally_free(NULL), wg_evaluator_free(NULL);
    ck_assert_str_eq(wg_report_text(NULL), "");
    ck_assert_uint_eq(wg_report_count(NULL) + wg_report_passed(NULL) + wg_report_failed(NULL), 0);
    ck_assert_uint_eq(wg_report_inconclusive(NULL), 0);
    wg_graph_free(NULL), wg_registry_free(NULL), wg_text_free(NULL), wg_plan_free(NULL), wg_exec_free(NULL);
    wg_store_free(NULL), wg_npz_free(NULL), wg_data_free(NULL), wg_batches_free(NULL), wg_report_free(NULL);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("nulls");
    TCase *t = tcase_create("NULL");
    tcase_add_test(t, building_a_graph);
    tcase_add_test(t, operators);
    tcase_add_test(t, derivatives_and_optimisers);
    tcase_add_test(t, plans_runs_and_stores);
    tcase_add_test(t, files_and_checks);
    tcase_add_test(t, questions_and_frees);
    suite_add_tcase(s, t);
    return run_suite(s);
}
