/* Is f64 computed in f64? A kernel that rounds to f32 on its way leaves results that f32 holds exactly; differences
 * take such steps for noise, and grow tolerant. */
#include <math.h>

#include "verify/operator/session.h"

/* How many bits of its significand x needs, and the exponent of the power of two above it. */
static int bits_of(double x, int *exponent)
{
    uint64_t whole = (uint64_t)ldexp(fabs(frexp(x, exponent)), 53);
    int zeros = 0;
    while (whole && !(whole >> zeros & 1))
        zeros++;
    return whole ? 53 - zeros : 0;
}

/* The exponent of the largest operand, or of 1. */
static int exponent_of(const wg__rig *r)
{
    int most = 0, exponent;
    for (int k = 0; k < r->n; k++)
        for (size_t i = 0; i < r->in[k].count && r->in[k].moved; i++) {
            frexp(r->in[k].scale[i], &exponent);
            most = exponent > most ? exponent : most;
        }
    return most;
}

/* Operands need all 53 bits. Results of few bits are constants, counts and steps; between those and 24 lies what was rounded, unless the
 * last of the bits is among the last of the operands': then they are what is left after terms have cancelled. */
void wg__check_precision(wg__session *s)
{
    enum { FEW = 13, NARROW = 24, LAST = 40 };
    const int largest = exponent_of(s->rig);
    wg_view y = wg_result(s->rig->exec[0], s->rig->y);
    bool wide = false, narrow = false;
    for (int64_t i = 0; y.dtype == WG_F64 && i < (int64_t)s->rig->count; i++) {
        double element = wg_view_at(y, i);
        int exponent = 0, bits = isfinite(element) ? bits_of(element, &exponent) : NARROW + 1;
        wide = wide || bits > NARROW;
        narrow = narrow || (bits >= FEW && bits <= NARROW && exponent - bits > largest - LAST);
    }
    if (s->rig->of.order >= 1 && !(s->op->flags & WG_NO_GRADIENT))
        wg__settle_check(s, "precision", 0, wide || !narrow, "all of its value is rounded to f32, though it is f64");
}
