/* Pooling, upsampling, pixel shuffling: shapes with and without names, values, threads, what is refused. */
#include "ops_test.h"

#define N WG_DIM('N')
#define H WG_DIM('H')

static wg_node *unknown(wg_shape shape) { return wg_input(g, NULL, WG_F64, shape); }

#define OPTIONS(...) WG_OPTS(wg_conv_opts, __VA_ARGS__)

START_TEST(pooled_shapes)
{
    wg_node *x = unknown(WG_SHAPE(N, 3, 9, 8));
    assert_shape(wg_max_pool2d(x, WG_AXES(2), NULL), WG_SHAPE(N, 3, 4, 4));
    assert_shape(wg_max_pool2d(x, WG_AXES(3, 2), OPTIONS(.stride = WG_AXES(2), .padding = WG_AXES(1, 0))),
                 WG_SHAPE(N, 3, 5, 4));
    assert_shape(wg_max_pool2d(x, WG_AXES(2), OPTIONS(.dilation = WG_AXES(4))), WG_SHAPE(N, 3, 3, 2));
    assert_shape(wg_avg_pool2d(x, WG_AXES(9, 8), NULL, true), WG_SHAPE(N, 3, 1, 1));
    assert_shape(wg_max_pool1d(unknown(WG_SHAPE(N, H, 7)), 3, OPTIONS(.stride = WG_AXES(1))), WG_SHAPE(N, H, 5));
    assert_shape(
        wg_avg_pool1d(unknown(WG_SHAPE(N, 2, 7)), 3, OPTIONS(.stride = WG_AXES(2), .padding = WG_AXES(1)), true),
        WG_SHAPE(N, 2, 4));
    assert_shape(wg_adaptive_avg_pool2d(x, WG_LIST(1)), WG_SHAPE(N, 3, 1, 1));
    assert_shape(wg_adaptive_avg_pool2d(x, WG_LIST(WG_ABSENT, 5)), WG_SHAPE(N, 3, 9, 5));
}
END_TEST

START_TEST(spatial_sizes_may_be_known_by_name_alone)
{
    wg_node *x = unknown(WG_SHAPE(N, 4, H, H));
    assert_shape(wg_max_pool2d(x, WG_AXES(2), NULL), WG_SHAPE(N, 4, WG_ANY, WG_ANY));
    assert_shape(wg_avg_pool2d(x, WG_AXES(3), OPTIONS(.stride = WG_AXES(1), .padding = WG_AXES(1)), true),
                 WG_SHAPE(N, 4, H, H));
    assert_shape(wg_adaptive_avg_pool2d(x, WG_LIST(2, WG_ABSENT)), WG_SHAPE(N, 4, 2, H));
    assert_shape(wg_upsample(x, 2, WG_NEAREST), WG_SHAPE(N, 4, WG_ANY, WG_ANY));
    assert_shape(wg_upsample(x, 1, WG_BILINEAR), WG_SHAPE(N, 4, H, H));
    assert_shape(wg_pixel_shuffle(x, 2), WG_SHAPE(N, 1, WG_ANY, WG_ANY));
    assert_shape(wg_pixel_unshuffle(x, 1), WG_SHAPE(N, 4, H, H));
}
END_TEST

