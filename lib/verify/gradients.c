/* Gradients against differences, and what they owe to being linear. */
#include <math.h>
#include <string.h>

#include "verify/moves.h"
#include "verify/session.h"

static void report_judgement(wg__session *s, const wg__mover *m, const wg__judgement *j)
{
    static const char *const what[] = { "", "gradient", "second order" };
    wg_check check = { .op = s->op->name,
                       .what = what[m->order],
                       .slot = m->slot,
                       .order = m->order,
                       .sample = s->sample,
                       .expected = j->expected,
                       .got = j->got,
                       .error = j->error,
                       .tolerance = j->tolerance,
                       .verdict = j->verdict };
    const char *kind = m->order == 1 ? "gradient" : "second-order gradient";
    if (j->verdict == WG_FAIL)
        wg__report_add(s->report, check,
                       "%s: sample %d: the %s of operand %d is wrong: by differences %.12g, by the adjoint %.12g "
                       "(%.9g times that), which may be %.2g apart",
                       s->op->name, s->sample, kind, m->slot, j->expected, j->got, j->got / j->expected, j->tolerance);
    else
        wg__report_add(s->report, check,
                       "%s: sample %d: the %s of operand %d could not be decided: by differences %.12g, "
                       "known to %.2g only",
                       s->op->name, s->sample, kind, m->slot, j->expected, j->error);
    s->judged[m->order]++;
    s->undecided[m->order] += j->verdict == WG_INCONCLUSIVE;
}

wg_status wg__judge_slot(wg__session *s, int slot, int order, const double *cotangent)
{
    wg__rig *r = s->rig;
    const wg__operand *x = &r->in[slot];
    if (slot > 0 && wg__has_flaw(WG__SLOTS_SKIPPED))
        return WG_OK;
    wg__mover m = { r, slot, order };
    wg__subject f = { .user = &m,
                      .n = x->count,
                      .m = order == 1 ? r->count : wg__gradient_count(r),
                      .value = wg__moved_value,
                      .gradient = wg__moved_gradient,
                      .x = x->base,
                      .v = cotangent,
                      .scale = x->scale,
                      .room = x->room };
    wg__judgement j;
    wg_status st = wg__judge(&f, &s->stream, &j);
    wg__rig_restore(r);
    if (!st) {
        report_judgement(s, &m, &j);
        wg__audit_vectors(s, f.m, cotangent, j.moved || j.verdict == WG_INCONCLUSIVE);
    }
    return st;
}

/* Where an operator declares that its gradients are zero, nothing else is asked of them. */
static wg_status check_zeros(wg__session *s, const char *what, const char *format)
{
    wg__rig *r = s->rig;
    wg_status st = wg__rig_run(r, 1);
    bool zero = !st;
    for (int slot = 0; slot < r->n && !st; slot++) {
        const double *g = r->in[slot].moved ? wg__rig_result(r, 1, r->in[slot].gradient) : NULL;
        for (size_t i = 0; g && i < r->in[slot].count; i++)
            zero = zero && g[i] == 0;
    }
    if (!st)
        wg__settle_check(s, what, 1, zero, "%s", format);
    return st;
}

/* g(v1 + v2) = g(v1) + g(v2), and g(0) = 0. `work` holds three gradients and v1. */
static wg_status check_linear(wg__session *s, double *work)
{
    wg__rig *r = s->rig;
    size_t n = wg__gradient_count(r), bytes = r->count * sizeof(double);
    double *first = work, *other = work + n, *sum = work + 2 * n, *v = work + 3 * n;
    wg_status st = wg__rig_run(r, 1);
    if (!st)
        st = wg__take_gradients(r, first);
    memcpy(v, r->v_data, bytes);
    for (size_t i = 0; i < r->count; i++)
        r->v_data[i] = wg__draw_signed(&s->stream);
    if (!st && !(st = wg__rig_run(r, 1)))
        st = wg__take_gradients(r, other);
    for (size_t i = 0; i < r->count; i++)
        r->v_data[i] += v[i];
    if (!st && !(st = wg__rig_run(r, 1)))
        st = wg__take_gradients(r, sum);
    if (!st) {
        double largest = 0, apart = 0;
        for (size_t i = 0; i < n; i++) {
            double difference = fabs(sum[i] - first[i] - other[i]);
            largest = fmax(largest, fmax(fabs(first[i]), fmax(fabs(other[i]), fabs(sum[i]))));
            apart = difference <= apart ? apart : difference; /* keeps a NaN */
        }
        wg__settle_check(s, "linearity", 1, apart <= 64 * sqrt((double)r->count + 1) * WG__U64 * largest,
                         "its gradient is not linear in the cotangent: off by %.2g of %.2g", apart, largest);
        memset(r->v_data, 0, bytes);
        st = check_zeros(s, "zero cotangent", "a zero cotangent gives a gradient that is not zero");
    }
    memcpy(r->v_data, v, bytes);
    return st;
}

/* A tied operand's gradient is the sum over its slots; the rest was checked before. */
wg_status wg__check_gradients(wg__session *s)
{
    wg__rig *r = s->rig;
    wg_status st = wg__rig_run(r, 1);
    if (!st)
        st = wg__check_interpreted(s, 1);
    if (!st && (s->op->flags & WG_NO_GRADIENT))
        return check_zeros(s, "gradient", "it declares that it has no gradient, but one arrives");
    for (int slot = 0; slot < r->n && !st; slot++)
        if (r->in[slot].moved)
            st = wg__judge_slot(s, slot, 1, r->v_data);
    double *work = wg__arena_alloc(&r->arena, (3 * wg__gradient_count(r) + r->count + 1) * sizeof *work);
    if (!st && !wg__has_flaw(WG__LINEARITY_SKIPPED))
        st = work ? check_linear(s, work) : WG_ERR_NOMEM;
    wg__settle_check(s, "operands", 1, wg__rig_unchanged(r), "its adjoint writes into the operands");
    wg__rig_restore(r);
    return st;
}
