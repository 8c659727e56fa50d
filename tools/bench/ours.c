/* Our own cases: a plan with its feeds in place, or a file that is written and read. */
#include "bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct ours {
    bench_case what;
    bench_graph built;
    wg_graph *graph;
    wg_plan *plan;
    wg_exec *exec;
    void *memory[3]; /* the feeds' elements */
    char *file;      /* of save and load */
    int threads;
};

static bool ours_close(void *state)
{
    struct ours *o = state;
    bool traced = !o->exec || wg_exec_trace(o->exec, NULL) == WG_OK;
    if (!traced)
        tool_failed("bench: %s", wg_error());
    wg_exec_free(o->exec);
    wg_plan_free(o->plan);
    wg_graph_free(o->graph);
    for (size_t i = 0; i < WG_COUNT(o->memory); i++)
        free(o->memory[i]);
    if (o->file)
        unlink(o->file);
    free(o->file);
    free(o);
    return traced;
}

static void put(void *memory, wg_dtype dtype, int64_t i, double value)
{
    switch (dtype) {
    case WG_F32:
        ((float *)memory)[i] = (float)value;
        break;
    case WG_I64:
        ((int64_t *)memory)[i] = (int64_t)value;
        break;
    default:
        ((double *)memory)[i] = value;
    }
}

/* Binds random elements. */
static bool feed(struct ours *o, size_t slot)
{
    const bench_input *in = &o->built.input[slot];
    wg_dtype dtype = wg_node_dtype(in->node);
    int64_t n = wg_shape_count(in->shape);
    wg_numpy_random random;
    wg_numpy_seed(&random, (uint32_t)slot);
    o->memory[slot] = tool_alloc((size_t)n, wg_dtype_size(dtype));
    for (int64_t i = 0; i < n; i++) {
        double u = wg_numpy_uniform(&random);
        put(o->memory[slot], dtype, i, in->classes ? floor(u * (double)in->classes) : 2 * u - 1);
    }
    return wg_bind(o->exec, in->node, wg_view_of(o->memory[slot], dtype, in->shape)) == WG_OK;
}

static bool compile(struct ours *o)
{
    o->plan = wg_compile(o->graph, o->built.mode, (wg_nodes){ o->built.wanted, o->built.n_wanted });
    o->exec = wg_exec_new_with(o->plan, WG_OPTS(wg_exec_opts, .threads = o->threads));
    for (size_t i = 0; i < o->built.n_inputs; i++)
        if (!o->exec || !feed(o, i))
            return false;
    return o->exec != NULL;
}

static bool make_file(struct ours *o)
{
    const char *folder = getenv("TMPDIR");
    o->file = tool_print("%s/wengert-bench-XXXXXX", folder && *folder ? folder : "/tmp");
    int descriptor = mkstemp(o->file);
    if (descriptor < 0) {
        tool_failed("bench: %s: no file can be made there", o->file);
        free(o->file);
        o->file = NULL;
        return false;
    }
    close(descriptor);
    return wg_save(wg_graph_store(o->graph), o->file, NULL) == WG_OK;
}

/* ---- running ---- */

static bool failed(const struct ours *o)
{
    tool_failed("bench: %s", o->exec && *wg_exec_error(o->exec) ? wg_exec_error(o->exec) : wg_error());
    return false;
}

static bool run_plan(void *state, int64_t times, double *taken)
{
    struct ours *o = state;
    double begun = bench_seconds();
    for (int64_t i = 0; i < times; i++)
        if (wg_run(o->exec))
            return failed(o);
    *taken = bench_seconds() - begun;
    return true;
}

/* The plan, and the program for the shapes that are fed. */
static bool run_compile(void *state, int64_t times, double *taken)
{
    struct ours *o = state;
    double begun = bench_seconds();
    for (int64_t i = 0; i < times; i++) {
        wg_plan *plan = wg_compile(o->graph, o->built.mode, (wg_nodes){ o->built.wanted, o->built.n_wanted });
        wg_exec *exec = wg_exec_new_with(plan, WG_OPTS(wg_exec_opts, .threads = o->threads));
        const bench_input *in = &o->built.input[0];
        bool done = exec && !wg_bind(exec, in->node, wg_view_of(o->memory[0], wg_node_dtype(in->node), in->shape)) &&
                    !wg_prepare(exec);
        wg_exec_free(exec);
        wg_plan_free(plan);
        if (!done)
            return failed(o);
    }
    *taken = bench_seconds() - begun;
    return true;
}

static bool run_file(void *state, int64_t times, double *taken)
{
    struct ours *o = state;
    wg_store *store = wg_graph_store(o->graph);
    double begun = bench_seconds();
    for (int64_t i = 0; i < times; i++)
        if (o->what.kind == BENCH_SAVE ? wg_save(store, o->file, NULL) : wg_load(store, o->file))
            return failed(o);
    *taken = bench_seconds() - begun;
    return true;
}

runner ours_open(const bench_case *what, wg_dtype dtype, wg_matmul_precision precision, int threads, const char *trace)
{
    struct ours *o = tool_alloc(1, sizeof *o);
    bool of_file = what->kind == BENCH_SAVE || what->kind == BENCH_LOAD;
    o->what = *what;
    o->threads = threads;
    o->graph = wg_graph_new_with(WG_OPTS(wg_graph_opts, .threads = threads));
    if (o->graph)
        o->built = bench_build(o->graph, what, dtype);
    if (!o->graph || wg_set_matmul_precision(o->graph, precision) || !(of_file ? make_file(o) : compile(o)) ||
        (trace && o->exec && wg_exec_trace(o->exec, trace))) {
        failed(o);
        ours_close(o);
        return (runner){ .state = NULL };
    }
    return (runner){ o, of_file ? run_file : what->kind == BENCH_COMPILE ? run_compile : run_plan, ours_close };
}

bool ours_stats(const runner *r, wg_exec_stats *stats)
{
    const struct ours *o = r->state;
    *stats = (wg_exec_stats){ .size = sizeof *stats };
    return o && o->exec && wg_exec_describe(o->exec, stats) == WG_OK;
}
