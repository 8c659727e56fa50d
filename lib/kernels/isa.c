/* Which instruction set this process uses. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "kernels/isa.h"

/* Made by ops/table.c. */
extern const wg__op_kernels *const wg__op_table_base[];
#ifdef WG_HAVE_ISA_AVX2
extern const wg__op_kernels *const wg__op_table_avx2[];
#endif
#ifdef WG_HAVE_ISA_AVX512
extern const wg__op_kernels *const wg__op_table_avx512[];
#endif

/* The compiler's own test asks CPUID for the instructions, and XGETBV whether the system saves their registers. */
static bool has_base(void)
{
    return true;
}

#ifdef WG_HAVE_ISA_AVX2
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#endif

#ifdef WG_HAVE_ISA_AVX512
static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
}
#endif

typedef struct instruction_set {
    const char *name;
    bool (*offered)(void);
    const wg__op_kernels *const *table;
} instruction_set;

static const instruction_set sets[] = { /* lowest first */
    { "base", has_base, wg__op_table_base },
#ifdef WG_HAVE_ISA_AVX2
    { "avx2", has_avx2, wg__op_table_avx2 },
#endif
#ifdef WG_HAVE_ISA_AVX512
    { "avx512", has_avx512, wg__op_table_avx512 },
#endif
};

/* The best set on offer, no higher than WENGERT_ISA where that names one. */
static int choose(void)
{
    const char *limit = getenv("WENGERT_ISA");
    int best = 0;
    for (int i = 0; i < (int)WG_COUNT(sets); i++) {
        if (sets[i].offered())
            best = i;
        if (limit && strcmp(limit, sets[i].name) == 0)
            break;
    }
    return best;
}

/* Threads that come here together find the same answer; a relaxed store of it is enough. */
static const instruction_set *chosen(void)
{
    static atomic_int once; /* 1 + the index; 0: not chosen yet */
    int index = atomic_load_explicit(&once, memory_order_relaxed) - 1;
    if (index < 0) {
        index = choose();
        atomic_store_explicit(&once, index + 1, memory_order_relaxed);
    }
    return &sets[index];
}

const wg__op_kernels *wg__isa_kernels(size_t index)
{
    return chosen()->table[index];
}

const char *wg_isa(void)
{
    return chosen()->name;
}
