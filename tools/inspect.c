/* wengert inspect: what a checkpoint or a graph holds. */
#include "inspect.h"
#include "model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct inspect_options {
    struct common common;
    bool dot, svg, plan;
    int64_t batch;
};

#define AT(field) .offset = offsetof(struct inspect_options, field)
static const option table_of_options[] = {
    { .name = "dot", .kind = OPTION_FLAG, AT(dot), .help = "the graph for Graphviz" },
    { .name = "svg", .kind = OPTION_FLAG, AT(svg), .help = "the graph as a picture" },
    { .name = "plan", .kind = OPTION_FLAG, AT(plan), .help = "the compiled program, an instruction a line" },
    { .name = "batch", .argument = "N", .kind = OPTION_COUNT, AT(batch), .least = 1, .otherwise = "1",
      .help = "the size that named axes take for the plan" },
    { .name = NULL },
};

static bool holds_value(const wg_node *n)
{
    const char *kind = wg_node_op(n)->name;
    return !strcmp(kind, "param") || !strcmp(kind, "variable");
}

static bool is_input(const wg_node *n)
{
    return !strcmp(wg_node_op(n)->name, "input");
}

static void spread(wg_view v, double *mean, double *deviation)
{
    int64_t n = wg_shape_count(v.shape);
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < n; i++)
        sum += wg_view_at(v, i);
    *mean = n ? sum / (double)n : NAN;
    for (int64_t i = 0; i < n; i++) {
        double away = wg_view_at(v, i) - *mean;
        squares += away * away;
    }
    *deviation = n ? sqrt(squares / (double)n) : NAN;
}

/* ---- what a checkpoint holds beside the graph: the counter, and the optimiser's state ---- */

/* One entry {name, dtype, shape} for each array that belongs to no node; *step is set where there is a counter. */
static json_t *state_of(const char *path, const wg_graph *g, int64_t *step)
{
    json_t *list = json_array();
    wg_npz *file = is_archive(path) ? wg_npz_open(path) : NULL;
    for (size_t i = 0; i < wg_npz_count(file); i++) {
        const char *name = wg_npz_name(file, i);
        wg_view value = wg_npz_get(file, name);
        if (!value.data)
            continue;
        if (!strcmp(name, "step"))
            *step = value.dtype == WG_I64 && wg_shape_count(value.shape) == 1 ? (int64_t)wg_view_at(value, 0) : 0;
        if (!wg_find(g, name))
            json_array_append_new(list, json_pack("{s:o, s:s, s:o}", "name", tool_text(name), "dtype",
                                                  wg_dtype_name(value.dtype), "shape", tool_shape(value.shape)));
    }
    wg_npz_free(file);
    return list;
}

static void say_state(const char *path, const wg_graph *g)
{
    int64_t step = 0;
    size_t i;
    json_t *list = state_of(path, g, &step), *one;
    json_array_foreach(list, i, one) {
        char *shape = json_dumps(json_object_get(one, "shape"), JSON_COMPACT);
        tool_say("  state     %-20s %s %s\n", json_string_value(json_object_get(one, "name")),
                 json_string_value(json_object_get(one, "dtype")), shape ? shape : "");
        free(shape);
    }
    if (step)
        tool_say("  after %s steps\n", tool_grouped(step));
    json_decref(list);
}

/* ---- the memory plan ---- */

enum { FEEDS_MAX = 256 }; /* a graph with more inputs is told without its plan */

/* An exec of the outputs with all named sizes set to `batch`; its inputs are fed zeros, for only shapes matter here. */
struct planned {
    wg_plan *plan;
    wg_exec *exec;
    void *zeros[FEEDS_MAX]; /* never touched, so that the system need not provide them */
    size_t n;
};

static bool feed_zeros(struct planned *p, const wg_node *input, int64_t batch)
{
    wg_shape shape = wg_node_shape(input);
    for (int i = 0; i < shape.rank; i++)
        if (shape.dim[i] < 0)
            shape.dim[i] = batch;
    int64_t n = wg_shape_count(shape);
    void *zeros = n >= 0 && p->n < FEEDS_MAX ? calloc(n ? (size_t)n : 1, wg_dtype_size(wg_node_dtype(input))) : NULL;
    if (!zeros)
        return false;
    p->zeros[p->n++] = zeros;
    return wg_bind(p->exec, input, wg_view_of(zeros, wg_node_dtype(input), shape)) == WG_OK;
}

