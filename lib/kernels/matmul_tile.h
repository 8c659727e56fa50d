/* The tile kernels for one type of sums and one of packed operands: included with T, the vectors of T in registers (vector) and in
 * memory (loose), CELL and FORM defined, and ADD_PRODUCT(sum, left, right): `sum` and a vector of B times an element of A, which
 * may be cells of two ks. No guard: included several times. */

#define JOIN2(a, b) a##b
#define JOIN1(a, b) JOIN2(a, b)
#define NAME(name) JOIN1(name##_, FORM)
#define LANES ((int64_t)(WG__VECTOR / sizeof(T)))

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
                sum[r][v] = ADD_PRODUCT(sum[r][v], left, right[v]);
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
#if defined __AVX512F__ || defined __aarch64__
#define TILES(X, near) MANY(X, near)
#else
#define TILES(X, near) FEW(X, near)
#endif

#if CELL > 1 /* both operands are packed, always */

TILES(TILE, 0)

wg__tile_f32 *const WG_ISA_SYM(NAME(wg__tiles))[1][WG__TILE_MAX][3] = { TILES(ENTRY, 0) };

#else

#define SPREAD(rows)                                                                                                   \
    static void NAME(spread_tile_##rows)(int64_t k, const T *a, const T *b, const int64_t *offset, T *c, int64_t cs,   \
                                         int add)                                                                      \
    {                                                                                                                  \
        NAME(tile)(rows, 2, 0, k, a, rows, b, 0, offset, b, 0, c, cs, 2 * LANES, add);                                 \
    }
#define SPREAD_ENTRY(rows) [rows - 1] = NAME(spread_tile_##rows),
#define UP_TO_6(X) X(1) X(2) X(3) X(4) X(5) X(6)
#if defined __AVX512F__ || defined __aarch64__
#define ALL_SPREAD(X) UP_TO_6(X) X(7) X(8) X(9) X(10) X(11) X(12)
#else
#define ALL_SPREAD(X) UP_TO_6(X)
#endif

TILES(TILE, 0)
TILES(TILE, 1)
ALL_SPREAD(SPREAD)

NAME(wg__tile) *const WG_ISA_SYM(NAME(wg__tiles))[2][WG__TILE_MAX][3] = { TILES(ENTRY, 0) TILES(ENTRY, 1) };
NAME(wg__spread_tile) *const WG_ISA_SYM(NAME(wg__spread_tiles))[WG__TILE_MAX / 2] = { ALL_SPREAD(SPREAD_ENTRY) };

#undef ALL_SPREAD
#undef SPREAD
#undef SPREAD_ENTRY
#undef UP_TO_6

#endif

#undef TILE
#undef ENTRY
#undef TILES
#undef MANY
#undef FEW
#undef FOUR
#undef WIDTHS_1
#undef WIDTHS_2
#undef WIDTHS_3
#undef CELL
#undef FORM
#undef LANES
#undef vector
#undef loose
#undef NAME
#undef JOIN1
#undef JOIN2
#undef T
