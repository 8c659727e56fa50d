/* Memory that runs out: the first, the second, .. allocation of every public entry fails, once and for ever. Each time the entry must say
 * so, leak nothing, and leave what it was given as it was. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "suite.h"
#include <wengert.h>

/* Counts what is live, so that leaks show. */
static size_t live;
static void *counted_alloc(void *user, size_t align, size_t n)
{
    (void)user;
    void *p = aligned_alloc(align < sizeof(void *) ? sizeof(void *) : align, (n + align - 1) / align * align);
    if (p)
        live += n;
    return p;
}
static void counted_free(void *user, void *p, size_t n)
{
    (void)user;
    if (p)
        live -= n;
    free(p);
}

static wg_graph *graph(void)
{
    return wg_graph_new_with(WG_OPTS(wg_graph_opts, .alloc = counted_alloc, .dealloc = counted_free));
}

static const float xs[] = { 0, 0,  0, 1,  1, 0,  1, 1 }, ys[] = { 0, 1, 1, 0 };

/* A whole life: build, differentiate, compile, run, save, load, free. True when it came to its end. */
static bool whole_life(void)
{
    wg_graph *g = graph();
    wg_node *x = wg_input(g, "x", WG_F32, WG_SHAPE(WG_BATCH, 2)), *y = wg_input(g, "y", WG_F32, WG_SHAPE(WG_BATCH, 1));
    wg_dense a = wg_dense_new(g, "a", WG_F32, 2, 8, wg_init_he()), b = wg_dense_new(g, "b", WG_F32, 8, 1, wg_init_xavier());
    wg_node *p = wg_output(wg_sigmoid(wg_dense_apply(b, wg_dropout(wg_tanh(wg_dense_apply(a, x)), 0.1))), "p");
    wg_node *loss = wg_bce(p, y, WG_MEAN);
    wg_grads grads = wg_clip_by_global_norm(wg_grads_of(loss, wg_trainable(loss)), 1, NULL);
    wg_node *step = wg_adam(grads, wg_const(g, 0.1), NULL);
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(loss, step));
    wg_exec *e = wg_exec_new_with(plan, WG_OPTS(wg_exec_opts, .threads = 1));
    bool done = e && !wg_feed(e, x, WG_VIEW(xs, 4, 2)) && !wg_bind(e, y, WG_VIEW(ys, 4, 1)) && !wg_run(e) && !wg_run(e);
    wg_store *copy = done ? wg_store_copy(wg_graph_store(g)) : NULL;
    done = done && copy && !wg_save(copy, "nomem.npz", NULL) && !wg_load(copy, "nomem.npz");
    wg_graph *loaded = done ? wg_graph_load("nomem.npz", WG_OPTS(wg_graph_opts, .alloc = counted_alloc, .dealloc = counted_free)) : NULL;
    done = loaded != NULL;
    wg_store_free(copy), wg_graph_free(loaded);
    wg_exec_free(e), wg_plan_free(plan), wg_graph_free(g);
    return done;
}

/* Operators that are compositions give way to others while they are differentiated and compiled. */
static bool life_of_compositions(void)
{
    wg_graph *g = graph();
    wg_node *a = wg_param(g, "a", WG_F64, WG_SHAPE(3, 3), wg_init_normal(0, 1));
    wg_node *b = wg_einsum("ij,kj,...->ik", WG_NODES(a, a, wg_const(g, 2)));
    wg_node *x = wg_solve(wg_add(b, wg_einsum("ii->i", WG_NODES(b))), wg_layer_norm(a, NULL, NULL, WG_AXES(0), 1e-5));
    wg_node *wide = wg_concat(WG_NODES(x, a), 1); /* (3, 6) */
    x = wg_remat(wg_scaled_dot_product_attention(wg_rope(wide, false, 10000, 0), wide, x, NULL, true, 0), WG_NODES(x));
    wg_node *cost = wg_add(wg_prod(wg_norm(x, 3, WG_AXES(0), false), WG_ALL_AXES, false), wg_var(b, WG_ALL_AXES, false, 1));
    wg_node *step = wg_sgd(wg_grads_of(cost, wg_trainable(cost)), wg_const(g, 0.1));
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(cost, step));
    wg_exec *e = wg_exec_new_with(plan, WG_OPTS(wg_exec_opts, .threads = 1));
    bool done = e && !wg_run(e);
    wg_exec_free(e), wg_plan_free(plan), wg_graph_free(g);
    return done;
}

