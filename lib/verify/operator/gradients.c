/* Gradients against differences, and what they owe to being linear. */
#include <math.h>
#include <string.h>

#include "verify/numerics/kind.h"
#include "verify/operator/moves.h"
#include "verify/operator/rounding.h"
#include "verify/operator/session.h"

static void report_judgement(wg__session *s, const wg__mover *m, const wg__judgement *j, const char *kind_of_error)
{
    static const char *const what[] = { "", "gradient", "second order" };
    wg_check check = { .op = s->op->name,
                       .what = what[m->order],
                       .kind = kind_of_error,
                       .slot = s->rig->in[m->slot].slot,
                       .order = m->order,
                       .sample = s->sample,
                       .expected = j->expected,
                       .got = j->got,
                       .error = j->error,
                       .tolerance = j->tolerance,
                       .verdict = j->verdict };
    const char *kind = m->order == 1 ? "gradient" : "second-order gradient";
    char place[WG__PLACE_MAX] = "", text[WG__JUDGEMENT_MAX];
    if (j->verdict != WG_PASS)
        wg__session_place(s, place);
    if (j->verdict == WG_FAIL)
        wg__report_add(s->report, check, "%s: the %s of operand %d is wrong: %s", place, kind, check.slot,
                       wg__judgement_text(j, text));
    else
        wg__report_add(s->report, check,
                       "%s: the %s of operand %d could not be decided: by differences %.12g, known to %.2g only", place,
                       kind, check.slot, j->expected, j->error);
    if (wg__is_generated(s))
        return;
    s->judged[m->order][check.slot]++;
    s->undecided[m->order][check.slot] += j->verdict == WG_INCONCLUSIVE;
}

/* The claim along a few directions. */
typedef struct claimed {
    const wg__mover *of;
    const double *along; /* (CLAIMED, count of the operand) */
} claimed;

enum { CLAIMED = 4 };

static wg_status measure_claim(wg__shaker *h, void *user, double *to)
{
    const claimed *c = user;
    const wg__operand *x = &h->rig->in[c->of->slot];
    wg_status st = wg__shaken_run(h, c->of->order);
    const double *g = st ? NULL : wg__rig_result(h->rig, c->of->order, c->of->order == 1 ? x->gradient : x->second);
    if (st || (!g && x->count))
        return st ? st : wg_error_status();
    for (int k = 0; k < CLAIMED; k++) {
        long double sum = 0;
        for (size_t i = 0; i < x->count; i++)
            sum += (long double)g[i] * c->along[(size_t)k * x->count + i];
        to[k] = (double)sum;
    }
    return WG_OK;
}

/* Differences accuse a claim. What they say is exact where terms cancel exactly, as in the solution of A x = A, and the
 * adjoint's rounding is then all that is left of it: so that rounding is measured. A mistake stays where it is. */
static wg_status doubt_failure(wg__session *s, const wg__mover *m, wg__judgement *j)
{
    wg__rig *r = s->rig;
    const wg__operand *x = &r->in[m->slot];
    double *along = wg__arena_alloc(&r->arena, (CLAIMED * x->count + 1) * sizeof *along), still[CLAIMED] = { 0 },
           apart = 0;
    if (!along)
        return WG_ERR_NOMEM;
    for (size_t i = 0; i < CLAIMED * x->count; i++)
        along[i] = x->scale[i % x->count] * wg__draw_signed(&s->stream);
    claimed c = { m, along };
    wg__shaker h = { .rig = r, .stream = &s->stream };
    wg_status st = measure_claim(&h, &c, still);
    for (int k = 0; k < CLAIMED && !st; k++)
        apart = fmax(apart, fabs(still[k]));
    wg__residual q = { .of = { measure_claim, &c, CLAIMED },
                       .value = still,
                       .order = m->order,
                       .degree = m->order,
                       .size = fmax(fabs(j->expected), apart) };
    double doubt;
    for (int rounds = 0; rounds < 2 && j->verdict == WG_FAIL && !st; rounds++) {
        st = wg__doubt_of(s, &q, rounds, &doubt);
        if (st || !wg__within(j->expected, j->got, j->tolerance + doubt))
            continue;
        j->verdict = doubt <= 1e-6 * fmax(q.size, q.natural) ? WG_PASS : WG_INCONCLUSIVE;
        j->tolerance += doubt;
    }
    return st;
}

/* f(x, x) may be where f has no derivative, as the root of a difference is: with a choice that no sample makes it is excused. */
static bool has_no_derivative(const wg__session *s, double gradient)
{
    return s->unvouched && s->rig->of.tied && !isfinite(gradient);
}

wg_status wg__judge_slot(wg__session *s, int slot, int order, const double *cotangent)
{
    wg__rig *r = s->rig;
    const wg__operand *x = &r->in[slot];
    if (slot > 0 && wg__has_flaw(WG__SLOTS_SKIPPED))
        return WG_OK;
    wg__session_tell(s, order == 1 ? "gradient" : "second order", order, x->slot);
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
    if (!st && j.verdict == WG_FAIL && isfinite(j.got))
        st = doubt_failure(s, &m, &j);
    if (!st && j.verdict == WG_FAIL && has_no_derivative(s, j.got))
        return WG_OK;
    char kind[WG__KIND_MAX] = "";
    if (!st && j.verdict == WG_FAIL && !s->until_failure) {
        wg__kind_of_claim(&f, x->range->shape, &j, kind);
        wg__rig_restore(r);
    }
    if (!st) {
        report_judgement(s, &m, &j, kind);
        wg__audit_vectors(s, f.m, cotangent, j.moved || j.verdict == WG_INCONCLUSIVE);
    }
    return st;
}

static wg_status take(const wg__rig *r, int order, double *to)
{
    return order == 1 ? wg__take_gradients(r, to) : wg__take_second(r, to);
}