/* One graph, made with names, on planes of several sizes: its gradient is that of the sizes at hand. */
START_TEST(a_graph_serves_every_size)
{
    wg_node *x = unknown(WG_SHAPE(N, 1, H));
    wg_node *y = wg_add(wg_sum(wg_max_pool1d(x, 2, NULL), WG_ALL_AXES, false),
                        wg_sum(wg_upsample(wg_avg_pool1d(x, 2, NULL, true), 2, WG_NEAREST), WG_ALL_AXES, false));
    wg_node *dx = wg_grad(y, x);
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(dx));
    wg_exec *e = wg_exec_new(plan);
    ck_assert_msg(e != NULL, "%s", wg_error());
    static const double first[] = { 1, 2, 4, 3, 5 }, second[] = { 1, 0, 2, 3 };
    static const double wanted_first[] = { 1, 2, 2, 1, 0 }, wanted_second[] = { 2, 1, 1, 2 };
    ck_assert(wg_feed(e, x, WG_VIEW(first, 1, 1, 5)) == WG_OK && wg_run(e) == WG_OK);
    for (int i = 0; i < 5; i++)
        ck_assert_double_eq(wg_view_at(wg_result(e, dx), i), wanted_first[i]);
    ck_assert(wg_feed(e, x, WG_VIEW(second, 2, 1, 2)) == WG_OK && wg_run(e) == WG_OK);
    for (int i = 0; i < 4; i++)
        ck_assert_double_eq(wg_view_at(wg_result(e, dx), i), wanted_second[i]);
    wg_exec_free(e);
    wg_plan_free(plan);
}
END_TEST

START_TEST(a_maximum_never_sees_the_padding)
{
    wg_node *x = TENSOR(WG_SHAPE(1, 1, 4), -4, -3, -2, -1);
    ASSERT_VALUES(wg_max_pool1d(x, 2, OPTIONS(.padding = WG_AXES(1))), -4, -2, -1);
    /* Both places of the first window lie outside. */
    wg_node *far = wg_max_pool1d(x, 2, OPTIONS(.stride = WG_AXES(1), .padding = WG_AXES(1), .dilation = WG_AXES(5)));
    ASSERT_VALUES(far, (double)-INFINITY);
    ASSERT_VALUES(wg_grad(wg_sum(far, WG_ALL_AXES, false), x), 0, 0, 0, 0);
}
END_TEST

START_TEST(a_tie_gives_its_gradient_to_the_first)
{
    wg_node *x = TENSOR(WG_SHAPE(1, 1, 2, 4), 3, 1, 1, 1, 3, 3, 1, 1);
    wg_node *y = wg_sum(wg_max_pool2d(x, WG_AXES(2), NULL), WG_ALL_AXES, false);
    ASSERT_VALUES(wg_grad(y, x), 1, 0, 1, 0, 0, 0, 0, 0);
}
END_TEST

START_TEST(means_count_the_padding_or_not)
{
    wg_node *x = TENSOR(WG_SHAPE(1, 1, 2, 2), 4, 8, 12, 16);
    const wg_conv_opts *around = OPTIONS(.stride = WG_AXES(2), .padding = WG_AXES(1));
    ASSERT_VALUES(wg_avg_pool2d(x, WG_AXES(2), around, true), 1, 2, 3, 4);
    ASSERT_VALUES(wg_avg_pool2d(x, WG_AXES(2), around, false), 4, 8, 12, 16);
    ASSERT_VALUES(wg_avg_pool1d(TENSOR(WG_SHAPE(1, 1, 4), 1, 3, 5, 7), 2, NULL, true), 2, 6);
    ASSERT_VALUES(wg_adaptive_avg_pool2d(x, WG_LIST(1)), 10);
    ASSERT_VALUES(wg_adaptive_avg_pool2d(TENSOR(WG_SHAPE(1, 1, 1, 3), 1, 2, 3), WG_LIST(1, 2)), 1.5, 2.5);
}
END_TEST

START_TEST(upsampled_values)
{
    wg_node *x = TENSOR(WG_SHAPE(1, 1, 2, 2), 1, 2, 3, 4);
    ASSERT_VALUES(wg_upsample(x, 2, WG_NEAREST), 1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4);
    ASSERT_VALUES(wg_upsample(TENSOR(WG_SHAPE(1, 1, 2), 0, 4), 2, WG_BILINEAR), 0, 1, 3, 4);
    ASSERT_VALUES(wg_upsample(TENSOR(WG_SHAPE(1, 1, 4), 1, 2, 3, 4), 0.5, WG_NEAREST), 1, 3);
    ASSERT_VALUES(wg_upsample(TENSOR(WG_SHAPE(1, 1, 4), 1, 2, 3, 4), 0.5, WG_BILINEAR), 1.5, 3.5);
}
END_TEST

