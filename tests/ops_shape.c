/* Operators that move elements or rename axes: shapes with and without names, values, what is refused. */
#include "ops_test.h"

#define N WG_DIM('N')
#define M WG_DIM('M')

static wg_node *unknown(wg_shape shape)
{
    return wg_input(g, NULL, WG_F64, shape);
}

START_TEST(reshape_solves_for_what_is_left)
{
    wg_node *x = unknown(WG_SHAPE(2, 3, 4));
    assert_shape(wg_reshape(x, WG_SHAPE(6, 4)), WG_SHAPE(6, 4));
    assert_shape(wg_reshape(x, WG_SHAPE(-1)), WG_SHAPE(24));
    assert_shape(wg_reshape(x, WG_SHAPE(0, -1)), WG_SHAPE(2, 12));
    assert_shape(wg_reshape(x, WG_SHAPE(4, -1, 2)), WG_SHAPE(4, 3, 2));
    assert_shape(wg_reshape(unknown(WG_SHAPE(1)), WG_SCALAR), WG_SCALAR);
    ASSERT_VALUES(wg_reshape(VECTOR(1, 2, 3, 4), WG_SHAPE(2, 2)), 1, 2, 3, 4);
}
END_TEST

START_TEST(reshape_keeps_the_names_of_sizes)
{
    wg_node *x = unknown(WG_SHAPE(N, 64, 64, 3));
    assert_shape(wg_reshape(x, WG_SHAPE(N, 12288)), WG_SHAPE(N, 12288));
    assert_shape(wg_reshape(x, WG_SHAPE(-1, 12288)), WG_SHAPE(N, 12288));
    assert_shape(wg_reshape(x, WG_SHAPE(N, -1)), WG_SHAPE(N, 12288));
    assert_shape(wg_reshape(x, WG_SHAPE(0, -1)), WG_SHAPE(N, 12288));
    assert_shape(wg_reshape(x, WG_SHAPE(-1, 3)), WG_SHAPE(WG_ANY, 3));
    assert_shape(wg_reshape(unknown(WG_SHAPE(N, M)), WG_SHAPE(M, N)), WG_SHAPE(M, N));
    assert_shape(wg_flatten(x, 1), WG_SHAPE(N, 12288));
    assert_shape(wg_flatten(x, -1), WG_SHAPE(N, 64, 64, 3));
    assert_shape(wg_flatten(unknown(WG_SHAPE(N, 1)), 0), WG_SHAPE(N));
    assert_shape(wg_flatten(unknown(WG_SHAPE(N, 2)), 0), WG_SHAPE(WG_ANY));
}
END_TEST

START_TEST(reshape_refuses_what_cannot_fit)
{
    ASSERT_FAILS(wg_reshape(unknown(WG_SHAPE(2, 3)), WG_SHAPE(4)), WG_ERR_SHAPE,
                 "reshape: (2,3) has not the number of elements of (4)");
    ASSERT_FAILS(wg_reshape(unknown(WG_SHAPE(2, 3)), WG_SHAPE(4, -1)), WG_ERR_SHAPE, "reshape: (2,3)");
    ASSERT_FAILS(wg_reshape(unknown(WG_SHAPE(2, 3)), WG_SHAPE(-1, -1)), WG_ERR_SHAPE, "only one size may be -1");
    ASSERT_FAILS(wg_reshape(unknown(WG_SHAPE(2)), WG_SHAPE(2, 0)), WG_ERR_SHAPE, "0 copies axis 1");
    ASSERT_FAILS(wg_reshape(unknown(WG_SHAPE(N, 3)), WG_SHAPE(N, 4)), WG_ERR_SHAPE, "reshape: (N,3)");
    ASSERT_FAILS(wg_reshape(unknown(WG_SHAPE(4)), WG_SHAPE(INT64_MAX, 4)), WG_ERR_SHAPE, "reshape");
    ASSERT_FAILS(wg_reshape_like(unknown(WG_SHAPE(4)), unknown(WG_SHAPE(5))), WG_ERR_SHAPE, "reshape_like: (4)");
    ASSERT_FAILS(wg_reshape(unknown(WG_SHAPE(4)), ((wg_shape){ .rank = 99 })), WG_ERR_ARG, "attribute shape is out of range");
    ASSERT_FAILS(wg_sum(unknown(WG_SHAPE(4)), (wg_axes){ .n = 99 }, false), WG_ERR_ARG, "attribute axes is out of range");
    ASSERT_FAILS(wg_flatten(unknown(WG_SHAPE(4)), 1), WG_ERR_ARG, "flatten: axis 1 is out of range for rank 1");
}
END_TEST

