/* The tile kernels for one element type: included by matmul_tile.c with T, TYPE defined. No guard: included twice. */

#define JOIN2(a, b) a##b
#define JOIN1(a, b) JOIN2(a, b)
#define NAME(name) JOIN1(name##_, TYPE)
#define vector NAME(vector)
#define loose NAME(loose)
#define LANES ((int64_t)(WG__VECTOR / sizeof(T)))

typedef T vector __attribute__((vector_size(WG__VECTOR)));
typedef T loose __attribute__((vector_size(WG__VECTOR), aligned(sizeof(T)), may_alias)); /* in memory, anywhere */

/* A tile whose last vector is only partly in C goes by way of a buffer. Where C is no wider than the tile, a row may be
 * copied in steps of 16 bytes that run over into the next, which comes later. */
static void NAME(put_part)(const T *tile, int rows, int64_t width, T *c, int64_t cs, int64_t cols, int add)
{
    const int64_t quad = (int64_t)(16 / sizeof(T));
    for (int r = 0; r < rows; r++, tile += width, c += cs) {
        int64_t j = 0;
        if (add) {
            for (; j < cols; j++)
                c[j] += tile[j];
            continue;
        }
        const int64_t room = cs == cols ? (rows - r) * cols : cols;
        for (; j < cols && j + quad <= room; j += quad)
            memcpy(c + j, tile + j, 16);
        for (; j < cols; j++)
            c[j] = tile[j];
    }
}

/* With rows, width and k_near constants all loops over them unroll, and `sum` becomes registers. Row i of B is at b + offset[i],
 * or, where that is NULL, at b + i * bs. */
static inline __attribute__((always_inline)) void
NAME(tile)(int rows, int width, int k_near, int64_t k, const T *a, int64_t as, const T *b, int64_t bs,
           const int64_t *offset, const T *ahead, int64_t ahead_step, T *c, int64_t cs, int64_t cols, int add)
{
    vector sum[WG__TILE_MAX][3];
    UNROLL
    for (int r = 0; r < rows; r++)
        UNROLL
        for (int v = 0; v < width; v++)
            sum[r][v] = (vector){ 0 };

    UNROLL
    for (int r = 0; r < rows; r++) /* C is on its way while the sums are made */
        __builtin_prefetch(c + r * cs, 1);

    const int64_t row_step = k_near ? as : 1, k_step = k_near ? 1 : as;
    for (int64_t i = 0; i < k; i++, a += k_step, b += bs, ahead += ahead_step) {
        vector right[3];
        const T *row = offset ? b + offset[i] : b;
        if (!offset)
            __builtin_prefetch(ahead, 0, 2);
        UNROLL
        for (int v = 0; v < width; v++)
            right[v] = *(const loose *)(row + v * LANES);
        UNROLL
        for (int r = 0; r < rows; r++) {
            T left = a[r * row_step];
            UNROLL
            for (int v = 0; v < width; v++)
                sum[r][v] += left * right[v];
        }
    }

    if (cols < width * LANES) {
        T whole[WG__TILE_MAX * LANES]; /* as many as a tile has, whatever its width */
        UNROLL
        for (int r = 0; r < rows; r++)
            UNROLL
            for (int v = 0; v < width; v++)
                *(loose *)(whole + (r * width + v) * LANES) = sum[r][v];
        NAME(put_part)(whole, rows, width * LANES, c, cs, cols, add);
        return;
    }
    UNROLL
    for (int r = 0; r < rows; r++, c += cs)
        UNROLL
        for (int v = 0; v < width; v++) {
            loose *to = (loose *)(c + v * LANES);
            *to = add ? (vector)*to + sum[r][v] : sum[r][v];
        }
}

#define TILE(near, rows, width)                                                                                        \
    static void NAME(tile_##near##_##rows##_##width)(int64_t k, const T *a, int64_t as, const T *b, int64_t bs,        \
                                                     const T *ahead, int64_t ahead_step, T *c, int64_t cs,             \
                                                     int64_t cols, int add)                                            \
    {                                                                                                                  \
        NAME(tile)(rows, width, near, k, a, as, b, bs, NULL, ahead, ahead_step, c, cs, cols, add);                     \
    }
#define ENTRY(near, rows, width) [near][rows - 1][width - 1] = NAME(tile_##near##_##rows##_##width),

