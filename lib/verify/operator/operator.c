/* Verifying an operator: on each of its samples, for each of its results. */
#include "base/error.h"
#include "base/random.h"
#include "graph/graph.h"
#include "tensor/shape.h"
#include "verify/operator/session.h"
#include "verify/operator/variants.h"

/* A rig of that order, or of the highest below it that can be built; what cannot be built is reported. */
static wg__rig *build(wg__session *s, wg__rig_opts opts)
{
    opts.worthwhile = s->worthwhile;
    wg__session_tell(s, "shape", 0, -1);
    for (; opts.order >= 0; opts.order--) {
        wg__rig *r = wg__rig_new(&opts);
        if (r || wg_error_status() == WG_ERR_NOMEM)
            return r;
        static const char *const what[] = { "shape", "gradient", "second order" };
        bool refusable = wg__is_generated(s) && (wg_error_status() == WG_ERR_SHAPE || wg_error_status() == WG_ERR_ARG);
        wg__settle_check(s, what[opts.order], opts.order, false, "%s%s", wg_error(),
                         refusable ? " (its infer accepts such operands; it may refuse them)" : "");
    }
    return NULL;
}

/* Values at the ends of their ranges leave no room for differences: what can be asked of them without. */
static wg_status check_extremes(wg__session *s)
{
    bool defined;
    wg_status st = wg__check_values(s, &defined);
    if (!st && !(s->op->flags & WG_RANDOM) && !wg__has_flaw(WG__NARROW_SKIPPED))
        st = wg__check_narrow(s);
    if (!st && s->rig->of.order >= 1)
        st = wg__check_finite_gradients(s);
    return st;
}

/* Of a sample that differs from others in one length alone; of a large one also how its work is split. */
static wg_status check_briefly(wg__session *s)
{
    bool defined = true, values = !wg__has_flaw(WG__VALUES_SKIPPED);
    wg_status st = values ? wg__check_values(s, &defined) : wg__rig_run(s->rig, 0);
    for (int k = 0; k <= s->rig->of.order && s->large && values && !st && !wg__session_ends(s); k++)
        st = wg__check_runs(s, k);
    if (!st && defined && s->rig->of.order >= 1 && !wg__session_ends(s))
        st = wg__check_gradients(s);
    if (!st && defined && !(s->op->flags & WG_RANDOM) && !wg__has_flaw(WG__NARROW_SKIPPED) && !wg__session_ends(s))
        st = wg__check_narrow(s);
    return st;
}

static wg_status check_derivatives(wg__session *s)
{
    int order = s->rig->of.order;
    wg_status st = WG_OK;
    bool linear = !(s->op->flags & WG_NO_GRADIENT) && !wg__has_flaw(WG__LINEARITY_SKIPPED);
    if (order >= 1)
        st = wg__check_gradients(s);
    if (!st && order >= 1 && linear && !wg__session_ends(s))
        st = wg__check_linear(s, 1);
    if (wg__has_flaw(WG__SECOND_SKIPPED) && order > 1)
        order = 1;
    if (!st && order >= 2 && !wg__session_ends(s))
        st = wg__check_second(s);
    if (!st && order >= 2 && linear && !wg__session_ends(s))
        st = wg__check_linear(s, 2);
    for (int k = 1; k <= order && !st && !wg__session_ends(s); k++)
        st = wg__check_parts(s, k);
    if (order < 1 || (s->op->flags & WG_NO_GRADIENT) || st || wg__session_ends(s))
        return st;
    if (wg__is_generated(s)) /* one operand in two slots is often at a kink, where nothing else can be asked */
        return s->rig->of.tied && s->op->kink ? wg__check_kinks(s) : WG_OK;
    if (!st && !wg__session_ends(s))
        st = wg__check_taylor(s);
    return st || wg__session_ends(s) ? st : wg__check_kinks(s);
}

