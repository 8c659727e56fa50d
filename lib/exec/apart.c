/* Do the shares of one instruction write apart? Two that write one byte would race on two threads, and seldom show it. So each share
 * finds memory as it was before the first, and what it changed is put together when all are done. */
#include <string.h>

#include "exec/exec.h"

enum { LINE = 64 }; /* bytes compared at once */

/* A buffer that the instruction writes. */
typedef struct written {
    int buffer;
    size_t bytes;
    unsigned char *now, *before, *after;
    unsigned char *writer; /* by byte: 1 + the worker whose share has changed it; 0: none */
} written;

struct wg__apart {
    wg__arena memory;
    wg__frame *frame;
    int number, workers, n;
    written *of;
};

static bool watch(wg__apart *a, int buffer)
{
    const wg__frame *f = a->frame;
    written *w = &a->of[a->n];
    *w = (written){ .buffer = buffer,
                    .bytes = f->program->buffers[buffer].bytes,
                    .now = f->address[(size_t)buffer * (size_t)f->workers] };
    if (!w->now || !w->bytes)
        return true;
    w->before = wg__arena_alloc(&a->memory, w->bytes);
    w->after = wg__arena_alloc(&a->memory, w->bytes);
    w->writer = wg__arena_alloc(&a->memory, w->bytes);
    if (!w->before || !w->after || !w->writer)
        return false;
    memcpy(w->before, w->now, w->bytes);
    memcpy(w->after, w->now, w->bytes);
    a->n++;
    return true;
}

wg__apart *wg__apart_begin(wg__frame *f, int number, int workers)
{
    const wg__instruction *i = &f->program->instruction[number];
    wg__arena memory = { .allocator = f->memory.allocator };
    wg__apart *a = wg__arena_alloc(&memory, sizeof *a);
    written *of = wg__arena_alloc(&memory, ((size_t)i->n_accesses + 1) * sizeof *of);
    if (!a || !of) {
        wg__arena_free(&memory);
        return NULL;
    }
    *a = (wg__apart){ .memory = memory, .frame = f, .number = number, .workers = workers, .of = of };
    bool done = true;
    for (int k = 0; k < i->n_accesses && done; k++)
        if (i->access[k].write)
            done = watch(a, i->access[k].buffer);
    if (done)
        return a;
    memory = a->memory; /* which holds `a` */
    wg__arena_free(&memory);
    return NULL;
}

static wg_status fail(const wg__apart *a, const written *w, size_t byte, int worker)
{
    const wg__instruction *i = &a->frame->program->instruction[a->number];
    int64_t begin[2], end[2];
    wg__team_part(i->extent, i->grain, worker, a->workers, &begin[0], &end[0]);
    wg__team_part(i->extent, i->grain, w->writer[byte] - 1, a->workers, &begin[1], &end[1]);
    return wg__fail(WG_ERR_VERIFY, "units %lld .. %lld and %lld .. %lld of its work both write byte %zu of %s",
                    (long long)begin[0], (long long)end[0] - 1, (long long)begin[1], (long long)end[1] - 1, byte,
                    i->step->scratch == w->buffer ? "its scratch memory" : "a result");
}

/* The bytes begin .. end-1, which the worker's share has changed: taken over, and put back as they were. */
static bool take(written *w, size_t begin, size_t end, int worker, size_t *other)
{
    for (size_t b = begin; b < end; b++) {
        if (w->now[b] == w->before[b])
            continue;
        if (w->writer[b]) {
            *other = b;
            return false;
        }
        w->writer[b] = (unsigned char)(worker + 1);
        w->after[b] = w->now[b];
        w->now[b] = w->before[b];
    }
    return true;
}

wg_status wg__apart_note(wg__apart *a, int worker)
{
    for (written *w = a->of; w < a->of + a->n; w++)
        for (size_t b = 0, other; b < w->bytes; b += LINE) {
            size_t line = w->bytes - b < LINE ? w->bytes - b : LINE;
            if (memcmp(w->now + b, w->before + b, line) != 0 && !take(w, b, b + line, worker, &other))
                return fail(a, w, other, worker);
        }
    return WG_OK;
}

void wg__apart_end(wg__apart *a)
{
    for (const written *w = a->of; w < a->of + a->n; w++)
        memcpy(w->now, w->after, w->bytes);
    wg__arena memory = a->memory; /* it holds `a` */
    wg__arena_free(&memory);
}
