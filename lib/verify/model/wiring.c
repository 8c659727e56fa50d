/* Matching a hand-written backward pass with reverse mode's. */
#include "verify/model/wiring.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "exec/exec.h"
#include <wengert/ops.h>

enum { UNKNOWN, YES, NO };

struct wg__wiring {
    wg__trace *t;
    wg__arena memory;
    wg_exec *exec;
    size_t before, after; /* reverse mode's nodes are before .. after - 1 */
    unsigned char *forward,
        *theirs;            /* by node index: the scalar needs it; the gradients under test do, and it does not */
    unsigned char *carries; /* by node index: something of reverse mode's goes into it */
    wg_grads naive;         /* the cotangents of all forward nodes, unrewritten */
};

static wg_view value(const wg__wiring *w, const wg_node *n)
{
    wg_view kept = { 0 };
    if (wg__op_of(n)->flags & WG_LEAF)
        return wg__trace_value(w->t, n);
    return w->exec ? wg_result(w->exec, n) : kept;
}

/* Is x a multiple of y? A lone element is of anything, so there only y itself will do. */
static bool proportional(wg_view x, wg_view y, double *ratio)
{
    int64_t n = wg_shape_count(x.shape);
    if (!x.data || !y.data || x.dtype != WG_F64 || y.dtype != WG_F64 || n < 1 || n != wg_shape_count(y.shape))
        return false;
    const double *a = x.data, *b = y.data;
    double cross = wg__dot_of((size_t)n, a, b).value, square = wg__dot_of((size_t)n, b, b).value, large = 0;
    *ratio = cross / square;
    if (!isfinite(*ratio) || *ratio == 0)
        return false;
    for (int64_t i = 0; i < n; i++)
        large = fmax(large, fabs(a[i]));
    for (int64_t i = 0; i < n; i++)
        if (!wg__within(a[i], *ratio * b[i], 1e-9 * large))
            return false;
    return n > 1 || fabs(*ratio - 1) < 1e-9;
}

/* ---- reverse mode for every node ---- */

static bool takes_part(const wg__wiring *w, const wg_node *n)
{
    const wg_op *op = wg__op_of(n);
    return w->forward[n->index] && n->dtype == WG_F64 && n != w->t->m->scalar && w->carries[n->index] &&
           (n->operation->n_in == 0 || op->backward || op->flags & WG_NO_GRADIENT);
}

/* Marks what depends on the parameters. */
static void mark_dependence(wg__wiring *w)
{
    const wg_graph *g = w->t->m->twin.graph;
    for (size_t i = 0; i < w->t->m->n_parts; i++)
        w->carries[w->t->m->parts[i].leaf->node->index] = YES;
    for (size_t i = 0; i < w->before; i++) {
        const wg__operation *o = g->nodes[i]->operation;
        for (int s = 0; s < o->n_in; s++)
            if (w->carries[o->in[s]->index])
                w->carries[i] = YES;
    }
}

static bool differentiate(wg__wiring *w)
{
    wg__model *m = w->t->m;
    wg_graph *g = m->twin.graph;
    wg_node **wrt = wg__arena_alloc(&w->memory, w->before * sizeof *wrt), *seed;
    size_t n = 0;
    if (!wrt)
        return false;
    mark_dependence(w);
    for (size_t i = 0; i < w->before; i++)
        if (takes_part(w, g->nodes[i]))
            wrt[n++] = g->nodes[i];
    memset(w->carries, UNKNOWN, w->before);
    seed = wg_ones_like(m->scalar);
    if (seed)
        w->naive = wg__pullback(g, (wg_nodes){ &m->scalar, 1 }, (wg_nodes){ &seed, 1 }, (wg_nodes){ wrt, n });
    w->after = g->n_nodes;
    return w->naive.of.at != NULL;
}

static bool run(wg__wiring *w)
{
    const wg_graph *g = w->t->m->twin.graph;
    wg_node **list = wg__arena_alloc(&w->memory, w->after * sizeof *list);
    size_t n = 0;
    for (size_t i = 0; i < w->after && list; i++) {
        bool wanted = i >= w->before || w->forward[i] || w->theirs[i];
        if (wanted && !(wg__op_of(g->nodes[i])->flags & (WG_LEAF | WG_EFFECT)))
            list[n++] = g->nodes[i];
    }
    w->exec = list && n ? wg__twin_exec(&w->t->m->twin, w->t->m->mode, (wg_nodes){ list, n }) : NULL;
    return w->exec && wg_run(w->exec) == WG_OK;
}

