/* A graph for Graphviz: data in boxes, parameters blue, operations in ellipses, outputs with a double line. */
#include "graph/json.h"
#include "graph/scan.h"

/* Text inside quotes; a line break is written by the caller, outside of it. */
static void put_escaped(wg__text *t, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            wg__text_add(t, "\\");
        wg__text_add_n(t, text, 1);
    }
}

static void put_type(wg__text *t, const wg_node *n)
{
    char shape[96];

    wg__text_printf(t, "\\n%s %s", wg_dtype_name(n->dtype), wg_shape_text(n->shape, shape, sizeof shape));
}

static void put_label(wg__text *t, const wg__operation *o)
{
    if (o->op == &wg_op_constant && o->out->shape.rank == 0) {
        char number[WG__NUMBER_MAX];

        wg__text_add(t, wg__number_text(wg__load(o->value, o->out->dtype, 0), o->out->dtype == WG_F32, number));
        return;
    }
    if (o->n_in > 0) {
        put_escaped(t, o->op->name);
        if (o->named) {
            wg__text_add(t, "\\n");
            put_escaped(t, o->out->name);
        }
    } else {
        put_escaped(t, o->out->name);
    }
    for (int r = 0; r < o->n_out; r++)
        put_type(t, &o->out[r]);
}

static const char *style_of(const wg__operation *o)
{
    if (o->op == &wg_op_input)
        return "shape=box, style=filled, fillcolor=\"#e8f5e9\"";
    if (o->op == &wg_op_param)
        return "shape=box, style=filled, fillcolor=\"#cfe2f3\"";
    if (o->op == &wg_op_variable)
        return "shape=box, style=filled, fillcolor=\"#fff2cc\"";
    if (o->op == &wg_op_constant)
        return "shape=box, style=\"rounded,filled\", fillcolor=\"#eeeeee\"";
    return "shape=ellipse";
}

/* Where a node stands: "", or the scans around it, "scan_1/". */
typedef struct place {
    const struct place *outer;
    const char *name;
} place;

static void put_place(wg__text *t, const place *p)
{
    if (p == NULL)
        return;
    put_place(t, p->outer);
    put_escaped(t, p->name);
    wg__text_add(t, "/");
}

static void put_id(wg__text *t, const place *p, const wg__operation *o)
{
    wg__text_add(t, "\"");
    put_place(t, p);
    put_escaped(t, o->out->name);
    wg__text_add(t, "\"");
}

static void put_operation(wg__text *t, const place *p, const wg__operation *o);

/* What is done once an iteration, in a frame of its own. */
static void put_body(wg__text *t, const place *p, const wg__operation *o)
{
    const place inside = { p, o->out->name };
    const wg_graph *body = wg__scan_of(o)->body;

    wg__text_add(t, "  subgraph \"cluster_");
    put_place(t, &inside);
    wg__text_add(t, "\" {\n  label=\"");
    put_escaped(t, o->out->name);
    wg__text_add(t, "\";\n");
    for (size_t i = 0; i < body->n_nodes; i++)
        if (body->nodes[i]->result == 0)
            put_operation(t, &inside, body->nodes[i]->operation);
    wg__text_add(t, "  }\n");
}

static void put_operation(wg__text *t, const place *p, const wg__operation *o)
{
    bool output = false;

    for (int r = 0; r < o->n_out; r++)
        output = output || o->out[r].is_output;
    wg__text_add(t, "  ");
    put_id(t, p, o);
    wg__text_printf(t, " [%s%s, label=\"", style_of(o), output ? ", peripheries=2" : "");
    put_label(t, o);
    wg__text_add(t, "\"];\n");
    for (int s = 0; s < o->n_in; s++) {
        wg__text_add(t, "  ");
        put_id(t, p, o->in[s]->operation);
        wg__text_add(t, " -> ");
        put_id(t, p, o);
        if (o->in[s]->operation->n_out > 1) /* which of the results */
            wg__text_printf(t, " [taillabel=\"%d\"]", o->in[s]->result);
        wg__text_add(t, ";\n");
    }
    if (wg__scan_of(o) != NULL)
        put_body(t, p, o);
}

char *wg_graph_dot(const wg_graph *g, wg_nodes outputs)
{
    const wg__operation **operations;
    wg__text t = { 0 };
    size_t n;

    if (!wg__describe(g, outputs, "wg_graph_dot", &operations, &n))
        return NULL;
    wg__text_add(&t, "digraph wengert {\n  node [fontname=\"sans-serif\", fontsize=11];\n");
    for (size_t i = 0; i < n; i++)
        put_operation(&t, NULL, operations[i]);
    wg__free(NULL, operations, n, sizeof *operations);
    wg__text_add(&t, "}\n");
    return wg__text_take(&t);
}
