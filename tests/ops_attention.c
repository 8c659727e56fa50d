/* scaled_dot_product_attention against the matrix of scores, at sizes of several blocks; masks, named sizes, errors.
 * tests/torch_cases/attention.json compares small ones with PyTorch. */
#include "ops_test.h"

static double apart(wg_node *a, wg_node *b)
{
    assert_shape(a, wg_node_shape(b));
    return element(wg_max(wg_abs(wg_sub(a, b)), WG_ALL_AXES, false), 0);
}

/* The same by way of all scores at once. Every query has a key. */
static wg_node *by_scores(wg_node *q, wg_node *k, wg_node *v, wg_node *mask, bool causal, double scale)
{
    wg_node *s = wg_scale(wg_matmul_t(q, false, k, true), scale), *never = wg_const(g, -INFINITY);
    if (mask)
        s = wg_node_dtype(mask) == WG_BOOL ? wg_where(mask, s, never) : wg_add(s, mask);
    if (causal)
        s = wg_where(wg_cast(wg_tril(wg_ones_like(s), 0), WG_BOOL), s, never);
    return wg_matmul(wg_softmax(s, -1), v);
}

typedef struct sizes {
    int64_t batch, queries, keys, width, values;
    bool causal;
    enum { PLAIN, ADDED, TRUTH, KEYS_ONLY } mask;
} sizes;

/* Whole blocks and parts of them, widths of whole vectors and not, more keys than one split of the adjoint. */
static const sizes table[] = {
    { 2, 64, 128, 16, 32, false, PLAIN },     { 1, 65, 129, 16, 16, false, PLAIN }, { 3, 130, 300, 7, 5, false, ADDED },
    { 1, 200, 200, 32, 32, true, PLAIN },     { 1, 1, 700, 64, 64, false, PLAIN },  { 1, 300, 1, 3, 3, false, PLAIN },
    { 2, 100, 260, 20, 9, true, ADDED },      { 2, 260, 100, 16, 16, true, PLAIN }, { 2, 70, 150, 4, 40, false, TRUTH },
    { 1, 150, 2000, 8, 8, false, KEYS_ONLY }, { 20, 96, 96, 24, 24, true, TRUTH },
};

/* A mask that lets every query see key 0 at least. */
static wg_node *mask_of(const sizes *z, wg_dtype type)
{
    if (z->mask == PLAIN)
        return NULL;
    wg_node *m =
        scattered(type, z->mask == KEYS_ONLY ? WG_SHAPE(z->batch, 1, z->keys) : WG_SHAPE(z->queries, z->keys), 9);
    if (z->mask != TRUTH)
        return m;
    wg_node *first = wg_lt(wg_iota(m, -1, WG_I64), wg_cast(wg_const(g, 1), WG_I64));
    return wg_logical_or(wg_gt(m, wg_const(g, 0)), first);
}

static void compare_at(const sizes *z, wg_dtype type, double tolerance)
{
    wg_node *q = scattered(type, WG_SHAPE(z->batch, z->queries, z->width), 1);
    wg_node *k = scattered(type, WG_SHAPE(z->batch, z->keys, z->width), 2);
    wg_node *v = scattered(type, WG_SHAPE(z->batch, z->keys, z->values), 3), *mask = mask_of(z, type);
    wg_node *c = scattered(type, WG_SHAPE(z->batch, z->queries, z->values), 4);
    wg_node *y = wg_scaled_dot_product_attention(q, k, v, mask, z->causal, 0.7);
    wg_node *expected = by_scores(q, k, v, mask, z->causal, 0.7);
    ck_assert_double_lt(apart(y, expected), tolerance);
    wg_nodes wrt = WG_NODES(q, k, v, mask);
    wrt.n = mask && z->mask != TRUTH ? 4 : 3;
    const wg_grads d = wg_vjp(y, c, wrt), by = wg_vjp(expected, c, wrt);
    for (size_t i = 0; i < wrt.n; i++)
        ck_assert_double_lt(apart(d.of.at[i], by.of.at[i]), 8 * tolerance);
}

START_TEST(blocks_add_up_to_the_softmax_of_all_scores)
{
    compare_at(&table[_i], WG_F64, 1e-13);
    compare_at(&table[_i], WG_F32, 2e-5);
}
END_TEST

