/* Reductions and softmax: against the definition over every set of axes; accuracy; the same bits with any number of
 * threads. */
#include "ops_test.h"

/* Which result the element at index i of x belongs to, when the axes in `mask` are reduced. */
static int64_t group_of(wg_shape x, unsigned mask, int64_t i)
{
    int64_t group = 0, pitch = 1;
    for (int k = x.rank - 1; k >= 0; i /= x.dim[k--])
        if (!(mask >> k & 1)) {
            group += i % x.dim[k] * pitch;
            pitch *= x.dim[k];
        }
    return group;
}

static wg_axes axes_of(unsigned mask)
{
    wg_axes axes = { .n = 0 };
    for (int k = 0; k < WG_MAX_RANK; k++)
        if (mask >> k & 1)
            axes.at[axes.n++] = k;
    return axes;
}

/* Sums are exact here: multiples of 1/1024 below 2^14, in f64. */
static void check_axes(wg_dtype type, wg_shape shape, unsigned mask)
{
    wg_node *x = scattered(type, shape, mask);
    wg_axes axes = axes_of(mask);
    wg_view from = value(wg_cast(x, WG_F64)), sum = value(wg_sum(x, axes, mask & 1));
    wg_view max = value(wg_max(x, axes, false)), min = value(wg_min(x, axes, false));
    int64_t results = wg_shape_count(sum.shape), n = wg_shape_count(shape);
    for (int64_t r = 0; r < results; r++) {
        double total = 0, most = -INFINITY, least = INFINITY;
        for (int64_t i = 0; i < n; i++)
            if (group_of(shape, mask, i) == r) {
                double v = wg_view_at(from, i);
                total += v;
                most = fmax(most, v);
                least = fmin(least, v);
            }
        ck_assert_msg(wg_view_at(sum, r) == total, "axes %x: sum %lld is %g, not %g", mask, (long long)r,
                      wg_view_at(sum, r), total);
        ck_assert(wg_view_at(max, r) == most);
        ck_assert(wg_view_at(min, r) == least);
    }
}

/* Every length that may be cut into lanes and blocks in its own way, of every type. */
START_TEST(lengths_of_every_kind)
{
    static const wg_dtype types[] = { WG_F32, WG_F64, WG_I32, WG_I64, WG_U8, WG_BOOL };
    static double v[1100];
    for (int64_t n = 0; n < (int64_t)WG_COUNT(v); n += n < 140 ? 1 : 61)
        for (size_t t = 0; t < WG_COUNT(types); t++) {
            double sum = 0;
            for (int64_t i = 0; i < n; i++)
                sum += v[i] = types[t] == WG_BOOL ? i % 3 == 0 : (double)(i * 37 % 251);
            wg_node *x = constant(types[t], WG_SHAPE(n), v);
            const double got = element(wg_sum(x, WG_ALL_AXES, false), 0);
            ck_assert_msg(got == sum, "the sum of %d %s is %g, not %g", (int)n, wg_dtype_name(types[t]), got, sum);
            for (int64_t i = 0; i < n; i++)
                v[i] = i == n * 5 / 7;
            x = constant(types[t], WG_SHAPE(n), v);
            ck_assert_msg(element(wg_any(x, WG_ALL_AXES, false), 0) == (n > 0), "any of %d %s", (int)n, wg_dtype_name(types[t]));
            ck_assert_msg(element(wg_sum(x, WG_ALL_AXES, false), 0) == (n > 0), "a one among %d %s", (int)n, wg_dtype_name(types[t]));
            for (int64_t i = 0; i < n; i++)
                v[i] = i == n * 5 / 7 ? 2 : 1;
            x = constant(types[t], WG_SHAPE(n), v);
            ck_assert_msg(element(wg_prod(x, WG_ALL_AXES, false), 0) == (n && types[t] != WG_BOOL ? 2 : 1), "the product of %d %s", (int)n,
                          wg_dtype_name(types[t]));
        }
}
END_TEST

