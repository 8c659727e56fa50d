/* Traces: every instruction of every thread, with its work; and what a plan says of its work as a whole. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"
#include <wengert.h>

enum { M = 96, K = 64, N = 80 };
static float x_values[M * K], y_values[M * N];

#define OK(call) ck_assert_msg((call) == WG_OK, "%s", wg_error())

typedef struct traced {
    wg_graph *g;
    wg_exec *e;
    wg_exec_stats stats;
    json_t *whole, *events;
} traced;

/* A layer with its loss and its step, on so many threads, which share even the smallest work. */
static traced layer(int threads)
{
    traced t = { .g = wg_graph_new(), .stats = { .size = sizeof(wg_exec_stats) } };
    forget_failures();
    setenv("WENGERT_GRAIN", "1", 1);
    wg_node *x = wg_input(t.g, "x", WG_F32, WG_SHAPE(M, K)), *y = wg_input(t.g, "y", WG_F32, WG_SHAPE(M, N));
    wg_dense dense = wg_dense_new(t.g, "dense", WG_F32, K, N, wg_init_he());
    wg_node *cost = wg_mse(wg_relu(wg_dense_apply(dense, x)), y, WG_MEAN);
    wg_node *step = wg_sgd(wg_grads_of(cost, wg_trainable(cost)), wg_const(t.g, 0.1));
    wg_plan *plan = wg_compile(t.g, WG_TRAIN, WG_NODES(cost, step));
    t.e = wg_exec_new_with(plan, WG_OPTS(wg_exec_opts, .threads = threads));
    ck_assert_msg(t.e != NULL, "%s", wg_error());
    wg_plan_free(plan);
    OK(wg_bind(t.e, x, WG_VIEW(x_values, M, K)));
    OK(wg_bind(t.e, y, WG_VIEW(y_values, M, N)));
    OK(wg_exec_describe(t.e, &t.stats));
    return t;
}

/* What so many runs leave in the file. */
static void trace(traced *t, int runs)
{
    char path[] = "trace-XXXXXX";
    int descriptor = mkstemp(path);
    ck_assert_int_ge(descriptor, 0);
    close(descriptor);
    OK(wg_exec_trace(t->e, path));
    for (int i = 0; i < runs; i++)
        OK(wg_run(t->e));
    OK(wg_exec_trace(t->e, NULL));
    OK(wg_run(t->e)); /* is not in it */
    json_error_t error;
    t->whole = json_load_file(path, 0, &error);
    unlink(path);
    ck_assert_msg(t->whole != NULL, "line %d: %s", error.line, error.text);
    t->events = json_object_get(t->whole, "traceEvents");
    ck_assert(json_is_array(t->events));
}

static void end(traced *t)
{
    json_decref(t->whole);
    wg_exec_free(t->e);
    wg_graph_free(t->g);
    unsetenv("WENGERT_GRAIN");
}

static const char *text_of(const json_t *event, const char *key)
{
    const char *text = json_string_value(json_object_get(event, key));
    return text ? text : "";
}

static double argument(const json_t *event, const char *key)
{
    return json_number_value(json_object_get(json_object_get(event, "args"), key));
}

static bool is_work(const json_t *event) { return !strcmp(text_of(event, "ph"), "X") && strcmp(text_of(event, "cat"), "barrier"); }

static double sum_of(const traced *t, const char *key)
{
    double sum = 0;
    size_t i;
    json_t *event;
    json_array_foreach(t->events, i, event)
        if (is_work(event))
            sum += argument(event, key);
    return sum;
}

START_TEST(every_instruction_is_there_once_a_run)
{
    traced t = layer(1);
    trace(&t, 3);
    size_t i, n = 0;
    json_t *event;
    double before = 0;
    json_array_foreach(t.events, i, event) {
        if (!is_work(event))
            continue;
        double ts = json_number_value(json_object_get(event, "ts")), dur = json_number_value(json_object_get(event, "dur"));
        ck_assert(ts >= before && dur >= 0);
        before = ts + dur;
        ck_assert_int_eq((int64_t)argument(event, "run"), (int64_t)n / t.stats.instructions);
        ck_assert_int_eq((int64_t)argument(event, "instruction"), (int64_t)n % t.stats.instructions);
        n++;
    }
    ck_assert_uint_eq(n, 3 * (size_t)t.stats.instructions);
    end(&t);
}
END_TEST

START_TEST(events_name_nodes_of_the_users_graph)
{
    traced t = layer(1);
    trace(&t, 1);
    size_t i;
    json_t *event;
    json_array_foreach(t.events, i, event) {
        json_t *args = json_object_get(event, "args");
        if (is_work(event) && strcmp(text_of(event, "name"), "copy"))
            ck_assert_msg(wg_find(t.g, text_of(args, "node")) != NULL, "%s: no node %s", text_of(event, "name"),
                          text_of(args, "node"));
    }
    end(&t);
}
END_TEST

