/* Operators that move elements by shape alone: parts, paddings, tiles, triangles. Values were computed with NumPy. */
#include "ops_test.h"

#define N WG_DIM('N')
#define OPEN WG_ABSENT

static wg_node *unknown(wg_shape shape)
{
    return wg_input(g, NULL, WG_F64, shape);
}

static wg_node *counting(wg_dtype type, wg_shape shape)
{
    double v[4096];
    int64_t n = wg_shape_count(shape);
    ck_assert(n <= (int64_t)WG_COUNT(v));
    for (int64_t i = 0; i < n; i++)
        v[i] = (double)i;
    return constant(type, shape, v);
}

static wg_node *gradient(wg_node *y, wg_node *x)
{
    return wg_grad(wg_sum(y, WG_ALL_AXES, false), x);
}

/* Every start, stop and step of one axis, against what Python's rules say. */
START_TEST(slices_follow_pythons_rules)
{
    enum { SIZE = 5 };
    wg_node *x = counting(WG_F64, WG_SHAPE(SIZE));
    for (int64_t start = -8; start <= 8; start++)
        for (int64_t stop = -8; stop <= 8; stop++)
            for (int64_t step = -3; step <= 3; step++) {
                int64_t back = step < 0, low = back ? -1 : 0, high = back ? SIZE - 1 : SIZE, expected[SIZE] = { 0 }, n = 0;
                if (step == 0)
                    continue;
                int64_t from = start == -8 ? (back ? high : low) : start < 0 ? start + SIZE : start;
                int64_t to = stop == -8 ? (back ? low : high) : stop < 0 ? stop + SIZE : stop;
                from = from < low ? low : from > high ? high : from;
                to = to < low ? low : to > high ? high : to;
                for (int64_t i = from; back ? i > to : i < to; i += step)
                    expected[n++] = i;
                wg_list first = WG_LIST(start == -8 ? OPEN : start), last = WG_LIST(stop == -8 ? OPEN : stop);
                wg_view v = value(wg_slice(x, first, last, WG_LIST(step)));
                ck_assert_msg(wg_shape_count(v.shape) == n, "[%d:%d:%d] has %d elements", (int)start, (int)stop,
                              (int)step, (int)wg_shape_count(v.shape));
                for (int64_t i = 0; i < n; i++)
                    ck_assert(wg_view_at(v, i) == (double)expected[i]);
            }
}
END_TEST

START_TEST(slices_and_their_shapes)
{
    wg_node *x = counting(WG_F64, WG_SHAPE(3, 4)), *y;
    ASSERT_VALUES(wg_slice(x, WG_LIST(1, OPEN), WG_NO_LIST, WG_LIST(OPEN, -2)), 7, 5, 11, 9);
    ASSERT_VALUES(wg_slice1(TENSOR(WG_SHAPE(2, 3), 1, 2, 3, 4, 5, 6), -1, 1, OPEN), 2, 3, 5, 6);
    ASSERT_VALUES(wg_slice1(TENSOR(WG_SHAPE(2, 3), 1, 2, 3, 4, 5, 6), 0, -1, 2), 4, 5, 6);
    y = wg_slice(x, WG_LIST(OPEN, 1), WG_LIST(OPEN, -1), WG_LIST(-2, 1));
    ASSERT_VALUES(y, 9, 10, 1, 2);
    ASSERT_VALUES(gradient(wg_square(y), x), 0, 2, 4, 0, 0, 0, 0, 0, 0, 18, 20, 0);
    assert_shape(wg_slice(unknown(WG_SHAPE(N, 4)), WG_LIST(OPEN, 1), WG_NO_LIST, WG_NO_LIST), WG_SHAPE(N, 3));
    assert_shape(wg_slice(unknown(WG_SHAPE(N)), WG_NO_LIST, WG_NO_LIST, WG_LIST(-1)), WG_SHAPE(N));
    assert_shape(wg_slice(unknown(WG_SHAPE(N)), WG_LIST(1), WG_NO_LIST, WG_NO_LIST), WG_SHAPE(WG_ANY));
    assert_shape(wg_slice(x, WG_LIST(2, 0), WG_LIST(2, 9), WG_LIST(INT64_MAX, INT64_MAX)), WG_SHAPE(0, 1));
    ASSERT_VALUES(wg_slice_like(x, unknown(WG_SHAPE(2, 2))), 0, 1, 4, 5);
    ASSERT_VALUES(wg_slice_like(VECTOR(1, 2), unknown(WG_SHAPE(4))), 1, 2, 0, 0);
    ASSERT_FAILS(wg_slice(unknown(WG_SHAPE(2, 3)), WG_LIST(1), WG_NO_LIST, WG_NO_LIST), WG_ERR_ARG,
                 "slice: start has 1 numbers, the operand 2 axes");
    ASSERT_FAILS(wg_slice(unknown(WG_SHAPE(2)), WG_NO_LIST, WG_NO_LIST, WG_LIST(0)), WG_ERR_ARG,
                 "slice: the step along axis 0 is 0");
    ASSERT_FAILS(wg_slice(unknown(WG_SHAPE(2)), (wg_list){ .n = 99 }, WG_NO_LIST, WG_NO_LIST), WG_ERR_ARG,
                 "slice: attribute start is out of range");
    ASSERT_FAILS(wg_slice_like(unknown(WG_SHAPE(2)), unknown(WG_SHAPE(2, 2))), WG_ERR_SHAPE,
                 "slice_like: its operands have 1 and 2 axes");
}
END_TEST

