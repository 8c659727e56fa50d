/* The parts of `wengert bench`: what runs, how it is timed, and what the machine can do at best. */
#ifndef TOOLS_BENCH_H
#define TOOLS_BENCH_H

#include "tool.h"
#include "models.h"

/* ---- what is timed ---- */

/* Ours or a peer's: something that can be run again and again. */
typedef struct runner {
    void *state; /* NULL: it is not there */
    /* So many runs, and how long they took together. Both give false, with the message printed, when they fail. */
    bool (*run)(void *state, int64_t times, double *seconds);
    bool (*close)(void *state);
} runner;

/* What runs are timed by: the clock on the wall, or the processor's, of all threads of this process together. */
void bench_use_processor_time(void);
double bench_seconds(void);

/* A case of our own. No state: the message is printed. */
runner ours_open(const bench_case *, wg_dtype, wg_matmul_precision, int threads, const char *trace);
/* What the plan of such a runner says of itself; false where it has none. */
bool ours_stats(const runner *, wg_exec_stats *);

/* One of those that are compared, with its times. */
typedef struct contender {
    runner runner;
    const char *peer; /* NULL: ours */
    int threads;
    int64_t repeat; /* runs a sample */
    bool warms;     /* runs that do not count come before its samples */
    double median, fastest, slowest; /* seconds a run; NaN when it failed */
} contender;
/* Times them in turn, round after round, so that whatever else happens on the machine falls on all alike: about `budget`
 * seconds each, and at least three samples. Closes the runners. */
void measure(contender *, int n, double budget);

/* ---- limits ---- */

enum { MEMORY_SIZES = 10 };
/* What so many threads can do. */
typedef struct limits {
    int threads;
    double peak[2];                       /* fused multiply-adds in FLOP/s: f32, f64 */
    double bytes[MEMORY_SIZES], bandwidth[MEMORY_SIZES]; /* bytes a second over memory of that size, largest last */
} limits;
limits limits_measure(int threads);
/* Bytes a second over so much memory. */
double limits_bandwidth(const limits *, double bytes);
/* The least time that so much work can take. */
double limits_time(const limits *, wg_dtype, double flops, double bytes);

/* ---- peers ---- */

/* Programs of others, in processes of their own; each has so many threads. */
typedef struct peer {
    const char *name;
    char what[160]; /* "NumPy 1.24.2" */
    int threads;
    long pid;
    FILE *to, *from;
} peer;
typedef struct peers {
    peer *at;
    size_t n;
} peers;
/* Starts all that are there, and says which are not. Before anything else has run with several threads. */
peers peers_start(const int *threads, int n_threads, const char *python, const char *clock);
/* A case of a peer's; no state: it cannot do that. */
runner peer_open(peer *, const bench_case *, wg_dtype);
void peers_end(peers *);
/* A C library with BLAS's or oneDNN's matrix product as a peer, in a process of its own: speaks on the streams until the first
 * ends. */
void serve_blas(int threads, FILE *from, FILE *to);
void serve_onednn(int threads, FILE *from, FILE *to);

/* ---- results ---- */

/* One number of the table, for the picture. */
typedef struct dot {
    char name[48];
    bool product;
    wg_dtype dtype;
    int threads;
    double flops, bytes, seconds;
} dot;
/* Work against its intensity under the limits, as SVG; to be freed. */
char *roofline_svg(const limits *, const dot *, size_t n);

#endif
