/* Linear algebra, einsum and normalisation: known values, batches, errors. tests/torch_cases compares more of them with
 * PyTorch. */
#include <stdlib.h>

#include "ops_test.h"

/* The largest magnitude of a - b. */
static double apart(wg_node *a, wg_node *b)
{
    return element(wg_max(wg_abs(wg_sub(a, b)), WG_ALL_AXES, false), 0);
}

static wg_node *identity(int64_t n)
{
    double one[64] = { 0 };
    for (int64_t i = 0; i < n; i++)
        one[i * (n + 1)] = 1;
    return constant(WG_F64, WG_SHAPE(n, n), one);
}

/* Matrices of any sign, regular, that need pivoting. */
static wg_node *regular(wg_shape shape)
{
    int64_t n = shape.dim[shape.rank - 1];
    return wg_add(scattered(WG_F64, shape, 3), wg_scale(wg_add(identity(n), wg_matmul(identity(n), identity(n))), -1.5));
}

START_TEST(known_determinants_and_inverses)
{
    wg_node *a = TENSOR(WG_SHAPE(2, 2, 2), 0, 2, 3, 4, 4, 7, 2, 6); /* the first needs a pivot */
    ASSERT_NEAR(wg_det(a), 1e-14, -6, 10);
    ASSERT_NEAR(wg_logdet(a), 1e-15, log(6), log(10));
    ASSERT_NEAR(wg_inv(a), 1e-15, -2.0 / 3, 1.0 / 3, 0.5, 0, 0.6, -0.7, -0.2, 0.4);
    ASSERT_NEAR(wg_solve(a, VECTOR(2, 1)), 1e-15, -1, 1, 0.5, 0);
    ASSERT_VALUES(wg_det(TENSOR(WG_SHAPE(3, 3), 1, 2, 3, 2, 4, 6, 1, 1, 1)), 0);
    ASSERT_VALUES(wg_logdet(TENSOR(WG_SHAPE(2, 2), 1, 2, 2, 4)), -INFINITY);
    ASSERT_VALUES(wg_det(constant(WG_F64, WG_SHAPE(0, 0), NULL)), 1);
    ASSERT_NEAR(wg_logdet(wg_scale(identity(8), 1e-100)), 1e-9, -800 * log(10)); /* det vanishes */
    ASSERT_NEAR(wg_grad(wg_sum(wg_det(a), WG_ALL_AXES, false), a), 1e-14, 4, -3, -2, 0, 6, -2, -7, 4);
}
END_TEST

START_TEST(solutions_solve)
{
    for (int64_t n = 1; n < 8; n++) {
        wg_node *a = regular(WG_SHAPE(3, 1, n, n)), *b = scattered(WG_F64, WG_SHAPE(2, n, 3), 5);
        wg_node *x = wg_solve(a, b);
        assert_shape(x, WG_SHAPE(3, 2, n, 3));
        ck_assert(apart(wg_matmul(a, x), wg_broadcast_like(b, x)) < 1e-13);
        ck_assert(apart(wg_matmul(a, wg_inv(a)), wg_broadcast_like(identity(n), a)) < 1e-13);
        for (int kind = 0; kind < 4; kind++) {
            bool lower = kind & 1, transpose = kind >> 1;
            wg_node *y = wg_triangular_solve(a, b, lower, transpose), *mask = wg_zeros_like(identity(n));
            double part[64] = { 0 };
            for (int64_t i = 0; i < n * n; i++)
                part[i] = lower ? i % n <= i / n : i % n >= i / n;
            mask = wg_mul(a, constant(WG_F64, WG_SHAPE(n, n), part));
            ck_assert(apart(wg_matmul_t(mask, transpose, y, false), wg_broadcast_like(b, y)) < 1e-11);
        }
        wg_node *l = wg_cholesky(wg_matmul_t(a, false, a, true));
        ck_assert(apart(wg_matmul_t(l, false, l, true), wg_matmul_t(a, false, a, true)) < 1e-12);
    }
    ASSERT_NEAR(wg_cholesky(TENSOR(WG_SHAPE(2, 2), 4, 2, 2, 5)), 1e-15, 2, 0, 1, 2);
    ASSERT_NEAR(wg_cholesky(TENSOR(WG_SHAPE(2, 2), 4, 4, 0, 5)), 1e-15, 2, 0, 1, 2); /* of the symmetric part */
    ASSERT_VALUES(wg_triangular_solve(TENSOR(WG_SHAPE(2, 2), 0, 9, 1, 2), VECTOR(1, 1), true, false), INFINITY,
                  -INFINITY);
}
END_TEST

