/* Operators on indices, on order, and running totals: values, types, what is refused, and that bits do not depend on
 * threads. Values were computed with PyTorch. */
#include "ops_test.h"

#define N WG_DIM('N')
#define INDEX(...) OF_TYPE(WG_I64, __VA_ARGS__)

static wg_node *unknown(wg_dtype type, wg_shape shape)
{
    return wg_input(g, NULL, type, shape);
}

static wg_node *gradient(wg_node *y, wg_node *x)
{
    return wg_grad(wg_sum(y, WG_ALL_AXES, false), x);
}

static void assert_run_fails(wg_node *n, const char *part)
{
    ck_assert_int_eq(run_status(n), WG_ERR_RANGE);
    ck_assert_msg(strstr(wg_error(), part), "%s", wg_error());
}

START_TEST(gathers_and_their_adjoints)
{
    wg_node *x = TENSOR(WG_SHAPE(2, 3), 1, 2, 3, 4, 5, 6);
    wg_node *index = constant(WG_I32, WG_SHAPE(2, 2), (double[]){ 2, 2, 0, -1 });
    ASSERT_VALUES(wg_gather(x, index, 1), 3, 3, 4, 6);
    ASSERT_VALUES(wg_gather(x, constant(WG_I64, WG_SHAPE(1, 3), (double[]){ 1, 0, 1 }), 0), 4, 2, 6);
    ASSERT_VALUES(gradient(wg_square(wg_gather(x, index, 1)), x), 0, 0, 12, 8, 0, 12);
    ASSERT_VALUES(wg_gather(OF_TYPE(WG_U8, 7, 8, 9), INDEX(2, 0), 0), 9, 7);
    assert_shape(wg_gather(unknown(WG_F32, WG_SHAPE(N, 3)), unknown(WG_I64, WG_SHAPE(N, 1)), 1), WG_SHAPE(N, 1));
    assert_run_fails(wg_gather(x, constant(WG_I64, WG_SHAPE(1, 2), (double[]){ 0, 3 }), 1),
                     ": index 3 at position 1 is out of range for axis 1 of size 3");
    ASSERT_FAILS(wg_gather(unknown(WG_F32, WG_SHAPE(2, 3)), unknown(WG_I64, WG_SHAPE(3, 3)), 1), WG_ERR_SHAPE,
                 "gather: the index's shape (3,3) does not fit into the operand's (2,3)");
    ASSERT_FAILS(wg_gather(unknown(WG_F32, WG_SHAPE(2)), unknown(WG_F32, WG_SHAPE(2)), 0), WG_ERR_DTYPE,
                 "gather: takes indices of i32 or i64, got f32");
    ASSERT_FAILS(wg_gather(unknown(WG_F32, WG_SHAPE(2)), unknown(WG_I32, WG_SHAPE(2)), 1), WG_ERR_ARG,
                 "gather: axis 1 is out of range for rank 1");
}
END_TEST

START_TEST(scattered_sums)
{
    wg_node *x = TENSOR(WG_SHAPE(2, 2), 10, 20, 30, 40), *source = TENSOR(WG_SHAPE(3, 2), 1, 2, 3, 4, 5, 6);
    wg_node *index = constant(WG_I64, WG_SHAPE(2, 2), (double[]){ 0, 1, 0, -1 }), *y = wg_scatter_add(x, index, source, 0);
    ASSERT_VALUES(y, 14, 20, 30, 46);
    ASSERT_VALUES(gradient(wg_square(y), source), 28, 92, 28, 92, 0, 0);
    ASSERT_VALUES(wg_scatter_add(OF_TYPE(WG_I32, 1, 2), INDEX(1, 1), OF_TYPE(WG_I32, 5, 6), 0), 1, 13);
    assert_run_fails(wg_scatter_add(VECTOR(1, 2), INDEX(0, -3), VECTOR(1, 2), 0),
                     ": index -3 at position 1 is out of range for axis 0 of size 2");
    ASSERT_FAILS(wg_scatter_add(unknown(WG_F32, WG_SHAPE(2)), unknown(WG_I64, WG_SHAPE(3)), unknown(WG_F32, WG_SHAPE(2)), 0),
                 WG_ERR_SHAPE, "scatter_add: the index's shape (3) does not fit into the source's (2)");
    ASSERT_FAILS(wg_scatter_add(unknown(WG_U8, WG_SHAPE(2)), unknown(WG_I64, WG_SHAPE(2)), unknown(WG_U8, WG_SHAPE(2)), 0),
                 WG_ERR_DTYPE, "scatter_add: takes two of f32, f64, i32 or i64, got u8 and u8");
}
END_TEST