START_TEST(axes_of_size_one_come_and_go)
{
    wg_node *x = unknown(WG_SHAPE(N, 3));
    assert_shape(wg_expand_dims(x, WG_AXES(0, -1)), WG_SHAPE(1, N, 3, 1));
    assert_shape(wg_expand_dims(x, WG_AXES(1)), WG_SHAPE(N, 1, 3));
    assert_shape(wg_squeeze(unknown(WG_SHAPE(1, N, 1, 3)), WG_AXES(0, 2)), WG_SHAPE(N, 3));
    assert_shape(wg_squeeze(unknown(WG_SHAPE(1, N, 1, 3)), WG_ALL_AXES), WG_SHAPE(N, 3));
    assert_shape(wg_squeeze(unknown(WG_SHAPE(1, N, 1, 3)), WG_AXES(-2)), WG_SHAPE(1, N, 3));
    ASSERT_FAILS(wg_squeeze(unknown(WG_SHAPE(1, 3)), WG_AXES(1)), WG_ERR_SHAPE, "squeeze: axis 1 of (1,3) is not 1");
    ASSERT_FAILS(wg_squeeze(unknown(WG_SHAPE(N)), WG_AXES(0)), WG_ERR_SHAPE, "squeeze: axis 0 of (N) is not 1");
    ASSERT_FAILS(wg_expand_dims(unknown(WG_SHAPE(3)), WG_AXES(2)), WG_ERR_ARG, "expand_dims: axis 2 is out of range");
    ASSERT_FAILS(wg_expand_dims(unknown(WG_SHAPE(3)), WG_AXES(0, 0)), WG_ERR_ARG, "expand_dims: axis 0 is named twice");
}
END_TEST

START_TEST(broadcasts_and_their_undoing)
{
    wg_node *column = TENSOR(WG_SHAPE(2, 1), 1, 2), *like = scattered(WG_F64, WG_SHAPE(3, 2, 2), 1);
    ASSERT_VALUES(wg_broadcast_to(column, WG_SHAPE(2, 3)), 1, 1, 1, 2, 2, 2);
    ASSERT_VALUES(wg_broadcast_like(column, like), 1, 1, 2, 2, 1, 1, 2, 2, 1, 1, 2, 2);
    ASSERT_VALUES(wg_sum_to_like(wg_broadcast_like(column, like), column), 6, 12);
    ASSERT_VALUES(wg_sum_to_like(VECTOR(1, 2, 3), TENSOR(WG_SCALAR, 0)), 6);
    ASSERT_VALUES(wg_sum_to_like(VECTOR(1, 2, 3), VECTOR(0, 0, 0)), 1, 2, 3);
    ASSERT_VALUES(wg_broadcast_like(OF_TYPE(WG_I64, 7), VECTOR(1, 2)), 7, 7);
    assert_shape(wg_broadcast_to(unknown(WG_SHAPE(N, 1)), WG_SHAPE(-1, 4)), WG_SHAPE(N, 4));
    assert_shape(wg_broadcast_to(unknown(WG_SHAPE(1)), WG_SHAPE(N, 4)), WG_SHAPE(N, 4));
    ASSERT_FAILS(wg_broadcast_to(unknown(WG_SHAPE(2)), WG_SHAPE(3)), WG_ERR_SHAPE,
                 "broadcast_to: (2) does not broadcast to (3)");
    ASSERT_FAILS(wg_broadcast_to(unknown(WG_SHAPE(N)), WG_SHAPE(M)), WG_ERR_SHAPE, "broadcast_to: (N) does not");
    ASSERT_FAILS(wg_broadcast_to(unknown(WG_SHAPE(2, 2)), WG_SHAPE(2)), WG_ERR_SHAPE, "broadcast_to: (2,2)");
    ASSERT_FAILS(wg_sum_to_like(unknown(WG_SHAPE(2, 3)), unknown(WG_SHAPE(2))), WG_ERR_SHAPE,
                 "sum_to_like: (2,3) is no broadcast of (2)");
}
END_TEST

