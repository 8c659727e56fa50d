/* A program meets memory: calls with pointer tables for every worker, and the list of pointers to set when memory moves. */
#include <string.h>

#include "base/checked.h"
#include "exec/exec.h"
#include "plan/loop.h"

/* Nanoseconds: work that is longer is quicker with all workers, whatever else runs, or hardly slower. */
enum { WORTH_A_TRIAL = 5000000 };

typedef struct framer {
    const wg_exec *exec;
    wg__frame *frame;
    wg__patch *patch; /* in order of making */
    size_t n_patches, patches_capacity;
    size_t random_capacity;
    int worker;
} framer;

static bool add_patch(framer *f, void **where, int buffer, size_t offset)
{
    if (!wg__grow(&f->exec->allocator, (void **)&f->patch, &f->patches_capacity, f->n_patches + 1, sizeof *f->patch))
        return false;
    f->patch[f->n_patches++] = (wg__patch){ where, offset, buffer, f->worker };
    return true;
}

/* A pointer into this worker's own memory. */
static bool patch_own(framer *f, void **where, size_t offset)
{
    return add_patch(f, where, f->frame->program->n_buffers, offset);
}

/* The pointer at `where` finds its place: fixed, or, for a buffer that is worked through in blocks, by a cursor. */
static bool bind_place(framer *f, const wg__instruction *i, wg__portion *part, wg__place place, void **where,
                       size_t size, bool moves)
{
    if (place.reg >= 0)
        return patch_own(f, where, (size_t)place.reg * i->reg_bytes);
    if (place.buffer < 0)
        return true;
    if (!moves)
        return add_patch(f, where, place.buffer, 0);
    wg__cursor *cursor = &part->cursor[part->n_cursors++];
    *cursor = (wg__cursor){ .at = where, .size = size };
    return add_patch(f, (void **)&cursor->base, place.buffer, 0);
}

static size_t result_size(const wg__step *s, int result)
{
    return wg_dtype_size(s->node ? s->node->operation->out[result].dtype : s->call.out_type);
}

static bool bind_step(framer *f, const wg__instruction *i, wg__portion *part, int number)
{
    const wg__step *step = &i->step[number];
    wg__bound *b = &part->step[number];
    wg__arena *a = &f->frame->memory;
    b->kernel = step->kernel;
    b->finite = step->finite;
    b->call = step->call;
    int n_in = step->call.n_in;
    bool moves = i->kind == WG__FUSED && !part->whole;
    void **in = wg__arena_alloc(a, (size_t)n_in * sizeof *in);
    void **outs = step->n_out == 1 ? &b->call.out : wg__arena_alloc(a, (size_t)step->n_out * sizeof *outs);
    if (!in || !outs)
        return false;
    b->call.in = (const void *const *)in;
    b->call.outs = outs;
    for (int s = 0; s < n_in; s++) {
        size_t size = step->still || !moves ? 0 : wg_dtype_size(step->call.in_type[s]);
        if (!bind_place(f, i, part, step->in[s], &in[s], size, moves && !step->still))
            return false;
    }
    for (int r = 0; r < step->n_out; r++)
        if (!bind_place(f, i, part, step->out[r], &outs[r], result_size(step, r), moves))
            return false;
    if (step->n_out > 1 && !bind_place(f, i, part, step->out[0], &b->call.out, result_size(step, 0), moves))
        return false;
    if (step->scratch >= 0 && !add_patch(f, &b->call.scratch, step->scratch, 0))
        return false;
    return i->kind != WG__STAGE || patch_own(f, &b->call.local, 0);
}

/* Calls of random operators are told seed and step before each run. */
static bool note_random(framer *f, const wg__step *step, wg__bound *b)
{
    wg__frame *frame = f->frame;
    if (!step->node || !(wg__op_of(step->node)->flags & WG_RANDOM))
        return true;
    if (!wg__grow(&f->exec->allocator, (void **)&frame->random, &f->random_capacity, (size_t)frame->n_random + 1,
                  sizeof *frame->random))
        return false;
    frame->random[frame->n_random++] = (wg__drawing){ &b->call, f->worker };
    return true;
}

