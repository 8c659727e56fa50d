/* Has everything been compared that had to be? Counted from the samples, not from the loops that go through them. */
#include <string.h>

#include "base/error.h"
#include "graph/graph.h"
#include "verify/operator/session.h"

int wg__wide_results(const wg_op *op, const wg_sample *sample)
{
    wg_shape in[WG__SLOTS], out[WG__MAX_RESULTS];
    wg_dtype in_type[WG__SLOTS], out_type[WG__MAX_RESULTS];
    uint64_t defaults[64] = { 0 };
    const void *attrs = sample->attrs;
    int n = wg__sample_operands(op, sample), wide = 0;
    for (int s = 0; s < n; s++) {
        in[s] = sample->in[s].shape;
        in_type[s] = sample->in[s].dtype == WG_DTYPE_NONE ? WG_F64 : sample->in[s].dtype;
    }
    if (!attrs && op->attrs_size) {
        if (op->attrs_size > sizeof defaults || !wg__attrs_default(op, defaults))
            return 0;
        attrs = defaults;
    }
    if (wg__infer(op, attrs, n, in, in_type, out, out_type))
        return 0;
    for (int r = 0; r < wg__op_results(op, attrs); r++)
        wide += out_type[r] == WG_F64;
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

static void audit_commuting(wg__session *s)
{
    bool says = s->op->flags & WG_COMMUTES && s->op->arity == 2;
    if (says && !s->commuted && s->op->n_samples)
        wg__settle_check(s, "audit", 0, false, "%s",
                         "it says that it commutes, and no sample has two operands of one shape and type to show it");
}

/* An operand that every sample leaves out is one that nobody has looked at. */
static void audit_optional(wg__session *s)
{
    int most = 0;
    for (size_t i = 0; i < s->op->n_samples; i++) {
        int n = wg__sample_operands(s->op, &s->op->samples[i]);
        most = n > most ? n : most;
    }
    if (s->op->optional && s->op->n_samples && most < s->op->arity && most < WG__SLOTS)
        wg__settle_check(s, "audit", 0, false, "no sample has operand %d", s->op->arity - 1);
}

void wg__audit(wg__session *s)
{
    audit_commuting(s);
    audit_optional(s);
    bool differentiable = (s->op->backward || s->op->decompose) && !(s->op->flags & WG_NO_GRADIENT);
    if (!differentiable || s->report->failed)
        return;
    for (int i = 0; i < (int)s->op->n_samples; i++) {
        const wg_sample *sample = &s->op->samples[i];
        int wide = wg__wide_results(s->op, sample);
        for (int slot = 0; slot < wg__sample_operands(s->op, sample); slot++)
            if (sample->in[slot].dtype == WG_DTYPE_NONE || sample->in[slot].dtype == WG_F64)
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
