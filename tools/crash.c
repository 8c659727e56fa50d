/* Signals of a program that went wrong: the operators at work are named, and the signal goes its way. */
#include "crash.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

enum { WATCHED_MAX = 64 };

static _Atomic(const char *) watched[WATCHED_MAX];
static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL };
static struct sigaction before[WG_COUNT(signals)];

static void say(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        return; /* there is nobody left to tell */
}

/* When it returns, the instruction is repeated, and its signal meets what was in place before. */
static void tell(int signal)
{
    for (size_t i = 0; i < WG_COUNT(signals); i++)
        if (signals[i] == signal)
            sigaction(signal, &before[i], NULL);
    const char *between = " ";
    say("wengert: check: a crash while verifying");
    for (size_t i = 0; i < WATCHED_MAX; i++) {
        const char *name = atomic_load(&watched[i]);
        if (name) {
            say(between);
            say(name);
            between = " or ";
        }
    }
    say(", whose samples are also tried with other sizes and fewer axes, where inference takes them\n");
}

static void install(void)
{
    static atomic_flag installed = ATOMIC_FLAG_INIT;
    struct sigaction action = { .sa_handler = tell };
    if (atomic_flag_test_and_set(&installed))
        return;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < WG_COUNT(signals); i++)
        sigaction(signals[i], &action, &before[i]);
}

size_t crash_watch(const char *name)
{
    size_t i = 0;
    install();
    for (; i < WATCHED_MAX; i++) {
        const char *nobody = NULL;
        if (atomic_compare_exchange_strong(&watched[i], &nobody, name))
            break;
    }
    return i;
}

void crash_unwatch(size_t i)
{
    if (i < WATCHED_MAX)
        atomic_store(&watched[i], NULL);
}
