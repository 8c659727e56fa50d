/* Traces are written in Chrome's "trace event" format, as an object with an array of complete events:
 * {"displayTimeUnit": "ns", "traceEvents": [{"name": .., "ph": "X", "ts": microseconds, "dur": .., "pid", "tid", "args"}, ..]}.
 * Numbers are put together from integers: no locale has a part in it. */
#include "exec/timeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/team.h"
#include "base/text.h"
#include "plan/loop.h"
#include "plan/plan.h"
#include "plan/work.h"

struct wg__timeline {
    wg__allocator allocator;
    FILE *file;
    wg__event *event; /* (workers, room) */
    size_t capacity, room;
    size_t *n; /* by worker */
    size_t n_capacity;
    int workers, named; /* of this run; of how many the file has the name */
    int64_t begun;      /* when the trace was opened */
    int64_t runs, lost;
    bool any;
};

int64_t wg__timeline_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

wg__timeline *wg__timeline_open(const wg__allocator *a, const char *path)
{
    wg__timeline *t = wg__alloc_zero(a, 1, sizeof *t);
    if (!t)
        return NULL;
    t->allocator = *a;
    t->begun = wg__timeline_now();
    t->file = fopen(path, "w");
    if (!t->file) {
        wg__fail_errno(path);
        wg__free(a, t, 1, sizeof *t);
        return NULL;
    }
    fputs("{\"displayTimeUnit\": \"ns\", \"traceEvents\": [", t->file);
    return t;
}

wg_status wg__timeline_close(wg__timeline *t)
{
    if (!t)
        return WG_OK;
    wg__allocator a = t->allocator;
    fprintf(t->file, "\n], \"otherData\": {\"runs\": %" PRId64 ", \"runs_lost\": %" PRId64 "}}\n", t->runs, t->lost);
    bool failed = ferror(t->file) != 0;
    failed = fclose(t->file) != 0 || failed;
    wg__free(&a, t->event, t->capacity, sizeof *t->event);
    wg__free(&a, t->n, t->n_capacity, sizeof *t->n);
    wg__free(&a, t, 1, sizeof *t);
    return failed ? wg__fail(WG_ERR_IO, "the trace could not be written") : WG_OK;
}

/* ---- noting ---- */

/* How many events one worker has at most: an instruction and a wait each. */
static size_t most_events(const wg__program *p)
{
    size_t n = 2 * (size_t)p->n_instructions;
    for (int k = 0; k < p->n_instructions; k++)
        if (p->instruction[k].loop)
            n += (size_t)p->instruction[k].loop->length * most_events(p->instruction[k].loop->body);
    return n;
}

bool wg__timeline_begin(wg__timeline *t, const wg__program *p, int workers)
{
    t->workers = workers;
    t->room = most_events(p);
    if (!wg__grow(&t->allocator, (void **)&t->event, &t->capacity, t->room * (size_t)workers, sizeof *t->event) ||
        !wg__grow(&t->allocator, (void **)&t->n, &t->n_capacity, (size_t)workers, sizeof *t->n)) {
        t->lost++;
        return false;
    }
    memset(t->n, 0, (size_t)workers * sizeof *t->n);
    return true;
}

void wg__timeline_note(wg__timeline *t, int worker, wg__event e)
{
    t->event[(size_t)worker * t->room + t->n[worker]++] = e;
}

/* ---- writing ---- */

static void begin_event(wg__timeline *t)
{
    fputs(t->any ? ",\n" : "\n", t->file);
    t->any = true;
}

static void name_workers(wg__timeline *t)
{
    for (; t->named < t->workers; t->named++) {
        begin_event(t);
        fprintf(t->file, "{\"name\": \"thread_name\", \"ph\": \"M\", \"pid\": 1, \"tid\": %d, \"args\": {\"name\": \"worker %d\"}}",
                t->named, t->named);
    }
}