static struct planned plan_outputs(wg_graph *g, int64_t batch)
{
    struct planned p = { .plan = wg_compile(g, WG_INFER, wg_graph_outputs(g)) };
    p.exec = wg_exec_new(p.plan);
    bool fed = p.exec != NULL;
    for (size_t i = 0; i < wg_graph_count(g) && fed; i++)
        if (is_input(wg_graph_node(g, i)))
            fed = feed_zeros(&p, wg_graph_node(g, i), batch);
    if (!fed || wg_prepare(p.exec) != WG_OK) {
        wg_exec_free(p.exec);
        p.exec = NULL;
    }
    return p;
}

static void planned_free(struct planned *p)
{
    wg_exec_free(p->exec);
    wg_plan_free(p->plan);
    for (size_t i = 0; i < p->n; i++)
        free(p->zeros[i]);
}

static json_t *plan_object(wg_exec *e, int64_t batch)
{
    wg_exec_stats s = { .size = sizeof s };
    if (!e || wg_exec_describe(e, &s) != WG_OK)
        return json_null();
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f}", "batch", (json_int_t)batch, "instructions",
                     (json_int_t)s.instructions, "fused", (json_int_t)s.fused, "barriers", (json_int_t)s.barriers, "arena",
                     (json_int_t)s.arena, "peak_live", (json_int_t)s.peak_live, "scratch", (json_int_t)s.scratch,
                     "constants", (json_int_t)s.constants, "flops", s.flops, "bytes", s.bytes);
}

static void say_plan(wg_exec *e, int64_t batch)
{
    wg_exec_stats s = { .size = sizeof s };
    if (!e || wg_exec_describe(e, &s) != WG_OK)
        return;
    tool_say(
        "\nPlan for N = %lld: %lld instructions, %lld operators fused into others, %lld barriers; %s FLOPs\n",
        (long long)batch, (long long)s.instructions, (long long)s.fused, (long long)s.barriers,
        tool_grouped((int64_t)s.flops));
    tool_say("Memory: %s bytes at most: arena %s, of which %s are alive at once, the least that any arrangement needs; "
             "scratch %s;",
             tool_grouped((int64_t)(s.arena + s.scratch)), tool_grouped((int64_t)s.arena),
             tool_grouped((int64_t)s.peak_live), tool_grouped((int64_t)s.scratch));
    tool_say(" constants besides: %s\n", tool_grouped((int64_t)s.constants));
}

/* ---- text ---- */

static void say_leaves(const wg_graph *g, const wg_store *store)
{
    char shape[128];
    int64_t total = 0;
    for (size_t i = 0; i < wg_graph_count(g); i++) {
        const wg_node *n = wg_graph_node(g, i);
        if (is_input(n))
            tool_say("  input     %-20s %s %s\n", wg_node_name(n), wg_dtype_name(wg_node_dtype(n)),
                     wg_shape_text(wg_node_shape(n), shape, sizeof shape));
    }
    for (size_t i = 0; i < wg_graph_count(g); i++) {
        const wg_node *n = wg_graph_node(g, i);
        double mean, deviation;
        wg_view value = holds_value(n) ? wg_get(store, n) : (wg_view){ .data = NULL };
        if (!value.data)
            continue;
        spread(value, &mean, &deviation);
        tool_say("  %-9s %-20s %s %-14s mean %.6g, deviation %.6g\n", wg_node_op(n)->name, wg_node_name(n),
                 wg_dtype_name(value.dtype), wg_shape_text(value.shape, shape, sizeof shape), mean, deviation);
        if (!strcmp(wg_node_op(n)->name, "param"))
            total += wg_shape_count(value.shape);
    }
    tool_say("  %s parameters\n", tool_grouped(total));
}

static void say_nodes(const wg_graph *g)
{
    char shape[128];
    bool *needed = needed_nodes(g);
    tool_say("\nNodes\n");
    for (size_t i = 0; i < wg_graph_count(g); i++) {
        const wg_node *n = wg_graph_node(g, i);
        wg_nodes in = wg_node_inputs(n);
        if (!needed[i] || !in.n)
            continue;
        tool_say("  %-20s %s %-14s = %s(", wg_node_name(n), wg_dtype_name(wg_node_dtype(n)),
                 wg_shape_text(wg_node_shape(n), shape, sizeof shape), wg_node_op(n)->name);
        for (size_t k = 0; k < in.n; k++)
            tool_say("%s%s", k ? ", " : "", wg_node_name(in.at[k]));
        tool_say(")\n");
    }
    free(needed);
}

