/* Packing for one element type: included by matmul_pack.c with T, TYPE, quad, vector and TRANSPOSE defined. No guard:
 * included twice. */

#define JOIN2(a, b) a##b
#define JOIN1(a, b) JOIN2(a, b)
#define NAME(name) JOIN1(name##_, TYPE)
#define QUAD ((int64_t)(16 / sizeof(T)))

void WG_ISA_SYM(NAME(wg__pack_along))(T *dst, int64_t width, const T *src, int64_t stride, int64_t rows, int64_t k)
{
    if (rows < width)
        memset(dst, 0, (size_t)(k * width) * sizeof(T));
    int64_t whole = rows < QUAD ? 0 : k - k % QUAD;
    /* squares of QUAD lines by QUAD ks; the last lines overlap the ones before where they do not fill a square */
    for (int64_t at = 0; whole && at < rows; at += QUAD) {
        int64_t r = at + QUAD <= rows ? at : rows - QUAD;
        const T *from = src + r * stride;
        T *to = dst + r;
        for (int64_t i = 0; i < whole; i += QUAD, from += QUAD, to += QUAD * width)
            TRANSPOSE(to, width, from, stride);
    }
    for (int64_t i = whole; i < k; i++)
        for (int64_t r = 0; r < rows; r++)
            dst[i * width + r] = src[r * stride + i];
}

static inline __attribute__((always_inline)) void NAME(copy)(int vectors, T *dst, const T *src, int64_t stride,
                                                             int64_t k)
{
    const int64_t lanes = WG__VECTOR / sizeof(T);
    for (int64_t i = 0; i < k; i++, src += stride, dst += vectors * lanes)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++)
            *(vector *)(dst + v * lanes) = *(const vector *)(src + v * lanes);
}

void WG_ISA_SYM(NAME(wg__pack_across))(T *dst, int64_t width, const T *src, int64_t stride, int64_t rows, int64_t k)
{
    switch (rows == width ? rows * (int64_t)sizeof(T) : 0) { /* most are whole panels */
    case 1 * WG__VECTOR:
        NAME(copy)(1, dst, src, stride, k);
        return;
    case 2 * WG__VECTOR:
        NAME(copy)(2, dst, src, stride, k);
        return;
    case 3 * WG__VECTOR:
        NAME(copy)(3, dst, src, stride, k);
        return;
    default:
        break;
    }
    if (rows < width)
        memset(dst, 0, (size_t)(k * width) * sizeof(T));
    for (int64_t i = 0; i < k; i++, src += stride, dst += width) {
        int64_t r = 0;
        for (; r + QUAD <= rows; r += QUAD)
            *(quad *)(dst + r) = *(const quad *)(src + r);
        for (; r < rows; r++)
            dst[r] = src[r];
    }
}

#undef QUAD
#undef NAME
#undef JOIN1
#undef JOIN2
#undef T
#undef TYPE
#undef quad
#undef vector
#undef TRANSPOSE
