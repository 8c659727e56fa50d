/* lib/plan: whatever is compiled has the bits of the plain interpreter. */
#include <stdlib.h>
#include <string.h>

#include "plan/program.h"
#include "random_graph.h"
#include "suite.h"

enum { GRAPHS = 150, ROWS = 300 };

typedef struct bytes {
    void *data;
    size_t size;
} bytes;

static bytes copy_view(wg_view v)
{
    bytes b = { NULL, (size_t)wg_shape_count(v.shape) * wg_dtype_size(v.dtype) };
    b.data = malloc(b.size + 1);
    memcpy(b.data, v.data, b.size);
    return b;
}

static int64_t rows_of(uint64_t seed) /* one, a few, many: tails, short blocks, several workers */
{
    static const int64_t rows[] = { 1, 2, 7, 64, 129, ROWS };
    return rows[seed % 6];
}

/* Feeds of that many rows, in the graph's type. */
static void feed(wg_exec *e, const random_graph *r, int64_t rows)
{
    static double x64[ROWS * 6];
    static float x32[ROWS * 6];
    static int64_t y[ROWS];
    for (int64_t i = 0; i < rows * 6; i++)
        x32[i] = (float)(x64[i] = (double)(i * 7919 % 1013) / 500 - 1);
    for (int64_t i = 0; i < rows; i++)
        y[i] = i % 3;
    wg_view v = wg_node_dtype(r->x) == WG_F64 ? WG_VIEW(x64, rows, 6) : WG_VIEW(x32, rows, 6);
    ck_assert_msg(!wg_bind(e, r->x, v) && !wg_bind(e, r->y, WG_VIEW(y, rows)), "%s", wg_error());
}

static void collect_assigns(wg_node *effect, wg_node **list, size_t *n)
{
    wg_nodes in = wg_node_inputs(effect);
    if (!strcmp(wg_node_op(effect)->name, "assign")) {
        list[(*n)++] = effect;
        return;
    }
    for (size_t i = 0; i < in.n; i++)
        collect_assigns(in.at[i], list, n);
}

static wg_exec *new_exec(const random_graph *r, wg_mode mode, int threads, bool check_finite)
{
    wg_node *all[128];
    size_t n = 0;
    for (size_t i = 0; i < r->n_wanted; i++)
        all[n++] = r->wanted[i];
    for (size_t i = 0; i < r->n_assigns; i++)
        all[n++] = r->assign[i];
    wg_plan *p = wg_compile(r->graph, mode, (wg_nodes){ all, n });
    ck_assert_msg(p != NULL, "%s", wg_error());
    wg_store *store = wg_store_copy(wg_graph_store(r->graph));
    wg_exec *e =
        wg_exec_new_with(p, WG_OPTS(wg_exec_opts, .threads = threads, .store = store, .check_finite = check_finite));
    ck_assert_msg(e != NULL, "%s", wg_error());
    wg_store_free(store);
    wg_plan_free(p);
    return e;
}

/* Two runs, so that the second sees updated variables. */
static void compare(const random_graph *r, uint64_t seed, wg_mode mode, int threads)
{
    wg_exec *e = new_exec(r, mode, threads, seed % 5 == 0);
    wg_node *assign[256];
    size_t n_assigns = 0;
    for (size_t i = 0; i < r->n_assigns; i++)
        collect_assigns(r->assign[i], assign, &n_assigns);
    feed(e, r, rows_of(seed));
    for (int round = 0; round < 2; round++) {
        bytes value[64], changed[256];
        wg_view v;
        for (size_t i = 0; i < r->n_wanted; i++) {
            ck_assert_msg(!wg_interpret(e, r->wanted[i], &v), "graph %d: %s", (int)seed, wg_error());
            value[i] = copy_view(v);
        }
        for (size_t i = 0; i < n_assigns; i++) {
            ck_assert_msg(!wg_interpret(e, wg_node_inputs(assign[i]).at[1], &v), "graph %d: %s", (int)seed, wg_error());
            changed[i] = copy_view(v);
        }
        ck_assert_msg(!wg_run(e), "graph %d: %s", (int)seed, wg_error());
        for (size_t i = 0; i < r->n_wanted; i++) {
            v = wg_result(e, r->wanted[i]);
            ck_assert_msg(v.data && !memcmp(v.data, value[i].data, value[i].size),
                          "graph %d, %d threads, round %d: %s is not what the interpreter says", (int)seed, threads,
                          round, wg_node_name(r->wanted[i]));
            free(value[i].data);
        }
        for (size_t i = 0; i < n_assigns; i++) {
            wg_node *variable = wg_node_inputs(assign[i]).at[0];
            v = wg_get(wg_exec_store(e), variable);
            ck_assert_msg(!memcmp(v.data, changed[i].data, changed[i].size),
                          "graph %d, %d threads, round %d: %s was not assigned what the interpreter says", (int)seed,
                          threads, round, wg_node_name(variable));
            free(changed[i].data);
        }
    }
    wg_exec_free(e);
}

