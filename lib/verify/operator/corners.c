/* Gradients exactly at kinks and ties, one coordinate at a time: between the two one-sided derivatives, and as the
 * operator's descriptor states. And close by on either side, where an adjoint that changes sides at another place than
 * the value does is wrong. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "verify/numerics/kinks.h"
#include "verify/operator/moves.h"
#include "verify/operator/session.h"

enum { CORNER_LEVELS = 12, CORNERS = 4 };

/* An operand in which single elements are put where differences may not cross. */
typedef struct corner {
    wg__session *session;
    wg__mover mover;
    wg__operand *x;
    double *at, *moved, *g; /* (count of x): the point, one beside it, the gradient */
    double *was;            /* (count of x): the point drawn */
    double *here, *there;   /* (count of y) */
    double reach;           /* the longest step */
    double noise;           /* of phi's rounding */
    int64_t only;           /* phi is of that element of y; -1: of all */
} corner;

typedef struct side {
    double slope, error;
} side;

static bool corner_begin(corner *c, wg__session *s, int k)
{
    wg__rig *r = s->rig;
    wg__operand *x = &r->in[k];
    double *work = wg__arena_alloc(&r->arena, (4 * x->count + 2 * r->count + 1) * sizeof *work);
    if (!work)
        return false;
    *c = (corner){ .session = s, .mover = { r, k, 1 }, .x = x, .at = work, .moved = work + x->count, .only = -1 };
    c->g = work + 2 * x->count;
    c->was = work + 3 * x->count;
    c->here = work + 4 * x->count;
    c->there = c->here + r->count;
    memcpy(c->was, x->base, x->bytes);
    return true;
}

/* The elements of y that phi is of. */
static size_t first_of(const corner *c) { return c->only < 0 ? 0 : (size_t)c->only; }
static size_t end_of(const corner *c) { return c->only < 0 ? c->session->rig->count : (size_t)c->only + 1; }

/* (phi(x + h e) - phi(x)) / h, e = the unit vector of i, plus that of j if j >= 0. */
static bool step(const corner *c, double h, size_t i, int64_t j, double *slope)
{
    const wg__rig *r = c->session->rig;
    memcpy(c->moved, c->at, c->x->count * sizeof *c->moved);
    c->moved[i] += h;
    double exact = c->moved[i] - c->at[i]; /* the step that rounding leaves */
    if (j >= 0)
        c->moved[j] += exact;
    if (exact == 0 || wg__moved_value((void *)&c->mover, c->moved, c->there))
        return false;
    long double sum = 0;
    for (size_t e = first_of(c); e < end_of(c); e++)
        sum += (long double)r->v_data[e] * ((long double)c->there[e] - c->here[e]);
    *slope = (double)(sum / (long double)exact);
    return isfinite(*slope);
}

/* One-sided differences extrapolated to step zero: their error is a series in h, not in h^2. Extrapolation amplifies the
 * rounding of the differences by the product of (2^k + 1) / (2^k - 1), below 8.3. */
static side one_sided(const corner *c, double sign, size_t i, int64_t j)
{
    double row[CORNER_LEVELS] = { 0 }, before[CORNER_LEVELS];
    side best = { NAN, INFINITY };
    for (int level = 0; level < CORNER_LEVELS; level++) {
        memcpy(before, row, sizeof before);
        if (!step(c, sign * ldexp(c->reach, -level), i, j, &row[0]))
            return (side){ NAN, INFINITY };
        double two = 1;
        for (int m = 1; m <= level; m++) {
            two *= 2;
            row[m] = (two * row[m - 1] - before[m - 1]) / (two - 1);
            double error = fmax(fabs(row[m] - row[m - 1]), fabs(row[m] - before[m - 1])) +
                           8.3 * c->noise / ldexp(c->reach, -level);
            if (error < best.error)
                best = (side){ row[m], error };
        }
    }
    return best;
}

/* Of phi at c->at, whose result is c->here. */
static double noise_at(const corner *c)
{
    const wg__rig *r = c->session->rig;
    double size = 0;
    for (size_t e = first_of(c); e < end_of(c); e++)
        size += fabs(r->v_data[e] * c->here[e]);
    return 2 * WG__U64 * size;
}

/* The derivative exists on both sides: neither a singularity nor a jump. */
static bool is_corner(side left, side right, double size)
{
    return left.error <= 1e-6 * (fabs(left.slope) + size) && right.error <= 1e-6 * (fabs(right.slope) + size);
}

