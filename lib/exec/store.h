/* A store: one value a variable, and who is using it. */
#ifndef WG_EXEC_STORE_H
#define WG_EXEC_STORE_H

#include "graph/graph.h"
#include <wengert/store.h>

struct wg_store {
    wg__allocator allocator;
    wg_graph *graph; /* held */
    atomic_int holds;
    atomic_int users; /* runs that read: > 0; one that changes it: -1 */
    uint64_t seed;
    void **value; /* by variable index; each wg__alloc_aligned(bytes of the variable) */
    size_t n, capacity;
};

/* Makes values for variables that were added to the graph since. WG_ERR_NOMEM changes nothing. */
wg_status wg__store_complete(wg_store *);
/* Announces a run. False: BUSY. `change`: nobody else may use it meanwhile. */
bool wg__store_enter(wg_store *, bool change);
void wg__store_leave(wg_store *, bool change);
/* Which draw of the random operators is next: the step, and within it the micro-batch of wg_accumulate. */
uint64_t wg__store_draw(const wg_store *);
/* Fills `value` with the variable's initial value: as given, or drawn from the stream of (seed, its name). False: WG_ERR_NOMEM. */
bool wg__init_draw(const wg__allocator *, uint64_t seed, const wg__operation *variable, void *value);
/* The bytes of a variable's value. */
size_t wg__variable_bytes(const wg__operation *variable);

#endif
