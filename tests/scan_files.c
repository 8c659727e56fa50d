/* Scans in graph files, for Graphviz, and in files that are wrong. */
#include <stdio.h>

#include "scan_test.h"

START_TEST(graph_files_hold_scans)
{
    net a = by_scan();
    wg_output(a.y, "y");
    wg_output(a.last, "last");
    char *json = wg_graph_json(g, WG_NODES(a.y, a.last));
    ck_assert_msg(json != NULL, "%s", wg_error());
    wg_graph *copy = wg_graph_parse(json, strlen(json), NULL);
    ck_assert_msg(copy != NULL, "%s\n%s", wg_error(), json);
    char *again = wg_graph_json(copy, (wg_nodes){ NULL, 0 });
    ck_assert_str_eq(json, again);
    wg_node *y = wg_find(copy, "y"), *d = wg_grad(wg_sum(wg_square(y), WG_ALL_AXES, false), wg_find(copy, "u"));
    wg_node *expected = wg_grad(total(wg_square(a.y)), u);
    wg_plan *plan = wg_compile(copy, WG_TRAIN, WG_NODES(y, d));
    wg_exec *e = wg_exec_new(plan), *here = exec_of(WG_NODES(a.y, expected), 1);
    ck_assert_msg(e && here, "%s", wg_error());
    OK(wg_feed(e, wg_find(copy, "x"), WG_VIEW(xs, N, 4, C)));
    OK(wg_feed(e, wg_find(copy, "h0"), WG_VIEW(starts, N, H)));
    feed(here, 4);
    OK(wg_run(e));
    OK(wg_run(here));
    for (int i = 0; i < N * 4 * H; i++)
        ck_assert_double_eq(wg_view_at(wg_result(e, y), i), wg_view_at(wg_result(here, a.y), i));
    for (int i = 0; i < H * H; i++)
        ck_assert_double_eq(wg_view_at(wg_result(e, d), i), wg_view_at(wg_result(here, expected), i));
    char *dot = wg_graph_dot(g, WG_NODES(a.y));
    ck_assert_msg(dot && strstr(dot, "scan") && strstr(dot, "tanh"), "%s", dot);
    wg_text_free(dot);
    wg_text_free(json);
    wg_text_free(again);
    wg_exec_free(e), wg_exec_free(here), wg_plan_free(plan), wg_graph_free(copy);
}
END_TEST

START_TEST(checkpoints_hold_scans)
{
    static const char path[] = "scan.npz";
    net a = by_scan_in(2);
    wg_output(a.y, "y");
    OK(wg_save(wg_graph_store(g), path, NULL));
    wg_graph *read = wg_graph_load(path, NULL);
    ck_assert_msg(read != NULL, "%s", wg_error());
    wg_node *y = wg_find(read, "y");
    wg_plan *plan = wg_compile(read, WG_INFER, WG_NODES(y));
    wg_exec *e = wg_exec_new(plan), *here = exec_of(WG_NODES(a.y), 1);
    ck_assert_msg(e != NULL, "%s", wg_error());
    OK(wg_feed(e, wg_find(read, "x"), WG_VIEW(xs, N, 5, C)));
    OK(wg_feed(e, wg_find(read, "h0"), WG_VIEW(starts, N, H)));
    feed(here, 5);
    OK(wg_run(e));
    OK(wg_run(here));
    for (int i = 0; i < N * 5 * H; i++)
        ck_assert_double_eq(wg_view_at(wg_result(e, y), i), wg_view_at(wg_result(here, a.y), i));
    wg_exec_free(e), wg_exec_free(here), wg_plan_free(plan), wg_graph_free(read);
    remove(path);
}
END_TEST

#define FILE_WITH(body, attrs)                                                                                         \
    "{\"format\": \"wengert-graph\", \"version\": 1, \"nodes\": ["                                                     \
    "{\"name\": \"x\", \"op\": \"input\", \"dtype\": \"f64\", \"shape\": [\"T\", 3]},"                                 \
    "{\"name\": \"s\", \"op\": \"scan\", \"inputs\": [\"x\"], \"attrs\": {" attrs "\"body\": " body "}}]}"
#define INPUT "{\"name\": \"i\", \"op\": \"input\", \"dtype\": \"f64\", \"shape\": [3]}"

START_TEST(files_with_wrong_bodies_are_refused)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        { FILE_WITH("3", ""), "node s: scan: attribute body: expected an object" },
        { FILE_WITH("{\"nodes\": [" INPUT "], \"outputs\": [\"j\"]}", ""),
          "node s: scan: attribute body: outputs: \"j\"" },
        { FILE_WITH("{\"nodes\": [" INPUT "], \"outputs\": [], \"more\": 1}", ""), "member \"more\" is unknown" },
        { FILE_WITH("{\"nodes\": [" INPUT "], \"outputs\": []}", ""), "0 outputs" },
        { FILE_WITH("{\"nodes\": [], \"outputs\": []}", ""), "its body has 0 inputs" },
        { FILE_WITH("{\"nodes\": [" INPUT "], \"outputs\": [\"i\"]}", "\"carries\": 1,"), "do not fit 1 operands" },
        { FILE_WITH("{\"nodes\": [" INPUT "], \"outputs\": [\"i\"]}", "\"slices\": -1,"), "do not fit 1 operands" },
        { FILE_WITH("{\"nodes\": [" INPUT ", {\"name\": \"p\", \"op\": \"param\", \"dtype\": \"f64\", \"shape\": []}],"
                    "\"outputs\": [\"i\"]}",
                    ""),
          "p: a body has no variables" },
        { FILE_WITH("{\"nodes\": [{\"name\": \"i\", \"op\": \"input\", \"dtype\": \"f64\", \"shape\": [2]}],"
                    "\"outputs\": [\"i\"]}",
                    ""),
          "i is (2) in its body, but (3) is given" },
        { FILE_WITH("{\"nodes\": [{\"name\": \"i\", \"op\": \"input\", \"dtype\": \"f32\", \"shape\": [3]}],"
                    "\"outputs\": [\"i\"]}",
                    ""),
          "i is f32 in its body, but f64 is given" },
        { FILE_WITH("{\"nodes\": [" INPUT
                    ", {\"name\": \"y\", \"op\": \"nothing\", \"inputs\": [\"i\"]}], \"outputs\": [\"y\"]}",
                    ""),
          "node s: scan: attribute body: node y: there is no operator" },
    };
    for (size_t i = 0; i < WG_COUNT(cases); i++) {
        wg_graph *read = wg_graph_parse(cases[i].text, strlen(cases[i].text), NULL);
        ck_assert_msg(!read && strstr(wg_error(), cases[i].message), "%zu: %s", i, wg_error());
    }
    static const char right[] = FILE_WITH("{\"nodes\": [" INPUT "], \"outputs\": [\"i\", \"i\"]}", "");
    wg_graph *read = wg_graph_parse(right, strlen(right), NULL);
    ck_assert_msg(read != NULL, "%s", wg_error());
    ck_assert_uint_eq(wg_node_results(wg_find(read, "s")).n, 2);
    wg_graph_free(read);
}
END_TEST

TCase *scan_file_tests(void)
{
    TCase *t = tcase_create("files");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, graph_files_hold_scans);
    tcase_add_test(t, checkpoints_hold_scans);
    tcase_add_test(t, files_with_wrong_bodies_are_refused);
    return t;
}
