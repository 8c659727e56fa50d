/* The tensor room: element types, shapes, broadcasting, views, conversions. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "tensor/shape.h"
#include "suite.h"

static void assert_text(wg_shape s, const char *expected)
{
    char text[64];

    ck_assert_str_eq(wg_shape_text(s, text, sizeof text), expected);
}

START_TEST(test_types_have_sizes_and_names)
{
    for (int t = WG_F32; t < WG_DTYPE_COUNT; t++)
        ck_assert_int_eq(wg_dtype_named(wg_dtype_name((wg_dtype)t)), t);
    ck_assert_uint_eq(wg_dtype_size(WG_F64), 8);
    ck_assert_uint_eq(wg_dtype_size(WG_BOOL), sizeof(bool));
    ck_assert_uint_eq(wg_dtype_size(WG_DTYPE_NONE), 0);
    ck_assert_uint_eq(wg_dtype_size((wg_dtype)99), 0);
    ck_assert_int_eq(wg_dtype_named("f16"), WG_DTYPE_NONE);
    ck_assert_int_eq(wg_dtype_named("none"), WG_DTYPE_NONE);
    ck_assert_int_eq(wg_dtype_named(NULL), WG_DTYPE_NONE);
}
END_TEST

START_TEST(test_shapes_as_text)
{
    char small[6];

    assert_text(WG_SCALAR, "()");
    assert_text(WG_SHAPE(5), "(5)");
    assert_text(WG_SHAPE(WG_BATCH, 128), "(N,128)");
    assert_text(WG_SHAPE(WG_ANY, WG_DIM('k'), 0), "(?,k,0)");
    assert_text(WG_SHAPE(-1000), "(?)");
    ck_assert_str_eq(wg_shape_text(WG_SHAPE(123, 456), small, sizeof small), "(123,");
    ck_assert_str_eq(wg_shape_text(WG_SHAPE(123, 456), small, 1), "");
}
END_TEST

START_TEST(test_counts_are_checked)
{
    const int64_t huge = INT64_C(1) << 40;
    size_t bytes;

    ck_assert_int_eq(wg_shape_count(WG_SCALAR), 1);
    ck_assert_int_eq(wg_shape_count(WG_SHAPE(3, 4)), 12);
    ck_assert_int_eq(wg_shape_count(WG_SHAPE(3, 0)), 0);
    ck_assert_int_eq(wg_shape_count(WG_SHAPE(3, WG_BATCH)), -1);
    ck_assert_int_eq(wg_shape_count(WG_SHAPE(0, WG_BATCH)), -1);
    ck_assert_int_eq(wg_shape_count(WG_SHAPE(huge, huge)), -1);
    ck_assert_int_eq(wg_shape_count(WG_SHAPE(0, huge, huge)), -1);
    ck_assert_int_eq(wg_shape_count((wg_shape){.rank = 9}), -1);
    ck_assert_int_eq(wg_shape_count((wg_shape){.rank = -1}), -1);
    ck_assert(wg__shape_bytes(&WG_SHAPE(3, 4), WG_F64, &bytes) && bytes == 96);
    ck_assert(!wg__shape_bytes(&WG_SHAPE(INT64_MAX), WG_F64, &bytes));
    ck_assert(!wg__shape_bytes(&WG_SHAPE(WG_ANY), WG_F64, &bytes));
    ck_assert(wg__shape_known(&WG_SCALAR) && !wg__shape_known(&WG_SHAPE(WG_ANY)));
}
END_TEST

START_TEST(test_which_shapes_are_valid)
{
    ck_assert(wg__shape_valid(&WG_SCALAR));
    ck_assert(wg__shape_valid(&WG_SHAPE(0, WG_ANY, WG_DIM('A'), WG_DIM('z'))));
    ck_assert(!wg__shape_valid(&WG_SHAPE(-2)));
    ck_assert(!wg__shape_valid(&WG_SHAPE(WG_DIM('_'))));
    ck_assert(!wg__shape_valid(&WG_SHAPE(INT64_MIN)));
    ck_assert(!wg__shape_valid(&(wg_shape){.rank = WG_MAX_RANK + 1}));
}
END_TEST

/* ---- broadcasting ---- */

