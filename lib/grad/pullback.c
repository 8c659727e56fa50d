/* Reverse mode: walk the operations backwards, ask each for its adjoint, and sum what arrives at each node.
 *
 * The engine, not the operator, does three things: it sums over fan-out, it reduces the cotangent of a broadcast operand to that operand's
 * shape, and it leaves out what is zero by definition. An adjoint is made of registered operators, so what comes out is a
 * graph that can be differentiated again. */
#include <string.h>

#include "grad/order.h"
#include "grad/pullback.h"
#include <wengert/ops.h>

typedef struct sweep {
    wg_graph *g;
    wg__order order;
    size_t n;               /* nodes when the sweep began: later ones belong to the adjoint */
    wg_node **cotangent;    /* by node index; NULL: nothing has arrived */
    unsigned char *depends; /* by node index: on one of wrt */
    wg_nodes wrt;
    wg__tape *tape; /* NULL: nobody looks */
    size_t at;      /* of the operation that is walked, in the order */
} sweep;

wg_node *wg_no_gradient(const wg_adjoint *a) { return wg_zeros_like(a->cotangent); }

static bool is_zero(const wg_node *gradient) { return wg__op_of(gradient) == &wg_op_zeros_like; }

/* Equal for every run: no unknown size that could differ. */
static bool surely_equal(const wg_shape *a, const wg_shape *b)
{
    for (int i = 0; i < a->rank && i < b->rank; i++)
        if (a->dim[i] == WG_ANY || b->dim[i] == WG_ANY)
            return false;
    return wg_shape_equal(*a, *b);
}

static bool may_be_equal(const wg_shape *a, const wg_shape *b)
{
    int64_t d;
    bool fits = a->rank == b->rank;
    for (int i = 0; fits && i < a->rank; i++)
        fits = wg_dim_unify(a->dim[i], b->dim[i], &d);
    return fits;
}

static bool accumulate(sweep *w, wg_node *to, wg_node *gradient)
{
    wg_node **sum = &w->cotangent[to->index];
    *sum = *sum ? wg_add(*sum, gradient) : gradient;
    return *sum != NULL;
}

/* One operand's share, of that operand's shape. */
static bool send(sweep *w, const wg__operation *o, int slot, wg_node *to, wg_node *gradient)
{
    wg_node *in = o->in[slot];
    if (is_zero(gradient) && gradient->index >= w->n)
        return true;
    if (gradient->dtype != in->dtype) {
        wg__graph_fail(w->g, WG_ERR_DTYPE, "%s: its adjoint for operand %d is %s, not %s", o->op->name, slot,
                       wg_dtype_name(gradient->dtype), wg_dtype_name(in->dtype));
        return false;
    }
    if ((o->op->flags & WG_ELEMENTWISE) && !surely_equal(&gradient->shape, &in->shape)) {
        gradient = wg_sum_to_like(gradient, in);
        if (!gradient)
            return false;
    }
    if (!may_be_equal(&gradient->shape, &in->shape)) {
        char a[96], b[96];
        wg__graph_fail(w->g, WG_ERR_SHAPE, "%s: its adjoint for operand %d has shape %s, the operand %s", o->op->name,
                       slot, wg_shape_text(gradient->shape, a, sizeof a), wg_shape_text(in->shape, b, sizeof b));
        return false;
    }
    if (w->tape)
        w->tape->at[w->at].share[slot] = gradient;
    return accumulate(w, to, gradient);
}

/* All results' cotangents, zeros where nothing arrived; false when nothing arrived at all, or on failure. */
static bool gather(sweep *w, wg__operation *o, wg_node **cotangents)
{
    bool any = false;
    for (int r = 0; r < o->n_out; r++)
        any = any || w->cotangent[o->out[r].index];
    for (int r = 0; any && r < o->n_out; r++) {
        cotangents[r] = w->cotangent[o->out[r].index];
        if (!cotangents[r] && !(cotangents[r] = wg_zeros_like(&o->out[r])))
            return false;
    }
    return any;
}

static bool step_back(sweep *w, wg__operation *o)
{
    wg_node *cotangents[WG__MAX_RESULTS];
    if ((o->op->flags & WG_NO_GRADIENT) || o->n_in == 0 || !w->depends[o->out->index])
        return true;
    if (!gather(w, o, cotangents))
        return w->g->status == WG_OK;
    wg_adjoint a = { o->in, o->out, cotangents[0], o->results, cotangents, o->attrs, o->n_in };
    for (int s = 0; s < o->n_in; s++) {
        wg_node *to = wg__effective(&w->order, o->in[s]);
        if (!to || !wg__is_float(to->dtype) || !w->depends[to->index])
            continue;
        if (!o->op->backward) {
            char text[256];
            wg__graph_fail(w->g, WG_ERR_GRAPH, "%s has no adjoint, and the gradient of %s goes through it", o->op->name,
                           wg__expression(o->out, text, sizeof text));
            return false;
        }
        wg_node *gradient = o->op->backward(&a, s);
        if (!gradient) {
            if (w->g->status == WG_OK)
                wg__graph_fail(w->g, WG_ERR_GRAPH, "%s: its adjoint for operand %d is NULL (wg_no_gradient means zero)",
                               o->op->name, s);
            return false;
        }
        if (!send(w, o, s, to, gradient))
            return false;
    }
    return true;
}

