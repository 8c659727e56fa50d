/* Running a program: workers walk one list of instructions, and of all failures the first in the list's order is told. */
#include <stdio.h>
#include <string.h>

#include "exec/exec.h"

wg_status wg_call_fail(const wg_call *c, wg_status status, const char *format, ...)
{
    (void)c; /* the run knows where it was called from */
    va_list list;
    va_start(list, format);
    wg__fail_v(status, format, list);
    va_end(list);
    return status;
}

typedef struct run {
    wg__frame *frame;
    atomic_int failed; /* the least instruction that failed; n_instructions: none */
    wg__barrier barrier;
} run;

static void note_failure(run *r, int worker, int instruction, int step, wg_status status)
{
    wg__failure *f = &r->frame->failure[worker];
    f->instruction = instruction;
    f->step = step;
    f->status = status;
    snprintf(f->text, sizeof f->text, "%s", wg_error());
    int least = atomic_load_explicit(&r->failed, memory_order_relaxed);
    while (instruction < least && !atomic_compare_exchange_weak_explicit(&r->failed, &least, instruction,
                                                                         memory_order_relaxed, memory_order_relaxed))
        continue;
}

static void perform(run *r, int worker, int workers, int number)
{
    const wg__instruction *i = &r->frame->program->instruction[number];
    const wg__portion *part = &r->frame->part[worker * r->frame->program->n_instructions + number];
    int64_t begin = 0, end = i->extent;
    int step = 0;
    if (i->split)
        wg__team_part(i->extent, i->grain, worker, workers, &begin, &end);
    if (begin >= end)
        return;
    wg_status status = i->kind == WG__FUSED ? wg__run_fused(i, part, begin, end, &step)
                                            : part->step->kernel(&part->step->call, begin, end);
    if (status)
        note_failure(r, worker, number, step, status);
}

/* After a failure workers still meet at every barrier, but do only what stands up to it: an earlier failure may yet come
 * to light, and then that one is told, whatever the number of threads. What writes variables stands behind a
 * barrier, and so sees every failure before it. */
static void work(void *arg, int worker, int workers)
{
    run *r = arg;
    const wg__program *p = r->frame->program;
    for (int k = 0; k < p->n_instructions; k++) {
        if (p->instruction[k].barrier)
            wg__barrier_wait(&r->barrier);
        if ((worker == 0 || p->instruction[k].split) && k <= atomic_load_explicit(&r->failed, memory_order_relaxed))
            perform(r, worker, workers, k);
    }
}

/* All workers' shares on this thread, instruction by instruction. */
static void work_in_turn(run *r, int workers)
{
    const wg__program *p = r->frame->program;
    for (int k = 0; k < p->n_instructions; k++)
        for (int worker = workers - 1; worker >= 0; worker--)
            if ((worker == 0 || p->instruction[k].split) && k <= atomic_load_explicit(&r->failed, memory_order_relaxed))
                perform(r, worker, workers, k);
}

static void begin(void *arg, int workers)
{
    run *r = arg;
    wg__barrier_init(&r->barrier, workers);
}

wg_status wg__fail_at_node(const wg_node *user, wg_status status)
{
    char label[640];
    return status ? wg__fail(status, "%s: %s", wg__node_label(user, label, sizeof label), wg_error()) : WG_OK;
}

/* The first failure in program order; within one instruction the first step, then the first worker, whose part comes first. */
static wg_status tell_failure(const run *r)
{
    const wg__frame *f = r->frame;
    int number = atomic_load_explicit(&r->failed, memory_order_relaxed);
    const wg__failure *first = f->failure;
    for (int w = 1; w < f->workers; w++) {
        const wg__failure *other = &f->failure[w];
        if (other->instruction == number && (first->instruction != number || other->step < first->step))
            first = other;
    }
    wg__fail(first->status, "%s", first->text);
    const wg_node *node = f->program->instruction[number].step[first->step].node;
    return node ? wg__fail_at_node(wg__plan_origin(f->program->plan, node), first->status) : first->status;
}

wg_status wg__run_program(wg_exec *e, wg__frame *f)
{
    run r = { .frame = f };
    int n = f->program->n_instructions;
    atomic_init(&r.failed, n);
    if (f->n_random) {
        uint64_t step = wg__store_draw(e->store);
        for (int i = 0; i < f->n_random; i++) {
            f->random[i]->seed = e->store->seed;
            f->random[i]->step = step;
        }
    }
    for (int w = 0; w < f->workers; w++)
        f->failure[w].instruction = -1;
    if (e->in_turn) {
        work_in_turn(&r, f->workers);
    } else if (f->workers > 1) {
        wg__team_run(f->workers, begin, work, &r);
    } else {
        begin(&r, 1);
        work(&r, 0, 1);
    }
    return atomic_load_explicit(&r.failed, memory_order_relaxed) < n ? tell_failure(&r) : WG_OK;
}

wg_status wg_run(wg_exec *e)
{
    if (!e)
        return wg__fail_null("wg_run", "exec");
    wg_status status = wg__exec_prepare(e);
    e->ran = NULL;
    if (status)
        return wg__exec_failed(e, status);
    wg__frame *f = e->now;
    bool changes = f->program->changes;
    if (!wg__store_enter(e->store, changes))
        return wg__exec_failed(e, wg__fail(WG_ERR_BUSY, "another run %s the store", changes ? "uses" : "changes"));
    wg__feeds_gather(e);
    wg__frame_bind(e, f);
    if (e->harsh)
        memset(e->workspace, 0xff, e->workspace_bytes); /* every float a NaN, every integer -1 */
    status = wg__run_program(e, f);
    wg__store_leave(e->store, changes);
    if (!status)
        e->ran = f;
    return wg__exec_failed(e, status);
}