START_TEST(every_set_of_axes_follows_the_definition)
{
    static const wg_dtype type[] = { WG_F32, WG_F64, WG_I32, WG_I64 };
    for (unsigned mask = 0; mask < 16; mask++) {
        check_axes(type[_i], WG_SHAPE(3, 4, 2, 5), mask);
        check_axes(type[_i], WG_SHAPE(2, 1, 3, 7), mask);
    }
    for (unsigned mask = 0; mask < 4; mask++) {
        check_axes(type[_i], WG_SHAPE(37, 70), mask);
        check_axes(type[_i], WG_SHAPE(300, 2), mask);
        check_axes(type[_i], WG_SHAPE(2, 300), mask);
    }
}
END_TEST

START_TEST(shapes_of_results)
{
    wg_node *x = wg_input(g, "x", WG_F32, WG_SHAPE(WG_DIM('N'), 3, 4));
    assert_shape(wg_sum(x, WG_ALL_AXES, false), WG_SCALAR);
    assert_shape(wg_sum(x, WG_ALL_AXES, true), WG_SHAPE(1, 1, 1));
    assert_shape(wg_mean(x, WG_AXES(-1), false), WG_SHAPE(WG_DIM('N'), 3));
    assert_shape(wg_max(x, WG_AXES(0, 2), true), WG_SHAPE(1, 3, 1));
    assert_shape(wg_argmax(x, 1), WG_SHAPE(WG_DIM('N'), 4));
    ASSERT_FAILS(wg_sum(VECTOR(1), WG_AXES(1), false), WG_ERR_ARG, "sum: axis 1 is out of range for rank 1");
    ASSERT_FAILS(wg_mean(OF_TYPE(WG_I32, 1), WG_ALL_AXES, false), WG_ERR_DTYPE, "mean: takes f32 or f64, got i32");
    ASSERT_FAILS(wg_max(constant(WG_F64, WG_SHAPE(2, 0), NULL), WG_AXES(1), false), WG_ERR_SHAPE,
                 "max: there are no elements along axis 1");
    ASSERT_FAILS(wg_softmax(VECTOR(1), 1), WG_ERR_ARG, "softmax: axis 1 is out of range for rank 1");
    ASSERT_FAILS(wg_argmax(VECTOR(1), -2), WG_ERR_ARG, "argmax: axis -2 is out of range for rank 1");
}
END_TEST

START_TEST(nothing_sums_to_zero_and_has_no_mean)
{
    wg_node *none = constant(WG_F64, WG_SHAPE(2, 0), NULL);
    ASSERT_VALUES(wg_sum(none, WG_AXES(1), false), 0, 0);
    ASSERT_VALUES(wg_mean(none, WG_AXES(1), false), NAN, NAN);
    ck_assert_int_eq(wg_shape_count(value(wg_sum(none, WG_AXES(0), false)).shape), 0);
    ASSERT_VALUES(wg_max(VECTOR(1, NAN, 2), WG_ALL_AXES, false), NAN);
    ASSERT_VALUES(wg_min(VECTOR(NAN, 1, 2), WG_ALL_AXES, false), NAN);
}
END_TEST

START_TEST(bool_and_integers_are_counted_in_i64)
{
    wg_node *yes = wg_sum(OF_TYPE(WG_BOOL, 1, 0, 1, 1), WG_ALL_AXES, false);
    ck_assert_int_eq(wg_node_dtype(yes), WG_I64);
    ASSERT_VALUES(yes, 3);
    ASSERT_VALUES(wg_sum(OF_TYPE(WG_U8, 200, 200, 200), WG_ALL_AXES, false), 600);
    ASSERT_VALUES(wg_sum(OF_TYPE(WG_I32, 2147483647, 2147483647), WG_ALL_AXES, false), 4294967294.0);
}
END_TEST