START_TEST(random_graphs_equal_the_interpreter)
{
    static const int threads[] = { 1, 2, 3, 8 };
    for (uint64_t seed = (uint64_t)_i; seed < GRAPHS; seed += 4) {
        random_graph r = random_graph_new(seed, 10 + (int)(seed * 7 % 90), seed % 3 ? WG_F32 : WG_F64);
        ck_assert_msg(r.n_wanted > 0, "graph %d: %s", (int)seed, wg_graph_error(r.graph));
        for (int t = 0; t < 4; t++)
            compare(&r, seed, seed % 2 ? WG_TRAIN : WG_INFER, threads[t]);
        wg_graph_free(r.graph);
    }
}
END_TEST

START_TEST(forced_splits_and_barriers_change_nothing)
{
    setenv("WENGERT_GRAIN", "1", 1);
    for (uint64_t seed = 1000; seed < 1000 + GRAPHS / 4; seed++) {
        random_graph r = random_graph_new(seed, 40, seed % 3 ? WG_F32 : WG_F64);
        ck_assert_msg(r.n_wanted > 0, "graph %d: %s", (int)seed, wg_graph_error(r.graph));
        compare(&r, seed, WG_TRAIN, 3);
        wg_graph_free(r.graph);
    }
    unsetenv("WENGERT_GRAIN");
}
END_TEST

/* ---- what a plan becomes ---- */

static wg_exec_stats stats_of(wg_graph *g, wg_node *x, wg_nodes wanted, char **text)
{
    static float values[64 * 64];
    wg_plan *p = wg_compile(g, WG_TRAIN, wanted);
    wg_exec *e = wg_exec_new_with(p, WG_OPTS(wg_exec_opts, .threads = 1));
    wg_exec_stats s = { .size = sizeof s };
    ck_assert_msg(e && !wg_bind(e, x, WG_VIEW(values, 64, 64)) && !wg_exec_describe(e, &s), "%s", wg_error());
    if (text)
        *text = wg_exec_listing(e);
    wg_exec_free(e);
    wg_plan_free(p);
    return s;
}

static wg_graph *g;
static wg_node *x; /* (N,64) */

static void set_up(void)
{
    g = wg_graph_new();
    x = wg_input(g, "x", WG_F32, WG_SHAPE(WG_BATCH, 64));
}

static void tear_down(void) { wg_graph_free(g); }

START_TEST(equal_expressions_are_computed_once)
{
    wg_node *w = wg_param(g, "w", WG_F32, WG_SHAPE(64, 64), wg_init_he());
    wg_node *a = wg_relu(wg_matmul(x, w)), *b = wg_relu(wg_matmul(x, w));
    int64_t once = stats_of(g, x, WG_NODES(wg_mul(a, a)), NULL).instructions;
    wg_exec_stats s = stats_of(g, x, WG_NODES(wg_mul(a, b)), NULL);
    ck_assert_int_eq((int)s.instructions, (int)once);
    s = stats_of(g, x, WG_NODES(wg_add(wg_add(a, x), wg_add(x, b))), NULL);
    ck_assert_int_eq((int)s.fused, 3); /* relu, and two sums: addition commutes */
    s = stats_of(g, x, WG_NODES(wg_add(wg_dropout(x, 0.5), wg_dropout(x, 0.5))), NULL);
    ck_assert_int_eq((int)s.fused, 3); /* other random numbers */
}
END_TEST

