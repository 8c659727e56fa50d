/* f32 against f64: the same operands, cotangents and directions in both types, and values, gradients and second
 * derivatives as near as f32's rounding allows. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "tensor/shape.h"
#include "verify/numerics/kinks.h"
#include "verify/operator/rounding.h"
#include "verify/operator/session.h"

enum { PATTERNS = 3 };

static const double step = 0x1p-20; /* the relative change by which the scale of rounding errors is measured */

/* Rounds what the wide rig reads to what f32 holds, and gives it to the narrow rig. Rounding must not leave the range. */
static void share(wg__rig *wide, wg__rig *narrow)
{
    for (int k = 0; k < wide->n; k++) {
        wg__operand *x = &wide->in[k], *to = &narrow->in[k];
        for (size_t i = 0; i < x->count && x->moved; i++) {
            double exact = ((double *)x->base)[i];
            float rounded = (float)exact;
            double nearest = wg__rig_within(wide, k, i, rounded);
            if (nearest != rounded)
                rounded = nextafterf(rounded, nearest < rounded ? -INFINITY : INFINITY);
            wg__store(to->data, to->dtype, (int64_t)i, rounded);
            ((double *)x->data)[i] = rounded;
        }
        if (!x->moved)
            wg__convert(to->data, to->dtype, x->base, x->dtype, (int64_t)x->count);
        for (size_t i = 0; i < x->count; i++)
            to->d_data[i] = x->d_data[i] = (float)x->d_data[i];
    }
    for (size_t i = 0; i < wide->count && narrow->v_data; i++)
        narrow->v_data[i] = wide->v_data[i] = (float)wide->v_data[i];
}

static double moved_a_little(double x, wg__stream *stream) { return x * (1 + (wg__draw(stream) < 0.5 ? -step : step)); }

/* Moves all that the wide rig reads from where the narrow rig has it. */
static void perturb(wg__rig *wide, const wg__rig *narrow, wg__stream *stream)
{
    for (int k = 0; k < wide->n; k++) {
        wg__operand *x = &wide->in[k];
        const wg__operand *from = &narrow->in[k];
        for (size_t i = 0; i < x->count && x->moved; i++)
            ((double *)x->data)[i] =
                wg__rig_within(wide, k, i, moved_a_little(wg__load(from->data, from->dtype, (int64_t)i), stream));
        for (size_t i = 0; i < x->count; i++)
            x->d_data[i] = moved_a_little(from->d_data[i], stream);
    }
    for (size_t i = 0; i < wide->count && narrow->v_data; i++)
        wide->v_data[i] = moved_a_little(narrow->v_data[i], stream);
}

/* Cotangents and directions as they were before they were moved. */
static void put_back(wg__rig *wide, const wg__rig *narrow)
{
    for (int k = 0; k < wide->n; k++)
        memcpy(wide->in[k].d_data, narrow->in[k].d_data, wide->in[k].count * sizeof(double));
    if (narrow->v_data)
        memcpy(wide->v_data, narrow->v_data, wide->count * sizeof(double));
}

/* One result of one order in both rigs. */
typedef struct twin_result {
    const wg_node *wide, *narrow;
    size_t count;
    double *value, *bound; /* (count) */
} twin_result;

/* value, and bound = |value| + how far it moves, in units of the relative change, when all that is read changes by
 * 2^-20 of itself: the scale of rounding errors inside, for operators about which nothing is known. */
static wg_status measure(wg__session *s, const wg__rig *narrow, int order, twin_result *t, int n)
{
    wg__rig *r = s->rig;
    wg_status st = WG_OK;
    for (int pattern = 0; pattern <= PATTERNS && !st; pattern++) {
        if (pattern)
            perturb(r, narrow, &s->stream);
        st = wg__rig_run(r, order);
        for (int k = 0; k < n && !st; k++) {
            const double *y = wg__rig_result(r, order, t[k].wide);
            for (size_t i = 0; i < t[k].count; i++)
                if (!pattern)
                    t[k].value[i] = y[i];
                else
                    t[k].bound[i] = fmax(t[k].bound[i], fabs(y[i] - t[k].value[i]) / step);
        }
    }
    for (int k = 0; k < n; k++)
        for (size_t i = 0; i < t[k].count; i++)
            t[k].bound[i] += fabs(t[k].value[i]);
    return st;
}

