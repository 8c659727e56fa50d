/* Checks that need no derivatives: is the value what it claims to be, whichever way it is computed? */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "tensor/shape.h"
#include "verify/operator/rounding.h"
#include "verify/operator/session.h"

const char *wg__session_place(const wg__session *s, char text[WG__PLACE_MAX])
{
    char result[32] = "";
    const wg__rig *r = s->rig;
    if (r && wg_node_results(r->y).n > 1)
        snprintf(result, sizeof result, ", result %d alone", r->of.result);
    snprintf(text, WG__PLACE_MAX, "%s: sample %d%s%s%s", s->op->name, s->sample, *s->variant ? ", " : "", s->variant,
             result);
    return text;
}

void wg__session_tell(const wg__session *s, const char *what, int order, int slot)
{
    const wg_check coming = { .op = s->op->name,
                              .node = "",
                              .what = what,
                              .kind = "",
                              .slot = slot,
                              .order = order,
                              .sample = s->sample,
                              .verdict = WG_INCONCLUSIVE,
                              .text = s->variant };
    if (s->opts->before)
        s->opts->before(s->opts->user, &coming);
}

static void settle(wg__session *s, const char *what, int order, int slot, wg_verdict verdict, const char *format,
                   va_list args)
{
    char text[384] = "";
    if (verdict != WG_PASS)
        vsnprintf(text, sizeof text, format, args);
    wg_check check = {
        .op = s->op->name, .what = what, .slot = slot, .order = order, .sample = s->sample, .verdict = verdict
    };
    char place[WG__PLACE_MAX] = "";
    if (verdict != WG_PASS)
        wg__session_place(s, place);
    wg__report_add(s->report, check, "%s: %s", place, text);
}

void wg__settle_check(wg__session *s, const char *what, int order, bool passed, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    settle(s, what, order, -1, passed ? WG_PASS : WG_FAIL, format, args);
    va_end(args);
}

void wg__settle_slot(wg__session *s, const char *what, int order, int slot, bool passed, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    settle(s, what, order, slot, passed ? WG_PASS : WG_FAIL, format, args);
    va_end(args);
}

void wg__settle_residual(wg__session *s, const char *what, int slot, const wg__residual *q, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    settle(s, what, q->order, slot, q->verdict, format, args);
    va_end(args);
}

const char *wg__result_name(int order, int slot, char text[WG__RESULT_MAX])
{
    if (order == 0)
        snprintf(text, WG__RESULT_MAX, "its value");
    else if (slot < 0)
        snprintf(text, WG__RESULT_MAX, "its forward derivative");
    else
        snprintf(text, WG__RESULT_MAX, "its %sgradient for operand %d", order == 2 ? "second-order " : "", slot);
    return text;
}

static void check_shape(wg__session *s, wg_view y)
{
    char a[96], b[96];
    wg_shape declared = wg_node_shape(s->rig->y);
    wg__settle_check(s, "shape", 0, wg_shape_equal(declared, y.shape) && wg_node_dtype(s->rig->y) == y.dtype,
                     "it declares %s %s but computes %s %s", wg_dtype_name(wg_node_dtype(s->rig->y)),
                     wg_shape_text(declared, a, sizeof a), wg_dtype_name(y.dtype), wg_shape_text(y.shape, b, sizeof b));
}

bool wg__rig_takes_nothing(const wg__rig *r)
{
    for (int k = 0; k < r->n; k++)
        if (!r->in[k].count)
            return true;
    return false;
}

/* At sizes of the verifier's choice products may overflow, and next to the ends of a range operands may be singular, if
 * the operator says so by its kinks. */
static bool may_be_undefined(const wg__session *s, double y)
{
    wg__rig *r = s->rig;
    return s->degenerate || s->unvouched || (s->large && isinf(y)) ||
           (wg__is_extreme(r->of.where) && wg__rig_clearance(r) == 0);
}

static bool check_finite(wg__session *s, wg_view y)
{
    int64_t at = 0;
    while (at < (int64_t)s->rig->count && isfinite(wg_view_at(y, at)))
        at++;
    bool finite = at == (int64_t)s->rig->count, excused = !finite && may_be_undefined(s, wg_view_at(y, at));
    if (!excused)
        wg__settle_check(s, "value", 0, finite, "element %lld of its value is %g, on operands of its own choice",
                         (long long)at, wg_view_at(y, at));
    return !excused;
}