START_TEST(paddings_of_all_modes)
{
    wg_node *x = VECTOR(1, 2, 3), *y = TENSOR(WG_SHAPE(2, 2), 1, 2, 3, 4);
    ASSERT_VALUES(wg_pad(x, WG_LIST(2), WG_LIST(1), WG_PAD_CONSTANT, 9), 9, 9, 1, 2, 3, 9);
    ASSERT_VALUES(wg_pad(x, WG_LIST(2), WG_LIST(1), WG_PAD_REFLECT, 0), 3, 2, 1, 2, 3, 2);
    ASSERT_VALUES(wg_pad(x, WG_LIST(5), WG_LIST(4), WG_PAD_REFLECT, 0), 2, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3);
    ASSERT_VALUES(wg_pad(x, WG_LIST(2), WG_LIST(1), WG_PAD_EDGE, 0), 1, 1, 1, 2, 3, 3);
    ASSERT_VALUES(wg_pad(x, WG_LIST(-1), WG_LIST(2), WG_PAD_CONSTANT, 0), 2, 3, 0, 0);
    ASSERT_VALUES(wg_pad(x, WG_LIST(-1), WG_LIST(-1), WG_PAD_EDGE, 0), 2);
    ASSERT_VALUES(wg_pad(y, WG_LIST(1, 0), WG_LIST(0, 1), WG_PAD_CONSTANT, 0), 0, 0, 0, 1, 2, 0, 3, 4, 0);
    ASSERT_VALUES(wg_pad(y, WG_LIST(1, 0), WG_LIST(0, 1), WG_PAD_EDGE, 0), 1, 2, 2, 1, 2, 2, 3, 4, 4);
    ASSERT_VALUES(wg_pad(VECTOR(5), WG_LIST(2), WG_LIST(1), WG_PAD_REFLECT, 0), 5, 5, 5, 5);
    ASSERT_VALUES(gradient(wg_pad(x, WG_LIST(2), WG_LIST(1), WG_PAD_CONSTANT, 9), x), 1, 1, 1);
    ASSERT_VALUES(gradient(wg_pad(x, WG_LIST(5), WG_LIST(4), WG_PAD_REFLECT, 0), x), 3, 6, 3);
    ASSERT_VALUES(gradient(wg_pad(x, WG_LIST(2), WG_LIST(1), WG_PAD_EDGE, 0), x), 3, 1, 2);
    assert_shape(wg_pad(unknown(WG_SHAPE(N, 3)), WG_LIST(0, 1), WG_LIST(0, 1), WG_PAD_EDGE, 0), WG_SHAPE(N, 5));
    ASSERT_FAILS(wg_pad(unknown(WG_SHAPE(3)), WG_LIST(-2), WG_LIST(-2), WG_PAD_EDGE, 0), WG_ERR_SHAPE,
                 "pad: -2 before and -2 after leave nothing of axis 0, of size 3");
    ASSERT_FAILS(wg_pad(unknown(WG_SHAPE(0)), WG_LIST(1), WG_LIST(0), WG_PAD_EDGE, 0), WG_ERR_SHAPE,
                 "pad: axis 0 has no element to pad with");
    ASSERT_FAILS(wg_pad(unknown(WG_SHAPE(3)), WG_LIST(1, 1), WG_LIST(1), WG_PAD_EDGE, 0), WG_ERR_ARG,
                 "pad: before has 2 numbers, the operand 1 axes");
    ASSERT_FAILS(wg_pad(unknown(WG_SHAPE(3)), WG_LIST(1), WG_LIST(OPEN), WG_PAD_EDGE, 0), WG_ERR_ARG,
                 "pad: after leaves axis 0 open");
    ASSERT_FAILS(wg_pad(unknown(WG_SHAPE(3)), WG_LIST(INT64_MAX), WG_LIST(1), WG_PAD_EDGE, 0), WG_ERR_RANGE,
                 "pad: before is out of range at axis 0");
}
END_TEST

