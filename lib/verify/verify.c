/* Verifying models: the textbook's number, one direction through all parameters, and one a tensor to name the wrong
 * one. */
#include <math.h>

#include "base/error.h"
#include "exec/exec.h"
#include "verify/model.h"

typedef struct trial {
    wg__model *m;
    wg_report *report;
    wg__stream stream;
    int order;
} trial;

/* A part of theta under test, the rest held: the whole when `part` is NULL. */
typedef struct focus {
    trial *t;
    const wg__theta_part *part;
    double *x; /* (n): theta, with this part's elements at the point asked for */
    double *g; /* (n) */
} focus;

static double *place(const focus *f, double *of) { return of + f->part->begin; }

static wg_status focus_value(void *user, const double *x, double *phi)
{
    focus *f = user;
    for (size_t i = 0; i < f->part->leaf->count; i++)
        place(f, f->x)[i] = x[i];
    return wg__model_value(f->t->m, f->x, phi);
}

static wg_status focus_gradient(void *user, const double *x, double *g)
{
    focus *f = user;
    for (size_t i = 0; i < f->part->leaf->count; i++)
        place(f, f->x)[i] = x[i];
    wg_status st = wg__model_gradient(f->t->m, f->x, f->g);
    for (size_t i = 0; i < f->part->leaf->count && !st; i++)
        g[i] = place(f, f->g)[i];
    return st;
}

static wg_check check_of(const trial *t, const wg__judgement *j, const char *name, int slot)
{
    return (wg_check){ .op = name,
                       .node = name,
                       .what = t->order == 1 ? "gradient" : "second order",
                       .slot = slot,
                       .order = t->order,
                       .sample = -1,
                       .expected = j->expected,
                       .got = j->got,
                       .error = j->error,
                       .tolerance = j->tolerance,
                       .verdict = j->verdict };
}

static wg_status judge_all(trial *t, wg__judgement *j)
{
    const double one = 1;
    wg__subject f = { .user = t->m,
                      .n = t->m->n,
                      .m = 1,
                      .value = wg__model_value,
                      .gradient = wg__model_gradient,
                      .x = t->m->theta,
                      .v = &one,
                      .scale = t->m->scale,
                      .room = t->m->room };
    return wg__judge(&f, &t->stream, j);
}

static wg_status judge_part(trial *t, size_t index, double *work)
{
    const double one = 1;
    const wg__model *m = t->m;
    const wg__theta_part *part = &m->parts[index];
    focus at = { t, part, work, work + m->n };
    wg__judgement j;
    for (size_t i = 0; i < m->n; i++)
        at.x[i] = m->theta[i];
    wg__subject f = { .user = &at,
                      .n = part->leaf->count,
                      .m = 1,
                      .value = focus_value,
                      .gradient = focus_gradient,
                      .x = place(&at, m->theta),
                      .v = &one,
                      .scale = place(&at, m->scale),
                      .room = place(&at, m->room) };
    wg_status st = wg__judge(&f, &t->stream, &j);
    if (st)
        return st;
    const char *name = wg_node_name(part->leaf->source), *kind = t->order == 1 ? "gradient" : "second-order gradient";
    wg_check check = check_of(t, &j, name, (int)index);
    if (j.verdict == WG_FAIL)
        wg__report_add(t->report, check,
                       "the %s of %s is wrong: by differences %.12g, by the adjoint %.12g (%.9g times that), which "
                       "may be %.2g apart",
                       kind, name, j.expected, j.got, j.got / j.expected, j.tolerance);
    else
        wg__report_add(t->report, check, "the %s of %s could not be decided: by differences %.12g, known to %.2g only",
                       kind, name, j.expected, j.error);
    return WG_OK;
}

/* Which tensors' gradients are wrong. A later, finer search among the nodes belongs here. */
static wg_status name_culprits(trial *t)
{
    double *work = wg__alloc(NULL, 2 * t->m->n + 1, sizeof *work);
    wg_status st = work ? WG_OK : WG_ERR_NOMEM;
    for (size_t i = 0; i < t->m->n_parts && !st; i++)
        st = judge_part(t, i, work);
    wg__free(NULL, work, 2 * t->m->n + 1, sizeof *work);
    return st;
}

static wg_status check_order(trial *t)
{
    wg__judgement j;
    wg__round_point(t->m->n, t->m->theta, t->m->scale);
    wg_status st = judge_all(t, &j);
    if (st)
        return st;
    wg_check check = check_of(t, &j, "all parameters", -1);
    size_t before = t->report->failed, undecided = t->report->inconclusive;
    if (j.verdict != WG_PASS && (st = name_culprits(t)))
        return st;
    undecided = t->report->inconclusive - undecided;
    if (j.verdict == WG_INCONCLUSIVE && 2 * undecided > t->m->n_parts)
        check.verdict = WG_FAIL;
    if (check.verdict == WG_PASS || t->report->failed == before)
        wg__report_add(t->report, check,
                       j.verdict == WG_FAIL ? "the gradient along a direction of all parameters is wrong: by "
                                              "differences %.12g, by the adjoint %.12g"
                                            : "too little could be decided: along a direction of all parameters, by "
                                              "differences %.12g, by the adjoint %.12g",
                       j.expected, j.got);
    return WG_OK;
}

static wg_status check_model(trial *t, const wg_verify_opts *opts)
{
    int64_t limit = opts->textbook_limit ? opts->textbook_limit : 20000;
    wg_status st = wg__keep_off_kinks(t->m, &t->stream);
    if (!st && limit > 0 && t->m->n <= (uint64_t)limit)
        st = wg__textbook(t->m, &t->report->difference);
    t->order = 1;
    if (!st)
        st = check_order(t);
    if (!st && opts->order >= 2) {
        t->order = 2;
        st = wg__model_derive(t->m, &t->stream);
        if (!st)
            st = wg__keep_off_kinks(t->m, &t->stream);
        if (!st)
            st = check_order(t);
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
    trial t = { .m = &m, .report = wg__report_new(), .stream = { opts.seed, 0 } };
    if (!t.report)
        return WG_ERR_NOMEM;
    st = wg__model_open(&m, scalar, g, at);
    if (!st)
        st = check_model(&t, &opts);
    wg__model_free(&m);
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