START_TEST(regularity_is_told)
{
    wg_node *singular = TENSOR(WG_SHAPE(2, 2, 2), 1, 0, 0, 1, 1, 2, 2, 4);
    ck_assert_int_eq(run_status(wg_inv(singular)), WG_ERR_RANGE);
    ck_assert_msg(strstr(wg_error(), "matrix 1 is singular"), "%s", wg_error());
    ck_assert_int_eq(run_status(wg_solve(singular, VECTOR(1, 2))), WG_ERR_RANGE);
    ck_assert_int_eq(run_status(wg_cholesky(TENSOR(WG_SHAPE(2, 2), 1, 2, 2, 1))), WG_ERR_RANGE);
    ck_assert_msg(strstr(wg_error(), "matrix 0 is not positive definite"), "%s", wg_error());
    wg_node *d = wg_grad(wg_sum(wg_det(singular), WG_ALL_AXES, false), singular);
    ck_assert_int_eq(run_status(d), WG_ERR_RANGE);
}
END_TEST

START_TEST(shapes_of_linear_algebra)
{
    wg_node *wide = TENSOR(WG_SHAPE(1, 2), 1, 2);
    ASSERT_FAILS(wg_inv(wide), WG_ERR_SHAPE, "inv: takes square matrices, got (1,2)");
    ASSERT_FAILS(wg_det(VECTOR(1)), WG_ERR_SHAPE, "det: takes square matrices, got (1)");
    ASSERT_FAILS(wg_solve(TENSOR(WG_SHAPE(1, 1), 1), VECTOR(1, 2)), WG_ERR_SHAPE,
                 "solve: (2) is no right-hand side for (1,1)");
    ASSERT_FAILS(wg_cholesky(OF_TYPE(WG_I32, 1)), WG_ERR_DTYPE, "cholesky: takes f32 or f64, got i32");
    ASSERT_FAILS(wg_outer(VECTOR(1), TENSOR(WG_SHAPE(1, 1), 1)), WG_ERR_SHAPE,
                 "outer: takes two vectors, got (1) and (1,1)");
    ASSERT_VALUES(wg_outer(OF_TYPE(WG_I64, 1, 2), OF_TYPE(WG_I64, 3, 4)), 3, 4, 6, 8);
    wg_node *named = wg_input(g, "a", WG_F64, WG_SHAPE(WG_DIM('B'), WG_DIM('N'), WG_DIM('N')));
    assert_shape(wg_det(named), WG_SHAPE(WG_DIM('B')));
    assert_shape(wg_solve(named, wg_input(g, "b", WG_F64, WG_SHAPE(WG_DIM('N'), 2))),
                 WG_SHAPE(WG_DIM('B'), WG_DIM('N'), 2));
}
END_TEST

/* Whole numbers in -4..4, whose sums of products are exact in f32 too. */
static wg_node *whole(wg_dtype type, wg_shape shape, double *values, uint32_t seed)
{
    for (int64_t i = 0; i < wg_shape_count(shape); i++) {
        seed = seed * 1664525 + 1013904223;
        values[i] = (double)(seed >> 24) / 255 * 8 - 4;
        values[i] = floor(values[i] + 0.5);
    }
    return constant(type, shape, values);
}

