/* A pool of threads that take the next piece until none is left. */
#include "workers.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "tool.h"

enum { WORKERS_MAX = 64 };

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t finished_one;
    size_t n, next, waited_for; /* pieces; the next to begin; the next to be told */
    bool *finished;             /* (n) */
    void (*work)(void *, size_t);
    void (*done)(void *, size_t);
    void *user;
};

/* A piece to be begun; n: there is none left. */
static size_t take(struct pool *p)
{
    pthread_mutex_lock(&p->lock);
    size_t i = p->next < p->n ? p->next++ : p->n;
    pthread_mutex_unlock(&p->lock);
    return i;
}

static void *labour(void *pool)
{
    struct pool *p = pool;
    for (size_t i = take(p); i < p->n; i = take(p)) {
        p->work(p->user, i);
        pthread_mutex_lock(&p->lock);
        p->finished[i] = true;
        pthread_cond_signal(&p->finished_one);
        pthread_mutex_unlock(&p->lock);
    }
    return NULL;
}

/* Tells the pieces in their order while others work on. */
static void tell_all(struct pool *p)
{
    for (; p->waited_for < p->n; p->waited_for++) {
        pthread_mutex_lock(&p->lock);
        while (!p->finished[p->waited_for])
            pthread_cond_wait(&p->finished_one, &p->lock);
        pthread_mutex_unlock(&p->lock);
        p->done(p->user, p->waited_for);
    }
}

static size_t cores(void)
{
    const char *text = getenv("WENGERT_THREADS");
    long n = text ? strtol(text, NULL, 10) : 0;
    if (n < 1)
        n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > WORKERS_MAX ? WORKERS_MAX : (size_t)n;
}

/* Without a second thread each piece is told before the next begins. */
static void run_serially(struct pool *p)
{
    for (size_t i = 0; i < p->n; i++) {
        p->work(p->user, i);
        p->done(p->user, i);
    }
}

void workers_run(size_t n, void (*work)(void *user, size_t i), void (*done)(void *user, size_t i), void *user)
{
    struct pool p = { .n = n, .work = work, .done = done, .user = user };
    pthread_t thread[WORKERS_MAX];
    size_t wanted = cores(), started = 0;
    if (n < wanted)
        wanted = n;
    if (wanted <= 1) {
        run_serially(&p);
        return;
    }
    pthread_mutex_init(&p.lock, NULL);
    pthread_cond_init(&p.finished_one, NULL);
    p.finished = tool_alloc(n, sizeof *p.finished);
    while (started < wanted && !pthread_create(&thread[started], NULL, labour, &p))
        started++;
    if (!started) /* the system gives no thread: this one does all, and tells it afterwards */
        labour(&p);
    tell_all(&p);
    for (size_t i = 0; i < started; i++)
        pthread_join(thread[i], NULL);
    free(p.finished);
    pthread_cond_destroy(&p.finished_one);
    pthread_mutex_destroy(&p.lock);
}
