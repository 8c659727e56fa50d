/* The first pass: a mode is chosen, and operators give way to the better forms that they know of themselves. */
#include "plan/copy.h"
#include "plan/loop.h"

/* The slot of the operand whose value a node has in this mode, without any computation; -1: it computes. */
static int passes_on(const wg__operation *o, wg_mode mode)
{
    if (o->op == &wg_op_by_mode)
        return mode == WG_TRAIN ? 0 : 1;
    if (o->op == &wg_op_stop_gradient || o->op == &wg_op_track || (o->op == &wg_op_dropout && mode == WG_INFER))
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
        const int passed = passes_on(o, mode);
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

static bool apply(wg__copy *c, const wg__operation *o)
{
    wg_node **in = wg__alloc(&c->graph->allocator, (size_t)o->n_in, sizeof *in);
    if (!in)
        return false;
    for (int s = 0; s < o->n_in; s++)
        in[s] = c->image[o->in[s]->index];
    wg_node *made = wg_apply_in(c->graph, o->op, (wg_nodes){ in, (size_t)o->n_in }, o->attrs);
    wg__free(&c->graph->allocator, in, (size_t)o->n_in, sizeof *in);
    for (int r = 0; made && r < o->n_out; r++)
        if (!(c->image[o->out[r].index] = best_form(&made->operation->out[r])))
            return false;
    return made != NULL;
}

static bool settle_operation(wg__copy *c, const wg__operation *o, wg_mode mode)
{
    const int passed = passes_on(o, mode);
    if (passed >= 0) {
        c->image[o->out[0].index] = c->image[o->in[passed]->index];
        return true;
    }
    bool done =
        o->op->flags & WG_LEAF ? (c->image[o->out[0].index] = wg__leaf_copy(c->graph, o->out)) != NULL : apply(c, o);
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
    bool done = mark_needed(source, mode, wanted, needed);
    for (size_t i = 0; done && i < c->n_image; i++) /* operands come first; an operation's results together */
        if (needed[i] && !c->image[i])
            done = wg__scan_of(source->nodes[i]->operation) ? wg__scan_settle(c, source->nodes[i]->operation, needed)
                                                            : settle_operation(c, source->nodes[i]->operation, mode);
    wg__free(a, needed, c->n_image, 1);
    return done;
}
