/* Checks that need no derivatives: is the value what it claims to be, whichever way it is computed? */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "tensor/shape.h"
#include "verify/session.h"

void wg__settle_check(wg__session *s, const char *what, int order, bool passed, const char *format, ...)
{
    char text[384];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    wg_check check = { .op = s->op->name,
                       .what = what,
                       .slot = -1,
                       .order = order,
                       .sample = s->sample,
                       .verdict = passed ? WG_PASS : WG_FAIL };
    wg__report_add(s->report, check, "%s: sample %d: %s", s->op->name, s->sample, text);
}

static bool same_bits(wg_view a, wg_view b)
{
    size_t bytes;
    return a.data && b.data && a.dtype == b.dtype && wg_shape_equal(a.shape, b.shape) &&
           wg__shape_bytes(&a.shape, a.dtype, &bytes) && memcmp(a.data, b.data, bytes) == 0;
}

static wg_status check_one_interpreted(wg__session *s, int order, const wg_node *n, const char *name)
{
    wg_view view;
    wg_status st = wg_interpret(s->rig->exec[order], n, &view);
    if (st)
        return st;
    bool same = same_bits(wg_result(s->rig->exec[order], n), view);
    wg__settle_check(s, "interpreter", order, same, "%s differs between the compiled plan and the interpreter", name);
    return WG_OK;
}

wg_status wg__check_interpreted(wg__session *s, int order)
{
    wg__rig *r = s->rig;
    wg_status st = order == 0 ? check_one_interpreted(s, 0, r->y, "its value") : WG_OK;
    for (int slot = 0; slot < r->n && order && !st; slot++) {
        const wg__operand *x = &r->in[slot];
        if (x->moved)
            st = check_one_interpreted(s, order, order == 1 ? x->gradient : x->second, "a gradient");
    }
    return st;
}

/* The sample is small: only WENGERT_GRAIN=1 makes a run really split it. */
static wg_status check_threads(wg__session *s)
{
    wg__rig *r = s->rig;
    wg_exec *e = wg_exec_new_with(r->plan[0], WG_OPTS(wg_exec_opts, .threads = 2));
    wg_status st = e ? WG_OK : wg_error_status();
    for (int slot = 0; slot < r->n && !st; slot++) {
        const wg__operand *x = &r->in[slot];
        st = wg_bind(e, x->node, wg_view_of(x->data, x->dtype, x->range->shape));
    }
    if (!st)
        st = wg_run(e);
    if (!st)
        wg__settle_check(s, "threads", 0, same_bits(wg_result(e, r->y), wg_result(r->exec[0], r->y)),
                         "its value differs between one thread and two");
    wg_exec_free(e);
    return st;
}

static void check_shape(wg__session *s, wg_view y)
{
    char a[96], b[96];
    wg_shape declared = wg_node_shape(s->rig->y);
    wg__settle_check(s, "shape", 0, wg_shape_equal(declared, y.shape) && wg_node_dtype(s->rig->y) == y.dtype,
                     "it declares %s %s but computes %s %s", wg_dtype_name(wg_node_dtype(s->rig->y)),
                     wg_shape_text(declared, a, sizeof a), wg_dtype_name(y.dtype), wg_shape_text(y.shape, b, sizeof b));
}

static void check_finite(wg__session *s, wg_view y)
{
    int64_t at = 0;
    while (at < (int64_t)s->rig->count && isfinite(wg_view_at(y, at)))
        at++;
    wg__settle_check(s, "value", 0, at == (int64_t)s->rig->count,
                     "element %lld of its value is %g, on operands of its own choice", (long long)at,
                     wg_view_at(y, at));
}

static void check_decomposed(wg__session *s)
{
    wg_view y = wg_result(s->rig->exec[0], s->rig->y), other = wg_result(s->rig->exec[0], s->rig->decomposed);
    double largest = 0, apart = 0;
    for (int64_t i = 0; i < (int64_t)s->rig->count; i++) {
        double difference = fabs(wg_view_at(y, i) - wg_view_at(other, i));
        largest = fmax(largest, fabs(wg_view_at(y, i)));
        apart = difference <= apart ? apart : difference; /* keeps a NaN */
    }
    double unit = s->rig->of.type == WG_F64 ? WG__U64 : WG__U32;
    wg__settle_check(s, "decompose", 0, wg_shape_equal(y.shape, other.shape) && apart <= 1024 * unit * largest,
                     "its value and its decomposition are %g apart", apart);
}

wg_status wg__check_values(wg__session *s)
{
    wg_status st = wg__rig_run(s->rig, 0);
    if (st) {
        wg__settle_check(s, "value", 0, false, "%s", wg_error());
        return st == WG_ERR_NOMEM ? st : WG_OK;
    }
    wg_view y = wg_result(s->rig->exec[0], s->rig->y);
    if (!y.data && s->rig->count)
        return wg_error_status();
    check_shape(s, y);
    check_finite(s, y);
    wg__check_precision(s);
    if (s->rig->decomposed)
        check_decomposed(s);
    st = wg__check_interpreted(s, 0);
    if (!st)
        st = check_threads(s);
    wg__settle_check(s, "operands", 0, wg__rig_unchanged(s->rig), "it writes into its operands");
    wg__rig_restore(s->rig);
    return st;
}
