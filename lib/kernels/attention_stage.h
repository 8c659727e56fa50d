/* The stages of attention for one element type: included by attention.c with T, TYPE defined. No guard: included twice. */

#define JOIN2(a, b) a##b
#define JOIN1(a, b) JOIN2(a, b)
#define NAME(name) JOIN1(name##_, TYPE)
#define SYM(name) WG_ISA_SYM(JOIN1(name##_, TYPE))
#define LANES ((int64_t)(WG__VECTOR / sizeof(T)))

/* A matrix as a tile kernel reads it: as A with its ks as neighbours or its rows, as B with its columns. */
typedef struct NAME(matrix) {
    const T *at;
    int64_t step;
} NAME(matrix);

/* c (m, n), rows `cs` apart, = or += a b. Of b, whole vectors are read. */
static void NAME(product)(NAME(matrix) a, bool k_near, NAME(matrix) b, T *c, int64_t cs, int64_t m, int64_t n,
                          int64_t k, bool add)
{
    static const int tile_rows[3] = WG__TILE_ROWS;
    const int64_t panel = 2 * LANES, tiles = (m + tile_rows[1] - 1) / tile_rows[1];
    for (int64_t j = 0; j < n; j += panel) {
        const int64_t cols = wg__least(panel, n - j), width = (cols + LANES - 1) / LANES;
        for (int64_t t = 0; t < tiles; t++) {
            const int64_t row = wg__part(m, t, tiles), rows = wg__part(m, t + 1, tiles) - row;
            SYM(wg__tiles)
            [k_near][rows - 1][width - 1](k, a.at + row * (k_near ? a.step : 1), a.step, b.at + j, b.step, b.at + j,
                                          b.step, c + row * cs + j, cs, cols, add);
        }
    }
}

static void NAME(clear)(T *x, int64_t n)
{
    if (n) /* there may be no memory at all */
        memset(x, 0, (size_t)n * sizeof *x);
}

/* Rows of `width` elements so that whole vectors may be read: they themselves, or a copy in `room` filled up with zeros. */
static NAME(matrix) NAME(padded)(const T *rows, int64_t n, int64_t width, T *room)
{
    const int64_t whole = wg__whole(width, LANES);
    if (whole == width)
        return (NAME(matrix)){ rows, width };
    SYM(wg__pack_across)(room, whole, rows, width, width, n);
    return (NAME(matrix)){ room, whole };
}

/* A block of queries, or of their results' cotangents, turned round: (width, row), filled up with zeros. */
static NAME(matrix) NAME(turned)(const T *rows, int64_t n, int64_t width, int64_t row, double scale, T *room)
{
    SYM(wg__pack_along)(room, row, rows, width, n, width);
    WG_SIMD for (int64_t i = 0; i < width * row; i++) room[i] *= (T)scale;
    return (NAME(matrix)){ room, row };
}

/* Where a block of scores lies in the whole matrix: keys k0 .. k0+keys-1, queries q0 .. q0+queries-1. */
typedef struct NAME(block) {
    int64_t q0, queries, k0, keys, row; /* row: queries in whole vectors */
    const void *mask;                   /* of this matrix */
} NAME(block);

/* scores (keys, row) = k q^T with the masks applied. `q` is scaled and turned round, `k` the block's first key. */
static void NAME(scores)(const wg__attention *p, const NAME(block) * b, NAME(matrix) q, const T *k, T *scores)
{
    NAME(product)((NAME(matrix)){ k, p->width }, true, q, scores, b->row, b->keys, b->row, p->width, false);
    for (int64_t j = 0; j < b->keys && p->mask != WG__MASK_NONE; j++) {
        const int64_t first = b->q0 * p->mask_query + (b->k0 + j) * p->mask_key;
        T *line = scores + j * b->row;
        if (p->mask == WG__MASK_BOOL)
            for (int64_t i = 0; i < b->queries; i++)
                line[i] = ((const uint8_t *)b->mask)[first + i * p->mask_query] ? line[i] : -(T)INFINITY;
        else
            for (int64_t i = 0; i < b->queries; i++)
                line[i] += ((const T *)b->mask)[first + i * p->mask_query];
    }
    for (int64_t j = 0; j < b->keys && p->causal; j++)
        for (int64_t i = 0, end = wg__least(b->queries, b->k0 + j - b->q0); i < end; i++)
            scores[j * b->row + i] = -(T)INFINITY;
}

