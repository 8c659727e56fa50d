/* Words of random operators: 64 elements share sixteen counters of four words. Which words an element gets depends on
 * seed, stream, step and its index alone. */
#ifndef WG_OPS_RANDOM_H
#define WG_OPS_RANDOM_H

#ifdef __SSE2__
#include <immintrin.h>
#endif

#include "base/random.h"
#include "kernels/unroll.h"
#include "ops/elementwise.h"

enum { WG__CHUNK = 64 };

static inline uint64_t wg__random_key(const wg_call *c, int64_t stream)
{
    return c->seed + (uint64_t)stream * UINT64_C(0x9E3779B97F4A7C15);
}

/* A counter in each 64 bits of a vector, of which the lower 32 count. */
typedef uint64_t wg__counters __attribute__((vector_size(WG__VECTOR)));
typedef uint32_t wg__words __attribute__((vector_size(WG__VECTOR / 2)));
typedef wg__words wg__words_at __attribute__((aligned(4), may_alias)); /* anywhere */

/* The products of the lower halves. */
static inline wg__counters wg__multiplied(wg__counters a, uint32_t by)
{
    const wg__counters b = (wg__counters){ 0 } + by;
#if defined __AVX512F__
    return (wg__counters)_mm512_mul_epu32((__m512i)a, (__m512i)b);
#elif defined __AVX2__
    return (wg__counters)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#elif defined __SSE2__
    return (wg__counters)_mm_mul_epu32((__m128i)a, (__m128i)b);
#else
    return (a & UINT32_MAX) * b;
#endif
}

static inline void wg__put_words(uint32_t *to, wg__counters from)
{
    *(wg__words_at *)to = __builtin_convertvector(from, wg__words);
}

/* 64 words: word i / 16 of counter i % 16. This is wg__philox of all sixteen counters at once, each round in turn, for one
 * vector's steps wait for each other. */
static inline void wg__random_words(uint32_t word[WG__CHUNK], uint64_t key, uint64_t chunk, uint64_t step)
{
    enum { LANES = WG__VECTOR / 8, COUNTERS = WG__CHUNK / 4, VECTORS = COUNTERS / LANES };
    const wg__counters none = { 0 };
    wg__counters lane = none;
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    wg__counters a[VECTORS], b[VECTORS], c[VECTORS], d[VECTORS];
    UNROLL for (int i = 0; i < LANES; i++) lane[i] = (uint64_t)i;
    UNROLL for (int v = 0; v < VECTORS; v++)
    {
        a[v] = lane + (chunk * COUNTERS + (uint64_t)(v * LANES));
        b[v] = a[v] >> 32;
        c[v] = none + step;
        d[v] = none + (step >> 32);
    }
    UNROLL for (int round = 0; round < 10; round++)
    {
        UNROLL for (int v = 0; v < VECTORS; v++)
        {
            const wg__counters p0 = wg__multiplied(a[v], 0xD2511F53u), p1 = wg__multiplied(c[v], 0xCD9E8D57u);
            a[v] = (p1 >> 32) ^ b[v] ^ (none + k0);
            c[v] = (p0 >> 32) ^ d[v] ^ (none + k1);
            b[v] = p1;
            d[v] = p0;
        }
        k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
    }
    UNROLL for (int v = 0; v < VECTORS; v++)
    {
        wg__put_words(word + v * LANES, a[v]);
        wg__put_words(word + v * LANES + COUNTERS, b[v]);
        wg__put_words(word + v * LANES + 2 * COUNTERS, c[v]);
        wg__put_words(word + v * LANES + 3 * COUNTERS, d[v]);
    }
}

#endif
