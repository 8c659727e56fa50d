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

void wg__note_failure(wg__frame *frame, int worker, int64_t at, int step, wg_status status)
{
    wg__failure *f = &frame->failure[worker];
    f->at = at;
    f->step = step;
    f->status = status;
    snprintf(f->text, sizeof f->text, "%s", wg_error());
    int64_t least = atomic_load_explicit(&frame->failed, memory_order_relaxed);
    while (at < least && !atomic_compare_exchange_weak_explicit(&frame->failed, &least, at, memory_order_relaxed,
                                                                memory_order_relaxed))
        continue;
}

static void perform(const wg__run *r, int worker, int workers, int number, int64_t base)
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
        wg__note_failure(r->frame, worker, base + number, step, status);
}

static void wait_at(const wg__run *r, int worker, int workers, int number, wg__timeline *trace)
{
    int64_t begun = trace ? wg__timeline_now() : 0;
    wg__barrier_wait(r->barrier);
    if (trace)
        wg__timeline_note(trace, worker, (wg__event){ .program = r->frame->program, .begin = begun, .end = wg__timeline_now(),
                                                   .number = number, .workers = workers, .waited = true });
}

static void do_one(const wg__run *r, int worker, int workers, int number, int64_t base, uint64_t seed, wg__timeline *trace)
{
    int64_t begun = trace ? wg__timeline_now() : 0;
    if (r->frame->program->instruction[number].kind == WG__LOOP)
        wg__run_loop(r, worker, workers, number, base, seed);
    else
        perform(r, worker, workers, number, base);
    if (trace)
        wg__timeline_note(trace, worker, (wg__event){ .program = r->frame->program, .begin = begun, .end = wg__timeline_now(),
                                                   .iteration = base / r->frame->program->n_instructions,
                                                   .number = number, .workers = workers });
}

static bool is_past_failure(const wg__run *r, int64_t at)
{
    return at > atomic_load_explicit(&r->frame->failed, memory_order_relaxed);
}

/* All workers' shares on this thread, the last one's first. */
static void do_in_turn(const wg__run *r, int workers, int number, int64_t base, uint64_t seed, wg__timeline *trace)
{
    wg__apart *apart = wg__apart_begin(r->frame, number, workers);
    wg_status status = apart ? WG_OK : WG_ERR_NOMEM;
    for (int w = workers - 1; w >= 0 && !status; w--) {
        do_one(r, w, workers, number, base, seed, trace);
        status = wg__apart_note(apart, w);
    }
    if (status)
        wg__note_failure(r->frame, 0, base + number, 0, status);
    if (apart)
        wg__apart_end(apart);
}

/* By the only thread there is. */
static void do_watched(const wg__run *r, int worker, int workers, int number, int64_t base, uint64_t seed,
                       wg__timeline *trace)
{
    const wg__instruction *i = &r->frame->program->instruction[number];
    int step = 0;
    wg__fences_raise(r->frame, number, workers);
    if (r->in_turn && i->split && i->kind != WG__LOOP) /* a scan sees to its own shares */
        do_in_turn(r, workers, number, base, seed, trace);
    else
        do_one(r, worker, workers, number, base, seed, trace);
    wg_status status = wg__fences_look(r->frame, number, workers, &step);
    if (status)
        wg__note_failure(r->frame, 0, base + number, step, status);
}

/* After a failure workers still meet at every barrier, but do only what stands up to it: an earlier failure may yet come
 * to light, and then that one is told, whatever the number of threads. What writes variables stands behind a
 * barrier, and so sees every failure before it. */
static inline void run_list(const wg__run *r, int worker, int workers, int64_t base, uint64_t seed, wg__timeline *trace)
{
    const wg__program *p = r->frame->program;
    for (int k = 0; k < p->n_instructions; k++) {
        const wg__instruction *i = &p->instruction[k];
        if (i->barrier && !r->in_turn)
            wait_at(r, worker, workers, k, trace);
        if ((worker != 0 && !i->split) || is_past_failure(r, base + k))
            continue;
        if (r->watched)
            do_watched(r, worker, workers, k, base, seed, trace);
        else
            do_one(r, worker, workers, k, base, seed, trace);
    }
}