static bool mark(wg__wiring *w)
{
    const wg__model *m = w->t->m;
    const wg_graph *g = m->twin.graph;
    w->before = g->n_nodes;
    w->forward = wg__arena_alloc(&w->memory, w->before);
    w->theirs = wg__arena_alloc(&w->memory, w->before);
    w->carries = wg__arena_alloc(&w->memory, w->before);
    if (!w->forward || !w->theirs || !w->carries)
        return false;
    wg__mark_needed(g, (wg_nodes){ &m->scalar, 1 }, w->forward);
    for (size_t i = 0; i < m->n_parts; i++)
        wg__mark_needed(g, (wg_nodes){ &m->parts[i].gradient, 1 }, w->theirs);
    for (size_t i = 0; i < w->before; i++)
        w->theirs[i] = w->theirs[i] && !w->forward[i];
    return true;
}

wg__wiring *wg__wiring_open(wg__trace *t)
{
    wg__wiring *w = wg__alloc_zero(NULL, 1, sizeof *w);
    if (!w)
        return NULL;
    w->t = t;
    w->memory.allocator = &wg__default_allocator;
    if (mark(w) && differentiate(w) && run(w))
        return w;
    wg__wiring_free(w);
    return NULL;
}

void wg__wiring_free(wg__wiring *w)
{
    if (!w)
        return;
    wg_exec_free(w->exec);
    wg__arena_free(&w->memory);
    wg__free(NULL, w, 1, sizeof *w);
}

/* ---- matching ---- */

/* The forward node whose cotangent u is a multiple of, `prefer` first; NULL: none. */
static const wg_node *owner_of(const wg__wiring *w, const wg_node *u, const wg_node *prefer)
{
    double ratio;
    const wg_node *found = NULL;
    for (size_t i = 0; i < w->naive.of.n; i++)
        if ((!found || w->naive.wrt.at[i] == prefer) && proportional(value(w, u), value(w, w->naive.of.at[i]), &ratio))
            found = w->naive.wrt.at[i];
    return found;
}

/* Is u, or a multiple of it, anything that the forward pass or reverse mode has? */
static bool is_known(const wg__wiring *w, const wg_node *u)
{
    const wg_graph *g = w->t->m->twin.graph;
    double ratio;
    if (!w->theirs[u->index])
        return true;
    for (size_t i = 0; i < w->after; i++)
        if ((i >= w->before || w->forward[i]) && proportional(value(w, u), value(w, g->nodes[i]), &ratio))
            return true;
    return false;
}

/* Has a cotangent gone into u? */
static bool carries(wg__wiring *w, const wg_node *u)
{
    unsigned char *known = &w->carries[u->index];
    if (!w->theirs[u->index])
        return false;
    if (*known == UNKNOWN) {
        bool any = owner_of(w, u, NULL) != NULL;
        for (int s = 0; s < u->operation->n_in && !any; s++)
            any = carries(w, u->operation->in[s]);
        *known = any ? YES : NO;
    }
    return *known == YES;
}

/* ---- where it goes astray ---- */

/* Down along operands of which `wrong` is true, to the last. *slot: the operand that carries what it is made of. */
static const wg_node *follow(wg__wiring *w, const wg_node *u, bool (*wrong)(wg_view))
{
    for (int s = 0; s < u->operation->n_in; s++) {
        const wg_node *in = u->operation->in[s];
        if (w->theirs[in->index] && wrong(value(w, in)))
            return follow(w, in, wrong);
    }
    return u;
}

static bool all_zero(wg_view v)
{
    int64_t n = wg_shape_count(v.shape);
    for (int64_t i = 0; i < n; i++)
        if (wg__load(v.data, v.dtype, i) != 0)
            return false;
    return n > 0 && v.dtype == WG_F64;
}

static bool any_infinite(wg_view v)
{
    for (int64_t i = 0; i < wg_shape_count(v.shape); i++)
        if (!isfinite(wg__load(v.data, v.dtype, i)))
            return true;
    return false;
}

static bool sets_factor(const wg_node *u)
{
    static const char *const ops[] = { "scale", "mul", "div", "mean" };
    for (size_t i = 0; i < WG_COUNT(ops); i++)
        if (!strcmp(wg__op_of(u)->name, ops[i]))
            return true;
    return false;
}

/* The gradient is a multiple: the last node that could set the factor. */
static void find_factor(wg__wiring *w, const wg_node *u, wg_view right, double ratio, wg__culprit *out)
{
    const wg_node *below = u;
    out->node = NULL;
    while (below && !out->node) {
        u = below, below = NULL;
        for (int s = 0; s < u->operation->n_in; s++) {
            double of;
            const wg_node *in = u->operation->in[s];
            if (!w->theirs[in->index] || !proportional(value(w, in), right, &of))
                continue;
            out->slot = s;
            below = in;
            if (sets_factor(u) || fabs(of - ratio) > 1e-9 * fabs(ratio))
                out->node = u;
            break;
        }
    }
    if (out->node)
        return;
    out->node = u;
    for (int s = 0; s < u->operation->n_in; s++)
        if (carries(w, u->operation->in[s]))
            out->slot = s;
}

