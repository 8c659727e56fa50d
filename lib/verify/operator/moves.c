/* Moving an operand, running, and copying what came out. */
#include <string.h>

#include "verify/operator/moves.h"

size_t wg__gradient_count(const wg__rig *r)
{
    size_t n = 0;
    for (int s = 0; s < r->n; s++)
        n += r->in[s].moved ? r->in[s].count : 0;
    return n;
}

static wg_status run_at(const wg__mover *m, const double *x, int order)
{
    wg__operand *in = &m->rig->in[m->slot];
    memcpy(in->data, x, in->bytes);
    return wg__rig_run(m->rig, order);
}

/* Copies a result of a run; a failure there is the thread's. */
static wg_status take(const wg__rig *r, int order, const wg_node *n, double *to, size_t count)
{
    const double *from = wg__rig_result(r, order, n);
    if (!from && count)
        return wg_error_status();
    if (count)
        memcpy(to, from, count * sizeof *to);
    return WG_OK;
}

wg_status wg__take_gradients(const wg__rig *r, double *to)
{
    wg_status st = WG_OK;
    for (int s = 0; s < r->n && !st; s++) {
        if (!r->in[s].moved)
            continue;
        st = take(r, 1, r->in[s].gradient, to, r->in[s].count);
        to += r->in[s].count;
    }
    return st;
}

wg_status wg__take_second(const wg__rig *r, double *to)
{
    wg_status st = WG_OK;
    for (int s = 0; s < r->n && !st; s++)
        if (r->in[s].moved) {
            st = take(r, 2, r->in[s].second, to, r->in[s].count);
            to += r->in[s].count;
        }
    return st;
}

wg_status wg__moved_value(void *user, const double *x, double *y)
{
    const wg__mover *m = user;
    wg_status st = run_at(m, x, m->order - 1);
    if (st)
        return st;
    return m->order == 1 ? take(m->rig, 0, m->rig->y, y, m->rig->count) : wg__take_gradients(m->rig, y);
}

wg_status wg__moved_gradient(void *user, const double *x, double *g)
{
    const wg__mover *m = user;
    const wg__operand *in = &m->rig->in[m->slot];
    wg_status st = run_at(m, x, m->order);
    return st ? st : take(m->rig, m->order, m->order == 1 ? in->gradient : in->second, g, in->count);
}