#define WIDTHS_1(X, near, rows) X(near, rows, 1)
#define WIDTHS_2(X, near, rows) X(near, rows, 1) X(near, rows, 2)
#define WIDTHS_3(X, near, rows) X(near, rows, 1) X(near, rows, 2) X(near, rows, 3)
#define FOUR(X, near, WIDTHS, a, b, c, d) WIDTHS(X, near, a) WIDTHS(X, near, b) WIDTHS(X, near, c) WIDTHS(X, near, d)
/* as many as WG__TILE_ROWS promises */
#define FEW(X, near)                                                                                                   \
    FOUR(X, near, WIDTHS_3, 1, 2, 3, 4) WIDTHS_2(X, near, 5) WIDTHS_2(X, near, 6) WIDTHS_1(X, near, 7)                 \
    WIDTHS_1(X, near, 8) FOUR(X, near, WIDTHS_1, 9, 10, 11, 12)
#define MANY(X, near)                                                                                                  \
    FOUR(X, near, WIDTHS_3, 1, 2, 3, 4) FOUR(X, near, WIDTHS_3, 5, 6, 7, 8) FOUR(X, near, WIDTHS_2, 9, 10, 11, 12)     \
    FOUR(X, near, WIDTHS_1, 13, 14, 15, 16) FOUR(X, near, WIDTHS_1, 17, 18, 19, 20)                                    \
    FOUR(X, near, WIDTHS_1, 21, 22, 23, 24)
#define SPREAD(rows)                                                                                                   \
    static void NAME(spread_tile_##rows)(int64_t k, const T *a, const T *b, const int64_t *offset, T *c, int64_t cs,   \
                                         int add)                                                                      \
    {                                                                                                                  \
        NAME(tile)(rows, 2, 0, k, a, rows, b, 0, offset, b, 0, c, cs, 2 * LANES, add);                                 \
    }
#define SPREAD_ENTRY(rows) [rows - 1] = NAME(spread_tile_##rows),
#define UP_TO_6(X) X(1) X(2) X(3) X(4) X(5) X(6)
#if defined __AVX512F__ || defined __aarch64__
#define ALL(X) MANY(X, 0) MANY(X, 1)
#define ALL_SPREAD(X) UP_TO_6(X) X(7) X(8) X(9) X(10) X(11) X(12)
#else
#define ALL(X) FEW(X, 0) FEW(X, 1)
#define ALL_SPREAD(X) UP_TO_6(X)
#endif

ALL(TILE)
ALL_SPREAD(SPREAD)

NAME(wg__tile) *const WG_ISA_SYM(NAME(wg__tiles))[2][WG__TILE_MAX][3] = { ALL(ENTRY) };
NAME(wg__spread_tile) *const WG_ISA_SYM(NAME(wg__spread_tiles))[WG__TILE_MAX / 2] = { ALL_SPREAD(SPREAD_ENTRY) };

#undef ALL_SPREAD
#undef SPREAD
#undef SPREAD_ENTRY
#undef UP_TO_6
#undef TILE
#undef ENTRY
#undef ALL
#undef MANY
#undef FEW
#undef FOUR
#undef WIDTHS_1
#undef WIDTHS_2
#undef WIDTHS_3

/* ---- one row times a matrix ---- */

static T NAME(lane_sum)(vector v)
{
    T sum = 0;
    for (int64_t i = 0; i < LANES; i++)
        sum += v[i];
    return sum;
}

/* `vectors` vectors of columns of B stored (k, n); few of them have `chains` sums each, so that none waits for the
 * last. */
static inline __attribute__((always_inline)) void NAME(row_sums)(int vectors, int chains, int64_t k, const T *x,
                                                                 const T *b, int64_t n, T *y)
{
    vector sum[4][8] = { 0 };
    int64_t i = 0;
    for (; i + chains <= k; i += chains)
        UNROLL
        for (int u = 0; u < chains; u++)
            UNROLL
            for (int v = 0; v < vectors; v++)
                sum[u][v] += x[i + u] * *(const loose *)(b + (i + u) * n + v * LANES);
    for (; i < k; i++)
        UNROLL
        for (int v = 0; v < vectors; v++)
            sum[0][v] += x[i] * *(const loose *)(b + i * n + v * LANES);
    UNROLL
    for (int v = 0; v < vectors; v++)
        *(loose *)(y + v * LANES) =
            chains == 4 ? (sum[0][v] + sum[1][v]) + (sum[2][v] + sum[3][v]) : sum[0][v];
}

