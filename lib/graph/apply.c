/* Applying an operator: operands are checked, weak constants take their type, shapes are inferred, a node is made. */
#include <stdio.h>
#include <string.h>

#include "graph/operation.h"
#include "graph/scan.h"
#include <wengert/ops.h>

enum { FEW = 8, MAX_OPERANDS = 1 << 20 };

/* What is being applied; operands may be replaced by casts on the way. */
typedef struct application {
    wg_graph *graph;
    const wg_op *op;
    wg_node **in;
    wg_shape *shape; /* the operands'; filled before inference */
    wg_dtype *type;
    int n_in;
} application;

/* The graph that the operands belong to; NULL after a failure. */
static wg_graph *common_graph(wg_graph *g, const wg_op *op, wg_nodes in)
{
    for (size_t s = 0; s < in.n && !g; s++)
        g = in.at[s] ? in.at[s]->operation->graph : NULL;
    for (size_t s = 0; s < in.n; s++) {
        if (!in.at[s]) {
            /* The operand failed before: that failure is the one to tell. Only a NULL out of nowhere is a new one. */
            if (g ? g->status == WG_OK : wg_error_status() == WG_OK)
                wg__graph_fail(g, WG_ERR_GRAPH, "%s: operand %zu is NULL", op->name, s);
            return NULL;
        }
        if (in.at[s]->operation->graph != g)
            return wg__graph_fail(g, WG_ERR_GRAPH, "%s: operand %zu is of another graph", op->name, s);
        if (!wg__scan_allows(in.at[s], op->name))
            return NULL;
    }
    if (!g && wg_error_status() == WG_OK) /* else the graph failed before */
        wg__fail(WG_ERR_ARG, "%s: it has no operands, so the graph must be named", op->name);
    return g && g->status == WG_OK ? g : NULL;
}

static bool arity_fits(wg_graph *g, const wg_op *op, size_t n)
{
    if (n > MAX_OPERANDS) {
        wg__graph_fail(g, WG_ERR_ARG, "%s: takes at most %d operands, got %zu", op->name, MAX_OPERANDS, n);
        return false;
    }
    if (op->arity == WG_VARIADIC) {
        if (n >= 1)
            return true;
        wg__graph_fail(g, WG_ERR_ARG, "%s: takes at least one operand", op->name);
        return false;
    }
    size_t most = (size_t)op->arity, least = (size_t)(op->arity - op->optional);
    if (n >= least && n <= most)
        return true;
    if (least == most)
        wg__graph_fail(g, WG_ERR_ARG, "%s: takes %zu operand%s, got %zu", op->name, most, most == 1 ? "" : "s", n);
    else
        wg__graph_fail(g, WG_ERR_ARG, "%s: takes %zu to %zu operands, got %zu", op->name, least, most, n);
    return false;
}

/* The type that weak operands take: that of the first strong floating operand, else of the first strong integer one. */
static wg_dtype strong_type(const application *a)
{
    wg_dtype integer = WG_DTYPE_NONE;
    for (int s = 0; s < a->n_in; s++) {
        wg_dtype t = a->in[s]->dtype;
        if (a->in[s]->weak)
            continue;
        if (wg__is_float(t))
            return t;
        if (integer == WG_DTYPE_NONE && t != WG_BOOL)
            integer = t;
    }
    return integer;
}

static wg_node *as_type(wg_node *weak, wg_dtype type)
{
    if (weak->operation->op != &wg_op_constant)
        return wg_cast(weak, type);
    double value = wg__load(weak->operation->value, weak->dtype, 0);
    if (!wg__is_float(type) && value != (double)(int64_t)value)
        return wg__graph_fail(weak->operation->graph, WG_ERR_DTYPE,
                              "the constant %g meets %s operands but is no whole number", value, wg_dtype_name(type));
    uint64_t element = 0;
    wg__convert(&element, type, weak->operation->value, weak->dtype, 1);
    return wg_constant(weak->operation->graph, NULL, wg_view_of(&element, type, (wg_shape){ { 0 }, 0 }));
}

/* Gives weak operands the others' type. *all_weak: every floating operand is weak, so the result is weak too. */
static bool settle_weak(application *a, bool *all_weak)
{
    bool any = false, strong_float = false;
    for (int s = 0; s < a->n_in && !(a->op->flags & WG_HOLDS_GRAPH); s++) {
        any = any || a->in[s]->weak;
        strong_float = strong_float || (!a->in[s]->weak && wg__is_float(a->in[s]->dtype));
    }
    *all_weak = any && !strong_float;
    wg_dtype type = any ? strong_type(a) : WG_DTYPE_NONE;
    if (type == WG_DTYPE_NONE)
        return true;
    for (int s = 0; s < a->n_in; s++)
        if (a->in[s]->weak && a->in[s]->dtype != type && !(a->in[s] = as_type(a->in[s], type)))
            return false;
    *all_weak = false;
    return true;
}

static bool floats_agree(const application *a)
{
    wg_dtype first = WG_DTYPE_NONE;
    bool mixed = a->op == &wg_op_group || a->op->flags & WG_HOLDS_GRAPH; /* effects may be of any type, bodies know theirs */
    for (int s = 0; s < a->n_in && !mixed; s++) {
        wg_dtype t = a->in[s]->dtype;
        if (!wg__is_float(t))
            continue;
        if (first == WG_DTYPE_NONE)
            first = t;
        if (t != first) {
            wg__fail(WG_ERR_DTYPE, "%s: operand types differ: %s and %s (wg_cast converts)", a->op->name,
                     wg_dtype_name(first), wg_dtype_name(t));
            return false;
        }
    }
    return true;
}

