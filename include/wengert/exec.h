/* Compiling a graph into a plan, and running it. */
#ifndef WENGERT_EXEC_H
#define WENGERT_EXEC_H

#include <wengert/store.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wg_mode { WG_INFER, WG_TRAIN } wg_mode;

/* Compiles the nodes `wanted`, and all that they need, into an immutable plan.
 *
 * Named sizes are settled at the first run. The plan keeps the graph (and its own store) alive; free it with wg_plan_free.
 * Safe to call from several threads on a graph that nobody is changing.
 *
 * Returns NULL, and wg_error() tells, after: WG_ERR_GRAPH (the graph or a wanted node holds an earlier error), WG_ERR_NOMEM
 * (nothing is changed), WG_ERR_ASSIGN (two assigns to one variable), WG_ERR_ARG (nothing is wanted, no such mode). */
WG_API wg_plan *wg_compile(wg_graph *, wg_mode, wg_nodes wanted);
WG_API void wg_plan_free(wg_plan *);

typedef struct wg_exec_opts {
    size_t size;
    wg_store *store;     /* NULL: the graph's own; a reference is taken */
    int threads;         /* 0: the graph's; 1: this thread only, no OpenMP at all */
    bool check_finite;   /* a run that meets an infinity or a NaN fails (WG_ERR_NUMERIC, naming the node) and changes nothing */
    size_t memory_limit; /* bytes of workspace; 0: none. WG_ERR_NOMEM beyond it */
} wg_exec_opts;

/* A workspace for running the plan; keeps plan and store alive. NULL plan: NULL. NULL: WG_ERR_NOMEM, WG_ERR_MISMATCH (the
 * store is of another graph), WG_ERR_ARG (the options' size). */
WG_API wg_exec *wg_exec_new(const wg_plan *);
WG_API wg_exec *wg_exec_new_with(const wg_plan *, const wg_exec_opts *);
WG_API void wg_exec_free(wg_exec *);
/* From now on runs on that store; takes a reference. What was fed stays; results of earlier runs are gone. WG_ERR_MISMATCH (the
 * store is of another graph), WG_ERR_NOMEM: nothing is changed. */
WG_API WG_MUST wg_status wg_exec_use(wg_exec *, wg_store *);
WG_API wg_store *wg_exec_store(const wg_exec *); /* borrowed */

/* The value of an input, or of a param or variable just for this exec. wg_feed copies; it stays until replaced. wg_bind borrows: the
 * memory is read at each run, and must stay. A failure is also remembered: the next run returns it. WG_ERR_SHAPE (against
 * the declared shape), WG_ERR_DTYPE, WG_ERR_ARG (NULL, no input of this plan's graph), WG_ERR_NOMEM. Feeding an input
 * that the plan does not need is no error. */
WG_API wg_status wg_feed(wg_exec *, const wg_node *, wg_view);
WG_API wg_status wg_bind(wg_exec *, const wg_node *, wg_view);

/* Settles shapes and memory for what has been fed; a run does it where needed. WG_ERR_UNFED (names the input), WG_ERR_SHAPE
 * (named sizes disagree), WG_ERR_NOMEM. After a failure other feeds may be tried on the same exec. */
WG_API WG_MUST wg_status wg_prepare(wg_exec *);

/* Computes the wanted nodes and carries out the wanted assigns, all or nothing. Every read of a variable sees the value from
 * before the run. Besides wg_prepare's: the status of a feed that failed; WG_ERR_BUSY (another run changes the store);
 * WG_ERR_NUMERIC; WG_ERR_RANGE and others from an operator. With several threads the calling thread is one of them. */
WG_API WG_MUST wg_status wg_run(wg_exec *);

/* This exec's last failure, "" when none. NULL exec: wg_error(). */
WG_API const char *wg_exec_error(const wg_exec *);

/* The value of a wanted node after a run; data NULL, with wg_error(), when it was not wanted or nothing has run. Borrowed until
 * the exec's next run, feed, bind or free. */
WG_API wg_view wg_result(const wg_exec *, const wg_node *);
/* The same for one element of any type, as a double (i64 is exact to 2^53); NaN, with wg_error(), when it is no single element. */
WG_API double wg_scalar(const wg_exec *, const wg_node *);

/* What a plan becomes for the shapes fed last. */
typedef struct wg_exec_stats {
    size_t size; /* set by the caller */
    int64_t instructions, fused, barriers, regions;
    size_t arena, peak_live, constants, scratch; /* bytes: the arena, the most that is alive at once, folded constants, workers' scratch */
    double cost;                                 /* estimated nanoseconds on one core */
    int threads;                                 /* that a run would use */
    double flops, bytes; /* of a run: floating-point operations, and the sizes of what each instruction reads and writes */
} wg_exec_stats;
/* Prepares, and fills in what the struct's size has room for. As wg_prepare; WG_ERR_ARG: the size is not set. */
WG_API wg_status wg_exec_describe(wg_exec *, wg_exec_stats *);
/* The program as text, an instruction a line, with shapes, offsets and barriers; free with wg_text_free. NULL as wg_prepare. */
WG_API char *wg_exec_listing(wg_exec *);

/* From now on every run writes what it did to the file, in Chrome's trace event format (chrome://tracing, Perfetto): of
 * every instruction and thread when it began and how long it took, in nanoseconds, with operators, the node's name, bytes and
 * FLOPs, and how long threads waited at barriers. NULL ends that, as wg_exec_free does, and completes the file. A run is
 * written after it has ended. Runs that are not traced are not slowed down. Never during a run. WG_ERR_IO: the file cannot be
 * opened; or, told when it is completed, written. WG_ERR_NOMEM. */
WG_API WG_MUST wg_status wg_exec_trace(wg_exec *, const char *path);

/* The same nodes computed without compiling: node by node, one thread, no optimisation but the operators' `rewrite`. Slow; equal to wg_run bit for
 * bit. Takes feeds and store of the exec, changes nothing. The view is valid until the next call or wg_exec_free. As wg_run; WG_ERR_ARG:
 * the node is an effect, or of another graph. */
WG_API wg_status wg_interpret(wg_exec *, const wg_node *, wg_view *out);

#ifdef __cplusplus
}
#endif
#endif
