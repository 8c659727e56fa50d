/* What a fused instruction touches, and how long its blocks are. */
#include <string.h>

#include "plan/group.h"

enum { CACHE = 24 * 1024, BLOCK_UNIT = 64, BLOCK_MIN = 256, BLOCK_MAX = 8192, FUSED_GRAIN = 256 };

/* Each buffer once. Until buffers get their places, `last` tells which instruction has listed one and `first` where. */
static void touch(wg__group *g, int buffer, bool write, bool aligned)
{
    wg__instruction *i = g->instruction;
    int number = (int)(i - g->m->program->instruction);
    if (buffer < 0)
        return;
    wg__buffer *b = &g->m->program->buffers[buffer];
    if (b->first < 0 || b->last != number) {
        b->last = number;
        b->first = i->n_accesses++;
        i->access[b->first] = (wg__access){ buffer, false, true };
    }
    wg__access *a = &i->access[b->first];
    a->write = a->write || write;
    a->aligned = a->aligned && aligned;
}

static bool list_accesses(wg__group *g)
{
    wg__instruction *i = g->instruction;
    size_t n = 0;
    for (int k = 0; k < i->n_steps; k++)
        n += (size_t)(i->step[k].call.n_in + i->step[k].n_out);
    i->access = wg__arena_alloc(&g->m->program->memory, n * sizeof *i->access);
    for (int k = 0; i->access && k < i->n_steps; k++) {
        const wg__step *step = &i->step[k];
        for (int s = 0; s < step->call.n_in; s++)
            touch(g, step->in[s].buffer, false, !step->still);
        for (int r = 0; r < step->n_out; r++)
            touch(g, step->out[r].buffer, true, true);
    }
    return i->access != NULL;
}

/* As many elements as fit the cache, registers and operands together. */
static int64_t block_size(const wg__group *g)
{
    const wg__instruction *i = g->instruction;
    if (g->item->n == 1 && !g->n_regs)
        return g->count;
    size_t bytes = (size_t)g->n_regs * g->widest;
    for (int k = 0; k < i->n_accesses; k++)
        bytes += i->access[k].aligned ? g->m->program->buffers[i->access[k].buffer].bytes / (size_t)g->count : 0;
    int64_t block = bytes ? (int64_t)(CACHE / bytes) / BLOCK_UNIT * BLOCK_UNIT : BLOCK_MAX;
    return block < BLOCK_MIN ? BLOCK_MIN : block > BLOCK_MAX ? BLOCK_MAX : block;
}

bool wg__group_finish(wg__group *g)
{
    wg__instruction *i = g->instruction;
    i->n_steps = g->n_once + g->n_steps;
    i->n_once = g->n_once;
    i->step = wg__arena_alloc(&g->m->program->memory, (size_t)i->n_steps * sizeof *i->step);
    if (!i->step)
        return false;
    memcpy(i->step, g->once, (size_t)g->n_once * sizeof *i->step);
    memcpy(i->step + g->n_once, g->step, (size_t)g->n_steps * sizeof *i->step);
    if (!list_accesses(g))
        return false;
    i->extent = g->count;
    i->grain = FUSED_GRAIN;
    i->block = block_size(g);
    int64_t held = i->block < g->count ? i->block : g->count;
    i->n_registers = g->n_regs;
    i->reg_bytes = ((size_t)held * g->widest + WG__ALIGN - 1) / WG__ALIGN * WG__ALIGN;
    i->local = (size_t)g->n_regs * i->reg_bytes;
    if (i->local > g->m->program->local)
        g->m->program->local = i->local;
    int64_t blocks = g->count / i->block + 1;
    i->cost = i->n_steps * (5 * (double)blocks + 0.25 * (double)g->count);
    i->fallible = g->item->fallible;
    g->m->program->n_fused += g->item->n;
    return true;
}
