/* Inner products with few rounding errors, fast: blocks in double, their sums in long double. */
#include <math.h>

#include "verify/push.h"

wg__dot wg__dot_of(size_t n, const double *a, const double *b)
{
    enum { BLOCK = 1024, LANES = 8 };
    long double value = 0, size = 0;
    for (size_t begin = 0; begin < n; begin += BLOCK) {
        size_t end = begin + BLOCK < n ? begin + BLOCK : n, i = begin;
        double sum[LANES] = { 0 }, magnitude[LANES] = { 0 };
        for (; i + LANES <= end; i += LANES)
            for (int k = 0; k < LANES; k++) {
                double product = a[i + (size_t)k] * b[i + (size_t)k];
                sum[k] += product;
                magnitude[k] += fabs(product);
            }
        for (; i < end; i++)
            sum[0] += a[i] * b[i], magnitude[0] += fabs(a[i] * b[i]);
        for (int k = 0; k < LANES; k++)
            value += sum[k], size += magnitude[k];
    }
    return (wg__dot){ (double)value, (double)size };
}
