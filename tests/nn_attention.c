/* Attention with heads and the transformer's block against compositions of primitives, and against differences. */
#include <math.h>
#include <string.h>

#include "suite.h"
#include <wengert.h>

TCase *nn_attention_tests(void);

enum { N = 2, T = 5, C = 6, HEADS = 3 };

static wg_graph *g;

static void set_up(void) { g = wg_graph_new_with(WG_OPTS(wg_graph_opts, .seed = 5)); }

static void tear_down(void) { wg_graph_free(g); }

static wg_node *data(const char *name, int64_t rows)
{
    double x[N * 8 * C];
    for (int64_t i = 0; i < N * rows * C; i++)
        x[i] = sin(1 + 1.7 * (double)i);
    return wg_constant(g, name, WG_VIEW(x, N, rows, C));
}

/* The largest magnitude of a - b, and of the difference of what they give as gradients of the params of b. */
static double apart(wg_node *a, wg_node *b)
{
    wg_node *loss[2] = { wg_mean(wg_square(a), WG_ALL_AXES, false), wg_mean(wg_square(b), WG_ALL_AXES, false) };
    const wg_nodes wrt = wg_trainable(loss[1]);
    const wg_grads of_a = wg_grads_of(loss[0], wrt), of_b = wg_grads_of(loss[1], wrt);
    wg_node *most = wg_max(wg_abs(wg_sub(a, b)), WG_ALL_AXES, false);
    for (size_t i = 0; i < wrt.n; i++)
        most = wg_maximum(most, wg_max(wg_abs(wg_sub(of_a.of.at[i], of_b.of.at[i])), WG_ALL_AXES, false));
    wg_plan *plan = wg_compile(g, WG_INFER, WG_NODES(most));
    wg_exec *e = wg_exec_new(plan);
    ck_assert_msg(e && wg_run(e) == WG_OK, "%s", wg_error());
    const double value = wg_scalar(e, most);
    wg_exec_free(e), wg_plan_free(plan);
    return value;
}

/* Head by head, with all scores in memory. */
static wg_node *by_heads(const wg_attention *a, wg_node *x, wg_node *from, wg_node *mask, bool causal, bool rope)
{
    const int64_t d = C / HEADS;
    wg_node *parts[HEADS], *never = wg_const(g, -INFINITY);
    for (int h = 0; h < HEADS; h++) {
        const wg_list start = WG_LIST(0, 0, h * d), stop = WG_LIST(WG_ABSENT, WG_ABSENT, (h + 1) * d);
        wg_node *q = wg_slice(wg_dense_apply(a->q, x), start, stop, WG_NO_LIST);
        wg_node *k = wg_slice(wg_dense_apply(a->k, from), start, stop, WG_NO_LIST);
        wg_node *v = wg_slice(wg_dense_apply(a->v, from), start, stop, WG_NO_LIST);
        if (rope) {
            q = wg_rope(q, false, 10000, 0);
            k = wg_rope(k, false, 10000, 0);
        }
        wg_node *s = wg_scale(wg_matmul_t(q, false, k, true), 1 / sqrt((double)d));
        s = mask ? wg_add(s, mask) : s;
        s = causal ? wg_where(wg_cast(wg_tril(wg_ones_like(s), 0), WG_BOOL), s, never) : s;
        parts[h] = wg_matmul(wg_softmax(s, -1), v);
    }
    return wg_dense_apply(a->out, wg_concat((wg_nodes){ parts, HEADS }, -1));
}

START_TEST(heads_stand_side_by_side)
{
    const wg_attention a = wg_attention_new(g, "att", WG_F64, C, HEADS, wg_init_normal(0, 0.7));
    ck_assert_str_eq(wg_node_name(a.q.w), "att/q/w");
    ck_assert_str_eq(wg_node_name(a.out.b), "att/out/b");
    wg_node *x = data("x", T), *memory = data("memory", 8);
    ck_assert_double_lt(apart(wg_attention_apply(a, x, NULL, NULL, NULL), by_heads(&a, x, x, NULL, false, false)),
                        1e-14);
    ck_assert_double_lt(
        apart(wg_attention_apply(a, x, memory, NULL, NULL), by_heads(&a, x, memory, NULL, false, false)), 1e-14);
    wg_node *mask = wg_slice(memory, WG_LIST(0, 0, 0), WG_LIST(1, T, T), WG_NO_LIST); /* (1, T, T) */
    ck_assert_double_lt(apart(wg_attention_apply(a, x, NULL, mask, WG_OPTS(wg_attention_opts, .causal = true)),
                              by_heads(&a, x, x, mask, true, false)),
                        1e-14);
    ck_assert_double_lt(apart(wg_attention_apply(a, x, NULL, NULL, WG_OPTS(wg_attention_opts, .rope = true)),
                              by_heads(&a, x, x, NULL, false, true)),
                        1e-14);
}
END_TEST

