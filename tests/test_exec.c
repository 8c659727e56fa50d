/* lib/exec: feeds, runs, results; all or nothing. */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "exec/exec.h"
#include "suite.h"
#include <wengert.h>

/* A graph with x (N,3) f32, compiled and ready. */
typedef struct fixture {
    wg_graph *g;
    wg_node *x;
    wg_exec *e;
} fixture;

static const float rows[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };

static fixture begin(void)
{
    fixture f = { .g = wg_graph_new() };
    f.x = wg_input(f.g, "x", WG_F32, WG_SHAPE(WG_BATCH, 3));
    return f;
}

static wg_exec *exec_of(wg_graph *g, wg_mode mode, wg_nodes wanted, const wg_exec_opts *opts)
{
    wg_plan *p = wg_compile(g, mode, wanted);
    ck_assert_msg(p != NULL, "%s", wg_error());
    wg_exec *e = wg_exec_new_with(p, opts);
    ck_assert_msg(e != NULL, "%s", wg_error());
    wg_plan_free(p);
    return e;
}

static void end(fixture *f)
{
    wg_exec_free(f->e);
    wg_graph_free(f->g);
}

#define OK(call) ck_assert_msg((call) == WG_OK, "%s", wg_error())
#define FAILS(call, status, part)                                                                                      \
    do {                                                                                                               \
        ck_assert_int_eq((call), (status));                                                                            \
        ck_assert_msg(strstr(wg_error(), (part)) != NULL, "%s lacks %s", wg_error(), (part));                          \
    } while (0)

static float element(const wg_exec *e, const wg_node *n, int64_t i) { return (float)wg_view_at(wg_result(e, n), i); }

/* ---- feeds ---- */

START_TEST(a_missing_input_is_named)
{
    fixture f = begin();
    wg_node *y = wg_relu(f.x);
    f.e = exec_of(f.g, WG_INFER, WG_NODES(y), NULL);
    FAILS(wg_run(f.e), WG_ERR_UNFED, "x");
    ck_assert_str_eq(wg_exec_error(f.e), wg_error());
    OK(wg_feed(f.e, f.x, WG_VIEW(rows, 1, 3)));
    OK(wg_run(f.e));
    end(&f);
}
END_TEST

START_TEST(a_wrong_feed_is_remembered_until_a_right_one)
{
    fixture f = begin();
    static const double wide[3] = { 0 };
    wg_node *y = wg_relu(f.x);
    f.e = exec_of(f.g, WG_INFER, WG_NODES(y), NULL);
    FAILS(wg_feed(f.e, f.x, WG_VIEW(rows, 3, 4)), WG_ERR_SHAPE, "(3,4)");
    FAILS(wg_run(f.e), WG_ERR_SHAPE, "(3,4)");
    FAILS(wg_bind(f.e, f.x, WG_VIEW(wide, 1, 3)), WG_ERR_DTYPE, "f64");
    FAILS(wg_run(f.e), WG_ERR_DTYPE, "f64");
    FAILS(wg_bind(f.e, y, WG_VIEW(rows, 1, 3)), WG_ERR_ARG, "no input");
    FAILS(wg_run(f.e), WG_ERR_ARG, "no input");
    OK(wg_bind(f.e, f.x, WG_VIEW(rows, 1, 3)));
    OK(wg_run(f.e));
    end(&f);
}
END_TEST

START_TEST(feeds_are_copied_and_bindings_read_again)
{
    fixture f = begin();
    float mine[3] = { 1, 2, 3 };
    wg_node *y = wg_neg(f.x);
    f.e = exec_of(f.g, WG_INFER, WG_NODES(y), NULL);
    OK(wg_feed(f.e, f.x, WG_VIEW(mine, 1, 3)));
    mine[0] = 9;
    OK(wg_run(f.e));
    ck_assert_float_eq(element(f.e, y, 0), -1);
    OK(wg_bind(f.e, f.x, WG_VIEW(mine, 1, 3)));
    OK(wg_run(f.e));
    ck_assert_float_eq(element(f.e, y, 0), -9);
    mine[0] = 8;
    OK(wg_run(f.e));
    ck_assert_float_eq(element(f.e, y, 0), -8);
    end(&f);
}
END_TEST

START_TEST(strided_and_misaligned_views_are_read)
{
    fixture f = begin();
    wg_node *y = wg_shift(f.x, 1);
    f.e = exec_of(f.g, WG_INFER, WG_NODES(y), NULL);
    wg_view columns = { .data = rows, .shape = WG_SHAPE(2, 3), .stride = { 1, 2 }, .dtype = WG_F32, .strided = true };
    OK(wg_bind(f.e, f.x, columns));
    OK(wg_run(f.e));
    ck_assert_float_eq(element(f.e, y, 1), 4); /* row 0, column 1 is rows[2] */
    ck_assert_float_eq(element(f.e, y, 3), 3);
    OK(wg_feed(f.e, f.x, columns));
    OK(wg_run(f.e));
    ck_assert_float_eq(element(f.e, y, 5), 7);
    static char odd[1 + sizeof rows];
    memcpy(odd + 1, rows, sizeof rows);
    OK(wg_bind(f.e, f.x, wg_view_of(odd + 1, WG_F32, WG_SHAPE(4, 3))));
    OK(wg_run(f.e));
    ck_assert_float_eq(element(f.e, y, 11), 13);
    end(&f);
}
END_TEST

