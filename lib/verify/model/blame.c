/* Judging the stations of a walk. A residual only raises suspicion; the verdict comes from differences in each operand alone. */
#include "verify/model/blame.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "verify/model/suspect.h"
#include "verify/numerics/kind.h"

/* ---- names ---- */

static const wg_node *source_of(const wg__trace *t, const wg_node *n)
{
    const wg__twin *twin = &t->m->twin;
    for (size_t i = 0; i < twin->source->n_nodes; i++)
        if (twin->of[i] == n)
            return twin->source->nodes[i];
    return NULL;
}

const char *wg__blame_name(const wg__trace *t, const wg_node *n)
{
    const wg_node *source = source_of(t, n);
    return wg_node_name(source ? source : n);
}

/* Its operator and operands, even where it has a name that would stand for them in an expression. */
const char *wg__blame_label(const wg__trace *t, const wg_node *n, char text[WG__BLAME_LABEL])
{
    enum { OPERANDS = 3, EACH = 72 };
    const wg_node *source = source_of(t, n);
    const wg__operation *o = (source ? source : n)->operation;
    char expression[EACH];
    int at = snprintf(text, WG__BLAME_LABEL, "%.100s (%s", wg_node_name(source ? source : n), o->op->name);
    for (int s = 0; s < o->n_in && s < OPERANDS && at < WG__BLAME_LABEL; s++)
        at += snprintf(text + at, (size_t)(WG__BLAME_LABEL - at), "%s%s", s ? ", " : "(",
                       wg__expression(o->in[s], expression, sizeof expression));
    if (at < WG__BLAME_LABEL)
        snprintf(text + at, (size_t)(WG__BLAME_LABEL - at), "%s%s)", o->n_in > OPERANDS ? ", .." : "",
                 o->n_in ? ")" : "");
    return text;
}

/* ---- stations ---- */

static double excess(const wg__station *s)
{
    double apart = fabs(s->pushed - s->pulled);
    return isfinite(apart) && s->tolerance > 0 ? apart / s->tolerance : INFINITY;
}

/* Right beyond doubt? Where the differences are too rough to tell, or the residual is too large, somebody must look. */
static bool is_clear(const wg__station *s)
{
    return wg__within(s->pushed, s->pulled, s->tolerance) &&
           s->error <= 1e-7 * (fabs(s->pushed) + fabs(s->pulled)) + 1e-9 * s->spread;
}

typedef struct ranked {
    size_t entry;
    double excess;
} ranked;

static int by_excess(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->excess != y->excess)
        return x->excess < y->excess ? 1 : -1;
    return x->entry < y->entry ? -1 : x->entry > y->entry;
}

static wg_check check_of(const wg__trace *t, size_t entry, int order)
{
    const wg__station *s = &t->station[entry];
    const wg__operation *o = t->m->tape.at[entry].of;
    return (wg_check){ .op = o->op->name,
                       .node = wg__blame_name(t, o->out),
                       .what = "residual",
                       .slot = -1,
                       .order = order,
                       .sample = -1,
                       .expected = s->pushed,
                       .got = s->pulled,
                       .error = s->error,
                       .tolerance = s->tolerance,
                       .verdict = WG_PASS };
}

static void accuse_slot(wg__trace *t, size_t entry, int order, const wg__suspicion *s)
{
    char label[WG__BLAME_LABEL];
    wg_check check = check_of(t, entry, order);
    check.slot = s->slot;
    check.kind = s->kind;
    check.verdict = WG_FAIL;
    wg__blame_label(t, t->m->tape.at[entry].of->out, label);
    if (s->slot < 0) {
        wg__report_add(t->report, check, "%s: %s: in the compiled graph its %s are not what %s gives alone", label,
                       s->kind, s->forward ? "values" : "gradients", check.op);
        return;
    }
    char text[WG__JUDGEMENT_MAX];
    wg__report_add(t->report, check, "%s: %s's gradient for operand %d is wrong%s%s: %s", label, check.op, s->slot,
                   *s->kind ? ": " : "", s->kind, wg__judgement_text(&s->judgement, text));
}

static wg_status look_at(wg__trace *t, wg__stream *stream, size_t entry, int order)
{
    wg__suspicion found[WG__SUSPECT_SLOTS];
    int n = 0;
    bool decided = false;
    wg_status st = wg__suspect(t, stream, entry, found, &n, &decided);
    for (int k = 0; k < n && !st; k++)
        accuse_slot(t, entry, order, &found[k]);
    if (st || n)
        return st;
    /* Acquitted: the residual was the differences' own. It does not count against the whole. */
    wg__station *s = &t->station[entry];
    wg_check check = check_of(t, entry, order);
    char label[WG__BLAME_LABEL];
    if (isfinite(s->pushed))
        t->left += s->pushed - s->pulled;
    check.verdict = decided ? WG_PASS : WG_INCONCLUSIVE;
    wg__report_add(t->report, check, "%s could not be decided: by differences %.12g, known to %.2g only",
                   wg__blame_label(t, t->m->tape.at[entry].of->out, label), s->pushed, s->error);
    return WG_OK;
}

/* ---- accumulation ---- */

static bool accumulates(const wg__trace *t, size_t node)
{
    const wg__gathering *g = &t->gather[node];
    return g->n > 1 && t->m->tape.cotangent[node];
}

static void judge_accumulation(wg__trace *t, size_t node, int order, bool failed)
{
    const wg__gathering *g = &t->gather[node];
    const wg_node *n = t->m->twin.graph->nodes[node];
    char label[WG__BLAME_LABEL];
    double tolerance = 64 * WG__U64 * g->size;
    if (wg__within(g->bar, g->shares, tolerance) == failed)
        return;
    wg_check check = { .op = wg__op_of(n)->name,
                       .node = wg__blame_name(t, n),
                       .what = "accumulation",
                       .kind = failed ? "accumulation" : "",
                       .slot = -1,
                       .order = order,
                       .sample = -1,
                       .expected = g->shares,
                       .got = g->bar,
                       .tolerance = tolerance,
                       .verdict = failed ? WG_FAIL : WG_PASS };
    wg__report_add(t->report, check,
                   "%s: accumulation: its gradient is not the sum of the %d shares that arrive: they give %.12g, it "
                   "has %.12g",
                   wg__blame_label(t, n, label), g->n, g->shares, g->bar);
}

static void judge_accumulations(wg__trace *t, int order, bool failed)
{
    for (size_t i = 0; i < t->m->tape.n_nodes; i++)
        if (accumulates(t, i))
            judge_accumulation(t, i, order, failed);
}

wg_status wg__blame(wg__trace *t, wg__stream *stream, int order)
{
    size_t n = 0, entries = t->m->tape.n;
    ranked *list = wg__alloc(NULL, entries + 1, sizeof *list);
    if (!list)
        return WG_ERR_NOMEM;
    for (size_t i = 0; i < entries; i++)
        if (t->station[i].moved && !is_clear(&t->station[i]))
            list[n++] = (ranked){ i, excess(&t->station[i]) };
    qsort(list, n, sizeof *list, by_excess);
    wg_status st = WG_OK;
    for (size_t k = 0; k < n && !st; k++)
        st = look_at(t, stream, list[k].entry, order);
    judge_accumulations(t, order, true);
    for (size_t i = 0; i < entries && !st; i++)
        if (t->station[i].moved && is_clear(&t->station[i]))
            wg__report_add(t->report, check_of(t, i, order), "%s", "");
    judge_accumulations(t, order, false);
    wg__free(NULL, list, entries + 1, sizeof *list);
    return st;
}