static double convention(wg_at_kink at, double left, double right)
{
    bool steeper = fabs(right) > fabs(left);
    switch (at) {
    case WG_KINK_LEFT:
        return left;
    case WG_KINK_RIGHT:
        return right;
    case WG_KINK_MIDDLE:
        return (left + right) / 2;
    case WG_KINK_STEEPER:
        return steeper ? right : left;
    case WG_KINK_FLATTER:
        return steeper ? left : right;
    case WG_KINK_BETWEEN:
        break;
    }
    return NAN;
}

/* What the gradient is to be by the operator's convention; NAN where that says nothing. Steeper and flatter are said of one
 * element of the result, of which phi is the sum. */
static side stated_at(const corner *c, size_t i, wg_at_kink at, side left, side right)
{
    if (at != WG_KINK_STEEPER && at != WG_KINK_FLATTER)
        return (side){ convention(at, left.slope, right.slope), left.error + right.error };
    side sum = { 0, 0 };
    corner one = *c;
    for (one.only = 0; one.only < (int64_t)c->session->rig->count; one.only++) {
        one.noise = noise_at(&one);
        side l = one_sided(&one, -1, i, -1), r = one_sided(&one, 1, i, -1);
        sum.slope += convention(at, l.slope, r.slope);
        sum.error += l.error + r.error;
    }
    return sum;
}

/* The gradient of element i at c->at, which is a kink or a tie with j (-1: none). `at`: the convention there. */
static wg_status judge_corner(corner *c, size_t i, int64_t j, wg_at_kink at)
{
    wg__session *s = c->session;
    wg_status st = wg__moved_gradient(&c->mover, c->at, c->g);
    if (!st)
        st = wg__moved_value(&c->mover, c->at, c->here);
    if (st)
        return st;
    c->noise = noise_at(c);
    side left = one_sided(c, -1, i, -1), right = one_sided(c, 1, i, -1);
    if (!is_corner(left, right, 1))
        return WG_OK;
    double low = fmin(left.slope, right.slope), high = fmax(left.slope, right.slope), g = c->g[i];
    double span = 1e-9 * (fabs(low) + fabs(high)) + 1e-12, tolerance = 4 * (left.error + right.error) + span;
    wg__settle_slot(s, "kink", 1, c->x->slot, g >= low - tolerance && g <= high + tolerance,
                    "at a %s the gradient of element %zu of operand %d is %.9g, not between the one-sided derivatives "
                    "%.9g and %.9g",
                    j < 0 ? "kink" : "tie", i, c->x->slot, g, left.slope, right.slope);
    side stated = stated_at(c, i, at, left, right);
    double stated_tolerance = 4 * stated.error + span;
    if (!isnan(stated.slope))
        wg__settle_slot(s, "kink", 1, c->x->slot, wg__within(g, stated.slope, stated_tolerance),
                        "at a kink the gradient of element %zu of operand %d is %.9g, but by its own convention %.9g "
                        "(left %.9g, right %.9g)",
                        i, c->x->slot, g, stated.slope, left.slope, right.slope);
    if (j < 0)
        return WG_OK;
    left = one_sided(c, -1, i, j), right = one_sided(c, 1, i, j);
    double both = g + c->g[j];
    tolerance = 4 * (left.error + right.error) + 1e-9 * fabs(both) + 1e-12;
    if (is_corner(left, right, 1) && wg__within(left.slope, right.slope, tolerance)) /* smooth, when both move */
        wg__settle_slot(s, "kink", 1, c->x->slot, wg__within(both, right.slope, tolerance),
                        "the gradients of tied elements %zu and %lld of operand %d add up to %.9g instead of %.9g", i,
                        (long long)j, c->x->slot, both, right.slope);
    return WG_OK;
}

/* ---- kinks of elementwise operators ---- */

/* What op->kink says of the result elements that element `i` of an operand takes part in. */
typedef struct distances {
    const wg__rig *rig;
    int operand;
    int64_t i;
    double least, next;                 /* the smallest, and the smallest that is not 0 */
    int64_t partner[WG__KINK_OPERANDS]; /* by slot: the elements that the smallest is of */
} distances;

