#ifdef __linux__
#define _GNU_SOURCE /* syscall */
#endif

#include "base/signal.h"

#include <limits.h>

#ifdef __linux__
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#else
#include <time.h>
#endif

enum { SPINS = 4000 }; /* some 100 us */

static void pause_a_little(void)
{
#if defined __x86_64__ || defined __i386__
    __builtin_ia32_pause();
#elif defined __aarch64__
    __asm__ volatile("yield");
#endif
}

#ifdef __linux__

/* Sleeps unless *word has changed already; may return early. */
static void sleep_on(atomic_uint *word, unsigned old)
{
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, old, NULL, NULL, 0);
}

static void wake_all(atomic_uint *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0); }

#else

static void sleep_on(atomic_uint *word, unsigned old)
{
    (void)word, (void)old;
    nanosleep(&(struct timespec){ .tv_nsec = 50000 }, NULL);
}

static void wake_all(atomic_uint *word) { (void)word; }

#endif

void wg__signal_init(wg__signal *s, unsigned value)
{
    atomic_init(&s->value, value);
    atomic_init(&s->sleepers, 0);
}

/* In one order for all: either the sleeper, who has been counted, sees the new value, or he is seen here. */
void wg__signal_set(wg__signal *s, unsigned value)
{
    atomic_store(&s->value, value);
    if (atomic_load(&s->sleepers))
        wake_all(&s->value);
}

void wg__signal_wait(wg__signal *s, unsigned old)
{
    for (int spin = 0; spin < SPINS; spin++) {
        if (atomic_load_explicit(&s->value, memory_order_acquire) != old)
            return;
        pause_a_little();
    }
    atomic_fetch_add(&s->sleepers, 1);
    while (atomic_load(&s->value) == old)
        sleep_on(&s->value, old);
    atomic_fetch_sub(&s->sleepers, 1);
}