/* Loops, one in the other, and their derivatives; and a file that holds them. */
static bool life_of_scans(void)
{
    wg_graph *g = graph();
    wg_node *x = wg_input(g, "x", WG_F32, WG_SHAPE(WG_DIM('T'), 2)), *w = wg_param(g, "w", WG_F32, WG_SHAPE(2), wg_init_normal(0, 1));
    wg_scan *s = wg_scan_begin(g, 0);
    wg_node *row = wg_scan_slice(s, x), *h = wg_scan_carry(s, wg_zeros(g, WG_F32, WG_SHAPE(2)));
    wg_scan *inner = wg_scan_begin(g, 0);
    wg_node *part = wg_scan_carry(inner, wg_sum(h, WG_ALL_AXES, false));
    wg_scan_next(inner, part, wg_tanh(wg_mul(part, wg_scan_slice(inner, row))));
    wg_node *all = wg_scan_last(inner, part);
    wg_scan_end(inner);
    wg_scan_next(s, h, wg_add(wg_tanh(wg_mul(wg_add(row, h), w)), all));
    wg_node *stack = wg_scan_stack(s, h);
    wg_scan_end(s);
    wg_lstm layer = wg_lstm_new(g, "lstm", WG_F32, 2, 2);
    layer.stretch = 2;
    wg_node *sequence = wg_expand_dims(stack, WG_AXES(0));
    wg_node *y = wg_output(wg_lstm_apply(layer, sequence, NULL, NULL, NULL).y, "y");
    wg_node *cost = wg_sum(wg_square(y), WG_ALL_AXES, false), *step = wg_sgd(wg_grads_of(cost, wg_trainable(cost)), wg_const(g, 0.1));
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(cost, step));
    wg_exec *e = wg_exec_new_with(plan, WG_OPTS(wg_exec_opts, .threads = 1));
    wg_view v;
    bool done = e && !wg_feed(e, x, WG_VIEW(xs, 4, 2)) && !wg_run(e) && !wg_interpret(e, cost, &v);
    char *json = done ? wg_graph_json(g, WG_NODES(y)) : NULL;
    wg_graph *read = json ? wg_graph_parse(json, strlen(json), WG_OPTS(wg_graph_opts, .alloc = counted_alloc, .dealloc = counted_free)) : NULL;
    done = read != NULL;
    wg_text_free(json), wg_graph_free(read);
    wg_exec_free(e), wg_plan_free(plan), wg_graph_free(g);
    return done;
}

/* Batches read ahead, metrics, the best values, checkpoints. */
static bool life_of_training(void)
{
    remove("nomem_fit.npz"), remove("nomem_fit.best.npz");
    wg_graph *g = graph();
    wg_node *x = wg_input(g, "x", WG_F32, WG_SHAPE(WG_BATCH, 2)), *y = wg_input(g, "y", WG_F32, WG_SHAPE(WG_BATCH, 1));
    wg_node *p = wg_sigmoid(wg_dense_apply(wg_dense_new(g, "a", WG_F32, 2, 1, wg_init_he()), x));
    wg_node *loss = wg_bce(p, y, WG_MEAN), *step = wg_sgd(wg_grads_of(loss, wg_trainable(loss)), wg_const(g, 0.1));
    wg_data *data[] = { wg_data_view(WG_VIEW(xs, 4, 2)), wg_data_view(WG_VIEW(ys, 4, 1)) };
    wg_batches *train = wg_batches_new(data, 2, WG_OPTS(wg_batches_opts, .batch = 3, .shuffle = true, .prefetch = 2));
    wg_batches *test = wg_batches_new(data, 2, NULL);
    wg_metrics metrics = WG_METRICS({ WG_AUC, p, y }, { WG_CONFUSION, p, y }, { WG_R2, p, y }, { WG_AVERAGE, loss, NULL });
    bool done = x && y && step && test; /* a NULL test alone is none */
    done = done && !wg_fit(WG_OPTS(wg_fit_opts, .loss = loss, .update = step, .inputs = WG_NODES(x, y), .train = train, .test = test,
                                   .metrics = metrics, .epochs = 2, .patience = 5, .checkpoint = "nomem_fit.npz",
                                   .exec = WG_OPTS(wg_exec_opts, .threads = 1)),
                           NULL);
    wg_batches_free(train), wg_batches_free(test), wg_data_free(data[0]), wg_data_free(data[1]), wg_graph_free(g);
    return done;
}

