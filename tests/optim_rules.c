/* Every optimiser against a plain loop over its formula, in both types; its state, and that it survives a checkpoint. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "optim_test.h"

static void begin(wg_dtype dtype)
{
    tear_down();
    problem_dtype = dtype;
    set_up();
}

static void follows_its_formula(const struct optimiser *o, double tolerance)
{
    double x[N], s[N][3] = { { 0 } };
    memcpy(x, start, sizeof x);
    wg_node *update = o->make(gradients());
    ck_assert_msg(update != NULL, "%s", wg_error());
    run(update, STEPS);
    for (int t = 1; t <= STEPS; t++)
        follow(o, x, s, t);
    for (int i = 0; i < N; i++) {
        ck_assert_double_eq_tol(wg_view_at(wg_get(wg_graph_store(g), w), i), x[i], tolerance);
        ck_assert(fabs(x[i]) < fabs(start[i])); /* and it does go down */
    }
    ck_assert_int_eq(wg_store_step(wg_graph_store(g)), STEPS);
}

START_TEST(an_optimiser_follows_its_formula)
{
    follows_its_formula(&optimisers[_i], 1e-13);
    begin(WG_F32);
    follows_its_formula(&optimisers[_i], 3e-6);
}
END_TEST

START_TEST(its_state_has_its_names_and_no_more)
{
    size_t before = 0, after = 0, wanted = 1; /* the step */
    for (size_t i = 0; i < wg_graph_count(g); i++)
        before += !strcmp(wg_node_op(wg_graph_node(g, i))->name, "variable");
    wg_scope_push(g, "inner"); /* names count from the root */
    ck_assert_msg(optimisers[_i].make(gradients()) != NULL, "%s", wg_error());
    wg_scope_pop(g);
    for (size_t i = 0; i < wg_graph_count(g); i++)
        after += !strcmp(wg_node_op(wg_graph_node(g, i))->name, "variable");
    for (int i = 0; i < 4 && optimisers[_i].state[i]; i++, wanted++)
        ck_assert_msg(wg_find(g, optimisers[_i].state[i]) != NULL, "%s", optimisers[_i].state[i]);
    ck_assert_uint_eq(after - before, wanted);
    ck_assert_ptr_eq(wg_find(g, "step"), wg_step_counter(g));
}
END_TEST

/* A run in two halves, with a checkpoint between, leaves what one run leaves, to the last bit. */
START_TEST(a_checkpoint_in_the_middle_changes_no_bit)
{
    double whole[N], halves[N];
    char path[64];
    snprintf(path, sizeof path, "optim_resume_%d.npz", _i);
    run(optimisers[_i].make(gradients()), 20);
    memcpy(whole, wg_get(wg_graph_store(g), w).data, sizeof whole);
    begin(WG_F64);
    run(optimisers[_i].make(gradients()), 9);
    ck_assert_msg(wg_save(wg_graph_store(g), path, NULL) == WG_OK, "%s", wg_error());
    begin(WG_F64);
    wg_node *update = optimisers[_i].make(gradients());
    ck_assert_msg(wg_load(wg_graph_store(g), path) == WG_OK, "%s", wg_error());
    run(update, 11);
    memcpy(halves, wg_get(wg_graph_store(g), w).data, sizeof halves);
    ck_assert_mem_eq(whole, halves, sizeof whole);
    remove(path);
}
END_TEST

/* A param's whole update is one pass over memory, one fused instruction; with accumulation and an average, too. */
START_TEST(an_update_is_one_pass)
{
    enum { LARGE = 4096 };
    wg_node *x = wg_param(g, "x", WG_F32, WG_SHAPE(LARGE), wg_init_constant(1));
    wg_node *given = wg_variable(g, "given", WG_F32, WG_SHAPE(LARGE), wg_init_constant(0.5));
    wg_grads d = { WG_NODES(x), WG_NODES(given) };
    wg_node *update =
        _i < OPTIMISERS ? optimisers[_i].make(d) : wg_ema(optimisers[ADAM].make(wg_accumulate(d, 4)), 0.99, NULL);
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(update));
    wg_exec *e = wg_exec_new_with(plan, WG_OPTS(wg_exec_opts, .threads = 1));
    ck_assert_msg(e != NULL, "%s", wg_error());
    char *listing = wg_exec_listing(e);
    ck_assert_msg(listing != NULL, "%s", wg_error());
    int passes = 0;
    for (const char *at = strstr(listing, "fused 4096/"); at; at = strstr(at + 1, "fused 4096/"))
        passes++;
    /* LAMB must know two lengths before the step: moments and direction, the lengths, the step. */
    ck_assert_msg(passes == (_i == LAMB ? 2 : 1) && !strstr(listing, "copy"), "%d passes:\n%s", passes, listing);
    wg_text_free(listing);
    wg_exec_free(e), wg_plan_free(plan);
}
END_TEST

