/* Has everything been compared that had to be? Counted from the samples, not from the loops that go through them. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "graph/graph.h"
#include "verify/operator/session.h"

bool wg__infer_sample(const wg_op *op, const wg_sample *sample, wg_shape *out, wg_dtype *out_type, int *results)
{
    wg_shape in[WG__SLOTS];
    wg_dtype in_type[WG__SLOTS];
    uint64_t defaults[64] = { 0 };
    const void *attrs = sample->attrs;
    int n = wg__sample_operands(op, sample);
    for (int s = 0; s < n; s++) {
        in[s] = sample->in[s].shape;
        in_type[s] = sample->in[s].dtype == WG_DTYPE_NONE ? WG_F64 : sample->in[s].dtype;
    }
    if (!attrs && op->attrs_size) {
        if (op->attrs_size > sizeof defaults || !wg__attrs_default(op, defaults))
            return false;
        attrs = defaults;
    }
    *results = wg__op_results(op, attrs);
    return !wg__infer(op, attrs, n, in, in_type, out, out_type);
}

int wg__wide_results(const wg_op *op, const wg_sample *sample)
{
    wg_shape out[WG__MAX_RESULTS];
    wg_dtype type[WG__MAX_RESULTS];
    int results, wide = 0;
    if (!wg__infer_sample(op, sample, out, type, &results))
        return 0;
    for (int r = 0; r < results; r++)
        wide += type[r] == WG_F64;
    return wide;
}

/* Comparisons with differences. */
static int count_of(const wg__session *s, int sample, int slot, int order)
{
    const char *what = order == 1 ? "gradient" : "second order";
    int n = 0;
    for (size_t i = 0; i < s->report->n; i++) {
        const wg_check *c = &s->report->checks[i];
        n += c->sample == sample && c->slot == slot && c->order == order && !strcmp(c->what, what);
    }
    return n;
}

static void audit_slot(wg__session *s, int sample, int slot, int wide_results)
{
    static const char *const kind[] = { "", "gradient", "second-order gradient" };
    int order = s->opts->order ? s->opts->order : 2;
    for (int k = 1; k <= order && k <= 2; k++) {
        int made = count_of(s, sample, slot, k);
        wg_check c = { .op = s->op->name, .what = "audit", .slot = -1, .order = k, .sample = sample };
        c.verdict = made >= wide_results * s->opts->draws ? WG_PASS : WG_FAIL;
        wg__report_add(s->report, c, "%s: sample %d: the %s of operand %d was compared %d times, not %d", s->op->name,
                       sample, kind[k], slot, made, wide_results * s->opts->draws);
    }
}

/* What is said of the operator, and of no sample. */
static void fail_op(wg__session *s, int order, const char *text)
{
    wg_check c = { .op = s->op->name, .what = "audit", .slot = -1, .order = order, .sample = -1, .verdict = WG_FAIL };
    wg__report_add(s->report, c, "%s: %s", s->op->name, text);
}

static void audit_commuting(wg__session *s)
{
    bool says = s->op->flags & WG_COMMUTES && s->op->arity == 2;
    if (says && !s->commuted && s->op->n_samples)
        fail_op(s, 0, "it says that it commutes, and no sample has two operands of one shape and type to show it");
}

/* An operand that every sample leaves out is one that nobody has looked at. */
static void audit_optional(wg__session *s)
{
    int most = 0;
    for (size_t i = 0; i < s->op->n_samples; i++) {
        int n = wg__sample_operands(s->op, &s->op->samples[i]);
        most = n > most ? n : most;
    }
    char text[48];
    snprintf(text, sizeof text, "no sample has operand %d", s->op->arity - 1);
    if (s->op->optional && s->op->n_samples && most < s->op->arity && most < WG__SLOTS)
        fail_op(s, 0, text);
}

static bool is_moved(const wg_sample_in *in) { return in->dtype == WG_DTYPE_NONE || in->dtype == WG_F64; }

/* A gradient that was forgotten: differentiating is an error, of which nobody hears before somebody differentiates. */
static void audit_adjoint(wg__session *s)
{
    const unsigned without = WG_NO_GRADIENT | WG_LEAF | WG_EFFECT | WG_HOLDS_GRAPH;
    const wg_sample *sample = s->op->samples;
    bool moved = false;
    if (s->op->backward || s->op->decompose || s->op->flags & without || !s->op->n_samples)
        return;
    for (int slot = 0; slot < wg__sample_operands(s->op, sample); slot++)
        moved = moved || is_moved(&sample->in[slot]);
    if (moved && wg__wide_results(s->op, sample))
        fail_op(s, 1, "it has neither an adjoint nor WG_NO_GRADIENT, so differentiating it is an error");
}

void wg__audit(wg__session *s)
{
    audit_commuting(s);
    audit_optional(s);
    audit_adjoint(s);
    bool differentiable = (s->op->backward || s->op->decompose) && !(s->op->flags & WG_NO_GRADIENT);
    if (!differentiable || s->report->failed)
        return;
    for (int i = 0; i < (int)s->op->n_samples; i++) {
        const wg_sample *sample = &s->op->samples[i];
        int wide = wg__wide_results(s->op, sample);
        for (int slot = 0; slot < wg__sample_operands(s->op, sample); slot++)
            if (is_moved(&sample->in[slot]))
                audit_slot(s, i, slot, wide);
    }
}

void wg__audit_vectors(wg__session *s, size_t n, const double *v, bool moved)
{
    bool some = n == 0, alike = n > 1;
    for (size_t i = 0; i < n; i++) {
        some = some || v[i] != 0;
        alike = alike && v[i] == v[0];
    }
    if (!some || alike || !moved)
        wg__settle_check(s, "audit", 1, false, "%s",
                         !moved ? "a direction is zero"
                         : some ? "a cotangent is all alike"
                                : "a cotangent is zero");
}
