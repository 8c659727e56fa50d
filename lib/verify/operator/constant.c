/* Is a gradient of zero the truth? The value of an operator that declares no gradient must not follow its operands. */
#include <math.h>
#include <string.h>

#include "verify/operator/moves.h"
#include "verify/operator/session.h"

/* Moves every element of x from the point under test by `step` of its scale, but only part of the way to a kink. */
static void move(const wg__operand *x, double step, wg__stream *stream, double *to)
{
    const double *at = x->base;
    for (size_t i = 0; i < x->count; i++)
        to[i] = at[i] + wg__draw_signed(stream) * fmin(step * x->scale[i], x->room[i] / 4);
}

/* Does the value change with each of ever shorter steps? One that is piecewise constant may jump within one of them, not
 * within all. */
static wg_status follows(wg__session *s, int slot, double *work, bool *always)
{
    static const double steps[] = { 0x1p-6, 0x1p-13, 0x1p-20 };
    wg__rig *r = s->rig;
    wg__mover m = { r, slot, 1 };
    double *here = work, *there = work + r->count, *x = there + r->count;
    wg_status st = wg__moved_value(&m, r->in[slot].base, here);
    *always = r->count > 0;
    for (size_t k = 0; k < WG_COUNT(steps) && !st && *always; k++) {
        move(&r->in[slot], steps[k], &s->stream, x);
        st = wg__moved_value(&m, x, there);
        *always = !st && memcmp(here, there, r->count * sizeof *here) != 0;
    }
    wg__rig_restore(r);
    return st;
}

wg_status wg__check_constant(wg__session *s)
{
    wg__rig *r = s->rig;
    wg_status st = WG_OK;
    for (int slot = 0; slot < r->n && !st; slot++) {
        bool always;
        const wg__operand *x = &r->in[slot];
        if (!x->moved)
            continue;
        double *work = wg__arena_alloc(&r->arena, (2 * r->count + x->count + 1) * sizeof *work);
        if (!work)
            return WG_ERR_NOMEM;
        if (!(st = follows(s, slot, work, &always)))
            wg__settle_check(s, "gradient", 1, !always,
                             "it declares that it has no gradient, but its value follows operand %d", x->slot);
    }
    return st;
}