/* The failure so far, with the expression that was to be made. */
static void *fail_with_expression(const application *a)
{
    char text[WG__ERROR_MAX], message[WG__ERROR_MAX];
    size_t at = (size_t)snprintf(text, sizeof text, "%s(", a->op->name);
    for (int s = 0; s < a->n_in && at + 3 < sizeof text; s++) {
        if (s)
            at += (size_t)snprintf(text + at, sizeof text - at, ", ");
        if (at < sizeof text)
            at += strlen(wg__expression(a->in[s], text + at, sizeof text - at));
    }
    snprintf(message, sizeof message, "%s", wg_error());
    return wg__graph_fail(a->graph, wg_error_status(), "%s, in %s)", message, at < sizeof text ? text : "..");
}

/* The attribute `stream` of a random operator, in the copy of the attributes; NULL without one. */
static int64_t *stream_of(const wg_op *op, void *attrs)
{
    for (const wg_attr *at = op->flags & WG_RANDOM ? op->attrs : NULL; at && at->name; at++)
        if (at->kind == WG_ATTR_I64 && !strcmp(at->name, "stream"))
            return (int64_t *)((char *)attrs + at->offset);
    return NULL;
}

/* Effects are no values, only effects are grouped, and only what a store holds can be assigned to. Here and not in
 * wg_assign and wg_group, for graph files come another way. */
static bool roles_fit(const application *a)
{
    char text[256];
    for (int s = 0; s < a->n_in; s++)
        if (((wg__op_of(a->in[s])->flags & WG_EFFECT) != 0) != (a->op == &wg_op_group)) {
            wg__fail(WG_ERR_ARG, "%s: %s is %s", a->op->name, wg__expression(a->in[s], text, sizeof text),
                     a->op == &wg_op_group ? "no effect" : "an effect, and has no value");
            return false;
        }
    if (a->op != &wg_op_assign || a->in[0]->operation->variable >= 0)
        return true;
    wg__fail(WG_ERR_ARG, "assign: %s is no variable and no param", wg__expression(a->in[0], text, sizeof text));
    return false;
}

/* Stream 0 stands for one that no other operator of the graph draws from. */
static void settle_stream(wg_graph *g, wg__operation *o)
{
    int64_t *stream = stream_of(o->op, (void *)o->attrs); /* the arena's copy */
    if (stream && *stream == 0)
        *stream = g->last_stream + 1;
    if (stream && *stream > g->last_stream)
        g->last_stream = *stream;
}

static wg_node *make(application *a, const void *attrs, bool weak)
{
    wg_shape out_shape[WG__MAX_RESULTS];
    wg_dtype out_type[WG__MAX_RESULTS];
    for (int s = 0; s < a->n_in; s++) {
        a->shape[s] = a->in[s]->shape;
        a->type[s] = a->in[s]->dtype;
    }
    if (!roles_fit(a) || !floats_agree(a) || wg__infer(a->op, attrs, a->n_in, a->shape, a->type, out_shape, out_type))
        return fail_with_expression(a);
    wg__operation *o = wg__operation_new(a->graph, a->op, (wg_nodes){ a->in, (size_t)a->n_in }, attrs,
                                         wg__op_results(a->op, attrs), out_shape, out_type);
    if (!o)
        return NULL;
    settle_stream(a->graph, o);
    o->out->weak = weak && wg__is_float(o->out->dtype);
    return o->out;
}

static wg_node *apply_to(application *a, wg_nodes in, const void *attrs)
{
    bool weak;
    if (in.n)
        memcpy(a->in, in.at, in.n * sizeof *in.at);
    return settle_weak(a, &weak) ? make(a, attrs, weak) : NULL;
}

/* Room for the operands on the stack where they are few, as nearly always. */
static wg_node *apply_with_room(wg_graph *g, const wg_op *op, wg_nodes in, const void *attrs)
{
    application a = { .graph = g, .op = op, .n_in = (int)in.n };
    if (in.n <= FEW) {
        wg_node *node[FEW];
        wg_shape shape[FEW];
        wg_dtype type[FEW];
        a.in = node, a.shape = shape, a.type = type;
        return apply_to(&a, in, attrs);
    }
    a.in = wg__alloc(&g->allocator, in.n, sizeof(wg_node *));
    a.shape = wg__alloc(&g->allocator, in.n, sizeof *a.shape);
    a.type = wg__alloc(&g->allocator, in.n, sizeof *a.type);
    wg_node *result = a.in && a.shape && a.type ? apply_to(&a, in, attrs) : wg__graph_fail_again(g);
    wg__free(&g->allocator, a.in, in.n, sizeof(wg_node *));
    wg__free(&g->allocator, a.shape, in.n, sizeof *a.shape);
    wg__free(&g->allocator, a.type, in.n, sizeof *a.type);
    return result;
}

wg_node *wg_apply_in(wg_graph *g, const wg_op *op, wg_nodes in, const void *attrs)
{
    if (wg__check_descriptor("wg_apply", op))
        return wg__graph_fail_again(g);
    if (in.n && !in.at)
        return wg__graph_fail(g, WG_ERR_GRAPH, "%s: the list of operands is NULL", op->name);
    if (!(g = common_graph(g, op, in)) || !arity_fits(g, op, in.n))
        return NULL;
    uint64_t defaults[64] = { 0 };
    if (!attrs && op->attrs_size) {
        if (op->attrs_size > sizeof defaults)
            return wg__graph_fail(g, WG_ERR_ARG, "%s: its attributes need more than %zu bytes", op->name,
                                  sizeof defaults);
        if (!wg__attrs_default(op, defaults))
            return wg__graph_fail_again(g);
        attrs = defaults;
    }
    return apply_with_room(g, op, in, attrs);
}

wg_node *wg_apply(const wg_op *op, wg_nodes in, const void *attrs) { return wg_apply_in(NULL, op, in, attrs); }