START_TEST(pixels_and_channels)
{
    wg_node *x = TENSOR(WG_SHAPE(1, 4, 1, 2), 0, 1, 2, 3, 4, 5, 6, 7), *y = wg_pixel_shuffle(x, 2);
    ASSERT_VALUES(y, 0, 2, 1, 3, 4, 6, 5, 7);
    ASSERT_VALUES(wg_pixel_unshuffle(y, 2), 0, 1, 2, 3, 4, 5, 6, 7);
    ASSERT_VALUES(wg_pixel_shuffle(wg_cast(x, WG_U8), 2), 0, 2, 1, 3, 4, 6, 5, 7);
}
END_TEST

START_TEST(nothing_of_nothing)
{
    wg_node *none = wg_zeros(g, WG_F32, WG_SHAPE(0, 2, 4, 4));
    ck_assert(wg_shape_equal(value(wg_max_pool2d(none, WG_AXES(2), NULL)).shape, WG_SHAPE(0, 2, 2, 2)));
    ck_assert(wg_shape_equal(value(wg_avg_pool2d(none, WG_AXES(2), NULL, true)).shape, WG_SHAPE(0, 2, 2, 2)));
    ck_assert(wg_shape_equal(value(wg_upsample(none, 2, WG_BILINEAR)).shape, WG_SHAPE(0, 2, 8, 8)));
    ck_assert(wg_shape_equal(value(wg_adaptive_avg_pool2d(none, WG_LIST(0))).shape, WG_SHAPE(0, 2, 0, 0)));
    wg_node *x = scattered(WG_F64, WG_SHAPE(1, 1, 2, 2), 1);
    wg_node *y = wg_sum(wg_adaptive_avg_pool2d(x, WG_LIST(0, 1)), WG_ALL_AXES, false);
    ASSERT_VALUES(wg_grad(y, x), 0, 0, 0, 0);
}
END_TEST

static void assert_same_for_any_threads(wg_node *y)
{
    wg_view one = value_in(y, WG_TRAIN, 1);
    const size_t bytes = (size_t)wg_shape_count(one.shape) * wg_dtype_size(one.dtype);
    for (int threads = 2; threads <= 5; threads += 3)
        ck_assert(memcmp(one.data, value_in(y, WG_TRAIN, threads).data, bytes) == 0);
}

/* Windows of `side` by `side` elements side by side: the maximum over two axes of a reshaped operand, each with one
 * element that has the gradient. */
static void assert_tiles(wg_dtype type, int64_t side, int64_t columns, int64_t rest)
{
    const int64_t rows = 3;
    const wg_shape inside = WG_SHAPE(2, rows, side, columns, side);
    wg_node *x = wg_reshape(scattered(type, inside, (uint64_t)columns), WG_SHAPE(1, 2, rows * side, columns * side));
    wg_node *wide = wg_pad(x, WG_LIST(0, 0, 0, 0), WG_LIST(0, 0, rest, rest), WG_PAD_CONSTANT, 9);
    wg_node *y = wg_max_pool2d(wide, WG_AXES((int)side), NULL), *expected = wg_reshape(x, inside);
    wg_node *d = wg_reshape(wg_grad(wg_sum(y, WG_ALL_AXES, false), x), inside);
    y = wg_reshape(y, WG_SHAPE(2, rows, columns));
    wg_node *apart[] = { wg_sub(y, wg_max(expected, WG_AXES(2, 4), false)),
                         wg_sub(y, wg_sum(wg_mul(d, expected), WG_AXES(2, 4), false)),
                         wg_sub(wg_sum(d, WG_AXES(2, 4), false), constant(type, WG_SCALAR, (double[]){ 1 })) };
    for (size_t i = 0; i < WG_COUNT(apart); i++)
        ck_assert_msg(element(wg_max(wg_abs(apart[i]), WG_ALL_AXES, false), 0) == 0, "%d x %d, %zu", (int)side,
                      (int)columns, i);
}

