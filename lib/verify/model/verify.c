/* Verifying models: the textbook's number, then the gradient operation by operation. */
#include <math.h>

#include "base/error.h"
#include "exec/exec.h"
#include "verify/model/trial.h"

/* The textbook's number, beside kinks where theta is at one; theta comes back. */
static wg_status take_difference(wg__trial *t)
{
    wg__model *m = t->m;
    wg_status st = wg__model_flatten(m);
    double *start = st ? NULL : wg__alloc(NULL, m->n + 1, sizeof *start);
    if (!start)
        return st ? st : WG_ERR_NOMEM;
    for (size_t i = 0; i < m->n; i++)
        start[i] = m->theta[i];
    st = wg__keep_off_kinks(m, &t->stream);
    if (!st)
        st = wg__textbook(m, &t->report->difference);
    for (size_t i = 0; i < m->n; i++)
        m->theta[i] = start[i];
    wg__model_put(m, start);
    wg__free(NULL, start, m->n + 1, sizeof *start);
    return st;
}

/* Is the textbook's number to be had in seconds? By the planner's estimate and the parameters that each run copies, so that the
 * answer is the same every time. */
static wg_status is_affordable(const wg__model *m, bool *affordable)
{
    const double budget = 1e10, copy = 0.2; /* nanoseconds; an element */
    double runs = 2 * (double)m->n, each = copy * (double)m->n;
    wg_exec_stats stats = { .size = sizeof stats };
    *affordable = runs * each <= budget;
    if (!*affordable)
        return WG_OK;
    wg_exec *e = wg__twin_exec(&m->twin, m->mode, (wg_nodes){ &m->scalar, 1 });
    wg_status st = e ? wg_exec_describe(e, &stats) : wg_error_status();
    *affordable = runs * (each + stats.cost) <= budget;
    wg_exec_free(e);
    return st;
}

static wg_status check_order(wg__trial *t, int order)
{
    t->order = order;
    return t->m->taped ? wg__judge_traced(t) : wg__judge_whole(t);
}

static wg_status check_model(wg__trial *t, const wg_verify_opts *opts)
{
    int64_t limit = opts->textbook_limit;
    bool wanted = limit > 0 && t->m->n <= (uint64_t)limit;
    wg_status st = limit ? WG_OK : is_affordable(t->m, &wanted);
    if (!st && wanted)
        st = take_difference(t);
    if (!st)
        st = check_order(t, 1);
    if (!st && opts->order >= 2) {
        st = wg__model_derive(t->m, &t->stream);
        t->given = false;
        if (!st)
            st = check_order(t, 2);
    }
    return st;
}

static wg_status check_arguments(const wg_node *scalar, wg_grads g, const wg_exec *at)
{
    if (!scalar || !at)
        return wg__fail_null("wg_verify", scalar ? "exec" : "scalar");
    if (!g.wrt.n || !g.wrt.at)
        return wg__fail(WG_ERR_ARG, "wg_verify: nothing to differentiate by");
    if (wg_node_dtype(scalar) != WG_F32 && wg_node_dtype(scalar) != WG_F64)
        return wg__fail(WG_ERR_DTYPE, "wg_verify: %s is %s, and only f32 and f64 have derivatives",
                        wg_node_name(scalar), wg_dtype_name(wg_node_dtype(scalar)));
    if (wg_shape_count(wg_node_shape(scalar)) != 1)
        return wg__fail(WG_ERR_SHAPE, "wg_verify: %s is no single element", wg_node_name(scalar));
    if (g.of.n && g.of.n != g.wrt.n)
        return wg__fail(WG_ERR_ARG, "wg_verify: %zu gradients for %zu nodes", g.of.n, g.wrt.n);
    for (size_t i = 0; i < g.wrt.n; i++) {
        const wg_node *of = g.of.n ? g.of.at[i] : g.wrt.at[i];
        if (!g.wrt.at[i] || !of || wg_node_graph(of) != wg_node_graph(scalar) ||
            wg_node_graph(g.wrt.at[i]) != wg_node_graph(scalar))
            return wg__fail(WG_ERR_GRAPH, "wg_verify: node %zu is NULL or of another graph", i);
    }
    return WG_OK;
}

/* g.of.n = 0: the engine's own gradients. */
static wg_status verify(wg_node *scalar, wg_grads g, const wg_exec *at, const wg_verify_opts *given, wg_report **out)
{
    wg_verify_opts opts;
    if (out)
        *out = NULL;
    wg_status st = wg__verify_opts_read(&opts, given);
    if (!st)
        st = check_arguments(scalar, g, at);
    if (st)
        return st;
    wg__model m;
    wg__trial t = { .m = &m,
                    .report = wg__report_new(),
                    .stream = { opts.seed, 0 },
                    .threads = at->threads,
                    .given = g.of.n > 0,
                    .scalar = scalar,
                    .gradients = g,
                    .at = at };
    if (!t.report)
        return WG_ERR_NOMEM;
    st = wg__model_open(&m, scalar, g, at, &t.reuse);
    if (!st)
        st = check_model(&t, &opts);
    wg__model_free(&m);
    wg__reuse_end(&t.reuse);
    return wg__report_end(t.report, wg_node_name(scalar), st, out);
}

wg_status wg_verify(wg_node *scalar, wg_nodes wrt, const wg_exec *at, const wg_verify_opts *opts, wg_report **out)
{
    return verify(scalar, (wg_grads){ .wrt = wrt }, at, opts, out);
}

wg_status wg_verify_gradients(wg_node *scalar, wg_grads g, const wg_exec *at, const wg_verify_opts *opts,
                              wg_report **out)
{
    if (out)
        *out = NULL;
    if (!g.of.at || !g.of.n)
        return wg_error_status() ? wg_error_status() : wg__fail(WG_ERR_ARG, "wg_verify_gradients: no gradients");
    return verify(scalar, g, at, opts, out);
}
