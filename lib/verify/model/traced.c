/* A model's gradient judged along its trace. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "verify/model/blame.h"
#include "verify/model/trial.h"
#include "verify/model/wiring.h"

/* What a hand-written backward pass may lose that reverse mode does not: relative to the sum of magnitudes. */
static const double by_hand = 0x1p-36;

static wg__judgement judgement_of(const wg__trace *t, bool given)
{
    wg__judgement j = { .expected = t->value - t->left, .got = t->pulled, .tolerance = t->tolerance };
    j.tolerance += (given ? by_hand : 64 * WG__U64) * t->size;
    j.error = t->tolerance / 4;
    j.verdict = wg__within(j.expected, j.got, j.tolerance) ? WG_PASS : WG_FAIL;
    return j;
}

static uint64_t fresh_key(wg__stream *s) { return (uint64_t)(wg__draw(s) * 0x1p53); }

static void accuse(wg__trial *t, wg__trace *trace, const wg__culprit *c, const wg__judgement *j, size_t index)
{
    const char *name = wg_node_name(t->m->parts[index].leaf->source);
    wg_check check = wg__trial_check(t, j, name, (int)index);
    char label[WG__BLAME_LABEL], where[WG__BLAME_LABEL + 40] = "", text[WG__JUDGEMENT_MAX];
    if (c->node) {
        check.node = wg__blame_name(trace, c->node);
        check.slot = c->slot;
        snprintf(where, sizeof where, "in %s, operand %d: ", wg__blame_label(trace, c->node, label), c->slot);
    }
    check.kind = c->kind;
    wg__report_add(t->report, check, "the gradient of %s is wrong: %s%s%s%s%s%s", name, where, c->kind,
                   *c->kind ? ": " : "", c->remark, *c->remark ? ": " : "", wg__judgement_text(j, text));
}

/* All wrong by one factor, which no node that they share brought in: then it is the scalar, and not each of them. */
static void accuse_scalar(wg__trial *t, wg__trace *trace, const wg__judgement *j, const wg__culprit *c)
{
    const double ratio = j[0].got / j[0].expected;
    const wg_node *scalar = t->m->scalar;
    char label[WG__BLAME_LABEL], kind[WG__KIND_MAX], text[WG__RATIO_MAX];
    for (size_t i = 0; i < t->m->n_parts; i++)
        if (j[i].verdict != WG_FAIL || c[i].common || !wg__within(j[i].got / j[i].expected, ratio, 1e-9 * fabs(ratio)))
            return;
    if (t->m->n_parts < 2 || ratio == 0)
        return;
    wg_check check = wg__trial_check(t, &j[0], wg__op_of(scalar)->name, 0);
    check.node = wg__blame_name(trace, scalar);
    check.kind = wg__kind_of(1, &j[0].expected, &j[0].got, WG_SCALAR, 0, kind);
    wg__report_add(t->report, check,
                   "%s: %s: every gradient is %s times what it should be: this scalar and the backward pass disagree",
                   wg__blame_label(trace, scalar, label), kind, wg__ratio_text(ratio, text));
}

/* By how much of itself a gradient is off. */
static double offence(const wg__judgement *j)
{
    double off = fabs(j->got / j->expected - 1);
    return isnan(off) ? INFINITY : off;
}

/* What a wrong part tells of the mistake: a node that several share, or one that was found in the wiring, explains more
 * than factors elsewhere do; a single element is a multiple of anything. */
static int telling(const wg__theta_part *part, const wg__culprit *c)
{
    bool wiring =
        !strcmp(c->kind, "wiring") || !strcmp(c->kind, "wrong derivative") || !strcmp(c->kind, "missing term");
    return wiring ? 3 : c->common ? 2 : part->leaf->count > 1;
}

/* The wrong part to be named next: the most telling, of those the one that is off by most; n_parts: there is none. */
static size_t worst_of(const wg__model *m, const wg__judgement *j, const wg__culprit *c)
{
    const double alike = 1e-9;
    size_t worst = m->n_parts;
    for (size_t i = 0; i < m->n_parts; i++) {
        if (j[i].verdict != WG_FAIL)
            continue;
        int more = worst == m->n_parts ? 1 : telling(&m->parts[i], &c[i]) - telling(&m->parts[worst], &c[worst]);
        if (more > 0 || (more == 0 && offence(&j[i]) > (1 + alike) * offence(&j[worst])))
            worst = i;
    }
    return worst;
}

static wg_status accuse_all(wg__trial *t, wg__trace *trace, bool sound, wg__judgement *j)
{
    size_t n = t->m->n_parts;
    wg__culprit *c = wg__alloc_zero(NULL, n, sizeof *c);
    wg__wiring *w = c && sound ? wg__wiring_open(trace) : NULL;
    if (!c)
        return WG_ERR_NOMEM;
    if (w)
        wg__wiring_find(w, j, c);
    if (sound)
        accuse_scalar(t, trace, j, c);
    for (size_t i; (i = worst_of(t->m, j, c)) < n; j[i].verdict = WG_PASS)
        accuse(t, trace, &c[i], &j[i], i);
    wg__wiring_free(w);
    wg__free(NULL, c, n, sizeof *c);
    return WG_OK;
}

/* One parameter after the other, each in two directions. Where reverse mode itself is wrong there is nothing to compare
 * nodes with. */
static wg_status judge_parts(wg__trial *t, wg__trace *trace, bool sound)
{
    wg_status st = WG_OK;
    size_t n = t->m->n_parts;
    wg__judgement *j = wg__alloc_zero(NULL, n, sizeof *j);
    for (size_t i = 0; i < n && j && !st; i++)
        for (int k = 0; k < 2 && !st && j[i].verdict == (k ? WG_FAIL : WG_PASS); k++) {
            st = wg__trace_walk(trace, fresh_key(&t->stream), (long)i);
            j[i] = judgement_of(trace, true);
        }
    st = !j ? WG_ERR_NOMEM : st ? st : accuse_all(t, trace, sound, j);
    wg__free(NULL, j, n, sizeof *j);
    return st;
}

wg_status wg__judge_traced(wg__trial *t)
{
    wg__trace trace;
    size_t before = t->report->failed;
    wg_status st = wg__trace_open(&trace, t->m, t->threads);
    trace.report = t->report;
    if (!st)
        st = wg__trace_walk(&trace, fresh_key(&t->stream), -1);
    if (!st)
        st = wg__blame(&trace, &t->stream, t->order);
    wg__judgement j = judgement_of(&trace, t->given);
    if (!st && t->given && j.verdict != WG_PASS)
        st = judge_parts(t, &trace, t->report->failed == before);
    if (!st && (j.verdict == WG_PASS || t->report->failed == before))
        wg__report_add(
            t->report, wg__trial_check(t, &j, "all parameters", -1),
            "the gradient along a direction of all parameters is wrong: by differences %.12g, by the adjoint "
            "%.12g",
            j.expected, j.got);
    if (!st && t->order == 1)
        st = wg__judge_actual(t, &trace);
    wg__trace_free(&trace);
    return st;
}