START_TEST(takes_and_embeddings)
{
    wg_node *x = TENSOR(WG_SHAPE(2, 3), 1, 2, 3, 4, 5, 6), *last = constant(WG_I64, WG_SCALAR, (double[]){ -1 });
    ASSERT_VALUES(wg_take(x, INDEX(2, 0, 2), 1), 3, 1, 3, 6, 4, 6);
    ASSERT_VALUES(wg_take(x, last, 0), 4, 5, 6);
    assert_shape(wg_take(x, last, 0), WG_SHAPE(3));
    assert_shape(wg_take(unknown(WG_F32, WG_SHAPE(2, 3, 4)), unknown(WG_I32, WG_SHAPE(N, 5)), 1), WG_SHAPE(2, N, 5, 4));
    ASSERT_VALUES(gradient(wg_square(wg_take(x, INDEX(2, 0, -1), 1)), x), 2, 0, 12, 8, 0, 24);
    ASSERT_VALUES(wg_embedding(x, INDEX(1, 1)), 4, 5, 6, 4, 5, 6);
    ASSERT_VALUES(gradient(wg_embedding(x, INDEX(1, 1)), x), 0, 0, 0, 2, 2, 2);
    ASSERT_VALUES(gradient(wg_embedding(x, constant(WG_I64, WG_SHAPE(0), NULL)), x), 0, 0, 0, 0, 0, 0);
    assert_run_fails(wg_take(x, INDEX(0, 3), 1), ": index 3 at position 1 is out of range for axis 1 of size 3");
    assert_run_fails(wg_embedding(x, INDEX(0, -1)),
                     ": index -1 at position 1 is out of range for axis 0 of size 2");
    ASSERT_FAILS(wg_take(unknown(WG_F32, WG_SCALAR), unknown(WG_I64, WG_SHAPE(1)), 0), WG_ERR_ARG,
                 "take: axis 0 is out of range for rank 0");
    ASSERT_FAILS(wg_embedding(unknown(WG_F32, WG_SHAPE(2, 2)), unknown(WG_U8, WG_SHAPE(1))), WG_ERR_DTYPE,
                 "embedding: takes indices of i32 or i64, got u8");
}
END_TEST

START_TEST(one_hots_and_positions)
{
    for (wg_dtype type = WG_F32; type <= WG_BOOL; type++) {
        ASSERT_VALUES(wg_one_hot(OF_TYPE(WG_I32, 1, 0), 3, type), 0, 1, 0, 1, 0, 0);
        ck_assert_int_eq(wg_node_dtype(wg_one_hot(INDEX(1), 3, type)), type);
    }
    ASSERT_VALUES(wg_iota(unknown(WG_F32, WG_SHAPE(2, 3)), 1, WG_I32), 0, 1, 2, 0, 1, 2);
    ASSERT_VALUES(wg_iota(unknown(WG_F32, WG_SHAPE(2, 3)), -2, WG_F64), 0, 0, 0, 1, 1, 1);
    assert_run_fails(wg_one_hot(INDEX(0, 3), 3, WG_F64),
                     ": index 3 at position 1 is out of range for axis 1 of size 3");
    assert_run_fails(wg_one_hot(INDEX(-1), 3, WG_F64), ": index -1 at position 0");
    ASSERT_FAILS(wg_one_hot(unknown(WG_F32, WG_SHAPE(2)), 3, WG_F32), WG_ERR_DTYPE,
                 "one_hot: takes indices of i32 or i64, got f32");
    ASSERT_FAILS(wg_one_hot(unknown(WG_I32, WG_SHAPE(2)), -3, WG_F32), WG_ERR_ARG,
                 "one_hot: depth must be at least 0, got -3");
}
END_TEST