START_TEST(test_broadcasting_follows_numpy)
{
    static const struct {
        wg_shape a, b, out;
        int axis; /* where they do not fit; 0: they do */
    } cases[] = {
        {WG_DIMS(3, 4), WG_DIMS(4), WG_DIMS(3, 4), 0},
        {WG_DIMS(3, 1), WG_DIMS(1, 4), WG_DIMS(3, 4), 0},
        {WG_DIMS(3, 4), {{0}, 0}, WG_DIMS(3, 4), 0},
        {WG_DIMS(3, 0), WG_DIMS(1), WG_DIMS(3, 0), 0},
        {WG_DIMS(2, 3, 4), WG_DIMS(3, 5), {{0}, 0}, 1},
        {WG_DIMS(2, 3, 4), WG_DIMS(2, 4), {{0}, 0}, 2},
        {WG_DIMS(WG_BATCH, 4), WG_DIMS(1, 4), WG_DIMS(WG_BATCH, 4), 0},
        {WG_DIMS(WG_BATCH, 4), WG_DIMS(WG_BATCH, 1), WG_DIMS(WG_BATCH, 4), 0},
        {WG_DIMS(WG_BATCH), WG_DIMS(7), WG_DIMS(7), 0},
        {WG_DIMS(WG_BATCH), WG_DIMS(WG_DIM('M')), {{0}, 0}, 1},
        {WG_DIMS(WG_ANY), WG_DIMS(WG_BATCH), WG_DIMS(WG_BATCH), 0},
        {WG_DIMS(WG_ANY), WG_DIMS(WG_ANY), WG_DIMS(WG_ANY), 0},
        {WG_DIMS(WG_ANY), WG_DIMS(1), WG_DIMS(WG_ANY), 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int swapped = 0; swapped < 2; swapped++) {
            wg_shape out, a = cases[i].a, b = cases[i].b;
            int axis = 0;
            bool fits = swapped ? wg__broadcast(&b, &a, &out, &axis) : wg__broadcast(&a, &b, &out, &axis);

            ck_assert_int_eq(axis, cases[i].axis);
            ck_assert_int_eq(fits, cases[i].axis == 0);
            if (fits)
                ck_assert(wg_shape_equal(out, cases[i].out));
        }
}
END_TEST

/* A shape of up to four axes with sizes 1 .. 3, and one that broadcasts to it. */
static void random_pair(uint64_t key, uint64_t i, wg_shape *from, wg_shape *to)
{
    uint32_t w[4], v[4];

    wg__philox(w, key, i, 0);
    wg__philox(v, key, i, 1);
    *to = (wg_shape){.rank = 4};
    *from = (wg_shape){.rank = (int)(w[0] % 5)};
    for (int k = 0; k < 4; k++)
        to->dim[k] = 1 + (w[k] >> 8) % 3;
    for (int k = 0; k < from->rank; k++)
        from->dim[k] = v[k] & 1u ? 1 : to->dim[4 - from->rank + k];
}

START_TEST(test_broadcast_strides_read_the_right_element)
{
    for (uint64_t i = 0; i < 500; i++) {
        wg_shape from, to, out;
        int64_t stride[WG_MAX_RANK], own[WG_MAX_RANK];

        random_pair(7, i, &from, &to);
        ck_assert(wg__broadcast(&from, &to, &out, NULL) && wg_shape_equal(out, to));
        wg__broadcast_strides(&from, &to, stride);
        wg__shape_strides(&from, own);
        for (int64_t e = 0; e < wg_shape_count(to); e++) {
            int64_t rest = e, got = 0, expected = 0;
            for (int k = 3; k >= 0; k--) {
                int64_t at = rest % to.dim[k];
                int axis = k - (4 - from.rank);
                rest /= to.dim[k];
                got += at * stride[k];
                if (axis >= 0 && from.dim[axis] != 1)
                    expected += at * own[axis];
            }
            ck_assert_int_eq(got, expected);
        }
    }
}
END_TEST

/* ---- views ---- */

START_TEST(test_typed_access_checks_the_view)
{
    const float x[6] = {0, 1, 2, 3, 4, 5};
    wg_view v = WG_VIEW(x, 2, 3), none = {0};
    size_t n;

    ck_assert_ptr_eq(wg_view_f32(v, &n), x);
    ck_assert_uint_eq(n, 6);
    ck_assert_ptr_eq(wg_view_f32(v, NULL), x);
    ck_assert_ptr_null(wg_view_f64(v, &n));
    ck_assert_int_eq(wg_error_status(), WG_ERR_DTYPE);
    ck_assert_uint_eq(n, 0);
    v.strided = true;
    ck_assert_ptr_null(wg_view_f32(v, NULL));
    ck_assert_int_eq(wg_error_status(), WG_ERR_ARG);
    wg__fail(WG_ERR_IO, "the cause");
    ck_assert_ptr_null(wg_view_i64(none, NULL));
    ck_assert_str_eq(wg_error(), "the cause");
    ck_assert(isnan(wg_view_at(none, 0)));
}
END_TEST

START_TEST(test_a_transposed_view)
{
    const double x[6] = {0, 1, 2, 3, 4, 5};
    wg_view t = {.data = x, .shape = WG_SHAPE(3, 2), .stride = {1, 3}, .dtype = WG_F64, .strided = true};
    const double expected[6] = {0, 3, 1, 4, 2, 5};
    double copy[6];

    for (int i = 0; i < 6; i++)
        ck_assert_double_eq(wg_view_at(t, i), expected[i]);
    ck_assert(isnan(wg_view_at(t, 6)) && isnan(wg_view_at(t, -1)));
    wg__view_copy(copy, t);
    ck_assert_mem_eq(copy, expected, sizeof copy);
}
END_TEST

/* Random views of four axes: permuted, reversed, stepped, broadcast; the copy must agree with wg_view_at element by
 * element. */
START_TEST(test_copies_of_random_views)
{
    static const wg_dtype types[] = {WG_F32, WG_F64, WG_U8, WG_I64};
    _Alignas(16) unsigned char memory[8 * 4096], copy[8 * 256];

    for (size_t i = 0; i < 4096; i++)
        wg__store(memory, WG_U8, (int64_t)i, (double)(i % 251));
    for (uint64_t i = 0; i < 2000; i++) {
        uint32_t w[4];
        wg_dtype type = types[i % 4];
        wg_view v = {.data = memory, .shape = {.rank = (int)(i % 5)}, .dtype = type, .strided = true};
        int64_t lowest = 0;

        wg__philox(w, 11, i, 0);
        for (int k = 0; k < v.shape.rank; k++) {
            v.shape.dim[k] = 1 + w[k] % 4;
            v.stride[k] = (int64_t)((w[k] >> 8) % 41) - 20;
            if ((w[k] >> 16) % 2 && k > 0) /* neighbours that can be joined */
                v.stride[k - 1] = v.stride[k] * v.shape.dim[k];
        }
        for (int k = 0; k < v.shape.rank; k++)
            lowest += v.stride[k] < 0 ? v.stride[k] * (v.shape.dim[k] - 1) : 0;
        for (int64_t e = 0; e < 4096; e++)
            wg__store(memory, type, e, (double)(e % 251));
        v.data = memory - lowest * (int64_t)wg_dtype_size(type);
        wg__view_copy(copy, v);
        for (int64_t e = 0; e < wg_shape_count(v.shape); e++)
            ck_assert_double_eq(wg__load(copy, type, e), wg_view_at(v, e));
    }
}
END_TEST

START_TEST(test_empty_and_contiguous_copies)
{
    const int32_t x[2] = {1, 2};
    int32_t y[2] = {0, 0};

    wg__view_copy(y, WG_VIEW(x, 2, 0));
    ck_assert_int_eq(y[0], 0);
    wg__view_copy(y, (wg_view){.dtype = WG_I32, .shape = WG_SHAPE(2)});
    ck_assert_int_eq(y[0], 0);
    wg__view_copy(y, WG_VIEW(x, 2));
    ck_assert_mem_eq(x, y, sizeof x);
}
END_TEST

/* ---- conversions ---- */

static double converted(double x, wg_dtype through)
{
    _Alignas(8) unsigned char one[8];

    wg__store(one, through, 0, x);
    return wg__load(one, through, 0);
}

START_TEST(test_conversion_of_what_fits_is_exact)
{
    for (int from = WG_F32; from < WG_DTYPE_COUNT; from++)
        for (int to = WG_F32; to < WG_DTYPE_COUNT; to++)
            for (int x = 0; x < 2; x++) {
                _Alignas(8) unsigned char a[8 * 5], b[8 * 5];
                for (int i = 0; i < 5; i++)
                    wg__store(a, (wg_dtype)from, i, x);
                wg__convert(b, (wg_dtype)to, a, (wg_dtype)from, 5);
                for (int i = 0; i < 5; i++)
                    ck_assert_double_eq(wg__load(b, (wg_dtype)to, i), x);
            }
    ck_assert_double_eq(converted(-7.9, WG_I32), -7);
    ck_assert_double_eq(converted(0.1, WG_F32), (double)0.1f);
    ck_assert_double_eq(converted(0x1p53, WG_I64), 0x1p53);
    ck_assert_double_eq(converted(255, WG_U8), 255);
}
END_TEST

START_TEST(test_conversion_of_what_does_not_fit_is_defined)
{
    const uint8_t odd = 7;
    const int64_t wide = (INT64_C(1) << 32) + 5;
    int32_t narrow;
    float value;

    ck_assert_double_eq(converted(NAN, WG_I32), 0);
    ck_assert_double_eq(converted(NAN, WG_I64), 0);
    ck_assert_double_eq(converted(NAN, WG_U8), 0);
    ck_assert_double_eq(converted(NAN, WG_BOOL), 1);
    ck_assert_double_eq(converted(1e300, WG_I32), INT32_MAX);
    ck_assert_double_eq(converted(-1e300, WG_I32), INT32_MIN);
    ck_assert_double_eq(converted(INFINITY, WG_I64), 0x1p63);
    ck_assert_double_eq(converted(-INFINITY, WG_I64), -0x1p63);
    ck_assert_double_eq(converted(300, WG_U8), 255);
    ck_assert_double_eq(converted(-3, WG_U8), 0);
    ck_assert_double_eq(converted(0.25, WG_BOOL), 1);
    wg__convert(&narrow, WG_I32, &wide, WG_I64, 1);
    ck_assert_int_eq(narrow, 5);
    wg__convert(&value, WG_F32, &odd, WG_BOOL, 1);
    ck_assert_float_eq(value, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tensor");
    TCase *shapes = tcase_create("shapes"), *views = tcase_create("views");

    tcase_add_test(shapes, test_types_have_sizes_and_names);
    tcase_add_test(shapes, test_shapes_as_text);
    tcase_add_test(shapes, test_counts_are_checked);
    tcase_add_test(shapes, test_which_shapes_are_valid);
    tcase_add_test(shapes, test_broadcasting_follows_numpy);
    tcase_add_test(shapes, test_broadcast_strides_read_the_right_element);
    tcase_add_test(views, test_typed_access_checks_the_view);
    tcase_add_test(views, test_a_transposed_view);
    tcase_add_test(views, test_copies_of_random_views);
    tcase_add_test(views, test_empty_and_contiguous_copies);
    tcase_add_test(views, test_conversion_of_what_fits_is_exact);
    tcase_add_test(views, test_conversion_of_what_does_not_fit_is_defined);
    suite_add_tcase(suite, shapes);
    suite_add_tcase(suite, views);
    return run_suite(suite);
}
