/* The Taylor test, a second witness: phi(x + h d) - phi(x) - h <g, d> shrinks like h^2 if g is the gradient, like h if it is
 * not. It uses no extrapolation, so nothing that could err together with the differences. */
#include <math.h>

#include "verify/operator/moves.h"
#include "verify/operator/session.h"

typedef struct taylor_rest {
    double size[WG__LEVELS_MAX]; /* |phi(h) - phi(0) - h <g, d>| for h = 2^first, 2^(first - 1), .. */
    double noise[WG__LEVELS_MAX];
    int levels;
} taylor_rest;

static wg_status measure(const wg__probe *p, const double *g, taylor_rest *out)
{
    const wg__subject *f = p->of;
    long double slope = 0;
    double size = 0, bound = 0;
    wg_status st = f->value(f->user, f->x, p->here);
    for (size_t i = 0; i < f->n; i++) {
        slope += (long double)g[i] * p->d[i];
        bound += fabs(g[i] * p->d[i]);
    }
    for (size_t j = 0; j < f->m; j++)
        size += fabs(f->v[j] * p->here[j]);
    for (out->levels = 0; out->levels < p->depth && !st; out->levels++) {
        double h = ldexp(1, p->first - out->levels);
        for (size_t i = 0; i < f->n; i++)
            p->point[i] = f->x[i] + h * p->d[i];
        st = f->value(f->user, p->point, p->plus);
        long double rest = -h * slope;
        for (size_t j = 0; j < f->m && !st; j++)
            rest += (long double)f->v[j] * ((long double)p->plus[j] - p->here[j]);
        out->size[out->levels] = (double)fabsl(rest);
        out->noise[out->levels] = 8 * WG__U64 * (size + h * bound);
    }
    return st;
}

/* The order at the shortest steps that stand clear of the noise, three times over; 0: the remainder does not, or the
 * three do not agree. */
static double order_of(const taylor_rest *r)
{
    enum { CLEAR = 64, AGREEING = 3 };
    int last = 0;
    while (last < r->levels && isfinite(r->size[last]) && r->size[last] > CLEAR * r->noise[last])
        last++;
    if (last <= AGREEING)
        return 0;
    double low = INFINITY, high = -INFINITY;
    for (int k = last - AGREEING; k < last; k++) {
        double order = log2(r->size[k - 1] / r->size[k]);
        low = fmin(low, order), high = fmax(high, order);
    }
    return high - low < 0.1 ? low : 0;
}

static wg_status check_operand(wg__session *s, int k)
{
    wg__rig *r = s->rig;
    wg__operand *x = &r->in[k];
    wg__mover m = { r, k, 1 };
    wg__subject f = { .user = &m,
                      .n = x->count,
                      .m = r->count,
                      .value = wg__moved_value,
                      .x = x->base,
                      .v = r->v_data,
                      .scale = x->scale,
                      .room = x->room };
    double *work = wg__arena_alloc(&r->arena, (3 * x->count + 2 * r->count + 1) * sizeof *work);
    if (!work)
        return WG_ERR_NOMEM;
    double *g = work + 2 * x->count, *here = g + x->count;
    wg__probe p = { .of = &f, .d = work, .point = work + x->count, .here = here, .plus = here + r->count };
    if (!wg__probe_steps(&p))
        return WG_OK;
    wg__probe_direction(&p, &s->stream);
    taylor_rest rest = { .levels = 0 };
    wg_status st = wg__moved_gradient(&m, f.x, g);
    if (!st)
        st = measure(&p, g, &rest);
    wg__rig_restore(r);
    double order = st ? 0 : order_of(&rest);
    if (order > 1.9 || (order > 0.5 && order < 1.2))
        wg__settle_check(
            s, "Taylor", 1, order > 1.9,
            "f(x + h d) - f(x) - h <g, d> shrinks like h^%.2f, not h^2: the gradient of operand %d is wrong", order,
            x->slot);
    return st;
}

wg_status wg__check_taylor(wg__session *s)
{
    wg_status st = WG_OK;
    wg__session_tell(s, "Taylor", 1, -1);
    for (int k = 0; k < s->rig->n && !st; k++)
        if (s->rig->in[k].moved)
            st = check_operand(s, k);
    return st;
}
