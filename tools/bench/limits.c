/* What this machine can do at best, measured: fused multiply-adds in registers, and bytes over memory of many sizes. */
#include "bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef _OPENMP
#include <omp.h>
#endif
#if defined __x86_64__ && defined __GNUC__
#include <immintrin.h>
#endif

enum { CHAINS = 24, MEMORY_LEAST = 16 * 1024, MEMORY_MOST = 128 * 1024 * 1024, TRIES = 25 };

/* ---- arithmetic ---- */

/* `times` multiply-adds in each of so many independent chains, enough to hide their latency; returns something of the
 * result, so that all of it is needed, and how many FLOPs one time is. */
typedef double arithmetic(int64_t times, double *flops);

/* In registers, written out by the compiler. MADD(a): a times m plus c, of vectors. */
#define ARITHMETIC(NAME, TARGET, VECTOR, LANES, SET, MADD, FIRST)                                                      \
    TARGET static double NAME(int64_t times, double *flops)                                                            \
    {                                                                                                                  \
        VECTOR a[CHAINS], m = SET(0.999999), c = SET(1e-9);                                                            \
        for (int i = 0; i < CHAINS; i++)                                                                               \
            a[i] = SET(0.1 * i);                                                                                       \
        for (int64_t t = 0; t < times; t++) {                                                                          \
            UNROLLED                                                                                                   \
            for (int i = 0; i < CHAINS; i++)                                                                           \
                a[i] = MADD(a[i], m, c);                                                                               \
        }                                                                                                              \
        double sum = 0;                                                                                                \
        for (int i = 0; i < CHAINS; i++)                                                                               \
            sum += FIRST(a[i]);                                                                                        \
        *flops = 2.0 * CHAINS * (LANES);                                                                               \
        return sum;                                                                                                    \
    }
#if defined __clang__
#define UNROLLED _Pragma("clang loop unroll(full)")
#elif defined __GNUC__
#define UNROLLED _Pragma("GCC unroll 32")
#else
#define UNROLLED
#endif

#define PLAIN_SET(x) (x)
#define PLAIN_MADD(a, m, c) ((a) * (m) + (c))
#define PLAIN_FIRST(a) ((double)(a))
#define FLOAT_SET(x) ((float)(x))
ARITHMETIC(plain_f32, , float, 1, FLOAT_SET, PLAIN_MADD, PLAIN_FIRST)
ARITHMETIC(plain_f64, , double, 1, PLAIN_SET, PLAIN_MADD, PLAIN_FIRST)

#if defined __x86_64__ && defined __GNUC__
#define AVX2 __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f")))
#define SET_8(x) _mm256_set1_ps((float)(x))
#define SET_16(x) _mm512_set1_ps((float)(x))
#define FIRST_8(a) ((double)_mm256_cvtss_f32(a))
#define FIRST_4(a) _mm256_cvtsd_f64(a)
#define FIRST_16(a) ((double)_mm512_cvtss_f32(a))
#define FIRST_8_F64(a) _mm512_cvtsd_f64(a)
ARITHMETIC(avx2_f32, AVX2, __m256, 8, SET_8, _mm256_fmadd_ps, FIRST_8)
ARITHMETIC(avx2_f64, AVX2, __m256d, 4, _mm256_set1_pd, _mm256_fmadd_pd, FIRST_4)
ARITHMETIC(avx512_f32, AVX512, __m512, 16, SET_16, _mm512_fmadd_ps, FIRST_16)
ARITHMETIC(avx512_f64, AVX512, __m512d, 8, _mm512_set1_pd, _mm512_fmadd_pd, FIRST_8_F64)
#endif

/* Runs it on all threads at once; FLOP/s, the best of some tries. */
static double peak_of(arithmetic *f, int threads)
{
    double best = 0, flops = 0, sink = 0;
    int64_t times = 1000;
    for (int k = 0; k < TRIES;) {
        double begun = bench_seconds();
#ifdef _OPENMP
#pragma omp parallel num_threads(threads) reduction(+ : sink)
#endif
        {
            double own;
            sink += f(times, &own);
#ifdef _OPENMP
#pragma omp master
#endif
            flops = own;
        }
        double taken = bench_seconds() - begun, rate = flops * (double)times * threads / taken;
        if (taken < 1e-3) { /* too short a look */
            times *= 2;
            continue;
        }
        best = rate > best ? rate : best;
        k++;
    }
    return isfinite(sink) ? best : NAN;
}

static double peak(bool f64, int threads)
{
    double best = peak_of(f64 ? plain_f64 : plain_f32, threads);
#if defined __x86_64__ && defined __GNUC__
    bool avx512 = __builtin_cpu_supports("avx512f"), avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    double wide = avx2 ? peak_of(f64 ? avx2_f64 : avx2_f32, threads) : 0;
    double widest = avx512 ? peak_of(f64 ? avx512_f64 : avx512_f32, threads) : 0;
    best = wide > best ? wide : best;
    best = widest > best ? widest : best;
#endif
    return best;
}

/* ---- memory ---- */