static void say_entries(const wg_graph *g)
{
    static const char *const names[] = { "predict", "train" };
    wg_nodes outputs = wg_graph_outputs(g);
    tool_say("\nOutputs\n ");
    for (size_t i = 0; i < outputs.n; i++)
        tool_say(" %s", wg_node_name(outputs.at[i]));
    tool_say("\n");
    for (size_t i = 0; i < WG_COUNT(names); i++)
        if (wg_graph_entry(g, names[i]))
            tool_say("  entry %s: %s\n", names[i], wg_graph_entry(g, names[i]));
}

/* ---- the verb ---- */

static json_t *graph_object(const char *path, wg_graph *g, wg_exec *e, int64_t batch)
{
    char *text = wg_graph_json(g, (wg_nodes){ NULL, 0 });
    json_t *graph = text ? json_loads(text, 0, NULL) : NULL, *values = json_array();
    wg_text_free(text);
    const wg_store *store = wg_graph_store(g);
    for (size_t i = 0; i < wg_graph_count(g); i++) {
        const wg_node *n = wg_graph_node(g, i);
        double mean, deviation;
        wg_view value = holds_value(n) ? wg_get(store, n) : (wg_view){ .data = NULL };
        if (!value.data)
            continue;
        spread(value, &mean, &deviation);
        json_array_append_new(values, json_pack("{s:o, s:s, s:s, s:o, s:o, s:o}", "name", tool_text(wg_node_name(n)),
                                                "kind", wg_node_op(n)->name, "dtype", wg_dtype_name(value.dtype),
                                                "shape", tool_shape(value.shape), "mean", tool_number(mean),
                                                "deviation", tool_number(deviation)));
    }
    int64_t step = 0;
    json_t *state = state_of(path, g, &step);
    return json_pack("{s:o, s:I, s:o, s:o, s:o, s:o}", "file", tool_text(path), "step", (json_int_t)step, "values",
                     values, "state", state, "plan", plan_object(e, batch), "graph", graph ? graph : json_null());
}

static int print(char *text)
{
    if (!text)
        return tool_failed("inspect: %s", *wg_error() ? wg_error() : "there is no plan for so many or such large inputs");
    fputs(text, stdout);
    return DONE;
}

static int inspect_plan(wg_graph *g, const struct inspect_options *o)
{
    struct planned p = plan_outputs(g, o->batch);
    char *text = p.exec ? wg_exec_listing(p.exec) : NULL;
    int code = print(text);
    wg_text_free(text);
    planned_free(&p);
    return code;
}

static int inspect_all(const char *path, wg_graph *g, const struct inspect_options *o)
{
    const wg_store *store = wg_graph_store(g);
    if (!store)
        return tool_failed("%s: %s", path, wg_error());
    struct planned p = plan_outputs(g, o->batch);
    if (tool_json()) {
        tool_object(graph_object(path, g, p.exec, o->batch));
    } else {
        tool_say("%s\n\nValues\n", path);
        say_leaves(g, store);
        say_state(path, g);
        say_nodes(g);
        say_entries(g);
        say_plan(p.exec, o->batch);
    }
    planned_free(&p);
    return DONE;
}

static int inspect_graph(const char *path, wg_graph *g, const struct inspect_options *o)
{
    if (o->svg) {
        struct text t = graph_svg(g, path);
        int code = print(t.at);
        free(t.at);
        return code;
    }
    if (o->dot) {
        char *text = wg_graph_dot(g, (wg_nodes){ NULL, 0 });
        int code = print(text);
        wg_text_free(text);
        return code;
    }
    return o->plan ? inspect_plan(g, o) : inspect_all(path, g, o);
}

static int inspect(struct command *c)
{
    const struct inspect_options *o = c->values;
    const char *path = c->operand[0];
    wg_registry *registry;
    if (o->dot + o->svg + o->plan + o->common.json > 1)
        return tool_misused("inspect: one of --dot, --svg, --plan and --json");
    if (!plugins_load(&o->common, &registry))
        return FAILED;
    wg_graph *g = graph_open(path, registry, 0);
    int code = g ? inspect_graph(path, g, o) : FAILED;
    wg_graph_free(g);
    wg_registry_free(registry);
    return code;
}

const verb verb_inspect = {
    .name = "inspect",
    .summary = "Tells what a checkpoint or graph holds: nodes, shapes, parameters, memory plan",
    .synopsis = "FILE [--dot | --svg | --plan | --json] [OPTION..]",
    .options = table_of_options,
    .values_size = sizeof(struct inspect_options),
    .least_operands = 1,
    .most_operands = 1,
    .run = inspect,
};
