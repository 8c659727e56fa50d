/* Leaves: inputs, parameters, variables, constants. */
#include <string.h>

#include "base/checked.h"
#include "graph/names.h"
#include "graph/operation.h"

wg_init wg_init_zeros(void) { return wg_init_constant(0); }
wg_init wg_init_constant(double value) { return (wg_init){ WG_INIT_CONSTANT, value, 0 }; }
wg_init wg_init_normal(double mean, double deviation) { return (wg_init){ WG_INIT_NORMAL, mean, deviation }; }
wg_init wg_init_uniform(double low, double high) { return (wg_init){ WG_INIT_UNIFORM, low, high }; }
wg_init wg_init_truncated_normal(double mean, double deviation)
{
    return (wg_init){ WG_INIT_TRUNCATED_NORMAL, mean, deviation };
}
wg_init wg_init_orthogonal(double gain) { return (wg_init){ WG_INIT_ORTHOGONAL, gain, 0 }; }
wg_init wg_init_lecun(void) { return (wg_init){ WG_INIT_LECUN, 0, 0 }; }
wg_init wg_init_he(void) { return (wg_init){ WG_INIT_HE, 0, 0 }; }
wg_init wg_init_xavier(void) { return (wg_init){ WG_INIT_XAVIER, 0, 0 }; }
wg_init wg_init_he_fan(int64_t in) { return (wg_init){ WG_INIT_HE, (double)in, 0 }; }
wg_init wg_init_xavier_fan(int64_t in, int64_t out) { return (wg_init){ WG_INIT_XAVIER, (double)in, (double)out }; }

/* A graph that nodes can be added to. */
static bool accepts_leaf(const wg_graph *g, const wg_op *op)
{
    if (!g)
        wg__fail_null(op->name, "graph");
    return g && !g->status;
}

/* A leaf of the graph with its name; NULL after a recorded failure. */
static wg__operation *leaf(wg_graph *g, const wg_op *op, const char *name, wg_dtype dtype, wg_shape shape)
{
    if (!accepts_leaf(g, op))
        return NULL;
    if (wg_dtype_size(dtype) == 0)
        return wg__graph_fail(g, WG_ERR_ARG, "%s %s: no such element type: %d", op->name, name ? name : "", (int)dtype);
    if (!wg__shape_valid(&shape))
        return wg__graph_fail(g, WG_ERR_SHAPE,
                              "%s %s: sizes must be >= 0, WG_DIM(letter) or WG_ANY, at most %d of them", op->name,
                              name ? name : "", WG_MAX_RANK);
    wg__operation *o = wg__operation_new(g, op, (wg_nodes){ NULL, 0 }, NULL, 1, &shape, &dtype);
    if (!o || !name)
        return o;
    char *full = wg__name_in_scope(g, name);
    if (!full)
        return wg__graph_fail_again(g);
    return wg__name_operation(o, full) ? o : NULL;
}

wg_node *wg_input(wg_graph *g, const char *name, wg_dtype dtype, wg_shape shape)
{
    wg__operation *o = leaf(g, &wg_op_input, name, dtype, shape);
    return o ? o->out : NULL;
}

static bool init_valid(const wg_init *init) { return init->kind >= WG_INIT_CONSTANT && init->kind <= WG_INIT_TRUNCATED_NORMAL; }

static wg_node *variable(wg_graph *g, const wg_op *op, const char *name, wg_dtype dtype, wg_shape shape, wg_init init)
{
    if (!accepts_leaf(g, op))
        return NULL;
    size_t bytes;
    if (!wg__shape_valid(&shape) || !wg__shape_known(&shape) || !wg__shape_bytes(&shape, dtype, &bytes)) {
        char text[128];
        return wg__graph_fail(g, WG_ERR_SHAPE, "%s %s: its shape %s must be known in full", op->name, name ? name : "",
                              wg_shape_text(shape, text, sizeof text));
    }
    if (!init_valid(&init))
        return wg__graph_fail(g, WG_ERR_ARG, "%s %s: no such initial value: kind %d", op->name, name ? name : "",
                              init.kind);
    if (init.kind == WG_INIT_ORTHOGONAL && shape.rank < 2)
        return wg__graph_fail(g, WG_ERR_ARG, "%s %s: an orthogonal initial value has at least two dimensions", op->name,
                              name ? name : "");
    if (!wg__grow(&g->allocator, (void **)&g->variables, &g->variables_capacity, g->n_variables + 1,
                  sizeof(wg__operation *)))
        return wg__graph_fail_again(g);
    wg__operation *o = leaf(g, op, name, dtype, shape);
    if (!o)
        return NULL;
    o->init = init;
    o->variable = (int64_t)g->n_variables;
    g->variables[g->n_variables++] = o;
    return o->out;
}

wg_node *wg_param(wg_graph *g, const char *name, wg_dtype dtype, wg_shape shape, wg_init init)
{
    if (g && !g->status && !wg__is_float(dtype))
        return wg__graph_fail(g, WG_ERR_DTYPE, "param %s: is trained, so it must be f32 or f64, not %s",
                              name ? name : "", wg_dtype_name(dtype));
    return variable(g, &wg_op_param, name, dtype, shape, init);
}

wg_node *wg_variable(wg_graph *g, const char *name, wg_dtype dtype, wg_shape shape, wg_init init)
{
    return variable(g, &wg_op_variable, name, dtype, shape, init);
}

wg_node *wg_constant(wg_graph *g, const char *name, wg_view v)
{
    if (!accepts_leaf(g, &wg_op_constant))
        return NULL;
    size_t bytes;
    if (!v.data || !wg__shape_valid(&v.shape) || !wg__shape_known(&v.shape) ||
        !wg__shape_bytes(&v.shape, v.dtype, &bytes))
        return wg__graph_fail(g, v.data ? WG_ERR_SHAPE : WG_ERR_ARG,
                              "constant %s: the view has no data or no known shape", name ? name : "");
    wg__operation *o = leaf(g, &wg_op_constant, name, v.dtype, v.shape);
    if (!o)
        return NULL;
    void *value = wg__arena_alloc(&g->arena, bytes ? bytes : 1);
    if (!value)
        return wg__graph_fail_again(g);
    wg__view_copy(value, v);
    o->value = value;
    return o->out;
}

wg_node *wg_const(wg_graph *g, double value)
{
    wg_node *n = wg_constant(g, NULL, wg_view_of(&value, WG_F64, (wg_shape){ { 0 }, 0 }));
    if (n)
        n->weak = true;
    return n;
}

wg_node *wg__leaf_copy(wg_graph *to, const wg_node *from)
{
    wg__operation *o = wg__operation_new(to, wg__op_of(from), (wg_nodes){ NULL, 0 }, from->operation->attrs, 1,
                                         &from->shape, &from->dtype);
    if (!o)
        return NULL;
    o->value = from->operation->value;
    o->variable = from->operation->variable;
    o->init = from->operation->init;
    return wg__name_operation(o, from->name) ? o->out : NULL;
}