/* Gradients that are accumulated, of groups of params, and averages. */
static bool life_of_updates(void)
{
    wg_graph *g = graph();
    wg_node *a = wg_param(g, "a", WG_F64, WG_SHAPE(3), wg_init_constant(1));
    wg_node *b = wg_param(g, "b", WG_F64, WG_SHAPE(2), wg_init_constant(1));
    wg_node *cost = wg_add(wg_sum(wg_square(a), WG_ALL_AXES, false), wg_sum(wg_square(b), WG_ALL_AXES, false));
    wg_node *lr = wg_schedule_one_cycle(wg_step_counter(g), 0.1, 10, NULL);
    wg_grads rest, all = wg_accumulate(wg_add_l2(wg_grads_of(cost, WG_NODES(a, b)), 0.1), 2);
    wg_grads some = wg_grads_matching(wg_clip_by_norm(all, 1), "a", &rest);
    wg_node *steps = wg_group(WG_NODES(wg_lamb(some, lr, NULL), wg_adadelta(wg_clip_by_value(rest, -1, 1), lr, NULL)));
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(wg_ema(steps, 0.9, NULL)));
    wg_exec *e = wg_exec_new_with(plan, WG_OPTS(wg_exec_opts, .threads = 1));
    bool done = e && !wg_run(e) && !wg_run(e);
    wg_store *averaged = done ? wg_ema_store(wg_exec_store(e), NULL) : NULL;
    done = averaged != NULL;
    wg_store_free(averaged);
    wg_exec_free(e), wg_plan_free(plan), wg_graph_free(g);
    return done;
}

/* Layers with running values, and planes that are pooled and enlarged. */
static bool life_of_layers(void)
{
    wg_graph *g = graph();
    wg_node *x = wg_param(g, "x", WG_F32, WG_SHAPE(2, 4, 4, 4), wg_init_orthogonal(1));
    wg_batchnorm bn = wg_batchnorm_new(g, "bn", WG_F32, 4);
    wg_groupnorm gn = wg_groupnorm_new(g, "gn", WG_F32, 4, 2);
    wg_node *h = wg_max_pool2d(wg_batchnorm_apply(bn, wg_groupnorm_apply(gn, x)), WG_AXES(2), NULL);
    h = wg_pixel_shuffle(wg_upsample(wg_avg_pool2d(wg_batchnorm_apply(bn, h), WG_AXES(2), NULL, true), 3, WG_BILINEAR), 2);
    wg_node *cost = wg_sum(wg_square(h), WG_ALL_AXES, false);
    wg_node *step = wg_sgd(wg_grads_of(cost, wg_trainable(cost)), wg_const(g, 0.1));
    wg_plan *plan = wg_compile(g, WG_TRAIN, WG_NODES(cost, step));
    wg_exec *e = wg_exec_new_with(plan, WG_OPTS(wg_exec_opts, .threads = 1));
    bool done = e && !wg_run(e);
    wg_exec_free(e), wg_plan_free(plan), wg_graph_free(g);
    return done;
}

START_TEST(every_allocation_of_a_whole_life_may_fail)
{
    static bool (*const lives[])(void) = { whole_life, life_of_compositions, life_of_training, life_of_updates, life_of_scans,
                                           life_of_layers };
    int for_ever = _i & 1;
    bool (*life)(void) = lives[_i >> 1];
    ck_assert(life());
    ck_assert_uint_eq(live, 0);
    wg__alloc_fail_at(0, 0);
    ck_assert(life());
    size_t n = wg__alloc_fail_at(0, 0);
    ck_assert_uint_gt(n, 100);
    for (size_t i = 1; i <= n; i += test_stride() > 1 ? 4 : 1) {
        wg__alloc_fail_at(i, for_ever);
        bool done = life();
        wg__alloc_fail_at(0, 0);
        if (done)
            continue; /* something that was not needed: a memo, a cache */
        /* wg_compile calls a graph that ran out of memory a failed graph, but keeps its text */
        ck_assert_msg(strstr(wg_error(), "out of memory") != NULL, "allocation %zu: %s", i, wg_error());
        ck_assert_msg(live == 0, "allocation %zu: %zu bytes leaked", i, live);
    }
}
END_TEST