static void note_distance(void *user, const int64_t *at, double distance)
{
    distances *d = user;
    bool concerned = false;
    for (int slot = 0; slot < d->rig->n_slots; slot++)
        concerned = concerned || (d->rig->which[slot] == d->operand && at[slot] == d->i);
    if (!concerned)
        return;
    if (distance < d->least)
        memcpy(d->partner, at, (size_t)d->rig->n_slots * sizeof *at);
    d->least = fmin(d->least, distance);
    if (distance > 0)
        d->next = fmin(d->next, distance);
}

static distances distances_at(const corner *c, size_t i)
{
    const wg__rig *r = c->session->rig;
    distances d = { r, c->mover.slot, (int64_t)i, INFINITY, INFINITY, { 0 } };
    wg_view in[WG__SLOTS];
    for (int slot = 0; slot < r->n_slots; slot++) {
        const wg__operand *x = &r->in[r->which[slot]];
        in[slot] = wg_view_of(x == c->x ? c->at : x->data, x->dtype, x->range->shape);
    }
    wg__each_kink(r->of.op, wg_node_attrs(r->y), r->n_slots, in, wg_node_shape(r->y), note_distance, &d);
    return d;
}

/* Moves element i by the distance to its kink, to either side; true where that is a kink exactly, within the range. Where
 * distances are of all operands together the way is longer: it is gone in steps, each of them less than what is left. */
static bool put_at_kink(corner *c, size_t i, double sign)
{
    enum { STEPS = 64 };
    double from = c->at[i], way = distances_at(c, i).least;
    for (int k = 0; k < STEPS && isfinite(way) && way > 0; k++) {
        double before = way;
        c->at[i] += sign * way;
        way = distances_at(c, i).least;
        if (!(way < before))
            break;
    }
    double to = c->at[i];
    c->at[i] = from;
    if (!isfinite(way))
        return false;
    const double candidate[] = { to, nextafter(to, -INFINITY), nextafter(to, INFINITY) };
    for (size_t k = 0; k < WG_COUNT(candidate); k++) {
        c->at[i] = candidate[k];
        distances d = distances_at(c, i);
        if (d.least == 0 && c->at[i] >= c->x->range->lo && c->at[i] <= c->x->range->hi) {
            double span = (c->x->range->hi - c->x->range->lo) / 16;
            c->reach = fmin(d.next / 8, span > 0 ? span : 1);
            return true;
        }
    }
    c->at[i] = from;
    return false;
}

/* Makes `x` the operand's point under test, and measures anew how far operands may move. */
static void take_point(corner *c, const double *x)
{
    wg__rig *r = c->session->rig;
    memcpy(c->x->base, x, c->x->bytes);
    wg__scale_of(c->x->count, c->x->base, c->x->scale);
    wg__round_point(c->x->count, c->x->base, c->x->scale);
    wg__rig_restore(r);
    wg__rig_measure(r);
}

/* The gradients of the operands that element i, which is at its kink, meets there. */
static wg_status judge_partners(wg__session *s, corner *c, size_t i)
{
    wg__rig *r = s->rig;
    distances d = distances_at(c, i);
    wg_status st = WG_OK;
    memcpy(c->x->base, c->at, c->x->bytes);
    wg__rig_restore(r);
    for (int slot = 0; slot < r->n_slots && !st; slot++) {
        corner other;
        if (r->which[slot] == c->mover.slot || !r->in[r->which[slot]].moved)
            continue;
        if (!corner_begin(&other, s, r->which[slot]))
            return WG_ERR_NOMEM;
        memcpy(other.at, other.was, other.x->bytes);
        other.reach = c->reach;
        st = judge_corner(&other, (size_t)d.partner[slot], -1, WG_KINK_BETWEEN);
    }
    memcpy(c->x->base, c->was, c->x->bytes);
    return st;
}

static wg_status check_at_kinks(wg__session *s, corner *c)
{
    wg_status st = WG_OK;
    for (int n = 0; n < CORNERS && !st; n++) {
        size_t i = (size_t)(wg__draw(&s->stream) * (double)c->x->count);
        memcpy(c->at, c->was, c->x->bytes);
        if (!put_at_kink(c, i, -1) && !put_at_kink(c, i, 1))
            continue;
        st = judge_corner(c, i, -1, s->op->at_kink);
        if (!st)
            st = judge_partners(s, c, i);
        if (!st && c->at[i] == 0) { /* zero has two signs */
            c->at[i] = -c->at[i];
            st = judge_corner(c, i, -1, s->op->at_kink);
        }
    }
    return st;
}

