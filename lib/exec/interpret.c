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

/* Which numbers the operands hold, by a hash of them: one in eight of all others is taken for one of those. */
typedef struct held {
    unsigned char *mark;
    size_t mask;
} held;

static unsigned char *mark_of(const held *h, double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return &h->mark[(bits * UINT64_C(0x9e3779b97f4a7c15) >> 32) & h->mask];
}

static wg_status note_operands(const wg__interpreter *t, const wg__operation *o, const wg__signature *s, held *h)
{
    size_t count = 0;
    for (int k = 0; k < o->n_in; k++)
        count += (size_t)wg_shape_count(s->in_shape[k]);
    for (h->mask = 7; h->mask < 8 * count;)
        h->mask = 2 * h->mask + 1;
    if (!(h->mark = wg__arena_alloc(t->memory, h->mask + 1)))
        return WG_ERR_NOMEM;
    memset(h->mark, 0, h->mask + 1);
    for (int k = 0; k < o->n_in; k++)
        for (int64_t i = 0, n = wg_shape_count(s->in_shape[k]); i < n; i++)
            *mark_of(h, wg__load(t->value[o->in[k]->index], s->in_type[k], i)) = 1;
    return WG_OK;
}

/* What is one of the operands' elements was not computed, but chosen or copied, and stays. */
static wg_status move_results(const wg__interpreter *t, const wg__operation *o, const wg__signature *s, void *const *out)
{
    held h;
    wg_status status = note_operands(t, o, s, &h);
    for (int r = 0; r < o->n_out && !status; r++) {
        const wg_dtype type = s->out_type[r];
        const bool moves = wg__is_float(type) && !t->chosen_by[o->out[r].index];
        for (int64_t i = 0, n = moves ? wg_shape_count(s->out_shape[r]) : 0; i < n; i++) {
            const double x = wg__load(out[r], type, i);
            if (!*mark_of(&h, x))
                wg__store(out[r], type, i, t->rounding->moved(t->rounding->user, x));
        }
    }
    return status;
}

/* What an operator that is piecewise constant reads, and what is that, reshaped. Users come after what they use. */
static void mark_choices(const wg_graph *g, unsigned char *chosen_by)
{
    memset(chosen_by, 0, g->n_nodes);
    for (size_t i = g->n_nodes; i-- > 0;) {
        const wg__operation *o = g->nodes[i]->operation;
        bool marks = o->op->flags & WG_VIEW_OP ? chosen_by[i] : o->op->flags & WG_NO_GRADIENT;
        for (int s = 0; s < o->n_in && marks; s++)
            chosen_by[o->in[s]->index] = 1;
    }
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
    status = wg__scan_of(o) ? wg__interpret_loop(t, o, &v.signature, in, out) : wg__evaluate(&v);
    if (t->rounding && !status)
        status = move_results(t, o, &v.signature, out);
    return wg__fail_at_node(t->copy.origin[o->out[0].index], status);
}

/* Leaves first, for their sizes; then every operation that the wanted node needs, in the order in which they were made. */
static wg_status compute_all(wg__interpreter *t, const wg_node *wanted)
{
    const wg_graph *g = t->copy.graph;
    wg__arena *a = t->memory;
    unsigned char *needed = wg__arena_alloc(a, g->n_nodes);
    t->shape = wg__arena_alloc(a, g->n_nodes * sizeof *t->shape);
    t->value = wg__arena_alloc(a, g->n_nodes * sizeof *t->value);
    t->chosen_by = t->rounding ? wg__arena_alloc(a, g->n_nodes) : NULL;
    if (!needed || !t->shape || !t->value || (t->rounding && !t->chosen_by))
        return WG_ERR_NOMEM;
    if (t->rounding)
        mark_choices(g, t->chosen_by);
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

static wg_status interpret_node(wg_exec *e, const wg_node *n, const wg__rounding *rounding, wg_view *out)
{
    if (!wg__store_enter(e->store, false))
        return wg__exec_failed(e, wg__fail(WG_ERR_BUSY, "another run changes the store"));
    wg__arena_free(&e->interpreted);
    wg__interpreter t = { .exec = e, .memory = &e->interpreted, .seed = e->store->seed, .rounding = rounding };
    wg_status status = interpret(&t, n, out);
    wg__copy_drop(&t.copy);
    wg__store_leave(e->store, false);
    return wg__exec_failed(e, status);
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
    return interpret_node(e, n, NULL, out);
}

wg_status wg__run_rounding(wg_exec *e, const wg__rounding *rounding)
{
    wg_status status = wg_run(e);
    for (size_t k = 0; k < e->plan->n_wanted && !status; k++) {
        const wg_node *n = e->plan->wanted[k].asked;
        const wg_view result = wg_result(e, n);
        size_t bytes = 0;
        wg_view rounded = { 0 };
        status = interpret_node(e, n, rounding, &rounded);
        if (!status && wg__shape_bytes(&result.shape, result.dtype, &bytes) && rounded.data && bytes)
            memmove((void *)result.data, rounded.data, bytes);
    }
    return status;
}