/* One tenth is no f32: naive summation of a million would be wrong in the fourth digit. */
START_TEST(long_sums_are_accurate)
{
    wg_node *tenth = wg_broadcast_to(OF_TYPE(WG_F32, 0.1), WG_SHAPE(1000, 1000));
    double exact = 1e6 * (double)0.1f;
    ck_assert_double_eq_tol(element(wg_sum(tenth, WG_ALL_AXES, false), 0), exact, exact * 0x1p-23);
    ck_assert_double_eq_tol(element(wg_sum(tenth, WG_AXES(0), false), 7), exact / 1000, exact / 1000 * 0x1p-23);
    ck_assert_double_eq_tol(element(wg_sum(tenth, WG_AXES(1), false), 7), exact / 1000, exact / 1000 * 0x1p-23);
    ck_assert_double_eq_tol(element(wg_mean(tenth, WG_ALL_AXES, false), 0), (double)0.1f, 0x1p-26);
    wg_node *wide = wg_broadcast_to(VECTOR(0.1), WG_SHAPE(1000000));
    ck_assert_double_eq_tol(element(wg_sum(wide, WG_ALL_AXES, false), 0), 1e5, 1e5 * 0x1p-48);
}
END_TEST

/* Large enough to be split, along every kind of axes. */
START_TEST(the_bits_do_not_depend_on_threads)
{
    wg_node *x = wg_sin(wg_scale(scattered(WG_F32, WG_SHAPE(60, 50, 67), 9), 100));
    wg_node *flat = wg_reshape(x, WG_SHAPE(-1)), *zeros = wg_zeros_like(flat);
    wg_node *y[] = {
        wg_sum(x, WG_ALL_AXES, false), wg_sum(x, WG_AXES(0), false), wg_sum(x, WG_AXES(2), false),
        wg_mean(x, WG_AXES(0, 1), false), wg_sum(x, WG_AXES(0, 2), false), wg_max(x, WG_AXES(1), false),
        wg_softmax(x, 1), wg_log_softmax(x, 2), wg_mse(flat, zeros, WG_MEAN), wg_permute(x, WG_AXES(2, 0, 1)),
        wg_bce_logits(flat, zeros, WG_SUM), wg_dropout(flat, 0.3),
        wg_prod(x, WG_AXES(0), false), wg_var(x, WG_ALL_AXES, false, 1), wg_std(x, WG_AXES(0, 1), false, 0),
        wg_logsumexp(x, WG_ALL_AXES, false), wg_logsumexp(x, WG_AXES(0, 1), false), wg_norm(x, 3, WG_ALL_AXES, false),
        wg_norm(x, INFINITY, WG_AXES(0, 1), false), wg_grad(wg_sum(wg_prod(x, WG_AXES(1), false), WG_ALL_AXES, false), x),
    };
    for (size_t k = 0; k < WG_COUNT(y); k++) {
        wg_view one = value_in(y[k], WG_TRAIN, 1), many = value_in(y[k], WG_TRAIN, 3);
        ck_assert_msg(!memcmp(one.data, many.data, (size_t)wg_shape_count(one.shape) * sizeof(float)), "node %zu", k);
    }
}
END_TEST

/* n elements, all the same but for the extreme one, which stands at `place` and at the end. */
static wg_node *with_extreme(wg_dtype type, int64_t n, int64_t place, double others, double extreme)
{
    double x[300];
    for (int64_t i = 0; i < n; i++)
        x[i] = i == place || i == n - 1 ? extreme : others;
    return constant(type, WG_SHAPE(n), x);
}