/* Scores become exponentials below the largest so far. peak and sum (row) go on; `fade` is what earlier ones shrink by.
 * Where nothing has been attended to yet, the peak is -inf and all is 0. */
static void NAME(exponentials)(const NAME(block) * b, T *scores, T *peak, T *sum, T *fade)
{
    const int64_t row = b->row;
    T high[WG__QUERIES + LANES];
    T added[WG__QUERIES + LANES];
    for (int64_t i = 0; i < row; i++) {
        high[i] = peak[i];
        added[i] = 0;
    }
    for (int64_t j = 0; j < b->keys; j++)
        WG_SIMD for (int64_t i = 0; i < row; i++) high[i] =
            scores[j * row + i] > high[i] ? scores[j * row + i] : high[i];
    WG_SIMD for (int64_t i = 0; i < row; i++)
    {
        const T level = high[i] == -(T)INFINITY ? 0 : high[i];
        fade[i] = wg_k_exp(peak[i] - level);
        peak[i] = high[i];
        high[i] = level;
    }
    for (int64_t j = 0; j < b->keys; j++) {
        T *e = scores + j * row;
        WG_SIMD for (int64_t i = 0; i < row; i++) e[i] = wg_k_floored(e[i] - high[i]);
        WG_SIMD for (int64_t i = 0; i < row; i++)
        {
            e[i] = wg_k_exp_floored(e[i]);
            added[i] += e[i];
        }
    }
    WG_SIMD for (int64_t i = 0; i < row; i++) sum[i] = sum[i] * fade[i] + added[i];
}

/* Multiplies row i of y (rows, width) by factor[i]. */
static void NAME(scale_rows)(T *y, int64_t rows, int64_t width, const T *factor)
{
    for (int64_t i = 0; i < rows; i++)
        WG_SIMD for (int64_t j = 0; j < width; j++) y[i * width + j] *= factor[i];
}

/* One block of queries q (queries, width) against all keys: y (queries, values), logs (queries). */
static void NAME(attend)(const wg__attention *p, NAME(block) b, const T *q, const T *k, const T *v, T *y, T *logs,
                         T *room)
{
    T *turned = room, *scores = turned + p->width * b.row, *peak = scores + WG__KEYS * b.row;
    T *sum = peak + b.row, *fade = sum + b.row, *copy = fade + b.row;
    const NAME(matrix) queries = NAME(turned)(q, b.queries, p->width, b.row, p->scale, turned);
    for (int64_t i = 0; i < b.row; i++) {
        peak[i] = -(T)INFINITY;
        sum[i] = 0;
    }
    const int64_t end = keys_before(p, b.q0 + b.queries);
    if (end == 0)
        NAME(clear)(y, b.queries * p->values);
    for (b.k0 = 0; b.k0 < end; b.k0 += WG__KEYS) {
        b.keys = wg__least(WG__KEYS, end - b.k0);
        NAME(scores)(p, &b, queries, k + b.k0 * p->width, scores);
        NAME(exponentials)(&b, scores, peak, sum, fade);
        if (b.k0 > 0)
            NAME(scale_rows)(y, b.queries, p->values, fade);
        NAME(product)
        ((NAME(matrix)){ scores, b.row }, false, NAME(padded)(v + b.k0 * p->values, b.keys, p->values, copy), y,
         p->values, b.queries, p->values, b.keys, b.k0 > 0);
    }
    for (int64_t i = 0; i < b.queries; i++) { /* a sum is 0 where there was nothing to attend to */
        fade[i] = sum[i] == 0 ? 0 : 1 / sum[i];
        logs[i] = sum[i] == 0 ? 0 : peak[i] + wg_k_log(sum[i]);
    }
    NAME(scale_rows)(y, b.queries, p->values, fade);
}