/* Results that no cache holds go around them: rows that begin anywhere in a cache line, and whole rows that only change
 * places. */
START_TEST(transposes_beyond_the_caches)
{
    wg_node *c = scattered(WG_F64, WG_SHAPE(2051, 3, 683), 5);
    const double *x = wg_view_f64(value(wg_scale(c, 1)), NULL);
    const double *turned = wg_view_f64(value(wg_transpose(c)), NULL);
    const double *swapped = wg_view_f64(value(wg_permute(c, WG_AXES(1, 0, 2))), NULL);
    for (int64_t i = 0; i < 2051; i++)
        for (int64_t j = 0; j < 3; j++)
            for (int64_t k = 0; k < 683; k++)
                ck_assert(turned[(k * 3 + j) * 2051 + i] == x[(i * 3 + j) * 683 + k]);
    for (int64_t i = 0; i < 2051; i++)
        for (int64_t j = 0; j < 3; j++)
            ck_assert(!memcmp(swapped + (j * 2051 + i) * 683, x + (i * 3 + j) * 683, 683 * sizeof *x));
}
END_TEST

/* Every permutation of four axes of odd sizes, and matrices of more than one tile, against the definition. */
START_TEST(transposes_follow_the_definition)
{
    static const int64_t size[] = { 3, 1, 35, 17 };
    wg_node *x = scattered(WG_F32, WG_SHAPE(3, 1, 35, 17), 5);
    wg_view from = value(wg_scale(x, 1));
    for (int code = 0; code < 256; code++) {
        int perm[] = { code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6 };
        if ((1 << perm[0] | 1 << perm[1] | 1 << perm[2] | 1 << perm[3]) != 15)
            continue;
        wg_node *y = wg_permute(x, WG_AXES(perm[0], perm[1], perm[2], perm[3]));
        assert_shape(y, WG_SHAPE(size[perm[0]], size[perm[1]], size[perm[2]], size[perm[3]]));
        wg_view to = value(y);
        for (int64_t i = 0, n = wg_shape_count(to.shape); i < n; i++) {
            int64_t at[4], rest = i;
            for (int k = 3; k >= 0; rest /= size[perm[k--]])
                at[perm[k]] = rest % size[perm[k]];
            int64_t source = ((at[0] * size[1] + at[1]) * size[2] + at[2]) * size[3] + at[3];
            ck_assert(wg_view_at(to, i) == wg_view_at(from, source));
        }
    }
}
END_TEST

START_TEST(transposes_of_every_type)
{
    for (wg_dtype type = WG_F32; type <= WG_BOOL; type++) {
        wg_node *x = scattered(type, WG_SHAPE(150, 75), 3), *y = wg_transpose(x);
        wg_view from = value(wg_cast(x, WG_F64)), to = value(y);
        ck_assert_int_eq(wg_node_dtype(y), type);
        for (int64_t i = 0; i < 150; i++)
            for (int64_t j = 0; j < 75; j++)
                ck_assert(wg_view_at(to, j * 150 + i) == wg_view_at(from, i * 75 + j));
    }
    assert_shape(wg_transpose(unknown(WG_SHAPE(N, 2, M))), WG_SHAPE(M, 2, N));
    ck_assert_int_eq(wg_shape_count(value(wg_transpose(constant(WG_F64, WG_SHAPE(0, 3), NULL))).shape), 0);
    ASSERT_FAILS(wg_permute(unknown(WG_SHAPE(2, 3)), WG_AXES(0)), WG_ERR_ARG,
                 "transpose: perm has 1 axes, the operand 2");
    ASSERT_FAILS(wg_permute(unknown(WG_SHAPE(2, 3)), WG_AXES(0, 0)), WG_ERR_ARG, "transpose: axis 0 is named twice");
}
END_TEST

