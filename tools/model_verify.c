/* A model's gradient against finite differences, in f64 whatever the model's own type. */
#include "model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EXAMPLES = 32 };

/* Every "dtype": "f32" becomes "f64", in nodes and in attributes. */
static void widen_types(json_t *value)
{
    const char *key;
    json_t *member;
    size_t index;
    json_array_foreach(value, index, member) widen_types(member);
    json_object_foreach(value, key, member) {
        const char *text = json_string_value(member);
        if (text && !strcmp(key, "dtype") && !strcmp(text, "f32"))
            json_string_set(member, "f64");
        else
            widen_types(member);
    }
}

static char *widened_text(const wg_graph *g)
{
    char *text = wg_graph_json(g, (wg_nodes){ NULL, 0 });
    if (!text)
        return NULL;
    json_t *description = json_loads(text, 0, NULL);
    wg_text_free(text);
    widen_types(description);
    text = json_dumps(description, JSON_COMPACT);
    json_decref(description);
    return text;
}

static bool copy_values(const wg_graph *from, const wg_store *values, wg_graph *to)
{
    wg_store *store = wg_graph_store(to);
    for (size_t i = 0; i < wg_graph_count(to) && store; i++) {
        wg_node *n = wg_graph_node(to, i);
        const char *kind = wg_node_op(n)->name;
        bool stored = !strcmp(kind, "param") || !strcmp(kind, "variable");
        const wg_node *source = stored ? wg_find(from, wg_node_name(n)) : NULL;
        if (!source)
            continue;
        void *memory;
        char why[80];
        wg_view value = view_as(wg_get(values, source), wg_node_dtype(n), &memory, why);
        wg_status status = wg_set(store, n, value);
        free(memory);
        if (status != WG_OK)
            return false;
    }
    return store != NULL;
}

wg_graph *graph_widen(const wg_graph *g, const wg_store *values, const wg_registry *registry)
{
    char *text = widened_text(g);
    wg_graph *wide = text ? wg_graph_parse(text, strlen(text), WG_OPTS(wg_graph_opts, .registry = registry)) : NULL;
    free(text);
    if (!wide || !copy_values(g, values, wide)) {
        tool_failed("the model in f64: %s", wg_error());
        wg_graph_free(wide);
        return NULL;
    }
    return wide;
}

static int64_t parameters_of(wg_nodes params)
{
    int64_t n = 0;
    for (size_t i = 0; i < params.n; i++)
        n += wg_shape_count(wg_node_shape(params.at[i]));
    return n;
}

static json_t *report_object(const wg_report *report, int64_t examples, int64_t parameters)
{
    json_t *object = json_pack("{s:I, s:I, s:I, s:I, s:I, s:o}", "passed", (json_int_t)wg_report_passed(report), "failed",
                     (json_int_t)wg_report_failed(report), "inconclusive", (json_int_t)wg_report_inconclusive(report),
                     "examples", (json_int_t)examples, "parameters", (json_int_t)parameters, "difference",
                     tool_number(wg_report_difference(report)));
    report_checks(object, report);
    return object;
}

static int tell(wg_status status, const wg_report *report, int64_t examples, int64_t parameters)
{
    if (!report)
        return tool_failed("gradients: %s", wg_error());
    char difference[48] = "";
    if (isfinite(wg_report_difference(report)))
        snprintf(difference, sizeof difference, ", difference %.2g", wg_report_difference(report));
    if (status != WG_OK)
        return tool_failed("gradients: %zu failed, %zu inconclusive%s: %s", wg_report_failed(report),
                           wg_report_inconclusive(report), difference, wg_report_text(report));
    size_t passed = wg_report_passed(report);
    tool_say("gradients right: %zu check%s passed%s (%lld examples, %s parameters)\n", passed, passed == 1 ? "" : "s",
             difference, (long long)examples, tool_grouped(parameters));
    return DONE;
}

/* At the feeds of `e`. */
static int verify_at(wg_exec *e, wg_node *cost, int64_t examples, json_t **result)
{
    wg_report *report = NULL;
    wg_nodes params = wg_trainable(cost);
    int64_t parameters = parameters_of(params);
    wg_status status = wg_verify(cost, params, e, NULL, &report);
    int code = tell(status, report, examples, parameters);
    if (result)
        *result = report ? report_object(report, examples, parameters) : NULL;
    wg_report_free(report);
    return code;
}

static bool feed_first(wg_exec *e, const wg_graph *g, const struct model *m, dataset *d, int64_t examples)
{
    const wg_node *x = wg_find(g, wg_node_name(m->x)), *y = m->y ? wg_find(g, wg_node_name(m->y)) : NULL;
    wg_view rows = table_rows(&d->x, examples);
    if (!rows.data || !feed_as(e, x, rows, d->x.name))
        return false;
    if (!y || !d->labelled)
        return true;
    rows = table_rows(&d->y, examples);
    return rows.data && feed_as(e, y, rows, d->y.name);
}

int model_verify(wg_graph *g, const char *cost, const wg_store *values, const struct model *m, dataset *d,
                 const wg_registry *registry, json_t **result)
{
    int64_t all = table_count(&d->x), examples = all < EXAMPLES ? all : EXAMPLES;
    wg_graph *wide = graph_widen(g, values, registry);
    if (!wide)
        return FAILED;
    wg_node *scalar = wg_find(wide, cost);
    wg_plan *plan = wg_compile(wide, WG_INFER, WG_NODES(scalar));
    wg_exec *e = wg_exec_new(plan);
    int code = FAILED;
    if (!e)
        tool_failed("gradients: %s", wg_error());
    else if (feed_first(e, wide, m, d, examples))
        code = verify_at(e, scalar, examples, result);
    wg_exec_free(e);
    wg_plan_free(plan);
    wg_graph_free(wide);
    return code;
}