/* "add+relu+mul": names of operators have no characters that JSON would escape. */
static void put_name(FILE *f, const wg__instruction *i)
{
    static const char *const plain[] = { [WG__COPY] = "copy", [WG__CHECK] = "check_finite" };
    const char *between = "";
    if (i->kind == WG__COPY || i->kind == WG__CHECK) {
        fputs(plain[i->kind], f);
        return;
    }
    for (int k = 0; k < i->n_steps; k++)
        if (i->step[k].node) {
            fprintf(f, "%s%s", between, wg__op_of(i->step[k].node)->name);
            between = "+";
        }
    if (!*between)
        fputs("copy", f);
}

/* The user's node that the instruction computes: of several steps the last one's. */
static const wg_node *node_of(const wg__program *p, const wg__instruction *i)
{
    for (int k = i->n_steps - 1; k >= 0; k--)
        if (i->step[k].node)
            return wg__plan_origin(p->plan, i->step[k].node);
    return NULL;
}

static void put_node(FILE *f, const wg__program *p, const wg__instruction *i)
{
    const wg_node *node = node_of(p, i);
    char shape[96];
    if (!node)
        return;
    wg_shape computed = i->step[i->n_steps - 1].call.out_shape;
    fprintf(f, "\"node\": \"%s\", \"result\": \"%s %s\", ", node->name, wg_dtype_name(node->dtype),
            wg_shape_text(computed, shape, sizeof shape));
}

static void put_times(FILE *f, int64_t begin, int64_t end, int worker)
{
    int64_t length = end - begin;
    fprintf(f, "\"ph\": \"X\", \"ts\": %" PRId64 ".%03d, \"dur\": %" PRId64 ".%03d, \"pid\": 1, \"tid\": %d, ", begin / 1000,
            (int)(begin % 1000), length / 1000, (int)(length % 1000), worker);
}

static void write_instruction(wg__timeline *t, const wg__event *e, int worker)
{
    static const char *const kinds[] = { "stage", "fused", "copy", "check", "scan" };
    const wg__instruction *i = &e->program->instruction[e->number];
    int64_t begin = 0, end = i->extent;
    if (i->split)
        wg__team_part(i->extent, i->grain, worker, e->workers, &begin, &end);
    if (begin >= end && i->kind != WG__LOOP)
        return; /* there was nothing left for this worker */
    begin_event(t);
    double share = i->kind == WG__LOOP || i->extent == 0 ? 1 : (double)(end - begin) / (double)i->extent;
    fputs("{\"name\": \"", t->file);
    put_name(t->file, i);
    fprintf(t->file, "\", \"cat\": \"%s\", ", kinds[i->kind]);
    put_times(t->file, e->begin - t->begun, e->end - t->begun, worker);
    fputs("\"args\": {", t->file);
    put_node(t->file, e->program, i);
    if (e->program->plan->is_body)
        fprintf(t->file, "\"iteration\": %" PRId64 ", ", e->iteration);
    fprintf(t->file, "\"run\": %" PRId64 ", \"instruction\": %d, \"bytes\": %.0f, \"flops\": %.0f}}", t->runs, e->number,
            share * wg__instruction_bytes(e->program, e->number), share * wg__instruction_flops(e->program, e->number));
}

static void write_wait(wg__timeline *t, const wg__event *e, int worker)
{
    begin_event(t);
    fputs("{\"name\": \"wait\", \"cat\": \"barrier\", ", t->file);
    put_times(t->file, e->begin - t->begun, e->end - t->begun, worker);
    fprintf(t->file, "\"args\": {\"run\": %" PRId64 ", \"instruction\": %d}}", t->runs, e->number);
}

void wg__timeline_end(wg__timeline *t)
{
    name_workers(t);
    for (int w = 0; w < t->workers; w++)
        for (size_t k = 0; k < t->n[w]; k++) {
            const wg__event *e = &t->event[(size_t)w * t->room + k];
            if (e->waited)
                write_wait(t, e, w);
            else
                write_instruction(t, e, w);
        }
    t->runs++;
}
