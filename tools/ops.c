/* wengert ops: the registered operators, with their documentation. */
#include "builders.h"
#include "model.h"

#include <string.h>

struct ops_options {
    struct common common;
};

static const option no_options[] = { { .name = NULL } };

static const char *kind_of(const wg_attr *a)
{
    static const char *const names[] = {
        [WG_ATTR_F64] = "number",        [WG_ATTR_I64] = "integer", [WG_ATTR_BOOL] = "true or false",
        [WG_ATTR_AXES] = "list of axes", [WG_ATTR_SHAPE] = "shape", [WG_ATTR_DTYPE] = "dtype",
        [WG_ATTR_ENUM] = "choice",       [WG_ATTR_TEXT] = "text",   [WG_ATTR_LIST] = "list of integers",
        [WG_ATTR_GRAPH] = "graph",
    };
    return (size_t)a->kind < WG_COUNT(names) && names[a->kind] ? names[a->kind] : "value";
}

static bool is_differentiable(const wg_op *op) { return op->backward || op->decompose; }

static void operands_text(const wg_op *op, char text[40])
{
    if (op->arity == WG_VARIADIC)
        snprintf(text, 40, "one or more operands");
    else if (op->optional)
        snprintf(text, 40, "%d to %d operands", op->arity - op->optional, op->arity);
    else
        snprintf(text, 40, "%d operand%s", op->arity, op->arity == 1 ? "" : "s");
}

static json_t *attrs_object(const wg_op *op)
{
    json_t *list = json_array();
    for (const wg_attr *a = op->attrs; a && a->name; a++) {
        json_t *one = json_pack("{s:o, s:s}", "name", tool_text(a->name), "kind", kind_of(a));
        json_object_set_new(one, "default", a->otherwise ? tool_text(a->otherwise) : json_null());
        if (a->choices)
            json_object_set_new(one, "choices", tool_text(a->choices));
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *op_object(const wg_op *op)
{
    return json_pack("{s:o, s:o, s:i, s:i, s:i, s:b, s:b, s:o}", "name", tool_text(op->name), "doc", tool_text(op->doc),
                     "arity", op->arity, "optional", op->optional, "results", op->results ? op->results : 1,
                     "elementwise", (op->flags & WG_ELEMENTWISE) != 0, "differentiable", is_differentiable(op),
                     "attributes", attrs_object(op));
}

static void say_op(const wg_op *op)
{
    char operands[40];
    operands_text(op, operands);
    tool_say("%s: %s\n  %s", op->name, op->doc ? op->doc : "", operands);
    if (op->results_of)
        tool_say(", as many results as the attributes say");
    else if (op->results > 1)
        tool_say(", %d results", op->results);
    if (op->flags & WG_ELEMENTWISE)
        tool_say(", elementwise (operands broadcast as in NumPy)");
    if (op->flags & WG_RANDOM)
        tool_say(", random");
    tool_say("\n  %s\n", is_differentiable(op)        ? "has a gradient, of any order"
                         : op->flags & WG_NO_GRADIENT ? "its gradient is zero by definition"
                         : op->flags & WG_LEAF        ? "a leaf"
                                                      : "has no gradient");
    for (const wg_attr *a = op->attrs; a && a->name; a++) {
        tool_say("  %-14s %s", a->name, a->choices ? a->choices : kind_of(a));
        if (a->otherwise)
            tool_say(", default %s\n", *a->otherwise ? a->otherwise : "none");
        else
            tool_say(", must be given\n");
    }
}

static json_t *builder_object(const builder *b)
{
    return json_pack("{s:s, s:s, s:s}", "name", b->name, "doc", b->doc, "call", b->call);
}

static int unknown(const char *name, const wg_registry *registry)
{
    struct nearest near = nearest_to(name);
    for (size_t i = 0; i < wg_registry_count(registry); i++)
        nearest_try(&near, wg_registry_at(registry, i)->name);
    for (size_t i = 0; i < n_builders; i++)
        nearest_try(&near, builders[i].name);
    if (near.best)
        return tool_misused("ops: no operator is called %s; did you mean %s?", name, near.best);
    return tool_misused("ops: no operator is called %s", name);
}

static int list_all(const wg_registry *registry)
{
    json_t *list = json_array();
    for (size_t i = 0; i < wg_registry_count(registry); i++) {
        const wg_op *op = wg_registry_at(registry, i);
        json_array_append_new(list, op_object(op));
        if (!tool_json())
            tool_say("%-20s %s\n", op->name, op->doc ? op->doc : "");
    }
    json_t *made = json_array();
    for (size_t i = 0; i < n_builders; i++) {
        json_array_append_new(made, builder_object(&builders[i]));
        if (!tool_json())
            tool_say("%-20s %s\n", builders[i].name, builders[i].doc);
    }
    tool_object(json_pack("{s:o, s:o}", "operators", list, "builders", made));
    return DONE;
}

static int list_named(const struct command *c, const wg_registry *registry)
{
    for (int i = 0; i < c->n_operands; i++)
        if (!wg_registry_find(registry, c->operand[i]) && !find_builder(c->operand[i]))
            return unknown(c->operand[i], registry);
    json_t *list = json_array(), *made = json_array();
    for (int i = 0; i < c->n_operands; i++) {
        const wg_op *op = wg_registry_find(registry, c->operand[i]);
        if (!op) {
            const builder *b = find_builder(c->operand[i]);
            json_array_append_new(made, builder_object(b));
            if (!tool_json())
                tool_say("%s: %s\n  %s\n", b->name, b->doc, b->call);
            continue;
        }
        json_array_append_new(list, op_object(op));
        if (!tool_json())
            say_op(op);
    }
    tool_object(json_pack("{s:o, s:o}", "operators", list, "builders", made));
    return DONE;
}

static int ops(struct command *c)
{
    const struct ops_options *o = c->values;
    wg_registry *registry;
    if (!plugins_load(&o->common, &registry))
        return FAILED;
    int code = c->n_operands ? list_named(c, registry) : list_all(registry);
    wg_registry_free(registry);
    return code;
}

const verb verb_ops = {
    .name = "ops",
    .summary = "Lists the registered operators, or documents those that are named",
    .synopsis = "[OPERATOR..] [OPTION..]",
    .options = no_options,
    .values_size = sizeof(struct ops_options),
    .most_operands = -1,
    .run = ops,
};