/* The lowest node that nothing matches although its operands do. */
static const wg_node *lowest_unknown(wg__wiring *w, const wg_node *u)
{
    for (int s = 0; s < u->operation->n_in; s++) {
        const wg_node *in = u->operation->in[s];
        if (w->theirs[in->index] && carries(w, in) && !is_known(w, in))
            return lowest_unknown(w, in);
    }
    return u;
}

/* The forward node whose cotangent, by its shape, should stand at u, on the way that reverse mode goes to `from`. */
static const wg_node *rightful(const wg__wiring *w, const wg_node *from, const wg_node *u, int depth)
{
    for (size_t i = 0; i < w->naive.of.n; i++)
        if (w->naive.of.at[i] == from && from->index >= w->before &&
            wg_shape_equal(value(w, from).shape, value(w, u).shape) &&
            !(wg__op_of(w->naive.wrt.at[i])->flags & WG_LEAF))
            return w->naive.wrt.at[i];
    for (int s = 0; depth && s < from->operation->n_in; s++) {
        const wg_node *in = from->operation->in[s],
                      *found = in->index >= w->before ? rightful(w, in, u, depth - 1) : NULL;
        if (found)
            return found;
    }
    return NULL;
}

/* What the forward pass makes of n first. */
static const wg_node *consumer_of(const wg__wiring *w, const wg_node *n)
{
    const wg_graph *g = w->t->m->twin.graph;
    for (size_t i = 0; i < w->before; i++)
        for (int s = 0; w->forward[i] && s < g->nodes[i]->operation->n_in; s++)
            if (g->nodes[i]->operation->in[s] == n)
                return g->nodes[i];
    return NULL;
}

/* A node that is no multiple of what should stand there: either another node's cotangent goes in, or the rest is wrong. */
static void explain(wg__wiring *w, const wg_node *cotangent, wg__culprit *out)
{
    enum { DEPTH = 6 };
    const wg_node *u = out->node, *at = rightful(w, cotangent, u, DEPTH), *after = at ? consumer_of(w, at) : NULL;
    for (int s = 0; s < u->operation->n_in; s++)
        if (carries(w, u->operation->in[s])) {
            out->slot = s;
            break;
        }
    const wg_node *arrives = u->operation->n_in ? owner_of(w, u->operation->in[out->slot], after) : NULL;
    if (!after || !arrives)
        return;
    char a[WG__BLAME_LABEL], b[WG__BLAME_LABEL];
    wg__blame_label(w->t, arrives, a);
    wg__blame_label(w->t, after, b);
    if (arrives != after) {
        snprintf(out->kind, sizeof out->kind, "%s", "wiring");
        snprintf(out->remark, sizeof out->remark, "operand %d is the gradient of %s where that of %s belongs",
                 out->slot, a, b);
        return;
    }
    for (int s = 0; s < u->operation->n_in; s++)
        if (s != out->slot) {
            out->slot = s;
            snprintf(out->kind, sizeof out->kind, "%s", "wrong derivative");
            snprintf(out->remark, sizeof out->remark, "operand %d is not the derivative of %s", s, b);
            return;
        }
}

void wg__wiring_find(wg__wiring *w, size_t index, wg__culprit *out)
{
    const wg__theta_part *part = &w->t->m->parts[index];
    const wg_node *u = part->gradient, *cotangent = NULL;
    *out = (wg__culprit){ 0 };
    for (size_t i = 0; i < w->naive.of.n; i++)
        if (w->naive.wrt.at[i] == part->leaf->node)
            cotangent = w->naive.of.at[i];
    if (!w->theirs[u->index] || !cotangent)
        return;
    wg_view right = value(w, cotangent), wrong = value(w, u);
    double ratio = 0;
    if (!right.data || !wrong.data)
        return;
    bool lone = part->leaf->count == 1 && isfinite(*(const double *)wrong.data / *(const double *)right.data);
    wg__kind_of(part->leaf->count, right.data, wrong.data, part->leaf->shape, 1e-9, out->kind);
    if (all_zero(wrong)) {
        out->node = follow(w, u, all_zero);
    } else if (any_infinite(wrong)) {
        out->node = follow(w, u, any_infinite);
    } else if (proportional(wrong, right, &ratio)) {
        find_factor(w, u, right, ratio, out);
    } else {
        out->node = lowest_unknown(w, u);
        if (lone && out->node == u) /* one element cannot be told from a multiple */
            return;
        explain(w, cotangent, out);
    }
}