/* y += x B for `rows` <= 8 rows, an even number or one, of so many vectors: B is read in the order in which it lies. */
static inline __attribute__((always_inline)) void NAME(add_rows)(int rows, int64_t vectors, const T *x, const T *b,
                                                                 int64_t n, T *y)
{
    vector left[8]; /* read once: for all that is known here, y may be x */
    UNROLL
    for (int r = 0; r < rows; r++)
        left[r] = (vector){ 0 } + x[r];
    for (int64_t v = 0; v < vectors; v++, b += LANES, y += LANES) {
        vector even = *(loose *)y, odd = { 0 };
        UNROLL
        for (int r = 0; r < rows; r += 2) {
            even += left[r] * *(const loose *)(b + r * n);
            if (r + 1 < rows)
                odd += left[r + 1] * *(const loose *)(b + (r + 1) * n);
        }
        *(loose *)y = even + odd;
    }
}

/* Many columns: all of them for a few rows at a time. Fewer: eight vectors of them at a time, so that each line of B is read
 * in one piece; the last vector may overlap the one before. */
static void NAME(rows_product)(int64_t k, const T *x, const T *b, int64_t n, T *y, int64_t begin, int64_t end)
{
    enum { MANY = 16, ROWS = 8 };
    const int64_t vectors = (end - begin) / LANES;
    int64_t j = begin;
    if (vectors >= MANY) {
        memset(y + j, 0, (size_t)(vectors * LANES) * sizeof(T));
        int64_t i = 0;
        for (; i + ROWS <= k; i += ROWS)
            NAME(add_rows)(ROWS, vectors, x + i, b + i * n + j, n, y + j);
        for (; i < k; i++)
            NAME(add_rows)(1, vectors, x + i, b + i * n + j, n, y + j);
        j += vectors * LANES;
    }
    for (; j + 8 * LANES <= end; j += 8 * LANES)
        NAME(row_sums)(8, 1, k, x, b + j, n, y + j);
    for (; j + LANES <= end; j += LANES)
        NAME(row_sums)(1, 4, k, x, b + j, n, y + j);
    if (j < end && vectors) {
        NAME(row_sums)(1, 4, k, x, b + end - LANES, n, y + end - LANES);
        return;
    }
    for (; j < end; j++) {
        T sum = 0;
        for (int64_t i = 0; i < k; i++)
            sum += x[i] * b[i * n + j];
        y[j] = sum;
    }
}

/* `columns` columns of B stored (n, k), each a scalar product. */
static inline __attribute__((always_inline)) void NAME(dots)(int columns, int64_t k, const T *x, const T *b, T *y)
{
    vector sum[4][2] = { 0 };
    T rest[4] = { 0 };
    int64_t i = 0;
    for (; i + 2 * LANES <= k; i += 2 * LANES)
        UNROLL
        for (int v = 0; v < 2; v++) {
            vector left = *(const loose *)(x + i + v * LANES);
            UNROLL
            for (int j = 0; j < columns; j++)
                sum[j][v] += left * *(const loose *)(b + j * k + i + v * LANES);
        }
    for (; i < k; i++)
        UNROLL
        for (int j = 0; j < columns; j++)
            rest[j] += x[i] * b[j * k + i];
    UNROLL
    for (int j = 0; j < columns; j++)
        y[j] = NAME(lane_sum)(sum[j][0] + sum[j][1]) + rest[j];
}

void WG_ISA_SYM(NAME(wg__vector_product))(const wg__product *p, const T *x, const T *b, T *y, int64_t begin,
                                          int64_t end)
{
    if (!p->transpose_b) {
        NAME(rows_product)(p->k, x, b, p->n, y, begin, end);
        return;
    }
    int64_t j = begin;
    for (; j + 4 <= end; j += 4)
        NAME(dots)(4, p->k, x, b + j * p->k, y + j);
    for (; j < end; j++)
        NAME(dots)(1, p->k, x, b + j * p->k, y + j);
}

#undef LANES
#undef vector
#undef loose
#undef NAME
#undef JOIN1
#undef JOIN2
#undef T
#undef TYPE
