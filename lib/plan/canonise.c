/* The second pass: the same values from fewer operations, bit for bit. */
#include <string.h>

#include "plan/copy.h"

static wg_node *copy_leaf(wg__copy *c, wg__sharing *shared, const wg_node *leaf)
{
    bool constant = wg__op_of(leaf) == &wg_op_constant;
    wg__operation *equal = constant ? wg__shared(shared, NULL, leaf) : NULL;
    if (equal)
        return equal->out;
    wg_node *copy = wg__leaf_copy(c->graph, leaf);
    if (copy && constant)
        wg__share(shared, copy->operation);
    return copy;
}

/* A random operator's stream is one of its attributes, so equal attributes mean equal numbers. */
static bool set_images(wg__copy *c, const wg__operation *o, wg_node *first)
{
    if (!first)
        return false;
    c->image[o->out[0].index] = first;
    for (int r = 1; r < o->n_out; r++)
        c->image[o->out[r].index] = &first->operation->out[r];
    return true;
}

static bool canonise_operation(wg__copy *c, wg__sharing *shared, const wg__operation *o)
{
    if (o->op->flags & WG_LEAF)
        return set_images(c, o, copy_leaf(c, shared, o->out));
    wg__form form = { .op = o->op, .n_in = o->n_in, .attrs = o->attrs, .replay = o->replay };
    c->graph->replay = o->replay;
    const wg__allocator *a = &c->graph->allocator;
    if (!(form.in = wg__alloc(a, (size_t)o->n_in, sizeof *form.in)))
        return false;
    for (int s = 0; s < o->n_in; s++)
        form.in[s] = c->image[o->in[s]->index];
    wg_node *n = o->n_out == 1 ? wg__simplify(&form, o->out) : NULL;
    wg__operation *equal = n ? NULL : wg__shared(shared, &form, NULL);
    if (equal)
        n = equal->out->rewritten ? equal->out->rewritten : equal->out;
    else if (!n && (n = wg_apply_in(c->graph, form.op, (wg_nodes){ form.in, (size_t)form.n_in }, form.attrs))) {
        wg__share(shared, n->operation);
        if (o->n_out == 1) /* the memo tells the next equal operation */
            n = n->rewritten = wg__fold(n);
    }
    wg__free(a, form.in, (size_t)o->n_in, sizeof *form.in);
    return set_images(c, o, n);
}

bool wg__canonise_graph(wg__copy *c, const wg__copy *settled, wg_nodes wanted)
{
    const wg_graph *source = settled->graph;
    if (!wg__copy_begin(c, source))
        return false;
    const wg__allocator *a = &c->graph->allocator;
    wg__sharing shared = { 0 };
    unsigned char *needed = wg__alloc_zero(a, c->n_image, 1);
    bool done = needed && wg__sharing_begin(&shared, a, c->n_image + 1);
    if (done)
        wg__mark_needed(source, wanted, needed);
    for (size_t i = 0; done && i < c->n_image; i++)
        if (needed[i] && !c->image[i])
            done =
                canonise_operation(c, &shared, source->nodes[i]->operation) && wg__copy_origin(c, settled->origin[i]);
    wg__sharing_end(&shared);
    wg__free(a, needed, c->n_image, 1);
    return done;
}
