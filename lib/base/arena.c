/* A bump allocator: chunks in a list, each filled from its beginning, all freed together. */
#include <string.h>

#include "base/alloc.h"
#include "base/checked.h"
#include "base/error.h"

struct wg__arena_chunk {
    _Alignas(max_align_t) wg__arena_chunk *before;
    size_t size; /* of what follows this header */
};

enum { CHUNK_MIN = 4096, CHUNK_MAX = 1 << 20 };

static unsigned char *chunk_data(wg__arena_chunk *chunk) { return (unsigned char *)(chunk + 1); }

/* Each chunk is twice the one before, so that a large graph needs few of them; a larger item gets a chunk of its size.
 * */
static bool add_chunk(wg__arena *arena, size_t bytes)
{
    size_t size = arena->last == NULL ? CHUNK_MIN : arena->size < CHUNK_MAX ? 2 * arena->size : CHUNK_MAX;
    size_t whole;
    wg__arena_chunk *chunk;

    if (size < bytes)
        size = bytes;
    if (!wg__add_size(size, sizeof *chunk, &whole)) {
        wg__fail(WG_ERR_NOMEM, "out of memory: %zu bytes asked for", bytes);
        return false;
    }
    chunk = wg__alloc(arena->allocator, whole, 1);
    if (chunk == NULL)
        return false;
    chunk->before = arena->last;
    chunk->size = size;
    arena->last = chunk;
    arena->size = size;
    arena->used = 0;
    return true;
}

void *wg__arena_alloc(wg__arena *arena, size_t bytes)
{
    size_t rounded;
    void *p;

    if (!wg__round_up(bytes, _Alignof(max_align_t), &rounded)) {
        wg__fail(WG_ERR_NOMEM, "out of memory: %zu bytes asked for", bytes);
        return NULL;
    }
    if (rounded == 0) /* still a pointer of its own */
        rounded = _Alignof(max_align_t);
    if ((arena->last == NULL || arena->size - arena->used < rounded) && !add_chunk(arena, rounded))
        return NULL;
    p = chunk_data(arena->last) + arena->used;
    arena->used += rounded;
    return memset(p, 0, rounded);
}

char *wg__arena_text(wg__arena *arena, const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = wg__arena_alloc(arena, bytes);

    return copy == NULL ? NULL : memcpy(copy, text, bytes);
}

void wg__arena_free(wg__arena *arena)
{
    while (arena->last != NULL) {
        wg__arena_chunk *chunk = arena->last;

        arena->last = chunk->before;
        wg__free(arena->allocator, chunk, chunk->size + sizeof *chunk, 1);
    }
    arena->used = arena->size = 0;
}
