/* How much the method finds: derivatives that are right, and wrong by known amounts, of functions that are known.
 *
 * At each point the differences are taken once and every claim is judged by them, as it would be alone. A point's
 * random numbers depend on the seed, the function and the point's number, so the table is the same with any number of
 * threads. */
#include <math.h>
#include <stdatomic.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/random.h"
#include "base/team.h"
#include "verify/numerics/calibration.h"
#include "verify/numerics/numerics.h"
#include "verify/report.h"

static const double planted[] = {
    0, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12, NAN, INFINITY
};
enum { CLAIMS = WG_COUNT(planted), POINTS = 20000 };

typedef struct tally {
    int64_t points, passed, found, inconclusive;
} tally;

/* One function's points, shared out to the workers, and what each counted. */
typedef struct session {
    const wg__function *function;
    uint64_t key;
    int64_t points;
    int workers;
    tally *of; /* (workers, CLAIMS) */
    _Atomic int status;
} session;

typedef struct claim {
    const wg__function *function;
    double planted;
} claim;

static wg_status value_of(void *user, const double *x, double *y)
{
    *y = ((const claim *)user)->function->value(*x);
    return WG_OK;
}

static wg_status claimed_slope(void *user, const double *x, double *g)
{
    const claim *c = user;
    *g = c->function->slope(*x);
    if (c->planted != 0) /* also for NaN */
        *g = isfinite(c->planted) ? *g * (1 + c->planted) : c->planted;
    return WG_OK;
}

/* Log-uniform in magnitude, of both signs where the function has them. */
static double draw_point(const wg__function *f, wg__stream *stream)
{
    double x = f->least * pow(f->most / f->least, wg__draw(stream));
    return f->both_signs && wg__draw(stream) < 0.5 ? -x : x;
}

static void count(tally *t, const claim *c, double x, wg_verdict verdict)
{
    double right = c->function->slope(x), claimed;
    claimed_slope((void *)c, &x, &claimed);
    if (c->planted != 0 && claimed == right) /* a slope of zero cannot be wrong by a factor */
        return;
    t->points++;
    t->passed += verdict == WG_PASS;
    t->found += verdict == WG_FAIL;
    t->inconclusive += verdict == WG_INCONCLUSIVE;
}

static wg_status judge_point(const session *s, int64_t index, tally *of)
{
    const double one = 1;
    wg__stream stream = { s->key + (uint64_t)index, 0 };
    double x = draw_point(s->function, &stream), scale;
    wg__scale_of(1, &x, &scale);
    wg__round_point(1, &x, &scale);
    double room = s->function->room(x);
    wg__measured measured = { 0 };
    wg_status st = WG_OK;
    for (int i = 0; i < CLAIMS && !st; i++) {
        claim c = { s->function, index % 2 ? -planted[i] : planted[i] };
        wg__subject f = { &c, 1, 1, value_of, claimed_slope, &x, &one, &scale, &room };
        wg__stream same = stream;
        wg__judgement j;
        st = wg__judge_with(&f, &same, &measured, &j);
        if (!st)
            count(&of[i], &c, x, j.verdict);
    }
    return st;
}

static void note_workers(void *arg, int workers) { ((session *)arg)->workers = workers; }

static void judge_points(void *arg, int worker, int workers)
{
    session *s = arg;
    int64_t begin, end;
    wg__team_part(s->points, 1, worker, workers, &begin, &end);
    for (int64_t i = begin; i < end && !atomic_load_explicit(&s->status, memory_order_relaxed); i++) {
        wg_status st = judge_point(s, i, s->of + (size_t)worker * CLAIMS);
        if (st)
            atomic_store_explicit(&s->status, (int)st, memory_order_relaxed);
    }
}

static void report(const session *s, bool kinked, void (*each)(void *user, const wg_calibration *), void *user)
{
    for (int i = 0; i < CLAIMS; i++) {
        wg_calibration row = { .function = s->function->name, .kinked = kinked, .planted = planted[i] };
        for (int w = 0; w < s->workers; w++) {
            const tally *t = &s->of[(size_t)w * CLAIMS + (size_t)i];
            row.points += t->points;
            row.passed += t->passed;
            row.found += t->found;
            row.inconclusive += t->inconclusive;
        }
        each(user, &row);
    }
}

wg_status wg_verify_calibrate(const wg_verify_opts *given, void (*each)(void *user, const wg_calibration *), void *user)
{
    wg_verify_opts opts;
    if (wg__verify_opts_read(&opts, given))
        return WG_ERR_ARG;
    if (!each)
        return wg__fail_null("wg_verify_calibrate", "function that gets the rows");
    int threads = wg__team_size(0);
    session s = { .points = opts.points > 0 ? opts.points : POINTS };
    for (size_t i = 0; i < wg__calibration_count; i++) {
        size_t room = (size_t)threads * CLAIMS;
        s.function = &wg__calibration_set[i];
        s.key = wg__stream_key(opts.seed, s.function->name);
        s.of = wg__alloc_zero(NULL, room, sizeof *s.of);
        if (!s.of)
            return WG_ERR_NOMEM;
        wg__team_run(threads, note_workers, judge_points, &s);
        wg_status st = (wg_status)atomic_load(&s.status);
        if (!st)
            report(&s, i >= WG__SMOOTH, each, user);
        wg__free(NULL, s.of, room, sizeof *s.of);
        if (st) /* the failure was told to the thread that met it */
            return wg__fail(st, "wg_verify_calibrate: out of memory");
    }
    return WG_OK;
}
