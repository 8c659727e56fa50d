/* Verifying an operator: on each of its samples, for each of its results. */
#include "base/error.h"
#include "base/random.h"
#include "tensor/shape.h"
#include "verify/mutant.h"
#include "verify/session.h"

/* A rig of that order, or of the highest below it that can be built; what cannot be built is reported. */
static wg__rig *build(wg__session *s, wg__rig_opts opts)
{
    for (; opts.order >= 0; opts.order--) {
        wg__rig *r = wg__rig_new(&opts);
        if (r || wg_error_status() == WG_ERR_NOMEM)
            return r;
        static const char *const what[] = { "shape", "gradient", "second order" };
        wg__settle_check(s, what[opts.order], opts.order, false, "%s", wg_error());
    }
    return NULL;
}

static wg_status check_rig(wg__session *s)
{
    int order = s->rig->of.order;
    wg_status st = WG_OK;
    wg__rig_draw(s->rig, &s->stream);
    if (!s->rig->of.tied && !wg__has_flaw(WG__VALUES_SKIPPED)) {
        st = wg__check_values(s);
        if (!st && !(s->op->flags & WG_RANDOM) && !wg__has_flaw(WG__NARROW_SKIPPED)) /* the two types draw other numbers */
            st = wg__check_narrow(s);
    }
    if (!st && order >= 1 && !wg__session_ends(s))
        st = wg__check_gradients(s);
    if (!st && order >= 2 && !wg__has_flaw(WG__SECOND_SKIPPED) && !wg__session_ends(s))
        st = wg__check_second(s);
    return st;
}

static wg_status check_with(wg__session *s, const wg__rig_opts *opts)
{
    s->rig = build(s, *opts);
    if (!s->rig)
        return wg_error_status() == WG_ERR_NOMEM ? WG_ERR_NOMEM : WG_OK;
    wg_status st = check_rig(s);
    wg__rig_free(s->rig);
    s->rig = NULL;
    if (st && st != WG_ERR_NOMEM) {
        wg__settle_check(s, "value", 0, false, "%s", wg_error());
        st = WG_OK;
    }
    return st;
}

/* The same node can stand in both slots: smooth, both of the type under test, of one shape, with ranges that meet. */
static bool can_be_tied(const wg_op *op, const wg_sample *sample)
{
    const wg_sample_in *a = &sample->in[0], *b = &sample->in[1];
    int n = sample->n ? sample->n : op->arity;
    return n == 2 && !op->kink && a->dtype == WG_DTYPE_NONE && b->dtype == WG_DTYPE_NONE &&
           wg_shape_equal(a->shape, b->shape) && a->lo >= b->lo && a->hi <= b->hi && !a->distinct && !b->distinct;
}

static wg_status check_sample(wg__session *s, int order)
{
    const wg_sample *sample = &s->op->samples[s->sample];
    wg__rig_opts opts = {
        .op = s->op, .sample = sample, .registry = s->opts->registry, .type = WG_F64, .order = order
    };
    int results = s->op->results ? s->op->results : 1;
    wg_status st = WG_OK;
    for (opts.result = 0; opts.result < results && !st && !wg__session_ends(s); opts.result++)
        st = check_with(s, &opts);
    if (!st && can_be_tied(s->op, sample) && !wg__session_ends(s)) {
        opts.result = 0;
        opts.order = order < 1 ? order : 1;
        opts.tied = true;
        st = check_with(s, &opts);
    }
    return st;
}

static wg_status check_samples(wg__session *s)
{
    bool exempt = s->op->flags & (WG_LEAF | WG_EFFECT);
    int order = s->opts->order ? s->opts->order : 2;
    wg_check missing = { .op = s->op->name, .what = "samples", .slot = -1, .sample = -1, .verdict = WG_FAIL };
    if (!s->op->n_samples && !exempt)
        wg__report_add(s->report, missing, "%s: has no samples, so nothing is known about it", s->op->name);
    wg_status st = WG_OK;
    for (s->sample = 0; s->sample < (int)s->op->n_samples && !st; s->sample++) {
        if (s->sample > 0 && wg__has_flaw(WG__SAMPLES_SKIPPED))
            break;
        for (int draw = 0; draw < s->opts->draws && !st && !wg__session_ends(s); draw++)
            st = check_sample(s, order > 2 ? 2 : order);
    }
    wg__audit(s);
    for (int k = 1; k <= 2; k++)
        if (2 * s->undecided[k] > s->judged[k] && !wg__has_flaw(WG__UNDECIDED_ALLOWED))
            wg__report_add(s->report, missing,
                           "%s: its samples decide too little: %zu of %zu comparisons at order %d are inconclusive",
                           s->op->name, s->undecided[k], s->judged[k], k);
    return st;
}

static wg_status verify(const wg_op *op, const wg_verify_opts *opts, bool until_failure, wg_report **out)
{
    wg_verify_opts all;
    if (out)
        *out = NULL;
    if (wg__verify_opts_read(&all, opts))
        return WG_ERR_ARG;
    if (!op || !op->name || !op->size)
        return wg__fail(WG_ERR_ARG, "wg_verify_op: no operator, or its descriptor does not begin with WG_OP");
    wg__session s = { .op = op, .opts = &all, .report = wg__report_new(), .until_failure = until_failure };
    if (!s.report)
        return WG_ERR_NOMEM;
    s.stream.key = wg__stream_key(all.seed, op->name);
    return wg__report_end(s.report, op->name, check_samples(&s), out);
}

wg_status wg_verify_op_with(const wg_op *op, const wg_verify_opts *opts, wg_report **out)
{
    return verify(op, opts, false, out);
}

wg_status wg__verify_op_until_failure(const wg_op *op, const wg_verify_opts *opts, wg_report **out)
{
    return verify(op, opts, true, out);
}

wg_status wg_verify_op(const wg_op *op, wg_report **out) { return wg_verify_op_with(op, NULL, out); }