/* op(a) op(b), sum by sum; false where the node differs. */
static bool is_product(wg_node *c, int64_t m, int64_t n, int64_t k, bool ta, bool tb, const double *a, const double *b)
{
    const wg_view v = value(c);
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            double sum = 0;
            for (int64_t l = 0; l < k; l++)
                sum += a[ta ? l * m + i : i * k + l] * b[tb ? j * k + l : l * n + j];
            if (wg_view_at(v, i * n + j) != sum)
                return false;
        }
    return true;
}

/* Sizes of one tile and of several, of panels cut short, of blocks of K, of few rows that read B where it lies, of a
 * long K, of C too narrow for vectors along its rows, in every order of storage. */
START_TEST(products_of_many_blocks)
{
    enum { MOST = 150000 };
    static const int64_t size[][3] = { /* m, n, k */
        { 20, 209, 700 }, { 209, 20, 700 }, { 24, 48, 300 }, { 10, 256, 128 }, { 256, 10, 128 }, { 13, 19, 23 },
        { 64, 64, 64 }, { 65, 130, 330 }, { 130, 33, 650 }, { 7, 20, 209 }, { 5, 7, 209 }, { 1, 70, 300 },
        { 70, 1, 300 }, { 2, 40, 3500 }, { 20, 1500, 9 }, { 25, 200, 40 }, { 130, 10, 256 }, { 11, 3, 64 },
        { 6, 9, 37 }, { 2, 300, 41 }, { 3, 2, 40 },
    };
    double *a = malloc(MOST * sizeof *a), *b = malloc(MOST * sizeof *b);
    for (size_t i = 0; i < WG_COUNT(size); i++)
        for (int kind = 0; kind < 8; kind++) {
            const int64_t m = size[i][0], n = size[i][1], k = size[i][2];
            const bool ta = kind & 1, tb = kind & 2;
            const wg_dtype type = kind & 4 ? WG_F64 : WG_F32;
            wg_node *x = whole(type, ta ? WG_SHAPE(k, m) : WG_SHAPE(m, k), a, 1);
            wg_node *y = whole(type, tb ? WG_SHAPE(n, k) : WG_SHAPE(k, n), b, 2);
            ck_assert_msg(is_product(wg_matmul_t(x, ta, y, tb), m, n, k, ta, tb, a, b), "(%d,%d,%d) %d", (int)m, (int)n,
                          (int)k, kind);
        }
    free(a);
    free(b);
}
END_TEST

/* Scalar products whose last vector overlaps the one before: what has been added stays out of it, be it infinite. */
START_TEST(an_infinity_is_added_once)
{
    enum { M = 5, N = 7, K = 39 };
    for (int at = 0; at < K; at++) {
        double a[M * K], b[N * K];
        for (int i = 0; i < M * K; i++)
            a[i] = 1;
        for (int i = 0; i < N * K; i++)
            b[i] = 1;
        a[2 * K + at] = INFINITY;
        for (int f64 = 0; f64 < 2; f64++) {
            const wg_dtype type = f64 ? WG_F64 : WG_F32;
            wg_node *x = constant(type, WG_SHAPE(M, K), a), *y = constant(type, WG_SHAPE(N, K), b);
            const wg_view c = value(wg_matmul_t(x, false, y, true));
            for (int64_t i = 0; i < (int64_t)M * N; i++)
                ck_assert(wg_view_at(c, i) == (i / N == 2 ? INFINITY : K));
        }
    }
}
END_TEST

