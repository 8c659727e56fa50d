/* The thread executor: one OpenMP region a call, and a barrier of our own inside it. */
#include "base/team.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#ifdef _OPENMP
#include <omp.h>
#endif

enum { TEAM_MAX = 256 };

void wg__barrier_init(wg__barrier *b, int workers)
{
    wg__signal_init(&b->round, 0);
    atomic_init(&b->arrived, 0);
    b->workers = (unsigned)workers;
}

/* The last to arrive begins the next round. What others wrote before arriving reaches it by `arrived`, and all by
 * `round`. */
void wg__barrier_wait(wg__barrier *b)
{
    if (b->workers <= 1)
        return;
    unsigned round = atomic_load_explicit(&b->round.value, memory_order_relaxed); /* cannot change before we arrive */
    if (atomic_fetch_add_explicit(&b->arrived, 1, memory_order_acq_rel) + 1 == b->workers) {
        atomic_store_explicit(&b->arrived, 0, memory_order_relaxed);
        wg__signal_set(&b->round, round + 1);
    } else {
        wg__signal_wait(&b->round, round);
    }
}

#ifdef _OPENMP

/* A positive number at the beginning of an environment variable ("4", "4,2"); 0 without one. */
static int number_in_environment(const char *name)
{
    const char *text = getenv(name);
    char *end;
    long n;

    if (text == NULL)
        return 0;
    n = strtol(text, &end, 10);
    if (end == text || (*end != '\0' && *end != ',' && *end != ' ') || n < 1)
        return 0;
    return n > TEAM_MAX ? TEAM_MAX : (int)n;
}

int wg__team_size(int wanted)
{
    if (wanted <= 0)
        wanted = number_in_environment("WENGERT_THREADS");
    if (wanted <= 0)
        wanted = number_in_environment("OMP_NUM_THREADS");
    if (wanted <= 0)
        wanted = omp_get_num_procs();
    return wanted < 1 ? 1 : wanted > TEAM_MAX ? TEAM_MAX : wanted;
}

/* libgomp's threads do not survive a fork, and a region in the child of a process that has had one waits for them for
 * ever (GCC bug 60035). So the child of such a process runs serially. The state is the process's, hence global. */
static pthread_once_t watch_once = PTHREAD_ONCE_INIT;
static atomic_bool forked;
static atomic_bool watching;

static void after_fork(void) { atomic_store(&forked, true); }

static void watch_forks(void) { atomic_store(&watching, pthread_atfork(NULL, NULL, after_fork) == 0); }

/* Without a watch on forks a region might hang in a child, so then there are none. */
static bool may_enter_region(void)
{
    if (omp_get_level() > 0 || atomic_load(&forked))
        return false;
    pthread_once(&watch_once, watch_forks);
    return atomic_load(&watching);
}

/* Worker 0 learns how many there are, calls `begin`, and opens the gate for the others; in the end it waits for them here,
 * for OpenMP would spin much longer. */
static void run_region(int threads, void (*begin)(void *, int), void (*work)(void *, int, int), void *arg)
{
    wg__signal gate, end;
    atomic_int done;

    wg__signal_init(&gate, begin == NULL);
    wg__signal_init(&end, 0);
    atomic_init(&done, 1);
#pragma omp parallel num_threads(threads) default(none) shared(gate, end, done, begin, work, arg)
    {
        int worker = omp_get_thread_num(), workers = omp_get_num_threads();

        if (begin != NULL && worker == 0) {
            begin(arg, workers);
            wg__signal_set(&gate, 1);
        } else if (begin != NULL) {
            wg__signal_wait(&gate, 0);
        }
        work(arg, worker, workers);
        if (worker == 0 && workers > 1)
            wg__signal_wait(&end, 0);
        else if (atomic_fetch_add_explicit(&done, 1, memory_order_acq_rel) + 1 == workers)
            wg__signal_set(&end, 1);
    }
}

#else

int wg__team_size(int wanted)
{
    (void)wanted;
    return 1;
}

#endif

void wg__team_run(int threads, void (*begin)(void *arg, int workers), void (*work)(void *arg, int worker, int workers),
                  void *arg)
{
#ifdef _OPENMP
    if (threads > 1 && may_enter_region()) {
        run_region(threads > TEAM_MAX ? TEAM_MAX : threads, begin, work, arg);
        return;
    }
#else
    (void)threads;
#endif
    if (begin != NULL)
        begin(arg, 1);
    work(arg, 0, 1);
}

int wg__team_forced(void)
{
    const char *grain = getenv("WENGERT_GRAIN");

    return grain != NULL && strcmp(grain, "1") == 0;
}
