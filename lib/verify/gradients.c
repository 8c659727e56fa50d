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
                       .slot = s->rig->in[m->slot].slot,
                       .order = m->order,
                       .sample = s->sample,
                       .expected = j->expected,
                       .got = j->got,
                       .error = j->error,
                       .tolerance = j->tolerance,
                       .verdict = j->verdict };
    const char *kind = m->order == 1 ? "gradient" : "second-order gradient";
    char place[WG__PLACE_MAX];
    wg__session_place(s, place);
    if (j->verdict == WG_FAIL)
        wg__report_add(s->report, check,
                       "%s: the %s of operand %d is wrong: by differences %.12g, by the adjoint %.12g "
                       "(%.9g times that), which may be %.2g apart",
                       place, kind, check.slot, j->expected, j->got, j->got / j->expected, j->tolerance);
    else
        wg__report_add(s->report, check,
                       "%s: the %s of operand %d could not be decided: by differences %.12g, known to %.2g only", place,
                       kind, check.slot, j->expected, j->error);
    if (wg__is_generated(s))
        return;
    s->judged++;
    s->undecided += j->verdict == WG_INCONCLUSIVE;
}

/* A constant's gradient, off zero by the rounding of terms of size 1 that cancel. */
static bool is_dust(const wg__operand *x, const wg__judgement *j)
{
    double reach = 0;
    for (size_t i = 0; i < x->count; i++)
        reach += x->scale[i];
    return fabs(j->expected) <= j->error && fabs(j->got) <= 64 * WG__U64 * reach;
}

wg_status wg__judge_slot(wg__session *s, int slot, int order, const double *cotangent)
{
    wg__rig *r = s->rig;
    const wg__operand *x = &r->in[slot];
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
    if (!st && j.verdict == WG_FAIL && s->degenerate && is_dust(x, &j))
        j.verdict = WG_INCONCLUSIVE;
    if (!st)
        report_judgement(s, &m, &j);
    return st;
}

static wg_status take(const wg__rig *r, int order, double *to)
{
    return order == 1 ? wg__take_gradients(r, to) : wg__take_second(r, to);
}

/* Where an operator declares that its gradients are zero, nothing else is asked of them. */
static wg_status check_zeros(wg__session *s, int order, double *g, const char *what, const char *format)
{
    wg_status st = wg__rig_run(s->rig, order);
    if (!st)
        st = take(s->rig, order, g);
    bool zero = !st;
    for (size_t i = 0; i < wg__gradient_count(s->rig) && zero; i++)
        zero = g[i] == 0;
    if (!st)
        wg__settle_check(s, what, order, zero, "%s", format);
    return st;
}

/* How far sum is from first + other, in `apart`, and the largest of all three. */
static double largest_of(size_t n, const double *first, const double *other, const double *sum, double *apart)
{
    double largest = 0;
    *apart = 0;
    for (size_t i = 0; i < n; i++) {
        double difference = fabs(sum[i] - first[i] - other[i]);
        largest = fmax(largest, fmax(fabs(first[i]), fmax(fabs(other[i]), fabs(sum[i]))));
        *apart = difference <= *apart ? *apart : difference; /* keeps a NaN */
    }
    return largest;
}

/* g(v1 + v2) = g(v1) + g(v2); work: three gradients, a cotangent. */
static wg_status check_sum(wg__session *s, int order, double *work)
{
    wg__rig *r = s->rig;
    size_t n = wg__gradient_count(r);
    double *first = work, *other = work + n, *sum = work + 2 * n, *v = work + 3 * n;
    wg_status st = wg__rig_run(r, order);
    if (!st)
        st = take(r, order, first);
    memcpy(v, r->v_data, r->count * sizeof *v);
    for (size_t i = 0; i < r->count; i++)
        r->v_data[i] = wg__draw_signed(&s->stream);
    if (!st && !(st = wg__rig_run(r, order)))
        st = take(r, order, other);
    for (size_t i = 0; i < r->count; i++)
        r->v_data[i] += v[i];
    if (!st && !(st = wg__rig_run(r, order)))
        st = take(r, order, sum);
    if (st)
        return st;
    double apart, largest = largest_of(n, first, other, sum, &apart);
    wg__settle_check(s, "linearity", order,
                     apart <= 64 * order * order * sqrt((double)r->count + 1) * WG__U64 * largest,
                     "its %sgradient is not linear in the cotangent: off by %.2g of %.2g",
                     order == 2 ? "second-order " : "", apart, largest);
    return WG_OK;
}

wg_status wg__check_linear(wg__session *s, int order)
{
    wg__rig *r = s->rig;
    size_t n = wg__gradient_count(r), bytes = r->count * sizeof(double);
    double *work = wg__arena_alloc(&r->arena, (3 * n + r->count + 1) * sizeof *work);
    if (!work)
        return WG_ERR_NOMEM;
    wg_status st = check_sum(s, order, work);
    if (!st) {
        memset(r->v_data, 0, bytes);
        st = check_zeros(s, order, work, "zero cotangent", "a zero cotangent gives a gradient that is not zero");
    }
    memcpy(r->v_data, work + 3 * n, bytes);
    return st;
}

wg_status wg__check_gradients(wg__session *s)
{
    wg__rig *r = s->rig;
    wg_status st = WG_OK;
    if (s->op->flags & WG_NO_GRADIENT) {
        double *g = wg__arena_alloc(&r->arena, (wg__gradient_count(r) + 1) * sizeof *g);
        return g ? check_zeros(s, 1, g, "gradient", "it declares that it has no gradient, but one arrives")
                 : WG_ERR_NOMEM;
    }
    for (int k = 0; k < r->n && !st; k++)
        if (r->in[k].moved)
            st = wg__judge_slot(s, k, 1, r->v_data);
    return st;
}