START_TEST(orders_are_stable_and_know_nan)
{
    wg_node *x = VECTOR(3, NAN, 1, 3, -INFINITY, 1);
    ASSERT_VALUES(wg_sort(x, 0, false), -INFINITY, 1, 1, 3, 3, NAN);
    ASSERT_VALUES(wg_argsort(x, 0, false), 4, 2, 5, 0, 3, 1);
    ASSERT_VALUES(wg_sort(x, 0, true), NAN, 3, 3, 1, 1, -INFINITY);
    ASSERT_VALUES(wg_argsort(x, 0, true), 1, 0, 3, 2, 5, 4);
    wg_node *at, *top = wg_topk(x, 3, 0, &at);
    ASSERT_VALUES(top, NAN, 3, 3);
    ASSERT_VALUES(at, 1, 0, 3);
    ASSERT_VALUES(wg_median(x, 0, false), NAN);
    ASSERT_VALUES(wg_median(VECTOR(4, 1, 3, 2), 0, true), 2);
    ASSERT_VALUES(wg_median(TENSOR(WG_SHAPE(3, 2), 1, 9, 2, 8, 0, 7), 0, false), 1, 8);
    wg_node *y = TENSOR(WG_SHAPE(2, 3), 3, 1, 2, 4, 6, 5);
    ASSERT_VALUES(gradient(wg_mul(wg_sort(y, 1, false), VECTOR(1, 10, 100)), y), 100, 1, 10, 1, 100, 10);
    ASSERT_VALUES(gradient(wg_median(y, 1, false), y), 0, 0, 1, 0, 0, 1);
    ASSERT_VALUES(gradient(wg_topk(y, 2, 1, NULL), y), 1, 0, 1, 0, 1, 1);
    ASSERT_VALUES(wg_sort(OF_TYPE(WG_BOOL, 1, 0, 1), 0, false), 0, 1, 1);
    ck_assert_int_eq(wg_shape_count(value(wg_sort(constant(WG_F64, WG_SHAPE(0), NULL), 0, false)).shape), 0);
    ASSERT_FAILS(wg_topk(unknown(WG_F32, WG_SHAPE(2, 3)), 4, 1, NULL), WG_ERR_SHAPE,
                 "topk: axis 1 of size 3 has no 4 elements");
    ASSERT_FAILS(wg_topk(unknown(WG_F32, WG_SHAPE(3)), -1, 0, NULL), WG_ERR_ARG, "topk: k must be at least 0, got -1");
    ASSERT_FAILS(wg_median(unknown(WG_F32, WG_SHAPE(2, 0)), 1, false), WG_ERR_SHAPE,
                 "median: there are no elements along axis 1");
    ASSERT_FAILS(wg_sort(unknown(WG_F32, WG_SCALAR), 0, false), WG_ERR_ARG, "sort: axis 0 is out of range for rank 0");
}
END_TEST

/* Lines of many lengths, with many ties: in order, each a permutation, equal ones in their old order; topk is its head. */
START_TEST(long_orders_follow_the_definition)
{
    for (int64_t n = 1; n < 400; n += 13) {
        wg_node *x = wg_cast(scattered(WG_I32, WG_SHAPE(n, 2), (uint64_t)n), WG_F32), *at;
        wg_view from = value(x), order = value(wg_argsort(x, 0, false)), sorted = value(wg_sort(x, 0, false));
        int64_t k = 1 + n / 3;
        wg_view top = value(wg_topk(x, k, 0, &at)), falling = value(wg_argsort(x, 0, true)), where = value(at);
        for (int64_t i = 0; i < 2 * n; i++) {
            int64_t now = (int64_t)wg_view_at(order, i), before = i < 2 ? -1 : (int64_t)wg_view_at(order, i - 2);
            double key = wg_view_at(from, 2 * now + i % 2), last = i < 2 ? -1 : wg_view_at(from, 2 * before + i % 2);
            ck_assert(key == wg_view_at(sorted, i));
            ck_assert(last < key || (last == key && before < now));
            if (i < 2 * k) {
                ck_assert(wg_view_at(where, i) == wg_view_at(falling, i));
                ck_assert(wg_view_at(top, i) == wg_view_at(from, 2 * (int64_t)wg_view_at(where, i) + i % 2));
            }
        }
    }
}
END_TEST

/* Whether a at place i may stand before b at place j in a stable order in which NaN is the largest. */
static bool stands_before(double a, int64_t i, double b, int64_t j, bool descending)
{
    const double first = descending ? b : a, second = descending ? a : b;
    const bool less = first < second || (isnan(second) && !isnan(first));
    return less || ((first == second || (isnan(a) && isnan(b))) && i < j);
}