/* The iterations of a scan: worker 0 makes their frame. */
static bool make_loop(framer *f, const wg__instruction *i, wg__portion *part, const wg__portion *first)
{
    wg__frame *frame = f->frame;
    part->loop = f->worker ? first->loop : wg__frame_new((wg_exec *)f->exec, i->loop->body, NULL);
    if (!f->worker && part->loop) {
        part->loop->next = frame->loops;
        frame->loops = part->loop;
    }
    return part->loop != NULL;
}

static bool make_part(framer *f, const wg__instruction *i, wg__portion *part)
{
    wg__arena *a = &f->frame->memory;
    size_t places = 0;
    for (int k = 0; k < i->n_steps; k++)
        places += (size_t)(i->step[k].call.n_in + i->step[k].n_out + 1);
    part->whole = i->kind == WG__FUSED && !i->split && i->extent <= i->block;
    part->step = wg__arena_alloc(a, (size_t)i->n_steps * sizeof *part->step);
    part->cursor = i->kind == WG__FUSED && !part->whole ? wg__arena_alloc(a, places * sizeof *part->cursor) : NULL;
    if (!part->step || (i->kind == WG__FUSED && !part->whole && !part->cursor))
        return false;
    if (i->loop && !make_loop(f, i, part, &f->frame->part[i - f->frame->program->instruction]))
        return false;
    for (int k = 0; k < i->n_steps; k++)
        if (!bind_step(f, i, part, k) || !note_random(f, &i->step[k], &part->step[k]))
            return false;
    return true;
}

/* Patches by buffer and worker, and the buffers whose memory is not ours. */
static bool sort_patches(framer *f)
{
    wg__frame *frame = f->frame;
    const wg__program *p = frame->program;
    wg__arena *a = &frame->memory;
    size_t workers = (size_t)frame->workers, places = ((size_t)p->n_buffers + 1) * workers;
    frame->patch = wg__arena_alloc(a, f->n_patches * sizeof *frame->patch);
    frame->patch_begin = wg__arena_alloc(a, (places + 2) * sizeof *frame->patch_begin);
    frame->address = wg__arena_alloc(a, places * sizeof *frame->address);
    frame->moving = wg__arena_alloc(a, (size_t)p->n_buffers * sizeof *frame->moving);
    if (!frame->patch || !frame->patch_begin || !frame->address || !frame->moving)
        return false;
    int *begin = frame->patch_begin + 1; /* after filling, patch_begin[i] is where patches of place i begin */
    for (size_t i = 0; i < f->n_patches; i++)
        begin[(size_t)f->patch[i].buffer * workers + (size_t)f->patch[i].worker + 1]++;
    for (size_t b = 1; b <= places; b++)
        begin[b] += begin[b - 1];
    for (size_t i = 0; i < f->n_patches; i++)
        frame->patch[begin[(size_t)f->patch[i].buffer * workers + (size_t)f->patch[i].worker]++] = f->patch[i];
    for (int b = 0; b < p->n_buffers; b++)
        if (p->buffers[b].space != WG__IN_ARENA && p->buffers[b].space != WG__IN_CONSTANT)
            frame->moving[frame->n_moving++] = b;
    return true;
}

static bool make(framer *f, const wg_shape *fed)
{
    wg__frame *frame = f->frame;
    const wg__program *p = frame->program;
    size_t n = (size_t)p->n_instructions, leaves = p->plan->n_leaves;
    frame->workers = p->parallel ? f->exec->threads : 1;
    if (frame->workers > 1 && p->cost < WORTH_A_TRIAL && !f->exec->harsh && !wg__team_forced())
        wg__pace_begin(&frame->pace);
    frame->fed = wg__arena_alloc(&frame->memory, leaves * sizeof *fed);
    frame->part = wg__arena_alloc(&frame->memory, (size_t)frame->workers * n * sizeof *frame->part);
    frame->failure = wg__arena_alloc(&frame->memory, (size_t)frame->workers * sizeof *frame->failure);
    if (!frame->fed || !frame->part || !frame->failure)
        return false;
    atomic_init(&frame->failed, INT64_MAX);
    if (leaves && fed)
        memcpy(frame->fed, fed, leaves * sizeof *fed);
    for (f->worker = 0; f->worker < frame->workers; f->worker++)
        for (size_t i = 0; i < n; i++)
            if (f->worker == 0 || p->instruction[i].split)
                if (!make_part(f, &p->instruction[i], &frame->part[(size_t)f->worker * n + i]))
                    return false;
    return sort_patches(f);
}