/* How many terms a sum in that result may have. */
static double terms_of(const wg__rig *r, size_t count)
{
    size_t total = r->count;
    for (int k = 0; k < r->n; k++)
        total += r->in[k].count;
    return count && total > count ? (double)total / (double)count : 1;
}

/* Is f32 excused: no finite value in f64, or one that f32 cannot hold, or may not hold on its way? */
static bool out_of_reach(double wide, double narrow)
{
    return !isfinite(wide) || fabs(wide) > 0x1p126 || (!isfinite(narrow) && fabs(wide) > 0x1p90);
}

/* What came out of the narrow rig. */
typedef struct narrow_result {
    const wg_node *node;
    int order;
    size_t count;
} narrow_result;

static wg_status measure_narrow(wg__shaker *h, void *user, double *to)
{
    const narrow_result *t = user;
    wg_status st = wg__shaken_run(h, t->order);
    wg_view y = { 0 };
    if (!st)
        y = wg_result(h->rig->exec[t->order], t->node);
    for (size_t i = 0; i < t->count && y.data; i++)
        to[i] = wg__view_element(&y, (int64_t)i);
    if (st || y.data || !t->count)
        return st;
    return wg_error_status();
}

/* What f64 knows to be zero by cancellation is rounding in f32: how far it moves with the last bits of what is read. At
 * the ends of ranges operands may be at a kink or tied: what is beyond tells nothing. */
static wg_status narrow_spread(wg__session *s, wg__rig *narrow, int order, const twin_result *t, bool rounds,
                               double *spread)
{
    narrow_result result = { t->narrow, order, t->count };
    wg__shaker h = { .rig = narrow, .stream = &s->stream, .rounds = rounds };
    double *still = wg__arena_alloc(&narrow->arena, (t->count + 1) * sizeof *still);
    *spread = 0;
    if (!still)
        return WG_ERR_NOMEM;
    if (narrow->of.where == WG__AT_ENDS && wg__has_kinks(narrow->of.op, narrow->n_slots))
        return WG_OK;
    wg_status st = measure_narrow(&h, &result, still);
    return st ? st : wg__spread_of(&h, &(wg__shaken){ measure_narrow, &result, t->count }, still, spread);
}

/* Number `from` or a later one of the elements that are farther from f64's than rounding explains; t->count: none is.
 * `largest` is the size of what sums inside may cancel down from. */
static size_t next_beyond(const wg__session *s, const wg__rig *narrow, int order, const twin_result *t, double largest,
                          double spread, size_t from, double *tolerance)
{
    wg_view y = wg_result(narrow->exec[order], t->narrow);
    /* An adjoint is several operators, and may go through the rounded result; its own adjoint is more of them, each of which
     * rounds as much as what is read was moved for the spread. */
    double factor = order ? 32 : 12, floor_factor = order ? 32 : 4, terms = terms_of(s->rig, t->count);
    double floor = floor_factor * WG__U32 * largest + 4 * (1 + order) * spread + 0x1p-120;
    for (size_t i = from; i < t->count; i++) {
        *tolerance = factor * sqrt(terms) * WG__U32 * t->bound[i] + floor;
        double got = wg__view_element(&y, (int64_t)i);
        if (!out_of_reach(t->value[i], got) && !wg__within(t->value[i], got, *tolerance))
            return i;
    }
    return t->count;
}

static wg_status compare_one(wg__session *s, wg__rig *narrow, int order, const twin_result *t, double largest)
{
    char name[WG__RESULT_MAX];
    const int slot = wg__rig_slot_of(s->rig, order, t->wide);
    double tolerance, spread;
    wg_status st = WG_OK;
    size_t i = next_beyond(s, narrow, order, t, largest, 0, 0, &tolerance);
    for (int rounds = 0; rounds < 2 && i < t->count && !st; rounds++)
        if (!(st = narrow_spread(s, narrow, order, t, rounds, &spread)))
            i = next_beyond(s, narrow, order, t, largest, spread, i, &tolerance);
    if (st)
        return st;
    wg_view y = wg_result(narrow->exec[order], t->narrow);
    if (i < t->count)
        wg__settle_slot(s, "f32", order, slot, false,
                        "element %zu of %s is %.9g in f32 and %.17g in f64, which rounding does not explain (%.2g)", i,
                        wg__result_name(order, slot, name), wg_view_at(y, (int64_t)i), t->value[i], tolerance);
    else
        wg__settle_slot(s, "f32", order, slot, wg_shape_equal(y.shape, wg_node_shape(t->wide)),
                        "%s has another shape in f32", wg__result_name(order, slot, name));
    return WG_OK;
}

