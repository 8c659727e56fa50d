/* One row times a matrix for one element type: included by matmul_tile.c with T, TYPE, vector and
 * loose defined. No guard: included twice. */

#define JOIN2(a, b) a##b
#define JOIN1(a, b) JOIN2(a, b)
#define NAME(name) JOIN1(name##_, TYPE)
#define LANES ((int64_t)(WG__VECTOR / sizeof(T)))

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
