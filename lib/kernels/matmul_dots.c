/* Products of few elements, each a scalar product of rows that lie along K: vectors of ks are multiplied, and their lanes added up
 * in the end. No operand is brought into another order, and no lane stays empty where C is narrow. */
#include <string.h>

#include "kernels/matmul_lanes.h"

/* Sums of neighbouring lanes of two vectors, a's before b's; of 2, 4, .. vectors from x on: of as many lanes each. */
#define FOLD_2(x) PAIRS((x)[0], (x)[1])
#define FOLD_4(x) PAIRS(FOLD_2(x), FOLD_2((x) + 2))
#define FOLD_8(x) PAIRS(FOLD_4(x), FOLD_4((x) + 4))
#define FOLD_16(x) PAIRS(FOLD_8(x), FOLD_8((x) + 8))
#define COUNT_2 0, 1
#define COUNT_4 COUNT_2, 2, 3
#define COUNT_8 COUNT_4, 4, 5, 6, 7
#define COUNT_16 COUNT_8, 8, 9, 10, 11, 12, 13, 14, 15

static inline __attribute__((always_inline)) vector_f32 pairs_f32(vector_f32 a, vector_f32 b)
{
    return WG_SHUFFLE(a, b, places_f32, F32(EVEN)) + WG_SHUFFLE(a, b, places_f32, F32(ODD));
}
static inline __attribute__((always_inline)) vector_f64 pairs_f64(vector_f64 a, vector_f64 b)
{
    return WG_SHUFFLE(a, b, places_f64, F64(EVEN)) + WG_SHUFFLE(a, b, places_f64, F64(ODD));
}

#define T float
#define TYPE f32
#define vector vector_f32
#define loose loose_f32
#define places places_f32
#define FOLD F32(FOLD)
#define PAIRS pairs_f32
#define COUNT F32(COUNT)
#include "kernels/matmul_dots.h"

#define T double
#define TYPE f64
#define vector vector_f64
#define loose loose_f64
#define places places_f64
#define FOLD F64(FOLD)
#define PAIRS pairs_f64
#define COUNT F64(COUNT)
#include "kernels/matmul_dots.h"
