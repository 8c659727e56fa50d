/* The one entry to memory, with failure injection for tests. */
#ifdef __linux__
#define _DEFAULT_SOURCE 1 /* madvise */
#endif
#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __linux__
#include <sys/mman.h>
#endif

#include "base/checked.h"
#include "base/error.h"

enum { PAGE = 1 << 21, LARGE = 2 * PAGE };

/* Memory that is touched for the first time costs a trap a page, as much as a kernel that works on it: the system is asked for
 * large pages where there are some to fill. It may decline. */
static void *large_pages(void *p, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    if (p != NULL && bytes >= LARGE)
        (void)madvise(p, bytes / PAGE * PAGE, MADV_HUGEPAGE);
#else
    (void)bytes;
#endif
    return p;
}

static void *default_alloc(void *user, size_t align, size_t bytes)
{
    void *p = NULL;

    (void)user;
    if (align <= _Alignof(max_align_t))
        return malloc(bytes);
    if (bytes >= LARGE && align < PAGE)
        align = PAGE;
    return posix_memalign(&p, align, bytes) == 0 ? large_pages(p, bytes) : NULL;
}

static void default_dealloc(void *user, void *p, size_t bytes)
{
    (void)user;
    (void)bytes;
    free(p);
}

const wg__allocator wg__default_allocator = { NULL, default_alloc, default_dealloc };

/* Thread-local, so that a test of one thread does not disturb another. */
static _Thread_local struct {
    size_t asked;     /* since wg__alloc_fail_at */
    size_t fail_from; /* 0: never */
    int for_ever;
} injection;

size_t wg__alloc_fail_at(size_t n, int for_ever)
{
    size_t asked = injection.asked;

    injection.asked = 0;
    injection.fail_from = n;
    injection.for_ever = for_ever;
    return asked;
}

static bool injected_failure(void)
{
    injection.asked++;
    if (injection.fail_from == 0)
        return false;
    return injection.for_ever ? injection.asked >= injection.fail_from : injection.asked == injection.fail_from;
}

static size_t at_least_one(size_t bytes) { return bytes == 0 ? 1 : bytes; }

static void *allocate(const wg__allocator *a, size_t align, size_t bytes)
{
    void *p = NULL;

    if (a == NULL)
        a = &wg__default_allocator;
    bytes = at_least_one(bytes);
    if (!injected_failure() && bytes <= PTRDIFF_MAX)
        p = a->alloc(a->user, align, bytes);
    if (p == NULL)
        wg__fail(WG_ERR_NOMEM, "out of memory: %zu bytes asked for", bytes);
    return p;
}

void *wg__alloc(const wg__allocator *a, size_t n, size_t size)
{
    size_t bytes;

    if (!wg__mul_size(n, size, &bytes)) {
        wg__fail(WG_ERR_NOMEM, "out of memory: %zu times %zu bytes asked for", n, size);
        return NULL;
    }
    return allocate(a, _Alignof(max_align_t), bytes);
}

void *wg__alloc_zero(const wg__allocator *a, size_t n, size_t size)
{
    void *p = wg__alloc(a, n, size);

    return p == NULL ? NULL : memset(p, 0, n * size);
}

void *wg__alloc_aligned(const wg__allocator *a, size_t bytes) { return allocate(a, WG__ALIGN, bytes); }

void wg__free(const wg__allocator *a, void *p, size_t n, size_t size)
{
    if (p == NULL)
        return;
    if (a == NULL)
        a = &wg__default_allocator;
    a->dealloc(a->user, p, at_least_one(n * size));
}

int wg__grow(const wg__allocator *a, void **array, size_t *capacity, size_t need, size_t size)
{
    size_t wider;
    void *moved;

    if (need <= *capacity)
        return 1;
    if (!wg__mul_size(*capacity, 2, &wider) || wider < need)
        wider = need;
    if (wider < 8)
        wider = 8;
    moved = wg__alloc(a, wider, size);
    if (moved == NULL)
        return 0;
    if (*array != NULL) {
        memcpy(moved, *array, *capacity * size);
        wg__free(a, *array, *capacity, size);
    }
    *array = moved;
    *capacity = wider;
    return 1;
}

char *wg__copy_text(const wg__allocator *a, const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = wg__alloc(a, bytes, 1);

    return copy == NULL ? NULL : memcpy(copy, text, bytes);
}

void wg__free_text(const wg__allocator *a, char *text)
{
    if (text != NULL)
        wg__free(a, text, strlen(text) + 1, 1);
}
