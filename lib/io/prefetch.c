/* Batches read ahead by a thread of their own.
 *
 * The slots are a ring: the caller has one, behind it lie those that are ready, then the one that is being read. All
 * that the two threads share is under one lock, but for the slot that each has to itself. A caller who asks for another
 * batch than the next begins a new series; what was being read for the old one is thrown away.
 */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "io/batches.h"

struct wg__prefetch {
    wg_batches *batches;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* each of the two waits only while the other need not */
    bool started;           /* a thread reads, or there is none to be had and the caller does */
    pid_t process;          /* where the thread lives; 0: there is none .. */
    bool lost;              /* .. any more */

    size_t head, ready; /* slots head .. head + ready - 1 of the ring are read, .. */
    uint64_t first;     /* .. the first of them (or the one to be read next) is this batch */
    uint64_t series;
    bool stop;
};

struct wg__prefetch *wg__prefetch_new(wg_batches *b)
{
    struct wg__prefetch *p = wg__alloc_zero(NULL, 1, sizeof *p);
    if (!p)
        return NULL;
    p->batches = b;
    if (pthread_mutex_init(&p->lock, NULL) == 0) {
        if (pthread_cond_init(&p->changed, NULL) == 0)
            return p;
        pthread_mutex_destroy(&p->lock);
    }
    wg__fail(WG_ERR_NOMEM, "batches: the system has no lock left for a thread");
    wg__free(NULL, p, 1, sizeof *p);
    return NULL;
}

static wg__slot *slot_at(const struct wg__prefetch *p, size_t ahead)
{
    return &p->batches->slot[(p->head + ahead) % p->batches->n_slots];
}

static void *read_on(void *arg)
{
    struct wg__prefetch *p = arg;
    size_t room = p->batches->n_slots - 1; /* the caller has the other one */

    pthread_mutex_lock(&p->lock);
    while (!p->stop) {
        if (p->ready == room) {
            pthread_cond_wait(&p->changed, &p->lock);
            continue;
        }
        wg__slot *s = slot_at(p, p->ready);
        uint64_t index = p->first + p->ready, series = p->series;
        pthread_mutex_unlock(&p->lock);
        wg__batches_read(p->batches, (int64_t)(index & INT64_MAX), s);
        pthread_mutex_lock(&p->lock);
        if (series == p->series) {
            p->ready++;
            pthread_cond_signal(&p->changed);
        }
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* Signals are for the threads of the program. Without a thread the batches are read all the same. */
static void start(struct wg__prefetch *p)
{
    sigset_t all, before;

    p->started = true;
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before))
        return;
    if (pthread_create(&p->thread, NULL, read_on, p) == 0)
        p->process = getpid();
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* After a fork the child has the memory but not the thread, which may have been anywhere: in the middle of a shuffle, or
 * with the lock. */
static bool has_thread(struct wg__prefetch *p)
{
    if (p->process && p->process != getpid()) {
        p->process = 0;
        p->lost = true;
        p->batches->epoch = -1;
    }
    return p->process != 0;
}

wg__slot *wg__prefetch_take(struct wg__prefetch *p, int64_t index)
{
    wg__slot *s;

    if (!p->started) {
        p->first = (uint64_t)index;
        start(p);
    }
    if (!has_thread(p)) {
        wg__batches_read(p->batches, index, p->batches->slot);
        return p->batches->slot;
    }
    pthread_mutex_lock(&p->lock);
    if (p->first != (uint64_t)index) {
        p->series++;
        p->first = (uint64_t)index;
        p->ready = 0;
        pthread_cond_signal(&p->changed);
    }
    while (!p->ready)
        pthread_cond_wait(&p->changed, &p->lock);
    s = slot_at(p, 0);
    p->head = (p->head + 1) % p->batches->n_slots;
    p->first++, p->ready--;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
    return s;
}

void wg__prefetch_free(struct wg__prefetch *p)
{
    if (!p)
        return;
    if (has_thread(p)) {
        pthread_mutex_lock(&p->lock);
        p->stop = true;
        pthread_cond_signal(&p->changed);
        pthread_mutex_unlock(&p->lock);
        pthread_join(p->thread, NULL);
    }
    if (!p->lost) { /* a lock that a fork left locked is nobody's to destroy */
        pthread_cond_destroy(&p->changed);
        pthread_mutex_destroy(&p->lock);
    }
    wg__free(NULL, p, 1, sizeof *p);
}
