/* The adjoint of a scan is a scan in the other direction over the body's vector-Jacobian product.
 *
 * Its carries are the cotangents of the carries, and for each shared operand the sum over the iterations so far. Its slices are
 * the cotangents of the stacks, the scan's own slices, and values of the iterations that scan_save.c has kept. */
#include <string.h>

#include "grad/pullback.h"
#include "grad/scan.h"
#include <wengert/ops.h>

/* The last adjoint that was asked for: the slots share it. */
typedef struct wg__scan_pulled {
    wg_node **cotangent; /* by result */
    wg_node **gradient;  /* by operand; NULL: zero */
} wg__scan_pulled;

static bool is_carry(const wg__scan_pull *p, size_t s) { return s < (size_t)p->attrs->carries; }

static bool is_slice(const wg__scan_pull *p, size_t s)
{
    return !is_carry(p, s) && s < (size_t)(p->attrs->carries + p->attrs->slices);
}

/* ---- one iteration ---- */

static bool reserve(wg__scan_pull *p, wg__arena *a)
{
    size_t n = (size_t)p->of->n_in, results = (size_t)p->of->n_out;
    p->in = wg__arena_alloc(a, n * sizeof *p->in);
    p->out = wg__arena_alloc(a, WG__MAX_RESULTS * sizeof *p->out);
    p->bar_out = wg__arena_alloc(a, results * sizeof *p->bar_out);
    p->bar_in = wg__arena_alloc(a, n * sizeof *p->bar_in);
    p->sum = wg__arena_alloc(a, n * sizeof *p->sum);
    return p->in && p->out && p->bar_out && p->bar_in && p->sum;
}

/* d becomes a copy of the tip's body. */
static bool copy_body(wg__scan_pull *p, wg__arena *a)
{
    const wg_graph *body = wg__scan_of(p->tip)->body;
    wg_node **image = wg__arena_alloc(a, body->n_nodes * sizeof *image);
    unsigned char *all = wg__arena_alloc(a, body->n_nodes);
    if (!image || !all)
        return false;
    memset(all, 1, body->n_nodes);
    if (!wg__copy_marked(p->d, body, all, image))
        return false;
    wg__body_inputs(p->d, p->in);
    for (size_t r = 0; r < body->n_outputs; r++)
        p->out[r] = image[body->outputs[r]->index];
    return true;
}

static bool is_zero(const wg_node *cotangent, const wg_node *of)
{
    return wg__op_of(cotangent) == &wg_op_zeros_like && cotangent->operation->in[0] == of;
}

/* Cotangents come in, and those of the operands go out. */
static bool pull(wg__scan_pull *p, const wg_adjoint *a)
{
    wg_node *ys[WG__MAX_RESULTS], *bars[WG__MAX_RESULTS];
    size_t n = 0, n_x = 0, n_in = (size_t)p->of->n_in;
    for (size_t r = 0; r < (size_t)p->of->n_out; r++) {
        bool carried = is_carry(p, r);
        if (!wg__is_float(p->out[r]->dtype) || (!carried && is_zero(a->cotangents[r], a->outputs[r])))
            continue;
        p->bar_out[r] = wg__body_input(p->d, p->out[r], p->out[r]->shape);
        ys[n] = p->out[r];
        bars[n++] = p->bar_out[r];
    }
    wg_node **x = wg__alloc(&p->d->allocator, n_in, sizeof *x);
    for (size_t s = 0; x && s < n_in; s++)
        if (wg__is_float(p->in[s]->dtype))
            x[n_x++] = p->in[s];
    wg_grads grads = { { NULL, 0 }, { NULL, 0 } };
    if (x && !p->d->status)
        grads = wg__pullback(p->d, (wg_nodes){ ys, n }, (wg_nodes){ bars, n }, (wg_nodes){ x, n_x });
    wg__free(&p->d->allocator, x, n_in, sizeof *x);
    if (!grads.of.at)
        return false;
    n_x = 0;
    for (size_t s = 0; s < n_in; s++) {
        if (!wg__is_float(p->in[s]->dtype))
            continue;
        wg_node *bar = grads.of.at[n_x++];
        if (is_carry(p, s) || !is_zero(bar, p->in[s]))
            p->bar_in[s] = bar;
    }
    return true;
}

/* Shared operands: each iteration adds its part. */
static bool sum_up(wg__scan_pull *p)
{
    for (size_t s = 0; s < (size_t)p->of->n_in; s++) {
        if (is_carry(p, s) || is_slice(p, s) || !p->bar_in[s])
            continue;
        p->sum[s] = wg__body_input(p->d, p->in[s], p->in[s]->shape);
        p->bar_in[s] = wg_add(p->sum[s], p->bar_in[s]);
        if (!p->bar_in[s])
            return false;
    }
    p->n_d = p->d->n_nodes;
    return true;
}

/* ---- the scan over it ---- */

typedef struct assembly {
    const wg__scan_pull *p;
    const wg_adjoint *a;
    wg_graph *body;
    wg_node **image; /* by node of d */
    wg_node **in;    /* operands of the adjoint */
    size_t n_in;
    int64_t carries, slices;
} assembly;

/* The node of d becomes an input, which `from` is the operand for. */
static bool take(assembly *y, const wg_node *n, wg_node *from)
{
    y->in[y->n_in++] = from;
    return from && (y->image[n->index] = wg__body_input(y->body, n, n->shape)) != NULL;
}

static bool take_carries(assembly *y)
{
    const wg__scan_pull *p = y->p;
    for (size_t s = 0; s < (size_t)p->of->n_in; s++) {
        wg_node *from = p->sum[s] ? wg_zeros_like(p->of->in[s]) : NULL;
        if (is_carry(p, s) && p->bar_in[s] && !take(y, p->bar_out[s], y->a->cotangents[s]))
            return false;
        if (p->sum[s] && !take(y, p->sum[s], from))
            return false;
    }
    y->carries = (int64_t)y->n_in;
    return true;
}

