/* A graph written as its description: a node a line, operands before their users. */
#include "graph/json.h"

void wg_text_free(char *text) { wg__free_text(NULL, text); }

/* ---- nodes ---- */

static void put_member(wg__text *t, const char *key) { wg__text_printf(t, ", \"%s\": ", key); }

/* {"name": "he"}, {"name": "normal", "mean": 0, "deviation": 1}: numbers are left out where 0. */
static void put_drawn(wg__text *t, const wg__init_name *kind, const wg_init *init)
{
    const char *name[] = { kind->a, kind->b };
    const double number[] = { init->a, init->b };

    wg__text_printf(t, "{\"name\": \"%s\"", kind->name);
    for (int i = 0; i < 2; i++)
        if (name[i] != NULL && number[i] != 0) {
            put_member(t, name[i]);
            wg__json_number(t, number[i], false);
        }
    wg__text_add(t, "}");
}

static void put_init(wg__text *t, const wg__operation *o)
{
    const wg_init *init = &o->init;
    size_t i = 0;

    if (o->value == NULL && init->kind == WG_INIT_CONSTANT && init->a == 0)
        return;
    put_member(t, "init");
    while (i < WG__INIT_NAMES && wg__init_names[i].kind != init->kind)
        i++;
    if (o->value != NULL)
        wg__json_tensor(t, o->value, o->out->dtype, &o->out->shape);
    else if (i < WG__INIT_NAMES)
        put_drawn(t, &wg__init_names[i], init);
    else
        wg__json_number(t, init->a, false);
}

static void put_leaf(wg__text *t, const wg__operation *o)
{
    const wg_node *n = o->out;

    put_member(t, "dtype");
    wg__text_printf(t, "\"%s\"", wg_dtype_name(n->dtype));
    if (o->op != &wg_op_constant || wg_shape_count(n->shape) == 0) { /* else its value shows its shape */
        put_member(t, "shape");
        wg__json_shape(t, &n->shape, "null");
    }
    if (o->op == &wg_op_constant) {
        put_member(t, "value");
        wg__json_tensor(t, o->value, n->dtype, &n->shape);
    } else if (o->op != &wg_op_input) {
        put_init(t, o);
    }
}

static void put_operation(wg__text *t, const wg__operation *o)
{
    wg__text_add(t, "{\"name\": ");
    wg__json_quote(t, o->out->name);
    put_member(t, "op");
    wg__json_quote(t, o->op->name);
    if (o->op == &wg_op_input || o->op == &wg_op_constant || o->op == &wg_op_param || o->op == &wg_op_variable) {
        put_leaf(t, o);
    } else {
        for (int s = 0; s < o->n_in; s++) {
            wg__text_add(t, s == 0 ? ", \"inputs\": [" : ", ");
            wg__json_quote(t, o->in[s]->name);
        }
        wg__text_add(t, o->n_in > 0 ? "]" : "");
        wg__attrs_json(t, ", \"attrs\": ", o->op, o->attrs);
    }
    wg__text_add(t, "}");
}

/* ---- the whole ---- */

static void put_nodes(wg__text *t, const wg__operation *const *operations, size_t n)
{
    wg__text_add(t, "  \"nodes\": [");
    for (size_t i = 0; i < n; i++) {
        wg__text_add(t, i == 0 ? "\n    " : ",\n    ");
        put_operation(t, operations[i]);
    }
    wg__text_add(t, "\n  ]");
}

static void put_outputs(wg__text *t, wg_nodes outputs)
{
    wg__text_add(t, ",\n  \"outputs\": [");
    for (size_t i = 0; i < outputs.n; i++) {
        wg__text_add(t, i > 0 ? ", " : "");
        wg__json_quote(t, outputs.at[i]->name);
    }
    wg__text_add(t, "]");
}

/* Pairs as an object; values are JSON already (`raw`) or plain text. */
static void put_pairs(wg__text *t, const char *key, const wg__text_pair *pairs, size_t n, bool raw)
{
    for (size_t i = 0; i < n; i++) {
        wg__text_printf(t, i == 0 ? ",\n  \"%s\": {\n    " : ",\n    ", key);
        wg__json_quote(t, pairs[i].key);
        wg__text_add(t, ": ");
        if (raw)
            wg__text_add(t, pairs[i].value);
        else
            wg__json_quote(t, pairs[i].value);
    }
    wg__text_add(t, n > 0 ? "\n  }" : "");
}

void wg__json_body(wg__text *t, const wg_graph *body)
{
    const wg__operation **operations = wg__alloc(NULL, body->n_nodes, sizeof *operations);
    size_t n = 0;

    t->failed = t->failed || operations == NULL;
    for (size_t i = 0; operations != NULL && i < body->n_nodes; i++)
        if (body->nodes[i]->result == 0)
            operations[n++] = body->nodes[i]->operation;
    wg__text_add(t, "{\n");
    put_nodes(t, operations, n);
    put_outputs(t, wg_graph_outputs(body));
    wg__text_add(t, "}");
    wg__free(NULL, operations, body->n_nodes, sizeof *operations);
}

char *wg_graph_json(const wg_graph *g, wg_nodes outputs)
{
    bool whole = outputs.n == 0;
    const wg__operation **operations;
    wg__text t = { 0 };
    size_t n;

    if (!wg__describe(g, outputs, "wg_graph_json", &operations, &n))
        return NULL;
    wg__text_add(&t, "{\n  \"format\": \"wengert-graph\", \"version\": 1,\n");
    put_nodes(&t, operations, n);
    wg__free(NULL, operations, n, sizeof *operations);
    put_outputs(&t, whole ? wg_graph_outputs(g) : outputs);
    if (whole)
        put_pairs(&t, "entries", g->entries, g->n_entries, true);
    put_pairs(&t, "meta", g->meta, g->n_meta, false);
    wg__text_add(&t, "\n}\n");
    return wg__text_take(&t);
}
