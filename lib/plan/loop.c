/* A scan becomes one instruction, which runs the program of its body once an iteration. The body's workspace is scratch of the
 * instruction, and so are two buffers for each carry: an iteration reads one and writes the other. */
#include "plan/loop.h"
#include "base/checked.h"
#include "plan/make.h"

bool wg__program_bytes(const wg__program *p, int workers, size_t *bytes, size_t *own)
{
    size_t all, room; /* a worker's own memory begins on a cache line of its own */
    return wg__add_size(p->local, 2 * p->fence, &room) && wg__round_up(room, 2 * WG__ALIGN, own) && wg__mul_size(*own, (size_t)workers, &all) &&
           wg__add_size(all, p->arena, bytes);
}

/* The shape that an iteration sees of operand s. */
static wg_shape seen(const wg__signature *sig, const wg__loop *l, int s)
{
    wg_shape shape = sig->in_shape[s];
    if (s < l->n_carries || s >= l->n_carries + l->n_slices)
        return shape;
    shape.rank--;
    for (int d = 0; d < shape.rank; d++)
        shape.dim[d] = shape.dim[d + 1];
    return shape;
}

/* Numbers of the leaves' operands, and the shapes they are fed. */
static wg_shape *feed(wg__making *m, const wg__operation *o, wg__loop *l, const wg_plan *plan)
{
    const wg__signature *sig = &m->program->signature[wg__op_index(o)];
    wg_node **input = wg__arena_alloc(&m->memory, (size_t)o->n_in * sizeof *input);
    wg_shape *fed = wg__arena_alloc(&m->memory, (plan->n_leaves + 1) * sizeof *fed);
    if (!input || !fed)
        return NULL;
    wg__body_inputs(plan->source, input);
    for (size_t i = 0; i < plan->n_leaves; i++) {
        int s = 0;
        while (input[s] != plan->leaf[i].asked)
            s++;
        l->operand[i] = s;
        fed[i] = seen(sig, l, s);
    }
    return fed;
}

static bool measure(wg__making *m, const wg__operation *o, wg__loop *l, size_t *scratch)
{
    const wg__signature *sig = &m->program->signature[wg__op_index(o)];
    wg__arena *a = &m->program->memory;
    size_t own;
    l->in_bytes = wg__arena_alloc(a, (size_t)l->n_in * sizeof *l->in_bytes);
    l->out_bytes = wg__arena_alloc(a, (size_t)l->n_out * sizeof *l->out_bytes);
    l->turn = wg__arena_alloc(a, (size_t)l->n_carries * sizeof *l->turn);
    if (!l->in_bytes || !l->out_bytes || !l->turn || !wg__program_bytes(l->body, m->opts.threads, scratch, &own))
        return false;
    for (int s = 0; s < l->n_in; s++) {
        wg_shape shape = seen(sig, l, s);
        if (!wg__shape_bytes(&shape, sig->in_type[s], &l->in_bytes[s]))
            return false;
    }
    for (int r = 0; r < l->n_out; r++) {
        bool fits = wg__shape_bytes(&sig->out_shape[r], sig->out_type[r], &l->out_bytes[r]);
        if (!fits)
            return false;
        if (r >= l->n_carries) {
            l->out_bytes[r] = l->length > 0 ? l->out_bytes[r] / (size_t)l->length : 0;
            continue;
        }
        size_t both;
        if (!wg__round_up(*scratch, WG__ALIGN, &l->turn[r]) || !wg__round_up(l->out_bytes[r], WG__ALIGN, &both) ||
            !wg__mul_size(both, 2, &both) || !wg__add_size(l->turn[r], both, scratch))
            return false;
    }
    return true;
}

static bool touch_all(wg__making *m, wg__instruction *i, const wg__operation *o, size_t scratch)
{
    wg__step *step = i->step;
    for (int s = 0; s < o->n_in; s++) {
        const wg_node *root = wg__operand(m, o, s);
        step->in[s].buffer = root ? wg__buffer_of(m, root) : -1;
        if (root && step->in[s].buffer < 0)
            return false;
        if (root)
            wg__touch(i, step->in[s].buffer, false);
    }
    for (int r = 0; r < o->n_out; r++) {
        int buffer = wg__add_arena_buffer(m, &o->out[r]);
        if (buffer < 0)
            return false;
        m->program->buffer[o->out[r].index] = step->out[r].buffer = buffer;
        wg__touch(i, buffer, true);
    }
    step->scratch = wg__add_buffer(m, (wg__buffer){ .space = WG__IN_ARENA, .leaf = -1, .bytes = scratch });
    if (step->scratch >= 0)
        wg__touch(i, step->scratch, true);
    return step->scratch >= 0;
}

/* The program of one iteration. */
static wg_status make_body(wg__making *m, const wg__operation *o, wg__loop *l)
{
    const wg_plan *plan = m->plan->body[wg__op_index(o)];
    l->operand = wg__arena_alloc(&m->program->memory, (plan->n_leaves + 1) * sizeof *l->operand);
    wg_shape *fed = l->operand ? feed(m, o, l, plan) : NULL;
    if (!fed)
        return WG_ERR_NOMEM;
    wg__program_opts opts = m->opts;
    opts.sizes = &m->sizes;
    l->body = wg__program_new(plan, fed, opts);
    return l->body ? WG_OK : wg_error_status();
}

wg_status wg__make_loop(wg__making *m, const wg__item *item)
{
    const wg__operation *o = item->operation[0];
    const wg__scan *attrs = wg__scan_of(o);
    const wg__signature *sig = &m->program->signature[wg__op_index(o)];
    wg__loop *l = wg__arena_alloc(&m->program->memory, sizeof *l);
    size_t scratch;
    if (!l)
        return WG_ERR_NOMEM;
    *l = (wg__loop){ .reverse = attrs->reverse,
                     .n_carries = (int)attrs->carries,
                     .n_slices = (int)attrs->slices,
                     .n_in = o->n_in,
                     .n_out = o->n_out,
                     .length = sig->in_shape[attrs->carries].dim[0] };
    wg__instruction *i = wg__add_instruction(m, WG__LOOP);
    if (!i)
        return WG_ERR_NOMEM;
    i->loop = l; /* from here on the program frees the body */
    wg_status status = make_body(m, o, l);
    if (status)
        return status;
    wg__step *step = wg__one_step(m, i, o->n_in, o->n_out);
    if (!step || !measure(m, o, l, &scratch) || !touch_all(m, i, o, scratch))
        return wg_error_status() == WG_OK ? wg__fail(WG_ERR_NOMEM, "a scan would need more than memory can address")
                                          : wg_error_status();
    step->call = wg__call_of(sig);
    step->node = o->out;
    i->extent = l->length;
    i->grain = 1;
    i->cost = 20 + (double)l->length * l->body->cost;
    i->fallible = true;
    m->program->n_fused += l->body->n_fused;
    m->program->constants += l->body->constants;
    return WG_OK;
}