START_TEST(flips_and_rolls)
{
    wg_node *x = counting(WG_F64, WG_SHAPE(2, 3));
    ASSERT_VALUES(wg_flip(x, WG_AXES(-1)), 2, 1, 0, 5, 4, 3);
    ASSERT_VALUES(wg_flip(x, WG_ALL_AXES), 5, 4, 3, 2, 1, 0);
    ASSERT_VALUES(wg_roll(x, WG_LIST(1), WG_AXES(1)), 2, 0, 1, 5, 3, 4);
    ASSERT_VALUES(wg_roll(x, WG_LIST(-4, 5), WG_AXES(1, 0)), 4, 5, 3, 1, 2, 0);
    assert_shape(wg_roll(unknown(WG_SHAPE(N, 0)), WG_LIST(3), WG_AXES(1)), WG_SHAPE(N, 0));
    ck_assert_int_eq(wg_shape_count(value(wg_roll(constant(WG_F64, WG_SHAPE(2, 0), NULL), WG_LIST(3), WG_AXES(1))).shape), 0);
    ASSERT_FAILS(wg_flip(unknown(WG_SHAPE(3)), WG_AXES(1)), WG_ERR_ARG, "flip: axis 1 is out of range for rank 1");
    ASSERT_FAILS(wg_roll(unknown(WG_SHAPE(3)), WG_LIST(1, 2), WG_AXES(0)), WG_ERR_ARG,
                 "roll: needs a shift for each of its axes: got 2 for 1");
    ASSERT_FAILS(wg_roll(unknown(WG_SHAPE(3)), WG_LIST(OPEN), WG_AXES(0)), WG_ERR_ARG, "roll: shift 0 is left open");
}
END_TEST

START_TEST(tiles_and_repeats)
{
    wg_node *x = TENSOR(WG_SHAPE(2, 2), 1, 2, 3, 4), *v = VECTOR(1, 2);
    ASSERT_VALUES(wg_tile(x, WG_LIST(2)), 1, 2, 1, 2, 3, 4, 3, 4);
    ASSERT_VALUES(wg_tile(v, WG_LIST(2, 2)), 1, 2, 1, 2, 1, 2, 1, 2);
    ASSERT_VALUES(gradient(wg_square(wg_tile(v, WG_LIST(2, 3))), v), 12, 24);
    assert_shape(wg_tile(unknown(WG_SHAPE(N, 2)), WG_LIST(3, 1, 2)), WG_SHAPE(3, N, 4));
    assert_shape(wg_tile(unknown(WG_SHAPE(N)), WG_LIST(2)), WG_SHAPE(WG_ANY));
    assert_shape(wg_tile(x, WG_LIST(0, 2)), WG_SHAPE(0, 4));
    ASSERT_VALUES(gradient(wg_tile(x, WG_LIST(0, 2)), x), 0, 0, 0, 0);
    ASSERT_VALUES(wg_repeat(x, 2, 0), 1, 2, 1, 2, 3, 4, 3, 4);
    ASSERT_VALUES(wg_repeat(x, 2, -1), 1, 1, 2, 2, 3, 3, 4, 4);
    ASSERT_VALUES(gradient(wg_square(wg_repeat(v, 3, 0)), v), 6, 12);
    ASSERT_VALUES(gradient(wg_repeat(v, 0, 0), v), 0, 0);
    ASSERT_FAILS(wg_tile(unknown(WG_SHAPE(3)), WG_LIST(-1)), WG_ERR_ARG, "tile: axis 0 cannot be repeated -1 times");
    ASSERT_FAILS(wg_tile(unknown(WG_SHAPE(3)), WG_NO_LIST), WG_ERR_ARG, "tile: reps must be a number or a list");
    ASSERT_FAILS(wg_repeat(unknown(WG_SHAPE(3)), INT64_MAX, 0), WG_ERR_RANGE, "repeat: axis 0 would become too large");
    ASSERT_FAILS(wg_repeat(unknown(WG_SHAPE(3)), 2, 1), WG_ERR_ARG, "repeat: axis 1 is out of range for rank 1");
}
END_TEST

