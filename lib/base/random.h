/* Counter-based random numbers: Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
 * */
#ifndef WG_BASE_RANDOM_H
#define WG_BASE_RANDOM_H

#include <stdint.h>

/* Four words that depend on key and counter alone. */
static inline void wg__philox(uint32_t out[4], uint64_t key, uint64_t counter_low, uint64_t counter_high)
{
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    uint32_t c0 = (uint32_t)counter_low, c1 = (uint32_t)(counter_low >> 32);
    uint32_t c2 = (uint32_t)counter_high, c3 = (uint32_t)(counter_high >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c0 = n0, c1 = (uint32_t)p1, c2 = n2, c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
    }
    out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

/* [0, 1) with 53 bits. */
static inline double wg__uniform_f64(uint32_t a, uint32_t b)
{
    return (double)(((uint64_t)(a >> 5) << 26) | (b >> 6)) * 0x1p-53;
}

/* The seed of one iteration of a loop. */
static inline uint64_t wg__iteration_seed(uint64_t seed, int64_t iteration)
{
    uint32_t word[4];
    wg__philox(word, seed, (uint64_t)iteration, UINT64_C(0x6974657261746500)); /* "iterate": no operator's counter comes here */
    return (uint64_t)word[1] << 32 | word[0];
}

/* A key from a seed and a name (FNV-1a, then a finaliser), so that streams with other names are unrelated. */
uint64_t wg__stream_key(uint64_t seed, const char *name);
/* n doubles from N(0, 1), from its part within -2 .. 2, and from [0, 1), element i a function of (key, i) alone. */
void wg__fill_normal(double *out, int64_t n, uint64_t key);
void wg__fill_truncated_normal(double *out, int64_t n, uint64_t key);
void wg__fill_uniform(double *out, int64_t n, uint64_t key);

#endif
