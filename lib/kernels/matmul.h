/* Matrix products C = op(A) op(B), row-major, f32 and f64, in stages over ranges of units.
 *
 * C is cut into tiles of a few rows by a few vectors of columns, whose sums stay in registers while the kernel walks
 * along K (Goto and van de Geijn 2008, "Anatomy of high-performance matrix multiplication"). Operands are brought
 * into the order in which the tile kernel reads them:
 *
 *   packed A: for each block of K, tile after tile, k after k, the tile's rows        (k blocks, tiles, kc, rows)
 *   packed B: for each block of K, panel after panel, k after k, the panel's columns  (k blocks, panels, kc, width)
 *
 * The smaller operand is packed whole into scratch that all units share; the larger is cut into blocks, each packed
 * by the one unit that multiplies it, into the worker's own memory. Operands that are read but once or twice stay as
 * they are. Where C is too small to keep the cores busy, K is cut too, and the partial products are added in order
 * of K. Panels are padded with zeros to whole vectors.
 *
 * Where C is so narrow that its rows would leave lanes empty, or B would have to be turned for a few rows of A, its elements are
 * made as scalar products along K instead.
 *
 * Where f32 may be rounded to bf16 (wg_set_matmul_precision) and the processor multiplies pairs of bf16, both operands are
 * packed, and rounded meanwhile: two neighbouring ks lie side by side in the place of one f32, and the last one of an odd
 * number beside a zero. Such a place is a cell. Whatever counts ks of packed operands counts cells; everything else stays.
 *
 * All cuts depend on the shapes, how operands are stored, the precision and the instruction set: the bits are the same for any
 * number of threads.
 */
#ifndef WG_KERNELS_MATMUL_H
#define WG_KERNELS_MATMUL_H

#include <stdint.h>

#include "kernels/isa.h"
#include "kernels/unroll.h"

enum { WG__BATCH_RANK = WG_MAX_RANK - 2 };

/* How an operand reaches the tile kernel: as it is, packed by a stage before, packed by the unit. */
enum { WG__DIRECT, WG__SHARED, WG__LOCAL };
enum { WG__BY_TILES, WG__BY_VECTOR, WG__BY_DOTS };

/* A product of concrete shapes, and how it is cut: what `lower` leaves for the kernels. Matrix i of a batch lies at
 * i m k, i k n and i m n; a batch dimension that is broadcast has step 0. */
typedef struct wg__product {
    int64_t m, n, k;
    int64_t batch_dim[WG__BATCH_RANK];
    int64_t batch_a[WG__BATCH_RANK], batch_b[WG__BATCH_RANK]; /* steps, in matrices */
    int64_t batch, own_a, own_b;            /* matrices in C, in A, in B */
    int64_t partials;                       /* where in scratch the splits' products begin, in elements */
    int64_t buffer;                         /* where in a worker's memory a transposed block of C begins, in elements */
    int32_t batch_rank;
    uint8_t transpose_a, transpose_b;       /* stored (k, m); stored (n, k) */
    uint8_t a, b;                           /* WG__DIRECT, .. */
    uint8_t method;                         /* WG__BY_TILES, .. */
    uint8_t swap;                           /* the product is C's transpose: A is operand 1, B operand 0 */
    uint8_t by_rows;                        /* blocks cut the rows of C, else its columns */
    uint8_t width;                          /* of a panel, in vectors */
    uint8_t cell;                           /* ks in an element of the packed operands: 1, or 2 of bf16 */
    int32_t k_blocks, splits;               /* the splits share the k blocks out among them */
    int32_t tiles, panels, blocks;          /* tiles of rows; panels of columns; blocks a matrix, of tiles or panels */
    int32_t chunk;                          /* tiles that all panels pass by before the next ones */
} wg__product;
_Static_assert(sizeof(wg__product) <= WG_PARAMS_MAX, "a product fits in what lower may leave");

static inline int64_t wg__least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Part i of n parts of `total`, as equal as can be, begins here. Small products, all of one part, do without the division. */
static inline int64_t wg__part(int64_t total, int64_t i, int64_t n)
{
    return n == 1 ? total * i : total * i / n;
}

static inline int64_t wg__most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

#ifdef WG_ISA

/* WG__STRIP: bytes of a row of B that one unit reads, at least, where A is a single row. Shorter pieces, each in a page of its
 * own, are not fetched ahead by the processor; those with AVX-512 do well with half. */
#if defined __AVX512F__
enum { WG__TILE_MAX = 24, WG__STRIP = 512 };
#define WG__TILE_ROWS { 24, 12, 8 } /* the most rows by 1, 2, 3 vectors: 24 of 32 registers hold sums */
#elif defined __AVX2__
enum { WG__TILE_MAX = 12, WG__STRIP = 1024 };
#define WG__TILE_ROWS { 12, 6, 4 } /* 12 of 16 */
#elif defined __aarch64__
enum { WG__TILE_MAX = 24, WG__STRIP = 1024 };
#define WG__TILE_ROWS { 24, 12, 8 }
#else
enum { WG__TILE_MAX = 12, WG__STRIP = 1024 };
#define WG__TILE_ROWS { 12, 6, 4 }
#endif

/* Rows of a and of b that scalar products are made of side by side; multiplications of vectors in the time in which a sum's lanes
 * are added up, for which AVX2 is slow to move elements between halves. */
