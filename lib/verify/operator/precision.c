/* Is f64 computed in f64? A kernel that rounds to f32 on its way leaves results that f32 holds exactly; differences
 * take such steps for noise, and grow tolerant. */
#include <math.h>

#include "verify/operator/session.h"

/* How many bits of its significand x needs. */
static int bits_of(double x)
{
    int exponent;
    uint64_t whole = (uint64_t)ldexp(fabs(frexp(x, &exponent)), 53);
    int zeros = 0;
    while (whole && !(whole >> zeros & 1))
        zeros++;
    return whole ? 53 - zeros : 0;
}

/* Operands need all 53 bits. Results of few bits are constants, counts and steps; between those and 24 lies what was rounded. */
void wg__check_precision(wg__session *s)
{
    enum { FEW = 13, NARROW = 24 };
    wg_view y = wg_result(s->rig->exec[0], s->rig->y);
    bool wide = false, narrow = false;
    for (int64_t i = 0; y.dtype == WG_F64 && i < (int64_t)s->rig->count; i++) {
        double element = wg_view_at(y, i);
        int bits = isfinite(element) ? bits_of(element) : NARROW + 1;
        wide = wide || bits > NARROW;
        narrow = narrow || (bits >= FEW && bits <= NARROW);
    }
    if (s->rig->of.order >= 1 && !(s->op->flags & WG_NO_GRADIENT))
        wg__settle_check(s, "precision", 0, wide || !narrow, "all of its value is rounded to f32, though it is f64");
}