static wg_status check_rig(wg__session *s)
{
    int order = s->rig->of.order;
    wg__rig_draw(s->rig, &s->stream);
    if (wg__is_extreme(s->rig->of.where))
        return check_extremes(s);
    if (s->brief)
        return check_briefly(s);
    bool values = !wg__has_flaw(WG__VALUES_SKIPPED);
    bool narrow =
        !(s->op->flags & WG_RANDOM) && !wg__has_flaw(WG__NARROW_SKIPPED); /* the two types draw other numbers */
    bool defined = true;
    wg_status st = wg__is_generated(s) ? WG_OK : wg__check_steady(s);
    if (st || wg__session_ends(s))
        return st;
    st = values ? wg__check_values(s, &defined) : wg__rig_run(s->rig, 0);
    if (!st && !defined)
        return WG_OK;
    if (!st && s->until_failure)
        st = check_derivatives(s);
    if (!st && values)
        wg__check_precision(s);
    for (int k = 0; k <= order && !st && values && !wg__session_ends(s); k++)
        st = wg__check_runs(s, k);
    for (int k = 0; k <= order && k <= 1 && !st && values && !wg__session_ends(s); k++)
        st = wg__check_strides(s, k);
    wg__session_tell(s, "context", 1, -1);
    if (!st && values && !wg__session_ends(s))
        st = wg__check_contexts(s);
    if (!st && narrow && values && !wg__session_ends(s))
        st = wg__check_narrow(s);
    if (!st && !s->until_failure)
        st = check_derivatives(s);
    return !st && values && !wg__is_generated(s) && !wg__session_ends(s) ? wg__check_repeats(s) : st;
}

static wg_status check_with(wg__session *s, const wg__rig_opts *opts)
{
    s->rig = build(s, *opts);
    if (!s->rig)
        return wg_error_status() == WG_ERR_NOMEM ? WG_ERR_NOMEM : WG_OK;
    wg_status st = s->rig->idle ? WG_OK : check_rig(s);
    wg__rig_free(s->rig);
    s->rig = NULL;
    if (st == WG_ERR_RANGE && wg__is_generated(s) && !s->retyped && (s->op->flags & WG_CAN_FAIL))
        return WG_OK; /* it refuses these values: a label beyond the classes that are left */
    if (st && st != WG_ERR_NOMEM) {
        wg__settle_check(s, st == WG_ERR_VERIFY ? "bounds" : "value", 0, false, "%s", wg_error());
        st = WG_OK;
    }
    return st;
}

static wg_status check_results(wg__session *s, wg__rig_opts *opts)
{
    int results = wg__op_results(s->op, opts->sample->attrs);
    wg_status st = WG_OK;
    for (opts->result = 0; opts->result < results && !st && !wg__session_ends(s); opts->result++)
        st = check_with(s, opts);
    if (st || wg__is_generated(s) || wg__session_ends(s) || wg__wide_results(s->op, opts->sample) < 2)
        return st;
    s->variant = "all results at once"; /* cotangents may arrive for several */
    s->brief = true;
    st = check_with(s, opts);
    s->variant = "";
    s->brief = false;
    return st;
}

/* ---- generated samples ---- */

typedef struct trying {
    wg__session *session;
    int order;
} trying;

/* Has this variant come up before, made from another sample? */
static bool is_known(wg__session *s, const wg__variant *v)
{
    uint64_t hash = wg__variant_hash(s->op, v);
    for (int i = 0; i < s->n_seen; i++)
        if (s->seen[i] == hash)
            return true;
    if (s->n_seen < WG__SEEN)
        s->seen[s->n_seen++] = hash;
    return false;
}

/* Elements of a result: beyond, nothing more is shown. */
static size_t largest_of(const wg__variant *v)
{
    enum { LARGEST = 16800 };
    return v->combined ? LARGEST / 16 : v->brief ? 2 * LARGEST : LARGEST;
}

/* Where a choice or a missing operand takes another path, sizes and broadcasting are that path's affair. */
static bool is_base(const wg__variant *v)
{
    return !v->combined && (v->sort == WG__OF_ATTRIBUTES || v->sort == WG__OF_OPERANDS);
}

/* What inference refuses is no sample of this operator. */
static wg_status try_variant(void *user, const wg__variant *v, bool *taken)
{
    trying *t = user;
    wg__session *s = t->session;
    wg__rig_opts opts = { .op = s->op,
                          .sample = &v->sample,
                          .registry = s->opts->registry,
                          .type = WG_F64,
                          .order = v->brief && t->order > 1 ? 1 : t->order,
                          .tied = v->tied,
                          .with = v->with,
                          .where = v->where };
    size_t count;
    *taken = true;
    if (wg__session_ends(s) || is_known(s, v) || (v->brief && !v->combined && s->draw > 0)) /* a length is not a matter of values */
        return WG_OK;
    s->variant = v->text;
    wg__session_tell(s, "shape", 0, -1);
    bool fits = wg__rig_fits(&opts, &count);
    *taken = fits && (!v->large || count <= largest_of(v));
    if (!*taken) {
        s->variant = "";
        return !fits && wg_error_status() == WG_ERR_NOMEM ? WG_ERR_NOMEM : WG_OK;
    }
    s->degenerate = v->degenerate;
    s->large = v->large;
    s->brief = v->brief;
    s->unvouched = v->unvouched;
    s->retyped = v->retyped;
    if (!v->brief)
        wg__check_named_sizes(s, &v->sample);
    wg_status st = check_results(s, &opts);
    if (!st)
        st = wg__witness_look(s);
    s->variant = "";
    s->large = s->brief = s->unvouched = s->retyped = s->degenerate = false;
    return st || !is_base(v) ? st : wg__each_combination(s->op, v, s->n_bases++, try_variant, t);
}

