/* Items become instructions: snapshots of old values first, then the work, then the assigns that are copies. */
#include <string.h>

#include "plan/make.h"

/* Room for what an instruction of one step has. */
wg__step *wg__one_step(wg__making *m, wg__instruction *i, int n_in, int n_out)
{
    wg__arena *a = &m->program->memory;
    wg__place nowhere = { -1, -1 };
    i->step = wg__arena_alloc(a, sizeof *i->step);
    i->access = wg__arena_alloc(a, (size_t)(n_in + n_out + 1) * sizeof *i->access);
    wg__place *place = wg__arena_alloc(a, (size_t)(n_in + n_out) * sizeof *place);
    if (!i->step || !i->access || !place)
        return NULL;
    for (int k = 0; k < n_in + n_out; k++)
        place[k] = nowhere;
    i->n_steps = 1;
    *i->step = (wg__step){ .in = place, .out = place + n_in, .n_out = n_out, .scratch = -1 };
    i->step->call.n_in = n_in;
    return i->step;
}

void wg__touch(wg__instruction *i, int buffer, bool write)
{
    for (int k = 0; k < i->n_accesses; k++)
        if (i->access[k].buffer == buffer) {
            i->access[k].write = i->access[k].write || write;
            return;
        }
    i->access[i->n_accesses++] = (wg__access){ .buffer = buffer, .write = write };
}

/* What all stages of one operation share. */
typedef struct lowered {
    const wg__operation *operation;
    const wg__signature *signature;
    wg_lowering *lowering; /* in the program's memory: kernels find params there */
    int *in, *out, scratch;
} lowered;

static bool add_stage(wg__making *m, const wg__item *item, const lowered *l, int number)
{
    const wg__operation *o = l->operation;
    const wg_stage *stage = &l->lowering->stage[number];
    const wg__op_kernels *kernels = &m->kernels[wg__op_index(o)];
    wg__instruction *i = wg__add_instruction(m, WG__STAGE);
    wg__step *step = i ? wg__one_step(m, i, o->n_in, o->n_out) : NULL;
    if (!step || !(step->kernel = wg__kernel_for(o->op, kernels, stage->kernel, l->signature)))
        return false;
    step->call = wg__call_of(l->signature);
    step->call.params = l->lowering->params;
    step->node = o->out;
    step->scratch = l->scratch;
    for (int s = 0; s < o->n_in; s++)
        if ((step->in[s].buffer = l->in[s]) >= 0)
            wg__touch(i, l->in[s], false);
    for (int r = 0; r < o->n_out; r++)
        wg__touch(i, step->out[r].buffer = l->out[r], true);
    if (l->scratch >= 0)
        wg__touch(i, l->scratch, true);
    i->extent = stage->extent;
    i->grain = stage->grain;
    i->cost = (double)stage->extent * stage->cost;
    i->fallible = item->fallible;
    i->local = stage->local;
    if (stage->local > m->program->local)
        m->program->local = stage->local;
    return true;
}

static bool add_check(wg__making *m, const wg_node *n)
{
    wg__instruction *i = wg__add_instruction(m, WG__CHECK);
    wg__step *step = i ? wg__one_step(m, i, 1, 1) : NULL;
    int buffer = m->program->buffer[n->index];
    if (!step)
        return false;
    step->kernel = wg__kernel_check;
    step->call.out_type = n->dtype;
    step->in[0].buffer = buffer;
    step->node = n;
    wg__touch(i, buffer, false);
    i->extent = wg_shape_count(m->program->shape[n->index]);
    i->grain = 16384;
    i->cost = 0.1 * (double)i->extent;
    i->fallible = true;
    return true;
}

static bool add_copy(wg__making *m, int from, int to, bool final)
{
    wg__instruction *i = wg__add_instruction(m, WG__COPY);
    wg__step *step = i ? wg__one_step(m, i, 1, 1) : NULL;
    if (!step)
        return false;
    step->kernel = wg__kernel_copy;
    step->in[0].buffer = from;
    step->out[0].buffer = to;
    wg__touch(i, from, false);
    wg__touch(i, to, true);
    i->extent = (int64_t)m->program->buffers[to].bytes;
    i->grain = 65536;
    i->cost = 5 + 0.1 * (double)i->extent;
    i->final = final;
    return true;
}

static bool find_places(wg__making *m, lowered *l)
{
    const wg__operation *o = l->operation;
    wg__program *p = m->program;
    l->in = wg__arena_alloc(&m->memory, (size_t)(o->n_in + o->n_out) * sizeof *l->in);
    if (!l->in)
        return false;
    l->out = l->in + o->n_in;
    l->scratch = -1;
    for (int s = 0; s < o->n_in; s++) {
        const wg_node *root = wg__operand(m, o, s);
        l->in[s] = root ? wg__buffer_of(m, root) : -1;
        if (root && l->in[s] < 0)
            return false;
    }
    for (int r = 0; r < o->n_out; r++)
        if ((l->out[r] = p->buffer[o->out[r].index] = wg__add_arena_buffer(m, &o->out[r])) < 0)
            return false;
    if (l->lowering->scratch)
        l->scratch =
            wg__add_buffer(m, (wg__buffer){ .space = WG__IN_ARENA, .leaf = -1, .bytes = l->lowering->scratch });
    return !l->lowering->scratch || l->scratch >= 0;
}

