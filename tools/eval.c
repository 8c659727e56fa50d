/* wengert eval: run any graph description, with its derivatives. */
#include "eval.h"
#include "model.h"

#include <stdlib.h>
#include <string.h>

#define AT(field) .offset = offsetof(struct eval_options, field)
static const option table_of_options[] = {
    { .name = "feeds", .argument = "IN.npz", .kind = OPTION_TEXT, AT(feeds),
      .help = "values of inputs and params, by name" },
    { .name = "out", .argument = "OUT.npz", .kind = OPTION_TEXT, AT(out), .help = "where the results go" },
    { .name = "grad", .argument = "OUTPUT:WRT,WRT..", .kind = OPTION_LIST, AT(grad),
      .help = "gradients; may be repeated, as those below" },
    { .name = "cotangent", .argument = "OUTPUT=MEMBER", .kind = OPTION_LIST, AT(cotangent),
      .help = "pulled back instead of 1; an output that is no scalar needs one" },
    { .name = "hvp", .argument = "OUTPUT:WRT=MEMBER,..", .kind = OPTION_LIST, AT(hvp),
      .help = "Hessian-vector products, the directions taken together" },
    { .name = "jvp", .argument = "OUTPUT:WRT=MEMBER,..", .kind = OPTION_LIST, AT(jvp),
      .help = "forward derivatives, the directions taken together" },
    { .name = "mode", .kind = OPTION_CHOICE, AT(mode), .otherwise = "infer", .choices = "infer|train",
      .help = "for dropout and its like" },
    { .name = "trace", .argument = "FILE.json", .kind = OPTION_TEXT, AT(trace),
      .help = "what each thread does when, for chrome://tracing or Perfetto" },
    { .name = "precision", .kind = OPTION_CHOICE, AT(precision), .otherwise = "highest", .choices = PRECISIONS,
      .help = PRECISION_HELP },
    { .name = "threads", .argument = "N", .kind = OPTION_COUNT, AT(threads), .least = 1,
      .help = "(WENGERT_THREADS, OMP_NUM_THREADS, the cores)" },
    { .name = NULL },
};

/* What is computed, under the names it is written by. */
struct results {
    wg_node **node;
    char **name;
    size_t n;
};

/* False: another result has that name already, with other directions. */
static bool want(struct results *r, wg_node *node, const char *kind, char *name)
{
    for (size_t i = 0; i < r->n; i++)
        if (!strcmp(r->name[i], name)) {
            bool same = r->node[i] == node || !strcmp(kind, "grad");
            if (!same)
                tool_misused("eval: --%s: %s is asked for twice, and would be written once", kind, name);
            free(name);
            return same;
        }
    r->node[r->n] = node;
    r->name[r->n++] = name;
    return true;
}

static int collect(struct results *r, const struct eval *e)
{
    wg_nodes outputs = wg_graph_outputs(e->graph);
    size_t most = outputs.n;
    bool right = true;
    for (size_t i = 0; i < e->n_requests; i++)
        most += e->request[i].n;
    r->node = tool_alloc(most, sizeof *r->node);
    r->name = tool_alloc(most, sizeof *r->name);
    for (size_t i = 0; i < outputs.n; i++)
        want(r, outputs.at[i], "output", tool_copy(wg_node_name(outputs.at[i])));
    for (size_t i = 0; i < e->n_requests && right; i++) {
        const struct request *q = &e->request[i];
        for (size_t k = 0; k < q->n && right; k++)
            right = want(r, q->result[k], q->kind,
                         tool_print("%s:%s:%s", q->kind, wg_node_name(q->output), wg_node_name(q->wrt[k])));
    }
    if (!right)
        return MISUSED;
    return r->n ? DONE : tool_failed("%s: has no outputs, and no derivative is asked for", e->path);
}

static void results_free(struct results *r)
{
    for (size_t i = 0; i < r->n; i++)
        free(r->name[i]);
    free(r->node);
    free(r->name);
}

static bool feed_member(const struct eval *e, wg_exec *exec, const wg_node *to, const char *member)
{
    wg_view view = wg_npz_get(e->feeds, member);
    if (!view.data) {
        tool_failed("%s", wg_error());
        return false;
    }
    char *name = tool_print("%s:%s", e->o->feeds, member);
    bool fed = feed_as(exec, to, view, name);
    free(name);
    return fed;
}

static bool takes_values(const wg_node *n)
{
    const char *kind = n ? wg_node_op(n)->name : "";
    return !strcmp(kind, "input") || !strcmp(kind, "param") || !strcmp(kind, "variable");
}

static bool is_extra(const struct eval *e, const char *member)
{
    for (size_t i = 0; i < e->n_extras; i++)
        if (!strcmp(e->extra[i].member, member))
            return true;
    return false;
}

