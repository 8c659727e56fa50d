/* The one thread executor: all parallelism passes here. OpenMP where it was built in; otherwise everything is serial.
 * */
#ifndef WG_BASE_TEAM_H
#define WG_BASE_TEAM_H

#include "base/signal.h"
#include <stdint.h>

/* A place where all workers of one team meet. Reusable; those who come early spin for a bounded time, then sleep. */
typedef struct wg__barrier {
    wg__signal round;
    _Alignas(64) atomic_uint arrived;
    unsigned workers;
} wg__barrier;
void wg__barrier_init(wg__barrier *, int workers);
void wg__barrier_wait(wg__barrier *);

/* How many threads a run may use: `wanted` if > 0, else WENGERT_THREADS, OMP_NUM_THREADS, the cores. At least 1. */
int wg__team_size(int wanted);

/* Calls work(arg, worker, workers) once a worker, 0 .. workers-1, and returns when all have returned; worker 0 is the
 * calling thread. Runs with workers = 1, without entering OpenMP, when `threads` is 1, inside another parallel region,
 * after a fork, or where OpenMP was left out. `workers` may be fewer than asked: a barrier must be initialised by
 * `begin`, which (when not NULL) is called once with the true number before any work starts. */
void wg__team_run(int threads, void (*begin)(void *arg, int workers), void (*work)(void *arg, int worker, int workers),
                  void *arg);

/* The part [*begin, *end) of 0 .. extent that worker `worker` of `workers` takes, cut only at multiples of grain. */
static inline void wg__team_part(int64_t extent, int64_t grain, int worker, int workers, int64_t *begin, int64_t *end)
{
    int64_t units = (extent + grain - 1) / grain, each = units / workers, more = units % workers;
    int64_t first = worker * each + (worker < more ? worker : more);
    *begin = first * grain;
    *end = (first + each + (worker < more)) * grain;
    if (*begin > extent)
        *begin = extent;
    if (*end > extent)
        *end = extent;
}

/* WENGERT_GRAIN=1: split and synchronise even the smallest work, so that tests reach those paths. */
int wg__team_forced(void);

#endif
