/* wg_remat: the same bits as without, in less memory. */
#include <string.h>

#include "suite.h"
#include <wengert.h>

enum { ROWS = 32, WIDTH = 16, DEPTH = 12 };

/* Which marks a model is built with. */
typedef enum marks { NO_MARKS, BY_BLOCK, IN_FOURS, NESTED } marks;

static wg_node *block(wg_graph *g, wg_node *x, int number)
{
    wg_scope_push(g, "block%d", number);
    wg_node *w = wg_param(g, "w", WG_F32, WG_SHAPE(WIDTH, WIDTH), wg_init_he());
    wg_node *gamma = wg_param(g, "gamma", WG_F32, WG_SHAPE(WIDTH), wg_init_constant(1));
    wg_scope_pop(g);
    wg_node *h = wg_layer_norm(x, gamma, NULL, WG_AXES(-1), 1e-5); /* gives way to a composition */
    h = wg_dropout(wg_gelu(wg_matmul(h, w)), 0.2);
    return wg_add(x, wg_softmax(wg_matmul(wg_tanh(h), w), -1));
}

static wg_node *model(wg_graph *g, wg_node *x, marks how)
{
    wg_node *start = x;
    for (int l = 0; l < DEPTH; l++) {
        wg_node *y = block(g, x, l);
        x = how == BY_BLOCK || how == NESTED ? wg_remat(y, WG_NODES(x)) : y;
        if ((how == IN_FOURS || how == NESTED) && l % 4 == 3) {
            x = wg_remat(x, WG_NODES(start));
            start = x;
        }
    }
    return wg_mean(wg_square(x), WG_ALL_AXES, false);
}

static wg_graph *new_graph(void) { return wg_graph_new_with(WG_OPTS(wg_graph_opts, .seed = 3, .threads = 1)); }

static wg_node *data(wg_graph *g)
{
    float x[ROWS * WIDTH];
    for (int i = 0; i < ROWS * WIDTH; i++)
        x[i] = (float)((i * 37) % 101) / 50 - 1;
    return wg_constant(g, "x", WG_VIEW(x, ROWS, WIDTH));
}

/* A model, its gradients, and what it needs to run. */
typedef struct run {
    wg_graph *g;
    wg_nodes wanted;
    wg_plan *plan;
    wg_exec *exec;
    wg_exec_stats stats;
} run;

static run begin(marks how, bool twice)
{
    run r = { .g = new_graph() };
    wg_node *loss = model(r.g, data(r.g), how);
    wg_grads d = wg_grads_of(loss, wg_trainable(loss));
    if (twice) { /* along all ones: second derivatives */
        wg_node *ones[2 * DEPTH];
        for (size_t i = 0; i < d.wrt.n; i++)
            ones[i] = wg_ones_like(d.wrt.at[i]);
        d = wg_hvp(loss, d.wrt, (wg_nodes){ ones, d.wrt.n });
    }
    ck_assert_msg(d.of.n == 2 * DEPTH, "%s", wg_error());
    r.wanted = d.of;
    r.plan = wg_compile(r.g, WG_TRAIN, r.wanted);
    r.exec = wg_exec_new(r.plan);
    ck_assert_msg(r.exec && wg_run(r.exec) == WG_OK, "%s", wg_error());
    r.stats.size = sizeof r.stats;
    ck_assert_int_eq(wg_exec_describe(r.exec, &r.stats), WG_OK);
    return r;
}

static void end(run *r) { wg_exec_free(r->exec), wg_plan_free(r->plan), wg_graph_free(r->g); }

static void assert_equal_bits(wg_view a, wg_view b)
{
    ck_assert(a.data && b.data && wg_shape_equal(a.shape, b.shape));
    ck_assert(!memcmp(a.data, b.data, (size_t)wg_shape_count(a.shape) * wg_dtype_size(a.dtype)));
}

START_TEST(gradients_have_the_same_bits)
{
    const bool twice = _i > 2;
    run kept = begin(NO_MARKS, twice), remade = begin((marks)(1 + _i % 3), twice);
    for (size_t i = 0; i < kept.wanted.n; i++)
        assert_equal_bits(wg_result(kept.exec, kept.wanted.at[i]), wg_result(remade.exec, remade.wanted.at[i]));
    end(&kept), end(&remade);
}
END_TEST

START_TEST(memory_shrinks_to_the_borders)
{
    run kept = begin(NO_MARKS, false), blocks = begin(BY_BLOCK, false), fours = begin(IN_FOURS, false);
    run nested = begin(NESTED, false);
    const size_t one = ROWS * WIDTH * sizeof(float);
    const size_t params = DEPTH * (WIDTH * WIDTH + WIDTH) * sizeof(float); /* their gradients are wanted */
    ck_assert_uint_gt(kept.stats.peak_live, params + 4 * DEPTH * one);
    ck_assert_uint_lt(blocks.stats.peak_live, params + (DEPTH + 8) * one);
    ck_assert_uint_lt(nested.stats.peak_live, params + (DEPTH / 4 + 4 + 8) * one);
    ck_assert_uint_lt(nested.stats.peak_live, fours.stats.peak_live);
    ck_assert_uint_lt(fours.stats.peak_live, kept.stats.peak_live);
    ck_assert_int_gt(blocks.stats.instructions, kept.stats.instructions);
    end(&kept), end(&blocks), end(&fours), end(&nested);
}
END_TEST

