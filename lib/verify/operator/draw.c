/* Drawing a sample: values within their ranges, away from kinks, and how far each may then be moved. */
#include <math.h>
#include <string.h>

#include "tensor/shape.h"
#include "verify/numerics/kinks.h"
#include "verify/operator/rig.h"

/* Stay off the ends of a range by this part of it, so that there is room for differences. */
static const double margin = 1.0 / 16;

static double uniform(wg__stream *stream, double lo, double hi) { return lo + (hi - lo) * wg__draw(stream); }

/* One value from each of `count` equal parts of the range, from its middle half, in random order: any two are at least
 * half a part apart. */
static void draw_distinct(double *x, size_t count, double lo, double hi, wg__stream *stream)
{
    double part = (hi - lo) / (double)count;
    for (size_t i = 0; i < count; i++) {
        double value = lo + part * ((double)i + 0.25 + 0.5 * wg__draw(stream));
        size_t at = (size_t)(wg__draw(stream) * (double)(i + 1)); /* inside-out shuffle */
        x[i] = x[at];
        x[at] = value;
    }
}

/* What is added to element i of an operand whose matrices are raised by `diagonal`. */
static double raise(const wg__operand *x, size_t i, double diagonal)
{
    const wg_shape *s = &x->range->shape;
    if (diagonal == 0 || s->rank < 2)
        return 0;
    size_t columns = (size_t)s->dim[s->rank - 1], rows = (size_t)s->dim[s->rank - 2];
    return i / columns % rows == i % columns ? diagonal : 0;
}

static double diagonal_of(const wg__rig *r, int slot) { return slot == 0 ? r->of.sample->diagonal : 0; }

double wg__rig_within(const wg__rig *r, int k, size_t i, double x)
{
    const wg__operand *o = &r->in[k];
    double raised = raise(o, i, diagonal_of(r, k));
    return fmin(fmax(x, o->range->lo + raised), o->range->hi + raised);
}

/* Beyond the margin, to a sixty-fourth of it: differences take shorter steps for it. */
static double near_an_end(double lo, double hi, wg__stream *stream)
{
    double off = margin * (hi - lo) * exp2(-6 * wg__draw(stream));
    return wg__draw(stream) < 0.5 ? lo + off : hi - off;
}

static void draw_moved(wg__operand *x, double diagonal, const wg__rig_opts *of, wg__stream *stream)
{
    const bool zero = of->where == WG__WITH_ZERO && !of->op->kink && !(of->op->flags & WG_NO_GRADIENT);
    double *to = x->data, lo = x->range->lo, hi = x->range->hi, off = margin * (hi - lo);
    if (x->range->distinct && x->count)
        draw_distinct(to, x->count, lo + off, hi - off, stream);
    else
        for (size_t i = 0; i < x->count; i++)
            to[i] = of->where == WG__FRINGE ? near_an_end(lo, hi, stream) : uniform(stream, lo + off, hi - off);
    if (zero && x->count && lo < 0 && hi > 0 && !x->range->distinct)
        to[(size_t)(wg__draw(stream) * (double)x->count)] = 0;
    for (size_t i = 0; i < x->count; i++)
        to[i] += raise(x, i, diagonal);
    wg__scale_of(x->count, to, x->scale);
    wg__round_point(x->count, to, x->scale);
}

static void draw_fixed(wg__operand *x, double diagonal, wg__stream *stream)
{
    const wg_sample_in *range = x->range;
    for (size_t i = 0; i < x->count; i++) {
        double value = wg__is_float(x->dtype) ? uniform(stream, range->lo, range->hi)
                                              : floor(uniform(stream, range->lo, range->hi + 1));
        wg__store(x->data, x->dtype, (int64_t)i, fmin(value, range->hi) + raise(x, i, diagonal));
    }
}

/* Next to the ends, not at them: a range may be open, log's from 0 say. */
static double at_ends(const wg_sample_in *range, wg__stream *stream)
{
    double off = 0x1p-10 * (range->hi - range->lo), pick = 4 * wg__draw(stream);
    if (pick < 1)
        return range->lo + off;
    if (pick < 2)
        return range->hi - off;
    return pick < 3 && range->lo < 0 && range->hi > 0 ? copysign(0, pick - 2.5)
                                                      : range->lo + (range->hi - range->lo) / 2;
}

static double tiny(const wg_sample_in *range, wg__stream *stream)
{
    double end = wg__draw(stream) < 0.5 ? range->lo : range->hi;
    return end * exp2(-40 * wg__draw(stream));
}

