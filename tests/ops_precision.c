/* Products of f32 in lower precision: how far off they may be, what they may not change, and where they are f32's own. */
#include <float.h>
#include <stdlib.h>

#include "config.h"
#include "ops_test.h"

/* Whether products that are worth it are rounded to bf16 in this process. */
static bool rounds(void)
{
#ifdef WG_HAVE_AVX512_BF16
    return !strcmp(wg_isa(), "avx512") && __builtin_cpu_supports("avx512bf16");
#else
    return false;
#endif
}

/* Valid until the test ends. */
static wg_view value_at(wg_matmul_precision precision, wg_node *n, int threads)
{
    ck_assert_int_eq(wg_set_matmul_precision(g, precision), WG_OK);
    return value_in(n, WG_TRAIN, threads);
}

static bool same_bits(wg_view a, wg_view b)
{
    return wg_shape_equal(a.shape, b.shape) && a.dtype == b.dtype &&
           !memcmp(a.data, b.data, (size_t)wg_shape_count(a.shape) * wg_dtype_size(a.dtype));
}

static bool has_bits_of_highest(wg_matmul_precision precision, wg_node *n)
{
    return same_bits(value_at(precision, n, 1), value_at(WG_MATMUL_HIGHEST, n, 1));
}

/* The largest error of a product relative to the sum of |a||b|. */
static double worst(wg_view got, wg_node *a, bool ta, wg_node *b, bool tb)
{
    wg_node *wide_a = wg_cast(a, WG_F64), *wide_b = wg_cast(b, WG_F64);
    const wg_view right = value(wg_matmul_t(wide_a, ta, wide_b, tb));
    const wg_view size = value(wg_matmul_t(wg_abs(wide_a), ta, wg_abs(wide_b), tb));
    double error = 0;
    for (int64_t i = 0; i < wg_shape_count(got.shape); i++)
        error = fmax(error, fabs(wg_view_at(got, i) - wg_view_at(right, i)) / wg_view_at(size, i));
    return error;
}

/* Random elements of f32's full length in -1..1, or whole numbers in -8..8, which bf16 holds. */
static wg_node *operand(wg_shape shape, bool whole, uint32_t seed)
{
    const int64_t n = wg_shape_count(shape);
    double *v = malloc((size_t)n * sizeof *v);
    for (int64_t i = 0; i < n; i++) {
        seed = seed * 1664525 + 1013904223;
        v[i] = whole ? (double)(seed >> 24) / 16 - 8 : (double)(seed >> 7) / (1 << 24) - 1;
        v[i] = whole ? floor(v[i]) : v[i];
    }
    wg_node *c = constant(WG_F32, shape, v);
    free(v);
    return c;
}

/* m, n, k: tiles and panels whole and cut short, odd ks, several blocks of K, a K that is split, C turned over. */
static const int64_t sizes[][3] = {
    { 256, 256, 256 }, { 33, 700, 129 }, { 700, 33, 511 },  { 97, 130, 331 },  { 49, 50, 5001 }, { 64, 96, 2051 },
    { 130, 33, 1024 }, { 800, 60, 90 },  { 128, 48, 1025 }, { 47, 1000, 203 }, { 40, 63, 700 },
};

static void make_operands(const int64_t *size, int kind, bool whole, wg_node **a, wg_node **b)
{
    const int64_t m = size[0], n = size[1], k = size[2];
    *a = operand(kind & 1 ? WG_SHAPE(k, m) : WG_SHAPE(m, k), whole, 1);
    *b = operand(kind & 2 ? WG_SHAPE(n, k) : WG_SHAPE(k, n), whole, 2);
}

START_TEST(errors_stay_within_their_bounds)
{
    wg_node *a, *b;
    make_operands(sizes[_i / 4], _i % 4, false, &a, &b);
    const bool ta = _i & 1, tb = _i & 2;
    wg_node *c = wg_matmul_t(a, ta, b, tb);
    const double medium = worst(value_at(WG_MATMUL_MEDIUM, c, 1), a, ta, b, tb);
    const double highest = worst(value_at(WG_MATMUL_HIGHEST, c, 1), a, ta, b, tb);
    ck_assert_double_le(medium, 0x1p-8);
    ck_assert_double_le(highest, 0x1p-20);
    ck_assert(has_bits_of_highest(WG_MATMUL_HIGH, c));
    if (rounds())
        ck_assert_double_ge(medium, 0x1p-14);
    else
        ck_assert_double_eq(medium, highest);
}
END_TEST