/* Moves element i so far from its kink, to one side; false, and it stays, where another kink or the range's end is as
 * near. */
static bool put_beside_kink(corner *c, size_t i, double distance)
{
    const wg_sample_in *range = c->x->range;
    double from = c->at[i], off = fabs(distance);
    if (put_at_kink(c, i, -1) || put_at_kink(c, i, 1)) {
        c->at[i] += distance;
        bool inside = c->at[i] - range->lo >= off && range->hi - c->at[i] >= off;
        if (inside && fabs(distances_at(c, i).least - off) <= off / 2)
            return true;
    }
    c->at[i] = from;
    return false;
}

/* Differences that keep to that distance, of all operands, with an element of this one on either side of its kink. */
static wg_status check_beside_kinks(wg__session *s, corner *c, double distance)
{
    wg__rig *r = s->rig;
    char place[32];
    size_t count = c->x->count, low = (size_t)(wg__draw(&s->stream) * (double)count);
    size_t high = count > 1 ? (low + 1 + (size_t)(wg__draw(&s->stream) * (double)(count - 1))) % count : low;
    wg_status st = WG_OK;
    snprintf(place, sizeof place, "%g from a kink", distance);
    for (int turn = 0; turn < (count > 1 ? 1 : 2) && !st; turn++) {
        memcpy(c->at, c->was, c->x->bytes);
        bool placed = turn == 0 && put_beside_kink(c, low, -distance);
        placed = ((count > 1 || turn) && put_beside_kink(c, high, distance)) || placed;
        if (!placed)
            continue;
        take_point(c, c->at);
        s->variant = place;
        for (int k = 0; k < r->n && !st && !wg__session_ends(s); k++)
            if (r->in[k].moved)
                st = wg__judge_slot(s, k, 1, r->v_data);
        s->variant = "";
    }
    return st;
}

static wg_status check_kinks_of(wg__session *s, corner *c)
{
    static const double distance[] = { 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6 };
    wg_status st = check_at_kinks(s, c);
    for (size_t n = 0; n < WG_COUNT(distance) && !st && !wg__is_generated(s); n++)
        st = check_beside_kinks(s, c, distance[n]);
    take_point(c, c->was);
    return st;
}

/* ---- ties inside other operators ---- */

static size_t extreme_element(const wg__operand *x, double sign)
{
    const double *value = x->base;
    size_t best = 0;
    for (size_t i = 1; i < x->count; i++)
        if (sign * value[i] > sign * value[best])
            best = i;
    return best;
}

/* The operand asks for distinct values, so equal ones mean something to it. The largest and the smallest element are
 * where max and min look. */
static wg_status check_ties_of(wg__session *s, corner *c)
{
    size_t count = c->x->count;
    wg_status st = WG_OK;
    for (int n = 0; n < 3 * CORNERS && count > 1 && !st; n++) {
        size_t i = n % 3 == 0   ? extreme_element(c->x, 1)
                   : n % 3 == 1 ? extreme_element(c->x, -1)
                                : (size_t)(wg__draw(&s->stream) * (double)count);
        size_t j = (i + 1 + (size_t)(wg__draw(&s->stream) * (double)(count - 1))) % count;
        memcpy(c->at, c->x->base, c->x->bytes);
        c->at[j] = c->at[i];
        c->reach = c->x->room[i] / 4;
        st = judge_corner(c, i, (int64_t)j, WG_KINK_BETWEEN);
    }
    return st;
}

wg_status wg__check_kinks(wg__session *s)
{
    wg__rig *r = s->rig;
    wg__session_tell(s, "kink", 1, -1);
    bool kinked = wg__has_kinks(s->op, r->n_slots);
    wg_status st = WG_OK;
    if (kinked && !wg__is_generated(s))
        wg__settle_check(s, "kink", 0, !r->struck, "%s",
                         "values drawn at random are at a kink exactly: kinks that fill a part of the range hide it");
    for (int k = 0; k < r->n && !st && !wg__has_flaw(WG__KINKS_SKIPPED); k++) {
        corner c;
        if (!r->in[k].moved || !r->in[k].count || !(kinked || r->in[k].range->distinct))
            continue;
        if (!corner_begin(&c, s, k))
            return WG_ERR_NOMEM;
        st = kinked ? check_kinks_of(s, &c) : check_ties_of(s, &c);
        wg__rig_restore(r);
    }
    return st;
}