START_TEST(equal_letters_must_agree)
{
    fixture f = begin();
    wg_node *z = wg_input(f.g, "z", WG_F32, WG_SHAPE(WG_BATCH, 3)), *y = wg_add(f.x, z);
    f.e = exec_of(f.g, WG_INFER, WG_NODES(y), NULL);
    OK(wg_bind(f.e, f.x, WG_VIEW(rows, 2, 3)));
    OK(wg_bind(f.e, z, WG_VIEW(rows, 1, 3)));
    FAILS(wg_prepare(f.e), WG_ERR_SHAPE, "size N is 2 in x but 1 in z");
    OK(wg_bind(f.e, z, WG_VIEW(rows, 2, 3)));
    OK(wg_run(f.e));
    end(&f);
}
END_TEST

START_TEST(a_broadcast_must_be_declared)
{
    wg_graph *g = wg_graph_new();
    wg_node *a = wg_input(g, "a", WG_F32, WG_SHAPE(WG_ANY, 3)), *b = wg_input(g, "b", WG_F32, WG_SHAPE(4, 3));
    wg_node *y = wg_add(a, b);
    if (y) { /* refused when it is built, or when it is run */
        wg_exec *e = exec_of(g, WG_INFER, WG_NODES(y), NULL);
        OK(wg_bind(e, a, WG_VIEW(rows, 1, 3)));
        OK(wg_bind(e, b, WG_VIEW(rows, 4, 3)));
        FAILS(wg_run(e), WG_ERR_SHAPE, "broadcast");
        OK(wg_bind(e, a, WG_VIEW(rows, 4, 3)));
        OK(wg_run(e));
        wg_exec_free(e);
    }
    wg_graph_free(g);
}
END_TEST

START_TEST(a_variable_may_be_fed_for_one_exec)
{
    fixture f = begin();
    wg_node *w = wg_param(f.g, "w", WG_F32, WG_SHAPE(3), wg_init_constant(2));
    wg_node *y = wg_mul(f.x, w), *grown = wg_assign(w, wg_shift(w, 1));
    f.e = exec_of(f.g, WG_TRAIN, WG_NODES(y, grown), NULL);
    OK(wg_bind(f.e, f.x, WG_VIEW(rows, 1, 3)));
    OK(wg_feed(f.e, w, WG_VIEW(rows + 9, 3)));
    OK(wg_run(f.e));
    ck_assert_float_eq(element(f.e, y, 1), 22);
    ck_assert_float_eq((float)wg_view_at(wg_get(wg_graph_store(f.g), w), 0), 11); /* what was fed, and one */
    end(&f);
}
END_TEST

START_TEST(batches_of_many_sizes_alternate)
{
    fixture f = begin();
    wg_node *y = wg_sum(wg_square(f.x), WG_ALL_AXES, false);
    f.e = exec_of(f.g, WG_INFER, WG_NODES(y), NULL);
    for (int round = 0; round < 20; round++) {
        int64_t n = (round * 3) % 5; /* 0 rows too */
        float sum = 0;
        for (int64_t i = 0; i < n * 3; i++)
            sum += rows[i] * rows[i];
        OK(wg_bind(f.e, f.x, WG_VIEW(rows, n, 3)));
        OK(wg_run(f.e));
        ck_assert_float_eq((float)wg_scalar(f.e, y), sum);
    }
    end(&f);
}
END_TEST

/* ---- results ---- */

START_TEST(results_are_only_of_what_was_wanted)
{
    fixture f = begin();
    wg_node *y = wg_relu(f.x), *z = wg_neg(y);
    f.e = exec_of(f.g, WG_INFER, WG_NODES(z, f.x), NULL);
    ck_assert_ptr_null(wg_result(f.e, z).data);
    OK(wg_bind(f.e, f.x, WG_VIEW(rows, 2, 3)));
    OK(wg_run(f.e));
    ck_assert_ptr_null(wg_result(f.e, y).data);
    ck_assert_msg(strstr(wg_error(), "wants"), "%s", wg_error());
    ck_assert_ptr_eq(wg_result(f.e, f.x).data, rows);
    ck_assert(isnan(wg_scalar(f.e, z)));
    ck_assert_int_eq((int)wg_result(f.e, z).shape.dim[0], 2);
    end(&f);
}
END_TEST

/* Such a store would hold the graph, and the graph the store, for ever: the leak checkers look on. */
START_TEST(a_graph_that_was_given_up_gets_no_store_of_its_own)
{
    wg_graph *g = wg_graph_new();
    wg_node *w = wg_param(g, "w", WG_F32, WG_SHAPE(2), wg_init_zeros());
    wg_store *s = wg_store_new(g, 1);
    wg_graph_free(g);
    ck_assert_ptr_eq(wg_store_graph(s), g); /* held by the store */
    ck_assert_ptr_nonnull(wg_get(s, w).data);
    ck_assert_ptr_null(wg_graph_store(wg_store_graph(s)));
    FAILS(wg_error_status(), WG_ERR_ARG, "the graph was freed");
    ck_assert_ptr_null(wg_compile(wg_store_graph(s), WG_INFER, WG_NODES(w)));
    FAILS(wg_error_status(), WG_ERR_ARG, "the graph was freed");
    wg_store_free(s);
}
END_TEST

START_TEST(nothing_wanted_and_failed_nodes_are_refused)
{
    fixture f = begin();
    ck_assert_ptr_null(wg_compile(f.g, WG_INFER, (wg_nodes){ NULL, 0 }));
    ck_assert_int_eq(wg_error_status(), WG_ERR_ARG);
    ck_assert_ptr_null(wg_compile(f.g, (wg_mode)2, WG_NODES(f.x)));
    FAILS(wg_error_status(), WG_ERR_ARG, "there is no mode 2");
    wg_node *bad = wg_matmul(f.x, wg_param(f.g, "w", WG_F32, WG_SHAPE(4, 2), wg_init_he()));
    ck_assert_ptr_null(bad);
    ck_assert_ptr_null(wg_compile(f.g, WG_INFER, WG_NODES(bad)));
    FAILS(wg_error_status(), WG_ERR_GRAPH, "matmul");
    end(&f);
}
END_TEST

