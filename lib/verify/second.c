/* Second order: the gradients' gradients, their symmetry, and forward mode. */
#include <math.h>
#include <string.h>

#include "verify/moves.h"
#include "verify/session.h"

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

/* <d1, H d2> = <d2, H d1>. d1 is what the rig holds; work: d2, H d1, H d2. */
static wg_status check_symmetry(wg__session *s, const double *d1, double *work)
{
    wg__rig *r = s->rig;
    size_t n = wg__gradient_count(r);
    double *d2 = work, *h1 = work + n, *h2 = work + 2 * n, size = 0;
    for (size_t i = 0; i < n; i++)
        d2[i] = wg__draw_signed(&s->stream);
    wg_status st = wg__rig_run(r, 2);
    if (!st)
        st = wg__take_second(r, h1);
    put_directions(r, d2);
    if (!st && !(st = wg__rig_run(r, 2)))
        st = wg__take_second(r, h2);
    put_directions(r, d1);
    if (st)
        return st;
    double a = inner(n, d1, h2, &size), b = inner(n, d2, h1, &size);
    wg__settle_check(s, "symmetry", 2, wg__within(a, b, 1024 * WG__U64 * size),
                     "its second derivatives are not symmetric: %.12g and %.12g", a, b);
    return WG_OK;
}

/* <v, J d> = <J^T v, d>. */
static wg_status check_forward(wg__session *s, const double *d, double *g)
{
    wg__rig *r = s->rig;
    double size = 0;
    wg_status st = wg__rig_run(r, 1);
    if (!st)
        st = wg__take_gradients(r, g);
    if (!st)
        st = wg__rig_run(r, 2);
    const double *pushed = st ? NULL : wg__rig_result(r, 2, r->pushed);
    if (st || (!pushed && r->count))
        return st ? st : wg_error_status();
    double a = inner(r->count, r->v_data, pushed, &size), b = inner(wg__gradient_count(r), g, d, &size);
    wg__settle_check(s, "forward mode", 2, wg__within(a, b, 1024 * WG__U64 * size),
                     "forward and reverse mode differ: %.12g and %.12g", a, b);
    return WG_OK;
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
    if (!st)
        st = check_symmetry(s, d, d + n);
    return st || wg__rig_takes_nothing(s->rig) ? st : check_forward(s, d, d + n);
}
