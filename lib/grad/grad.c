/* The public derivatives: checks, then pull-backs. */
#include <string.h>

#include "grad/pullback.h"
#include "graph/scan.h"
#include <wengert/ops.h>

static const wg_grads no_grads = { { NULL, 0 }, { NULL, 0 } };

/* The graph that y and all of list belong to, healthy and floating; NULL after a recorded failure. */
static wg_graph *usable(const char *caller, wg_node *y, wg_nodes list)
{
    wg_graph *g = wg_node_graph(y);
    if (!g || g->status) {
        if (!y)
            wg__fail_null(caller, "node");
        return NULL;
    }
    if (!wg__is_float(y->dtype))
        return wg__graph_fail(g, WG_ERR_DTYPE, "%s: %s is %s, and only f32 and f64 have derivatives", caller, y->name,
                              wg_dtype_name(y->dtype));
    if (list.n && !list.at)
        return wg__graph_fail(g, WG_ERR_GRAPH, "%s: a list of nodes is NULL", caller);
    if (!wg__scan_allows(y, caller))
        return NULL;
    for (size_t i = 0; i < list.n; i++) {
        wg_node *x = list.at[i];
        if (!x || x->operation->graph != g)
            return wg__graph_fail(g, WG_ERR_GRAPH, "%s: node %zu of the list is %s", caller, i,
                                  x ? "of another graph" : "NULL");
        if (!wg__is_float(x->dtype))
            return wg__graph_fail(g, WG_ERR_DTYPE, "%s: %s is %s, and only f32 and f64 have derivatives", caller,
                                  x->name, wg_dtype_name(x->dtype));
        if (!wg__scan_allows(x, caller))
            return NULL;
    }
    return g;
}

static bool check_scalar(const char *caller, wg_node *y)
{
    if (wg_shape_count(y->shape) == 1)
        return true;
    char text[96];
    wg__graph_fail(y->operation->graph, WG_ERR_SHAPE,
                   "%s: %s has shape %s, but must be a single element (or use wg_vjp)", caller, y->name,
                   wg_shape_text(y->shape, text, sizeof text));
    return false;
}

/* Vectors that belong to nodes must have their shapes and types. */
static bool check_alike(const char *caller, wg_node *x, wg_node *v)
{
    if (v && v->weak && v->dtype != x->dtype)
        return true; /* takes the type at first use */
    if (v && v->dtype == x->dtype && wg_shape_equal(v->shape, x->shape))
        return true;
    char a[96], b[96];
    bool fits = v && wg_shape_equal(v->shape, x->shape);
    wg__graph_fail(x->operation->graph, fits ? WG_ERR_DTYPE : WG_ERR_SHAPE, "%s: %s is %s %s, but its vector is %s %s",
                   caller, x->name, wg_dtype_name(x->dtype), wg_shape_text(x->shape, a, sizeof a),
                   wg_dtype_name(wg_node_dtype(v)), wg_shape_text(wg_node_shape(v), b, sizeof b));
    return false;
}

static bool all_alike(const char *caller, wg_nodes xs, wg_nodes vs)
{
    if (xs.n != vs.n) {
        if (xs.n)
            wg__graph_fail(wg_node_graph(xs.at[0]), WG_ERR_ARG, "%s: %zu nodes but %zu vectors", caller, xs.n, vs.n);
        return false;
    }
    for (size_t i = 0; i < xs.n; i++)
        if (!check_alike(caller, xs.at[i], vs.at[i]))
            return false;
    return true;
}

wg_grads wg_vjp(wg_node *y, wg_node *cotangent, wg_nodes wrt)
{
    wg_graph *g = usable("wg_vjp", y, wrt);
    if (!g || (cotangent && !check_alike("wg_vjp", y, cotangent)))
        return no_grads;
    if (!cotangent && !(cotangent = wg_ones_like(y)))
        return no_grads;
    return wg__pullback(g, (wg_nodes){ &y, 1 }, (wg_nodes){ &cotangent, 1 }, wrt);
}

wg_grads wg_grads_of(wg_node *y, wg_nodes wrt)
{
    wg_graph *g = usable("wg_grads_of", y, wrt);
    return g && check_scalar("wg_grads_of", y) ? wg_vjp(y, NULL, wrt) : no_grads;
}

wg_node *wg_grad(wg_node *y, wg_node *x)
{
    wg_graph *g = usable("wg_grad", y, (wg_nodes){ &x, 1 });
    if (!g || !check_scalar("wg_grad", y))
        return NULL;
    wg_grads d = wg_vjp(y, NULL, (wg_nodes){ &x, 1 });
    return d.of.n ? d.of.at[0] : NULL;
}

/* With u a cotangent of y that stands for anything, J^T u is linear in u, so pulling the tangents back through it to u gives J t. */
wg_node *wg_jvp_of(wg_node *y, wg_nodes xs, wg_nodes tangents)
{
    wg_graph *g = usable("wg_jvp", y, xs);
    if (!g || !all_alike("wg_jvp", xs, tangents))
        return NULL;
    wg_node *u = wg_ones_like(y);
    wg_grads pulled = u ? wg_vjp(y, u, xs) : no_grads;
    if (!pulled.of.at)
        return NULL;
    wg_grads pushed = wg__pullback(g, pulled.of, tangents, (wg_nodes){ &u, 1 });
    return pushed.of.n ? pushed.of.at[0] : NULL;
}

wg_node *wg_jvp(wg_node *y, wg_node *x, wg_node *tangent)
{
    return wg_jvp_of(y, (wg_nodes){ &x, 1 }, (wg_nodes){ &tangent, 1 });
}

wg_grads wg_hvp(wg_node *y, wg_nodes wrt, wg_nodes vectors)
{
    wg_graph *g = usable("wg_hvp", y, wrt);
    if (!g || !check_scalar("wg_hvp", y) || !all_alike("wg_hvp", wrt, vectors))
        return no_grads;
    wg_grads gradient = wg_vjp(y, NULL, wrt);
    return gradient.of.at ? wg__pullback(g, gradient.of, vectors, wrt) : no_grads;
}

wg_nodes wg_trainable(const wg_node *y)
{
    wg_graph *g = wg_node_graph(y);
    if (!g)
        wg__fail_null("wg_trainable", "node");
    if (!g || g->status || !wg__scan_allows(y, "wg_trainable"))
        return (wg_nodes){ NULL, 0 };
    unsigned char *needed = wg__alloc_zero(&g->allocator, g->n_nodes, 1);
    wg_node **list = wg__arena_alloc(&g->arena, (g->n_variables ? g->n_variables : 1) * sizeof *list);
    size_t n = 0;
    if (!needed || !list) {
        wg__graph_fail_again(g);
    } else {
        wg_node *const root = (wg_node *)y;
        wg__mark_needed(g, (wg_nodes){ &root, 1 }, needed);
        for (size_t i = 0; i < g->n_variables; i++)
            if (g->variables[i]->op == &wg_op_param && needed[g->variables[i]->out->index])
                list[n++] = g->variables[i]->out;
    }
    wg__free(&g->allocator, needed, g->n_nodes, 1);
    return (wg_nodes){ n ? list : NULL, n };
}