START_TEST(a_program_without_checks_still_tells_what_failed_first)
{
    forget_failures();
    ck_assert_int_eq(wg_run(NULL), WG_ERR_ARG); /* nothing has failed before */
    fixture f = begin();
    wg_node *bad = wg_matmul(f.x, wg_param(f.g, "w", WG_F32, WG_SHAPE(4, 2), wg_init_he()));
    wg_plan *plan = wg_compile(f.g, WG_INFER, WG_NODES(bad));
    f.e = wg_exec_new(plan);
    FAILS(wg_bind(f.e, f.x, WG_VIEW(rows, 2, 3)), WG_ERR_GRAPH, "matmul: inner sizes differ");
    FAILS(wg_run(f.e), WG_ERR_GRAPH, "matmul: inner sizes differ");
    ck_assert_ptr_null(wg_result(f.e, bad).data);
    FAILS(wg_save(wg_graph_store(f.g), "never.npz", NULL), WG_ERR_GRAPH, "matmul: inner sizes differ");
    end(&f);
}
END_TEST

struct heard {
    int errors, programs;
};

static void hear(void *user, wg_level level, const char *text)
{
    struct heard *h = user;
    h->errors += level == WG_ERROR && strstr(text, "was not fed") != NULL;
    h->programs += level == WG_DEBUG && strstr(text, "program") != NULL;
}

START_TEST(the_message_hook_hears_failures_and_programs)
{
    struct heard h = { 0, 0 };
    wg_graph *g = wg_graph_new_with(WG_OPTS(wg_graph_opts, .user = &h, .message = hear));
    wg_node *x = wg_input(g, "x", WG_F32, WG_SHAPE(WG_BATCH, 3)), *y = wg_relu(x);
    wg_exec *e = exec_of(g, WG_INFER, WG_NODES(y), NULL);
    FAILS(wg_run(e), WG_ERR_UNFED, "x");
    ck_assert_int_eq(h.errors, 1);
    OK(wg_bind(e, x, WG_VIEW(rows, 2, 3)));
    OK(wg_run(e));
    OK(wg_run(e)); /* the same shapes: nothing new */
    ck_assert_int_eq(h.programs, 1);
    wg_exec_free(e), wg_graph_free(g);
}
END_TEST

START_TEST(another_store_takes_the_results_with_it)
{
    fixture f = begin();
    wg_node *w = wg_param(f.g, "w", WG_F32, WG_SHAPE(3), wg_init_constant(1));
    f.e = exec_of(f.g, WG_INFER, WG_NODES(w), NULL);
    wg_store *mine = wg_store_copy(wg_graph_store(f.g)), *other = wg_store_copy(mine);
    OK(wg_exec_use(f.e, mine));
    wg_store_free(mine);
    OK(wg_run(f.e));
    OK(wg_exec_use(f.e, other)); /* which frees `mine`, and the memory that the result was */
    ck_assert_ptr_null(wg_result(f.e, w).data);
    OK(wg_run(f.e));
    ck_assert_float_eq(element(f.e, w, 2), 1);
    wg_store_free(other);
    end(&f);
}
END_TEST

START_TEST(a_size_that_was_forgotten_is_told)
{
    fixture f = begin();
    wg_plan *plan = wg_compile(f.g, WG_INFER, WG_NODES(wg_relu(f.x)));
    ck_assert_ptr_null(wg_exec_new_with(plan, &(wg_exec_opts){ .threads = 2 }));
    FAILS(wg_error_status(), WG_ERR_ARG, "wg_exec_opts: size is 0");
    FAILS(wg_save(wg_graph_store(f.g), "never.npz", &(wg_save_opts){ .level = 1 }), WG_ERR_ARG, "wg_save_opts");
    ck_assert_ptr_null(wg_momentum(wg_grads_of(wg_sum(f.x, WG_ALL_AXES, false), WG_NODES(f.x)), wg_const(f.g, 0.1),
                                   &(wg_sgd_opts){ .nesterov = true }));
    FAILS(wg_error_status(), WG_ERR_ARG, "wg_sgd_opts");
    wg_plan_free(plan);
    end(&f);
}
END_TEST

START_TEST(parents_may_be_freed_first)
{
    fixture f = begin();
    wg_node *y = wg_mul(f.x, wg_param(f.g, "w", WG_F32, WG_SHAPE(3), wg_init_constant(3)));
    wg_plan *p = wg_compile(f.g, WG_INFER, WG_NODES(y));
    wg_graph_free(f.g);
    wg_exec *e = wg_exec_new(p);
    wg_plan_free(p);
    OK(wg_bind(e, f.x, WG_VIEW(rows, 1, 3)));
    OK(wg_run(e));
    ck_assert_float_eq(element(e, y, 2), 9);
    wg_exec_free(e);
}
END_TEST

/* ---- assigns ---- */