START_TEST(a_block_is_its_parts)
{
    const wg_transformer_block b = wg_transformer_block_new(g, "b", WG_F64, C, HEADS, wg_init_normal(0, 0.5));
    wg_node *x = data("x", T);
    wg_node *y = wg_transformer_block_apply(&b, x, NULL, WG_OPTS(wg_attention_opts, .causal = true));
    wg_node *n = wg_layer_norm(x, b.before_attention.gamma, b.before_attention.beta, WG_AXES(-1), 1e-5);
    wg_node *h = wg_add(x, by_heads(&b.attention, n, n, NULL, true, false));
    n = wg_layer_norm(h, b.before_mlp.gamma, b.before_mlp.beta, WG_AXES(-1), 1e-5);
    wg_node *up = wg_gelu(wg_add(wg_matmul(n, b.up.w), b.up.b));
    ck_assert_double_lt(apart(y, wg_add(h, wg_add(wg_matmul(up, b.down.w), b.down.b))), 1e-13);
    ck_assert_uint_eq(wg_trainable(y).n, 16);
    ck_assert_str_eq(wg_node_name(b.before_attention.gamma), "b/norm1/gamma");
    ck_assert_str_eq(wg_node_name(b.attention.v.w), "b/attention/v/w");
    ck_assert(wg_shape_equal(wg_node_shape(b.up.w), WG_SHAPE(C, 4 * C)));
}
END_TEST

START_TEST(differences_agree_with_a_block)
{
    const wg_transformer_block b = wg_transformer_block_new(g, "b", WG_F64, C, HEADS, wg_init_normal(0, 0.5));
    const wg_attention_opts o = { .size = sizeof o, .causal = true, .rope = true, .dropout = 0.2 };
    wg_node *x = data("x", T);
    wg_node *y = wg_remat(wg_transformer_block_apply(&b, x, NULL, &o), WG_NODES(x));
    wg_node *loss = wg_mean(wg_square(y), WG_ALL_AXES, false);
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(loss));
    wg_exec *e = wg_exec_new(plan);
    wg_report *r = NULL;
    wg_status st = wg_verify(loss, wg_trainable(loss), e, NULL, &r);
    ck_assert_msg(st == WG_OK && r, "%s", wg_error());
    ck_assert_uint_eq(wg_report_passed(r), wg_report_count(r));
    ck_assert_uint_gt(wg_report_passed(r), 16);
    wg_report_free(r);
    wg_exec_free(e), wg_plan_free(plan);
}
END_TEST

START_TEST(dropout_falls_on_what_is_added)
{
    const wg_transformer_block b = wg_transformer_block_new(g, "b", WG_F64, C, HEADS, wg_init_normal(0, 0.5));
    wg_node *x = data("x", T);
    wg_node *none = wg_transformer_block_apply(&b, x, NULL, WG_OPTS(wg_attention_opts, .dropout = 1));
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(none));
    wg_exec *e = wg_exec_new(plan);
    ck_assert_msg(e && wg_run(e) == WG_OK, "%s", wg_error());
    for (int64_t i = 0; i < N * T * C; i++)
        ck_assert(wg_view_at(wg_result(e, none), i) == sin(1 + 1.7 * (double)i));
    wg_exec_free(e), wg_plan_free(plan);
}
END_TEST

START_TEST(what_cannot_be_divided_is_refused)
{
    ck_assert_ptr_null(wg_attention_new(g, "att", WG_F64, 6, 4, wg_init_zeros()).q.w);
    ck_assert_msg(strstr(wg_error(), "6 features do not divide into 4 heads"), "%s", wg_error());
    tear_down(), set_up();
    const wg_attention a = wg_attention_new(g, "att", WG_F64, C, HEADS, wg_init_zeros());
    ck_assert_ptr_null(wg_attention_apply(a, wg_input(g, "flat", WG_F64, WG_SHAPE(C)), NULL, NULL, NULL));
    ck_assert_msg(strstr(wg_error(), "takes (.., T, C)"), "%s", wg_error());
}
END_TEST

TCase *nn_attention_tests(void)
{
    TCase *t = tcase_create("attention");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, heads_stand_side_by_side);
    tcase_add_test(t, a_block_is_its_parts);
    tcase_add_test(t, differences_agree_with_a_block);
    tcase_add_test(t, dropout_falls_on_what_is_added);
    tcase_add_test(t, what_cannot_be_divided_is_refused);
    return t;
}