static void mark_dependence(sweep *w)
{
    for (size_t j = 0; j < w->wrt.n; j++)
        w->depends[w->wrt.at[j]->index] = 1;
    for (size_t i = 0; i < w->order.n; i++) {
        wg__operation *o = w->order.at[i];
        bool any = false;
        for (int s = 0; s < o->n_in && !any; s++) {
            const wg_node *in = wg__effective(&w->order, o->in[s]);
            any = in && w->depends[in->index];
        }
        for (int r = 0; any && r < o->n_out; r++)
            w->depends[o->out[r].index] = 1;
    }
}

static bool run(sweep *w, wg_nodes ys, wg_nodes cotangents)
{
    mark_dependence(w);
    for (size_t i = 0; i < ys.n; i++) {
        wg_node *y = wg__effective(&w->order, ys.at[i]);
        if (!y || !accumulate(w, y, cotangents.at[i]))
            return false;
        if (w->tape && i == 0)
            w->tape->root = y;
    }
    for (w->at = w->order.n; w->at-- > 0;)
        if (!step_back(w, w->order.at[w->at]))
            return false;
    return true;
}

/* An empty tape for the operations in order. */
static bool tape_begin(sweep *w)
{
    wg__tape *t = w->tape;
    t->n = w->order.n;
    t->n_nodes = w->n;
    t->at = wg__arena_alloc(&t->memory, (t->n + 1) * sizeof *t->at);
    t->cotangent = wg__arena_alloc(&t->memory, (t->n_nodes + 1) * sizeof *t->cotangent);
    t->depends = wg__arena_alloc(&t->memory, t->n_nodes + 1);
    for (size_t i = 0; t->at && i < t->n; i++) {
        wg__operation *o = w->order.at[i];
        size_t n = (size_t)o->n_in;
        wg_node **list = wg__arena_alloc(&t->memory, (2 * n + (size_t)o->n_out) * sizeof *list);
        if (!list)
            return false;
        t->at[i] = (wg__tape_entry){ o, list, list + n, list + 2 * n };
        for (int s = 0; s < o->n_in; s++)
            if (!(list[s] = wg__effective(&w->order, o->in[s])))
                return false;
    }
    return t->at && t->cotangent && t->depends;
}

static void tape_end(sweep *w)
{
    wg__tape *t = w->tape;
    memcpy(t->cotangent, w->cotangent, w->n * sizeof *t->cotangent);
    memcpy(t->depends, w->depends, w->n);
    for (size_t i = 0; i < t->n; i++)
        for (int r = 0; r < t->at[i].of->n_out; r++)
            t->at[i].bar[r] = w->cotangent[t->at[i].of->out[r].index];
}

void wg__tape_free(wg__tape *t)
{
    wg__arena_free(&t->memory);
    *t = (wg__tape){ 0 };
}

/* The gradients as arrays that live as long as the graph. */
static wg_grads collect(sweep *w)
{
    size_t bytes = (w->wrt.n ? w->wrt.n : 1) * sizeof(wg_node *);
    wg_node **of = wg__arena_alloc(&w->g->arena, bytes), **wrt = wg__arena_alloc(&w->g->arena, bytes);
    if (!of || !wrt) {
        wg__graph_fail_again(w->g);
        return (wg_grads){ { NULL, 0 }, { NULL, 0 } };
    }
    for (size_t j = 0; j < w->wrt.n; j++) {
        wg_node *x = w->wrt.at[j], *found = w->cotangent[x->index];
        wrt[j] = x;
        of[j] = found ? found : wg_zeros_like(x);
        if (!of[j])
            return (wg_grads){ { NULL, 0 }, { NULL, 0 } };
    }
    return (wg_grads){ { wrt, w->wrt.n }, { of, w->wrt.n } };
}

wg_grads wg__pullback(wg_graph *g, wg_nodes ys, wg_nodes cotangents, wg_nodes wrt)
{
    return wg__pullback_taped(g, ys, cotangents, wrt, NULL);
}

wg_grads wg__pullback_taped(wg_graph *g, wg_nodes ys, wg_nodes cotangents, wg_nodes wrt, wg__tape *tape)
{
    wg_grads result = { { NULL, 0 }, { NULL, 0 } };
    sweep w = { .g = g, .wrt = wrt, .tape = tape };
    if (tape)
        *tape = (wg__tape){ .memory.allocator = &wg__default_allocator };
    if (wg__order_make(&w.order, g, ys, wrt)) {
        w.n = g->n_nodes;
        w.cotangent = wg__alloc_zero(&g->allocator, w.n, sizeof *w.cotangent);
        w.depends = wg__alloc_zero(&g->allocator, w.n, 1);
        if (!w.cotangent || !w.depends || (tape && !tape_begin(&w)))
            wg__graph_fail_again(g);
        else if (run(&w, ys, cotangents))
            result = collect(&w);
        if (tape && result.of.at)
            tape_end(&w);
        wg__free(&g->allocator, w.cotangent, w.n, sizeof *w.cotangent);
        wg__free(&g->allocator, w.depends, w.n, 1);
    }
    wg__order_free(&w.order);
    return result;
}