/* The operand of which element `at` of all gradients in a row is. */
static int slot_at(const wg__rig *r, size_t at)
{
    int slot = -1;
    for (int k = 0; k < r->n; k++) {
        if (!r->in[k].moved)
            continue;
        slot = r->in[k].slot;
        if (at < r->in[k].count)
            break;
        at -= r->in[k].count;
    }
    return slot;
}

/* Where an operator declares that its gradients are zero, nothing else is asked of them. */
static wg_status check_zeros(wg__session *s, int order, double *g, const char *what, const char *text)
{
    wg_status st = wg__rig_run(s->rig, order);
    if (!st)
        st = take(s->rig, order, g);
    size_t at = 0, n = wg__gradient_count(s->rig);
    while (!st && at < n && g[at] == 0)
        at++;
    if (!st)
        wg__settle_slot(s, what, order, at < n ? slot_at(s->rig, at) : -1, at == n, "%s", text);
    return st;
}

/* Two cotangents, and work for three gradients. */
typedef struct linearity {
    int order;
    double by;                   /* a power of two */
    double *v1, *v2;             /* (count of y) */
    double *first, *other, *sum; /* (wg__gradient_count) */
    double largest;              /* of the three, where nothing was shaken */
} linearity;

/* The gradients for (v + more) by, without that factor. */
static wg_status gradients_of(wg__shaker *h, const linearity *l, const double *v, const double *more, double by,
                              double *to)
{
    for (size_t j = 0; j < h->rig->count; j++)
        h->rig->v_data[j] = (v[j] + (more ? more[j] : 0)) * by;
    wg_status st = wg__shaken_run(h, l->order);
    if (!st)
        st = take(h->rig, l->order, to);
    for (size_t i = 0; i < wg__gradient_count(h->rig) && !st && by != 1; i++)
        to[i] /= by;
    return st;
}

/* g((v1 + v2) by) / by - g(v1) - g(v2): a cotangent that is clipped, or taken for nothing where it is small, shows. */
static wg_status measure_linearity(wg__shaker *h, void *user, double *to)
{
    linearity *l = user;
    wg_status st = gradients_of(h, l, l->v1, NULL, 1, l->first);
    if (!st)
        st = gradients_of(h, l, l->v2, NULL, 1, l->other);
    if (!st)
        st = gradients_of(h, l, l->v1, l->v2, l->by, l->sum);
    if (h->rig->count)
        memcpy(h->rig->v_data, l->v1, h->rig->count * sizeof *l->v1);
    for (size_t i = 0; i < wg__gradient_count(h->rig) && !st; i++) {
        to[i] = l->sum[i] - l->first[i] - l->other[i];
        if (!h->on)
            l->largest = fmax(l->largest, fmax(fabs(l->first[i]), fmax(fabs(l->other[i]), fabs(l->sum[i]))));
    }
    return st;
}

/* What the residual is measured against: the largest gradient; a second derivative is made of terms as large as the
 * first ones. */
static wg_status size_of_gradients(wg__session *s, linearity *l, double *residual)
{
    wg__rig *r = s->rig;
    wg__shaker still = { .rig = r };
    wg_status st = measure_linearity(&still, l, residual);
    if (!st && l->order == 2 && !(st = wg__rig_run(r, 1)) && !(st = take(r, 1, l->first)))
        for (size_t i = 0; i < wg__gradient_count(r); i++)
            l->largest = fmax(l->largest, fabs(l->first[i]));
    return st;
}

/* work: three gradients, two cotangents. */
static wg_status check_sum(wg__session *s, int order, double *work)
{
    wg__rig *r = s->rig;
    size_t n = wg__gradient_count(r);
    linearity l = { .order = order, .first = work, .other = work + n, .sum = work + 2 * n, .v1 = work + 3 * n };
    l.by = s->magnify[order] ? 0x1p40 : 0x1p-40;
    s->magnify[order] = !s->magnify[order];
    l.v2 = l.v1 + r->count;
    double *residual = l.v2 + r->count;
    for (size_t j = 0; j < r->count; j++) {
        l.v1[j] = r->v_data[j];
        l.v2[j] = wg__draw_signed(&s->stream);
    }
    wg_status st = size_of_gradients(s, &l, residual);
    if (st)
        return st;
    double unit = WG__U64 * order * order * sqrt((double)r->count + 1);
    wg__residual q = { .of = { measure_linearity, &l, n },
                       .value = residual,
                       .order = order,
                       .degree = order,
                       .tolerance = 64 * unit * l.largest,
                       .size = l.largest };
    if (!(st = wg__judge_residual(s, &q)))
        wg__settle_residual(s, "linearity", slot_at(r, q.at), &q,
                            "its %sgradient for operand %d is not linear in the cotangent: off by %.2g of %.2g",
                            order == 2 ? "second-order " : "", slot_at(r, q.at), q.apart, l.largest);
    return st;
}

wg_status wg__check_linear(wg__session *s, int order)
{
    wg__rig *r = s->rig;
    wg__session_tell(s, "linearity", order, -1);
    size_t n = wg__gradient_count(r), bytes = r->count * sizeof(double);
    double *work = wg__arena_alloc(&r->arena, (4 * n + 2 * r->count + 1) * sizeof *work);
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
        if (!g)
            return WG_ERR_NOMEM;
        st = check_zeros(s, 1, g, "gradient", "it declares that it has no gradient, but one arrives");
        return st || s->op->flags & WG_STOPS_GRADIENT ? st : wg__check_constant(s);
    }
    for (int k = 0; k < r->n && !st; k++)
        if (r->in[k].moved)
            st = wg__judge_slot(s, k, 1, r->v_data);
    return st;
}