/* So no element is in a wrong place, and none is missing. */
START_TEST(what_bf16_holds_is_multiplied_exactly)
{
    wg_node *a, *b;
    make_operands(sizes[_i / 4], _i % 4, true, &a, &b);
    ck_assert(has_bits_of_highest(WG_MATMUL_MEDIUM, wg_matmul_t(a, _i & 1, b, _i & 2)));
}
END_TEST

START_TEST(every_size_is_multiplied_exactly)
{
    for (int64_t n = 46; n <= 111; n += 5)
        for (int64_t k = 300; k < 304; k++) {
            wg_node *x = operand(WG_SHAPE(n + 7, k), true, 3), *y = operand(WG_SHAPE(k, n), true, 4);
            ck_assert(has_bits_of_highest(WG_MATMUL_MEDIUM, wg_matmul(x, y)));
            ck_assert(has_bits_of_highest(WG_MATMUL_MEDIUM, wg_matmul_t(y, true, x, true)));
        }
}
END_TEST

START_TEST(batches_are_rounded_too)
{
    wg_node *a = operand(WG_SHAPE(2, 1, 70, 333), false, 5), *b = operand(WG_SHAPE(3, 333, 90), false, 6);
    wg_node *batch = wg_matmul(a, b), *tall = wg_matmul(a, operand(WG_SHAPE(333, 90), false, 7));
    ck_assert_double_le(worst(value_at(WG_MATMUL_MEDIUM, batch, 1), a, false, b, false), 0x1p-8);
    ck_assert_int_eq(has_bits_of_highest(WG_MATMUL_MEDIUM, batch), !rounds());
    ck_assert_int_eq(has_bits_of_highest(WG_MATMUL_MEDIUM, tall), !rounds());
    wg_node *x = operand(WG_SHAPE(3, 1, 50, 201), true, 8), *y = operand(WG_SHAPE(1, 2, 77, 201), true, 9);
    ck_assert(has_bits_of_highest(WG_MATMUL_MEDIUM, wg_matmul_t(x, false, y, true)));
}
END_TEST

/* The elements at `place`, every `step`th, are replaced. */
static wg_node *with(wg_shape shape, uint32_t seed, int64_t place, int64_t step, const double *special, int n)
{
    const wg_view v = value(operand(shape, true, seed));
    const int64_t count = wg_shape_count(shape);
    double *x = malloc((size_t)count * sizeof *x);
    for (int64_t i = 0; i < count; i++)
        x[i] = wg_view_at(v, i);
    for (int64_t i = place, at = 0; i < count; i += step)
        x[i] = special[at++ % n];
    wg_node *c = constant(WG_F32, shape, x);
    free(x);
    return c;
}

START_TEST(infinities_and_nans_go_where_they_go_in_f32)
{
    static const double special[] = { INFINITY, -INFINITY, NAN, 0, INFINITY };
    wg_node *a = with(WG_SHAPE(61, 301), 1, 700, 2713, special, 5), *b = with(WG_SHAPE(301, 90), 2, 33, 3989, special, 4);
    wg_node *c = wg_matmul(a, b);
    const wg_view medium = value_at(WG_MATMUL_MEDIUM, c, 1), highest = value_at(WG_MATMUL_HIGHEST, c, 1);
    int finite = 0, infinite = 0, none = 0;
    for (int64_t i = 0; i < wg_shape_count(medium.shape); i++) {
        const double x = wg_view_at(medium, i), y = wg_view_at(highest, i);
        ck_assert_msg(x == y || (isnan(x) && isnan(y)), "[%d] is %g, not %g", (int)i, x, y);
        isnan(x) ? none++ : isinf(x) ? infinite++ : finite++;
    }
    ck_assert(finite && infinite && none);
}
END_TEST