static wg_status check_sample(wg__session *s, int order)
{
    const wg_sample *sample = &s->op->samples[s->sample];
    wg__rig_opts opts = {
        .op = s->op, .sample = sample, .registry = s->opts->registry, .type = WG_F64, .order = order
    };
    wg__check_named_sizes(s, sample);
    wg_status st = check_results(s, &opts);
    trying t = { s, order };
    if (!st)
        st = wg__witness_begin(s, &opts);
    if (!st)
        st = wg__each_variant(s->op, sample, try_variant, &t);
    wg__witness_end(s);
    return st;
}

/* Of each operand, and of each order: what one decides is no excuse for another. */
static void count_decided(wg__session *s, wg_check check)
{
    for (int k = 1; k <= 2; k++)
        for (int slot = 0; slot < WG__SLOTS; slot++)
            if (2 * s->undecided[k][slot] > s->judged[k][slot])
                wg__report_add(
                    s->report, check,
                    "%s: its samples decide too little: %zu of %zu comparisons of operand %d at order %d are "
                    "inconclusive",
                    s->op->name, s->undecided[k][slot], s->judged[k][slot], slot, k);
}

static wg_status check_samples(wg__session *s)
{
    bool exempt = s->op->flags & (WG_LEAF | WG_EFFECT | WG_HOLDS_GRAPH);
    int order = s->opts->order ? s->opts->order : 2;
    wg_check missing = { .op = s->op->name, .what = "samples", .slot = -1, .sample = -1, .verdict = WG_FAIL };
    if (!s->op->n_samples && !exempt)
        wg__report_add(s->report, missing, "%s: has no samples, so nothing is known about it", s->op->name);
    wg_status st = WG_OK;
    int samples = s->op->n_samples && wg__has_flaw(WG__SAMPLES_SKIPPED) ? 1 : (int)s->op->n_samples;
    for (s->draw = 0; s->draw < s->opts->draws && !st; s->draw++, s->n_seen = 0)
        for (s->sample = 0; s->sample < samples && !st && !wg__session_ends(s); s->sample++)
            st = check_sample(s, order > 2 ? 2 : order);
    if (!st && !s->worthwhile && !s->unsteady)
        wg__audit(s);
    if (!wg__has_flaw(WG__UNDECIDED_ALLOWED))
        count_decided(s, missing);
    return st;
}

static wg_status verify(const wg_op *op, const wg_verify_opts *opts, bool until_failure,
                        bool (*worthwhile)(const wg_op *), wg_report **out)
{
    wg_verify_opts all;
    if (out)
        *out = NULL;
    if (wg__verify_opts_read(&all, opts))
        return WG_ERR_ARG;
    if (!op || !op->name || !op->size)
        return wg__fail(WG_ERR_ARG, "wg_verify_op: no operator, or its descriptor does not begin with WG_OP");
    wg__session s = { .op = op,
                      .opts = &all,
                      .report = wg__report_new(),
                      .variant = "",
                      .until_failure = until_failure,
                      .worthwhile = worthwhile };
    if (!s.report)
        return WG_ERR_NOMEM;
    s.stream.key = wg__stream_key(all.seed, op->name);
    return wg__report_end(s.report, op->name, check_samples(&s), out);
}

wg_status wg_verify_op_with(const wg_op *op, const wg_verify_opts *opts, wg_report **out)
{
    return verify(op, opts, false, NULL, out);
}

wg_status wg__verify_op_until_failure(const wg_op *op, const wg_verify_opts *opts, bool (*worthwhile)(const wg_op *),
                                      wg_report **out)
{
    return verify(op, opts, true, worthwhile, out);
}

wg_status wg_verify_op(const wg_op *op, wg_report **out) { return wg_verify_op_with(op, NULL, out); }