static bool take_slices(assembly *y)
{
    const wg__scan_pull *p = y->p;
    for (size_t r = (size_t)p->attrs->carries; r < (size_t)p->of->n_out; r++)
        if (p->bar_out[r] && !take(y, p->bar_out[r], y->a->cotangents[r]))
            return false;
    for (size_t s = 0; s < (size_t)p->of->n_in; s++)
        if (is_slice(p, s) && (s == (size_t)p->attrs->carries || p->need[p->in[s]->index]) &&
            !take(y, p->in[s], p->of->in[s])) /* the first one always: it tells the length */
            return false;
    for (size_t i = 0; i < p->n_d; i++)
        if (p->saved[i] >= 0 && !take(y, p->d->nodes[i], &p->tip->out[p->saved[i]]))
            return false;
    y->slices = (int64_t)y->n_in - y->carries;
    return true;
}

/* What is the same in all iterations; and of a carry that lends only its shape, the first value. */
static bool take_shared(assembly *y)
{
    const wg__scan_pull *p = y->p;
    for (size_t s = 0; s < (size_t)p->of->n_in; s++)
        if (!is_slice(p, s) && p->need[p->in[s]->index] && !y->image[p->in[s]->index] &&
            !take(y, p->in[s], p->of->in[s]))
            return false;
    return true;
}

static bool give(assembly *y, wg_node **gradient)
{
    const wg__scan_pull *p = y->p;
    int at[2] = { 0, (int)y->carries }; /* carries and sums stand first among the results */
    int *result = wg__arena_alloc(&p->of->graph->arena, (size_t)p->of->n_in * sizeof *result);
    if (!result)
        return false;
    for (int slices = 0; slices < 2; slices++)
        for (size_t s = 0; s < (size_t)p->of->n_in; s++)
            if (p->bar_in[s] && is_slice(p, s) == slices) {
                result[s] = at[slices]++;
                if (!wg__body_output(y->image[p->bar_in[s]->index]))
                    return false;
            }
    wg__scan attrs = { .body = wg__graph_hold(y->body),
                       .carries = y->carries,
                       .slices = y->slices,
                       .reverse = !p->attrs->reverse,
                       .recompute = p->attrs->recompute };
    wg_node *made = wg__scan_apply(p->of->graph, attrs, (wg_nodes){ y->in, y->n_in });
    for (size_t s = 0; made && s < (size_t)p->of->n_in; s++)
        gradient[s] = p->bar_in[s] ? &made->operation->out[result[s]] : NULL;
    return made != NULL;
}

static bool assemble(const wg__scan_pull *p, const wg_adjoint *a, wg__arena *room, wg_node **gradient)
{
    assembly y = { .p = p, .a = a, .body = wg__graph_new_private(p->of->graph) };
    y.image = wg__arena_alloc(room, p->n_d * sizeof *y.image);
    y.in = wg__arena_alloc(room, p->n_d * sizeof *y.in);
    bool done = y.body && y.image && y.in && take_carries(&y) && take_slices(&y) && take_shared(&y) &&
                wg__copy_marked(y.body, p->d, p->need, y.image) && give(&y, gradient);
    if (!done && y.body && y.body->status)
        wg__graph_fail(p->of->graph, y.body->status, "%s", y.body->error);
    wg__graph_release(y.body);
    return done;
}

static bool differentiate(wg__operation *o, const wg_adjoint *a, wg_node **gradient)
{
    wg__arena room = { .allocator = &o->graph->allocator };
    wg__scan_pull p = { .of = o, .tip = o, .attrs = o->attrs, .d = wg__graph_new_private(o->graph) };
    while (p.tip->extended)
        p.tip = p.tip->extended;
    bool done = p.d && reserve(&p, &room) && copy_body(&p, &room) && pull(&p, a) && sum_up(&p);
    if (done) {
        p.need = wg__arena_alloc(&room, p.n_d);
        p.saved = wg__arena_alloc(&room, p.n_d * sizeof *p.saved);
        done = p.need && p.saved && wg__scan_save(&p) && assemble(&p, a, &room, gradient);
    }
    if (!done && p.d && p.d->status)
        wg__graph_fail(o->graph, p.d->status, "%s", p.d->error);
    else if (!done)
        wg__graph_fail_again(o->graph);
    wg__graph_release(p.d);
    wg__arena_free(&room);
    return done;
}

static wg__scan_pulled *pulled(const wg_adjoint *a)
{
    wg__operation *o = a->output->operation;
    size_t bytes = (size_t)o->n_out * sizeof(wg_node *);
    if (o->pulled && !memcmp(o->pulled->cotangent, a->cotangents, bytes))
        return o->pulled;
    wg__arena *arena = &o->graph->arena;
    wg__scan_pulled *new = wg__arena_alloc(arena, sizeof *new);
    if (!new || !(new->cotangent = wg__arena_alloc(arena, bytes)) ||
        !(new->gradient = wg__arena_alloc(arena, (size_t)o->n_in * sizeof(wg_node *))))
        return wg__graph_fail_again(o->graph);
    memcpy(new->cotangent, a->cotangents, bytes);
    return differentiate(o, a, new->gradient) ? (o->pulled = new) : NULL;
}

wg_node *wg__scan_backward(const wg_adjoint *a, int slot)
{
    const wg__scan_pulled *p = pulled(a);
    if (!p)
        return NULL;
    return p->gradient[slot] ? p->gradient[slot] : wg_no_gradient(a);
}