/* The largest f32 is nearer to what would be 2^128 than to any bf16. */
START_TEST(what_is_finite_stays_finite)
{
    static const double large[] = { FLT_MAX, -FLT_MAX, 0x1.fefep127, 0x1.ffp127, -0x1.fep127 };
    double half[40 * 40] = { 0 };
    for (int i = 0; i < 40; i++)
        half[41 * i] = 0.5;
    wg_node *a = with(WG_SHAPE(600, 40), 1, 0, 1, large, 5), *b = constant(WG_F32, WG_SHAPE(40, 40), half);
    for (int kind = 0; kind < 4; kind++) { /* all ways to pack */
        wg_node *x = kind & 1 ? wg_transpose(a) : a;
        const bool left = kind & 2;
        wg_node *c = left ? wg_matmul_t(b, false, x, !(kind & 1)) : wg_matmul_t(x, kind & 1, b, false);
        const wg_view v = value_at(WG_MATMUL_MEDIUM, left ? wg_transpose(c) : c, 1);
        for (int64_t i = 0; i < wg_shape_count(v.shape); i++) {
            const double right = large[i % 5] / 2, got = wg_view_at(v, i);
            ck_assert_msg(fabs(got - right) <= 0x1p-8 * fabs(right), "%g, not %g", got, right);
        }
    }
}
END_TEST

START_TEST(the_smallest_magnitudes_count_as_zero)
{
    static const double small[] = { 1e-39, -1e-39 };
    double one[64 * 64] = { 0 };
    for (int i = 0; i < 64; i++)
        one[65 * i] = 1;
    wg_node *c = wg_matmul(with(WG_SHAPE(300, 64), 1, 0, 1, small, 2), constant(WG_F32, WG_SHAPE(64, 64), one));
    const wg_view medium = value_at(WG_MATMUL_MEDIUM, c, 1), highest = value_at(WG_MATMUL_HIGHEST, c, 1);
    for (int64_t i = 0; i < wg_shape_count(medium.shape); i++) {
        ck_assert_double_eq(wg_view_at(highest, i), (double)(float)small[i % 2]);
        ck_assert_double_eq(wg_view_at(medium, i), rounds() ? 0 : wg_view_at(highest, i));
    }
}
END_TEST

START_TEST(threads_do_not_change_the_bits_of_medium)
{
    wg_node *a, *b;
    make_operands(sizes[_i], _i % 4, false, &a, &b);
    wg_node *c = wg_matmul_t(a, _i & 1, b, _i & 2);
    const wg_view one = value_at(WG_MATMUL_MEDIUM, c, 1);
    for (int threads = 2; threads <= 3; threads++)
        ck_assert(same_bits(one, value_at(WG_MATMUL_MEDIUM, c, threads)));
}
END_TEST

/* A process chooses its instruction set once: where the suite is not forked it may have done so. */
START_TEST(without_such_instructions_medium_is_highest)
{
    setenv("WENGERT_ISA", "avx2", 1);
    wg_node *a, *b;
    make_operands(sizes[0], 0, false, &a, &b);
    ck_assert(rounds() || has_bits_of_highest(WG_MATMUL_MEDIUM, wg_matmul(a, b)));
}
END_TEST

START_TEST(small_and_narrow_products_are_not_rounded)
{
    static const int64_t size[][3] = { { 1, 512, 784 }, { 784, 1, 512 }, { 4, 3000, 800 }, { 32, 32, 64 }, { 256, 256, 8 } };
    for (size_t i = 0; i < WG_COUNT(size); i++) {
        wg_node *a, *b;
        make_operands(size[i], 0, false, &a, &b);
        ck_assert(has_bits_of_highest(WG_MATMUL_MEDIUM, wg_matmul(a, b)));
    }
}
END_TEST

