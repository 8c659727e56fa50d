/* dropout, by_mode, stop_gradient, assign, group; and the registry as a whole. */
#include <stdlib.h>

#include "ops_test.h"

START_TEST(dropout_keeps_the_mean_and_draws_the_same_again)
{
    enum { COUNT = 100003 };
    wg_node *x = wg_broadcast_to(OF_TYPE(WG_F32, 1), WG_SHAPE(COUNT)), *y = wg_dropout(x, 0.25);
    wg_view v = value(y);
    int64_t kept = 0;
    for (int64_t i = 0; i < COUNT; i++) {
        double e = wg_view_at(v, i);
        ck_assert(e == 0 || e == (double)(1 / 0.75f));
        kept += e != 0;
    }
    ck_assert_int_lt(llabs(kept - COUNT * 3 / 4), 700); /* five deviations */
    wg_view d = value(wg_grad(wg_sum(y, WG_ALL_AXES, false), x));
    ck_assert(!memcmp(v.data, d.data, COUNT * sizeof(float)));
    wg_view wide = value(wg_dropout(wg_cast(x, WG_F64), 0.25)); /* a stream of its own */
    int64_t differ = 0;
    for (int64_t i = 0; i < COUNT; i++)
        differ += (wg_view_at(v, i) != 0) != (wg_view_at(wide, i) != 0);
    ck_assert_int_gt(differ, COUNT / 4);
}
END_TEST

START_TEST(dropout_at_its_ends_and_in_inference)
{
    wg_node *x = VECTOR(1, 2, 3);
    ASSERT_VALUES(wg_dropout(x, 0), 1, 2, 3);
    ASSERT_VALUES(wg_dropout(x, 1), 0, 0, 0);
    wg_view v = value_in(wg_dropout(x, 0.9), WG_INFER, 1);
    for (int i = 0; i < 3; i++)
        ck_assert(wg_view_at(v, i) == i + 1);
    ASSERT_FAILS(wg_dropout(VECTOR(1), 1.5), WG_ERR_ARG, "dropout: p must be in 0..1, got 1.5");
    ASSERT_FAILS(wg_dropout(VECTOR(1), NAN), WG_ERR_ARG, "dropout: p must be in 0..1");
}
END_TEST

START_TEST(the_mode_chooses_value_and_gradient)
{
    wg_node *a = VECTOR(1, 2), *b = VECTOR(10, 20), *y = wg_by_mode(a, b), *loss = wg_sum(wg_square(y), WG_ALL_AXES,
                                                                                          false);
    ck_assert(wg_view_at(value_in(y, WG_TRAIN, 1), 1) == 2);
    ck_assert(wg_view_at(value_in(y, WG_INFER, 1), 1) == 20);
    ck_assert(wg_view_at(value_in(wg_grad(loss, a), WG_TRAIN, 1), 1) == 4);
    ck_assert(wg_view_at(value_in(wg_grad(loss, a), WG_INFER, 1), 1) == 0);
    ck_assert(wg_view_at(value_in(wg_grad(loss, b), WG_INFER, 1), 1) == 40);
    ASSERT_FAILS(wg_by_mode(VECTOR(1), VECTOR(1, 2)), WG_ERR_SHAPE, "by_mode: shapes differ: (1) and (2)");
    ASSERT_FAILS(wg_by_mode(OF_TYPE(WG_I32, 1), OF_TYPE(WG_I64, 1)), WG_ERR_DTYPE,
                 "by_mode: types differ: i32 and i64");
}
END_TEST

START_TEST(no_gradient_passes_a_stop)
{
    wg_node *x = VECTOR(3), *loss = wg_sum(wg_mul(x, wg_stop_gradient(x)), WG_ALL_AXES, false);
    ASSERT_VALUES(loss, 9);
    ASSERT_VALUES(wg_grad(loss, x), 3);
}
END_TEST

START_TEST(effects_are_checked)
{
    wg_node *v = wg_variable(g, "v", WG_F32, WG_SHAPE(2), wg_init_zeros());
    ck_assert_ptr_nonnull(wg_group(WG_NODES(wg_assign(v, OF_TYPE(WG_F32, 1, 2)))));
    ASSERT_FAILS(wg_assign(VECTOR(1), VECTOR(1)), WG_ERR_ARG, "assign: ");
    v = wg_variable(g, "v", WG_F32, WG_SHAPE(2), wg_init_zeros());
    ASSERT_FAILS(wg_assign(v, OF_TYPE(WG_F32, 1)), WG_ERR_SHAPE, "assign: shapes differ: (2) and (1)");
    v = wg_variable(g, "v", WG_F32, WG_SHAPE(2), wg_init_zeros());
    ASSERT_FAILS(wg_assign(v, OF_TYPE(WG_I32, 1, 2)), WG_ERR_DTYPE, "assign: types differ: f32 and i32");
    ASSERT_FAILS(wg_group(WG_NODES(VECTOR(1))), WG_ERR_ARG, "group: ");
    /* A graph file comes this way. */
    ASSERT_FAILS(wg_apply_named(g, "assign", WG_NODES(VECTOR(1), VECTOR(1)), NULL), WG_ERR_ARG, "is no variable");
    v = wg_variable(g, "v", WG_F64, WG_SHAPE(1), wg_init_zeros());
    ASSERT_FAILS(wg_neg(wg_assign(v, VECTOR(1))), WG_ERR_ARG, "is an effect, and has no value");
}
END_TEST

/* What a descriptor must have, for each in the registry. */
START_TEST(every_operator_is_complete)
{
    enum { NOTHING_TO_DIFFERENTIATE = WG_LEAF | WG_EFFECT | WG_HOLDS_GRAPH };
    ck_assert_uint_gt(wg_registry_count(NULL), 60);
    for (size_t i = 0; i < wg_registry_count(NULL); i++) {
        const wg_op *op = wg_registry_at(NULL, i);
        ck_assert_uint_eq(op->size, sizeof *op);
        ck_assert_msg(op->doc && *op->doc, "%s has no documentation", op->name);
        ck_assert_ptr_eq(wg_registry_find(NULL, op->name), op);
        ck_assert_uint_eq(strspn(op->name, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(op->name));
        ck_assert_msg((op->attrs != NULL) == (op->attrs_size > 0), "%s: attributes", op->name);
        if (op->flags & NOTHING_TO_DIFFERENTIATE)
            continue;
        ck_assert_msg(op->n_samples >= 2, "%s has %zu samples", op->name, op->n_samples);
        ck_assert_msg(op->backward || op->decompose || op->flags & WG_NO_GRADIENT, "%s has no adjoint", op->name);
    }
}
END_TEST

TCase *ops_control_tests(void)
{
    TCase *t = tcase_create("control");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, dropout_keeps_the_mean_and_draws_the_same_again);
    tcase_add_test(t, dropout_at_its_ends_and_in_inference);
    tcase_add_test(t, the_mode_chooses_value_and_gradient);
    tcase_add_test(t, no_gradient_passes_a_stop);
    tcase_add_test(t, effects_are_checked);
    tcase_add_test(t, every_operator_is_complete);
    return t;
}