START_TEST(threads_change_no_bit)
{
    for (size_t i = 0; i < WG_COUNT(table); i++) {
        const sizes *z = &table[i];
        wg_node *q = scattered(WG_F32, WG_SHAPE(z->batch, z->queries, z->width), 1);
        wg_node *k = scattered(WG_F32, WG_SHAPE(z->batch, z->keys, z->width), 2);
        wg_node *v = scattered(WG_F32, WG_SHAPE(z->batch, z->keys, z->values), 3), *mask = mask_of(z, WG_F32);
        wg_node *y = wg_scaled_dot_product_attention(q, k, v, mask, z->causal, 0);
        const wg_grads d = wg_vjp(y, NULL, WG_NODES(q, k, v));
        wg_node *all[] = { y, d.of.at[0], d.of.at[1], d.of.at[2] };
        for (int r = 0; r < 4; r++) {
            const wg_view one = value_in(all[r], WG_INFER, 1), three = value_in(all[r], WG_INFER, 3);
            ck_assert(!memcmp(one.data, three.data, (size_t)wg_shape_count(one.shape) * sizeof(float)));
        }
    }
}
END_TEST

START_TEST(a_query_without_keys_gives_zeros_and_passes_no_gradient)
{
    wg_node *q = scattered(WG_F64, WG_SHAPE(2, 3), 1), *k = scattered(WG_F64, WG_SHAPE(4, 3), 2);
    wg_node *v = scattered(WG_F64, WG_SHAPE(4, 1), 3);
    wg_node *mask = wg_cast(TENSOR(WG_SHAPE(2, 4), 0, 0, 0, 0, 0, 1, 0, 0), WG_BOOL);
    wg_node *y = wg_scaled_dot_product_attention(q, k, v, mask, false, 0);
    ASSERT_VALUES(y, 0, element(v, 1));
    wg_node *loss = wg_sum(wg_square(y), WG_ALL_AXES, false);
    ASSERT_VALUES(wg_grad(loss, v), 0, 2 * element(v, 1), 0, 0);
    ASSERT_VALUES(wg_grad(loss, q), 0, 0, 0, 0, 0, 0);
    wg_node *none = wg_scaled_dot_product_attention(q, constant(WG_F64, WG_SHAPE(0, 3), NULL),
                                                    constant(WG_F64, WG_SHAPE(0, 2), NULL), NULL, false, 0);
    ASSERT_VALUES(none, 0, 0, 0, 0);
    ASSERT_VALUES(wg_grad(wg_sum(none, WG_ALL_AXES, false), q), 0, 0, 0, 0, 0, 0);
}
END_TEST

START_TEST(scores_far_out_do_not_overflow)
{
    wg_node *q = TENSOR(WG_SHAPE(2, 1), 1000, -1000), *k = TENSOR(WG_SHAPE(3, 1), -3, 5, 2);
    wg_node *v = TENSOR(WG_SHAPE(3, 1), 7, 8, 9);
    ASSERT_VALUES(wg_scaled_dot_product_attention(q, k, v, NULL, false, 1), 8, 7);
    wg_node *loss = wg_sum(wg_scaled_dot_product_attention(q, k, v, NULL, false, 1), WG_ALL_AXES, false);
    ASSERT_VALUES(wg_grad(loss, v), 1, 1, 0);
}
END_TEST

START_TEST(a_nan_comes_out)
{
    wg_node *q = TENSOR(WG_SHAPE(2, 1), NAN, 1), *k = TENSOR(WG_SHAPE(2, 1), 1, 2), *v = TENSOR(WG_SHAPE(2, 1), 1, 1);
    wg_node *y = wg_scaled_dot_product_attention(q, k, v, NULL, false, 1);
    ck_assert(isnan(element(y, 0)));
    ck_assert(element(y, 1) == 1);
}
END_TEST