START_TEST(concatenations_and_their_parts)
{
    wg_node *a = TENSOR(WG_SHAPE(2, 2), 1, 2, 3, 4), *b = TENSOR(WG_SHAPE(2, 1), 5, 6);
    wg_node *none = constant(WG_F64, WG_SHAPE(2, 0), NULL);
    wg_node *y = wg_concat(WG_NODES(a, none, b), 1);
    ASSERT_VALUES(y, 1, 2, 5, 3, 4, 6);
    ASSERT_VALUES(wg_concat(WG_NODES(VECTOR(1), VECTOR(2, 3)), -1), 1, 2, 3);
    ASSERT_VALUES(wg_concat(WG_NODES(OF_TYPE(WG_U8, 1), OF_TYPE(WG_U8, 2)), 0), 1, 2);
    wg_node *loss = wg_sum(wg_square(y), WG_ALL_AXES, false);
    ASSERT_VALUES(wg_grad(loss, a), 2, 4, 6, 8);
    ASSERT_VALUES(wg_grad(loss, b), 10, 12);
    assert_shape(wg_concat(WG_NODES(unknown(WG_SHAPE(N, 2)), unknown(WG_SHAPE(N, 3))), 1), WG_SHAPE(N, 5));
    assert_shape(wg_concat(WG_NODES(unknown(WG_SHAPE(N, 2)), unknown(WG_SHAPE(3, 2))), 0), WG_SHAPE(WG_ANY, 2));
    ASSERT_FAILS(wg_concat(WG_NODES(unknown(WG_SHAPE(2, 2)), unknown(WG_SHAPE(3, 3))), 0), WG_ERR_SHAPE,
                 "concat: (2,2) and (3,3) differ");
    ASSERT_FAILS(wg_concat(WG_NODES(unknown(WG_SHAPE(2))), 1), WG_ERR_ARG, "concat: axis 1 is out of range");
    ASSERT_FAILS(wg_concat(WG_NODES(OF_TYPE(WG_I32, 1), OF_TYPE(WG_I64, 2)), 0), WG_ERR_DTYPE,
                 "concat: operands are i32 and i64");
}
END_TEST

START_TEST(fills)
{
    for (wg_dtype type = WG_F32; type <= WG_BOOL; type++) {
        wg_node *x = OF_TYPE(type, 1, 0, 1);
        ASSERT_VALUES(wg_zeros_like(x), 0, 0, 0);
        ASSERT_VALUES(wg_ones_like(x), 1, 1, 1);
        ASSERT_VALUES(wg_zeros(g, type, WG_SHAPE(2)), 0, 0);
        ck_assert_int_eq(wg_node_dtype(wg_ones_like(x)), type);
    }
    assert_shape(wg_zeros(g, WG_F32, WG_SHAPE(N, 3)), WG_SHAPE(N, 3));
    ASSERT_FAILS(wg_zeros(g, WG_F32, WG_SHAPE(WG_ANY)), WG_ERR_SHAPE, "zeros: axis 0 has neither a size nor a name");
    ASSERT_FAILS(wg_zeros(g, WG_DTYPE_NONE, WG_SHAPE(1)), WG_ERR_SHAPE, "zeros");
}
END_TEST

TCase *ops_shape_tests(void)
{
    TCase *t = tcase_create("shape");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, reshape_solves_for_what_is_left);
    tcase_add_test(t, reshape_keeps_the_names_of_sizes);
    tcase_add_test(t, reshape_refuses_what_cannot_fit);
    tcase_add_test(t, axes_of_size_one_come_and_go);
    tcase_add_test(t, broadcasts_and_their_undoing);
    tcase_add_test(t, transposes_follow_the_definition);
    tcase_add_test(t, transposes_beyond_the_caches);
    tcase_add_test(t, transposes_of_every_type);
    tcase_add_test(t, concatenations_and_their_parts);
    tcase_add_test(t, fills);
    return t;
}