/* Asked once, so that a run without a trace has no more to do than before there were any. */
void wg__run_list(const wg__run *r, int worker, int workers, int64_t base, uint64_t seed)
{
    if (r->trace)
        run_list(r, worker, workers, base, seed, r->trace);
    else
        run_list(r, worker, workers, base, seed, NULL);
}

/* ---- the whole program ---- */

typedef struct whole {
    wg__run run;
    wg__barrier barrier;
    uint64_t seed;
} whole;

static void work(void *arg, int worker, int workers)
{
    const whole *w = arg;
    wg__run_list(&w->run, worker, workers, 0, w->seed);
}

static void begin(void *arg, int workers)
{
    whole *w = arg;
    wg__barrier_init(&w->barrier, workers);
}

static void run_at_pace(wg__pace *p, int workers, whole *all)
{
    const int64_t from = wg__timeline_now();
    wg__team_run(p->together ? workers : 1, begin, work, all);
    wg__pace_note(p, 1e-9 * (double)(wg__timeline_now() - from));
}

wg_status wg__fail_at_node(const wg_node *user, wg_status status)
{
    char label[640];
    return status ? wg__fail(status, "%s: %s", wg__node_label(user, label, sizeof label), wg_error()) : WG_OK;
}

/* The first failure in program order; within one instruction the first step, then the first worker, whose part comes first. */
static wg_status tell_failure(const wg__frame *f)
{
    int64_t at = atomic_load_explicit(&f->failed, memory_order_relaxed);
    const wg__failure *first = f->failure;
    for (int w = 1; w < f->workers; w++) {
        const wg__failure *other = &f->failure[w];
        if (other->at == at && (first->at != at || other->step < first->step))
            first = other;
    }
    wg__fail(first->status, "%s", first->text);
    const wg__instruction *i = &f->program->instruction[at];
    const wg_node *node = i->step[i->kind == WG__LOOP ? 0 : first->step].node; /* a scan tells steps of its body */
    return node ? wg__fail_at_node(wg__plan_origin(f->program->plan, node), first->status) : first->status;
}

static void forget_failures(wg__frame *f)
{
    atomic_store_explicit(&f->failed, INT64_MAX, memory_order_relaxed);
    for (int w = 0; w < f->workers; w++)
        f->failure[w].at = -1;
    for (wg__frame *loop = f->loops; loop; loop = loop->next)
        forget_failures(loop);
}

wg_status wg__run_program(wg_exec *e, wg__frame *f)
{
    wg__timeline *trace = e->trace && wg__timeline_begin(e->trace, f->program, f->workers) ? e->trace : NULL;
    bool watched = e->in_turn || (e->fence && f->workers == 1);
    whole all = { .run = { f, &all.barrier, wg__store_draw(e->store), e->in_turn, watched, trace },
                  .seed = e->store->seed };
    forget_failures(f);
    for (int w = 0; w < f->workers; w++)
        wg__frame_draw(f, w, all.seed, all.run.step);
    if (e->in_turn)
        work(&all, 0, f->workers);
    else if (f->pace.on)
        run_at_pace(&f->pace, f->workers, &all);
    else
        wg__team_run(f->workers, begin, work, &all);
    if (trace)
        wg__timeline_end(trace);
    return atomic_load_explicit(&f->failed, memory_order_relaxed) == INT64_MAX ? WG_OK : tell_failure(f);
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
    if (e->fence) /* every float a NaN and every integer -1, or else floats of 3 and 32.5 */
        memset(e->workspace, e->harsh ? 0xff : 0x40, e->workspace_bytes);
    status = wg__run_program(e, f);
    wg__store_leave(e->store, changes);
    if (!status)
        e->ran = f;
    return wg__exec_failed(e, status);
}