START_TEST(triangles_and_diagonals)
{
    wg_node *x = TENSOR(WG_SHAPE(2, 3), 1, 2, 3, 4, 5, 6);
    ASSERT_VALUES(wg_tril(x, 0), 1, 0, 0, 4, 5, 0);
    ASSERT_VALUES(wg_tril(x, -1), 0, 0, 0, 4, 0, 0);
    ASSERT_VALUES(wg_tril(x, INT64_MAX), 1, 2, 3, 4, 5, 6);
    ASSERT_VALUES(wg_triu(x, 1), 0, 2, 3, 0, 0, 6);
    ASSERT_VALUES(wg_triu(x, INT64_MIN), 1, 2, 3, 4, 5, 6);
    ASSERT_VALUES(wg_triu(x, 3), 0, 0, 0, 0, 0, 0);
    ASSERT_VALUES(wg_diag(x, 0), 1, 5);
    ASSERT_VALUES(wg_diag(x, 2), 3);
    ASSERT_VALUES(wg_diag(x, -1), 4);
    ASSERT_VALUES(wg_diag(VECTOR(1, 2), -1), 0, 0, 0, 1, 0, 0, 0, 2, 0);
    ASSERT_VALUES(gradient(wg_square(wg_diag(x, 1)), x), 0, 4, 0, 0, 0, 12);
    ASSERT_VALUES(wg_trace(x), 6);
    ASSERT_VALUES(wg_trace(constant(WG_BOOL, WG_SHAPE(2, 2), (double[]){ 1, 0, 0, 1 })), 2);
    ASSERT_VALUES(gradient(wg_trace(x), x), 1, 0, 0, 0, 1, 0);
    assert_shape(wg_diag(x, 3), WG_SHAPE(0));
    assert_shape(wg_trace(unknown(WG_SHAPE(N, 3, 3))), WG_SHAPE(N));
    assert_shape(wg_diag(unknown(WG_SHAPE(N)), 0), WG_SHAPE(N, N));
    ASSERT_FAILS(wg_tril(unknown(WG_SHAPE(3)), 0), WG_ERR_SHAPE, "tril: takes matrices, got rank 1");
    ASSERT_FAILS(wg_trace(unknown(WG_SHAPE(3))), WG_ERR_SHAPE, "trace: takes matrices, got rank 1");
    ASSERT_FAILS(wg_diag(unknown(WG_SHAPE(3, 3, 3)), 0), WG_ERR_SHAPE, "diag: takes a vector or a matrix, got rank 3");
}
END_TEST

START_TEST(stacks_and_splits)
{
    wg_node *a = VECTOR(1, 2), *b = VECTOR(3, 4), *x = counting(WG_F64, WG_SHAPE(2, 5));
    ASSERT_VALUES(wg_stack(WG_NODES(a, b), 0), 1, 2, 3, 4);
    ASSERT_VALUES(wg_stack(WG_NODES(a, b), -1), 1, 3, 2, 4);
    ASSERT_VALUES(gradient(wg_square(wg_stack(WG_NODES(a, b, a), 1)), a), 4, 8);
    wg_nodes parts = wg_split(x, 1, WG_LIST(2, 0, 3));
    ck_assert_uint_eq(parts.n, 3);
    ASSERT_VALUES(parts.at[0], 0, 1, 5, 6);
    assert_shape(parts.at[1], WG_SHAPE(2, 0));
    ASSERT_VALUES(parts.at[2], 2, 3, 4, 7, 8, 9);
    ASSERT_VALUES(gradient(wg_square(parts.at[2]), x), 0, 0, 4, 6, 8, 0, 0, 14, 16, 18);
    parts = wg_split(x, 0, WG_LIST(2));
    ck_assert_uint_eq(parts.n, 2);
    ASSERT_VALUES(parts.at[1], 5, 6, 7, 8, 9);
    parts = wg_split(unknown(WG_SHAPE(N, 4)), -1, WG_LIST(4));
    ck_assert_uint_eq(parts.n, 4);
    assert_shape(parts.at[3], WG_SHAPE(N, 1));
    ck_assert_uint_eq(wg_split(counting(WG_F64, WG_SHAPE(64)), 0, WG_LIST(64)).n, 64);
    ASSERT_FAILS(wg_split(unknown(WG_SHAPE(5)), 0, WG_LIST(2)).at ? a : NULL, WG_ERR_SHAPE,
                 "split: axis 0 of size 5 has no 2 equal parts");
    ASSERT_FAILS(wg_split(unknown(WG_SHAPE(5)), 0, WG_LIST(2, 2)).at ? a : NULL, WG_ERR_SHAPE,
                 "split: the sections add up to 4, axis 0 has size 5");
    ASSERT_FAILS(wg_split(unknown(WG_SHAPE(65)), 0, WG_LIST(65)).at ? a : NULL, WG_ERR_ARG,
                 "split: can make 1..64 parts, not 65");
    ASSERT_FAILS(wg_split(unknown(WG_SHAPE(5)), 0, WG_LIST(7, -2)).at ? a : NULL, WG_ERR_ARG,
                 "split: section 1 has no size: -2");
    ASSERT_FAILS(wg_stack(WG_NODES(unknown(WG_SHAPE(2)), unknown(WG_SHAPE(3))), 0), WG_ERR_SHAPE,
                 "stack: operands differ in shape: (2) and (3)");
    ASSERT_FAILS(wg_stack(WG_NODES(unknown(WG_SHAPE(2))), 2), WG_ERR_ARG, "stack: axis 2 is out of range for rank 2");
}
END_TEST

