/* The plain interpreter: node by node in the order of the graph, every value in memory of its own. What wg_run computes must equal it bit
 * for bit, so it shares with programs only what decides values: the mode's branches, the operators' better forms, and
 * the kernels. */
#include <string.h>

#include "base/checked.h"
#include "exec/interpret.h"
#include "graph/scan.h"

void *wg__interpreter_alloc(wg__arena *a, size_t bytes)
{
    size_t more;
    char *p = wg__add_size(bytes, WG__ALIGN, &more) ? wg__arena_alloc(a, more) : NULL;
    return p ? p + (WG__ALIGN - (uintptr_t)p % WG__ALIGN) % WG__ALIGN : NULL;
}

static wg_status take_leaf(wg__interpreter *t, const wg_node *n)
{
    const wg_node *user = t->copy.origin[n->index];
    const wg__feed *f = wg__feed_find(t->exec, user);
    if (f && f->failure)
        return wg__fail(f->failure, "%s", f->failure_text);
    if (f && f->data) {
        t->value[n->index] = (void *)f->data;
        t->shape[n->index] = f->view.shape;
    } else if (n->operation->variable >= 0) {
        t->value[n->index] = t->exec->store->value[n->operation->variable];
        t->shape[n->index] = n->shape;
    } else {
        return wg__fail(WG_ERR_UNFED, "input %s was not fed", n->name);
    }
    return wg__sizes_bind(&t->sizes, n, &t->shape[n->index]);
}

wg_status wg__interpret_operation(wg__interpreter *t, const wg__operation *o)
{
    wg_exec *e = t->exec;
    wg__arena *a = t->memory;
    wg__evaluation v = {
        .op = o->op,
        .seed = t->seed,
        .step = wg__store_draw(e->store),
        .precision = e->plan->precision,
        .allocator = &e->allocator
    };
    wg_status status = wg__signature_of(&t->sizes, o, t->shape, a, &v.signature);
    const void **in = wg__arena_alloc(a, (size_t)o->n_in * sizeof *in);
    void **out = wg__arena_alloc(a, (size_t)o->n_out * sizeof *out);
    if (status || !in || !out)
        return status ? status : WG_ERR_NOMEM;
    for (int s = 0; s < o->n_in; s++)
        in[s] = t->value[o->in[s]->index];
    for (int r = 0; r < o->n_out; r++) {
        size_t bytes = 0;
        wg__shape_bytes(&v.signature.out_shape[r], v.signature.out_type[r], &bytes);
        if (!(out[r] = t->value[o->out[r].index] = wg__interpreter_alloc(a, bytes)))
            return WG_ERR_NOMEM;
    }
    v.in = in;
    v.out = out;
    if (wg__scan_of(o))
        return wg__fail_at_node(t->copy.origin[o->out[0].index], wg__interpret_loop(t, o, &v.signature, in, out));
    return wg__fail_at_node(t->copy.origin[o->out[0].index], wg__evaluate(&v));
}

/* Leaves first, for their sizes; then every operation that the wanted node needs, in the order in which they were made. */
static wg_status compute_all(wg__interpreter *t, const wg_node *wanted)
{
    const wg_graph *g = t->copy.graph;
    wg__arena *a = t->memory;
    unsigned char *needed = wg__arena_alloc(a, g->n_nodes);
    t->shape = wg__arena_alloc(a, g->n_nodes * sizeof *t->shape);
    t->value = wg__arena_alloc(a, g->n_nodes * sizeof *t->value);
    if (!needed || !t->shape || !t->value)
        return WG_ERR_NOMEM;
    wg_node *root = (wg_node *)wanted;
    wg__mark_needed(g, (wg_nodes){ &root, 1 }, needed);
    wg_status status = WG_OK;
    for (size_t i = 0; i < g->n_nodes && !status; i++) {
        const wg_node *n = g->nodes[i];
        t->value[i] = (void *)n->operation->value;
        t->shape[i] = n->shape;
        if (needed[i] && (wg__op_of(n) == &wg_op_input || n->operation->variable >= 0))
            status = take_leaf(t, n);
    }
    for (size_t i = 0; i < g->n_nodes && !status; i++)
        if (needed[i] && !t->value[i])
            status = wg__interpret_operation(t, g->nodes[i]->operation);
    return status;
}

static wg_status interpret(wg__interpreter *t, const wg_node *n, wg_view *out)
{
    wg_node *wanted = (wg_node *)n; /* the user's graph is only read */
    if (!wg__settle_graph(&t->copy, t->exec->plan->source, t->exec->plan->mode, (wg_nodes){ &wanted, 1 }))
        return wg_error_status();
    const wg_node *root = t->copy.image[n->index];
    if (wg__op_of(root)->flags & WG_EFFECT)
        return wg__fail(WG_ERR_ARG, "wg_interpret: %s is an effect and has no value", n->name);
    wg__feeds_gather(t->exec);
    wg_status status = compute_all(t, root);
    if (!status)
        *out = wg_view_of(t->value[root->index], root->dtype, t->shape[root->index]);
    return status;
}

wg_status wg_interpret(wg_exec *e, const wg_node *n, wg_view *out)
{
    if (!e)
        return wg__fail_null("wg_interpret", "exec");
    if (!out)
        return wg__exec_failed(e, wg__fail(WG_ERR_ARG, "wg_interpret: the place for the view is NULL"));
    *out = (wg_view){ 0 };
    if (!n || n->operation->graph != e->plan->source)
        return wg__exec_failed(e,
                               wg__fail(WG_ERR_ARG, "wg_interpret: the node is %s", n ? "of another graph" : "NULL"));
    if (!wg__store_enter(e->store, false))
        return wg__exec_failed(e, wg__fail(WG_ERR_BUSY, "another run changes the store"));
    wg__arena_free(&e->interpreted);
    wg__interpreter t = { .exec = e, .memory = &e->interpreted, .seed = e->store->seed };
    wg_status status = interpret(&t, n, out);
    wg__copy_drop(&t.copy);
    wg__store_leave(e->store, false);
    return wg__exec_failed(e, status);
}