START_TEST(what_nobody_asks_for_is_not_computed)
{
    wg_node *w = wg_param(g, "w", WG_F32, WG_SHAPE(64, 64), wg_init_he());
    wg_node *loss = wg_mean(wg_square(wg_matmul(x, w)), WG_ALL_AXES, false);
    wg_node *both[2] = { w, x };
    wg_grads gr = wg_grads_of(loss, (wg_nodes){ both, 2 });
    char *less, *more;
    stats_of(g, x, WG_NODES(gr.of.at[0]), &less);
    stats_of(g, x, WG_NODES(gr.of.at[0], gr.of.at[1]), &more);
    ck_assert_uint_lt(strlen(less), strlen(more));
    ck_assert_ptr_null(strstr(less, "mean")); /* its gradient does not need the loss */
    wg_text_free(less), wg_text_free(more);
}
END_TEST

START_TEST(constants_are_folded_and_transposes_absorbed)
{
    wg_node *w = wg_param(g, "w", WG_F32, WG_SHAPE(32, 64), wg_init_he());
    wg_node *c = wg_exp(wg_scale(wg_const(g, 2), 3));
    char *text;
    stats_of(g, x, WG_NODES(wg_mul(wg_matmul(x, wg_transpose(w)), wg_cast(c, WG_F32))), &text);
    ck_assert_ptr_null(strstr(text, "transpose"));
    ck_assert_ptr_null(strstr(text, "exp"));
    ck_assert_ptr_null(strstr(text, " cast "));
    wg_text_free(text);
}
END_TEST

START_TEST(chains_reuse_memory)
{
    wg_node *y = x;
    for (int i = 0; i < 20; i++)
        y = wg_relu(wg_add(wg_matmul(y, wg_param(g, NULL, WG_F32, WG_SHAPE(64, 64), wg_init_he())), y));
    wg_exec_stats s = stats_of(g, x, WG_NODES(y), NULL);
    ck_assert_uint_le(s.arena, 3 * 64 * 64 * sizeof(float) + 65536); /* two layers, and what matmul packs */
    ck_assert_uint_ge(s.arena, s.peak_live / 2);
}
END_TEST

START_TEST(updates_happen_in_place)
{
    wg_node *w = wg_param(g, "w", WG_F32, WG_SHAPE(64, 64), wg_init_he());
    wg_node *loss = wg_mean(wg_square(wg_matmul(x, w)), WG_ALL_AXES, false);
    wg_node *step = wg_adam(wg_grads_of(loss, WG_NODES(w)), wg_const(g, 0.01), NULL);
    char *text;
    stats_of(g, x, WG_NODES(loss, step), &text);
    ck_assert_ptr_null(strstr(text, " copy "));
    ck_assert_ptr_nonnull(strstr(text, "=w"));
    ck_assert_ptr_nonnull(strstr(text, "=adam/m/w"));
    wg_text_free(text);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("plan");
    TCase *shape = tcase_create("programs");
    tcase_add_checked_fixture(shape, set_up, tear_down);
    tcase_add_test(shape, equal_expressions_are_computed_once);
    tcase_add_test(shape, what_nobody_asks_for_is_not_computed);
    tcase_add_test(shape, constants_are_folded_and_transposes_absorbed);
    tcase_add_test(shape, chains_reuse_memory);
    tcase_add_test(shape, updates_happen_in_place);
    suite_add_tcase(s, shape);
    TCase *random = tcase_create("random");
    tcase_add_loop_test(random, random_graphs_equal_the_interpreter, 0, 4);
    tcase_add_test(random, forced_splits_and_barriers_change_nothing);
    suite_add_tcase(s, random);
    return run_suite(s);
}