START_TEST(einsum_shapes_and_values)
{
    wg_node *a = TENSOR(WG_SHAPE(2, 2), 1, 2, 3, 4), *b = TENSOR(WG_SHAPE(2, 2), 5, 6, 7, 8);
    ASSERT_VALUES(wg_einsum("ij,jk->ik", WG_NODES(a, b)), 19, 22, 43, 50);
    ASSERT_VALUES(wg_einsum("ij,jk", WG_NODES(a, b)), 19, 22, 43, 50);
    ASSERT_VALUES(wg_einsum("ba", WG_NODES(a)), 1, 3, 2, 4);
    ASSERT_VALUES(wg_einsum("ii", WG_NODES(a)), 5);
    ASSERT_VALUES(wg_einsum("ii->i", WG_NODES(a)), 1, 4);
    ASSERT_VALUES(wg_einsum("ij,ij", WG_NODES(a, b)), 70);
    ASSERT_VALUES(wg_einsum("...i,...i->...", WG_NODES(a, b)), 17, 53);
    ASSERT_VALUES(wg_einsum("ij->", WG_NODES(a)), 10);
    ASSERT_VALUES(wg_einsum("...", WG_NODES(a)), 1, 2, 3, 4);
    ASSERT_VALUES(wg_einsum("i,ij,j", WG_NODES(VECTOR(1, 1), a, VECTOR(1, -1))), -2);
    wg_node *none = constant(WG_F64, WG_SHAPE(2, 0), NULL);
    ASSERT_VALUES(wg_einsum("ij,kj->ik", WG_NODES(none, none)), 0, 0, 0, 0); /* nothing to add up */
    ASSERT_VALUES(wg_einsum("abj,cdj->abcd", WG_NODES(wg_expand_dims(none, WG_AXES(0)), wg_expand_dims(none, WG_AXES(0)))),
                  0, 0, 0, 0);
    wg_node *x = wg_input(g, "x", WG_F32, WG_SHAPE(WG_DIM('N'), WG_DIM('T'), 3, 4));
    assert_shape(wg_einsum("nthd,nshd->nhts", WG_NODES(x, x)), WG_SHAPE(WG_DIM('N'), 3, WG_DIM('T'), WG_DIM('T')));
}
END_TEST

/* Named sizes, some of them merged into one axis, stay unknown until the run. */
START_TEST(einsum_of_sizes_known_late)
{
    static const float data[2 * 3 * 2] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
    wg_node *x = wg_input(g, "x", WG_F32, WG_SHAPE(WG_DIM('N'), WG_DIM('T'), 2));
    wg_node *y[] = { wg_einsum("ntc,ntd->cd", WG_NODES(x, x)), wg_einsum("ntc,mtc->nm", WG_NODES(x, x)),
                     wg_einsum("ntc,ntc->", WG_NODES(x, x)) };
    static const double expected[][4] = { { 286, 322, 322, 364 }, { 91, 217, 217, 559 }, { 650 } };
    wg_plan *plan = wg_compile(g, WG_INFER, (wg_nodes){ y, 3 });
    wg_exec *e = wg_exec_new(plan);
    ck_assert_msg(e && wg_feed(e, x, WG_VIEW(data, 2, 3, 2)) == WG_OK && wg_run(e) == WG_OK, "%s", wg_error());
    for (int k = 0; k < 3; k++)
        for (int64_t i = 0; i < wg_shape_count(wg_result(e, y[k]).shape); i++)
            ck_assert_double_eq(wg_view_at(wg_result(e, y[k]), i), expected[k][i]);
    wg_exec_free(e);
    wg_plan_free(plan);
}
END_TEST

