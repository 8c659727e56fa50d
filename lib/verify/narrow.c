/* f32 against f64: the same operand values in both types, and results as near as f32's rounding allows. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "tensor/shape.h"
#include "verify/session.h"

enum { PATTERNS = 3 };

/* Rounds the rig's operands to what f32 holds, and gives them to the narrow rig. */
static void share_operands(wg__rig *wide, wg__rig *narrow)
{
    for (int s = 0; s < wide->n; s++) {
        wg__operand *x = &wide->in[s], *to = &narrow->in[s];
        wg__convert(to->data, to->dtype, x->base, x->dtype, (int64_t)x->count);
        wg__convert(x->data, x->dtype, to->data, to->dtype, (int64_t)x->count);
        memcpy(to->base, to->data, to->bytes);
    }
}

/* bound (count) = |y| + how far y moves, in units of the relative change, when every operand changes by 2^-20 of
 * itself: the scale of rounding errors inside, for operators about which nothing is known. Leaves y in `value`. */
static wg_status error_scale(wg__rig *r, wg__stream *stream, double *value, double *bound)
{
    const double step = 0x1p-20;
    wg_status st = wg__rig_run(r, 0);
    if (st)
        return st;
    memcpy(value, wg__rig_result(r, 0, r->y), r->count * sizeof *value);
    for (size_t i = 0; i < r->count; i++)
        bound[i] = 0;
    for (int k = 0; k < PATTERNS && !st; k++) {
        for (int s = 0; s < r->n; s++)
            for (size_t i = 0; i < r->in[s].count && r->in[s].moved; i++) {
                float exact = (float)((double *)r->in[s].base)[i];
                ((double *)r->in[s].data)[i] = (double)exact * (1 + (wg__draw(stream) < 0.5 ? -step : step));
            }
        if ((st = wg__rig_run(r, 0)))
            return st;
        const double *y = wg__rig_result(r, 0, r->y);
        for (size_t i = 0; i < r->count; i++)
            bound[i] = fmax(bound[i], fabs(y[i] - value[i]) / step);
    }
    for (size_t i = 0; i < r->count; i++)
        bound[i] += fabs(value[i]);
    return st;
}

static wg_status compare(wg__session *s, wg__rig *narrow)
{
    wg__rig *r = s->rig;
    size_t total = 0;
    double *value = wg__arena_alloc(&narrow->arena, (r->count + 1) * sizeof *value);
    double *bound = wg__arena_alloc(&narrow->arena, (r->count + 1) * sizeof *bound);
    if (!value || !bound)
        return WG_ERR_NOMEM;
    share_operands(r, narrow);
    wg_status st = error_scale(r, &s->stream, value, bound);
    if (!st)
        st = wg__rig_run(narrow, 0);
    if (st)
        return st;
    for (int slot = 0; slot < r->n; slot++)
        total += r->in[slot].count;
    double largest = 0; /* a floor: sums inside may cancel down to a small element */
    for (size_t i = 0; i < r->count; i++)
        largest = fmax(largest, fabs(value[i]));
    double terms = r->count && total > r->count ? (double)total / (double)r->count : 1;
    wg_view y = wg_result(narrow->exec[0], narrow->y);
    for (int64_t i = 0; i < (int64_t)r->count; i++) {
        double tolerance = 12 * sqrt(terms) * WG__U32 * bound[i] + 4 * WG__U32 * largest, got = wg_view_at(y, i);
        if (wg__within(value[i], got, tolerance))
            continue;
        wg__settle_check(s, "f32", 0, false,
                         "element %lld is %.9g in f32 and %.17g in f64, which rounding does not explain (%.2g)",
                         (long long)i, got, value[i], tolerance);
        return WG_OK;
    }
    wg__settle_check(s, "f32", 0, wg_shape_equal(y.shape, wg_node_shape(r->y)), "its f32 value has another shape");
    return WG_OK;
}

wg_status wg__check_narrow(wg__session *s)
{
    wg__rig_opts opts = s->rig->of;
    if (opts.type != WG_F64 || wg_node_dtype(s->rig->y) != WG_F64 || (s->op->forward.f64 && !s->op->forward.f32))
        return WG_OK;
    opts.type = WG_F32;
    opts.order = 0;
    wg__rig *narrow = wg__rig_new(&opts);
    if (!narrow && wg_error_status() == WG_ERR_NOMEM)
        return WG_ERR_NOMEM;
    if (!narrow) {
        wg__settle_check(s, "f32", 0, false, "it takes f64 but not f32: %s", wg_error());
        return WG_OK;
    }
    wg_status st = compare(s, narrow);
    if (st && st != WG_ERR_NOMEM) {
        wg__settle_check(s, "f32", 0, false, "%s", wg_error());
        st = WG_OK;
    }
    wg__rig_restore(s->rig);
    wg__rig_free(narrow);
    return st;
}