/* One thread's part of two arrays of n words each. Three ways to use them, each on the widest vectors that there are;
 * each returns the bytes that it moves. */
#define READ_ONLY(NAME, TARGET)                                                                                        \
    TARGET static size_t NAME(uint64_t *a, const uint64_t *b, size_t n, uint64_t *sink)                                \
    {                                                                                                                  \
        uint64_t s[32] = { 0 };                                                                                        \
        for (size_t i = 0; i + 32 <= n; i += 32)                                                                       \
            for (size_t k = 0; k < 32; k++)                                                                            \
                s[k] += a[i + k] ^ b[i + k];                                                                           \
        for (size_t k = 0; k < 32; k++)                                                                                \
            *sink += s[k];                                                                                             \
        return 16 * n;                                                                                                 \
    }
#define UPDATED(NAME, TARGET)                                                                                          \
    TARGET static size_t NAME(uint64_t *a, const uint64_t *b, size_t n, uint64_t *sink)                                \
    {                                                                                                                  \
        for (size_t i = 0; i < n; i++)                                                                                 \
            a[i] += b[i];                                                                                              \
        *sink += a[n / 2];                                                                                             \
        return 24 * n;                                                                                                 \
    }
READ_ONLY(read_only, )
UPDATED(updated, )
#if defined __x86_64__ && defined __GNUC__
READ_ONLY(read_only_avx2, AVX2)
UPDATED(updated_avx2, AVX2)
#endif

static size_t copied(uint64_t *a, const uint64_t *b, size_t n, uint64_t *sink)
{
    memcpy(a, b, 8 * n);
    *sink += a[n / 2];
    return 16 * n;
}

typedef size_t passing(uint64_t *a, const uint64_t *b, size_t n, uint64_t *sink);

/* Bytes a second over two arrays that are `bytes` together; the best of some tries. */
static double bandwidth_of(passing *pass, uint64_t *memory, size_t bytes, int threads)
{
    double best = 0;
    size_t n = bytes / 16 / (size_t)threads; /* words of an array, for each thread */
    uint64_t sink = 0;
    int64_t repeat = 1;
    for (int k = 0; k < TRIES;) {
        double begun = bench_seconds(), moved = 0;
#ifdef _OPENMP
#pragma omp parallel num_threads(threads) reduction(+ : sink, moved)
#endif
        {
            size_t own = 0;
#ifdef _OPENMP
            own = (size_t)omp_get_thread_num();
#endif
            uint64_t *a = memory + own * 2 * n;
            for (int64_t r = 0; r < repeat; r++)
                moved += (double)pass(a, a + n, n, &sink);
        }
        double taken = bench_seconds() - begun;
        if (taken < 1e-3) {
            repeat *= 2;
            continue;
        }
        best = moved / taken > best ? moved / taken : best;
        k++;
    }
    memory[0] = sink;
    return best;
}

enum { PASSES = 3 };
static passing *pass_of(int number)
{
#if defined __x86_64__ && defined __GNUC__
    if (number != 1 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return number == 0 ? read_only_avx2 : updated_avx2;
#endif
    return number == 0 ? read_only : number == 1 ? copied : updated;
}

/* From the first cache to memory, sizes in even steps on a logarithmic scale. */
static void measure_memory(limits *l, int threads)
{
    uint64_t *memory = tool_alloc(MEMORY_MOST / sizeof *memory, sizeof *memory);
    memset(memory, 1, MEMORY_MOST);
    for (int i = 0; i < MEMORY_SIZES; i++) {
        double ratio = (double)MEMORY_MOST / MEMORY_LEAST;
        l->bytes[i] = MEMORY_LEAST * pow(ratio, i / (MEMORY_SIZES - 1.0));
        for (int k = 0; k < PASSES; k++) {
            double one = bandwidth_of(pass_of(k), memory, (size_t)l->bytes[i], threads);
            l->bandwidth[i] = one > l->bandwidth[i] ? one : l->bandwidth[i];
        }
    }
    free(memory);
}

limits limits_measure(int threads)
{
    limits l = { .threads = threads };
#ifndef _OPENMP
    threads = 1; /* ours are no more either */
#endif
    l.peak[0] = peak(false, threads);
    l.peak[1] = peak(true, threads);
    measure_memory(&l, threads);
    return l;
}

double limits_bandwidth(const limits *l, double bytes)
{
    if (bytes <= l->bytes[0])
        return l->bandwidth[0];
    for (int i = 1; i < MEMORY_SIZES; i++)
        if (bytes <= l->bytes[i]) {
            double part = log(bytes / l->bytes[i - 1]) / log(l->bytes[i] / l->bytes[i - 1]);
            return l->bandwidth[i - 1] + part * (l->bandwidth[i] - l->bandwidth[i - 1]);
        }
    return l->bandwidth[MEMORY_SIZES - 1];
}

double limits_time(const limits *l, wg_dtype dtype, double flops, double bytes)
{
    double compute = flops / l->peak[dtype == WG_F64], memory = bytes / limits_bandwidth(l, bytes);
    return compute > memory ? compute : memory;
}