START_TEST(einsum_refuses)
{
#define A TENSOR(WG_SHAPE(2, 3), 1, 2, 3, 4, 5, 6)
    ASSERT_FAILS(wg_einsum("ij,jk->ik", WG_NODES(A)), WG_ERR_ARG, "einsum: the equation is for 2 operands, got 1");
    ASSERT_FAILS(wg_einsum("ijk", WG_NODES(A)), WG_ERR_SHAPE,
                 "einsum: the equation has 3 letters for operand 0, which is (2,3)");
    ASSERT_FAILS(wg_einsum("i", WG_NODES(A)), WG_ERR_SHAPE,
                 "einsum: the equation has 1 letters for operand 0, which is (2,3)");
    ASSERT_FAILS(wg_einsum("i...j...", WG_NODES(A)), WG_ERR_ARG, "einsum: what is \"...\" in the equation?");
    ASSERT_FAILS(wg_einsum("i1->i", WG_NODES(A)), WG_ERR_ARG, "einsum: what is \"1->i\" in the equation?");
    ASSERT_FAILS(wg_einsum("ij->k", WG_NODES(A)), WG_ERR_ARG, "einsum: 'k' of the result is in no operand");
    ASSERT_FAILS(wg_einsum("ij->ii", WG_NODES(A)), WG_ERR_ARG, "einsum: 'i' of the result is there twice");
    ASSERT_FAILS(wg_einsum("ij->i->j", WG_NODES(A)), WG_ERR_ARG, "einsum: the equation goes on behind its result");
    ASSERT_FAILS(wg_einsum("ii", WG_NODES(A)), WG_ERR_SHAPE, "einsum: sizes of 'i' differ: (2) and (3)");
    ASSERT_FAILS(wg_einsum("ij,ik", WG_NODES(A, TENSOR(WG_SHAPE(3, 1), 1, 2, 3))), WG_ERR_SHAPE,
                 "einsum: sizes of 'i' differ: (2) and (3)");
    ASSERT_FAILS(wg_einsum("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", WG_NODES(A)), WG_ERR_ARG,
                 "einsum: needs an equation of at most 63 characters");
    ASSERT_FAILS(wg_einsum("abcde,fghij", WG_NODES(wg_reshape(A, WG_SHAPE(1, 1, 1, 2, 3)),
                                                   wg_reshape(A, WG_SHAPE(1, 1, 1, 2, 3)))),
                 WG_ERR_SHAPE, "einsum: the result would have more than 8 axes");
}
END_TEST

START_TEST(normalised_values)
{
    wg_node *x = TENSOR(WG_SHAPE(2, 2), 1, 3, 2, 8), *gamma = VECTOR(2, 3), *beta = VECTOR(10, 20);
    ASSERT_NEAR(wg_layer_norm(x, NULL, NULL, WG_AXES(-1), 0), 1e-15, -1, 1, -1, 1);
    ASSERT_NEAR(wg_layer_norm(x, gamma, beta, WG_AXES(1), 0), 1e-14, 8, 23, 8, 23);
    ASSERT_NEAR(wg_layer_norm(x, gamma, NULL, WG_AXES(0), 0), 1e-14, -2, -2, 3, 3);
    ASSERT_NEAR(wg_rms_norm(VECTOR(3, 4), VECTOR(1, 10), WG_AXES(0), 0), 1e-14, 3 / sqrt(12.5), 40 / sqrt(12.5));
    ASSERT_NEAR(wg_batch_norm(x, gamma, beta, 0), 1e-14, 8, 17, 12, 23);
    ASSERT_NEAR(wg_batch_norm_by(x, gamma, beta, VECTOR(1, 4), VECTOR(3, 3), 1), 1e-14, 10, 18.5, 11, 26);
    ASSERT_NEAR(wg_group_norm(wg_reshape(x, WG_SHAPE(1, 4)), NULL, NULL, 2, 0), 1e-15, -1, 1, -1, 1);
    ASSERT_NEAR(wg_instance_norm(wg_reshape(x, WG_SHAPE(1, 2, 2)), gamma, beta, 0), 1e-14, 8, 12, 17, 23);
}
END_TEST

