/* Regions that are recomputed: which operations they hold, and their copies. */
#include <stdlib.h>
#include <string.h>

#include "graph/scan.h"
#include "plan/remat.h"

/* ---- which operations ---- */

typedef struct walk {
    const wg_graph *source;
    const wg__operation *mark;
    size_t least;         /* index of the first operation of the border; none before it can follow from it */
    unsigned char *state; /* by index of an operation */
    const wg__operation **list;
    size_t n, capacity;
} walk;
enum { SEEN = 1, BORDER = 2, FOLLOWS = 4 };

static bool visit(walk *w, const wg__operation *o)
{
    if (w->state[o->index] || o->op->flags & WG_LEAF || o->index < w->least)
        return true;
    if (!wg__grow(&w->source->allocator, (void **)&w->list, &w->capacity, w->n + 1, sizeof(const wg__operation *)))
        return false;
    w->state[o->index] = SEEN;
    w->list[w->n++] = o;
    return true;
}

/* All that y is made of as far as the border: also by way of the better forms that differentiation has put in place of
 * nodes, for those are what the backward pass reads. The list is its own queue. */
static bool collect(walk *w)
{
    const wg__operation *mark = w->mark;
    for (int s = 1; s < mark->n_in; s++) {
        const wg__operation *border = mark->in[s]->operation;
        w->state[border->index] = BORDER;
        w->least = s == 1 || border->index < w->least ? border->index : w->least;
    }
    bool done = visit(w, mark->in[0]->operation);
    for (size_t i = 0; done && i < w->n; i++) {
        const wg__operation *o = w->list[i];
        for (int s = 0; done && s < o->n_in; s++)
            done = visit(w, o->in[s]->operation);
        for (int r = 0; done && r < o->n_out; r++)
            done = !o->out[r].rewritten || visit(w, o->out[r].rewritten->operation);
    }
    return done;
}

static int by_index(const void *x, const void *y)
{
    const wg__operation *const *a = x, *const *b = y;
    return (*a)->index < (*b)->index ? -1 : (*a)->index > (*b)->index;
}

/* Keeps what follows from the border; from the leaves, where there is none. A scan is not repeated for what stands around
 * it: its own adjoint knows what to keep of the iterations. */
static size_t keep_followers(walk *w)
{
    size_t kept = 0;
    if (w->n)
        qsort(w->list, w->n, sizeof(const wg__operation *), by_index);
    for (size_t i = 0; i < w->n; i++) {
        const wg__operation *o = w->list[i];
        bool follows = w->mark->n_in == 1;
        for (int s = 0; s < o->n_in; s++)
            follows = follows || w->state[o->in[s]->operation->index] & (BORDER | FOLLOWS);
        w->state[o->index] |= follows ? FOLLOWS : 0;
        if (follows && !wg__scan_of(o))
            w->list[kept++] = o;
    }
    return kept;
}

static bool fill(wg__remats *r, const walk *w, size_t n)
{
    wg__region *to = &r->region[r->n++];
    *to = (wg__region){ .mark = w->mark, .n = n };
    to->member = wg__arena_alloc(&r->memory, (n + 1) * sizeof *to->member);
    for (size_t i = 0; to->member && i < n; i++) {
        to->member[i].of = w->list[i];
        to->member[i].image = wg__arena_alloc(&r->memory, (size_t)w->list[i]->n_out * sizeof(wg_node *));
        if (!to->member[i].image)
            return false;
    }
    return to->member != NULL;
}

static bool add_region(wg__remats *r, const wg_graph *source, const wg__operation *mark, unsigned char *state)
{
    walk w = { .source = source, .mark = mark, .state = state };
    bool done = collect(&w);
    done = done && fill(r, &w, keep_followers(&w));
    memset(state, 0, source->n_operations);
    wg__free(&source->allocator, w.list, w.capacity, sizeof(const wg__operation *));
    return done;
}

static bool is_mark(const wg__operation *o, const wg_graph *source, const unsigned char *needed, size_t at)
{
    return o->op == &wg_op_remat && needed[at] && source->nodes[at] == o->out;
}

