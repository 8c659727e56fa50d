/* NumPy's legacy generator, to start from the numbers of a textbook: the Mersenne twister MT19937 (Matsumoto and
 * Nishimura 1998) and Marsaglia's polar method. */
#include <math.h>
#include <wengert/store.h>

enum { N = 624, M = 397 };

void wg_numpy_seed(wg_numpy_random *r, uint32_t seed)
{
    r->state[0] = seed;
    for (uint32_t i = 1; i < N; i++)
        r->state[i] = 1812433253u * (r->state[i - 1] ^ (r->state[i - 1] >> 30)) + i;
    r->at = N;
    r->has_spare = false;
    r->spare = 0;
}

/* The upper bit of one word with the lower bits of the next, times the twist matrix. */
static uint32_t twist(uint32_t upper, uint32_t lower)
{
    uint32_t y = (upper & 0x80000000u) | (lower & 0x7FFFFFFFu);

    return (y >> 1) ^ ((lower & 1u) != 0 ? 0x9908B0DFu : 0);
}

static uint32_t next_word(wg_numpy_random *r)
{
    uint32_t y;

    if (r->at >= N) {
        for (int i = 0; i < N; i++)
            r->state[i] = r->state[(i + M) % N] ^ twist(r->state[i], r->state[(i + 1) % N]);
        r->at = 0;
    }
    y = r->state[r->at++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9D2C5680u;
    y ^= (y << 15) & 0xEFC60000u;
    return y ^ (y >> 18);
}

double wg_numpy_uniform(wg_numpy_random *r)
{
    uint32_t high = next_word(r) >> 5, low = next_word(r) >> 6;

    return ((double)high * 67108864.0 + (double)low) / 9007199254740992.0;
}

double wg_numpy_randn(wg_numpy_random *r)
{
    double x1, x2, r2, f;

    if (r->has_spare) {
        r->has_spare = false;
        return r->spare;
    }
    do {
        x1 = 2.0 * wg_numpy_uniform(r) - 1.0;
        x2 = 2.0 * wg_numpy_uniform(r) - 1.0;
        r2 = x1 * x1 + x2 * x2;
    } while (r2 >= 1.0 || r2 == 0.0);
    f = sqrt(-2.0 * log(r2) / r2);
    r->spare = f * x1;
    r->has_spare = true;
    return f * x2;
}
