/* Bringing the operands of a product into the order in which the tile kernels read them. */
#include <string.h>

#include "kernels/matmul.h"
#include "kernels/shuffle.h"

/* Sixteen bytes, which every instruction set shuffles in one step. */
typedef float quad_f32 __attribute__((vector_size(16), aligned(4), may_alias));
typedef double quad_f64 __attribute__((vector_size(16), aligned(8), may_alias));
typedef float vector_f32 __attribute__((vector_size(WG__VECTOR), aligned(4), may_alias));
typedef double vector_f64 __attribute__((vector_size(WG__VECTOR), aligned(8), may_alias));
typedef int32_t index_f32 __attribute__((vector_size(16)));
typedef int64_t index_f64 __attribute__((vector_size(16)));

/* to[i * width + r] = from[r * stride + i] for i, r < 4 */
static inline void transpose_f32(float *to, int64_t width, const float *from, int64_t stride)
{
    const quad_f32 a = *(const quad_f32 *)from, b = *(const quad_f32 *)(from + stride);
    const quad_f32 c = *(const quad_f32 *)(from + 2 * stride), d = *(const quad_f32 *)(from + 3 * stride);
    const quad_f32 ab_low = WG__SHUFFLE(a, b, index_f32, 0, 4, 1, 5), ab_high = WG__SHUFFLE(a, b, index_f32, 2, 6, 3, 7);
    const quad_f32 cd_low = WG__SHUFFLE(c, d, index_f32, 0, 4, 1, 5), cd_high = WG__SHUFFLE(c, d, index_f32, 2, 6, 3, 7);
    *(quad_f32 *)to = WG__SHUFFLE(ab_low, cd_low, index_f32, 0, 1, 4, 5);
    *(quad_f32 *)(to + width) = WG__SHUFFLE(ab_low, cd_low, index_f32, 2, 3, 6, 7);
    *(quad_f32 *)(to + 2 * width) = WG__SHUFFLE(ab_high, cd_high, index_f32, 0, 1, 4, 5);
    *(quad_f32 *)(to + 3 * width) = WG__SHUFFLE(ab_high, cd_high, index_f32, 2, 3, 6, 7);
}

/* the same for i, r < 2 */
static inline void transpose_f64(double *to, int64_t width, const double *from, int64_t stride)
{
    const quad_f64 a = *(const quad_f64 *)from, b = *(const quad_f64 *)(from + stride);
    *(quad_f64 *)to = WG__SHUFFLE(a, b, index_f64, 0, 2);
    *(quad_f64 *)(to + width) = WG__SHUFFLE(a, b, index_f64, 1, 3);
}

#define T float
#define TYPE f32
#define quad quad_f32
#define vector vector_f32
#define TRANSPOSE transpose_f32
#include "kernels/matmul_pack.h"

#define T double
#define TYPE f64
#define quad quad_f64
#define vector vector_f64
#define TRANSPOSE transpose_f64
#include "kernels/matmul_pack.h"
