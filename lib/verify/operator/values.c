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
    snprintf(text, WG__PLACE_MAX, "%s: sample %d%s%s", s->op->name, s->sample, *s->variant ? ", " : "", s->variant);
    return text;
}

static void settle(wg__session *s, const char *what, int order, wg_verdict verdict, const char *format, va_list args)
{
    char text[384] = "";
    if (verdict != WG_PASS)
        vsnprintf(text, sizeof text, format, args);
    wg_check check = {
        .op = s->op->name, .what = what, .slot = -1, .order = order, .sample = s->sample, .verdict = verdict
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
    settle(s, what, order, passed ? WG_PASS : WG_FAIL, format, args);
    va_end(args);
}

void wg__settle_residual(wg__session *s, const char *what, const wg__residual *q, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    settle(s, what, q->order, q->verdict, format, args);
    va_end(args);
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

static bool check_finite(wg__session *s, wg_view y)
{
    int64_t at = 0;
    while (at < (int64_t)s->rig->count && isfinite(wg_view_at(y, at)))
        at++;
    bool finite = at == (int64_t)s->rig->count;
    if (!s->degenerate)
        wg__settle_check(s, "value", 0, finite, "element %lld of its value is %g, on operands of its own choice",
                         (long long)at, wg_view_at(y, at));
    return finite;
}

/* |a - b| <= 1024 units of the largest; two NaN are equal. */
static bool near(wg_view a, wg_view b, int64_t count, double unit, double *apart)
{
    double largest = 0;
    *apart = 0;
    for (int64_t i = 0; i < count; i++) {
        double x = wg_view_at(a, i), y = wg_view_at(b, i), difference = fabs(x - y);
        if (isnan(x) && isnan(y))
            continue;
        largest = fmax(largest, fabs(x));
        *apart = difference <= *apart ? *apart : difference; /* keeps a NaN */
    }
    return wg_shape_equal(a.shape, b.shape) && *apart <= 1024 * unit * largest;
}

static void check_decomposed(wg__session *s)
{
    const wg__rig *r = s->rig;
    double apart;
    bool same =
        near(wg_result(r->exec[0], r->y), wg_result(r->exec[0], r->decomposed), (int64_t)r->count, WG__U64, &apart);
    wg__settle_check(s, "decompose", 0, same, "its value and its decomposition are %g apart", apart);
}

wg_status wg__check_parts(wg__session *s, int order)
{
    static const char *const name[] = { "", "", "second-order " };
    const wg__rig *r = s->rig;
    wg_status st = wg__rig_run(s->rig, order);
    for (int k = 0; k < r->n && !st; k++) {
        const wg__operand *x = &r->in[k];
        double apart;
        if (!x->by_parts)
            continue;
        bool same = near(wg_result(r->exec[order], order == 1 ? x->gradient : x->second),
                         wg_result(r->exec[order], order == 1 ? x->by_parts : x->second_by_parts), (int64_t)x->count,
                         WG__U64, &apart);
        wg__settle_check(s, "decompose", order, same,
                         "the %sgradient of operand %d and that of its decomposition are %g apart", name[order],
                         x->slot, apart);
    }
    return st;
}

wg_status wg__check_values(wg__session *s, bool *defined)
{
    *defined = false;
    wg_status st = wg__rig_run(s->rig, 0);
    if (st)
        return st;
    wg_view y = wg_result(s->rig->exec[0], s->rig->y);
    if (!y.data && s->rig->count)
        return wg_error_status();
    check_shape(s, y);
    *defined = check_finite(s, y) || !s->degenerate;
    if (s->rig->decomposed)
        check_decomposed(s);
    return WG_OK;
}

/* Where differences are not taken, a gradient must at least be a number. */
wg_status wg__check_finite_gradients(wg__session *s)
{
    wg__rig *r = s->rig;
    wg_status st = wg__rig_run(r, 1);
    for (int k = 0; k < r->n && !st; k++) {
        const wg__operand *x = &r->in[k];
        const double *g = x->moved ? wg__rig_result(r, 1, x->gradient) : NULL;
        size_t at = 0;
        while (g && at < x->count && isfinite(g[at]))
            at++;
        wg__settle_check(s, "gradient", 1, !g || at == x->count, "element %zu of the gradient of operand %d is %g", at,
                         x->slot, g && at < x->count ? g[at] : 0);
    }
    return st;
}