START_TEST(reads_see_values_from_before_the_run)
{
    wg_graph *g = wg_graph_new();
    wg_node *a = wg_variable(g, "a", WG_F64, WG_SHAPE(2), wg_init_constant(1));
    wg_node *b = wg_variable(g, "b", WG_F64, WG_SHAPE(2), wg_init_constant(2));
    wg_node *swap = wg_group(WG_NODES(wg_assign(a, b), wg_assign(b, a)));
    wg_exec *e = exec_of(g, WG_TRAIN, WG_NODES(swap, a), NULL);
    for (int i = 0; i < 3; i++) {
        OK(wg_run(e));
        ck_assert_double_eq(wg_view_at(wg_result(e, a), 0), i % 2 ? 2 : 1);
        ck_assert_double_eq(wg_view_at(wg_get(wg_graph_store(g), a), 1), i % 2 ? 1 : 2);
        ck_assert_double_eq(wg_view_at(wg_get(wg_graph_store(g), b), 1), i % 2 ? 2 : 1);
    }
    wg_exec_free(e);
    wg_graph_free(g);
}
END_TEST

START_TEST(late_readers_of_a_variable_see_the_old_value)
{
    wg_graph *g = wg_graph_new();
    wg_node *a = wg_variable(g, "a", WG_F64, WG_SHAPE(3), wg_init_constant(1));
    wg_node *up = wg_assign(a, wg_shift(a, 1)), *late = wg_sum(wg_mul(a, wg_scale(a, 3)), WG_ALL_AXES, false);
    wg_node *crossed = wg_variable(g, "b", WG_F64, WG_SHAPE(3), wg_init_constant(5));
    wg_node *down = wg_assign(crossed, wg_sub(crossed, a));
    wg_exec *e = exec_of(g, WG_TRAIN, WG_NODES(up, late, down), NULL);
    OK(wg_run(e));
    ck_assert_double_eq(wg_scalar(e, late), 9);
    OK(wg_run(e));
    ck_assert_double_eq(wg_scalar(e, late), 36);
    ck_assert_double_eq(wg_view_at(wg_get(wg_graph_store(g), crossed), 0), 2);
    wg_exec_free(e);
    wg_graph_free(g);
}
END_TEST

START_TEST(two_assigns_to_one_variable_are_refused)
{
    wg_graph *g = wg_graph_new();
    wg_node *a = wg_variable(g, "a", WG_F64, WG_SHAPE(2), wg_init_zeros());
    wg_node *twice = wg_group(WG_NODES(wg_assign(a, wg_shift(a, 1)), wg_assign(a, wg_shift(a, 2))));
    ck_assert_ptr_null(wg_compile(g, WG_TRAIN, WG_NODES(twice)));
    FAILS(wg_error_status(), WG_ERR_ASSIGN, "a");
    wg_graph_free(g);
}
END_TEST

/* A model of one layer with Adam, whose labels may be outside 0..1. */
typedef struct model {
    wg_graph *g;
    wg_node *x, *y, *w, *loss;
    wg_exec *e;
} model;

static model train(int threads, bool check_finite)
{
    model m = { .g = wg_graph_new() };
    m.x = wg_input(m.g, "x", WG_F32, WG_SHAPE(WG_BATCH, 3));
    m.y = wg_input(m.g, "y", WG_F32, WG_SHAPE(WG_BATCH, 1));
    m.w = wg_param(m.g, "w", WG_F32, WG_SHAPE(3, 1), wg_init_constant(0.25));
    m.loss = wg_bce(wg_sigmoid(wg_matmul(m.x, m.w)), m.y, WG_MEAN);
    wg_node *step = wg_adam(wg_grads_of(m.loss, wg_trainable(m.loss)), wg_const(m.g, 0.1), NULL);
    m.e = exec_of(m.g, WG_TRAIN, WG_NODES(m.loss, step),
                  WG_OPTS(wg_exec_opts, .threads = threads, .check_finite = check_finite));
    return m;
}

static void free_model(model *m)
{
    wg_exec_free(m->e);
    wg_graph_free(m->g);
}

START_TEST(a_run_that_fails_changes_nothing)
{
    static const int threads[] = { 1, 4 };
    setenv("WENGERT_GRAIN", _i & 2 ? "1" : "0", 1);
    model m = train(threads[_i & 1], false);
    static const float good[4] = { 0, 1, 1, 0 }, bad[4] = { 0, 1, 2, 3 };
    OK(wg_bind(m.e, m.x, WG_VIEW(rows, 4, 3)));
    OK(wg_bind(m.e, m.y, WG_VIEW(bad, 4, 1)));
    FAILS(wg_run(m.e), WG_ERR_RANGE, "label 2 at 2");
    ck_assert_ptr_null(wg_result(m.e, m.loss).data);
    for (int i = 0; i < 3; i++)
        ck_assert_float_eq((float)wg_view_at(wg_get(wg_graph_store(m.g), m.w), i), 0.25f);
    ck_assert_int_eq((int)wg_store_step(wg_graph_store(m.g)), 0);
    OK(wg_bind(m.e, m.y, WG_VIEW(good, 4, 1)));
    OK(wg_run(m.e));
    ck_assert_int_eq((int)wg_store_step(wg_graph_store(m.g)), 1);
    ck_assert_float_ne((float)wg_view_at(wg_get(wg_graph_store(m.g), m.w), 0), 0.25f);
    free_model(&m);
    unsetenv("WENGERT_GRAIN");
}
END_TEST