/* What loading must not do: half of a model. */
START_TEST(a_load_that_fails_changes_nothing)
{
    wg_graph *g = graph();
    wg_dense a = wg_dense_new(g, "a", WG_F64, 3, 4, wg_init_he());
    wg_output(wg_dense_apply(a, wg_input(g, "x", WG_F64, WG_SHAPE(WG_BATCH, 3))), "y");
    wg_store *s = wg_graph_store(g), *other = wg_store_new(g, 99), *copy = wg_store_copy(s);
    ck_assert_int_eq(wg_save(other, "nomem_load.npz", NULL), WG_OK);
    double before[12];
    memcpy(before, wg_get(s, a.w).data, sizeof before);
    wg__alloc_fail_at(0, 0);
    ck_assert_int_eq(wg_load(copy, "nomem_load.npz"), WG_OK);
    size_t n = wg__alloc_fail_at(0, 0);
    for (size_t i = 1; i <= n; i++) {
        wg__alloc_fail_at(i, _i);
        wg_status st = wg_load(s, "nomem_load.npz");
        wg__alloc_fail_at(0, 0);
        if (st == WG_OK)
            break;
        ck_assert_int_eq(st, WG_ERR_NOMEM);
        ck_assert_mem_eq(before, wg_get(s, a.w).data, sizeof before);
    }
    wg_store_free(copy), wg_store_free(other), wg_graph_free(g);
    ck_assert_uint_eq(live, 0);
}
END_TEST

/* A save that fails leaves the old file. */
START_TEST(a_save_that_fails_leaves_the_old_file)
{
    wg_graph *g = graph();
    wg_node *w = wg_param(g, "w", WG_F64, WG_SHAPE(3), wg_init_constant(1));
    wg_store *s = wg_graph_store(g), *check = wg_store_new(g, 0);
    ck_assert_int_eq(wg_save(s, "nomem_save.npz", NULL), WG_OK);
    const double two[] = { 2, 2, 2 };
    ck_assert_int_eq(wg_set(s, w, WG_VIEW(two, 3)), WG_OK);
    for (size_t i = 1;; i++) {
        wg__alloc_fail_at(i, _i);
        wg_status st = wg_save(s, "nomem_save.npz", NULL);
        wg__alloc_fail_at(0, 0);
        ck_assert_int_eq(wg_load(check, "nomem_save.npz"), WG_OK);
        ck_assert_double_eq(wg_view_at(wg_get(check, w), 0), st ? 1 : 2);
        if (!st)
            break;
        ck_assert_int_eq(st, WG_ERR_NOMEM);
        ck_assert_uint_lt(i, 10000);
    }
    wg_store_free(check), wg_graph_free(g);
    ck_assert_uint_eq(live, 0);
}
END_TEST

/* A verdict on mutants is a verdict on all of them: short of memory there is none. Hundreds of thousands of allocations, so not each. */
START_TEST(mutants_are_not_judged_without_memory)
{
    enum { EACH = 12, RUNS = 6 };
    if (_i % test_stride())
        return;
    const wg_op *op = wg_registry_find(NULL, "softmax");
    wg__alloc_fail_at(0, 0);
    ck_assert_int_eq(wg_verify_mutants(op, NULL, NULL, NULL), WG_OK);
    size_t n = wg__alloc_fail_at(0, 0), stride = n / RUNS | 1;
    for (size_t i = 1; i <= n; i += i < EACH ? 1 : stride) {
        wg__alloc_fail_at(i, _i);
        wg_status st = wg_verify_mutants(op, NULL, NULL, NULL);
        wg__alloc_fail_at(0, 0);
        ck_assert_msg(st == WG_ERR_NOMEM, "allocation %zu of %zu: status %d, %s", i, n, st, wg_error());
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("nomem");
    TCase *t = tcase_create("nomem");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, every_allocation_of_a_whole_life_may_fail, 0, 12);
    tcase_add_loop_test(t, a_load_that_fails_changes_nothing, 0, 2);
    tcase_add_loop_test(t, a_save_that_fails_leaves_the_old_file, 0, 2);
    tcase_add_loop_test(t, mutants_are_not_judged_without_memory, 0, 2);
    suite_add_tcase(s, t);
    int failed = run_suite(s);
    remove("nomem.npz"), remove("nomem_load.npz"), remove("nomem_save.npz"), remove("nomem_fit.npz");
    remove("nomem_fit.best.npz");
    return failed;
}