/* Elements of every magnitude, bytes of every value, and what is special to floats, each of it many times. */
START_TEST(long_orders_of_every_type)
{
    enum { LENGTH = 500 };
    static const double special[] = { NAN, -NAN, INFINITY, -INFINITY, 0.0, -0.0, 1e-40, -1e-40 };
    for (wg_dtype type = WG_F32; type <= WG_BOOL; type++) {
        const bool is_float = type == WG_F32 || type == WG_F64;
        double v[LENGTH];
        for (int i = 0; i < LENGTH; i++) {
            const int64_t h = (int64_t)(((uint64_t)i + 1) * UINT64_C(0x9E3779B97F4A7C15) >> 20);
            const double wide = ldexp((double)(h % 1001 - 500), (int)(h / 1001 % 22));
            v[i] = is_float && i % 3 == 0 ? special[h % 8] : type == WG_U8 || type == WG_BOOL ? (double)(h & 255) : wide;
        }
        wg_node *x = constant(type, WG_SHAPE(LENGTH), v);
        wg_view from = value(x);
        for (int descending = 0; descending < 2; descending++) {
            wg_view order = value(wg_argsort(x, 0, descending)), sorted = value(wg_sort(x, 0, descending));
            for (int64_t i = 0, before = -1; i < LENGTH; i++) {
                const int64_t at = (int64_t)wg_view_at(order, i);
                const double key = wg_view_at(from, at), found = wg_view_at(sorted, i);
                ck_assert(isnan(key) ? isnan(found) : key == found && !signbit(key) == !signbit(found));
                ck_assert(!i || stands_before(wg_view_at(from, before), before, key, at, descending));
                before = at;
            }
        }
    }
}
END_TEST

START_TEST(running_totals)
{
    wg_node *x = TENSOR(WG_SHAPE(2, 3), 1, 2, 3, 4, 0, 6);
    ASSERT_VALUES(wg_cumsum(x, 1, false), 1, 3, 6, 4, 4, 10);
    ASSERT_VALUES(wg_cumsum(x, 1, true), 6, 5, 3, 10, 6, 6);
    ASSERT_VALUES(wg_cumsum(x, 0, false), 1, 2, 3, 5, 2, 9);
    ASSERT_VALUES(wg_cumprod(x, -1, false), 1, 2, 6, 4, 0, 0);
    ASSERT_VALUES(wg_cumprod(x, -1, true), 6, 6, 3, 0, 0, 6);
    ASSERT_VALUES(gradient(wg_cumsum(x, 1, false), x), 3, 2, 1, 3, 2, 1);
    ASSERT_VALUES(gradient(wg_cumprod(x, 1, false), x), 9, 4, 2, 1, 28, 0);
    wg_node *sums = wg_cumsum(OF_TYPE(WG_U8, 200, 200), 0, false);
    ASSERT_VALUES(sums, 200, 400);
    ck_assert_int_eq(wg_node_dtype(sums), WG_I64);
    assert_shape(wg_cumsum(unknown(WG_F32, WG_SHAPE(N, 0)), 0, false), WG_SHAPE(N, 0));
    ASSERT_FAILS(wg_cumsum(unknown(WG_F32, WG_SHAPE(2)), 1, false), WG_ERR_ARG, "cumsum: axis 1 is out of range");
}
END_TEST

/* Sums over many equal indices, cut among threads, against the same on one. */
START_TEST(the_bits_of_scattered_sums_do_not_depend_on_threads)
{
    wg_node *index = wg_cast(scattered(WG_I32, WG_SHAPE(3000, 70), 1), WG_I64);
    wg_node *source = scattered(WG_F32, WG_SHAPE(3000, 70), 2), *x = scattered(WG_F32, WG_SHAPE(5, 70), 3);
    wg_node *first = wg_slice(index, WG_NO_LIST, WG_LIST(WG_ABSENT, 1), WG_NO_LIST);
    wg_node *taken = wg_take(x, wg_squeeze(first, WG_AXES(1)), 0);
    wg_node *y[] = { wg_scatter_add(x, index, source, 0), gradient(wg_mul(taken, source), x),
                     wg_grad(wg_sum(wg_mul(wg_tile(x, WG_LIST(600, 1)), source), WG_ALL_AXES, false), x) };
    for (size_t i = 0; i < WG_COUNT(y); i++) {
        wg_view one = value_in(y[i], WG_TRAIN, 1);
        for (int threads = 2; threads <= 4; threads++) {
            wg_view several = value_in(y[i], WG_TRAIN, threads);
            ck_assert(memcmp(one.data, several.data, 5 * 70 * sizeof(float)) == 0);
        }
        ck_assert(wg_view_at(one, 0) != 0);
    }
}
END_TEST

TCase *ops_index_tests(void)
{
    TCase *t = tcase_create("index");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, gathers_and_their_adjoints);
    tcase_add_test(t, scattered_sums);
    tcase_add_test(t, takes_and_embeddings);
    tcase_add_test(t, one_hots_and_positions);
    tcase_add_test(t, orders_are_stable_and_know_nan);
    tcase_add_test(t, long_orders_follow_the_definition);
    tcase_add_test(t, long_orders_of_every_type);
    tcase_add_test(t, running_totals);
    tcase_add_test(t, the_bits_of_scattered_sums_do_not_depend_on_threads);
    return t;
}
