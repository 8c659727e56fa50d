/* Matching a hand-written backward pass with reverse mode's, node by node. */
#include "verify/model/wiring.h"

#include <math.h>
#include <string.h>

#include "exec/exec.h"
#include <wengert/ops.h>

enum { UNKNOWN, YES, NO };

wg_view wg__wiring_value(const wg__wiring *w, const wg_node *n)
{
    wg_view kept = { 0 };
    if (wg__op_of(n)->flags & WG_LEAF)
        return wg__trace_value(w->t, n);
    return w->exec ? wg_result(w->exec, n) : kept;
}

bool wg__wiring_proportional(wg_view x, wg_view y, double *ratio)
{
    int64_t n = wg_shape_count(x.shape);
    if (!x.data || !y.data || x.dtype != WG_F64 || y.dtype != WG_F64 || n < 1 || n != wg_shape_count(y.shape))
        return false;
    const double *a = x.data, *b = y.data;
    bool uniform = true;
    double cross = wg__dot_of((size_t)n, a, b).value, square = wg__dot_of((size_t)n, b, b).value, large = 0;
    *ratio = cross / square;
    if (!isfinite(*ratio) || *ratio == 0)
        return false;
    for (int64_t i = 0; i < n; i++)
        large = fmax(large, fabs(a[i]));
    for (int64_t i = 0; i < n; i++) {
        if (!wg__within(a[i], *ratio * b[i], 1e-9 * large))
            return false;
        uniform = uniform && a[i] == a[0];
    }
    return !uniform || fabs(*ratio - 1) < 1e-9;
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

/* Counts, and fills in where there is room already, what is right for the forward node `of`. */
static void add_right(wg__wiring *w, const wg_node *of, const wg_node *node)
{
    if (w->right)
        w->right[w->n_rights] = (wg__right){ of, node, wg__wiring_value(w, node) };
    w->n_rights++;
    for (int s = 0; s < node->operation->n_in && node->index >= w->before && !strcmp(wg__op_of(node)->name, "add"); s++)
        if (node->operation->in[s]->index >= w->before)
            add_right(w, of, node->operation->in[s]);
}

static bool list_rights(wg__wiring *w)
{
    for (int filling = 0; filling < 2; filling++) {
        if (filling && !(w->right = wg__arena_alloc(&w->memory, (w->n_rights + 1) * sizeof *w->right)))
            return false;
        w->n_rights = 0;
        for (size_t i = 0; i < w->naive.of.n; i++)
            add_right(w, w->naive.wrt.at[i], w->naive.of.at[i]);
    }
    return true;
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
    if (mark(w) && differentiate(w) && run(w) && list_rights(w))
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

const wg_node *wg__wiring_cotangent(const wg__wiring *w, const wg_node *of)
{
    for (size_t i = 0; i < w->naive.of.n; i++)
        if (w->naive.wrt.at[i] == of)
            return w->naive.of.at[i];
    return NULL;
}

bool wg__wiring_known(const wg__wiring *w, const wg_node *u)
{
    const wg_graph *g = w->t->m->twin.graph;
    double ratio;
    if (!w->theirs[u->index])
        return true;
    for (size_t i = 0; i < w->after; i++)
        if ((i >= w->before || w->forward[i]) &&
            wg__wiring_proportional(wg__wiring_value(w, u), wg__wiring_value(w, g->nodes[i]), &ratio))
            return true;
    return false;
}

/* What only looks at a cotangent, as a comparison does, hands none on. */
static bool carries_on(wg__wiring *w, const wg_node *u)
{
    double ratio;
    if (u->dtype != WG_F64 || wg__op_of(u)->flags & WG_NO_GRADIENT)
        return false;
    for (size_t i = 0; i < w->n_rights; i++)
        if (wg__wiring_proportional(wg__wiring_value(w, u), w->right[i].value, &ratio))
            return true;
    for (int s = 0; s < u->operation->n_in; s++)
        if (wg__wiring_carries(w, u->operation->in[s]))
            return true;
    return false;
}

bool wg__wiring_carries(wg__wiring *w, const wg_node *u)
{
    unsigned char *known = &w->carries[u->index];
    if (!w->theirs[u->index])
        return false;
    if (*known == UNKNOWN)
        *known = carries_on(w, u) ? YES : NO;
    return *known == YES;
}

int wg__wiring_carrier(wg__wiring *w, const wg_node *u)
{
    for (int s = 0; s < u->operation->n_in; s++)
        if (wg__wiring_carries(w, u->operation->in[s]))
            return s;
    return -1;
}

/* ---- where it goes astray ---- */

/* Down along operands of which `wrong` is true, to the last. */
static const wg_node *follow(const wg__wiring *w, const wg_node *u, bool (*wrong)(wg_view))
{
    for (int s = 0; s < u->operation->n_in; s++) {
        const wg_node *in = u->operation->in[s];
        if (w->theirs[in->index] && wrong(wg__wiring_value(w, in)))
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

/* The lowest node that nothing matches although its operands do. */
static const wg_node *lowest_unknown(wg__wiring *w, const wg_node *u)
{
    for (int s = 0; s < u->operation->n_in; s++) {
        const wg_node *in = u->operation->in[s];
        if (wg__wiring_carries(w, in) && !wg__wiring_known(w, in))
            return lowest_unknown(w, in);
    }
    return u;
}

/* Fills in a culprit, or the ratio where the gradient is a multiple of the right one. */
static void find(wg__wiring *w, size_t index, wg__culprit *out)
{
    const wg__theta_part *part = &w->t->m->parts[index];
    const wg_node *u = part->gradient, *cotangent = wg__wiring_cotangent(w, part->leaf->node);
    if (!w->theirs[u->index] || !cotangent)
        return;
    wg_view right = wg__wiring_value(w, cotangent), wrong = wg__wiring_value(w, u);
    if (!right.data || !wrong.data)
        return;
    double of = part->leaf->count == 1 ? *(const double *)wrong.data / *(const double *)right.data : NAN;
    bool lone = isfinite(of) && of != 0;
    wg__kind_of(part->leaf->count, right.data, wrong.data, part->leaf->shape, 1e-9, out->kind);
    if (all_zero(wrong)) {
        out->node = follow(w, u, all_zero);
    } else if (any_infinite(wrong)) {
        out->node = follow(w, u, any_infinite);
    } else if (wg__wiring_proportional(wrong, right, &of)) {
        out->ratio = of, out->multiple = u;
    } else {
        const wg_node *lowest = lowest_unknown(w, u);
        if (lone && lowest == u) /* one element cannot be told from a multiple */
            out->ratio = of, out->multiple = u;
        else
            wg__wiring_step(w, lowest, u, cotangent, out);
    }
}

/* Several gradients may go astray at one node. */
static void mark_common(const wg__wiring *w, wg__culprit *c)
{
    for (size_t i = 0; i < w->t->m->n_parts; i++)
        for (size_t k = 0; k < w->t->m->n_parts; k++)
            if (k != i && c[i].node && c[i].node == c[k].node)
                c[i].common = true;
}

void wg__wiring_find(wg__wiring *w, const wg__judgement *j, wg__culprit *culprits)
{
    for (size_t i = 0; i < w->t->m->n_parts; i++)
        if (j[i].verdict == WG_FAIL)
            find(w, i, &culprits[i]);
    wg__wiring_factors(w, j, culprits);
    mark_common(w, culprits);
}