/* The stages of one operation, and checks of its results where those are asked for. */
static wg_status add_operation(wg__making *m, const wg__item *item)
{
    const wg__operation *o = item->operation[0];
    lowered l = { .operation = o, .signature = &m->program->signature[wg__op_index(o)] };
    l.lowering = wg__arena_alloc(&m->program->memory, sizeof *l.lowering);
    if (!l.lowering)
        return WG_ERR_NOMEM;
    wg_status status = wg__lower(o->op, &m->kernels[wg__op_index(o)], l.signature, m->plan->precision, l.lowering);
    if (status)
        return status;
    if (!find_places(m, &l))
        return WG_ERR_NOMEM;
    for (int k = 0; k < l.lowering->n_stages; k++)
        if (l.lowering->stage[k].extent > 0 && !add_stage(m, item, &l, k))
            return wg_error_status();
    for (int r = 0; r < o->n_out && m->opts.check_finite; r++)
        if (wg__is_float(o->out[r].dtype) && !add_check(m, &o->out[r]))
            return WG_ERR_NOMEM;
    return WG_OK;
}

/* A variable that is overwritten while its old value is a result, or another variable's new value, is copied first. */
static bool add_snapshots(wg__making *m)
{
    const wg_plan *p = m->plan;
    for (size_t i = 0; i < p->n_assignments; i++) {
        const wg_node *variable = p->assignment[i].variable;
        size_t at = variable->index;
        if (!m->wanted[at] && !m->n_assigns[at])
            continue;
        int from = wg__buffer_of(m, variable);
        m->snapshot[at] = from < 0 ? -1 : wg__add_arena_buffer(m, variable);
        if (m->snapshot[at] < 0 || !add_copy(m, from, m->snapshot[at], false))
            return false;
    }
    return true;
}

/* Where a value is after the work, for results and assigns. */
static int final_place(wg__making *m, const wg_node *n)
{
    const wg_node *root = m->root[n->index];
    return m->snapshot[root->index] >= 0 ? m->snapshot[root->index] : wg__buffer_of(m, root);
}

/* A body's result is computed where it goes; or copied there, when it is also something else: an operand, another result. */
static bool add_results(wg__making *m)
{
    const wg_plan *p = m->plan;
    for (size_t i = 0; i < p->n_wanted; i++) {
        const wg_node *n = p->wanted[i].node;
        int place = final_place(m, n), result = 0;
        while (p->source->outputs[result] != p->wanted[i].asked)
            result++;
        if (place < 0)
            return false;
        wg__buffer *b = &m->program->buffers[place];
        size_t bytes = 0;
        wg__shape_bytes(&m->program->shape[n->index], n->dtype, &bytes); /* checked when the shape was inferred */
        wg__buffer to = { .space = WG__TO_RESULT, .leaf = -1, .result = result, .bytes = bytes };
        m->program->buffer[n->index] = place;
        if (b->space == WG__IN_ARENA && b->bytes == bytes) { /* a view may be a part of what it looks at */
            b->space = WG__TO_RESULT;
            b->result = result;
        } else if ((place = wg__add_buffer(m, to)) < 0 || !add_copy(m, m->program->buffer[n->index], place, false)) {
            return false;
        }
    }
    return true;
}

static bool add_assigns(wg__making *m)
{
    const wg_plan *p = m->plan;
    for (size_t i = 0; i < p->n_assignments; i++) {
        const wg__assignment *a = &p->assignment[i];
        if (m->into[m->root[a->value->index]->index] >= 0)
            continue; /* computed there */
        int from = final_place(m, a->value), to = from < 0 ? -1 : wg__variable_buffer(m, a->variable);
        if (to < 0 || !add_copy(m, from, to, true))
            return false;
    }
    for (size_t i = 0; i < p->n_wanted; i++) {
        int place = final_place(m, p->wanted[i].node);
        if (place < 0)
            return false;
        m->program->buffer[p->wanted[i].node->index] = place;
    }
    return true;
}

wg_status wg__make_instructions(wg__making *m)
{
    if (!add_snapshots(m))
        return WG_ERR_NOMEM;
    for (int k = 0; k < m->n_items; k++) {
        const wg__item *item = &m->item[k];
        wg_status status = item->fused                             ? wg__make_group(m, item)
                           : item->operation[0]->op == &wg_op_scan ? wg__make_loop(m, item)
                                                                   : add_operation(m, item);
        if (status)
            return status;
    }
    return (m->plan->is_body ? add_results(m) : add_assigns(m)) ? WG_OK : WG_ERR_NOMEM;
}