wg_status SYM(wg__attend)(const wg_call *c, int64_t begin, int64_t end)
{
    const wg__attention *p = c->params;
    for (int64_t u = begin; u < end; u++) {
        /* The first block and the last, the second and the last but one, ..: under causality any two that follow each
         * other have the same work, so that equal ranges of units do too. */
        const int64_t matrix = u / p->query_blocks, turn = u % p->query_blocks;
        const int64_t at = turn % 2 ? p->query_blocks - 1 - turn / 2 : turn / 2;
        NAME(block) b = { .q0 = wg__part(p->queries, at, p->query_blocks) };
        b.queries = wg__part(p->queries, at + 1, p->query_blocks) - b.q0;
        b.row = wg__whole(b.queries, LANES);
        if (p->mask != WG__MASK_NONE)
            b.mask = (const char *)c->in[p->mask_slot] +
                     mask_of(p, c, matrix) * (int64_t)(p->mask == WG__MASK_BOOL ? 1 : sizeof(T));
        const int64_t line = matrix * p->queries + b.q0;
        NAME(attend)
        (p, b, (const T *)c->in[0] + (matrix_of(c, 0, matrix) * p->queries + b.q0) * p->width,
         (const T *)c->in[1] + matrix_of(c, 1, matrix) * p->keys * p->width,
         (const T *)c->in[2] + matrix_of(c, 2, matrix) * p->keys * p->values, (T *)c->outs[0] + line * p->values,
         (T *)c->outs[1] + line, c->local);
    }
    return WG_OK;
}

/* ---- the adjoint ---- */

/* From scores (keys, row) and the cotangents of their softmax to the softmax and the scores' cotangents, times scale. */
static void NAME(score_cotangents)(const NAME(block) * b, T *scores, T *cotangents, const T *logs, const T *sums,
                                   double scale)
{
    const T factor = (T)scale;
    for (int64_t j = 0; j < b->keys; j++) {
        T *e = scores + j * b->row, *d = cotangents + j * b->row;
        WG_SIMD for (int64_t i = 0; i < b->row; i++) e[i] = wg_k_floored(e[i] - logs[i]);
        WG_SIMD for (int64_t i = 0; i < b->row; i++)
        {
            e[i] = wg_k_exp_floored(e[i]);
            d[i] = factor * (e[i] * (d[i] - sums[i]));
        }
    }
}

/* One matrix's operands and results. */
typedef struct NAME(sides) {
    const T *q, *k, *v, *dy, *logs, *sums;
    T *dq, *dk, *dv;
    const void *mask;
} NAME(sides);

/* What one block of queries adds to dq, dk and dv by way of the keys of a split, in every splits'th block. */
static void NAME(attend_back)(const wg__attention *p, NAME(block) b, const NAME(sides) * m, int64_t split, T *room)
{
    T *turned = room, *turned_dy = turned + p->width * b.row, *scores = turned_dy + p->values * b.row;
    T *cotangents = scores + WG__KEYS * b.row, *logs = cotangents + WG__KEYS * b.row, *sums = logs + b.row;
    T *copy_q = sums + b.row, *copy_k = copy_q + WG__QUERIES * wg__whole(p->width, LANES);
    T *copy_dy = copy_k + WG__KEYS * wg__whole(p->width, LANES);
    const T *q = m->q + b.q0 * p->width, *dy = m->dy + b.q0 * p->values;
    T *dq = m->dq + b.q0 * p->width;
    const NAME(matrix) q_turned = NAME(turned)(q, b.queries, p->width, b.row, p->scale, turned);
    const NAME(matrix) dy_turned = NAME(turned)(dy, b.queries, p->values, b.row, 1, turned_dy);
    const NAME(matrix) q_rows = NAME(padded)(q, b.queries, p->width, copy_q);
    const NAME(matrix) dy_rows = NAME(padded)(dy, b.queries, p->values, copy_dy);
    for (int64_t i = 0; i < b.row; i++) {
        logs[i] = i < b.queries ? m->logs[b.q0 + i] : 0;
        sums[i] = i < b.queries ? m->sums[b.q0 + i] : 0;
    }
    const int64_t end = keys_before(p, b.q0 + b.queries);
    for (b.k0 = split * WG__KEYS; b.k0 < end; b.k0 += p->splits * WG__KEYS) {
        const T *k = m->k + b.k0 * p->width, *v = m->v + b.k0 * p->values;
        b.keys = wg__least(WG__KEYS, end - b.k0);
        NAME(scores)(p, &b, q_turned, k, scores);
        NAME(product)
        ((NAME(matrix)){ v, p->values }, true, dy_turned, cotangents, b.row, b.keys, b.row, p->values, false);
        NAME(score_cotangents)(&b, scores, cotangents, logs, sums, p->scale);
        NAME(product)
        ((NAME(matrix)){ scores, b.row }, true, dy_rows, m->dv + b.k0 * p->values, p->values, b.keys, p->values,
         b.queries, true);
        NAME(product)
        ((NAME(matrix)){ cotangents, b.row }, true, q_rows, m->dk + b.k0 * p->width, p->width, b.keys, p->width,
         b.queries, true);
        NAME(product)
        ((NAME(matrix)){ cotangents, b.row }, false, NAME(padded)(k, b.keys, p->width, copy_k), dq, p->width, b.queries,
         p->width, b.keys, true);
    }
}

