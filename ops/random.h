/* Words of random operators: 64 elements share sixteen counters of four words. Which words an element gets depends on
 * seed, stream, step and its index alone. */
#ifndef WG_OPS_RANDOM_H
#define WG_OPS_RANDOM_H

#include "base/random.h"
#include "ops/elementwise.h"

enum { WG__CHUNK = 64 };

static inline uint64_t wg__random_key(const wg_call *c, int64_t stream)
{
    return c->seed + (uint64_t)stream * UINT64_C(0x9E3779B97F4A7C15);
}

/* 64 words: word i / 16 of counter i % 16, so that counters are side by side in a vector. */
static inline void wg__random_words(uint32_t word[WG__CHUNK], uint64_t key, uint64_t chunk, uint64_t step)
{
    WG_SIMD for (int i = 0; i < WG__CHUNK / 4; i++)
    {
        uint32_t four[4];
        wg__philox(four, key, chunk * (WG__CHUNK / 4) + (uint64_t)i, step);
        word[i] = four[0];
        word[i + 16] = four[1];
        word[i + 32] = four[2];
        word[i + 48] = four[3];
    }
}

#endif
