/* Products of f32 that is rounded to bf16, by AVX512_BF16: packing, which rounds, and the tiles. What else there is to a product
 * it shares with f32: see matmul_stage.h. */
#include <immintrin.h>
#include <string.h>

#include "kernels/matmul_lanes.h"

#ifdef __AVX512BF16__

/* What is nearest to infinity, but finite, would become infinite. */
static inline __m512 stay_finite(__m512 x)
{
    const __m512 largest = _mm512_set1_ps(0x1.fep127f);
    enum { NEARER_TO_ZERO = 2 }; /* and the sign of the first operand */
    const __mmask16 finite = _mm512_cmp_ps_mask(_mm512_abs_ps(x), _mm512_set1_ps(__builtin_inff()), _CMP_LT_OQ);
    return _mm512_mask_range_ps(x, finite, x, largest, NEARER_TO_ZERO);
}

/* All of `low`, then all of `high`. */
static inline __m512i rounded(__m512 low, __m512 high)
{
    return (__m512i)_mm512_cvtne2ps_pbh(stay_finite(high), stay_finite(low));
}

/* Element i of `first` and of `second` side by side. */
static inline __m512i side_by_side(__m512 first, __m512 second)
{
    const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5,
                                           20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return _mm512_permutexvar_epi16(order, rounded(first, second));
}

/* The first n elements, and zeros. */
static inline __m512 some(const float *from, int n)
{
    return _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), from);
}

static inline wg__quad_f32 eight_rounded(const float *from)
{
    const __m512 x = stay_finite(_mm512_zextps256_ps512(_mm256_loadu_ps(from)));
    return (wg__quad_f32)_mm256_cvtneps_pbh(_mm512_castps512_ps256(x));
}

static inline wg__quad_f32 quad_of(__m512i cells)
{
    return (wg__quad_f32)_mm512_castsi512_si128(cells);
}

#define ALONG_VECTOR(from) ((vector)rounded(_mm512_loadu_ps(from), _mm512_loadu_ps((from) + LANES)))
#define ALONG_QUAD(from) eight_rounded(from)
#define ACROSS_VECTOR(from, stride) ((vector)side_by_side(_mm512_loadu_ps(from), _mm512_loadu_ps((from) + (stride))))
#define ACROSS_QUAD(from, stride) quad_of(side_by_side(some(from, 4), some((from) + (stride), 4)))
#define ONE(from, stride) (quad_of(side_by_side(some(from, 1), some((from) + (stride), 1)))[0])
#define LAST(from) (quad_of(rounded(some(from, 1), _mm512_setzero_ps()))[0])

#define T float
#define CELL 2
#define FORM bf16
#define quad wg__quad_f32
#define vector loose_f32
#define TURN wg__turn_f32
#define EVEN(a, b) WG_SHUFFLE(a, b, places_f32, F32(EVEN))
#define ODD(a, b) WG_SHUFFLE(a, b, places_f32, F32(ODD))
#include "kernels/matmul_pack.h"

#define ADD_PRODUCT(sum, left, right) \
    ((vector)_mm512_dpbf16_ps((__m512)(sum), (__m512bh)_mm512_set1_ps(left), (__m512bh)(right)))

#define T float
#define CELL 2
#define FORM bf16
#define vector vector_f32
#define loose loose_f32
#include "kernels/matmul_tile.h"

#endif
