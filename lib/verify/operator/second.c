/* Second order: the gradients' gradients, their symmetry, and forward mode. */
#include <math.h>
#include <string.h>

#include "verify/operator/moves.h"
#include "verify/operator/rounding.h"
#include "verify/operator/session.h"

/* <a, b> over all operands, and the sum of |a_i b_i|, added up in *size. */
static double inner(size_t n, const double *a, const double *b, double *size)
{
    long double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (long double)a[i] * b[i];
        *size += fabs(a[i] * b[i]);
    }
    return (double)sum;
}

static void put_directions(wg__rig *r, const double *d)
{
    for (int s = 0; s < r->n; s++)
        if (r->in[s].moved) {
            memcpy(r->in[s].d_data, d, r->in[s].count * sizeof *d);
            d += r->in[s].count;
        }
}

/* Two ways to one number. */
typedef struct two_ways {
    const double *d1, *d2;
    double *g, *h; /* (wg__gradient_count) */
    double a, b, size;
} two_ways;

static wg_status hessian_times(wg__shaker *k, const double *d, double *to)
{
    put_directions(k->rig, d);
    wg_status st = wg__shaken_run(k, 2);
    return st ? st : wg__take_second(k->rig, to);
}

/* <d1, H d2> - <d2, H d1> */
static wg_status measure_symmetry(wg__shaker *k, void *user, double *to)
{
    two_ways *w = user;
    size_t n = wg__gradient_count(k->rig);
    double size = 0;
    wg_status st = hessian_times(k, w->d2, w->h);
    if (!st)
        st = hessian_times(k, w->d1, w->g);
    put_directions(k->rig, w->d1);
    if (st)
        return st;
    double a = inner(n, w->d1, w->h, &size), b = inner(n, w->d2, w->g, &size);
    if (!k->on)
        w->a = a, w->b = b, w->size = size;
    *to = a - b;
    return WG_OK;
}

/* <v, J d> - <J^T v, d> */
static wg_status measure_forward(wg__shaker *k, void *user, double *to)
{
    two_ways *w = user;
    wg__rig *r = k->rig;
    double size = 0;
    wg_status st = wg__shaken_run(k, 1);
    if (!st)
        st = wg__take_gradients(r, w->g);
    if (!st)
        st = wg__shaken_run(k, 2);
    const double *pushed = st ? NULL : wg__rig_result(r, 2, r->pushed);
    if (st || (!pushed && r->count))
        return st ? st : wg_error_status();
    double a = inner(r->count, r->v_data, pushed, &size), b = inner(wg__gradient_count(r), w->g, w->d1, &size);
    if (!k->on)
        w->a = a, w->b = b, w->size = size;
    *to = a - b;
    return WG_OK;
}

static wg_status judge_two_ways(wg__session *s, two_ways *w, wg_status (*measure)(wg__shaker *, void *, double *),
                                int degree, wg__residual *q)
{
    double apart;
    wg__shaker still = { .rig = s->rig };
    wg_status st = measure(&still, w, &apart);
    *q = (wg__residual){ .of = { measure, w, 1 },
                         .value = &apart,
                         .order = 2,
                         .degree = degree,
                         .tolerance = 1024 * WG__U64 * w->size,
                         .size = w->size };
    if (!st)
        st = wg__judge_residual(s, q);
    q->value = NULL;
    return st;
}

static wg_status check_symmetry(wg__session *s, two_ways *w, double *d2)
{
    wg__residual q;
    for (size_t i = 0; i < wg__gradient_count(s->rig); i++)
        d2[i] = wg__draw_signed(&s->stream);
    wg_status st = judge_two_ways(s, w, measure_symmetry, 2, &q);
    if (!st)
        wg__settle_residual(s, "symmetry", -1, &q, "its second derivatives are not symmetric: %.12g and %.12g", w->a,
                            w->b);
    return st;
}

static wg_status check_forward(wg__session *s, two_ways *w)
{
    wg__residual q;
    wg_status st = judge_two_ways(s, w, measure_forward, 1, &q);
    if (!st)
        wg__settle_residual(s, "forward mode", -1, &q, "forward and reverse mode differ: %.12g and %.12g", w->a, w->b);
    return st;
}

wg_status wg__check_second(wg__session *s)
{
    wg__rig *r = s->rig;
    size_t n = wg__gradient_count(r), at = 0;
    double *d = wg__arena_alloc(&r->arena, (4 * n + 1) * sizeof *d);
    if (!d)
        return WG_ERR_NOMEM;
    for (int slot = 0; slot < r->n; slot++)
        for (size_t i = 0; r->in[slot].moved && i < r->in[slot].count; i++)
            d[at++] = r->in[slot].d_data[i];
    wg_status st = WG_OK;
    for (int slot = 0; slot < r->n && !st; slot++)
        if (r->in[slot].moved)
            st = wg__judge_slot(s, slot, 2, d);
    two_ways w = { .d1 = d, .d2 = d + n, .g = d + 2 * n, .h = d + 3 * n };
    if (!st)
        st = check_symmetry(s, &w, d + n);
    return st || wg__rig_takes_nothing(r) ? st : check_forward(s, &w);
}