wg_status SYM(wg__attend_back)(const wg_call *c, int64_t begin, int64_t end)
{
    const wg__attention *p = c->params;
    const int64_t size = p->queries * p->width;
    for (int64_t u = begin; u < end; u++) {
        const int64_t matrix = u / p->splits, split = u % p->splits;
        NAME(sides)
        m = {
            .q = (const T *)c->in[0] + matrix_of(c, 0, matrix) * size,
            .k = (const T *)c->in[1] + matrix_of(c, 1, matrix) * p->keys * p->width,
            .v = (const T *)c->in[2] + matrix_of(c, 2, matrix) * p->keys * p->values,
            .dy = (const T *)c->in[3] + matrix * p->queries * p->values,
            .logs = (const T *)c->in[4] + matrix * p->queries,
            .sums = (const T *)c->in[5] + matrix * p->queries,
            .dq = p->splits > 1 ? (T *)c->scratch + u * size : (T *)c->outs[0] + matrix * size,
            .dk = (T *)c->outs[1] + matrix * p->keys * p->width,
            .dv = (T *)c->outs[2] + matrix * p->keys * p->values,
        };
        NAME(block) b = { .q0 = 0 };
        if (p->mask != WG__MASK_NONE)
            b.mask = (const char *)c->in[p->mask_slot] +
                     mask_of(p, c, matrix) * (int64_t)(p->mask == WG__MASK_BOOL ? 1 : sizeof(T));
        NAME(clear)(m.dq, size);
        for (int64_t k0 = split * WG__KEYS; k0 < p->keys; k0 += p->splits * WG__KEYS) {
            const int64_t keys = wg__least(WG__KEYS, p->keys - k0);
            NAME(clear)(m.dk + k0 * p->width, keys * p->width);
            NAME(clear)(m.dv + k0 * p->values, keys * p->values);
        }
        for (int64_t at = 0; at < p->query_blocks; at++) {
            b.q0 = wg__part(p->queries, at, p->query_blocks);
            b.queries = wg__part(p->queries, at + 1, p->query_blocks) - b.q0;
            b.row = wg__whole(b.queries, LANES);
            NAME(attend_back)(p, b, &m, split, c->local);
        }
    }
    return WG_OK;
}

wg_status SYM(wg__attend_combine)(const wg_call *c, int64_t begin, int64_t end)
{
    const wg__attention *p = c->params;
    const int64_t size = p->queries * p->width;
    T *out = c->outs[0];
    while (begin < end) {
        const int64_t at = begin % size, run = wg__least(end - begin, size - at);
        const T *part = (const T *)c->scratch + begin / size * p->splits * size + at;
        memcpy(out + begin, part, (size_t)run * sizeof(T));
        for (int64_t s = 1; s < p->splits; s++)
            for (int64_t i = 0; i < run; i++)
                out[begin + i] += part[s * size + i];
        begin += run;
    }
    return WG_OK;
}

#undef LANES
#undef SYM
#undef NAME
#undef JOIN1
#undef JOIN2
#undef T
#undef TYPE