START_TEST(check_finite_stops_before_any_assign)
{
    setenv("WENGERT_GRAIN", _i & 2 ? "1" : "0", 1);
    model m = train(_i & 1 ? 4 : 1, true);
    static const float labels[4] = { 0, 1, 1, 0 };
    float x[12];
    memcpy(x, rows, sizeof x);
    x[7] = INFINITY;
    OK(wg_bind(m.e, m.x, WG_VIEW(x, 4, 3)));
    OK(wg_bind(m.e, m.y, WG_VIEW(labels, 4, 1)));
    FAILS(wg_run(m.e), WG_ERR_NUMERIC, "matmul");
    ck_assert_float_eq((float)wg_view_at(wg_get(wg_graph_store(m.g), m.w), 1), 0.25f);
    ck_assert_int_eq((int)wg_store_step(wg_graph_store(m.g)), 0);
    OK(wg_bind(m.e, m.x, WG_VIEW(rows, 4, 3)));
    OK(wg_run(m.e));
    ck_assert_int_eq((int)wg_store_step(wg_graph_store(m.g)), 1);
    free_model(&m);
    unsetenv("WENGERT_GRAIN");
}
END_TEST

START_TEST(check_finite_names_the_first_node_inside_a_fused_chain)
{
    setenv("WENGERT_GRAIN", _i & 2 ? "1" : "0", 1);
    wg_graph *g = wg_graph_new();
    static float x[70000];
    for (int i = 0; i < 70000; i++)
        x[i] = 1;
    x[69999] = -1; /* its logarithm is not finite, in the last block of the last worker */
    x[0] = 1000;   /* its exponential neither, in the first */
    wg_node *in = wg_input(g, "x", WG_F32, WG_SHAPE(WG_BATCH));
    wg_node *l = wg_log(in), *y = wg_add(wg_exp(wg_scale(in, 2)), wg_relu(l));
    wg_exec *e =
        exec_of(g, WG_INFER, WG_NODES(y), WG_OPTS(wg_exec_opts, .threads = _i & 1 ? 3 : 1, .check_finite = true));
    OK(wg_bind(e, in, WG_VIEW(x, 70000)));
    FAILS(wg_run(e), WG_ERR_NUMERIC, "log");
    ck_assert_msg(strstr(wg_error(), "log(x)"), "%s", wg_error());
    wg_exec_free(e);
    wg_graph_free(g);
    unsetenv("WENGERT_GRAIN");
}
END_TEST

START_TEST(a_store_in_use_is_busy)
{
    model m = train(1, false);
    static const float labels[4] = { 0, 1, 1, 0 };
    OK(wg_bind(m.e, m.x, WG_VIEW(rows, 4, 3)));
    OK(wg_bind(m.e, m.y, WG_VIEW(labels, 4, 1)));
    wg_store *s = wg_graph_store(m.g);
    ck_assert(wg__store_enter(s, false));
    FAILS(wg_run(m.e), WG_ERR_BUSY, "store");
    wg__store_leave(s, false);
    OK(wg_run(m.e));
    free_model(&m);
}
END_TEST

START_TEST(stores_can_be_exchanged)
{
    fixture f = begin();
    wg_node *w = wg_param(f.g, "w", WG_F32, WG_SHAPE(3), wg_init_constant(2)), *y = wg_mul(f.x, w);
    f.e = exec_of(f.g, WG_INFER, WG_NODES(y), NULL);
    wg_store *other = wg_store_new(f.g, 5);
    static const float fives[] = { 5, 5, 5 };
    OK(wg_set(other, w, WG_VIEW(fives, 3)));
    OK(wg_bind(f.e, f.x, WG_VIEW(rows, 1, 3)));
    OK(wg_run(f.e));
    ck_assert_float_eq(element(f.e, y, 2), 6);
    OK(wg_exec_use(f.e, other));
    wg_store_free(other);
    OK(wg_run(f.e));
    ck_assert_float_eq(element(f.e, y, 2), 15);
    wg_graph *g2 = wg_graph_new();
    ck_assert_int_eq(wg_exec_use(f.e, wg_graph_store(g2)), WG_ERR_MISMATCH);
    wg_graph_free(g2);
    end(&f);
}
END_TEST

/* ---- memory ---- */

START_TEST(a_limit_of_memory_leaves_smaller_batches_possible)
{
    fixture f = begin();
    wg_node *y = wg_matmul(wg_relu(f.x), wg_param(f.g, "w", WG_F32, WG_SHAPE(3, 64), wg_init_he()));
    f.e = exec_of(f.g, WG_INFER, WG_NODES(y), WG_OPTS(wg_exec_opts, .memory_limit = 8192));
    static float many[3 * 1024];
    int64_t n = 1024;
    for (; n; n /= 2) {
        OK(wg_bind(f.e, f.x, WG_VIEW(many, n, 3)));
        wg_status status = wg_run(f.e);
        if (!status)
            break;
        ck_assert_int_eq(status, WG_ERR_NOMEM);
    }
    ck_assert_int_gt((int)n, 4);
    ck_assert_int_lt((int)n, 64);
    end(&f);
}
END_TEST

START_TEST(every_allocation_of_preparing_may_fail)
{
    for (size_t i = 1;; i++) {
        model m = train(2, false);
        static const float labels[4] = { 0, 1, 1, 0 };
        OK(wg_bind(m.e, m.x, WG_VIEW(rows, 4, 3)));
        OK(wg_bind(m.e, m.y, WG_VIEW(labels, 4, 1)));
        wg__alloc_fail_at(i, 0);
        wg_status status = wg_run(m.e);
        wg__alloc_fail_at(0, 0);
        if (status)
            ck_assert_int_eq(status, WG_ERR_NOMEM);
        OK(wg_run(m.e)); /* memory is there again */
        free_model(&m);
        if (!status)
            break;
    }
}
END_TEST