static void draw_extreme(wg__operand *x, wg__where where, double diagonal, wg__stream *stream)
{
    bool both = x->range->lo < 0 && x->range->hi > 0;
    for (size_t i = 0; i < x->count; i++) {
        double value = where == WG__TINY && both ? tiny(x->range, stream) : at_ends(x->range, stream);
        wg__store(x->data, x->dtype, (int64_t)i, value + raise(x, i, diagonal));
    }
}

static void draw_operands(wg__rig *r, wg__stream *stream)
{
    for (int s = 0; s < r->n; s++) {
        wg__operand *x = &r->in[s];
        if (wg__is_extreme(r->of.where) && x->moved && !x->range->distinct)
            draw_extreme(x, r->of.where, diagonal_of(r, s), stream);
        else if (x->moved && x->dtype == WG_F64)
            draw_moved(x, diagonal_of(r, s), &r->of, stream);
        else
            draw_fixed(x, diagonal_of(r, s), stream);
    }
}

typedef struct nearest {
    wg__rig *rig;
    double least;
    bool lessens; /* each operand's room, to the distance */
} nearest;

static void look(void *user, const int64_t *at, double distance)
{
    nearest *n = user;
    n->least = fmin(n->least, distance);
    for (int s = 0; s < n->rig->n_slots && n->lessens; s++) {
        double *room = n->rig->in[n->rig->which[s]].room + at[s];
        *room = fmin(*room, distance);
    }
}

/* The least distance to a kink over all elements of the result. */
static double clearance(wg__rig *r, bool lessens)
{
    wg_view in[WG__SLOTS];
    nearest n = { r, INFINITY, lessens };
    for (int s = 0; s < r->n_slots; s++) {
        const wg__operand *x = &r->in[r->which[s]];
        in[s] = wg_view_of(x->data, x->dtype, x->range->shape);
    }
    wg__each_kink(r->of.op, wg_node_attrs(r->y), r->n_slots, in, wg_node_shape(r->y), look, &n);
    return n.least;
}

double wg__rig_clearance(wg__rig *r) { return clearance(r, false); }

/* Values from the draw, of a few, that keeps farthest away from kinks. Of thousands of values some are close by in every draw.
 * A stream is a counter, so a draw can be repeated. */
static void draw_clear(wg__rig *r, wg__stream *stream)
{
    enum { TRIES = 64, VALUES = 1 << 14 };
    wg__stream best = *stream;
    double most = -1;
    for (size_t i = 0; i < TRIES && (i < 2 || i * r->count < VALUES); i++) {
        wg__stream before = *stream;
        draw_operands(r, stream);
        double clear = clearance(r, false);
        r->struck = r->struck || clear == 0;
        if (clear > most)
            most = clear, best = before;
    }
    draw_operands(r, &best);
}

static void measure_room(wg__rig *r)
{
    for (int s = 0; s < r->n; s++) {
        wg__operand *x = &r->in[s];
        const double *value = x->data, lo = x->range->lo, hi = x->range->hi;
        for (size_t i = 0; i < x->count && x->moved; i++) {
            const double at = value[i] - raise(x, i, diagonal_of(r, s));
            /* Steps go to a quarter of the room: up to the end of the range, but only part of the way to a kink. */
            x->room[i] = hi > lo ? 4 * fmin(at - lo, hi - at) : INFINITY;
            if (x->range->distinct)
                x->room[i] = fmin(x->room[i], (1 - 2 * margin) * (hi - lo) / (double)x->count / 4);
        }
    }
}

void wg__rig_measure(wg__rig *r)
{
    if (r->of.type == WG_F64)
        measure_room(r);
    if (wg__has_kinks(r->of.op, r->n_slots))
        clearance(r, true);
}

void wg__rig_draw(wg__rig *r, wg__stream *stream)
{
    bool kinked = wg__has_kinks(r->of.op, r->n_slots);
    if (kinked && !wg__is_extreme(r->of.where))
        draw_clear(r, stream);
    else
        draw_operands(r, stream);
    wg__rig_measure(r);
    for (int s = 0; s < r->n; s++) {
        memcpy(r->in[s].base, r->in[s].data, r->in[s].bytes);
        for (size_t i = 0; i < r->in[s].count; i++)
            r->in[s].d_data[i] = wg__draw_signed(stream);
    }
    for (size_t i = 0; i < r->count && r->v; i++)
        r->v_data[i] = wg__has_flaw(WG__COTANGENT_ZERO)   ? 0
                       : wg__has_flaw(WG__COTANGENT_ONES) ? 1
                                                          : wg__draw_signed(stream);
}