START_TEST(extremes_of_long_lines)
{
    static const wg_dtype types[] = { WG_F32, WG_F64, WG_I32, WG_I64, WG_U8 };
    static const int64_t lengths[] = { 1, 31, 32, 33, 127, 128, 129, 161, 300 };
    for (size_t i = 0; i < WG_COUNT(lengths); i++)
        for (int part = 0; part <= 4; part++) {
            const int64_t n = lengths[i], place = (n - 1) * part / 4;
            for (size_t k = 0; k < WG_COUNT(types); k++) {
                ASSERT_VALUES(wg_argmax(with_extreme(types[k], n, place, 3, 7), 0), (double)place);
                ASSERT_VALUES(wg_argmin(with_extreme(types[k], n, place, 7, 3), 0), (double)place);
            }
            ASSERT_VALUES(wg_argmax(with_extreme(WG_F32, n, place, 9, NAN), 0), (double)place);
            ASSERT_VALUES(wg_argmin(with_extreme(WG_F64, n, place, -9, NAN), 0), (double)place);
        }
}
END_TEST

START_TEST(argmax_takes_the_first_of_equals)
{
    wg_node *x = TENSOR(WG_SHAPE(2, 3), 1, 5, 5, 7, 2, 7);
    ASSERT_VALUES(wg_argmax(x, 1), 1, 0);
    ASSERT_VALUES(wg_argmax(x, 0), 1, 0, 1);
    ASSERT_VALUES(wg_argmax(VECTOR(1, NAN, 9, NAN), 0), 1);
    ASSERT_VALUES(wg_argmax(OF_TYPE(WG_I64, -3, -1, -2), 0), 1);
    ASSERT_VALUES(wg_argmax(OF_TYPE(WG_BOOL, 0, 1, 1), 0), 1);
    ck_assert_int_eq(wg_node_dtype(wg_argmax(x, 1)), WG_I64);
}
END_TEST

START_TEST(argmin_takes_the_first_of_equals)
{
    wg_node *x = TENSOR(WG_SHAPE(2, 3), 5, 1, 1, 7, 2, 0);
    ASSERT_VALUES(wg_argmin(x, -1), 1, 2);
    ASSERT_VALUES(wg_argmin(x, 0), 0, 0, 1);
    ASSERT_VALUES(wg_argmin(VECTOR(1, NAN, -9), 0), 1);
    ASSERT_VALUES(wg_argmin(OF_TYPE(WG_U8, 3, 1, 2), 0), 1);
    ASSERT_FAILS(wg_argmin(VECTOR(1), 1), WG_ERR_ARG, "argmin: axis 1 is out of range for rank 1");
}
END_TEST

START_TEST(any_and_all_of_every_type)
{
    static const wg_dtype type[] = { WG_F32, WG_F64, WG_I32, WG_I64, WG_U8, WG_BOOL };
    for (size_t i = 0; i < WG_COUNT(type); i++) {
        wg_node *x = wg_cast(TENSOR(WG_SHAPE(3, 2), 0, 0, 1, 0, 1, 1), type[i]);
        ASSERT_VALUES(wg_any(x, WG_AXES(1), false), 0, 1, 1);
        ASSERT_VALUES(wg_all(x, WG_AXES(1), false), 0, 0, 1);
        ASSERT_VALUES(wg_all(x, WG_AXES(0), true), 0, 0);
        ASSERT_VALUES(wg_any(x, WG_ALL_AXES, false), 1);
        ck_assert_int_eq(wg_node_dtype(wg_any(x, WG_ALL_AXES, false)), WG_BOOL);
    }
    ASSERT_VALUES(wg_any(VECTOR(0.25, 0), WG_ALL_AXES, false), 1); /* no cast on the way */
    ASSERT_VALUES(wg_all(VECTOR(NAN, -0.5), WG_ALL_AXES, false), 1);
    wg_node *none = constant(WG_F64, WG_SHAPE(0), NULL);
    ASSERT_VALUES(wg_any(none, WG_ALL_AXES, false), 0);
    ASSERT_VALUES(wg_all(none, WG_ALL_AXES, false), 1);
    wg_node *late = wg_concat(WG_NODES(wg_zeros(g, WG_F32, WG_SHAPE(200000)), OF_TYPE(WG_F32, 1)), 0);
    ASSERT_VALUES(wg_any(late, WG_ALL_AXES, false), 1); /* in the last of many splits */
    ASSERT_VALUES(wg_all(late, WG_ALL_AXES, false), 0);
}
END_TEST

