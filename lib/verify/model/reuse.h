/* An allocator whose large blocks are used again within one verification.
 *
 * A model is run several times, each time by another plan. Fresh pages, which the system clears when they are first
 * touched, would cost as much as such a run. For one thread at a time. */
#ifndef WG_VERIFY_REUSE_H
#define WG_VERIFY_REUSE_H

#include <stdbool.h>

#include "base/alloc.h"

enum { WG__REUSED = 32 };

typedef struct wg__reuse {
    struct wg__block {
        void *at; /* NULL: an empty place */
        size_t bytes;
        bool busy;
    } block[WG__REUSED];
} wg__reuse;

/* All zero at first, and at one place until all is given back. */
wg__allocator wg__reuse_allocator(wg__reuse *);
/* To the system. Everything that was allocated has been given back. */
void wg__reuse_end(wg__reuse *);

#endif
