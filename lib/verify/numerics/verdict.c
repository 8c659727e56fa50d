/* Three-way verdicts: a claim fails only when differences that trust themselves, and agree with each other, say so. */
#include "verify/numerics/numerics.h"

#include <math.h>
#include <stdbool.h>

#include "base/alloc.h"

enum { NUDGES = 2 };

typedef struct judge {
    wg__probe probe;
    wg__stream *stream;
    wg__measured *measured;
    int direction;          /* how many were drawn */
    double *g;              /* (n): the claim */
    double *nudged[NUDGES]; /* (n): the claim where every x_i is moved by one unit in the last place */
} judge;

/* One direction: what differences say, what the claim says, and how far they may be apart. */
typedef struct trial {
    wg__slope slope;
    double got, spread, tolerance; /* spread: how far `got` moves with x's last bit */
} trial;

/* See verify/numerics/flaw.h. */
static void spoil(trial *t)
{
    if (wg__has_flaw(WG__TOLERANCE_INFINITE))
        t->tolerance = INFINITY;
    if (wg__has_flaw(WG__TOLERANCE_LOOSE))
        t->tolerance = 1e-3 * fabs(t->slope.value) + 1e-3;
    if (wg__has_flaw(WG__MAGNITUDES_ONLY))
        t->got = copysign(t->got, t->slope.value);
    if (wg__has_flaw(WG__CLAIM_BELIEVED))
        t->slope.value = t->got;
}

static void next_direction(judge *j)
{
    wg__probe_direction(&j->probe, j->stream);
    j->direction++;
}

/* Steps of full length, or of 0.375 of it, along the present direction. */
static wg__slope slope_of(const judge *j, int shorter)
{
    wg__slope *slope = &j->measured->at[j->direction - 1][shorter].slope;
    bool *known = &j->measured->at[j->direction - 1][shorter].known;
    if (!*known)
        *slope = wg__difference(&j->probe, shorter ? 0.375 : 1);
    *known = true;
    return *slope;
}

static trial try_steps(const judge *j, int shorter)
{
    const wg__subject *f = j->probe.of;
    const double *d = j->probe.d;
    long double got = 0, bound = 0, moved[NUDGES] = { 0 };
    for (size_t i = 0; i < f->n; i++) {
        got += (long double)j->g[i] * d[i];
        bound += fabsl((long double)j->g[i] * d[i]);
        for (int k = 0; k < NUDGES; k++)
            moved[k] += ((long double)j->nudged[k][i] - j->g[i]) * d[i];
    }
    double spread = 0;
    for (int k = 0; k < NUDGES; k++)
        spread = wg__largest(spread, (double)fabsl(moved[k]));

    trial t = { .slope = slope_of(j, shorter), .got = (double)got, .spread = spread };
    t.tolerance = 4 * t.slope.error + 64 * WG__U64 * (double)bound + 4 * spread + WG__UNDERFLOW;
    if (wg__flaw_now)
        spoil(&t);
    return t;
}

static bool passes(const trial *t) { return wg__within(t->slope.value, t->got, t->tolerance); }

/* Are the differences good enough to accuse, or to acquit, and is the claim settled at x? A slope that is zero has no
 * size of its own: then phi over the reach of the steps is the measure. A claim that is not finite is no excuse. */
static bool conclusive(const judge *j, const trial *t)
{
    double reach = 8 * ldexp(1, j->probe.first);
    double doubt = t->slope.error + (isfinite(t->spread) ? t->spread : 0);
    return doubt <= 1e-6 * fabs(t->slope.value) + 1e-13 * t->slope.size / reach;
}

/* Where a function turns many times within a step, differences may agree with each other on what is no derivative: so steps
 * that are much shorter must say the same. */