wg__frame *wg__frame_new(wg_exec *e, wg__program *p, const wg_shape *fed)
{
    wg__frame *frame = wg__alloc_zero(&e->allocator, 1, sizeof *frame);
    if (!frame) {
        if (!p->plan->is_body)
            wg__program_free(p);
        return NULL;
    }
    frame->program = p;
    frame->memory.allocator = &e->allocator;
    framer f = { .exec = e, .frame = frame };
    bool done = make(&f, fed);
    wg__free(&e->allocator, f.patch, f.patches_capacity, sizeof *f.patch);
    frame->random_capacity = f.random_capacity;
    if (!done) {
        wg__frame_free(e, frame);
        return NULL;
    }
    return frame;
}

void wg__frame_free(const wg_exec *e, wg__frame *f)
{
    if (!f)
        return;
    while (f->loops) {
        wg__frame *loop = f->loops;
        f->loops = loop->next;
        wg__frame_free(e, loop);
    }
    if (!f->program->plan->is_body) /* that of a body belongs to the program around it */
        wg__program_free(f->program);
    wg__free(&e->allocator, f->random, f->random_capacity, sizeof *f->random);
    wg__arena_free(&f->memory);
    wg__free(&e->allocator, f, 1, sizeof *f);
}

bool wg__frame_bytes(const wg__frame *f, size_t *bytes)
{
    size_t own;
    return wg__program_bytes(f->program, f->workers, bytes, &own);
}

void wg__frame_move(wg__frame *f, int buffer, int worker, void *to)
{
    int place = buffer * f->workers + worker;
    if (f->address[place] == to)
        return;
    f->address[place] = to;
    for (int i = f->patch_begin[place]; i < f->patch_begin[place + 1]; i++)
        *f->patch[i].where = (char *)to + f->patch[i].offset;
}

void wg__frame_settle(wg__frame *f, int worker, char *workspace)
{
    const wg__program *p = f->program;
    size_t all = 0, own = 0;
    wg__program_bytes(p, f->workers, &all, &own);
    char *mine = workspace + p->arena + (size_t)worker * own + p->fence;
    if (f->address[p->n_buffers * f->workers + worker] == (void *)mine)
        return; /* all stands where it stood */
    for (int b = 0; b < p->n_buffers; b++)
        if (p->buffers[b].space == WG__IN_ARENA)
            wg__frame_move(f, b, worker, workspace + p->buffers[b].offset);
        else if (p->buffers[b].space == WG__IN_CONSTANT)
            wg__frame_move(f, b, worker, (void *)p->buffers[b].value); /* programs only read it */
    wg__frame_move(f, p->n_buffers, worker, mine);
}

void wg__frame_draw(wg__frame *f, int worker, uint64_t seed, uint64_t step)
{
    for (int i = 0; i < f->n_random; i++)
        if (f->random[i].worker == worker) {
            f->random[i].call->seed = seed;
            f->random[i].call->step = step;
        }
}

void wg__frame_bind(const wg_exec *e, wg__frame *f)
{
    const wg__program *p = f->program;
    for (int w = 0; w < f->workers; w++)
        wg__frame_settle(f, w, e->workspace);
    for (int i = 0; i < f->n_moving; i++) {
        const wg__buffer *b = &p->buffers[f->moving[i]];
        void *to = b->space == WG__TO_VARIABLE ? e->store->value[p->plan->leaf[b->leaf].node->operation->variable]
                                               : wg__leaf_data(e, b->leaf);
        for (int w = 0; w < f->workers; w++)
            wg__frame_move(f, f->moving[i], w, to);
    }
}
