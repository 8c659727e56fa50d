/* Medians of samples that are taken in turn. */
#include "progress.h"
#include "bench.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 15, ROUNDS_LEAST = 5 };

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

/* How many runs a sample takes: enough for the clock, and for the budget. */
static void calibrate(contender *c, double budget)
{
    double least = budget / ROUNDS > 1e-3 ? budget / ROUNDS : 1e-3;
    c->repeat = 1;
    sample(c, 1); /* the first run settles shapes and memory */
    for (double one = sample(c, 1); one * (double)c->repeat < least && c->repeat < 1 << 24;) {
        c->repeat *= 2;
        if (c->repeat == 256) /* short runs: one alone is no measure */
            one = sample(c, c->repeat);
    }
}

/* Threads of the one before may still be spinning: they are given the time to go to sleep. */
static void settle(void)
{
    struct timespec moment = { 0, 5000000 };
    nanosleep(&moment, NULL);
}

/* The caches are filled by a run that does not count. */
static double one_round(contender *c, bool alone)
{
    if (!alone) {
        settle();
        sample(c, 1);
    }
    return sample(c, c->repeat);
}

void measure(contender *c, int n, double budget)
{
    double *times = tool_alloc((size_t)n * ROUNDS, sizeof *times), begun = seconds();
    int rounds = 0;
    for (int i = 0; i < n; i++)
        if (c[i].runner.state)
            calibrate(&c[i], budget);
    begun = seconds();
    for (; rounds < ROUNDS && (rounds < ROUNDS_LEAST || seconds() - begun < budget * n); rounds++)
        for (int i = 0; i < n; i++)
            times[i * ROUNDS + rounds] = c[i].runner.state ? one_round(&c[i], n == 1) : NAN;
    for (int i = 0; i < n; i++) {
        double *own = times + i * ROUNDS;
        bool failed = false;
        for (int k = 0; k < rounds; k++)
            failed = failed || isnan(own[k]);
        qsort(own, (size_t)rounds, sizeof *own, by_value);
        c[i].median = failed ? NAN : own[rounds / 2];
        c[i].fastest = failed ? NAN : own[0];
        c[i].slowest = failed ? NAN : own[rounds - 1];
        if (c[i].runner.state)
            c[i].runner.close(c[i].runner.state);
        c[i].runner.state = NULL;
    }
    free(times);
}