#if defined __AVX512F__ || defined __aarch64__
enum { WG__DOTS_ROWS = 4, WG__DOTS_COLS = 4, WG__DOTS_FOLD = 6 };
#elif defined __AVX2__
enum { WG__DOTS_ROWS = 4, WG__DOTS_COLS = 2, WG__DOTS_FOLD = 20 };
#else
enum { WG__DOTS_ROWS = 4, WG__DOTS_COLS = 2, WG__DOTS_FOLD = 6 };
#endif

/* For each element type, each name ending in type and instruction set:
 *
 * wg__tiles[k neighbours][rows - 1][width - 1]: one tile, c (rows, cols) = or += the sum over k of a's column k
 * times b's row k. `b` holds whole vectors, `width` of them, of which the last may reach beyond cols. `as` steps a
 * by one k in the first table (its rows are neighbours), by one row in the second (its ks are); `bs` steps b by one
 * k, `cs` c by one row. Meanwhile k vectors from `ahead` on, `ahead_step` apart, be they memory or not, are fetched into the
 * second cache; b itself where nothing is wanted.
 *
 * wg__spread_tiles[rows - 1]: the same of two whole vectors and of A packed, with row i of B at b + offset[i].
 *
 * wg__vector_product: y (n) = x (k) B for the columns begin .. end-1, B as p says.
 *
 * wg__dots_product: c (m, n) = the scalar products of a's rows (m, k) and b's (n, k), for k of a vector or more.
 *
 * wg__pack_along, wg__pack_across: `rows` lines into interleaved order, dst[k * width + r] = r < rows ? line r's
 * element k : 0. Along: neighbouring ks of a line are neighbours, and lines `stride` apart. Across: lines are, and
 * ks are `stride` apart.
 *
 * wg__matmul_multiply, _pack, _combine: the stages, kernels 0, 1 and 2 of the operator. */
#define WG__MATMUL_TYPE(T, type)                                                                                       \
    typedef void wg__tile_##type(int64_t k, const T *a, int64_t as, const T *b, int64_t bs, const T *ahead,            \
                                 int64_t ahead_step, T *c, int64_t cs, int64_t cols, int add);                         \
    extern wg__tile_##type *const WG_ISA_SYM(wg__tiles_##type)[2][WG__TILE_MAX][3];                                    \
    typedef void wg__spread_tile_##type(int64_t k, const T *a, const T *b, const int64_t *offset, T *c, int64_t cs,    \
                                        int add);                                                                      \
    extern wg__spread_tile_##type *const WG_ISA_SYM(wg__spread_tiles_##type)[WG__TILE_MAX / 2];                        \
    void WG_ISA_SYM(wg__vector_product_##type)(const wg__product *p, const T *x, const T *b, T *y, int64_t begin,      \
                                               int64_t end);                                                           \
    void WG_ISA_SYM(wg__dots_product_##type)(int64_t m, int64_t n, int64_t k, const T *a, const T *b, T *c);             \
    void WG_ISA_SYM(wg__pack_along_##type)(T *dst, int64_t width, const T *src, int64_t stride, int64_t rows,          \
                                           int64_t k);                                                                 \
    void WG_ISA_SYM(wg__pack_across_##type)(T *dst, int64_t width, const T *src, int64_t stride, int64_t rows,         \
                                            int64_t k);                                                                \
    wg_status WG_ISA_SYM(wg__matmul_multiply_##type)(const wg_call *, int64_t begin, int64_t end);                     \
    wg_status WG_ISA_SYM(wg__matmul_pack_##type)(const wg_call *, int64_t begin, int64_t end);                         \
    wg_status WG_ISA_SYM(wg__matmul_combine_##type)(const wg_call *, int64_t begin, int64_t end)
WG__MATMUL_TYPE(float, f32);
WG__MATMUL_TYPE(double, f64);
#undef WG__MATMUL_TYPE

/* The same of f32 rounded to bf16, for instruction sets that come with such instructions: a and b are cells, and the tiles' k, as
 * and bs count them. Packing reads f32, and its k counts ks. */
extern wg__tile_f32 *const WG_ISA_SYM(wg__tiles_bf16)[1][WG__TILE_MAX][3];
void WG_ISA_SYM(wg__pack_along_bf16)(float *dst, int64_t width, const float *src, int64_t stride, int64_t rows, int64_t k);
void WG_ISA_SYM(wg__pack_across_bf16)(float *dst, int64_t width, const float *src, int64_t stride, int64_t rows, int64_t k);

/* The same product seen as that of its transpose, op(B)' op(A)'. */
static inline void wg__product_swap(wg__product *p)
{
    const wg__product q = *p;
    p->swap = !q.swap;
    p->m = q.n;
    p->n = q.m;
    p->transpose_a = !q.transpose_b;
    p->transpose_b = !q.transpose_a;
    p->own_a = q.own_b;
    p->own_b = q.own_a;
    for (int i = 0; i < q.batch_rank; i++) {
        p->batch_a[i] = q.batch_b[i];
        p->batch_b[i] = q.batch_a[i];
    }
}

/* Decides how to cut the product whose sizes and batch are set, and declares its stages. */
wg_status WG_ISA_SYM(wg__matmul_cut)(wg__product *, wg_lowering *, size_t element);

#endif
#endif