START_TEST(only_products_of_f32_are_rounded)
{
    wg_node *a = operand(WG_SHAPE(90, 400), false, 1), *b = operand(WG_SHAPE(400, 90), false, 2);
    wg_node *image = operand(WG_SHAPE(2, 32, 20, 20), false, 3), *kernel = operand(WG_SHAPE(32, 32, 3, 3), false, 4);
    wg_node *q = operand(WG_SHAPE(2, 2, 64, 64), false, 5);
    wg_node *kept[] = { wg_matmul(wg_cast(a, WG_F64), wg_cast(b, WG_F64)), wg_conv2d(image, kernel, NULL, NULL),
                        wg_scaled_dot_product_attention(q, q, q, NULL, true, 0) };
    for (size_t i = 0; i < WG_COUNT(kept); i++)
        ck_assert(has_bits_of_highest(WG_MATMUL_MEDIUM, kept[i]));
    wg_node *rounded[] = { wg_einsum("ij,jk->ik", WG_NODES(a, b)),
                           wg_grad(wg_sum(wg_square(wg_matmul(a, b)), WG_ALL_AXES, false), a) };
    for (size_t i = 0; i < WG_COUNT(rounded); i++)
        ck_assert_int_eq(has_bits_of_highest(WG_MATMUL_MEDIUM, rounded[i]), !rounds());
}
END_TEST

START_TEST(a_plan_keeps_the_precision_that_it_was_compiled_with)
{
    wg_node *x = operand(WG_SHAPE(3, 60, 400), false, 1), *w = operand(WG_SHAPE(400, 60), false, 2);
    wg_scan *s = wg_scan_begin(g, 0);
    wg_node *h = wg_scan_carry(s, operand(WG_SHAPE(60, 60), false, 3)), *xt = wg_scan_slice(s, x);
    wg_node *next = wg_tanh(wg_add(wg_matmul(xt, w), h));
    wg_scan_next(s, h, next);
    wg_node *all = wg_scan_stack(s, next);
    wg_scan_end(s);
    wg_node *n[] = { all, wg_matmul(operand(WG_SHAPE(60, 400), false, 4), w) };
    for (size_t i = 0; i < WG_COUNT(n); i++) {
        const wg_view highest = value_at(WG_MATMUL_HIGHEST, n[i], 1), medium = value_at(WG_MATMUL_MEDIUM, n[i], 1);
        wg_plan *plan = wg_compile(g, WG_INFER, WG_NODES(n[i]));
        wg_exec *e = wg_exec_new(plan);
        ck_assert_int_eq(wg_set_matmul_precision(g, WG_MATMUL_HIGHEST), WG_OK);
        ck_assert_msg(e && wg_run(e) == WG_OK, "%s", wg_error());
        wg_view plain;
        ck_assert_int_eq(wg_interpret(e, n[i], &plain), WG_OK);
        ck_assert(same_bits(wg_result(e, n[i]), medium) && same_bits(plain, medium));
        ck_assert_int_eq(same_bits(medium, highest), !rounds());
        wg_exec_free(e);
        wg_plan_free(plan);
    }
}
END_TEST

START_TEST(there_are_three_precisions)
{
    ck_assert_int_eq(wg_set_matmul_precision(g, (wg_matmul_precision)3), WG_ERR_ARG);
    ck_assert_msg(strstr(wg_error(), "there is no precision 3"), "%s", wg_error());
    ck_assert_int_eq(wg_set_matmul_precision(NULL, WG_MATMUL_HIGH), WG_ERR_ARG);
    ck_assert_str_eq(wg_graph_error(g), ""); /* and the graph is as it was */
}
END_TEST

TCase *ops_precision_tests(void)
{
    const int each = 4 * (int)WG_COUNT(sizes);
    TCase *t = tcase_create("precision of products");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_loop_test(t, errors_stay_within_their_bounds, 0, each);
    tcase_add_loop_test(t, what_bf16_holds_is_multiplied_exactly, 0, each);
    tcase_add_test(t, every_size_is_multiplied_exactly);
    tcase_add_test(t, batches_are_rounded_too);
    tcase_add_test(t, infinities_and_nans_go_where_they_go_in_f32);
    tcase_add_test(t, what_is_finite_stays_finite);
    tcase_add_test(t, the_smallest_magnitudes_count_as_zero);
    tcase_add_loop_test(t, threads_do_not_change_the_bits_of_medium, 0, (int)WG_COUNT(sizes));
    tcase_add_test(t, without_such_instructions_medium_is_highest);
    tcase_add_test(t, small_and_narrow_products_are_not_rounded);
    tcase_add_test(t, only_products_of_f32_are_rounded);
    tcase_add_test(t, a_plan_keeps_the_precision_that_it_was_compiled_with);
    tcase_add_test(t, there_are_three_precisions);
    return t;
}
