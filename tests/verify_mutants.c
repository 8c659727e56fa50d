/* Mutation testing: every operator, and the verifier itself, made wrong in every known way, is found out. */
#include <stdio.h>
#include <string.h>
#include <wengert.h>

#include "verify_suite.h"

typedef struct tally {
    int mutants, killed, reviewed;
    char survivor[256];
} tally;

static void count(void *user, const wg_mutant *m)
{
    tally *t = user;
    t->mutants++;
    t->killed += m->killed;
    t->reviewed += !m->killed && *m->reason;
    ck_assert_msg(!m->killed == !*m->by, "%s: %s: killed by \"%s\"", m->op, m->mutation, m->by);
    if (!m->killed && !*m->reason && !*t->survivor)
        snprintf(t->survivor, sizeof t->survivor, "%s, operand %d: %s", m->op, m->slot, m->mutation);
}

START_TEST(every_mutant_is_killed_or_reviewed)
{
    if (_i % test_stride())
        return;
    static const char *const name[] = { "matmul", "mul",        "div",     "exp",    "sqrt",   "tanh",        "sum",
                                        "mean",   "transpose",  "concat",  "reshape", "softmax", "log_softmax", "sign" };
    const wg_op *op = wg_registry_find(NULL, name[_i]);
    tally t = { 0 };
    wg_status st = wg_verify_mutants(op, NULL, count, &t);
    ck_assert_msg(st == WG_OK, "%s (%s)", st ? wg_error() : "", t.survivor);
    bool differentiable = (op->backward || op->decompose) && !(op->flags & (WG_NO_GRADIENT | WG_EFFECT | WG_HOLDS_GRAPH));
    ck_assert_msg(differentiable ? t.killed >= 10 : !t.mutants, "%s: %d mutants killed", op->name, t.killed);
    ck_assert_int_eq(t.mutants, t.killed + t.reviewed);
}
END_TEST

START_TEST(every_flaw_of_the_verifier_is_noticed)
{
    if (_i % test_stride())
        return;
    tally t = { 0 };
    wg_status st = wg_verify_self(WG_OPTS(wg_verify_opts, .seed = (uint64_t)_i), count, &t);
    ck_assert_msg(st == WG_OK, "%s", st ? wg_error() : "");
    ck_assert_int_eq(t.mutants, t.killed);
    ck_assert_int_gt(t.killed, 40);
    st = wg_verify_sentinels(NULL, NULL, NULL); /* and none is left behind */
    ck_assert_msg(st == WG_OK, "%s", st ? wg_error() : "");
}
END_TEST

/* y = 0 x: a gradient of zeros, of which no factor can be told. */
WG_KERNEL(nothing, const T *x = c->in[0]; T *y = c->out; for (int64_t i = begin; i < end; i++) y[i] = x[i] * 0;)
static wg_node *nothing_backward(const wg_adjoint *a, int slot) { return (void)slot, wg_scale(a->cotangent, 0); }
static const wg_sample samples[] = { { .in = { WG_VALUES(-1, 1, 3) } } };

static void find_sign(void *user, const wg_mutant *m)
{
    if (!strcmp(m->mutation, "sign")) {
        ck_assert(!m->killed);
        ck_assert_str_eq(m->op, "nothing");
        ck_assert_int_eq(m->slot, 0);
        ck_assert_str_eq(m->reason, "");
        *(bool *)user = true;
    }
}

START_TEST(a_mutant_that_survives_is_told)
{
    wg_op op = { WG_OP, .name = "nothing", .arity = 1, .flags = WG_ELEMENTWISE, .forward = WG_BOTH(nothing),
                 .backward = nothing_backward, WG_SAMPLES(samples) };
    bool found = false;
    ck_assert_int_eq(wg_verify_mutants(&op, NULL, find_sign, &found), WG_ERR_VERIFY);
    ck_assert(found);
    ck_assert_msg(strstr(wg_error(), "survive") != NULL, "%s", wg_error());
}
END_TEST

/* Two results: x + y and x - y. */
WG_KERNEL(both, const T *x = c->in[0]; const T *y = c->in[1]; T *sum = c->outs[0]; T *difference = c->outs[1];
          for (int64_t i = begin; i < end; i++) { sum[i] = x[i] + y[i]; difference[i] = x[i] - y[i]; })
static wg_status both_infer(wg_infer *t)
{
    if (!wg_shape_equal(t->in[0], t->in[1]))
        return wg_infer_fail(t, WG_ERR_SHAPE, "shapes differ");
    t->out[0] = t->out[1] = t->in[0];
    return WG_OK;
}
static wg_node *both_backward(const wg_adjoint *a, int slot)
{
    return (slot ? wg_sub : wg_add)(a->cotangents[0], a->cotangents[1]);
}
static const wg_sample pairs[] = { { .in = { WG_VALUES(-1, 1, 2, 3), WG_VALUES(-2, 2, 2, 3) } } };

START_TEST(all_results_are_judged)
{
    wg_op op = { WG_OP, .name = "both", .arity = 2, .results = 2, .infer = both_infer, .forward = WG_BOTH(both),
                 .backward = both_backward, WG_SAMPLES(pairs) };
    tally t = { 0 };
    wg_status st = wg_verify_mutants(&op, NULL, count, &t);
    ck_assert_msg(st == WG_OK, "%s (%s)", st ? wg_error() : "", t.survivor);
    ck_assert_int_gt(t.killed, 30);
}
END_TEST

START_TEST(an_operator_that_is_wrong_already_has_no_mutants)
{
    wg_op op = *wg_registry_find(NULL, "square");
    op.backward = nothing_backward;
    tally t = { 0 };
    ck_assert_int_eq(wg_verify_mutants(&op, NULL, count, &t), WG_ERR_VERIFY);
    ck_assert_int_eq(t.mutants, 0);
    ck_assert_msg(strstr(wg_error(), "square: without a mutation it fails: ") != NULL, "%s", wg_error());
    ck_assert_int_eq(wg_verify_mutants(NULL, NULL, count, &t), WG_ERR_ARG);
}
END_TEST

TCase *verify_mutants(void)
{
    TCase *t = tcase_create("mutants");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, every_mutant_is_killed_or_reviewed, 0, 14);
    tcase_add_loop_test(t, every_flaw_of_the_verifier_is_noticed, 1, 2);
    tcase_add_test(t, a_mutant_that_survives_is_told);
    tcase_add_test(t, all_results_are_judged);
    tcase_add_test(t, an_operator_that_is_wrong_already_has_no_mutants);
    return t;
}
