/* wengert check: are the gradients right? Of operators on their own samples, or of a model on data. */
#include "model.h"

#include <string.h>

struct check_options {
    struct common common;
    int64_t order, seed, examples_axis;
    const char *model, *data, *x, *y;
};

#define AT(field) .offset = offsetof(struct check_options, field)
static const option table_of_options[] = {
    { .name = "order", .argument = "1|2", .kind = OPTION_COUNT, AT(order), .least = 1, .otherwise = "2",
      .help = "of the derivatives that are compared" },
    { .name = "seed", .argument = "N", .kind = OPTION_COUNT, AT(seed), .least = 1, .otherwise = "1",
      .help = "of the values and directions" },
    { .name = "model", .argument = "MODEL", .kind = OPTION_TEXT, AT(model),
      .help = "check the cost of a model instead, on the first 32 examples" },
    { .name = "x", .argument = "FILE[:MEMBER]", .kind = OPTION_TEXT, AT(x), .help = "its examples" },
    { .name = "y", .argument = "FILE[:MEMBER]", .kind = OPTION_TEXT, AT(y), .help = "its labels" },
    { .name = "data", .argument = "SPEC", .kind = OPTION_TEXT, AT(data), .help = "both, as for wengert train" },
    { .name = "examples-axis", .argument = "AXIS", .kind = OPTION_COUNT, AT(examples_axis), .otherwise = "0",
      .help = "the files' axis along which the examples lie" },
    { .name = NULL },
};

struct totals {
    int64_t operators, passed, failed, inconclusive;
    bool sound; /* no operator failed, not even by having no samples */
    json_t *list, *failures;
};

/* Leaves compute nothing, and effects have no value: nothing of them could be compared. */
static bool has_nothing_to_check(const wg_op *op)
{
    return (op->flags & (WG_LEAF | WG_EFFECT)) && !op->n_samples;
}

static json_t *failure_object(const wg_check *c)
{
    return json_pack("{s:o, s:o, s:i, s:i, s:i, s:o, s:o, s:o}", "operator", tool_text(c->op), "what",
                     tool_text(c->what), "slot", c->slot, "order", c->order, "sample", c->sample, "expected",
                     tool_number(c->expected), "got", tool_number(c->got), "text", tool_text(c->text));
}

static void add_failures(struct totals *t, const wg_report *report)
{
    for (size_t i = 0; i < wg_report_count(report); i++) {
        wg_check c = wg_report_at(report, i);
        if (c.verdict == WG_FAIL)
            json_array_append_new(t->failures, failure_object(&c));
    }
}

/* The line of one operator: what is wrong is told even when quiet. */
static void tell(const wg_op *op, wg_status status, const wg_report *report)
{
    size_t passed = wg_report_passed(report), failed = wg_report_failed(report), open = wg_report_inconclusive(report);
    if (status != WG_OK)
        tool_say("FAIL  %-18s %s\n", op->name, report && *wg_report_text(report) ? wg_report_text(report) : wg_error());
    else if (!tool_quiet() && open)
        tool_say("ok    %-18s %zu checks, %zu inconclusive\n", op->name, passed + failed + open, open);
    else if (!tool_quiet())
        tool_say("ok    %-18s %zu checks\n", op->name, passed + failed + open);
}

static void check_one(struct totals *t, const wg_op *op, const struct check_options *o, const wg_registry *registry)
{
    wg_report *report = NULL;
    wg_status status = wg_verify_op_with(
        op, WG_OPTS(wg_verify_opts, .order = (int)o->order, .seed = (uint64_t)o->seed, .registry = registry), &report);
    tell(op, status, report);
    int64_t passed = (int64_t)wg_report_passed(report), failed = (int64_t)wg_report_failed(report);
    int64_t open = (int64_t)wg_report_inconclusive(report);
    t->operators++;
    t->passed += passed;
    t->failed += failed;
    t->inconclusive += open;
    t->sound = t->sound && status == WG_OK;
    json_array_append_new(t->list, json_pack("{s:o, s:b, s:I, s:I, s:I}", "name", tool_text(op->name), "ok",
                                             status == WG_OK, "passed", (json_int_t)passed, "failed",
                                             (json_int_t)failed, "inconclusive", (json_int_t)open));
    add_failures(t, report);
    wg_report_free(report);
}

