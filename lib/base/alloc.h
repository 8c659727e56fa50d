/* The one entry to memory. Every object remembers the allocator that made it. */
#ifndef WG_BASE_ALLOC_H
#define WG_BASE_ALLOC_H

#include <stddef.h>

typedef struct wg__allocator {
    void *user;
    void *(*alloc)(void *user, size_t align, size_t bytes);
    void (*dealloc)(void *user, void *p, size_t bytes);
} wg__allocator;

enum { WG__ALIGN = 64 }; /* of every tensor: a cache line, and the widest vector */

/* The C library's. When `a` is NULL in a function below, this one is meant. */
extern const wg__allocator wg__default_allocator;

/* Memory for `n` items of `size` bytes, aligned for any type, not cleared; NULL on overflow or exhaustion, with
 * WG_ERR_NOMEM set. n = 0 gives a unique pointer that may be freed. */
void *wg__alloc(const wg__allocator *a, size_t n, size_t size);
void *wg__alloc_zero(const wg__allocator *a, size_t n, size_t size);
/* Tensor memory, aligned to WG__ALIGN. Freed by wg__free with n = bytes, size = 1. */
void *wg__alloc_aligned(const wg__allocator *a, size_t bytes);
/* Gives back what was asked for with the same n and size. p may be NULL. */
void wg__free(const wg__allocator *a, void *p, size_t n, size_t size);
/* Grows an array from *capacity to at least `need` items (doubling). False: nothing is changed. */
int wg__grow(const wg__allocator *a, void **array, size_t *capacity, size_t need, size_t size);
/* A text to be freed by wg__free_text. */
char *wg__copy_text(const wg__allocator *a, const char *text);
void wg__free_text(const wg__allocator *a, char *text);

/* For tests: the n-th wg__alloc from now on (in this thread, any allocator) fails, once or for ever; 0 ends it. Returns
 * how many allocations were asked for since the last call. */
size_t wg__alloc_fail_at(size_t n, int for_ever);

/* A bump allocator: many small things that die together. */
typedef struct wg__arena_chunk wg__arena_chunk;
typedef struct wg__arena {
    const wg__allocator *allocator;
    wg__arena_chunk *last;
    size_t used, size; /* of the last chunk */
} wg__arena;
void *wg__arena_alloc(wg__arena *, size_t bytes); /* cleared; NULL with WG_ERR_NOMEM */
char *wg__arena_text(wg__arena *, const char *text);
void wg__arena_free(wg__arena *);

#endif
