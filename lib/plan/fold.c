/* Operations on constants alone are computed once, by the kernels that a run would use: when a plan is made, and, where
 * sizes had to be known first, when a program is. */
#include "plan/make.h"

enum { FOLDED_MAX = 4096 }; /* bytes; larger results are cheaper to compute than to keep */

/* The same for the same operands, without fail. */
static bool is_function(const wg_op *op) { return !(op->flags & (WG_RANDOM | WG_EFFECT | WG_LEAF | WG_CAN_FAIL)); }

static bool small(const wg_shape *s, wg_dtype type, size_t *bytes)
{
    return wg__shape_known(s) && wg__shape_bytes(s, type, bytes) && *bytes <= FOLDED_MAX;
}

/* Nothing that a run could change: operands are constants, or lend a shape that is known by now. */
static bool certain(const wg__operation *o)
{
    for (int s = 0; s < o->n_in; s++)
        if (wg__reads_operand(o, s) ? !o->in[s]->operation->value : !wg__shape_known(&o->in[s]->shape))
            return false;
    return is_function(o->op);
}

static bool compute(const wg__operation *o, void *out)
{
    const wg__allocator *a = &o->graph->allocator;
    wg__arena arena = { .allocator = a };
    size_t n = (size_t)o->n_in;
    wg_shape *in_shape = wg__arena_alloc(&arena, n * sizeof *in_shape);
    wg_dtype *in_type = wg__arena_alloc(&arena, n * sizeof *in_type);
    const void **in = wg__arena_alloc(&arena, n * sizeof *in);
    bool done = in_shape && in_type && in;
    for (int s = 0; done && s < o->n_in; s++) {
        in_shape[s] = o->in[s]->shape;
        in_type[s] = o->in[s]->dtype;
        in[s] = o->in[s]->operation->value;
    }
    wg__evaluation e = {
        .signature = { o->attrs, o->n_in, 1, in_shape, in_type, &o->out->shape, &o->out->dtype },
        .op = o->op,
        .in = in,
        .out = &out,
        .precision = o->graph->precision,
        .allocator = a,
    };
    done = done && !wg__evaluate(&e);
    wg__arena_free(&arena);
    return done;
}

wg_node *wg__fold(wg_node *n)
{
    const wg__operation *o = n->operation;
    const wg__allocator *a = &o->graph->allocator;
    size_t bytes;
    if (!certain(o) || !small(&n->shape, n->dtype, &bytes))
        return n;
    void *value = wg__alloc_aligned(a, bytes);
    if (!value)
        return NULL;
    wg_node *constant = compute(o, value) ? wg_constant(o->graph, NULL, wg_view_of(value, n->dtype, n->shape)) : n;
    wg__free(a, value, bytes, 1);
    return constant;
}

/* The value of operation o, if it is certain by now. False: WG_ERR_NOMEM. */
static bool settle(wg__making *m, const wg__operation *o)
{
    size_t at = wg__op_index(o), bytes;
    const wg__signature *sig = &m->program->signature[at];
    if (!m->plan->computed[at] || o->n_out != 1 || !is_function(o->op) || !small(sig->out_shape, o->out->dtype, &bytes))
        return true;
    for (int s = 0; s < o->n_in; s++)
        if (wg__reads_operand(o, s) && !m->known[o->in[s]->index])
            return true;
    const void **in = wg__arena_alloc(&m->memory, (size_t)o->n_in * sizeof *in);
    char *out = wg__arena_alloc(&m->program->memory, bytes + WG__ALIGN);
    if (!in || !out)
        return false;
    out += (WG__ALIGN - (uintptr_t)out % WG__ALIGN) % WG__ALIGN;
    for (int s = 0; s < o->n_in; s++)
        in[s] = m->known[o->in[s]->index];
    void *result = out;
    wg__evaluation e = { .signature = *sig,
                         .op = o->op,
                         .in = in,
                         .out = &result,
                         .precision = m->plan->precision,
                         .allocator = &m->plan->allocator };
    if (!wg__evaluate(&e))
        m->known[at] = out;
    return true;
}

wg_status wg__make_constants(wg__making *m)
{
    const wg_graph *g = m->plan->canonical.graph;
    m->known = wg__arena_alloc(&m->memory, g->n_nodes * sizeof *m->known);
    if (!m->known)
        return WG_ERR_NOMEM;
    for (size_t i = 0; i < g->n_nodes; i++)
        m->known[i] = wg__op_of(g->nodes[i]) == &wg_op_constant ? g->nodes[i]->operation->value : NULL;
    for (size_t k = 0; k < m->plan->n_operations; k++)
        if (!settle(m, m->plan->operation[k]))
            return WG_ERR_NOMEM;
    return WG_OK;
}