/* The same places whatever the element's type, and whatever number of threads. */
START_TEST(moves_of_every_type)
{
    for (wg_dtype type = WG_F32; type <= WG_BOOL; type++) {
        wg_node *x = scattered(type, WG_SHAPE(40, 50), 3), *wide = wg_cast(x, WG_F64);
        wg_node *y[] = { wg_slice(x, WG_LIST(30, 1), WG_LIST(OPEN, -1), WG_LIST(-2, 3)),
                         wg_pad(x, WG_LIST(3, -2), WG_LIST(0, 60), WG_PAD_REFLECT, 0),
                         wg_pad(x, WG_LIST(3, -2), WG_LIST(0, 60), WG_PAD_CONSTANT, 1),
                         wg_roll(wg_flip(x, WG_AXES(1)), WG_LIST(7, 3), WG_AXES(0, 1)), wg_tile(x, WG_LIST(2, 1, 3)),
                         wg_repeat(x, 3, 0), wg_tril(x, 2), wg_diag(x, 4), wg_stack(WG_NODES(x, x), 1),
                         wg_split(x, 1, WG_LIST(5)).at[2] };
        wg_node *z[] = { wg_slice(wide, WG_LIST(30, 1), WG_LIST(OPEN, -1), WG_LIST(-2, 3)),
                         wg_pad(wide, WG_LIST(3, -2), WG_LIST(0, 60), WG_PAD_REFLECT, 0),
                         wg_pad(wide, WG_LIST(3, -2), WG_LIST(0, 60), WG_PAD_CONSTANT, 1),
                         wg_roll(wg_flip(wide, WG_AXES(1)), WG_LIST(7, 3), WG_AXES(0, 1)), wg_tile(wide, WG_LIST(2, 1, 3)),
                         wg_repeat(wide, 3, 0), wg_tril(wide, 2), wg_diag(wide, 4), wg_stack(WG_NODES(wide, wide), 1),
                         wg_split(wide, 1, WG_LIST(5)).at[2] };
        for (size_t i = 0; i < WG_COUNT(y); i++) {
            ck_assert_int_eq(wg_node_dtype(y[i]), type);
            wg_view narrow = value_in(y[i], WG_TRAIN, 2), from = value(z[i]);
            ck_assert_int_eq(wg_shape_count(narrow.shape), wg_shape_count(from.shape));
            for (int64_t k = 0; k < wg_shape_count(from.shape); k++)
                ck_assert_msg(wg_view_at(narrow, k) == wg_view_at(from, k), "move %zu of %s", i, wg_dtype_name(type));
        }
    }
}
END_TEST

TCase *ops_moves_tests(void)
{
    TCase *t = tcase_create("moves");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, slices_follow_pythons_rules);
    tcase_add_test(t, slices_and_their_shapes);
    tcase_add_test(t, paddings_of_all_modes);
    tcase_add_test(t, flips_and_rolls);
    tcase_add_test(t, tiles_and_repeats);
    tcase_add_test(t, triangles_and_diagonals);
    tcase_add_test(t, stacks_and_splits);
    tcase_add_test(t, moves_of_every_type);
    return t;
}