/* Two products of the layer, forward and for w. */
START_TEST(products_count_two_operations_a_term)
{
    traced t = layer(1);
    trace(&t, 1);
    size_t i;
    json_t *event;
    double flops = 0;
    json_array_foreach(t.events, i, event)
        if (is_work(event) && !strncmp(text_of(event, "name"), "matmul", 6))
            flops += argument(event, "flops");
    /* What is folded into a product's last pass counts too: some operations an element. */
    ck_assert_msg(flops >= 2 * 2.0 * M * K * N && flops < 2 * (2.0 * K + 16) * M * N, "%.0f FLOPs", flops);
    end(&t);
}
END_TEST

START_TEST(shares_of_all_threads_are_the_whole)
{
    traced one = layer(1), three = layer(3);
    trace(&one, 1);
    trace(&three, 1);
    ck_assert_double_eq_tol(sum_of(&one, "flops"), one.stats.flops, 8);
    ck_assert_double_eq_tol(sum_of(&one, "bytes"), one.stats.bytes, 8);
    double rounding = (double)json_array_size(three.events);
    ck_assert_double_eq_tol(sum_of(&three, "flops"), three.stats.flops, rounding);
    ck_assert_double_eq_tol(sum_of(&three, "bytes"), three.stats.bytes, rounding);
    end(&three);
    end(&one);
}
END_TEST

START_TEST(threads_wait_at_each_barrier)
{
    traced t = layer(2);
    trace(&t, 1);
    size_t i;
    int64_t waits = 0, workers = 0;
    json_t *event;
    json_array_foreach(t.events, i, event) {
        waits += !strcmp(text_of(event, "cat"), "barrier");
        workers += !strcmp(text_of(event, "name"), "thread_name");
    }
    ck_assert_int_eq(workers, t.stats.threads);
    if (t.stats.threads == 2) /* without OpenMP there is one, and there are no barriers */
        ck_assert_msg(waits == 2 * t.stats.barriers || waits == t.stats.barriers, "%d waits", (int)waits);
    end(&t);
}
END_TEST

START_TEST(iterations_of_a_scan_are_told_apart)
{
    enum { STEPS = 5 };
    traced t = { .g = wg_graph_new() };
    forget_failures();
    wg_node *x = wg_input(t.g, "x", WG_F32, WG_SHAPE(2, STEPS, 3));
    wg_rnn rnn = wg_rnn_new(t.g, "rnn", WG_F32, 3, 4);
    wg_plan *plan = wg_compile(t.g, WG_INFER, WG_NODES(wg_rnn_apply(rnn, x, NULL, NULL).y));
    t.e = wg_exec_new_with(plan, WG_OPTS(wg_exec_opts, .threads = 1));
    wg_plan_free(plan);
    OK(wg_bind(t.e, x, WG_VIEW(x_values, 2, STEPS, 3)));
    trace(&t, 1);
    size_t i;
    json_t *event;
    unsigned seen = 0;
    json_array_foreach(t.events, i, event)
        if (json_object_get(json_object_get(event, "args"), "iteration"))
            seen |= 1u << (unsigned)argument(event, "iteration");
    ck_assert_uint_eq(seen, (1u << STEPS) - 1);
    end(&t);
}
END_TEST

START_TEST(a_file_that_cannot_be_made_is_told_and_runs_go_on)
{
    traced t = layer(1);
    ck_assert_int_eq(wg_exec_trace(t.e, "no/such/folder/trace.json"), WG_ERR_IO);
    ck_assert_msg(strstr(wg_error(), "no/such/folder/trace.json") != NULL, "%s", wg_error());
    OK(wg_run(t.e));
    forget_failures();
    ck_assert_int_eq(wg_exec_trace(NULL, "trace.json"), WG_ERR_ARG);
    end(&t);
}
END_TEST

START_TEST(a_full_disk_is_told_when_the_file_is_completed)
{
    traced t = layer(1);
    if (access("/dev/full", W_OK) == 0) {
        OK(wg_exec_trace(t.e, "/dev/full"));
        OK(wg_run(t.e));
        ck_assert_int_eq(wg_exec_trace(t.e, NULL), WG_ERR_IO);
    }
    OK(wg_run(t.e));
    end(&t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("trace");
    TCase *t = tcase_create("trace");
    tcase_add_test(t, every_instruction_is_there_once_a_run);
    tcase_add_test(t, events_name_nodes_of_the_users_graph);
    tcase_add_test(t, products_count_two_operations_a_term);
    tcase_add_test(t, shares_of_all_threads_are_the_whole);
    tcase_add_test(t, threads_wait_at_each_barrier);
    tcase_add_test(t, iterations_of_a_scan_are_told_apart);
    tcase_add_test(t, a_file_that_cannot_be_made_is_told_and_runs_go_on);
    tcase_add_test(t, a_full_disk_is_told_when_the_file_is_completed);
    suite_add_tcase(s, t);
    return run_suite(s);
}
