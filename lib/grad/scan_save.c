/* What the adjoint of a scan finds in stacks, and what it computes again.
 *
 * Where a node of an iteration meets the adjoint, its value is saved: the scan is extended by a stack of it. What depends
 * on shared operands alone is computed again, and so is everything but the carries when the scan says so, or when there
 * would be more stacks than results can be. */
#include <string.h>

#include "grad/scan.h"

typedef struct saver {
    wg__scan_pull *p;
    unsigned char *kind; /* by node of d */
    bool carries_alone;
    int n_out; /* of the tip, as extended so far */
} saver;

enum { ADJOINT = 1, VARYING = 2 }; /* depends on a cotangent; on the iteration */

static void classify(saver *v)
{
    const wg__scan_pull *p = v->p;
    for (size_t s = 0; s < (size_t)p->of->n_in; s++) {
        if ((int64_t)s < p->attrs->carries + p->attrs->slices)
            v->kind[p->in[s]->index] = VARYING;
        if (p->sum[s])
            v->kind[p->sum[s]->index] = ADJOINT;
    }
    for (int r = 0; r < p->of->n_out; r++)
        if (p->bar_out[r])
            v->kind[p->bar_out[r]->index] = ADJOINT;
    for (size_t i = 0; i < p->n_d; i++) {
        const wg__operation *o = p->d->nodes[i]->operation;
        if (o->op->flags & WG_RANDOM)
            v->kind[i] |= VARYING;
        for (int s = 0; s < o->n_in; s++)
            v->kind[i] |= v->kind[o->in[s]->index];
    }
}

static bool is_carry(const wg__scan_pull *p, const wg_node *n)
{
    for (int64_t s = 0; s < p->attrs->carries; s++)
        if (p->in[s] == n)
            return true;
    return false;
}

/* Whether a value that the adjoint takes from the iteration comes from a stack. */
static bool is_saved(const saver *v, const wg_node *n)
{
    unsigned char kind = v->kind[n->index];
    if (kind & ADJOINT || !(kind & VARYING) || v->p->need[n->index] != WG__NEED_VALUE)
        return false;
    if (wg__op_of(n) == &wg_op_input)
        return is_carry(v->p, n);
    return !v->carries_alone;
}

/* The stack of the tip that holds the node already, or a new one. */
static int stack_of(saver *v, wg_node *n)
{
    for (int r = (int)v->p->attrs->carries; r < v->n_out; r++)
        if (v->p->out[r] == n)
            return r;
    if (v->n_out < WG__MAX_RESULTS)
        v->p->out[v->n_out] = n;
    return v->n_out++;
}

/* From what the adjoint gives backwards to what it takes. */
static void walk(saver *v)
{
    wg__scan_pull *p = v->p;
    memset(p->need, 0, p->n_d);
    v->n_out = p->tip->n_out;
    for (int s = 0; s < p->of->n_in; s++)
        if (p->bar_in[s])
            p->need[p->bar_in[s]->index] = WG__NEED_VALUE;
    for (size_t i = p->n_d; i-- > 0;) {
        wg_node *n = p->d->nodes[i];
        const wg__operation *o = n->operation;
        p->saved[i] = -1;
        if (!p->need[i])
            continue;
        if (is_saved(v, n)) {
            p->saved[i] = stack_of(v, n);
            continue;
        }
        for (int s = 0; s < o->n_in; s++) {
            unsigned char need =
                p->need[i] == WG__NEED_VALUE && wg__reads_operand(o, s) ? WG__NEED_VALUE : WG__NEED_SHAPE;
            if (need > p->need[o->in[s]->index])
                p->need[o->in[s]->index] = need;
        }
    }
}

/* The scan that gives all that out[] lists. */
static bool extend(saver *v)
{
    wg__scan_pull *p = v->p;
    wg_graph *g = p->of->graph, *body = wg__graph_new_private(g);
    unsigned char *marks = wg__alloc_zero(&g->allocator, p->n_d, 1);
    wg_node **image = wg__alloc_zero(&g->allocator, p->n_d, sizeof *image), *made = NULL;
    bool done = body && marks && image;
    for (int s = 0; done && s < p->of->n_in; s++)
        done = (image[p->in[s]->index] = wg__body_input(body, p->in[s], p->in[s]->shape)) != NULL;
    if (done) {
        wg__mark_needed(p->d, (wg_nodes){ p->out, (size_t)v->n_out }, marks);
        done = wg__copy_marked(body, p->d, marks, image);
    }
    for (int r = 0; done && r < v->n_out; r++)
        done = wg__body_output(image[p->out[r]->index]);
    if (done) {
        wg__scan attrs = *p->attrs;
        attrs.body = wg__graph_hold(body);
        made = wg__scan_apply(g, attrs, (wg_nodes){ p->of->in, (size_t)p->of->n_in });
    } else if (body && body->status) {
        wg__graph_fail(g, body->status, "%s", body->error);
    }
    if (made) {
        made->operation->extends = p->tip;
        p->tip = p->tip->extended = made->operation;
    }
    wg__graph_release(body);
    wg__free(&g->allocator, marks, p->n_d, 1);
    wg__free(&g->allocator, image, p->n_d, sizeof *image);
    return made != NULL;
}

bool wg__scan_save(wg__scan_pull *p)
{
    saver v = { .p = p, .carries_alone = p->attrs->recompute };
    wg_graph *g = p->of->graph;
    if (!(v.kind = wg__alloc_zero(&g->allocator, p->n_d, 1)))
        return false;
    classify(&v);
    walk(&v);
    if (v.n_out > WG__MAX_RESULTS) {
        v.carries_alone = true;
        walk(&v);
    }
    wg__free(&g->allocator, v.kind, p->n_d, 1);
    if (v.n_out > WG__MAX_RESULTS) {
        wg__graph_fail(g, WG_ERR_ARG, "scan: its adjoint would have more than %d results", WG__MAX_RESULTS);
        return false;
    }
    return v.n_out == p->tip->n_out || extend(&v);
}