static int unknown_operator(const char *name, const wg_registry *registry)
{
    struct nearest near = nearest_to(name);
    for (size_t i = 0; i < wg_registry_count(registry); i++)
        nearest_try(&near, wg_registry_at(registry, i)->name);
    if (near.best)
        return tool_misused("check: no operator is called %s; did you mean %s?", name, near.best);
    return tool_misused("check: no operator is called %s; wengert ops lists them", name);
}

/* Those named, else a plugin's, else all. */
static int check_each(struct totals *t, const struct command *c, const wg_registry *registry)
{
    const struct check_options *o = c->values;
    for (int i = 0; i < c->n_operands; i++)
        if (!wg_registry_find(registry, c->operand[i]))
            return unknown_operator(c->operand[i], registry);
    for (int i = 0; i < c->n_operands; i++)
        check_one(t, wg_registry_find(registry, c->operand[i]), o, registry);
    if (c->n_operands)
        return DONE;
    for (size_t i = registry ? wg_registry_count(NULL) : 0; i < wg_registry_count(registry); i++)
        if (!has_nothing_to_check(wg_registry_at(registry, i)))
            check_one(t, wg_registry_at(registry, i), o, registry);
    return DONE;
}

static int check_operators(const struct command *c, const wg_registry *registry)
{
    struct totals t = { .sound = true, .list = json_array(), .failures = json_array() };
    int code = check_each(&t, c, registry);
    if (code) {
        json_decref(t.list);
        json_decref(t.failures);
        return code;
    }
    int64_t checks = t.passed + t.failed + t.inconclusive;
    tool_say("%lld operators, %lld checks: %lld passed, %lld failed, %lld inconclusive\n", (long long)t.operators,
             (long long)checks, (long long)t.passed, (long long)t.failed, (long long)t.inconclusive);
    tool_object(json_pack("{s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "operators", (json_int_t)t.operators, "checks",
                          (json_int_t)checks, "passed", (json_int_t)t.passed, "failed", (json_int_t)t.failed,
                          "inconclusive", (json_int_t)t.inconclusive, "list", t.list, "failures", t.failures));
    return t.sound && !t.failed ? DONE : FAILED;
}

static int check_graph(const struct check_options *o, wg_graph *g)
{
    struct model m;
    dataset d;
    json_t *result = NULL;
    if (!model_find(&m, g, o->model))
        return FAILED;
    int code = FAILED;
    if (!m.cost)
        tool_failed("%s: the entry \"train\" names no loss to be differentiated", o->model);
    else
        code = dataset_open(&d, "check", "", o->data, o->x, o->y, o->examples_axis);
    if (m.cost && !code) {
        code = model_verify(g, wg_node_name(m.cost), wg_graph_store(g), &m, &d,
                            WG_OPTS(wg_verify_opts, .order = (int)o->order, .seed = (uint64_t)o->seed), &result);
        dataset_close(&d);
    }
    if (result)
        tool_object(result);
    model_free(&m);
    return code;
}

static int check_model(const struct check_options *o, const wg_registry *registry)
{
    wg_graph *g = graph_open(o->model, registry, 0);
    int code = g ? check_graph(o, g) : FAILED;
    wg_graph_free(g);
    return code;
}

static int check(struct command *c)
{
    const struct check_options *o = c->values;
    if (o->order > 2)
        return tool_misused("check: --order %lld: expected 1 or 2", (long long)o->order);
    if (o->model && c->n_operands)
        return tool_misused("check: either operators or --model");
    if (!o->model && (o->x || o->y || o->data))
        return tool_misused("check: data is for --model MODEL");
    wg_registry *registry;
    if (!plugins_load(&o->common, &registry))
        return FAILED;
    int code = o->model ? check_model(o, registry) : check_operators(c, registry);
    wg_registry_free(registry);
    return code;
}

const verb verb_check = {
    .name = "check",
    .summary = "Verifies gradients: of all operators, some, a plugin's, or a model's on data",
    .synopsis = "[OPERATOR..] [OPTION..]",
    .text =
        "Every operand of every operator is compared with finite differences that estimate their own error, in f64; so\n"
        "are the gradients' gradients. With --plugin and no names, the plugin's operators are checked.\n",
    .options = table_of_options,
    .values_size = sizeof(struct check_options),
    .most_operands = -1,
    .run = check,
};
