/* Small products of rows that lie along K, for one element type: included by matmul_dots.c with T, TYPE, vector, loose, places,
 * FOLD, PAIRS and COUNT defined. No guard: included twice. */

#define JOIN2(a, b) a##b
#define JOIN1(a, b) JOIN2(a, b)
#define NAME(name) JOIN1(name##_, TYPE)
#define LANES ((int64_t)(WG__VECTOR / sizeof(T)))

/* sum[r][s] += a's row r times b's row s, element by element, for one vector of ks. */
static inline __attribute__((always_inline)) void NAME(add_products)(int rows, int cols, const vector *left,
                                                                     const vector *right,
                                                                     vector sum[WG__DOTS_ROWS * WG__DOTS_COLS])
{
    UNROLL
    for (int r = 0; r < rows; r++)
        UNROLL
        for (int s = 0; s < cols; s++)
            sum[r * WG__DOTS_COLS + s] += left[r] * right[s];
}

/* With rows and cols constants all loops over them unroll, and `sum` becomes registers. */
static inline __attribute__((always_inline)) void NAME(dots)(int rows, int cols, int64_t k, const T *a, int64_t as,
                                                             const T *b, int64_t bs, T *c, int64_t cs)
{
    enum { SUMS = WG__DOTS_ROWS * WG__DOTS_COLS };
    vector sum[SUMS], left[WG__DOTS_ROWS], right[WG__DOTS_COLS];
    UNROLL
    for (int i = 0; i < SUMS; i++)
        sum[i] = (vector){ 0 };
    int64_t i = 0;
    for (; i + LANES <= k; i += LANES) {
        UNROLL
        for (int s = 0; s < cols; s++)
            right[s] = *(const loose *)(b + s * bs + i);
        UNROLL
        for (int r = 0; r < rows; r++)
            left[r] = *(const loose *)(a + r * as + i);
        NAME(add_products)(rows, cols, left, right, sum);
    }
    if (i < k) { /* the last vector, without what has been added: zeros on both sides */
        const int64_t last = k - LANES;
        const places lane = { COUNT }, keep = lane >= (int32_t)(i - last);
        UNROLL
        for (int s = 0; s < cols; s++)
            right[s] = (vector)((places) * (const loose *)(b + s * bs + last) & keep);
        UNROLL
        for (int r = 0; r < rows; r++)
            left[r] = (vector)((places) * (const loose *)(a + r * as + last) & keep);
        NAME(add_products)(rows, cols, left, right, sum);
    }
    T whole[SUMS];
    UNROLL
    for (int at = 0; at < SUMS; at += LANES)
        *(loose *)(whole + at) = FOLD((sum + at));
    UNROLL
    for (int r = 0; r < rows; r++)
        memcpy(c + r * cs, whole + r * WG__DOTS_COLS, (size_t)cols * sizeof(T));
}

#define DOTS(rows, cols)                                                                                               \
    static void NAME(dots_##rows##_##cols)(int64_t k, const T *a, int64_t as, const T *b, int64_t bs, T *c, int64_t cs) \
    {                                                                                                                  \
        NAME(dots)(rows, cols, k, a, as, b, bs, c, cs);                                                                \
    }
#define ENTRY(rows, cols) [rows - 1][cols - 1] = NAME(dots_##rows##_##cols),
#define BY_ROWS(X, cols) X(1, cols) X(2, cols) X(3, cols) X(4, cols)
#if defined __AVX512F__ || defined __aarch64__
#define ALL(X) BY_ROWS(X, 1) BY_ROWS(X, 2) BY_ROWS(X, 3) BY_ROWS(X, 4)
#else
#define ALL(X) BY_ROWS(X, 1) BY_ROWS(X, 2)
#endif

ALL(DOTS)

typedef void NAME(block)(int64_t k, const T *a, int64_t as, const T *b, int64_t bs, T *c, int64_t cs);

void WG_ISA_SYM(NAME(wg__dots_product))(int64_t m, int64_t n, int64_t k, const T *a, const T *b, T *c)
{
    static NAME(block) *const blocks[WG__DOTS_ROWS][WG__DOTS_COLS] = { ALL(ENTRY) };
    for (int64_t i = 0; i < m; i += WG__DOTS_ROWS)
        for (int64_t j = 0; j < n; j += WG__DOTS_COLS) {
            const int64_t rows = wg__least(m - i, WG__DOTS_ROWS), cols = wg__least(n - j, WG__DOTS_COLS);
            blocks[rows - 1][cols - 1](k, a + i * k, k, b + j * k, k, c + i * n + j, n);
        }
}

#undef DOTS
#undef ENTRY
#undef BY_ROWS
#undef ALL
#undef LANES
#undef NAME
#undef JOIN1
#undef JOIN2
#undef T
#undef TYPE
#undef vector
#undef loose
#undef places
#undef FOLD
#undef PAIRS
#undef COUNT
