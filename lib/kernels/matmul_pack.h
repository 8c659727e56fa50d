/* Packing of T into cells of as many bytes, each of CELL ks: included with T, CELL, FORM, quad, vector, TURN, and EVEN and ODD, or
 * JOIN_HALVES and TURN_HALVES, defined, and what makes cells:
 *
 * ALONG_VECTOR, ALONG_QUAD (from): neighbouring cells of a line, whose ks are neighbours from there on.
 * ACROSS_VECTOR, ACROSS_QUAD (from, stride): a cell of each of neighbouring lines; its ks are `stride` apart.
 * ONE (from, stride): one cell. LAST (from): of the last k alone, where their number is odd.
 *
 * No guard: included several times. */

#define JOIN2(a, b) a##b
#define JOIN1(a, b) JOIN2(a, b)
#define NAME(name) JOIN1(name##_, FORM)
#define QUAD ((int64_t)(16 / sizeof(T)))

#define LANES ((int64_t)(WG__VECTOR / sizeof(T)))

/* to[i * width + r] = r < rows ? cell i from from[r * stride] on : 0 for i, r < LANES. Meanwhile what lies a panel further on is
 * fetched into the second cache. */
#ifdef BY_HALVES

/* QUAD ks at a time: the first half of vector r is of line r, the second of line r + QUAD, and each half's matrix of
 * QUAD lines and ks is transposed where it is. */
static inline __attribute__((always_inline)) void NAME(square)(T *to, int64_t width, const T *from, int64_t stride,
                                                               int64_t rows)
{
    const quad none = { 0 };
    UNROLL
    for (int r = 0; r < LANES; r++)
        __builtin_prefetch(from + (r + width) * stride, 0, 2);
    UNROLL
    for (int i = 0; i < LANES; i += QUAD) {
        vector x[16 / sizeof(T)];
        UNROLL
        for (int r = 0; r < QUAD; r++) {
            const quad low = r < rows ? ALONG_QUAD(from + r * stride + i * CELL) : none;
            const quad high = r + QUAD < rows ? ALONG_QUAD(from + (r + QUAD) * stride + i * CELL) : none;
            x[r] = JOIN_HALVES(low, high);
        }
        TURN_HALVES(x);
        UNROLL
        for (int r = 0; r < QUAD; r++)
            *(vector *)(to + (i + r) * width) = x[r];
    }
}

#else

/* Lines and ks change places when, as often as LANES can be halved, the even elements of neighbouring vectors go to the
 * first half and the odd ones to the second. */
static inline __attribute__((always_inline)) void NAME(square)(T *to, int64_t width, const T *from, int64_t stride,
                                                               int64_t rows)
{
    vector x[WG__VECTOR / sizeof(T)], y[WG__VECTOR / sizeof(T)];
    UNROLL
    for (int r = 0; r < LANES; r++) {
        x[r] = r < rows ? ALONG_VECTOR(from + r * stride) : (vector){ 0 };
        UNROLL
        for (int line = 0; line < CELL; line++)
            __builtin_prefetch(from + (r + width) * stride + line * LANES, 0, 2);
    }
    UNROLL
    for (int halves = LANES; halves > 1; halves /= 2) {
        UNROLL
        for (int r = 0; r < LANES / 2; r++) {
            y[r] = EVEN(x[2 * r], x[2 * r + 1]);
            y[r + LANES / 2] = ODD(x[2 * r], x[2 * r + 1]);
        }
        UNROLL
        for (int r = 0; r < LANES; r++)
            x[r] = y[r];
    }
    UNROLL
    for (int r = 0; r < LANES; r++)
        *(vector *)(to + r * width) = x[r];
}

#endif

/* Functions of their own: both inlined into one loop were slower by a fifth. */
static void NAME(whole_square)(T *to, int64_t width, const T *from, int64_t stride)
{
    NAME(square)(to, width, from, stride, LANES);
}

static void NAME(part_square)(T *to, int64_t width, const T *from, int64_t stride, int64_t rows)
{
    NAME(square)(to, width, from, stride, rows);
}

/* Lines `first` .. rows-1, cells begin .. end-1, in squares of QUAD; the last lines overlap the ones before where they do
 * not fill a square. */
static void NAME(lines)(T *dst, int64_t width, const T *src, int64_t stride, int64_t first, int64_t rows, int64_t begin,
                        int64_t end)
{
    const int64_t whole = rows < QUAD ? begin : end - (end - begin) % QUAD;
    for (int64_t at = first; begin < whole && at < rows; at += QUAD) {
        const int64_t r = at + QUAD <= rows ? at : rows - QUAD;
        const T *from = src + r * stride + begin * CELL;
        T *to = dst + begin * width + r;
        for (int64_t i = begin; i < whole; i += QUAD, from += QUAD * CELL, to += QUAD * width) {
            quad x[16 / sizeof(T)];
            UNROLL
            for (int line = 0; line < QUAD; line++)
                x[line] = ALONG_QUAD(from + line * stride);
            UNROLL
            for (int line = 0; line < QUAD && CELL > 1; line++) /* the next ones; f32 as it is gains nothing by it */
                __builtin_prefetch(from + (QUAD + line) * stride, 0, 2);
            TURN(x);
            UNROLL
            for (int cell = 0; cell < QUAD; cell++)
                *(quad *)(to + cell * width) = x[cell];
        }
    }
    for (int64_t i = whole; i < end; i++)
        for (int64_t r = first; r < rows; r++)
            dst[i * width + r] = ONE(src + r * stride + i * CELL, 1);
}

