/* A model as one function: differences through all of it. For gradients of operators that have no adjoint, where there is
 * nothing to walk along. */
#include "verify/model/trial.h"
#include "verify/numerics/kind.h"

/* A part of theta under test, the rest held: the whole when `part` is NULL. */
typedef struct focus {
    wg__trial *t;
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

wg_check wg__trial_check(const wg__trial *t, const wg__judgement *j, const char *name, int slot)
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

static wg_status judge_all(wg__trial *t, wg__judgement *j)
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

static wg_status judge_part(wg__trial *t, size_t index, double *work)
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
    wg_check check = wg__trial_check(t, &j, name, (int)index);
    char text[WG__JUDGEMENT_MAX];
    if (j.verdict == WG_FAIL)
        wg__report_add(t->report, check, "the %s of %s is wrong: %s", kind, name, wg__judgement_text(&j, text));
    else
        wg__report_add(t->report, check, "the %s of %s could not be decided: by differences %.12g, known to %.2g only",
                       kind, name, j.expected, j.error);
    return WG_OK;
}

/* Which tensors' gradients are wrong. */
static wg_status name_culprits(wg__trial *t)
{
    double *work = wg__alloc(NULL, 2 * t->m->n + 1, sizeof *work);
    wg_status st = work ? WG_OK : WG_ERR_NOMEM;
    for (size_t i = 0; i < t->m->n_parts && !st; i++)
        st = judge_part(t, i, work);
    wg__free(NULL, work, 2 * t->m->n + 1, sizeof *work);
    return st;
}

wg_status wg__judge_whole(wg__trial *t)
{
    wg__judgement j;
    wg_status st = wg__model_flatten(t->m);
    if (!st)
        st = wg__keep_off_kinks(t->m, &t->stream);
    if (st)
        return st;
    wg__round_point(t->m->n, t->m->theta, t->m->scale);
    st = judge_all(t, &j);
    if (st)
        return st;
    wg_check check = wg__trial_check(t, &j, "all parameters", -1);
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
