/* Signals of a program that went wrong: the operators at work are named, and the signal goes its way. */
#include "crash.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

enum { WATCHED_MAX = 64 };

/* What is done with an operator, in memory that a handler may read. */
static struct watched {
    _Atomic(const char *) name; /* NULL: free */
    wg_check coming;            /* `what` is a literal's */
    char altered[80];
} watched[WATCHED_MAX];

static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
static struct sigaction before[WG_COUNT(signals)];

static void say(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        return; /* there is nobody left to tell */
}

static void say_number(const char *text, int number)
{
    char digits[16];
    size_t at = sizeof digits - 1;
    digits[at] = '\0';
    for (int left = number; at && (left || !digits[at]); left /= 10)
        digits[--at] = (char)('0' + left % 10);
    say(text);
    say(digits + at);
}

/* "my_sin: sample 0, length 3: gradient of operand 1" */
static void say_watched(const char *name, const struct watched *w)
{
    say(name);
    if (!w->coming.what)
        return;
    say_number(": sample ", w->coming.sample);
    say(*w->altered ? ", " : "");
    say(w->altered);
    say(": ");
    say(w->coming.what);
    if (w->coming.slot >= 0)
        say_number(" of operand ", w->coming.slot);
    else if (w->coming.order > 0)
        say_number(" at order ", w->coming.order);
}

/* When it returns, the instruction is repeated, or abort goes on, and the signal meets what was in place before. */
static void tell(int signal)
{
    for (size_t i = 0; i < WG_COUNT(signals); i++)
        if (signals[i] == signal)
            sigaction(signal, &before[i], NULL);
    const char *between = " ";
    say("wengert: check: a crash while verifying");
    for (size_t i = 0; i < WATCHED_MAX; i++) {
        const char *name = atomic_load(&watched[i].name);
        if (name) {
            say(between);
            say_watched(name, &watched[i]);
            between = ", or ";
        }
    }
    say("\n");
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
        if (atomic_compare_exchange_strong(&watched[i].name, &nobody, name))
            break;
    }
    return i;
}

void crash_note(size_t i, const wg_check *coming)
{
    if (i >= WATCHED_MAX)
        return;
    struct watched *w = &watched[i];
    size_t length = strlen(coming->text);
    length = length < sizeof w->altered ? length : sizeof w->altered - 1;
    memcpy(w->altered, coming->text, length);
    w->altered[length] = '\0';
    w->coming = *coming;
}

void crash_unwatch(size_t i)
{
    if (i >= WATCHED_MAX)
        return;
    watched[i].coming.what = NULL;
    atomic_store(&watched[i].name, NULL);
}