START_TEST(normalisations_refuse)
{
#define X TENSOR(WG_SHAPE(2, 3), 1, 2, 3, 4, 5, 6)
    ASSERT_FAILS(wg_layer_norm(X, VECTOR(1, 2), NULL, WG_AXES(-1), 0), WG_ERR_SHAPE,
                 "layer_norm: operand 1 must have the shape of x along the axes, (3), got (2)");
    ASSERT_FAILS(wg_layer_norm(X, NULL, NULL, WG_AXES(2), 0), WG_ERR_ARG, "layer_norm: axis 2 is out of range for rank 2");
    ASSERT_FAILS(wg_rms_norm(X, NULL, WG_AXES(-1), -1), WG_ERR_ARG, "rms_norm: eps must be at least 0, got -1");
    ASSERT_FAILS(wg_batch_norm(VECTOR(1), VECTOR(1), VECTOR(1), 0), WG_ERR_SHAPE, "batch_norm: takes (N, C, ..), got (1)");
    ASSERT_FAILS(wg_batch_norm(X, VECTOR(1), VECTOR(1, 2, 3), 0), WG_ERR_SHAPE,
                 "batch_norm: operand 1 must have the shape of the channels, (3), got (1)");
    ASSERT_FAILS(wg_apply_named(g, "batch_norm", WG_NODES(X, VECTOR(1, 2, 3), VECTOR(1, 2, 3), VECTOR(1, 2, 3)), NULL),
                 WG_ERR_ARG, "batch_norm: takes mean and var, or neither");
    ASSERT_FAILS(wg_group_norm(X, NULL, NULL, 2, 0), WG_ERR_ARG, "group_norm: 2 groups do not divide 3 channels");
    ASSERT_FAILS(wg_group_norm(X, NULL, NULL, 0, 0), WG_ERR_ARG, "group_norm: 0 groups do not divide 3 channels");
    ASSERT_FAILS(wg_instance_norm(X, NULL, NULL, 0), WG_ERR_SHAPE,
                 "instance_norm: takes (N, C, spatial ..), got (2,3)");
    wg_node *x = X;
    ck_assert(!wg_add(x, VECTOR(1, 2)) && !wg_layer_norm(x, NULL, NULL, WG_AXES(-1), 0)); /* after a failure: NULL */
}
END_TEST

START_TEST(threads_do_not_change_the_bits)
{
    wg_node *a = regular(WG_SHAPE(40, 7, 7)), *b = scattered(WG_F64, WG_SHAPE(40, 7, 3), 8);
    wg_node *spd = wg_matmul_t(a, false, a, true), *x = scattered(WG_F64, WG_SHAPE(9, 8, 50), 9);
    wg_node *y[] = { wg_solve(a, b), wg_inv(a), wg_det(a), wg_logdet(a), wg_cholesky(spd),
                     wg_triangular_solve(a, b, false, true), wg_einsum("bij,bik->bjk", WG_NODES(a, b)),
                     wg_layer_norm(x, NULL, NULL, WG_AXES(1, 2), 1e-5), wg_group_norm(x, NULL, NULL, 4, 1e-5) };
    for (size_t k = 0; k < WG_COUNT(y); k++) {
        wg_view one = value_in(y[k], WG_TRAIN, 1), many = value_in(y[k], WG_TRAIN, 3);
        ck_assert_msg(!memcmp(one.data, many.data, (size_t)wg_shape_count(one.shape) * sizeof(double)), "node %zu", k);
    }
}
END_TEST

TCase *ops_linear_tests(void)
{
    TCase *t = tcase_create("linear algebra and normalisation");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, known_determinants_and_inverses);
    tcase_add_test(t, solutions_solve);
    tcase_add_test(t, regularity_is_told);
    tcase_add_test(t, shapes_of_linear_algebra);
    tcase_add_test(t, products_of_many_blocks);
    tcase_add_test(t, an_infinity_is_added_once);
    tcase_add_test(t, einsum_shapes_and_values);
    tcase_add_test(t, einsum_of_sizes_known_late);
    tcase_add_test(t, einsum_refuses);
    tcase_add_test(t, normalised_values);
    tcase_add_test(t, normalisations_refuse);
    tcase_add_test(t, threads_do_not_change_the_bits);
    return t;
}
