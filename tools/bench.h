/* The parts of `wengert bench`. */
#ifndef TOOLS_BENCH_H
#define TOOLS_BENCH_H

#include "tool.h"

/* One thing that is measured: a plan with its feeds in place. */
struct bench {
    wg_graph *graph;
    wg_plan *plan;
    wg_exec *exec;
    double *memory[2]; /* the feeds' elements */
};
void bench_free(struct bench *);

/* The median time of a run in seconds, over about `budget` seconds; NaN, and the message printed, when it fails. */
double bench_time(const struct bench *, double budget);

/* A whole training step of model a, b, c or d. exec NULL: the message is printed. */
struct bench bench_model(char model, wg_dtype, int threads);
const char *bench_model_text(char model);
/* Forward and backward through 1000 add and relu nodes in turn, on 8 elements. */
struct bench bench_chain(wg_dtype, int threads);
enum { CHAIN_NODES = 1000 };
/* (m, k) by (k, n). */
struct bench bench_matmul(int64_t m, int64_t n, int64_t k, wg_dtype, int threads);

#endif