/* Two nodes of one run that ought to be equal. */
typedef struct equal_pair {
    const wg_node *a, *b;
    int order;
    size_t count;
    double largest; /* |a|, where nothing was shaken */
} equal_pair;

/* a - b; 0 where both are no number. */
static wg_status measure_pair(wg__shaker *h, void *user, double *to)
{
    equal_pair *p = user;
    wg_status st = wg__shaken_run(h, p->order);
    wg_view a = { 0 }, b = { 0 };
    if (!st) {
        a = wg_result(h->rig->exec[p->order], p->a);
        b = wg_result(h->rig->exec[p->order], p->b);
    }
    if (st || ((!a.data || !b.data) && p->count))
        return st ? st : wg_error_status();
    if (!wg_shape_equal(a.shape, b.shape))
        return wg__fail(WG_ERR_SHAPE, "the decomposition has another shape");
    for (size_t i = 0; i < p->count; i++) {
        double x = wg_view_at(a, (int64_t)i), y = wg_view_at(b, (int64_t)i);
        to[i] = isnan(x) && isnan(y) ? 0 : x - y;
        if (!h->on && isfinite(x))
            p->largest = fmax(p->largest, fabs(x));
    }
    return WG_OK;
}

static wg_status judge_pair(wg__session *s, equal_pair *p, wg__residual *q)
{
    double *apart = wg__arena_alloc(&s->rig->arena, (p->count + 1) * sizeof *apart);
    wg__shaker still = { .rig = s->rig };
    if (!apart)
        return WG_ERR_NOMEM;
    wg_status st = measure_pair(&still, p, apart);
    *q = (wg__residual){ .of = { measure_pair, p, p->count },
                         .value = apart,
                         .order = p->order,
                         .degree = p->order,
                         .tolerance = 1024 * WG__U64 * p->largest,
                         .size = p->largest };
    return st ? st : wg__judge_residual(s, q);
}

static wg_status check_decomposed(wg__session *s)
{
    wg__residual q;
    equal_pair p = { s->rig->y, s->rig->decomposed, 0, s->rig->count, 0 };
    wg_status st = judge_pair(s, &p, &q);
    if (!st)
        wg__settle_residual(s, "decompose", -1, &q, "its value and its decomposition are %g apart", q.apart);
    return st;
}

wg_status wg__check_parts(wg__session *s, int order)
{
    static const char *const name[] = { "", "", "second-order " };
    wg_status st = WG_OK;
    for (int k = 0; k < s->rig->n && !st; k++) {
        const wg__operand *x = &s->rig->in[k];
        wg__residual q;
        equal_pair p = { order == 1 ? x->gradient : x->second, order == 1 ? x->by_parts : x->second_by_parts, order,
                         x->count, 0 };
        if (!p.b)
            continue;
        if (!(st = judge_pair(s, &p, &q)))
            wg__settle_residual(s, "decompose", x->slot, &q,
                                "the %sgradient of operand %d and that of its decomposition are %g apart", name[order],
                                x->slot, q.apart);
    }
    return st;
}

wg_status wg__check_values(wg__session *s, bool *defined)
{
    *defined = false;
    wg__session_tell(s, "value", 0, -1);
    wg_status st = wg__rig_run(s->rig, 0);
    if (st)
        return st;
    wg_view y = wg_result(s->rig->exec[0], s->rig->y);
    if (!y.data && s->rig->count)
        return wg_error_status();
    check_shape(s, y);
    *defined = check_finite(s, y);
    if (s->rig->decomposed)
        st = check_decomposed(s);
    if (!st)
        st = wg__check_aliased(s);
    return st ? st : wg__check_commutes(s, s->rig);
}

/* Where differences are not taken, a gradient must at least be a number. */
wg_status wg__check_finite_gradients(wg__session *s)
{
    wg__rig *r = s->rig;
    wg__session_tell(s, "gradient", 1, -1);
    wg_status st = wg__rig_run(r, 1);
    for (int k = 0; k < r->n && !st; k++) {
        const wg__operand *x = &r->in[k];
        const double *g = x->moved ? wg__rig_result(r, 1, x->gradient) : NULL;
        size_t at = 0;
        while (g && at < x->count && isfinite(g[at]))
            at++;
        bool finite = !g || at == x->count;
        if (!finite && (s->unvouched || wg__rig_clearance(r) == 0))
            continue; /* at a singularity: at a kink another check asks */
        wg__settle_check(s, "gradient", 1, finite, "element %zu of the gradient of operand %d is %g", at, x->slot,
                         g && at < x->count ? g[at] : 0);
    }
    return st;
}