START_TEST(the_interpreter_agrees)
{
    run r = begin(NESTED, false);
    for (size_t i = 0; i < r.wanted.n; i += 7) {
        wg_view v;
        ck_assert_msg(wg_interpret(r.exec, r.wanted.at[i], &v) == WG_OK, "%s", wg_error());
        assert_equal_bits(v, wg_result(r.exec, r.wanted.at[i]));
    }
    end(&r);
}
END_TEST

/* d = a value inside; other readers of it and its own gradient are as they would be without the mark. */
START_TEST(what_lies_between_is_still_there)
{
    wg_view seen[2][3];
    run r[2];
    for (int marked = 0; marked < 2; marked++) {
        wg_graph *g = r[marked].g = new_graph();
        wg_node *x = data(g), *inside = wg_tanh(wg_dropout(x, 0.5)), *y = wg_exp(inside);
        if (marked)
            y = wg_remat(y, WG_NODES(x));
        wg_node *loss = wg_sum(wg_mul(y, wg_square(inside)), WG_ALL_AXES, false);
        wg_node *d = wg_grad(loss, inside);
        r[marked].plan = wg_compile(g, WG_TRAIN, WG_NODES(loss, inside, d));
        r[marked].exec = wg_exec_new(r[marked].plan);
        ck_assert_msg(r[marked].exec && wg_run(r[marked].exec) == WG_OK, "%s", wg_error());
        seen[marked][0] = wg_result(r[marked].exec, loss);
        seen[marked][1] = wg_result(r[marked].exec, inside);
        seen[marked][2] = wg_result(r[marked].exec, d);
    }
    for (int i = 0; i < 3; i++)
        assert_equal_bits(seen[0][i], seen[1][i]);
    end(&r[0]), end(&r[1]);
}
END_TEST

START_TEST(the_mode_is_heeded_and_a_mark_around_nothing_is_none)
{
    wg_graph *g = new_graph();
    wg_node *x = data(g), *p = wg_param(g, "p", WG_F32, WG_SHAPE(WIDTH), wg_init_constant(2));
    wg_node *y = wg_mul(wg_by_mode(wg_dropout(wg_mul(x, p), 0.5), wg_stop_gradient(wg_mul(x, p))), p);
    y = wg_remat(wg_remat(wg_remat(y, (wg_nodes){ NULL, 0 }), WG_NODES(y)), WG_NODES(x, p));
    wg_node *d = wg_grad(wg_sum(wg_square(wg_remat(x, WG_NODES(x))), WG_ALL_AXES, false), x);
    wg_node *by = wg_grad(wg_sum(y, WG_ALL_AXES, false), p);
    wg_plan *plan = wg_compile(g, WG_INFER, WG_NODES(d, by, y));
    wg_exec *e = wg_exec_new(plan);
    ck_assert_msg(e && wg_run(e) == WG_OK, "%s", wg_error());
    const double first = -1; /* x[0][0] */
    ck_assert(wg_view_at(wg_result(e, d), 0) == 2 * first);
    ck_assert(wg_view_at(wg_result(e, y), 0) == 4 * first);
    ck_assert_ptr_null(wg_remat(NULL, WG_NODES(x)));
    ck_assert_ptr_null(wg_remat(y, (wg_nodes){ NULL, 1 }));
    wg_exec_free(e), wg_plan_free(plan), wg_graph_free(g);
}
END_TEST

START_TEST(graph_files_keep_marks)
{
    wg_graph *g = new_graph();
    wg_node *x = wg_input(g, "x", WG_F32, WG_SHAPE(3)), *y = wg_output(wg_remat(wg_tanh(x), WG_NODES(x)), "y");
    char *json = wg_graph_json(g, WG_NODES(y));
    ck_assert_msg(json && strstr(json, "\"remat\""), "%s", wg_error());
    wg_text_free(json);
    wg_graph_free(g);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("remat");
    TCase *t = tcase_create("remat");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, gradients_have_the_same_bits, 0, 6);
    tcase_add_test(t, memory_shrinks_to_the_borders);
    tcase_add_test(t, the_interpreter_agrees);
    tcase_add_test(t, what_lies_between_is_still_there);
    tcase_add_test(t, the_mode_is_heeded_and_a_mark_around_nothing_is_none);
    tcase_add_test(t, graph_files_keep_marks);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