START_TEST(a_run_allocates_nothing)
{
    model m = train(1, false);
    static const float labels[4] = { 0, 1, 1, 0 };
    OK(wg_bind(m.e, m.x, WG_VIEW(rows, 4, 3)));
    OK(wg_bind(m.e, m.y, WG_VIEW(labels, 4, 1)));
    OK(wg_prepare(m.e));
    wg__alloc_fail_at(0, 0);
    for (int i = 0; i < 5; i++)
        OK(wg_run(m.e));
    OK(wg_bind(m.e, m.x, WG_VIEW(rows, 4, 3)));
    OK(wg_run(m.e));
    ck_assert_uint_eq(wg__alloc_fail_at(0, 0), 0);
    free_model(&m);
}
END_TEST

START_TEST(a_chain_is_one_instruction_that_needs_no_memory_inside)
{
    wg_graph *g = wg_graph_new();
    static float x[10000];
    wg_node *in = wg_input(g, "x", WG_F32, WG_SHAPE(WG_BATCH)), *y = in;
    for (int i = 0; i < 100; i++)
        y = wg_tanh(wg_shift(y, 0.5));
    wg_exec *e = exec_of(g, WG_INFER, WG_NODES(y), WG_OPTS(wg_exec_opts, .threads = 1));
    OK(wg_bind(e, in, WG_VIEW(x, 10000)));
    wg_exec_stats s = { .size = sizeof s };
    OK(wg_exec_describe(e, &s));
    ck_assert_int_eq((int)s.instructions, 1);
    ck_assert_int_eq((int)s.fused, 200);
    ck_assert_uint_lt(s.arena, 10000 * sizeof(float) + 64);
    char *text = wg_exec_listing(e);
    ck_assert(text && strstr(text, "tanh"));
    wg_text_free(text);
    wg_exec_free(e);
    wg_graph_free(g);
}
END_TEST

/* ---- threads ---- */

START_TEST(the_first_failure_in_program_order_is_told)
{
    setenv("WENGERT_GRAIN", "1", 1);
    wg_graph *g = wg_graph_new();
    static float p[4096], labels[4096];
    for (int i = 0; i < 4096; i++)
        p[i] = 0.5;
    labels[4000] = 7;
    labels[3000] = 9;
    wg_node *x = wg_input(g, "p", WG_F32, WG_SHAPE(WG_BATCH)), *y = wg_input(g, "y", WG_F32, WG_SHAPE(WG_BATCH));
    wg_node *first = wg_bce(x, y, WG_MEAN), *second = wg_bce(wg_scale(x, 0.5), y, WG_MEAN);
    wg_node *both = wg_add(first, second);
    char expected[512] = "";
    for (int threads = 1; threads <= 8; threads++) {
        wg_exec *e = exec_of(g, WG_INFER, WG_NODES(both), WG_OPTS(wg_exec_opts, .threads = threads));
        OK(wg_bind(e, x, WG_VIEW(p, 4096)));
        OK(wg_bind(e, y, WG_VIEW(labels, 4096)));
        for (int i = 0; i < 20; i++) {
            FAILS(wg_run(e), WG_ERR_RANGE, "label 9 at 3000");
            if (!*expected)
                strcpy(expected, wg_error());
            ck_assert_str_eq(wg_error(), expected);
        }
        wg_exec_free(e);
    }
    wg_graph_free(g);
    unsetenv("WENGERT_GRAIN");
}
END_TEST

typedef struct request {
    const wg_plan *plan;
    wg_node *x, *y;
    float scale, got;
} request;

static void *serve(void *arg)
{
    request *r = arg;
    wg_exec *e = wg_exec_new_with(r->plan, WG_OPTS(wg_exec_opts, .threads = 1));
    float x[3] = { r->scale, r->scale, r->scale };
    for (int i = 0; e && i < 200; i++)
        if (wg_bind(e, r->x, WG_VIEW(x, 1, 3)) || wg_run(e))
            break;
        else
            r->got = element(e, r->y, 0);
    wg_exec_free(e);
    return NULL;
}

/* What a run would take alone and together, for so many runs. Returns in how many of them workers ran together. */
static int runs_together(wg__pace *p, double alone, double together, int runs)
{
    int n = 0;
    for (int i = 0; i < runs; i++) {
        n += p->together;
        wg__pace_note(p, p->together ? together : alone);
    }
    return n;
}

START_TEST(the_quicker_way_to_run_is_kept_and_the_other_tried_again)
{
    wg__pace p;
    wg__pace_begin(&p);
    const int slow = runs_together(&p, 1e-4, 1e-2, 20000);
    ck_assert_int_gt(slow, 0);
    ck_assert_int_lt(slow, 20000 / 50);
    ck_assert_int_gt(runs_together(&p, 1e-4, 5e-5, 20000), 20000 / 2); /* the machine has become idle */
    ck_assert_int_lt(runs_together(&p, 1e-4, 1e-2, 20000), 20000 / 50);
}
END_TEST

START_TEST(a_spoilt_trial_is_soon_made_again)
{
    wg__pace p;
    wg__pace_begin(&p);
    runs_together(&p, 2e-3, 5e-3, 8); /* others had the machine for a moment */
    ck_assert(!p.together);
    ck_assert_int_gt(runs_together(&p, 2e-3, 1e-3, 100), 50);
}
END_TEST