/* The cell of an odd last k, in lines `step` apart. */
static void NAME(last)(T *dst, int64_t width, const T *src, int64_t step, int64_t rows)
{
    for (int64_t r = 0; r < width; r++)
        dst[r] = r < rows ? LAST(src + r * step) : 0;
}

void WG_ISA_SYM(NAME(wg__pack_along))(T *dst, int64_t width, const T *src, int64_t stride, int64_t rows, int64_t k)
{
    const bool panel = width % LANES == 0; /* else a tile, which is as wide as it has rows */
    const int64_t cells = k / CELL;
    const int64_t full = rows - rows % LANES, whole = panel || full ? cells - cells % LANES : 0;
    for (int64_t i = 0; i < whole; i += LANES) {
        for (int64_t r = 0; r < full; r += LANES)
            NAME(whole_square)(dst + i * width + r, width, src + r * stride + i * CELL, stride);
        for (int64_t r = full; panel && r < width; r += LANES)
            NAME(part_square)(dst + i * width + r, width, src + r * stride + i * CELL, stride, rows - r);
        if (!panel && full < rows)
            NAME(lines)(dst, width, src, stride, full, rows, i, i + LANES);
    }
    if (rows < width)
        memset(dst + whole * width, 0, (size_t)((cells - whole) * width) * sizeof(T));
    NAME(lines)(dst, width, src, stride, 0, rows, whole, cells);
    if (k % CELL)
        NAME(last)(dst + cells * width, width, src + k - 1, stride, rows);
}

static inline __attribute__((always_inline)) void NAME(copy)(int vectors, T *dst, const T *src, int64_t stride,
                                                             int64_t cells)
{
    for (int64_t i = 0; i < cells; i++, src += CELL * stride, dst += vectors * LANES)
        UNROLL
        for (int v = 0; v < vectors; v++) {
            UNROLL
            for (int k = 0; k < CELL; k++)
                __builtin_prefetch(src + (WG__PACK_AHEAD + k) * stride + v * LANES, 0, 2);
            *(vector *)(dst + v * LANES) = ACROSS_VECTOR(src + v * LANES, stride);
        }
}

/* The same for `rows` lines that make so many quads, of which the last may overlap the one before. */
static inline __attribute__((always_inline)) void NAME(copy_quads)(int quads, T *dst, const T *src, int64_t stride,
                                                                   int64_t rows, int64_t cells)
{
    for (int64_t i = 0; i < cells; i++, src += CELL * stride, dst += rows) {
        UNROLL
        for (int k = 0; k < CELL; k++)
            __builtin_prefetch(src + (WG__PACK_AHEAD + k) * stride, 0, 2);
        UNROLL
        for (int q = 0; q + 1 < quads; q++)
            *(quad *)(dst + q * QUAD) = ACROSS_QUAD(src + q * QUAD, stride);
        *(quad *)(dst + rows - QUAD) = ACROSS_QUAD(src + rows - QUAD, stride);
    }
}

static void NAME(across)(T *dst, int64_t width, const T *src, int64_t stride, int64_t rows, int64_t cells)
{
    switch (rows == width ? rows * (int64_t)sizeof(T) : 0) { /* most are whole panels */
    case 1 * WG__VECTOR:
        NAME(copy)(1, dst, src, stride, cells);
        return;
    case 2 * WG__VECTOR:
        NAME(copy)(2, dst, src, stride, cells);
        return;
    case 3 * WG__VECTOR:
        NAME(copy)(3, dst, src, stride, cells);
        return;
    default:
        break;
    }
    switch (rows == width ? (rows + QUAD - 1) / QUAD : 0) { /* or tiles */
    case 2:
        NAME(copy_quads)(2, dst, src, stride, rows, cells);
        return;
    case 3:
        NAME(copy_quads)(3, dst, src, stride, rows, cells);
        return;
    case 4:
        NAME(copy_quads)(4, dst, src, stride, rows, cells);
        return;
    case 5:
        NAME(copy_quads)(5, dst, src, stride, rows, cells);
        return;
    case 6:
        NAME(copy_quads)(6, dst, src, stride, rows, cells);
        return;
    default:
        break;
    }
    if (rows < width)
        memset(dst, 0, (size_t)(cells * width) * sizeof(T));
    for (int64_t i = 0; i < cells; i++, src += CELL * stride, dst += width) {
        int64_t r = 0;
        for (; r + QUAD <= rows; r += QUAD)
            *(quad *)(dst + r) = ACROSS_QUAD(src + r, stride);
        for (; r < rows; r++)
            dst[r] = ONE(src + r, stride);
    }
}

void WG_ISA_SYM(NAME(wg__pack_across))(T *dst, int64_t width, const T *src, int64_t stride, int64_t rows, int64_t k)
{
    NAME(across)(dst, width, src, stride, rows, k / CELL);
    if (k % CELL)
        NAME(last)(dst + k / CELL * width, width, src + (k - 1) * stride, 1, rows);
}

#undef LANES
#undef QUAD
#undef NAME
#undef JOIN1
#undef JOIN2
#undef T
#undef CELL
#undef FORM
#undef quad
#undef vector
#undef TURN
#undef EVEN
#undef ODD
#undef JOIN_HALVES
#undef TURN_HALVES