START_TEST(windows_side_by_side)
{
    static const int64_t columns[] = { 1, 12, 16, 17, 40, 300 };
    for (int64_t side = 1; side <= 6; side++)
        for (size_t i = 0; i < WG_COUNT(columns); i++)
            for (int64_t rest = 0; rest < side && rest < 2; rest++) {
                assert_tiles(WG_F32, side, columns[i], rest);
                assert_tiles(WG_F64, side, columns[i], rest);
            }
}
END_TEST

START_TEST(bits_do_not_depend_on_threads)
{
    wg_node *x = scattered(WG_F32, WG_SHAPE(2, 3, 37, 600), 3);
    const wg_conv_opts *dense = OPTIONS(.stride = WG_AXES(1), .padding = WG_AXES(1));
    wg_node *y[] = { wg_max_pool2d(x, WG_AXES(3), dense),
                     wg_avg_pool2d(x, WG_AXES(3), dense, false),
                     wg_avg_pool2d(x, WG_AXES(3, 18), NULL, true),
                     wg_upsample(x, 2, WG_NEAREST),
                     wg_upsample(x, 1.7, WG_BILINEAR),
                     wg_adaptive_avg_pool2d(x, WG_LIST(3, 7)) };
    for (size_t i = 0; i < WG_COUNT(y); i++) {
        assert_same_for_any_threads(y[i]);
        assert_same_for_any_threads(wg_grad(wg_sum(wg_square(y[i]), WG_ALL_AXES, false), x));
    }
}
END_TEST

START_TEST(pooling_refuses_what_makes_no_sense)
{
#define X unknown(WG_SHAPE(2, 3, 5, 5))
    ASSERT_FAILS(wg_max_pool2d(X, WG_AXES(6), NULL), WG_ERR_SHAPE, "max_pool2d: the kernel reaches over 6");
    ASSERT_FAILS(wg_max_pool2d(X, WG_AXES(2), OPTIONS(.padding = WG_AXES(2))), WG_ERR_ARG,
                 "padding of 2 is more than half of the kernel, 2");
    ASSERT_FAILS(wg_max_pool2d(X, WG_AXES(2, 2, 2), NULL), WG_ERR_ARG, "kernel has 3 numbers");
    ASSERT_FAILS(wg_max_pool2d(X, ((wg_axes){ .n = 0 }), NULL), WG_ERR_ARG, "kernel must be in 1");
    ASSERT_FAILS(wg_max_pool2d(X, WG_AXES(0), NULL), WG_ERR_ARG, "kernel must be in 1");
    ASSERT_FAILS(wg_max_pool2d(X, WG_AXES(65536, 65536), NULL), WG_ERR_RANGE, "the kernel has more than");
    ASSERT_FAILS(wg_max_pool2d(X, WG_AXES(2), OPTIONS(.groups = 3)), WG_ERR_ARG, "pooling has no groups, got 3");
    ASSERT_FAILS(wg_max_pool2d(X, WG_AXES(2), &(wg_conv_opts){ .groups = 1 }), WG_ERR_ARG, "wg_conv_opts: size is 0");
    ASSERT_FAILS(wg_max_pool1d(X, 2, NULL), WG_ERR_SHAPE, "max_pool1d: takes (N, C, one spatial size), got (2,3,5,5)");
    ASSERT_FAILS(wg_max_pool2d(unknown(WG_SHAPE(2, 3, 0, 5)), WG_AXES(1), NULL), WG_ERR_SHAPE,
                 "no elements along axis 2");
    ASSERT_FAILS(wg_max_pool2d(wg_cast(X, WG_I32), WG_AXES(2), NULL), WG_ERR_DTYPE, "takes f32 or f64, got i32");
    ASSERT_FAILS(wg_avg_pool2d(X, WG_AXES(2), OPTIONS(.dilation = WG_AXES(2)), true), WG_ERR_ARG,
                 "avg_pool2d: has no dilation, got 2");
    ASSERT_FAILS(wg_adaptive_avg_pool2d(X, WG_LIST(1, 2, 3)), WG_ERR_ARG, "output_size has 3 numbers");
    ASSERT_FAILS(wg_adaptive_avg_pool2d(X, WG_LIST(-1)), WG_ERR_ARG, "output_size must be in 0");
    ASSERT_FAILS(wg_adaptive_avg_pool2d(unknown(WG_SHAPE(2, 3, 0, 5)), WG_LIST(1)), WG_ERR_SHAPE,
                 "no elements along axis 2");
    ASSERT_FAILS(wg_apply_named(g, "avg_pool_scatter", WG_NODES(X, X), "{\"kernel\": 2}"), WG_ERR_SHAPE,
                 "(2,3,5,5) is not what pooling (2,3,5,5) gives");
    ASSERT_FAILS(wg_apply_named(g, "max_pool_gather", WG_NODES(X, unknown(WG_SHAPE(2, 3, 5, 4))), "{\"kernel\": 2}"),
                 WG_ERR_SHAPE, "shapes differ");
}
END_TEST