#ifdef _OPENMP
START_TEST(a_program_runs_with_all_workers_or_alone_to_the_same_bits)
{
    wg_graph *g = wg_graph_new();
    wg_node *x = wg_input(g, "x", WG_F32, WG_SHAPE(512, 512));
    wg_node *y = wg_sum(wg_exp(wg_sin(x)), WG_AXES(0), false);
    wg_exec *e = exec_of(g, WG_INFER, WG_NODES(y), WG_OPTS(wg_exec_opts, .threads = 2));
    float *values = malloc(512 * 512 * sizeof *values), first[512];
    bool was[2] = { false, false };
    ck_assert_ptr_nonnull(values);
    for (int i = 0; i < 512 * 512; i++)
        values[i] = (float)(i % 1000) * 0.003f;
    ck_assert_int_eq(wg_bind(e, x, wg_view_of(values, WG_F32, WG_SHAPE(512, 512))), WG_OK);
    for (int run = 0; run < 12; run++) {
        ck_assert_int_eq(wg_prepare(e), WG_OK);
        was[e->now->pace.together] = true;
        ck_assert_int_eq(wg_run(e), WG_OK);
        if (run == 0)
            memcpy(first, wg_result(e, y).data, sizeof first);
        ck_assert_mem_eq(first, wg_result(e, y).data, sizeof first);
    }
    ck_assert(was[0] && was[1]);
    wg_exec_free(e);
    wg_graph_free(g);
    free(values);
}
END_TEST
#endif

START_TEST(many_threads_share_a_plan)
{
    fixture f = begin();
    wg_node *y = wg_matmul(wg_relu(f.x), wg_param(f.g, "w", WG_F32, WG_SHAPE(3, 2), wg_init_constant(2)));
    wg_plan *p = wg_compile(f.g, WG_INFER, WG_NODES(y));
    pthread_t thread[8];
    request r[8];
    for (int i = 0; i < 8; i++) {
        r[i] = (request){ .plan = p, .x = f.x, .y = y, .scale = (float)i };
        ck_assert_int_eq(pthread_create(&thread[i], NULL, serve, &r[i]), 0);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(thread[i], NULL);
        ck_assert_float_eq(r[i].got, 6 * (float)i);
    }
    wg_plan_free(p);
    wg_graph_free(f.g);
}
END_TEST

typedef struct compiling {
    wg_graph *g;
    wg_node *x, *y;
    bool done;
} compiling;

static void *compile_and_run(void *arg)
{
    compiling *c = arg;
    wg_plan *p = wg_compile(c->g, WG_INFER, WG_NODES(c->y));
    wg_exec *e = wg_exec_new_with(p, WG_OPTS(wg_exec_opts, .threads = 1));
    c->done = e && !wg_bind(e, c->x, WG_VIEW(rows, 4, 3)) && !wg_run(e) && element(e, c->y, 0) == 12;
    wg_exec_free(e);
    wg_plan_free(p);
    return NULL;
}

START_TEST(many_threads_compile_one_graph)
{
    fixture f = begin();
    wg_node *y = wg_matmul(wg_relu(f.x), wg_param(f.g, "w", WG_F32, WG_SHAPE(3, 2), wg_init_constant(2)));
    pthread_t thread[8];
    compiling c[8];
    for (int i = 0; i < 8; i++) {
        c[i] = (compiling){ .g = f.g, .x = f.x, .y = y };
        ck_assert_int_eq(pthread_create(&thread[i], NULL, compile_and_run, &c[i]), 0);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(thread[i], NULL);
        ck_assert(c[i].done);
    }
    end(&f);
}
END_TEST

/* ---- modes, randomness, users' operators ---- */

START_TEST(dropout_follows_mode_and_step)
{
    wg_graph *g = wg_graph_new();
    static float ones[1000];
    for (int i = 0; i < 1000; i++)
        ones[i] = 1;
    wg_node *x = wg_input(g, "x", WG_F32, WG_SHAPE(WG_BATCH)), *d = wg_dropout(x, 0.5),
            *s = wg_sum(d, WG_ALL_AXES, false);
    wg_node *count = wg_step_counter(g), *next = wg_assign(count, wg_shift(count, 1));
    wg_exec *infer = exec_of(g, WG_INFER, WG_NODES(s), NULL), *fit = exec_of(g, WG_TRAIN, WG_NODES(s, next), NULL);
    OK(wg_bind(infer, x, WG_VIEW(ones, 1000)));
    OK(wg_bind(fit, x, WG_VIEW(ones, 1000)));
    OK(wg_run(infer));
    ck_assert_double_eq(wg_scalar(infer, s), 1000);
    OK(wg_run(fit));
    double first = wg_scalar(fit, s);
    OK(wg_run(fit));
    ck_assert_double_ne(wg_scalar(fit, s), first);
    ck_assert(first > 800 && first < 1200);
    wg_exec_free(infer);
    wg_exec_free(fit);
    wg_graph_free(g);
}
END_TEST

/* Doubles its operand, and tells every element its place in the whole; refuses negative elements. */
WG_KERNEL(
    place_forward, const T *x = c->in[0]; T *y = c->out; for (int64_t i = begin; i < end; i++) {
        if (x[i] < 0)
            return wg_call_fail(c, WG_ERR_RANGE, "negative at %d", (int)(c->first + i));
        y[i] = 2 * x[i] + (T)(c->first + i);
    })
static const wg_op place = { WG_OP,
                             .name = "place",
                             .doc = "2 x + i",
                             .arity = 1,
                             .flags = WG_ELEMENTWISE | WG_NO_GRADIENT,
                             .forward = WG_BOTH(place_forward) };

