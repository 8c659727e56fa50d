/* The first pass: a mode is chosen, and operators give way to the better forms that they know of themselves. */
#include "plan/loop.h"
#include "plan/remat.h"

int wg__passes_on(const wg__operation *o, wg_mode mode)
{
    if (o->op == &wg_op_by_mode)
        return mode == WG_TRAIN ? 0 : 1;
    if (o->op == &wg_op_stop_gradient || o->op == &wg_op_track || o->op == &wg_op_remat ||
        (o->op == &wg_op_dropout && mode == WG_INFER))
        return 0;
    return -1;
}

/* Like wg__mark_needed, but not what belongs to the other mode. */
static bool mark_needed(const wg_graph *g, wg_mode mode, wg_nodes wanted, unsigned char *needed)
{
    for (size_t i = 0; i < wanted.n; i++)
        needed[wanted.at[i]->index] = 1;
    for (size_t i = g->n_nodes; i-- > 0;) {
        const wg__operation *o = g->nodes[i]->operation;
        const int passed = wg__passes_on(o, mode);
        if (wg__scan_of(o)) {
            if (g->nodes[i] == o->out && !wg__scan_mark(o, needed))
                return false;
            continue;
        }
        for (int s = 0; needed[i] && s < o->n_in; s++)
            if (passed < 0 || s == passed)
                needed[o->in[s]->index] = 1;
    }
    return true;
}

/* The best form of a node: a replacement may itself have a better one. */
static wg_node *best_form(wg_node *n)
{
    for (wg_node *next; n; n = next)
        if ((next = wg__rewritten(n)) == n)
            break;
    return n;
}

bool wg__settle_apply(wg__remats *r, const wg__operation *o, wg_node *const *in, wg_node **image)
{
    wg_node *made = wg_apply_in(r->copy->graph, o->op, (wg_nodes){ in, (size_t)o->n_in }, o->attrs);
    for (int k = 0; made && k < o->n_out; k++)
        if (!(image[k] = best_form(&made->operation->out[k])))
            return false;
    return made != NULL;
}

/* An operation's results stand together, so their images do. */
static bool apply(wg__remats *r, const wg__operation *o)
{
    wg__copy *c = r->copy;
    wg_node **in = wg__alloc(&c->graph->allocator, (size_t)o->n_in, sizeof *in);
    bool done = in != NULL;
    for (int s = 0; done && s < o->n_in; s++)
        done = (in[s] = wg__remat_read(r, o->in[s], o->index)) != NULL;
    done = done && wg__settle_apply(r, o, in, &c->image[o->out[0].index]);
    wg__free(&c->graph->allocator, in, (size_t)o->n_in, sizeof *in);
    return done;
}

static bool settle_operation(wg__remats *r, const wg__operation *o)
{
    wg__copy *c = r->copy;
    const int passed = wg__passes_on(o, r->mode);
    if (passed >= 0) {
        c->image[o->out[0].index] =
            o->op == &wg_op_remat ? c->image[o->in[0]->index] : wg__remat_read(r, o->in[passed], o->index);
        return c->image[o->out[0].index] != NULL;
    }
    bool done =
        o->op->flags & WG_LEAF ? (c->image[o->out[0].index] = wg__leaf_copy(c->graph, o->out)) != NULL : apply(r, o);
    return done && wg__copy_origin(c, o->out);
}

bool wg__settle_graph(wg__copy *c, const wg_graph *source, wg_mode mode, wg_nodes wanted)
{
    if (!wg__copy_begin(c, source))
        return false;
    const wg__allocator *a = &c->graph->allocator;
    unsigned char *needed = wg__alloc_zero(a, c->n_image, 1);
    if (!needed)
        return false;
    wg__remats remats = { 0 };
    bool done = mark_needed(source, mode, wanted, needed) && wg__remats_begin(&remats, c, source, mode, needed);
    for (size_t i = 0; done && i < c->n_image; i++) /* operands come first; an operation's results together */
        if (needed[i] && !c->image[i] && !wg__remat_only(&remats, source->nodes[i]->operation))
            done = wg__scan_of(source->nodes[i]->operation)
                       ? wg__scan_settle(&remats, source->nodes[i]->operation, needed)
                       : settle_operation(&remats, source->nodes[i]->operation);
    for (size_t i = 0; done && i < wanted.n; i++) /* asked for, though it is made as a copy alone */
        if (!c->image[wanted.at[i]->index])
            done = (c->image[wanted.at[i]->index] = wg__remat_read(&remats, wanted.at[i], SIZE_MAX)) != NULL;
    wg__remats_end(&remats);
    wg__free(a, needed, c->n_image, 1);
    return done;
}