START_TEST(the_first_adam_step_is_the_rate_whatever_the_gradient)
{
    run(optimisers[ADAM].make(gradients()), 1);
    for (int i = 0; i < N; i++)
        ck_assert_double_eq_tol(fabs(wg_view_at(wg_get(wg_graph_store(g), w), i) - start[i]), 0.02, 1e-9);
}
END_TEST

/* With either length 0 LAMB takes Adam's step. */
START_TEST(lamb_moves_a_param_of_zeros)
{
    static const double zeros[N] = { 0 };
    wg_node *pushed = wg_sum(w, WG_ALL_AXES, false);
    ck_assert_int_eq(wg_set(wg_graph_store(g), w, WG_VIEW(zeros, N)), WG_OK);
    run(wg_lamb(wg_grads_of(pushed, WG_NODES(w)), rate(0.01), NULL), 1);
    for (int i = 0; i < N; i++)
        ck_assert_double_eq_tol(wg_view_at(wg_get(wg_graph_store(g), w), i), -0.01, 1e-7);
}
END_TEST

START_TEST(the_same_state_twice_is_refused)
{
    ck_assert_ptr_nonnull(optimisers[_i].make(gradients()));
    ck_assert_ptr_null(optimisers[_i].make(gradients()));
    ck_assert_msg(strstr(wg_graph_error(g), optimisers[_i].state[0]) != NULL, "%s", wg_graph_error(g));
}
END_TEST

START_TEST(two_sgd_of_one_param_are_refused)
{
    wg_node *twice = wg_group(WG_NODES(wg_sgd(gradients(), rate(1)), wg_sgd(gradients(), rate(1))));
    ck_assert_ptr_null(wg_compile(g, WG_TRAIN, WG_NODES(twice)));
    ck_assert_int_eq(wg_error_status(), WG_ERR_ASSIGN);
}
END_TEST

/* Each makes an optimiser with an option out of its domain. */
#define WRONG(kind, type, ...) wg_##kind(d, rate(0.1), WG_OPTS(wg_##type##_opts, __VA_ARGS__))
static const char *const wrong_texts[] = {
    "momentum: momentum is 1,",  "momentum: weight_decay is -1,",
    "adam: beta1 is 1,",         "mine: beta2 is -0.5,",
    "adam: eps is -1,",          "rmsprop: alpha is 1.5,",
    "rmsprop: momentum is -1,",  "adagrad: lr_decay is -1,",
    "adagrad: initial is -1,",   "adadelta: rho is 2,",
    "lamb: weight_decay is -1,", "lamb: beta1 is nan,",
};
enum { WRONG_OPTIONS = sizeof wrong_texts / sizeof *wrong_texts };

static wg_node *make_wrong(int which, wg_grads d)
{
    switch (which) {
    case 0:
        return WRONG(momentum, sgd, .momentum = 1);
    case 1:
        return WRONG(momentum, sgd, .weight_decay = -1);
    case 2:
        return WRONG(adam, adam, .beta1 = 1);
    case 3:
        return WRONG(adam, adam, .name = "mine", .beta2 = -0.5);
    case 4:
        return WRONG(adam, adam, .eps = -1);
    case 5:
        return WRONG(rmsprop, rmsprop, .alpha = 1.5);
    case 6:
        return WRONG(rmsprop, rmsprop, .momentum = -1);
    case 7:
        return WRONG(adagrad, adagrad, .lr_decay = -1);
    case 8:
        return WRONG(adagrad, adagrad, .initial = -1);
    case 9:
        return WRONG(adadelta, adadelta, .rho = 2);
    case 10:
        return WRONG(lamb, lamb, .weight_decay = -1);
    default:
        return WRONG(lamb, lamb, .beta1 = NAN);
    }
}

START_TEST(a_wrong_option_is_told_by_name)
{
    ck_assert_ptr_null(make_wrong(_i, gradients()));
    ck_assert_int_eq(wg_error_status(), WG_ERR_ARG);
    ck_assert_msg(strstr(wg_graph_error(g), wrong_texts[_i]) != NULL, "%s", wg_graph_error(g));
}
END_TEST

TCase *rules_case(void)
{
    TCase *t = tcase_create("rules");
    tcase_add_loop_test(t, an_optimiser_follows_its_formula, 0, OPTIMISERS);
    tcase_add_loop_test(t, its_state_has_its_names_and_no_more, 0, OPTIMISERS);
    tcase_add_loop_test(t, a_checkpoint_in_the_middle_changes_no_bit, 0, OPTIMISERS);
    tcase_add_loop_test(t, an_update_is_one_pass, 0, OPTIMISERS + 1);
    tcase_add_test(t, the_first_adam_step_is_the_rate_whatever_the_gradient);
    tcase_add_test(t, lamb_moves_a_param_of_zeros);
    tcase_add_loop_test(t, the_same_state_twice_is_refused, 1, OPTIMISERS);
    tcase_add_test(t, two_sgd_of_one_param_are_refused);
    tcase_add_loop_test(t, a_wrong_option_is_told_by_name, 0, WRONG_OPTIONS);
    return t;
}