START_TEST(named_sizes_are_those_of_the_run)
{
    const wg_shape named = WG_SHAPE(WG_BATCH, WG_DIM('T'), 4);
    wg_node *q = wg_input(g, "q", WG_F64, named), *k = wg_input(g, "k", WG_F64, named);
    wg_node *y = wg_scaled_dot_product_attention(q, k, k, NULL, true, 0);
    wg_node *d = wg_grad(wg_sum(wg_square(y), WG_ALL_AXES, false), q);
    assert_shape(y, named);
    wg_plan *plan = wg_compile(g, WG_INFER, WG_NODES(y, d));
    wg_exec *e = wg_exec_new(plan);
    for (int64_t n = 1; n < 4; n++) {
        double values[3 * 6 * 4];
        for (size_t i = 0; i < WG_COUNT(values); i++)
            values[i] = sin((double)i);
        ck_assert_int_eq(wg_feed(e, q, WG_VIEW(values, n, 2 * n, 4)), WG_OK);
        ck_assert_int_eq(wg_feed(e, k, WG_VIEW(values, n, 2 * n, 4)), WG_OK);
        ck_assert_msg(wg_run(e) == WG_OK, "%s", wg_error());
        ck_assert(wg_shape_equal(wg_result(e, d).shape, WG_SHAPE(n, 2 * n, 4)));
        ck_assert(wg_view_at(wg_result(e, y), 3) == values[3]); /* the first query sees the first key alone */
    }
    wg_exec_free(e), wg_plan_free(plan);
}
END_TEST

/* Attention of operands of these shapes; a failure has cleared the graph, so each is made anew. */
static wg_node *of_shapes(wg_shape q, wg_shape k, wg_shape v, wg_node *mask)
{
    return wg_scaled_dot_product_attention(scattered(WG_F64, q, 1), scattered(WG_F64, k, 2), scattered(WG_F64, v, 3),
                                           mask, false, 0);
}

START_TEST(operands_that_do_not_fit_are_refused)
{
    const wg_shape q = WG_SHAPE(2, 3), k = WG_SHAPE(4, 3);
    ASSERT_FAILS(of_shapes(WG_SHAPE(3), k, k, NULL), WG_ERR_SHAPE, "operand 0 must be (.., T, D), but has 1 axes");
    ASSERT_FAILS(of_shapes(q, WG_SHAPE(4, 2), k, NULL), WG_ERR_SHAPE,
                 "the number of features of queries and keys differs: operand 1 is (4,2)");
    ASSERT_FAILS(of_shapes(q, k, q, NULL), WG_ERR_SHAPE, "the number of keys and values differs: operand 2 is (2,3)");
    ASSERT_FAILS(of_shapes(q, k, k, VECTOR(0, 0, 0)), WG_ERR_SHAPE, "the number of keys differs");
    ASSERT_FAILS(of_shapes(q, k, k, TENSOR(WG_SHAPE(3, 1), 0, 0, 0)), WG_ERR_SHAPE, "the number of queries differs");
    ASSERT_FAILS(of_shapes(q, k, k, OF_TYPE(WG_I64, 1, 1, 1, 1)), WG_ERR_DTYPE, "operand 3 is i64");
    ASSERT_FAILS(wg_scaled_dot_product_attention(scattered(WG_F64, q, 1), scattered(WG_F32, k, 2),
                                                 scattered(WG_F64, k, 2), NULL, false, 0),
                 WG_ERR_DTYPE, "operand types differ: f64 and f32");
    wg_node *x = scattered(WG_F64, q, 1);
    ASSERT_FAILS(wg_scaled_dot_product_attention(x, x, x, NULL, false, NAN), WG_ERR_ARG,
                 "scale must be a finite number");
}
END_TEST

TCase *ops_attention_tests(void)
{
    TCase *tcase = tcase_create("attention");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, blocks_add_up_to_the_softmax_of_all_scores, 0, (int)WG_COUNT(table));
    tcase_add_test(tcase, threads_change_no_bit);
    tcase_add_test(tcase, a_query_without_keys_gives_zeros_and_passes_no_gradient);
    tcase_add_test(tcase, scores_far_out_do_not_overflow);
    tcase_add_test(tcase, a_nan_comes_out);
    tcase_add_test(tcase, named_sizes_are_those_of_the_run);
    tcase_add_test(tcase, operands_that_do_not_fit_are_refused);
    return tcase;
}
