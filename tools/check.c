/* wengert check: are the gradients right? Of operators on their own samples, or of a model on data; and how far can the
 * verifier itself be trusted. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

enum { POINTS = 20000, POINTS_OF_PAGE = 500, TEXTBOOK = 1000000 };

#define AT(field) .offset = offsetof(struct check_options, field)
static const option table_of_options[] = {
    { .name = "order", .argument = "1|2", .kind = OPTION_COUNT, AT(order), .least = 1,
      .help = "of the derivatives that are compared (2; of a model 1)" },
    { .name = "seed", .argument = "N", .kind = OPTION_COUNT, AT(seed), .least = 1, .otherwise = "1",
      .help = "of the values and directions" },
    { .name = "draws", .argument = "N", .kind = OPTION_COUNT, AT(draws), .least = 1, .otherwise = "1",
      .help = "how often values are drawn for each sample" },
    { .name = "thorough", .kind = OPTION_FLAG, AT(thorough),
      .help = "three draws on every instruction set, all work split" },
    { .name = "slots", .kind = OPTION_FLAG, AT(slots), .help = "a line for each operand, order and check" },
    { .name = "mutate", .kind = OPTION_FLAG, AT(mutate),
      .help = "make operators, and the verifier, wrong in every known way: each must be noticed" },
    { .name = "calibrate", .kind = OPTION_FLAG, AT(calibrate),
      .help = "measure what the verifier finds of errors that are planted" },
    { .name = "points", .argument = "N", .kind = OPTION_COUNT, AT(points), .least = 1,
      .help = "of each function of the calibration (20000)" },
    { .name = "verbose", .kind = OPTION_FLAG, AT(verbose), .help = "with --calibrate: a line for each function" },
    { .name = "html", .argument = "FILE", .kind = OPTION_TEXT, AT(html), .help = "write all results as one page" },
    { .name = "model", .argument = "MODEL", .kind = OPTION_TEXT, AT(model),
      .help = "check the cost of a model instead, on the first 32 examples" },
    { .name = "textbook", .kind = OPTION_FLAG, AT(textbook),
      .help = "with --model: difference every single parameter, up to 1,000,000, however long it takes" },
    { .name = "x", .argument = "FILE[:MEMBER]", .kind = OPTION_TEXT, AT(x), .help = "its examples" },
    { .name = "y", .argument = "FILE[:MEMBER]", .kind = OPTION_TEXT, AT(y), .help = "its labels" },
    { .name = "data", .argument = "SPEC", .kind = OPTION_TEXT, AT(data), .help = "both, as for wengert train" },
    { .name = "feed", .argument = "NAME=FILE[:MEMBER]", .kind = OPTION_LIST, AT(feed),
      .help = "what another input of the model is fed with; may be repeated" },
    { .name = "examples-axis", .argument = "AXIS", .kind = OPTION_COUNT, AT(examples_axis), .otherwise = "0",
      .help = "the files' axis along which the examples lie" },
    { .name = NULL },
};

/* Leaves compute nothing, and effects have no value: nothing of them could be compared. */
static bool has_nothing_to_check(const wg_op *op)
{
    return (op->flags & (WG_LEAF | WG_EFFECT | WG_HOLDS_GRAPH)) && !op->n_samples;
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

/* Those named, else a plugin's, else all. 0, or MISUSED; `op` is to be freed. */
static int choose_operators(struct check_work *work, const struct command *c)
{
    const wg_registry *registry = work->registry;
    work->op = tool_alloc(wg_registry_count(registry) + (size_t)c->n_operands, sizeof *work->op);
    for (int i = 0; i < c->n_operands; i++) {
        const wg_op *op = wg_registry_find(registry, c->operand[i]);
        if (!op)
            return unknown_operator(c->operand[i], registry);
        work->op[work->n++] = op;
    }
    if (c->n_operands)
        return DONE;
    for (size_t i = registry ? wg_registry_count(NULL) : 0; i < wg_registry_count(registry); i++)
        if (!has_nothing_to_check(wg_registry_at(registry, i)))
            work->op[work->n++] = wg_registry_at(registry, i);
    return DONE;
}

struct columns {
    int name_width;
    bool slots;
};

static struct columns columns_of(const struct check_work *work, bool slots)
{
    struct columns t = { 18, slots };
    for (size_t i = 0; i < work->n; i++) {
        int width = (int)strlen(work->op[i]->name);
        if (width > t.name_width)
            t.name_width = width > 40 ? 40 : width;
    }
    return t;
}

static void tell_entry(void *user, const json_t *entry, const json_t *failures)
{
    const struct columns *t = user;
    table_entry(entry, failures, t->name_width, t->slots);
}

/* The failures of one operator, of those of all. */
static json_t *failures_of(const json_t *result, const json_t *name)
{
    json_t *list = json_array(), *failure;
    size_t i;
    json_array_foreach(json_object_get(result, "failures"), i, failure)
        if (json_equal(json_object_get(failure, "operator"), name))
            json_array_append(list, failure);
    return list;
}

static void tell_all(const json_t *result, struct columns *t)
{
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(result, "list"), i, entry)
    {
        json_t *failures = failures_of(result, json_object_get(entry, "name"));
        tell_entry(t, entry, failures);
        json_decref(failures);
    }
}

/* *result gets the object. */
static int run_operators(const struct command *c, const wg_registry *registry, json_t **result)
{
    const struct check_options *o = c->values;
    struct check_work work = { .registry = registry, .order = (int)o->order, .draws = (int)o->draws,
                               .seed = (uint64_t)o->seed };
    int code = choose_operators(&work, c);
    if (!code) {
        struct columns t = columns_of(&work, o->slots);
        if (!o->thorough)
            table_head(t.name_width, t.slots);
        *result = o->thorough ? check_thoroughly(&work) : check_operators(&work, tell_entry, &t);
        if (*result && o->thorough) {
            table_head(t.name_width, t.slots);
            tell_all(*result, &t);
        }
        if (*result)
            table_totals(*result);
        code = *result && check_sound(*result) ? DONE : FAILED;
    }
    free(work.op);
    return code;
}

