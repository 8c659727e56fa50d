/* Gradients that are multiples of the right ones: the node of a hand-written backward pass where the factor came in.
 *
 * Each node that is a multiple of a right cotangent has a ratio to it, and what it adds to the ratio of the node that it was
 * made of is its own factor. A factor may be meant (1/m at the end), so a node is to blame only where no right gradient
 * passes it. */
#include <math.h>
#include <string.h>

#include "verify/model/wiring.h"

static const double near = 1e-9;

typedef struct factors {
    wg__wiring *w;
    const wg__judgement *j;
    wg__culprit *c;       /* by part */
    double *to, *own;     /* by node: the ratio to a right cotangent, 0: to none; the factor that it adds, 1: none */
    unsigned char *group; /* by part: wrong by one factor */
    unsigned char **goes; /* by part, by node: it goes into the gradient, as a cotangent */
} factors;

static bool equal(double a, double b) { return fabs(a - b) <= near * fabs(b); }

/* ---- ratios ---- */

/* The ratio of what u was made of; 1 where that is nothing that has one. */
static double below(const factors *f, const wg_node *u)
{
    int s = wg__wiring_carrier(f->w, u);
    if (s < 0)
        return 1;
    const wg_node *in = u->operation->in[s];
    return f->to[in->index] != 0 ? f->to[in->index] : below(f, in);
}

/* Cotangents may be multiples of one another: u is taken for the one that asks for no factor, if there is one. */
static void measure(factors *f, const wg_node *u)
{
    double ratio, under = below(f, u), *to = &f->to[u->index];
    for (size_t i = 0; i < f->w->n_rights; i++) {
        if (!wg__wiring_proportional(wg__wiring_value(f->w, u), f->w->right[i].value, &ratio))
            continue;
        if (equal(ratio, 1) || *to == 0 || (equal(ratio, under) && !equal(*to, 1)))
            *to = ratio;
    }
    if (*to != 0)
        f->own[u->index] = *to / under;
}

static void reach(const factors *f, const wg_node *u, unsigned char *goes)
{
    if (goes[u->index] || !wg__wiring_carries(f->w, u))
        return;
    goes[u->index] = 1;
    for (int s = 0; s < u->operation->n_in; s++)
        reach(f, u->operation->in[s], goes);
}

/* Where the search for a part's factor begins. */
static const wg_node *start(const factors *f, size_t part)
{
    return f->c[part].multiple ? f->c[part].multiple : f->w->t->m->parts[part].gradient;
}

static bool prepare(factors *f)
{
    wg__arena *a = &f->w->memory;
    const wg_graph *g = f->w->t->m->twin.graph;
    size_t n = f->w->before, parts = f->w->t->m->n_parts;
    f->to = wg__arena_alloc(a, n * sizeof *f->to);
    f->own = wg__arena_alloc(a, n * sizeof *f->own);
    f->group = wg__arena_alloc(a, parts);
    f->goes = wg__arena_alloc(a, parts * sizeof *f->goes);
    if (!f->to || !f->own || !f->group || !f->goes)
        return false;
    for (size_t i = 0; i < n; i++) {
        f->own[i] = 1;
        if (wg__wiring_carries(f->w, g->nodes[i]))
            measure(f, g->nodes[i]);
    }
    for (size_t i = 0; i < parts; i++) {
        if (!(f->goes[i] = wg__arena_alloc(a, n)))
            return false;
        reach(f, start(f, i), f->goes[i]);
    }
    return true;
}

/* ---- whose fault ---- */

/* Does node i go into every gradient of the group, and into no right one? */
static bool is_suspect(const factors *f, size_t i)
{
    for (size_t p = 0; p < f->w->t->m->n_parts; p++)
        if ((f->group[p] && !f->goes[p][i]) || (f->j[p].verdict != WG_FAIL && f->goes[p][i]))
            return false;
    return true;
}

static bool sets_factor(const wg_node *u)
{
    static const char *const ops[] = { "scale", "mul", "div", "mean" };
    for (size_t i = 0; i < WG_COUNT(ops); i++)
        if (!strcmp(wg__op_of(u)->name, ops[i]))
            return true;
    return false;
}

/* Do the suspects together make up the factor, or at least its sign? */
static bool explains(const factors *f, double ratio)
{
    double all = 1;
    for (size_t i = 0; i < f->w->before; i++)
        if (f->own[i] != 1 && is_suspect(f, i))
            all *= f->own[i];
    return equal(all, ratio) || (ratio < 0 && all < 0);
}

/* Of the suspects that add a factor: one that turns the sign, if it is turned; one that adds just that factor; the last that
 * could have set it; the first. NULL: there are none. */
static const wg_node *pick(const factors *f, double ratio)
{
    const wg_graph *g = f->w->t->m->twin.graph;
    const wg_node *turns = NULL, *exact = NULL, *sets = NULL, *first = NULL;
    for (size_t i = 0; i < f->w->before; i++) {
        const wg_node *u = g->nodes[i];
        if (equal(f->own[i], 1) || !is_suspect(f, i))
            continue;
        turns = !turns && f->own[i] < 0 ? u : turns;
        exact = !exact && equal(f->own[i], ratio) ? u : exact;
        sets = sets_factor(u) ? u : sets;
        first = first ? first : u;
    }
    return ratio < 0 && turns ? turns : exact ? exact : sets ? sets : first;
}

static void blame(const factors *f, const wg_node *u, bool common, wg__culprit *out)
{
    int slot = wg__wiring_carrier(f->w, u);
    out->node = u;
    out->slot = slot < 0 ? 0 : slot;
    out->common = common;
}

/* No node adds a factor that it should not: one was left out. The last node that could have set it, else the gradient itself. */
static void blame_omission(const factors *f, size_t part, wg__culprit *out)
{
    const wg_node *u = start(f, part), *at = u;
    int slot;
    while (!sets_factor(at) && (slot = wg__wiring_carrier(f->w, at)) >= 0 &&
           f->to[at->operation->in[slot]->index] == f->to[u->index] && f->to[u->index] != 0)
        at = at->operation->in[slot];
    blame(f, sets_factor(at) ? at : u, false, out);
}

static void judge_part(factors *f, size_t part, wg__culprit *out)
{
    memset(f->group, 0, f->w->t->m->n_parts);
    f->group[part] = 1;
    const wg_node *u = pick(f, out->ratio);
    if (u)
        blame(f, u, false, out);
    else
        blame_omission(f, part, out);
}

/* The wrong parts that are off by the same factor as `first`, and have no culprit yet. */
static size_t gather(factors *f, size_t first)
{
    size_t n = 0;
    for (size_t p = 0; p < f->w->t->m->n_parts; p++) {
        const wg__culprit *c = &f->c[p];
        f->group[p] = c->multiple && !c->node && equal(c->ratio, f->c[first].ratio);
        n += f->group[p];
    }
    return n;
}

void wg__wiring_factors(wg__wiring *w, const wg__judgement *j, wg__culprit *c)
{
    factors f = { .w = w, .j = j, .c = c };
    if (!prepare(&f))
        return;
    for (size_t i = 0; i < w->t->m->n_parts; i++) {
        if (!c[i].multiple || c[i].node)
            continue;
        const wg_node *u = gather(&f, i) > 1 && explains(&f, c[i].ratio) ? pick(&f, c[i].ratio) : NULL;
        for (size_t p = 0; p < w->t->m->n_parts && u; p++)
            if (f.group[p])
                blame(&f, u, true, &c[p]);
        if (!u)
            judge_part(&f, i, &c[i]);
    }
}
