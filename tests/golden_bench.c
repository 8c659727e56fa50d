/* Reading the notebooks' numbers, and a bench to compare them on. */
#include "golden_bench.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *file, *open_case;

void golden_open(const char *section, const char *name)
{
    char path[1024];
    const char *top = getenv("top_srcdir");
    json_error_t error;
    snprintf(path, sizeof path, "%s/tests/golden/seed_values.json", top ? top : ".");
    file = json_load_file(path, 0, &error);
    ck_assert_msg(file != NULL, "%s: %s", path, error.text);
    open_case = json_object_get(json_object_get(file, section), name);
    ck_assert_msg(open_case != NULL, "no %s/%s", section, name);
}

void golden_close(void)
{
    json_decref(file);
    file = open_case = NULL;
}

static const json_t *member(const char *part, const char *name)
{
    const json_t *of = part ? json_object_get(open_case, part) : open_case, *found = json_object_get(of, name);
    ck_assert_msg(found != NULL, "no %s/%s", part ? part : "", name);
    return found;
}

double golden_number(const char *part, const char *name) { return json_number_value(member(part, name)); }

golden golden_get(const char *part, const char *name)
{
    golden g = { .shape = WG_SCALAR };
    const json_t *from = member(part, name), *shape = json_object_get(from, "shape"),
                 *data = json_object_get(from, "data");
    g.shape.rank = (int)json_array_size(shape);
    for (int i = 0; i < g.shape.rank; i++)
        g.shape.dim[i] = json_integer_value(json_array_get(shape, (size_t)i));
    ck_assert_uint_eq(json_array_size(data), (size_t)wg_shape_count(g.shape));
    ck_assert_uint_le(json_array_size(data), 32);
    for (size_t i = 0; i < json_array_size(data); i++)
        g.data[i] = json_number_value(json_array_get(data, i));
    return g;
}

wg_view golden_view(const golden *g) { return wg_view_of(g->data, WG_F64, g->shape); }

void golden_compare(wg_view got, wg_view expected, const char *what)
{
    ck_assert_msg(got.data != NULL, "%s: %s", what, wg_error());
    ck_assert_msg(wg_shape_equal(got.shape, expected.shape), "%s: another shape", what);
    int64_t count = wg_shape_count(expected.shape);
    double largest = 0;
    for (int64_t i = 0; i < count; i++)
        largest = fmax(largest, fabs(wg_view_at(expected, i)));
    for (int64_t i = 0; i < count; i++)
        ck_assert_msg(fabs(wg_view_at(got, i) - wg_view_at(expected, i)) <= 1e-13 * largest, "%s[%d]: %.17g, not %.17g",
                      what, (int)i, wg_view_at(got, i), wg_view_at(expected, i));
}

enum { INPUTS = 16 };

static struct {
    wg_graph *graph;
    wg_node *input[INPUTS];
    golden value[INPUTS];
    int n;
} now;

void begin(const char *section, const char *name)
{
    golden_open(section, name);
    now.graph = wg_graph_new_with(WG_OPTS(wg_graph_opts, .threads = 1));
    now.n = 0;
}

void tear_down(void)
{
    wg_graph_free(now.graph);
    now.graph = NULL;
    golden_close();
}

wg_graph *the_graph(void) { return now.graph; }

wg_node *given(const char *name)
{
    ck_assert_int_lt(now.n, INPUTS);
    now.value[now.n] = golden_get("inputs", name);
    now.input[now.n] = wg_input(now.graph, name, WG_F64, now.value[now.n].shape);
    return now.input[now.n++];
}

wg_node *given_param(const char *name)
{
    golden value = golden_get("inputs", name);
    wg_node *p = wg_param(now.graph, name, WG_F64, value.shape, wg_init_zeros());
    ck_assert_msg(wg_set(wg_graph_store(now.graph), p, golden_view(&value)) == WG_OK, "%s", wg_error());
    return p;
}

wg_node *linear(wg_node *w, wg_node *a, wg_node *bias) { return wg_add(wg_matmul(w, a), bias); }

/* -(y log p + (1 - y) log(1 - p)) */
wg_node *log_loss(wg_node *p, wg_node *y)
{
    wg_node *not_y = wg_shift(wg_neg(y), 1), *not_p = wg_shift(wg_neg(p), 1);
    return wg_neg(wg_add(wg_mul(y, wg_log(p)), wg_mul(not_y, wg_log(not_p))));
}

wg_exec *run(wg_nodes wanted)
{
    wg_plan *plan = wg_compile(now.graph, WG_TRAIN, wanted);
    wg_exec *e = wg_exec_new(plan);
    wg_plan_free(plan);
    ck_assert_msg(e != NULL, "%s", wg_error());
    for (int i = 0; i < now.n; i++)
        ck_assert_msg(wg_feed(e, now.input[i], golden_view(&now.value[i])) == WG_OK, "%s", wg_error());
    ck_assert_msg(wg_run(e) == WG_OK, "%s", wg_error());
    return e;
}

void expect(wg_node *node, const char *output)
{
    golden expected = golden_get("outputs", output);
    ck_assert_msg(node != NULL, "%s: %s", output, wg_error());
    wg_exec *e = run(WG_NODES(node));
    golden_compare(wg_result(e, node), golden_view(&expected), output);
    wg_exec_free(e);
}
