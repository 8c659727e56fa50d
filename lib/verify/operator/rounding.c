/* Moving what runs read and compute by units in the last place. */
#include "verify/operator/rounding.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "exec/exec.h"
#include "tensor/shape.h"

enum { SHAKES = 16, UNITS = 4 };

/* x moved by one to four units in the last place, either way; 0 stays. */
static double moved(double x, wg_dtype type, wg__stream *stream)
{
    double units = 1 + floor(UNITS * wg__draw(stream)), unit = type == WG_F32 ? 0x1p-23 : 0x1p-52;
    return x * (1 + (wg__draw(stream) < 0.5 ? -units : units) * unit);
}

size_t wg__read_bytes(const wg__rig *r)
{
    size_t bytes = r->v_data ? r->count * sizeof(double) : 0;
    for (int k = 0; k < r->n; k++)
        bytes += r->in[k].bytes + r->in[k].count * sizeof(double);
    return bytes;
}

static char *copy_one(void *data, size_t bytes, char *kept, bool back)
{
    if (bytes)
        memcpy(back ? data : kept, back ? kept : data, bytes);
    return kept + bytes;
}

void wg__read_copy(const wg__rig *r, char *kept, bool back)
{
    for (int k = 0; k < r->n; k++) {
        kept = copy_one(r->in[k].data, r->in[k].bytes, kept, back);
        kept = copy_one(r->in[k].d_data, r->in[k].count * sizeof(double), kept, back);
    }
    if (r->v_data)
        copy_one(r->v_data, r->count * sizeof(double), kept, back);
}

static void shake(wg__rig *r, wg__stream *stream)
{
    wg_dtype type = r->of.type;
    for (int k = 0; k < r->n; k++) {
        wg__operand *x = &r->in[k];
        for (size_t i = 0; i < x->count && x->moved; i++) {
            double value = wg__load(x->data, x->dtype, (int64_t)i);
            wg__store(x->data, x->dtype, (int64_t)i, moved(value, type, stream));
            x->d_data[i] = moved(x->d_data[i], type, stream);
        }
    }
    for (size_t i = 0; i < r->count && r->v_data; i++)
        r->v_data[i] = moved(r->v_data[i], type, stream);
}

/* By the rounding of the type under test, whatever the result's own: one that is too narrow is a mistake. */
static double moved_result(void *user, double x)
{
    const wg__shaker *h = user;
    return moved(x, h->rig->of.type, h->stream);
}

wg_status wg__shaken_run(wg__shaker *h, int order)
{
    if (!h->on)
        return wg__rig_run(h->rig, order);
    wg__read_copy(h->rig, h->kept, false);
    shake(h->rig, h->stream);
    wg_status st = h->rounds ? wg__run_rounding(h->rig->exec[order], &(wg__rounding){ moved_result, h })
                             : wg__rig_run(h->rig, order);
    wg__read_copy(h->rig, h->kept, true);
    return st;
}

/* Largest |a_i - b_i|; NaN counts as 0: it is no measure of rounding. */
static double farthest(size_t n, const double *a, const double *b)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(a[i] - b[i]));
    return isfinite(most) ? most : 0;
}

wg_status wg__spread_of(wg__shaker *h, const wg__shaken *q, const double *still, double *spread)
{
    double *now = wg__arena_alloc(&h->rig->arena, (q->count + 1) * sizeof *now);
    h->kept = wg__arena_alloc(&h->rig->arena, wg__read_bytes(h->rig) + 1);
    *spread = 0;
    if (!now || !h->kept)
        return WG_ERR_NOMEM;
    wg_status st = WG_OK;
    h->on = true;
    for (int k = 0; k < SHAKES && !st; k++) {
        st = q->measure(h, q->user, now);
        *spread = st ? 0 : fmax(*spread, farthest(q->count, now, still));
    }
    h->on = false;
    if (st == WG_ERR_NOMEM)
        return st;
    if (st) /* beside its operands it refuses to run: then nothing is known */
        *spread = 0;
    st = q->measure(h, q->user, now);
    if (!st && memcmp(now, still, q->count * sizeof *now) != 0)
        *spread = 0;
    return st;
}

wg_status wg__natural_size(wg__rig *r, int order, double *size)
{
    wg_status st = wg__rig_run(r, 0);
    const double *y = st ? NULL : wg__rig_result(r, 0, r->y);
    double least = 1; /* functions such as exp vary over 1 however large their operands are */
    *size = 0;
    if (st || (!y && r->count))
        return st ? st : wg_error_status();
    for (size_t j = 0; j < r->count; j++)
        *size += fabs(r->v_data ? r->v_data[j] * y[j] : y[j]);
    for (int k = 0; k < r->n; k++)
        for (size_t i = 0; i < r->in[k].count && r->in[k].moved; i++)
            least = fmin(least, r->in[k].scale[i]);
    for (int i = 0; i < order; i++)
        *size /= least;
    if (!isfinite(*size))
        *size = 0;
    return WG_OK;
}

/* A NaN is larger than all else. */
static double largest_of(size_t n, const double *x, size_t *at)
{
    double largest = 0;
    for (size_t i = 0; i < n && !isnan(largest); i++)
        if (!(fabs(x[i]) <= largest))
            largest = fabs(x[i]), *at = i;
    return largest;
}

wg_status wg__doubt_of(wg__session *s, wg__residual *q, bool rounds, double *doubt)
{
    wg__shaker h = { .rig = s->rig, .stream = &s->stream, .rounds = rounds };
    double spread;
    wg_status st = wg__spread_of(&h, &q->of, q->value, &spread);
    if (!st)
        st = wg__natural_size(s->rig, q->degree, &q->natural);
    *doubt = st ? 0 : 4 * spread + 64 * WG__U64 * q->natural;
    return st;
}

wg_status wg__judge_residual(wg__session *s, wg__residual *q)
{
    double doubt;
    wg_status st = WG_OK;
    q->apart = largest_of(q->of.count, q->value, &q->at);
    q->verdict = wg__within(q->apart, 0, q->tolerance + WG__UNDERFLOW) ? WG_PASS : WG_FAIL;
    for (int rounds = 0; rounds < 2 && q->verdict == WG_FAIL && isfinite(q->apart) && !st; rounds++) {
        st = wg__doubt_of(s, q, rounds, &doubt);
        if (!st && wg__within(q->apart, 0, q->tolerance + doubt))
            q->verdict = doubt <= 1e-6 * fmax(q->size, q->natural) ? WG_PASS : WG_INCONCLUSIVE;
    }
    return st;
}
