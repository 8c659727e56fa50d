/* Places in the workspace.
 *
 * A buffer lives from the first instruction that touches it to the last. Buffers whose lives meet get memory apart; the rest
 * share. The largest are placed first, each at the lowest offset where it fits: simple, and within a few percent of
 * the most that is alive at once for the plans that training gives. */
#include <stdlib.h>

#include "base/checked.h"
#include "plan/make.h"

static void find_lives(wg__program *p)
{
    for (int b = 0; b < p->n_buffers; b++)
        p->buffers[b].first = p->buffers[b].last = -1;
    for (int k = 0; k < p->n_instructions; k++)
        for (int a = 0; a < p->instruction[k].n_accesses; a++) {
            wg__buffer *b = &p->buffers[p->instruction[k].access[a].buffer];
            if (b->first < 0)
                b->first = k;
            b->last = k;
        }
    for (size_t i = 0; i < p->plan->n_wanted; i++) /* until the next run */
        p->buffers[p->buffer[p->plan->wanted[i].node->index]].last = p->n_instructions;
    for (int b = 0; b < p->n_buffers; b++)
        if (p->buffers[b].first < 0)
            p->buffers[b].first = 0;
}

/* Whether buffer `b`, read by instruction `number`, can be given to a result: nobody reads it later. */
static bool dies(const wg__program *p, int b, int number)
{
    const wg__buffer *buffer = &p->buffers[b];
    return buffer->space == WG__IN_ARENA && buffer->last == number && p->buffers[buffer->home].last == number;
}

/* A fused result takes over an operand of equal size that dies there, if no step after the one that writes the result reads it:
 * within a block steps run one after another, element by element. */
static void share_with_operands(wg__program *p, int number, int *last_read)
{
    const wg__instruction *i = &p->instruction[number];
    for (int k = 0; k < i->n_steps; k++)
        for (int s = 0; s < i->step[k].call.n_in; s++)
            if (i->step[k].in[s].buffer >= 0)
                last_read[i->step[k].in[s].buffer] = k;
    for (int k = 0; k < i->n_steps; k++) {
        int result = i->step[k].out[0].buffer;
        if (result < 0 || i->step[k].n_out != 1 || p->buffers[result].space != WG__IN_ARENA)
            continue;
        for (int a = 0; a < i->n_accesses; a++) {
            const wg__access *access = &i->access[a];
            int operand = access->buffer;
            if (access->write || !access->aligned || !dies(p, operand, number) || last_read[operand] > k ||
                p->buffers[operand].bytes != p->buffers[result].bytes)
                continue;
            int home = p->buffers[operand].home;
            p->buffers[result].home = home;
            p->buffers[home].last = p->buffers[result].last;
            last_read[operand] = i->n_steps; /* given away */
            break;
        }
    }
}

typedef struct placed {
    size_t bytes, offset;
    int buffer;
} placed;

static int by_size(const void *x, const void *y)
{
    const placed *a = x, *b = y;
    if (a->bytes != b->bytes)
        return a->bytes < b->bytes ? 1 : -1;
    return a->buffer < b->buffer ? -1 : a->buffer > b->buffer;
}

static bool lives_meet(const wg__buffer *a, const wg__buffer *b) { return a->first <= b->last && b->first <= a->last; }

/* The lowest offset where a buffer fits among those placed, which stand by offset. */
static size_t lowest_offset(const wg__program *p, const placed *list, size_t n, const placed *new)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        if (!lives_meet(&p->buffers[list[i].buffer], &p->buffers[new->buffer]))
            continue;
        if (list[i].offset >= at + new->bytes)
            break;
        if (list[i].offset + list[i].bytes > at)
            at = list[i].offset + list[i].bytes;
    }
    return at;
}

static wg_status place(wg__making *m)
{
    wg__program *p = m->program;
    size_t n = 0, total = 0, room;
    placed *todo = wg__arena_alloc(&m->memory, (size_t)p->n_buffers * sizeof *todo);
    placed *list = wg__arena_alloc(&m->memory, (size_t)p->n_buffers * sizeof *list);
    if (!todo || !list)
        return WG_ERR_NOMEM;
    for (int b = 0; b < p->n_buffers; b++) {
        if (p->buffers[b].space != WG__IN_ARENA || p->buffers[b].home != b)
            continue;
        todo[n].buffer = b;
        if (!wg__add_size(p->buffers[b].bytes, 2 * p->fence, &room) ||
            !wg__round_up(room, WG__ALIGN, &todo[n].bytes) ||
            !wg__add_size(total, todo[n].bytes, &total))
            return wg__fail(WG_ERR_NOMEM, "the workspace would be larger than memory can address");
        n++;
    }
    qsort(todo, n, sizeof *todo, by_size);
    for (size_t i = 0; i < n; i++) {
        todo[i].offset = lowest_offset(p, list, i, &todo[i]);
        size_t at = i;
        for (; at && list[at - 1].offset > todo[i].offset; at--)
            list[at] = list[at - 1];
        list[at] = todo[i];
        p->buffers[todo[i].buffer].offset = todo[i].offset + p->fence;
        if (todo[i].offset + todo[i].bytes > p->arena)
            p->arena = todo[i].offset + todo[i].bytes;
    }
    for (int b = 0; b < p->n_buffers; b++)
        p->buffers[b].offset = p->buffers[p->buffers[b].home].offset;
    return WG_OK;
}

static bool measure(wg__making *m)
{
    wg__program *p = m->program;
    size_t n = (size_t)p->n_instructions + 2, alive = 0;
    size_t *born = wg__arena_alloc(&m->memory, n * sizeof *born), *died = wg__arena_alloc(&m->memory, n * sizeof *died);
    if (!born || !died)
        return false;
    for (int b = 0; b < p->n_buffers; b++)
        if (p->buffers[b].space == WG__IN_ARENA && p->buffers[b].home == b) {
            born[p->buffers[b].first] += p->buffers[b].bytes;
            died[p->buffers[b].last + 1] += p->buffers[b].bytes;
        }
    for (size_t k = 0; k < n; k++) {
        alive = alive + born[k] - died[k];
        if (alive > p->peak_live)
            p->peak_live = alive;
    }
    return true;
}

wg_status wg__make_places(wg__making *m)
{
    wg__program *p = m->program;
    int *last_read = wg__arena_alloc(&m->memory, ((size_t)p->n_buffers + 1) * sizeof *last_read);
    if (!last_read)
        return WG_ERR_NOMEM;
    find_lives(p);
    for (int k = 0; k < p->n_instructions; k++)
        if (p->instruction[k].kind == WG__FUSED)
            share_with_operands(p, k, last_read);
    wg_status status = place(m);
    return status ? status : measure(m) ? WG_OK : WG_ERR_NOMEM;
}
