/* Concrete shapes for everything the plan needs. */
#include <stdio.h>

#include "plan/make.h"
#include "plan/sizes.h"

/* What went wrong, and in which expression of the user's. */
static wg_status fail_at(const wg__making *m, const wg__operation *o, wg_status status)
{
    char text[512];
    if (status == WG_ERR_NOMEM)
        return status;
    return wg__fail(status, "%s, in %s", wg_error(),
                    wg__expression(wg__plan_origin(m->plan, o->out), text, sizeof text));
}

static wg_status bind_leaves(wg__making *m, const wg_shape *fed)
{
    const wg_plan *p = m->plan;
    for (size_t i = 0; i < p->n_leaves; i++) {
        wg_status status = wg__sizes_bind(&m->sizes, p->leaf[i].node, &fed[i]);
        if (status)
            return status;
        m->program->shape[p->leaf[i].node->index] = fed[i];
    }
    return WG_OK;
}

wg_status wg__make_shapes(wg__making *m, const wg_shape *fed)
{
    const wg_plan *p = m->plan;
    const wg_graph *g = p->canonical.graph;
    wg__program *program = m->program;
    if (m->opts.sizes)
        m->sizes = *m->opts.sizes;
    program->shape = wg__arena_alloc(&program->memory, g->n_nodes * sizeof *program->shape);
    program->signature = wg__arena_alloc(&program->memory, g->n_nodes * sizeof *program->signature);
    m->kernels = wg__arena_alloc(&m->memory, g->n_nodes * sizeof *m->kernels);
    if (!program->shape || !program->signature || !m->kernels)
        return WG_ERR_NOMEM;
    for (size_t i = 0; i < g->n_nodes; i++)
        if (wg__op_of(g->nodes[i]) == &wg_op_constant)
            program->shape[i] = g->nodes[i]->shape;
    wg_status status = bind_leaves(m, fed);
    for (size_t i = 0; i < p->n_operations && !status; i++) {
        const wg__operation *o = p->operation[i];
        size_t at = wg__op_index(o);
        status = wg__signature_of(&m->sizes, o, program->shape, &program->memory, &program->signature[at]);
        if (status)
            return fail_at(m, o, status);
        m->kernels[at] = wg__kernels_of(o->op);
    }
    for (size_t i = 0; i < p->n_assignments && !status; i++) {
        const wg_node *variable = p->assignment[i].variable, *value = p->assignment[i].value;
        char a[96], b[96];
        if (!wg_shape_equal(variable->shape, program->shape[value->index]))
            status = wg__fail(WG_ERR_SHAPE, "assign: %s has shape %s, its new value %s", variable->name,
                              wg_shape_text(variable->shape, a, sizeof a),
                              wg_shape_text(program->shape[value->index], b, sizeof b));
    }
    return status;
}