START_TEST(upsampling_refuses_what_makes_no_sense)
{
    ASSERT_FAILS(wg_upsample(X, 0, WG_NEAREST), WG_ERR_ARG, "upsample: scale must be larger than 0");
    ASSERT_FAILS(wg_upsample(X, NAN, WG_NEAREST), WG_ERR_ARG, "upsample: scale must be larger than 0");
    ASSERT_FAILS(wg_upsample(X, 0.1, WG_NEAREST), WG_ERR_SHAPE, "scale 0.1 leaves nothing of axis 2, of size 5");
    ASSERT_FAILS(wg_upsample(unknown(WG_SHAPE(1, 1, INT64_C(1) << 40)), 1e9, WG_NEAREST), WG_ERR_RANGE, "too large");
    ASSERT_FAILS(wg_upsample(unknown(WG_SHAPE(1, 1, 2, 2, 2)), 2, WG_NEAREST), WG_ERR_SHAPE,
                 "one or two spatial sizes");
    ASSERT_FAILS(wg_pixel_shuffle(X, 2), WG_ERR_SHAPE, "pixel_shuffle: 4 does not divide axis 1, of size 3");
    ASSERT_FAILS(wg_pixel_shuffle(X, 0), WG_ERR_ARG, "the factor must be in 1");
    ASSERT_FAILS(wg_pixel_unshuffle(X, 2), WG_ERR_SHAPE, "2 does not divide axis 2, of size 5");
    ASSERT_FAILS(wg_pixel_shuffle(unknown(WG_SHAPE(5, 5)), 2), WG_ERR_SHAPE, "takes (.., C, H, W)");
}
END_TEST

TCase *ops_pool_tests(void)
{
    TCase *pool = tcase_create("pool");
    tcase_add_checked_fixture(pool, set_up, tear_down);
    tcase_add_test(pool, pooled_shapes);
    tcase_add_test(pool, spatial_sizes_may_be_known_by_name_alone);
    tcase_add_test(pool, a_graph_serves_every_size);
    tcase_add_test(pool, a_maximum_never_sees_the_padding);
    tcase_add_test(pool, a_tie_gives_its_gradient_to_the_first);
    tcase_add_test(pool, means_count_the_padding_or_not);
    tcase_add_test(pool, upsampled_values);
    tcase_add_test(pool, pixels_and_channels);
    tcase_add_test(pool, nothing_of_nothing);
    tcase_add_test(pool, windows_side_by_side);
    tcase_add_test(pool, bits_do_not_depend_on_threads);
    tcase_add_test(pool, pooling_refuses_what_makes_no_sense);
    tcase_add_test(pool, upsampling_refuses_what_makes_no_sense);
    return pool;
}
