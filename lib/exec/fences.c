/* Does a kernel write beyond what is its own? Before and behind each buffer that it writes stands a fence of bytes that no
 * result is likely to have. */
#include <string.h>

#include "exec/exec.h"

enum { STAKE = 0xfb };

static void raise(unsigned char *at, size_t bytes) { memset(at, STAKE, bytes); }

/* Is every byte as the one before it? */
static bool stands(const unsigned char *at, size_t bytes) { return *at == STAKE && memcmp(at, at + 1, bytes - 1) == 0; }

/* Memory that an instruction writes, between two fences. */
typedef struct fenced {
    unsigned char *from, *to;
} fenced;

/* Nothing where the buffer is not in the workspace. */
static fenced of_buffer(const wg__frame *f, int buffer)
{
    const wg__buffer *b = &f->program->buffers[buffer];
    unsigned char *from = b->space == WG__IN_ARENA ? f->address[(size_t)buffer * (size_t)f->workers] : NULL;
    return (fenced){ from, from ? from + b->bytes : NULL };
}

static fenced of_worker(const wg__frame *f, const wg__instruction *i, int worker)
{
    unsigned char *from = f->address[(size_t)f->program->n_buffers * (size_t)f->workers + (size_t)worker];
    return (fenced){ from, from + i->local };
}

void wg__fences_raise(const wg__frame *f, int number, int workers)
{
    const wg__instruction *i = &f->program->instruction[number];
    const size_t fence = f->program->fence;
    if (!fence)
        return;
    for (int k = 0; k < i->n_accesses + workers; k++) {
        bool own = k >= i->n_accesses;
        if (!own && !i->access[k].write)
            continue;
        fenced m = own ? of_worker(f, i, k - i->n_accesses) : of_buffer(f, i->access[k].buffer);
        if (m.from) {
            raise(m.from - fence, fence);
            raise(m.to, fence);
        }
    }
}

/* Which step writes the buffer, as which result; -1: as its scratch memory. */
static int result_of(const wg__instruction *i, int buffer, int *step)
{
    for (int k = 0; k < i->n_steps; k++)
        for (int r = 0; r < i->step[k].n_out; r++)
            if (i->step[k].out[r].buffer == buffer) {
                *step = k;
                return r;
            }
    return -1;
}

static wg_status fail(const wg__instruction *i, bool before, bool own, int buffer, int *step)
{
    const char *where = before ? "in front of" : "beyond the end of";
    int result = own ? -1 : result_of(i, buffer, step);
    if (result >= 0)
        return wg__fail(WG_ERR_VERIFY, "it writes %s its result %d", where, result);
    return wg__fail(WG_ERR_VERIFY, "it writes %s its %s memory", where, own ? "local" : "scratch");
}

wg_status wg__fences_look(const wg__frame *f, int number, int workers, int *step)
{
    const wg__instruction *i = &f->program->instruction[number];
    const size_t fence = f->program->fence;
    for (int k = 0; k < i->n_accesses + workers && fence; k++) {
        bool own = k >= i->n_accesses;
        int buffer = own ? -1 : i->access[k].buffer;
        if (!own && !i->access[k].write)
            continue;
        fenced m = own ? of_worker(f, i, k - i->n_accesses) : of_buffer(f, buffer);
        bool front = !m.from || stands(m.from - fence, fence);
        if (!front || (m.from && !stands(m.to, fence)))
            return fail(i, !front, own, buffer, step);
    }
    return WG_OK;
}