static bool agrees_nearby(judge *j)
{
    enum { SHORTER = 7 }; /* 2^-7 of the length */
    bool *agrees = &j->measured->near[j->direction - 1].agrees, *known = &j->measured->near[j->direction - 1].known;
    wg__probe *p = &j->probe;
    if (*known)
        return *agrees;
    *known = true;
    *agrees = p->first - SHORTER < WG__STEP_LEAST;
    if (*agrees)
        return true;
    wg__probe_coarsen(p, SHORTER);
    wg__slope far = wg__difference(p, 1);
    p->first -= SHORTER;
    wg__slope near = wg__difference(p, 1);
    p->first += SHORTER;
    *agrees = wg__within(far.value, near.value, 4 * (far.error + near.error) + WG__UNDERFLOW);
    return *agrees;
}

/* One direction's verdict, confirmed before it is a failure: by other steps, by another direction, and nearby. */
static wg_verdict decide(judge *j, trial *first)
{
    *first = try_steps(j, 0);
    if (!conclusive(j, first))
        return WG_INCONCLUSIVE;
    if (passes(first))
        return WG_PASS;
    trial other = try_steps(j, 1);
    if (passes(&other) ||
        !wg__within(first->slope.value, other.slope.value, 4 * (first->slope.error + other.slope.error)))
        return WG_INCONCLUSIVE;
    next_direction(j);
    other = try_steps(j, 0);
    if (!conclusive(j, &other) || passes(&other) || wg__has_flaw(WG__NEVER_CONFIRMED))
        return WG_INCONCLUSIVE;
    return agrees_nearby(j) ? WG_FAIL : WG_INCONCLUSIVE;
}

/* x moved by its last bit; 0, where an adjoint may branch, stays. */
static double beside(double x, wg__stream *stream)
{
    double side = wg__draw(stream) < 0.5 ? -INFINITY : INFINITY;
    return x == 0 ? x : nextafter(x, side);
}

/* The claim at x, and beside it. */
static wg_status ask_claim(judge *j)
{
    const wg__subject *f = j->probe.of;
    wg_status st = f->gradient(f->user, f->x, j->g);
    for (int k = 0; !st && k < NUDGES; k++) {
        for (size_t i = 0; i < f->n; i++)
            j->probe.point[i] = beside(f->x[i], j->stream);
        st = f->gradient(f->user, j->probe.point, j->nudged[k]);
    }
    return st;
}

static bool has_direction(const wg__probe *p)
{
    bool any = p->of->n == 0;
    for (size_t i = 0; i < p->of->n; i++)
        any = any || p->d[i] != 0;
    return any;
}

static wg_status judge_claim(judge *j, wg__judgement *out)
{
    wg_status st = ask_claim(j);
    if (st)
        return st;
    *out = (wg__judgement){ WG_INCONCLUSIVE, NAN, NAN, INFINITY, NAN, j->probe.of->n == 0 };
    if (!wg__probe_steps(&j->probe))
        return WG_OK;
    for (int draw = 0; draw < WG__DIRECTIONS && out->verdict == WG_INCONCLUSIVE; draw++) {
        trial t;
        next_direction(j);
        wg_verdict verdict = decide(j, &t);
        *out = (wg__judgement){ verdict, t.slope.value, t.got, t.slope.error, t.tolerance, has_direction(&j->probe) };
    }
    return WG_OK;
}

wg_status wg__judge_with(const wg__subject *f, wg__stream *stream, wg__measured *measured, wg__judgement *out)
{
    size_t n = f->n, m = f->m, count = (3 + NUDGES) * n + 3 * m;
    double *room = wg__alloc(NULL, count, sizeof *room);
    if (!room)
        return WG_ERR_NOMEM;
    double *at = room + (3 + NUDGES) * n;
    judge j = { .stream = stream, .measured = measured, .g = room + 2 * n };
    j.probe = (wg__probe){ .of = f, .d = room, .point = room + n, .here = at, .plus = at + m, .minus = at + 2 * m };
    for (int k = 0; k < NUDGES; k++)
        j.nudged[k] = room + (size_t)(3 + k) * n;
    wg_status st = judge_claim(&j, out);
    wg__free(NULL, room, count, sizeof *room);
    return st;
}

wg_status wg__judge(const wg__subject *f, wg__stream *stream, wg__judgement *out)
{
    wg__measured measured = { 0 };
    return wg__judge_with(f, stream, &measured, out);
}
