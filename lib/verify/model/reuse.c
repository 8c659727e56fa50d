/* Blocks that are kept for the next one who asks. */
#include "verify/model/reuse.h"

enum {
    LEAST = 1 << 16, /* smaller blocks are what malloc is good at */
    WASTE = 4        /* a block does not serve for one of that part of its size */
};

static void *system_alloc(size_t align, size_t bytes)
{
    const wg__allocator *a = &wg__default_allocator;
    return a->alloc(a->user, align, bytes);
}

static void system_free(void *p, size_t bytes)
{
    const wg__allocator *a = &wg__default_allocator;
    a->dealloc(a->user, p, bytes);
}

/* The smallest block at rest that will do; NULL: none. */
static struct wg__block *at_rest(wg__reuse *r, size_t bytes)
{
    struct wg__block *best = NULL;
    for (int i = 0; i < WG__REUSED; i++) {
        struct wg__block *b = &r->block[i];
        if (b->at && !b->busy && b->bytes >= bytes && b->bytes / WASTE < bytes && (!best || b->bytes < best->bytes))
            best = b;
    }
    return best;
}

static struct wg__block *place_for(wg__reuse *r)
{
    for (int i = 0; i < WG__REUSED; i++)
        if (!r->block[i].at)
            return &r->block[i];
    return NULL;
}

static void *take(void *user, size_t align, size_t bytes)
{
    wg__reuse *r = user;
    if (bytes < LEAST || align > WG__ALIGN)
        return system_alloc(align, bytes);
    struct wg__block *b = at_rest(r, bytes);
    if (!b && (b = place_for(r))) {
        b->at = system_alloc(WG__ALIGN, bytes);
        b->bytes = bytes;
    }
    if (!b)
        return system_alloc(align, bytes);
    b->busy = b->at != NULL;
    return b->at;
}

static void give_back(void *user, void *p, size_t bytes)
{
    wg__reuse *r = user;
    for (int i = 0; i < WG__REUSED && p && bytes >= LEAST; i++)
        if (r->block[i].at == p) {
            r->block[i].busy = false;
            return;
        }
    system_free(p, bytes);
}

wg__allocator wg__reuse_allocator(wg__reuse *r) { return (wg__allocator){ r, take, give_back }; }

void wg__reuse_end(wg__reuse *r)
{
    for (int i = 0; i < WG__REUSED; i++)
        if (r->block[i].at)
            system_free(r->block[i].at, r->block[i].bytes);
    *r = (wg__reuse){ 0 };
}
