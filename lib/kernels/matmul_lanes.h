/* Vectors of f32 and f64 for the kernels of matmul, and how their elements change places. */
#ifndef WG_KERNELS_MATMUL_LANES_H
#define WG_KERNELS_MATMUL_LANES_H

#include "kernels/matmul.h"
#include "kernels/turn.h"

/* Lines that packing across them fetches ahead: they stand in pages of their own, where the processor does not. */
enum { WG__PACK_AHEAD = 16 };

typedef float vector_f32 __attribute__((vector_size(WG__VECTOR)));
typedef double vector_f64 __attribute__((vector_size(WG__VECTOR)));
/* In memory, anywhere. */
typedef float loose_f32 __attribute__((vector_size(WG__VECTOR), aligned(4), may_alias));
typedef double loose_f64 __attribute__((vector_size(WG__VECTOR), aligned(8), may_alias));
/* What a square is transposed by, in the nearest steps that the instruction set has: see matmul_pack.h. */
typedef int32_t places_f32 __attribute__((vector_size(WG__VECTOR)));
typedef int64_t places_f64 __attribute__((vector_size(WG__VECTOR)));

#if defined __AVX2__ && !defined __AVX512F__

/* Elements move between the halves of a vector slowly: halves are loaded where they belong. */
#define BY_HALVES
#define JOIN_f32(a, b) ((loose_f32){ (a)[0], (a)[1], (a)[2], (a)[3], (b)[0], (b)[1], (b)[2], (b)[3] })
#define JOIN_f64(a, b) ((loose_f64){ (a)[0], (a)[1], (b)[0], (b)[1] })

/* In either half, x[0..3], or x[0..1], as a matrix by its rows: the transpose. */
static inline __attribute__((always_inline)) void turn_halves_f32(loose_f32 *x)
{
    const loose_f32 ab_low = WG_SHUFFLE(x[0], x[1], places_f32, 0, 8, 1, 9, 4, 12, 5, 13);
    const loose_f32 ab_high = WG_SHUFFLE(x[0], x[1], places_f32, 2, 10, 3, 11, 6, 14, 7, 15);
    const loose_f32 cd_low = WG_SHUFFLE(x[2], x[3], places_f32, 0, 8, 1, 9, 4, 12, 5, 13);
    const loose_f32 cd_high = WG_SHUFFLE(x[2], x[3], places_f32, 2, 10, 3, 11, 6, 14, 7, 15);
    x[0] = WG_SHUFFLE(ab_low, cd_low, places_f32, 0, 1, 8, 9, 4, 5, 12, 13);
    x[1] = WG_SHUFFLE(ab_low, cd_low, places_f32, 2, 3, 10, 11, 6, 7, 14, 15);
    x[2] = WG_SHUFFLE(ab_high, cd_high, places_f32, 0, 1, 8, 9, 4, 5, 12, 13);
    x[3] = WG_SHUFFLE(ab_high, cd_high, places_f32, 2, 3, 10, 11, 6, 7, 14, 15);
}
static inline __attribute__((always_inline)) void turn_halves_f64(loose_f64 *x)
{
    const loose_f64 low = WG_SHUFFLE(x[0], x[1], places_f64, 0, 4, 2, 6);
    x[1] = WG_SHUFFLE(x[0], x[1], places_f64, 1, 5, 3, 7);
    x[0] = low;
}

#endif

/* The even and the odd elements of two vectors in a row, by the number of elements in one. */
#define EVEN_2 0, 2
#define EVEN_4 EVEN_2, 4, 6
#define EVEN_8 EVEN_4, 8, 10, 12, 14
#define EVEN_16 EVEN_8, 16, 18, 20, 22, 24, 26, 28, 30
#define ODD_2 1, 3
#define ODD_4 ODD_2, 5, 7
#define ODD_8 ODD_4, 9, 11, 13, 15
#define ODD_16 ODD_8, 17, 19, 21, 23, 25, 27, 29, 31
#if defined __AVX512F__
#define F32(which) which##_16
#define F64(which) which##_8
#elif defined __AVX2__
#define F32(which) which##_8
#define F64(which) which##_4
#else
#define F32(which) which##_4
#define F64(which) which##_2
#endif

#endif