static bool feed(const struct eval *e, wg_exec *exec)
{
    if (!e->feeds && e->n_extras) {
        tool_misused("eval: --feeds is missing, which should hold %s", e->extra[0].member);
        return false;
    }
    for (size_t i = 0; e->feeds && i < wg_npz_count(e->feeds); i++) {
        const char *member = wg_npz_name(e->feeds, i);
        const wg_node *node = wg_find(e->graph, member);
        if (takes_values(node)) {
            if (!feed_member(e, exec, node, member))
                return false;
        } else if (!is_extra(e, member)) {
            tool_warn("%s: member %s is no input or param of the graph", e->o->feeds, member);
        }
    }
    for (size_t i = 0; i < e->n_extras; i++)
        if (!feed_member(e, exec, e->extra[i].input, e->extra[i].member))
            return false;
    return true;
}

/* One line, and one entry, a result. */
static void tell(const char *name, wg_view view, json_t *list)
{
    char shape[128];
    json_t *object = json_pack("{s:o, s:s, s:o}", "name", tool_text(name), "dtype", wg_dtype_name(view.dtype), "shape",
                               tool_shape(view.shape));
    bool single = wg_shape_count(view.shape) == 1;
    if (single)
        json_object_set_new(object, "value", tool_number(wg_view_at(view, 0)));
    json_array_append_new(list, object);
    if (tool_quiet())
        return;
    wg_shape_text(view.shape, shape, sizeof shape);
    if (single)
        tool_say("%-24s %s %s = %.17g\n", name, wg_dtype_name(view.dtype), shape, wg_view_at(view, 0));
    else
        tool_say("%-24s %s %s\n", name, wg_dtype_name(view.dtype), shape);
}

static int write_out(const struct eval *e, const wg_exec *exec, const struct results *r)
{
    wg_view *view = tool_alloc(r->n, sizeof *view);
    json_t *list = json_array();
    for (size_t i = 0; i < r->n; i++)
        view[i] = wg_result(exec, r->node[i]);
    bool done = !e->o->out || wg_npz_write(e->o->out, (const char *const *)r->name, view, r->n, 0) == WG_OK;
    for (size_t i = 0; i < r->n && done; i++)
        tell(r->name[i], view[i], list);
    if (!done)
        tool_failed("%s", wg_error());
    json_t *object = json_pack("{s:o}", "arrays", list);
    if (e->o->out)
        json_object_set_new(object, "out", tool_text(e->o->out));
    if (done)
        tool_object(object);
    else
        json_decref(object);
    free(view);
    return done ? DONE : FAILED;
}

static int run(const struct eval *e, const struct results *r)
{
    wg_plan *plan = wg_compile(e->graph, e->o->mode ? WG_TRAIN : WG_INFER, (wg_nodes){ r->node, r->n });
    wg_exec *exec = wg_exec_new(plan);
    int code = FAILED;
    if (!exec)
        tool_failed("%s: %s", e->path, wg_error());
    else if (e->o->trace && wg_exec_trace(exec, e->o->trace))
        tool_failed("%s", wg_error());
    else if (feed(e, exec))
        code = wg_run(exec) || wg_exec_trace(exec, NULL) ? tool_failed("%s: %s", e->path, wg_exec_error(exec)) : write_out(e, exec, r);
    wg_exec_free(exec);
    wg_plan_free(plan);
    return code;
}

static int with_graph(struct eval *e)
{
    struct results results = { .n = 0 };
    int code = requests_build(e);
    if (!code)
        code = collect(&results, e);
    if (!code)
        code = run(e, &results);
    results_free(&results);
    requests_free(e);
    return code;
}

static int eval(struct command *c)
{
    struct eval e = { .o = c->values, .path = c->operand[0] };
    wg_registry *registry;
    if (!plugins_load(&e.o->common, &registry))
        return FAILED;
    int code = FAILED;
    e.graph = graph_open(e.path, registry, e.o->threads);
    if (e.graph && e.o->feeds) {
        e.feeds = wg_npz_open(e.o->feeds);
        if (!e.feeds)
            tool_failed("%s", wg_error());
    }
    if (e.graph && (e.feeds || !e.o->feeds) && !wg_set_matmul_precision(e.graph, (wg_matmul_precision)e.o->precision))
        code = with_graph(&e);
    wg_npz_free(e.feeds);
    wg_graph_free(e.graph);
    wg_registry_free(registry);
    return code;
}

const verb verb_eval = {
    .name = "eval",
    .summary = "Runs any graph description: feeds from an .npz, outputs and derivatives to an .npz",
    .synopsis = "GRAPH.json --feeds IN.npz --out OUT.npz [OPTION..]",
    .text =
        "Outputs are written under their names, derivatives as grad:OUTPUT:WRT, hvp:OUTPUT:WRT and jvp:OUTPUT:WRT. GRAPH\n"
        "may be a checkpoint as well.\n\n"
        "  wengert eval net.json --feeds in.npz --out out.npz --grad cost:W1,b1 --hvp cost:W1=v\n",
    .options = table_of_options,
    .values_size = sizeof(struct eval_options),
    .least_operands = 1,
    .most_operands = 1,
    .run = eval,
};