bool wg__remats_begin(wg__remats *r, wg__copy *c, const wg_graph *source, wg_mode mode, const unsigned char *needed)
{
    size_t marks = 0;
    *r = (wg__remats){ .copy = c, .mode = mode, .memory.allocator = &c->graph->allocator };
    for (size_t i = 0; i < source->n_nodes; i++)
        marks += is_mark(source->nodes[i]->operation, source, needed, i);
    if (!marks)
        return true;
    unsigned char *state = wg__alloc_zero(&source->allocator, source->n_operations, 1);
    r->region = wg__arena_alloc(&r->memory, marks * sizeof *r->region);
    bool done = state && r->region;
    for (size_t i = 0; done && i < source->n_nodes; i++)
        if (is_mark(source->nodes[i]->operation, source, needed, i))
            done = add_region(r, source, source->nodes[i]->operation, state);
    wg__free(&source->allocator, state, source->n_operations, 1);
    return done;
}

void wg__remats_end(wg__remats *r) { wg__arena_free(&r->memory); }

/* ---- copies ---- */

static wg__member *member_of(const wg__region *r, const wg__operation *o)
{
    size_t low = 0, high = r->n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (r->member[middle].of->index < o->index)
            low = middle + 1;
        else
            high = middle;
    }
    return low < r->n && r->member[low].of == o ? &r->member[low] : NULL;
}

static bool reads(const wg__operation *o, int slot, wg_mode mode)
{
    const int passed = wg__passes_on(o, mode);
    return passed < 0 || passed == slot;
}

/* Makes the copy of one member, all of whose operands have images. */
static bool make(wg__remats *r, wg__region *region, wg__member *m, size_t when)
{
    const wg__operation *o = m->of;
    wg_graph *g = r->copy->graph;
    wg_node **in = wg__alloc_zero(&g->allocator, (size_t)o->n_in + 1, sizeof *in);
    bool done = in != NULL;
    for (int s = 0; done && s < o->n_in; s++) {
        const wg__member *inside = member_of(region, o->in[s]->operation);
        if (reads(o, s, r->mode))
            done = (in[s] = inside ? inside->image[o->in[s]->result] : wg__remat_read(r, o->in[s], when)) != NULL;
    }
    const int passed = wg__passes_on(o, r->mode), outer = g->replay;
    g->replay = (int)(region - r->region) + 1;
    if (done && passed >= 0)
        m->image[0] = in[passed];
    else
        done = done && wg__settle_apply(r, o, in, m->image) && wg__copy_origin(r->copy, o->out);
    g->replay = outer;
    wg__free(&g->allocator, in, (size_t)o->n_in + 1, sizeof *in);
    return done;
}

/* The copy of a member, after those of the members that it needs: found backwards, made forwards. */
static bool replay(wg__remats *r, wg__region *region, wg__member *wanted, size_t when)
{
    const size_t n = (size_t)(wanted - region->member) + 1;
    const wg__allocator *a = &r->copy->graph->allocator;
    unsigned char *need = wg__alloc_zero(a, n, 1);
    if (!need)
        return false;
    need[n - 1] = 1;
    size_t first = n, open = 1;
    while (open && first-- > 0) {
        if (!need[first])
            continue;
        open--;
        const wg__operation *o = region->member[first].of;
        for (int s = 0; s < o->n_in; s++) {
            const wg__member *inside = member_of(region, o->in[s]->operation);
            const size_t at = inside ? (size_t)(inside - region->member) : n;
            if (!inside || inside->image[0] || need[at] || !reads(o, s, r->mode))
                continue;
            need[at] = 1;
            open++;
        }
    }
    bool done = true;
    for (size_t i = first; done && i < n; i++)
        done = !need[i] || region->member[i].image[0] || make(r, region, &region->member[i], when);
    wg__free(a, need, n, 1);
    return done;
}

wg_node *wg__remat_read(wg__remats *r, const wg_node *n, size_t when)
{
    for (size_t i = 0; i < r->n && r->region[i].mark->index < when; i++) {
        wg__member *m = member_of(&r->region[i], n->operation);
        if (m)
            return m->image[0] || replay(r, &r->region[i], m, when) ? m->image[n->result] : NULL;
    }
    return r->copy->image[n->index];
}

bool wg__remat_only(const wg__remats *r, const wg__operation *o)
{
    for (size_t i = 0; i < r->n && r->region[i].mark->index < o->index; i++)
        if (member_of(&r->region[i], o))
            return true;
    return false;
}
