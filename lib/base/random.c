/* Streams of random numbers that depend on a key and an index alone, not on the order in which they are drawn. */
#include "base/random.h"

#include <math.h>

uint64_t wg__stream_key(uint64_t seed, const char *name)
{
    uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a: the seed's bytes, then the name's */

    for (int shift = 0; shift < 64; shift += 8)
        h = (h ^ ((seed >> shift) & 0xFFu)) * UINT64_C(1099511628211);
    for (; *name != '\0'; name++)
        h = (h ^ (unsigned char)*name) * UINT64_C(1099511628211);

    /* The finaliser of splitmix64 (Steele, Lea and Flood 2014): FNV's high bits hardly depend on the last characters.
     * */
    h = (h ^ (h >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    h = (h ^ (h >> 27)) * UINT64_C(0x94D049BB133111EB);
    return h ^ (h >> 31);
}

/* One block of Philox gives two doubles: elements 2 * pair and 2 * pair + 1. */
static void uniform_pair(double u[2], uint64_t key, int64_t pair)
{
    uint32_t w[4];

    wg__philox(w, key, (uint64_t)pair, 0);
    u[0] = wg__uniform_f64(w[0], w[1]);
    u[1] = wg__uniform_f64(w[2], w[3]);
}

void wg__fill_uniform(double *out, int64_t n, uint64_t key)
{
    for (int64_t i = 0; i < n; i += 2) {
        double u[2];

        uniform_pair(u, key, i / 2);
        out[i] = u[0];
        if (i + 1 < n)
            out[i + 1] = u[1];
    }
}

static const double two_pi = 6.283185307179586476925286766559;

/* Box and Muller 1958. */
void wg__fill_normal(double *out, int64_t n, uint64_t key)
{
    for (int64_t i = 0; i < n; i += 2) {
        double u[2], radius;

        uniform_pair(u, key, i / 2);
        radius = sqrt(-2 * log(1 - u[0])); /* 1 - u lies in (0, 1] */
        out[i] = radius * cos(two_pi * u[1]);
        if (i + 1 < n)
            out[i + 1] = radius * sin(two_pi * u[1]);
    }
}

void wg__fill_truncated_normal(double *out, int64_t n, uint64_t key)
{
    for (int64_t i = 0; i < n; i++) {
        double x = 3;

        for (uint64_t attempt = 0; !(fabs(x) <= 2); attempt++) { /* one in twenty is drawn again */
            uint32_t w[4];

            wg__philox(w, key, (uint64_t)i, attempt);
            x = sqrt(-2 * log(1 - wg__uniform_f64(w[0], w[1]))) * cos(two_pi * wg__uniform_f64(w[2], w[3]));
        }
        out[i] = x;
    }
}
