/* Medians of samples that are taken in turn: in each round a burst of each contender. */
#include "bench.h"
#include "progress.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 15, ROUNDS_LEAST = 3, BURST = 16 };
/* Seconds. A sample is long enough for the clock, and no longer: what interrupts one leaves the others alone. */
static const double sample_least = 1e-3, long_run = 0.02, warm_up = 0.01;

static clockid_t timed_by = CLOCK_MONOTONIC;

void bench_use_processor_time(void)
{
    timed_by = CLOCK_PROCESS_CPUTIME_ID;
}

double bench_seconds(void)
{
    struct timespec now;
    clock_gettime(timed_by, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

struct samples {
    double at[ROUNDS * BURST];
    int n;
};

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Seconds of one run, over so many; NaN when it fails. */
static double sample(contender *c, int64_t times)
{
    double taken = 0;
    return c->runner.run(c->runner.state, times, &taken) ? taken / (double)times : NAN;
}

/* How many runs a sample takes. */
static void calibrate(contender *c, double budget)
{
    double one = sample(c, 1); /* settles shapes and memory */
    if (one < budget)
        one = sample(c, 1);
    c->warms = one < long_run;
    c->repeat = 1;
    while (one * (double)c->repeat < sample_least && c->repeat < 1 << 24) {
        c->repeat *= 2;
        if (c->repeat == 256) /* short runs: one alone is no measure */
            one = sample(c, c->repeat);
    }
}

/* Threads of the one before may still be spinning: they are given the time to go to sleep. Ours do so after a tenth of a
 * millisecond, those of OpenBLAS after some 25. */
static void settle(bool beside_peers)
{
    struct timespec moment = { 0, beside_peers ? 35000000 : 5000000 };
    nanosleep(&moment, NULL);
}

/* So many seconds of samples; runs that do not count fill the caches and wake the threads, unless one run does so itself. */
static void burst(contender *c, struct samples *s, double budget, int contenders)
{
    if (s->n && isnan(s->at[s->n - 1]))
        return; /* it has failed, and said so */
    const bool alone = contenders == 1;
    if (!alone)
        settle(contenders > 2); /* one thread and several are both ours */
    double begun = seconds();
    while (!alone && c->warms && seconds() - begun < warm_up && !isnan(sample(c, 1)))
        continue;
    begun = seconds();
    for (int k = 0; k < BURST && (k == 0 || seconds() - begun < budget); k++)
        s->at[s->n++] = sample(c, c->repeat);
}

static void conclude(contender *c, struct samples *s)
{
    bool failed = s->n == 0;
    for (int k = 0; k < s->n; k++)
        failed = failed || isnan(s->at[k]);
    qsort(s->at, (size_t)s->n, sizeof *s->at, by_value);
    c->median = failed ? NAN : s->at[s->n / 2];
    c->fastest = failed ? NAN : s->at[0];
    c->slowest = failed ? NAN : s->at[s->n - 1];
    if (c->runner.state)
        c->runner.close(c->runner.state);
    c->runner.state = NULL;
}

void measure(contender *c, int n, double budget)
{
    struct samples *s = tool_alloc((size_t)n, sizeof *s);
    for (int i = 0; i < n; i++)
        if (c[i].runner.state)
            calibrate(&c[i], budget);
    double begun = seconds();
    for (int r = 0; r < ROUNDS && (r < ROUNDS_LEAST || seconds() - begun < budget * n); r++)
        for (int i = 0; i < n; i++)
            if (c[i].runner.state)
                burst(&c[i], &s[i], budget / ROUNDS, n);
    for (int i = 0; i < n; i++)
        conclude(&c[i], &s[i]);
    free(s);
}