static int run_mutants(const struct command *c, const wg_registry *registry)
{
    const struct check_options *o = c->values;
    struct check_work work = { .registry = registry, .order = (int)o->order, .draws = (int)o->draws,
                               .seed = (uint64_t)o->seed };
    int code = choose_operators(&work, c);
    if (!code)
        code = check_mutants(&work, !c->n_operands && !registry);
    free(work.op);
    return code;
}

/* Adds the key "calibration". On a page a quick one will do. */
static int run_calibration(const struct check_options *o, json_t *result)
{
    int64_t points = o->points ? o->points : o->calibrate ? POINTS : POINTS_OF_PAGE;
    json_t *calibration = calibration_measure(points, (uint64_t)o->seed);
    if (!calibration)
        return FAILED;
    json_object_set_new(result, "calibration", calibration);
    if (o->calibrate)
        calibration_tell(calibration, o->verbose);
    return !o->calibrate || calibration_kept(calibration) ? DONE : FAILED;
}

/* The page, where one is wanted, and the object. */
static int finish(const struct check_options *o, json_t *result, const wg_graph *model, const wg_node *cost, int code)
{
    if ((o->calibrate || o->html) && run_calibration(o, result) != DONE)
        code = FAILED;
    if (o->html && !page_save(o->html, result, model, cost))
        code = FAILED;
    tool_object(result);
    return code;
}

static int check_registry(const struct command *c, const wg_registry *registry)
{
    const struct check_options *o = c->values;
    json_t *result = NULL;
    if (o->calibrate && !o->html)
        return finish(o, json_object(), NULL, NULL, DONE);
    if (o->mutate)
        return run_mutants(c, registry);
    int code = run_operators(c, registry, &result);
    if (!code)
        code = check_sentinels((uint64_t)o->seed);
    return result ? finish(o, result, NULL, NULL, code) : code;
}

static int check_graph(const struct check_options *o, wg_graph *g)
{
    struct model m;
    dataset d;
    json_t *result = NULL;
    if (!model_find(&m, g, o->model))
        return FAILED;
    const struct sources sources = { "check", "", o->data, o->x, o->y, &o->feed, o->examples_axis };
    int code = FAILED;
    if (!m.cost)
        tool_failed("%s: the entry \"train\" names no loss to be differentiated", o->model);
    else
        code = dataset_open_for(&d, &sources, &m, &m.known, o->model);
    if (m.cost && !code) {
        code = model_verify(g, wg_node_name(m.cost), wg_graph_store(g), &m, &d,
                            WG_OPTS(wg_verify_opts, .order = (int)o->order, .seed = (uint64_t)o->seed,
                                    .textbook_limit = o->textbook ? TEXTBOOK : 0),
                            &result);
        dataset_close(&d);
    }
    if (result) {
        json_object_set_new(result, "model", tool_text(o->model));
        code = finish(o, result, g, m.cost, code);
    }
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

static int misuse(const struct command *c)
{
    const struct check_options *o = c->values;
    if (o->order > 2)
        return tool_misused("check: --order %lld: expected 1 or 2", (long long)o->order);
    if (o->draws > 1000)
        return tool_misused("check: --draws %lld: expected 1 to 1000", (long long)o->draws);
    if (o->model && c->n_operands)
        return tool_misused("check: either operators or --model");
    if (o->textbook && !o->model)
        return tool_misused("check: --textbook is for --model");
    if (!o->model && (o->x || o->y || o->data || o->feed.n))
        return tool_misused("check: data is for --model MODEL");
    if (o->calibrate && !o->html && (c->n_operands || o->model || o->thorough || o->slots))
        return tool_misused("check: --calibrate measures the verifier itself: no operators, --model, --thorough or --slots "
                            "(with --html it comes with them)");
    if (o->model && (o->thorough || o->slots))
        return tool_misused("check: --thorough and --slots are for operators, not for --model");
    if (o->mutate && (o->model || o->thorough || o->slots || o->calibrate || o->html))
        return tool_misused("check: --mutate goes with operators alone, not with --model, --thorough, --slots, --calibrate or "
                            "--html");
    if (o->verbose && !o->calibrate)
        return tool_misused("check: --verbose is for --calibrate");
    if (o->points && !o->calibrate && !o->html)
        return tool_misused("check: --points is for --calibrate");
    return DONE;
}

static int check(struct command *c)
{
    const struct check_options *o = c->values;
    wg_registry *registry;
    int code = misuse(c);
    if (code)
        return code;
    if (!plugins_load(&o->common, &registry))
        return FAILED;
    code = o->model ? check_model(o, registry) : check_registry(c, registry);
    wg_registry_free(registry);
    return code;
}

const verb verb_check = {
    .name = "check",
    .summary = "Verifies gradients: of all operators, some, a plugin's, or a model's on data",
    .synopsis = "[OPERATOR..] [OPTION..]",
    .text =
        "Every operand of every operator is compared with finite differences that estimate their own error, in f64; so\n"
        "are the gradients' gradients. With --plugin and no names, the plugin's operators are checked. A line tells the\n"
        "verdict, the number of checks, how much of its tolerance the worst of them took up, and the time.\n",
    .options = table_of_options,
    .values_size = sizeof(struct check_options),
    .most_operands = -1,
    .run = check,
};
