/* Which instructions are cut over workers, and where workers must meet.
 *
 * All workers walk the same list. An instruction that is not cut is worker 0's. A barrier stands before an instruction that
 * touches what another worker may still be writing, or overwrites what another may still be reading, since the last
 * barrier. Chains of fused instructions over equal extents are cut alike, so each worker reads what it wrote itself, and no barrier
 * is needed. An instruction that writes variables also waits for all that may fail: a run that fails changes nothing. */
#include "base/team.h"
#include "plan/loop.h"
#include "plan/make.h"

enum { WORTH_CUTTING = 2000, WORTH_A_REGION = 25000, FORCED_GRAIN = 64 }; /* nanoseconds; elements */

static bool same_memory(const wg__buffer *a, const wg__buffer *b)
{
    if (a->space == WG__TO_RESULT || b->space == WG__TO_RESULT)
        return a == b;
    if (a->space == WG__IN_ARENA && b->space == WG__IN_ARENA)
        return a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
    return a->leaf >= 0 && a->leaf == b->leaf;
}

/* Both are cut in the same places, and touch the same part of the same memory. */
static bool keep_apart(const wg__program *p, const wg__instruction *i, const wg__access *a, const wg__instruction *j,
                       const wg__access *b)
{
    const wg__buffer *x = &p->buffers[a->buffer], *y = &p->buffers[b->buffer];
    return i->split && j->split && i->extent == j->extent && i->grain == j->grain && a->aligned && b->aligned &&
           x->bytes == y->bytes && (x->leaf >= 0 || x == y || x->offset == y->offset);
}

static bool conflict(const wg__program *p, const wg__instruction *i, const wg__instruction *j)
{
    if (!i->split && !j->split)
        return false;
    if (i->final && j->fallible)
        return true;
    for (int x = 0; x < i->n_accesses; x++)
        for (int y = 0; y < j->n_accesses; y++) {
            const wg__access *a = &i->access[x], *b = &j->access[y];
            if ((a->write || b->write) && same_memory(&p->buffers[a->buffer], &p->buffers[b->buffer]) &&
                !keep_apart(p, i, a, j, b))
                return true;
        }
    return false;
}

static void choose_cuts(wg__program *p, bool threads, bool forced)
{
    bool any = false;
    for (int k = 0; k < p->n_instructions; k++) {
        wg__instruction *i = &p->instruction[k];
        p->cost += i->cost;
        if (forced && i->kind != WG__STAGE)
            i->grain = FORCED_GRAIN;
        i->split = i->loop ? i->loop->body->parallel && i->extent > 0 /* all workers run it */
                           : threads && i->extent > i->grain && (forced || i->cost >= WORTH_CUTTING);
        any = any || i->split;
    }
    p->parallel = any && (forced || p->cost >= WORTH_A_REGION);
    for (int k = 0; k < p->n_instructions && !p->parallel; k++)
        p->instruction[k].split = false; /* a scan whose body is parallel is worth a region itself */
}

void wg__make_parallel(wg__making *m)
{
    wg__program *p = m->program;
    choose_cuts(p, m->opts.threads > 1, m->opts.forced || wg__team_forced());
    int since = 0; /* the first instruction after the last barrier */
    for (int k = 0; k < p->n_instructions && p->parallel; k++) {
        wg__instruction *i = &p->instruction[k];
        for (int before = k - 1; before >= since && !i->barrier; before--)
            i->barrier = conflict(p, i, &p->instruction[before]);
        if (i->barrier) {
            since = k;
            p->n_barriers++;
        }
    }
}