START_TEST(products_and_their_gradients_at_zeros)
{
    wg_node *x = TENSOR(WG_SHAPE(3, 3), 0, 3, 5, 0, 0, 2, -1, 2, 3);
    ASSERT_VALUES(wg_prod(x, WG_AXES(1), false), 0, 0, -6);
    ASSERT_VALUES(wg_prod(OF_TYPE(WG_I32, 100000, 100000), WG_ALL_AXES, false), 1e10);
    ASSERT_VALUES(wg_prod(constant(WG_F64, WG_SHAPE(0), NULL), WG_ALL_AXES, false), 1);
    wg_node *sum = wg_sum(wg_prod(x, WG_AXES(1), false), WG_ALL_AXES, false), *d = wg_grad(sum, x);
    ASSERT_VALUES(d, 15, 0, 0, 0, 0, 0, 6, -3, -2);
    wg_node *second = wg_grad(wg_sum(wg_mul(d, d), WG_ALL_AXES, false), x); /* 2 H d; H has the third elements */
    ASSERT_VALUES(second, 0, 150, 90, 0, 0, 0, 2 * (3 * -3 + 2 * -2), 2 * (3 * 6 + -1 * -2), 2 * (2 * 6 + -1 * -3));
    ASSERT_VALUES(wg_grad(wg_prod(VECTOR(2), WG_ALL_AXES, false), VECTOR(3)), 0);
    ASSERT_FAILS(wg_prod(VECTOR(1), WG_AXES(1), false), WG_ERR_ARG, "prod: axis 1 is out of range for rank 1");
}
END_TEST

/* NumPy: numpy.var([1, 2, 4, 8], ddof=1) is 9.583333333333334. */
START_TEST(variances)
{
    wg_node *x = VECTOR(1, 2, 4, 8);
    ASSERT_NEAR(wg_var(x, WG_ALL_AXES, false, 1), 1e-14, 9.583333333333334);
    ASSERT_NEAR(wg_var(x, WG_ALL_AXES, true, 0), 1e-14, 7.1875);
    ASSERT_NEAR(wg_std(x, WG_ALL_AXES, false, 1), 1e-14, 3.095695936834452);
    ASSERT_NEAR(wg_var(wg_shift(x, 1e9), WG_ALL_AXES, false, 1), 1e-12, 9.583333333333334); /* about the mean */
    ASSERT_VALUES(wg_var(VECTOR(3), WG_ALL_AXES, false, 1), NAN);
    ASSERT_VALUES(wg_var(VECTOR(3, 5), WG_ALL_AXES, false, 3), INFINITY);
    wg_node *flat = VECTOR(2, 2, 2);
    ASSERT_VALUES(wg_grad(wg_std(flat, WG_ALL_AXES, false, 1), flat), 0, 0, 0);
    wg_node *many = wg_scale(scattered(WG_F32, WG_SHAPE(3, 100000), 4), 1e-3);
    for (int axis = 0; axis < 2; axis++) { /* long and wide: the definition, in f64 */
        wg_node *wide = wg_cast(many, WG_F64), *off = wg_sub(wide, wg_mean(wide, WG_AXES(axis), true));
        wg_node *exact = wg_mean(wg_square(off), WG_AXES(axis), false);
        wg_node *error = wg_div(wg_sub(wg_cast(wg_var(many, WG_AXES(axis), false, 0), WG_F64), exact), exact);
        ck_assert(element(wg_max(wg_abs(error), WG_ALL_AXES, false), 0) < 1e-7);
    }
    ASSERT_FAILS(wg_var(x, WG_ALL_AXES, false, -1), WG_ERR_ARG, "var: correction must be at least 0, got -1");
    ASSERT_FAILS(wg_std(OF_TYPE(WG_I32, 1), WG_ALL_AXES, false, 1), WG_ERR_DTYPE, "std: takes f32 or f64, got i32");
}
END_TEST