/* The largest of what the operands are as a whole. */
static double scale_of(const wg__rig *r)
{
    double scale = 0;
    for (int k = 0; k < r->n; k++)
        for (size_t i = 0; i < r->in[k].count && r->in[k].moved; i++)
            scale = fmax(scale, r->in[k].scale[i]);
    return scale > 0 ? scale : 1;
}

/* *largest: of the order before, 0 for none. A derivative is made of terms as large as what it is of, over the operands:
 * 1 - s cancels where s saturates, and what f32 loses there is lost for good. */
static wg_status compare(wg__session *s, wg__rig *narrow, int order, double *largest)
{
    wg_node *wide[WG__WANTED], *other[WG__WANTED];
    twin_result t[WG__WANTED];
    int n = wg__rig_outputs(s->rig, order, wide);
    wg__rig_outputs(narrow, order, other);
    for (int k = 0; k < n; k++) {
        size_t count = (size_t)wg_shape_count(wg_node_shape(wide[k]));
        double *values = wg__arena_alloc(&narrow->arena, (2 * count + 1) * sizeof *values);
        if (!values)
            return WG_ERR_NOMEM;
        t[k] = (twin_result){ wide[k], other[k], count, values, values + count };
    }
    share(s->rig, narrow);
    wg_status st = wg__rig_run(narrow, order);
    if (!st)
        st = measure(s, narrow, order, t, n);
    double scale = scale_of(s->rig);
    if (scale > 1) /* functions such as exp vary over 1 however large their operands are */
        scale = sqrt(scale);
    double before = s->degenerate ? 1 : order ? *largest / scale : 0;
    *largest = 0;
    for (int k = 0; k < n && !st; k++) {
        double floor = before;
        for (size_t i = 0; i < t[k].count; i++)
            floor = fmax(floor, isfinite(t[k].value[i]) ? fabs(t[k].value[i]) : 0);
        *largest = fmax(*largest, floor);
        st = compare_one(s, narrow, order, &t[k], floor);
    }
    put_back(s->rig, narrow);
    wg__rig_restore(s->rig);
    return st;
}

/* An operand of a type of its own may be moved in one rig and not in the other. */
static int comparable_order(const wg__rig *wide, const wg__rig *narrow)
{
    for (int k = 0; k < wide->n; k++)
        if (wide->in[k].moved != narrow->in[k].moved)
            return 0;
    return wide->of.order < narrow->of.order ? wide->of.order : narrow->of.order;
}

wg_status wg__check_narrow(wg__session *s)
{
    wg__rig_opts opts = s->rig->of;
    if (wg_node_dtype(s->rig->y) != WG_F64 || (s->op->forward.f64 && !s->op->forward.f32))
        return WG_OK;
    opts.type = WG_F32;
    wg__session_tell(s, "f32", 0, -1);
    wg__rig *narrow = wg__rig_new(&opts);
    if (!narrow && wg_error_status() == WG_ERR_NOMEM)
        return WG_ERR_NOMEM;
    if (!narrow) {
        wg__settle_check(s, "f32", 0, false, "it takes f64 but not f32: %s", wg_error());
        return WG_OK;
    }
    int highest = comparable_order(s->rig, narrow);
    double largest = 0;
    wg_status st = WG_OK;
    for (int order = 0; order <= highest && !st; order++) {
        wg__session_tell(s, "f32", order, -1);
        st = compare(s, narrow, order, &largest);
    }
    if (!st)
        st = wg__check_commutes(s, narrow);
    if (st && st != WG_ERR_NOMEM) {
        wg__settle_check(s, "f32", 0, false, "%s", wg_error());
        st = WG_OK;
    }
    wg__rig_restore(s->rig);
    wg__rig_free(narrow);
    return st;
}