START_TEST(users_operators_are_fused_and_told_where_they_are)
{
    wg_graph *g = wg_graph_new();
    enum { MANY = 50000 };
    static float ones[MANY];
    for (int i = 0; i < MANY; i++)
        ones[i] = 1;
    wg_node *x = wg_input(g, "x", WG_F32, WG_SHAPE(WG_BATCH));
    wg_node *y = wg_neg(wg_apply(&place, WG_NODES(wg_relu(x)), NULL)), *z = wg_apply(&place, WG_NODES(x), NULL);
    wg_exec *e = exec_of(g, WG_INFER, WG_NODES(y, z), WG_OPTS(wg_exec_opts, .threads = 3));
    OK(wg_bind(e, x, WG_VIEW(ones, MANY)));
    OK(wg_run(e));
    for (int i = 0; i < MANY; i += 777)
        ck_assert_float_eq(element(e, y, i), -(2 + (float)i));
    ones[40000] = -1;
    FAILS(wg_run(e), WG_ERR_RANGE, "place(x)");
    FAILS(wg_error_status(), WG_ERR_RANGE, "negative at 40000");
    wg_exec_free(e);
    wg_graph_free(g);
}
END_TEST

/* Of x (n): its first n - 1 elements, and their sum; of one element the first result is empty. */
WG_KERNEL(all_but_last, const T *x = c->in[0]; T *some = c->outs[0], *sum = c->outs[1]; *sum = 0; (void)begin, (void)end;
          for (int64_t i = 0; i < c->in_shape[0].dim[0] - 1; i++) *sum += some[i] = x[i];
          *sum += 7;)
static wg_status infer_all_but_last(wg_infer *t)
{
    t->out[0] = (wg_shape){ .dim = { t->in[0].dim[0] - 1 }, .rank = 1 };
    t->out[1] = WG_SCALAR;
    t->out_type[1] = t->out_type[0];
    return WG_OK;
}

START_TEST(a_result_is_written_although_another_is_empty)
{
    static const wg_op op = { WG_OP, .name = "t_all_but_last", .doc = "all but the last, and 7 more than their sum", .arity = 1,
                              .results = 2, .infer = infer_all_but_last, .forward = WG_BOTH(all_but_last) };
    for (int n = 1; n <= 3; n++) {
        wg_graph *g = wg_graph_new();
        wg_node *x = wg_input(g, "x", WG_F32, WG_SHAPE(n));
        wg_node *first = wg_apply(&op, WG_NODES(x), NULL), *sum = wg_node_results(first).at[1];
        wg_exec *e = exec_of(g, WG_INFER, WG_NODES(first, sum), NULL);
        wg_view plain;
        OK(wg_feed(e, x, WG_VIEW(rows, n)));
        OK(wg_run(e));
        ck_assert_float_eq(element(e, sum, 0), 7 + (float)(n * (n - 1)) / 2);
        OK(wg_interpret(e, sum, &plain));
        ck_assert_double_eq(wg_view_at(plain, 0), 7 + n * (n - 1) / 2.0);
        wg_exec_free(e);
        wg_graph_free(g);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("exec");
    TCase *t = tcase_create("exec");
    tcase_add_test(t, a_missing_input_is_named);
    tcase_add_test(t, a_wrong_feed_is_remembered_until_a_right_one);
    tcase_add_test(t, feeds_are_copied_and_bindings_read_again);
    tcase_add_test(t, strided_and_misaligned_views_are_read);
    tcase_add_test(t, equal_letters_must_agree);
    tcase_add_test(t, a_broadcast_must_be_declared);
    tcase_add_test(t, a_variable_may_be_fed_for_one_exec);
    tcase_add_test(t, batches_of_many_sizes_alternate);
    tcase_add_test(t, results_are_only_of_what_was_wanted);
    tcase_add_test(t, a_graph_that_was_given_up_gets_no_store_of_its_own);
    tcase_add_test(t, nothing_wanted_and_failed_nodes_are_refused);
    tcase_add_test(t, a_program_without_checks_still_tells_what_failed_first);
    tcase_add_test(t, the_message_hook_hears_failures_and_programs);
    tcase_add_test(t, another_store_takes_the_results_with_it);
    tcase_add_test(t, a_size_that_was_forgotten_is_told);
    tcase_add_test(t, parents_may_be_freed_first);
    tcase_add_test(t, reads_see_values_from_before_the_run);
    tcase_add_test(t, late_readers_of_a_variable_see_the_old_value);
    tcase_add_test(t, two_assigns_to_one_variable_are_refused);
    tcase_add_loop_test(t, a_run_that_fails_changes_nothing, 0, 4);
    tcase_add_loop_test(t, check_finite_stops_before_any_assign, 0, 4);
    tcase_add_loop_test(t, check_finite_names_the_first_node_inside_a_fused_chain, 0, 4);
    tcase_add_test(t, a_store_in_use_is_busy);
    tcase_add_test(t, stores_can_be_exchanged);
    tcase_add_test(t, a_limit_of_memory_leaves_smaller_batches_possible);
    tcase_add_test(t, every_allocation_of_preparing_may_fail);
    tcase_add_test(t, a_run_allocates_nothing);
    tcase_add_test(t, a_chain_is_one_instruction_that_needs_no_memory_inside);
    tcase_add_test(t, the_first_failure_in_program_order_is_told);
    tcase_add_test(t, the_quicker_way_to_run_is_kept_and_the_other_tried_again);
    tcase_add_test(t, a_spoilt_trial_is_soon_made_again);
#ifdef _OPENMP
    if (!wg__team_forced())
        tcase_add_test(t, a_program_runs_with_all_workers_or_alone_to_the_same_bits);
#endif
    tcase_add_test(t, many_threads_share_a_plan);
    tcase_add_test(t, many_threads_compile_one_graph);
    tcase_add_test(t, dropout_follows_mode_and_step);
    tcase_add_test(t, users_operators_are_fused_and_told_where_they_are);
    tcase_add_test(t, a_result_is_written_although_another_is_empty);
    suite_add_tcase(s, t);
    return run_suite(s);
}