START_TEST(logsumexp_has_no_limits)
{
    ASSERT_NEAR(wg_logsumexp(VECTOR(0, 1, 2), WG_ALL_AXES, false), 1e-15, 2.4076059644443806);
    ASSERT_NEAR(wg_logsumexp(VECTOR(1000, 1000), WG_ALL_AXES, true), 1e-12, 1000.6931471805599);
    ASSERT_NEAR(wg_logsumexp(VECTOR(-1000, -1000), WG_ALL_AXES, false), 1e-12, -999.3068528194401);
    wg_node *ends = TENSOR(WG_SHAPE(4, 2), -INFINITY, -INFINITY, INFINITY, 1, NAN, 1, -INFINITY, 3);
    ASSERT_VALUES(wg_logsumexp(ends, WG_AXES(1), false), -INFINITY, INFINITY, NAN, 3);
    ASSERT_VALUES(wg_logsumexp(constant(WG_F64, WG_SHAPE(0), NULL), WG_ALL_AXES, false), -INFINITY);
    wg_node *x = wg_scale(scattered(WG_F64, WG_SHAPE(37, 70), 5), 30);
    for (int axis = 0; axis < 2; axis++) { /* the line that log_softmax subtracts */
        wg_node *other = wg_mean(wg_sub(x, wg_log_softmax(x, axis)), WG_AXES(axis), false);
        wg_node *apart = wg_abs(wg_sub(wg_logsumexp(x, WG_AXES(axis), false), other));
        ck_assert(element(wg_max(apart, WG_ALL_AXES, false), 0) < 1e-13);
    }
}
END_TEST

/* torch.linalg.vector_norm */
START_TEST(norms_of_every_kind)
{
    wg_node *x = VECTOR(3, 0, -4);
    ASSERT_VALUES(wg_norm(x, 2, WG_ALL_AXES, false), 5);
    ASSERT_VALUES(wg_norm(x, 1, WG_ALL_AXES, true), 7);
    ASSERT_VALUES(wg_norm(x, 0, WG_ALL_AXES, false), 2);
    ASSERT_VALUES(wg_norm(x, INFINITY, WG_ALL_AXES, false), 4);
    ASSERT_VALUES(wg_norm(x, -INFINITY, WG_ALL_AXES, false), 0);
    ASSERT_NEAR(wg_norm(x, 3, WG_ALL_AXES, false), 1e-14, 4.497941445275415);
    ASSERT_VALUES(wg_norm(x, -1, WG_ALL_AXES, false), 0);
    ASSERT_NEAR(wg_norm(VECTOR(3e200, -4e200), 2, WG_ALL_AXES, false), 1e185, 5e200); /* neither overflow nor vanish */
    ASSERT_NEAR(wg_norm(VECTOR(3e-200, 4e-200), 2, WG_ALL_AXES, false), 1e-214, 5e-200);
    ASSERT_VALUES(wg_norm(VECTOR(1, INFINITY), 2, WG_ALL_AXES, false), INFINITY);
    ASSERT_VALUES(wg_norm(VECTOR(1, NAN), INFINITY, WG_ALL_AXES, false), NAN);
    ASSERT_VALUES(wg_norm(TENSOR(WG_SHAPE(2, 2), 3, 5, 4, 12), 2, WG_AXES(0), false), 5, 13);
    ASSERT_NEAR(wg_grad(wg_norm(x, 2, WG_ALL_AXES, false), x), 1e-15, 0.6, 0, -0.8);
    ASSERT_VALUES(wg_grad(wg_norm(x, 0, WG_ALL_AXES, false), x), 0, 0, 0);
    wg_node *zero = VECTOR(0, 0), *tie = VECTOR(-3, 3, 1);
    for (int p = 1; p < 4; p++)
        ASSERT_VALUES(wg_grad(wg_norm(zero, p, WG_ALL_AXES, false), zero), 0, 0);
    ASSERT_VALUES(wg_grad(wg_norm(tie, INFINITY, WG_ALL_AXES, false), tie), -0.5, 0.5, 0);
    ASSERT_FAILS(wg_norm(x, NAN, WG_ALL_AXES, false), WG_ERR_ARG, "norm: p must be a number, got nan");
    ASSERT_FAILS(wg_norm(constant(WG_F64, WG_SHAPE(2, 0), NULL), INFINITY, WG_AXES(1), false), WG_ERR_SHAPE,
                 "norm: there are no elements along axis 1");
}
END_TEST

START_TEST(softmax_neither_overflows_nor_forgets)
{
    double e = exp(-1), s = 1 + e;
    ASSERT_NEAR(wg_softmax(VECTOR(1000, 999), 0), 1e-15, 1 / s, e / s);
    ASSERT_NEAR(wg_log_softmax(VECTOR(1000, 0), 0), 1e-12, 0, -1000);
    ASSERT_NEAR(wg_softmax(TENSOR(WG_SHAPE(2, 2), 0, 5, 1, 5), 0), 1e-15, e / s, 0.5, 1 / s, 0.5);
    for (int axis = 0; axis < 3; axis++) { /* along every axis, with remainders: they sum to one,
                                          and logarithms agree */
        wg_node *x = wg_scale(scattered(WG_F64, WG_SHAPE(5, 19, 70), 2), 8), *p = wg_softmax(x, axis);
        wg_view sums = value(wg_sum(p, WG_AXES(axis), false));
        for (int64_t i = 0; i < wg_shape_count(sums.shape); i++)
            ck_assert_double_eq_tol(wg_view_at(sums, i), 1, 1e-14);
        ck_assert(element(wg_max(wg_abs(wg_sub(wg_exp(wg_log_softmax(x, axis)), p)), WG_ALL_AXES, false), 0) < 1e-14);
    }
}
END_TEST

START_TEST(ties_share_the_gradient)
{
    wg_node *x = TENSOR(WG_SHAPE(2, 3), 4, 1, 4, 2, 2, 2);
    ASSERT_VALUES(wg_grad(wg_sum(wg_max(x, WG_AXES(1), false), WG_ALL_AXES, false), x), 0.5, 0, 0.5, 1.0 / 3, 1.0 / 3,
                  1.0 / 3);
    ASSERT_VALUES(wg_grad(wg_max(x, WG_ALL_AXES, false), x), 0.5, 0, 0.5, 0, 0, 0);
    ASSERT_VALUES(wg_grad(wg_mean(x, WG_ALL_AXES, false), x), 1.0 / 6, 1.0 / 6, 1.0 / 6, 1.0 / 6, 1.0 / 6, 1.0 / 6);
}
END_TEST

TCase *ops_reduction_tests(void)
{
    TCase *t = tcase_create("reductions");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, lengths_of_every_kind);
    tcase_add_loop_test(t, every_set_of_axes_follows_the_definition, 0, 4);
    tcase_add_test(t, shapes_of_results);
    tcase_add_test(t, nothing_sums_to_zero_and_has_no_mean);
    tcase_add_test(t, bool_and_integers_are_counted_in_i64);
    tcase_add_test(t, long_sums_are_accurate);
    tcase_add_test(t, the_bits_do_not_depend_on_threads);
    tcase_add_test(t, argmax_takes_the_first_of_equals);
    tcase_add_test(t, extremes_of_long_lines);
    tcase_add_test(t, argmin_takes_the_first_of_equals);
    tcase_add_test(t, any_and_all_of_every_type);
    tcase_add_test(t, products_and_their_gradients_at_zeros);
    tcase_add_test(t, variances);
    tcase_add_test(t, logsumexp_has_no_limits);
    tcase_add_test(t, norms_of_every_kind);
    tcase_add_test(t, softmax_neither_overflows_nor_forgets);
    tcase_add_test(t, ties_share_the_gradient);
    return t;
}
