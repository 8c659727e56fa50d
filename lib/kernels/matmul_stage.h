/* The stages of a product for one element type and one way to pack: included by matmul.c with T, TYPE, and, of what is packed, CELL
 * and FORM defined. No guard: included several times. */

#define JOIN2(a, b) a##b
#define JOIN1(a, b) JOIN2(a, b)
#define NAME(name) JOIN1(name##_, FORM)
#define SYM(name) WG_ISA_SYM(JOIN1(name##_, TYPE))
#define FORM_SYM(name) WG_ISA_SYM(JOIN1(name##_, FORM))
#define CELLS(ks) (((ks) + CELL - 1) / CELL)
#define LANES ((int64_t)(WG__VECTOR / sizeof(T)))

/* An operand as the tile kernel reads it, from the k where a block begins. */
typedef struct NAME(operand) {
    const T *at;
    int64_t step;   /* the tile kernel's `as` or `bs`; not set for packed tiles of A, where it is their height */
    int64_t stride; /* from one row of A, or column of B, to the next, where they are packed: the block's cells along K */
    int origin;     /* the first tile or panel that is there */
    const T *next;  /* of B as it is: the rows that come after the block's, to be fetched meanwhile; NULL: no more */
} NAME(operand);

/* The first k of block i. */
static int64_t NAME(block_begin)(const wg__product *p, int64_t i)
{
    return wg__least(CELL * wg__part(CELLS(p->k), i, p->k_blocks), p->k);
}

/* Packs tiles `begin` .. end-1 of op(A), or panels of op(B), for k0 <= k < k1. A panel is padded to its full width;
 * a tile is as wide as it has rows. */
static void NAME(pack)(T *dst, const T *src, const wg__product *p, bool of_b, int begin, int end, int64_t k0,
                       int64_t k1)
{
    const int64_t width = of_b ? p->width * LANES : 0, lines = of_b ? p->n : p->m;
    const bool along = of_b ? p->transpose_b : !p->transpose_a;
    const int64_t stride = along ? p->k : lines, kc = k1 - k0;
    const int64_t step = along ? kc : WG__PACK_KS;
    /* Across lines, a few ks at a time of all tiles: each cache line is used up before it can be lost. */
    for (int64_t i = 0; i < kc; i += step) {
        const int64_t ks = i + step <= kc ? step : kc - i;
        T *to = dst;
        for (int t = begin; t < end; t++) {
            const int64_t first = of_b ? t * width : wg__part(lines, t, p->tiles);
            const int64_t next = of_b ? wg__least(first + width, lines) : wg__part(lines, t + 1, p->tiles);
            const int64_t rows = next - first, wide = of_b ? width : rows;
            if (along)
                FORM_SYM(wg__pack_along)(to, wide, src + first * stride + k0, stride, rows, kc);
            else
                FORM_SYM(wg__pack_across)(to + i / CELL * wide, wide, src + (k0 + i) * stride + first, stride, rows, ks);
            to += CELLS(kc) * wide;
        }
    }
}

/* What the tile kernel fetches meanwhile, a vector a k. */
typedef struct NAME(stream) {
    const T *at;
    int64_t step;
} NAME(stream);

/* For the tile that is `part`th of its panel, with B's columns at `right`. Of B as it is the first tiles share out what is to come:
 * of the next block, which lies in one piece, a part; of the last block the next panel, if there is one. Where that is settled, the
 * next tile of packed A is fetched when it passes for the first time; `tile` is NULL otherwise. */
static NAME(stream) NAME(ahead)(const wg__product *p, const NAME(operand) *b, int64_t kc, int part, int panel_index,
                                bool last_panel, const T *right, const T *tile)
{
    if (part < p->width && b->next)
        return (NAME(stream)){ b->next + (panel_index * p->width + part) * kc * LANES, LANES };
    if (part < p->width && p->b == WG__DIRECT && !last_panel)
        return (NAME(stream)){ right + (p->width + part) * LANES, b->step };
    return tile ? (NAME(stream)){ tile, LANES } : (NAME(stream)){ right, b->step };
}

/* C's tiles t0 .. t1-1 of panels p0 .. p1-1 for one block of kc cells along K; c is where row 0 of panel p0 begins, its rows `cs`
 * apart. Panel by panel, so that B's panel stays in the nearest cache while A's tiles pass by. */
static void NAME(block)(const wg__product *p, NAME(operand) a, NAME(operand) b, int t0, int t1, int p0, int p1,
                        int64_t kc, T *c, int64_t cs, bool add)
{
    const bool packed_a = p->a != WG__DIRECT, k_near = CELL == 1 && !packed_a && !p->transpose_a;
    const int64_t origin = wg__part(p->m, a.origin, p->tiles), panel = p->width * LANES;
    for (int chunk = t0; chunk < t1; chunk += p->chunk) {
        const int chunk_end = chunk + p->chunk < t1 ? chunk + p->chunk : t1;
        for (int j = p0; j < p1; j++) {
            const int64_t cols = wg__least(panel, p->n - j * panel), width = (cols + LANES - 1) / LANES;
            const T *right = b.at + (j - b.origin) * panel * b.stride;
            for (int t = chunk; t < chunk_end; t++) {
                const int64_t row = wg__part(p->m, t, p->tiles), rows = wg__part(p->m, t + 1, p->tiles) - row;
                const T *left = a.at + (row - origin) * a.stride;
                const T *tile = packed_a && j == p0 ? left + rows * kc : NULL;
                const NAME(stream) ahead = NAME(ahead)(p, &b, kc, t - t0, j, j + 1 == p1, right, tile);
                FORM_SYM(wg__tiles)[k_near][rows - 1][width - 1](kc, left, packed_a ? rows : a.step, right, b.step,
                                                                 ahead.at, ahead.step,
                                                                 c + row * cs + (j - p0) * panel, cs, cols, add);
            }
        }
    }
}

/* Tiles t0 .. t1-1 of matrix a, which is A's `index`th, ready for the tile kernel. */
static NAME(operand) NAME(operand_a)(const wg__product *p, const wg_call *c, const T *a, int64_t index, int t0, int t1,
                                     int64_t k0, int64_t k1)
{
    if (p->a == WG__DIRECT)
        return p->transpose_a ? (NAME(operand)){ a + k0 * p->m, p->m, 1, 0, NULL }
                              : (NAME(operand)){ a + k0, p->k, p->k, 0, NULL };
    if (p->a == WG__SHARED)
        return (NAME(operand)){ (const T *)c->scratch + index * p->m * CELLS(p->k) + k0 / CELL * p->m, 0, CELLS(k1 - k0), 0, NULL };
    NAME(pack)(c->local, a, p, false, t0, t1, k0, k1);
    return (NAME(operand)){ c->local, 0, CELLS(k1 - k0), t0, NULL };
}

/* Panels p0 .. p1-1 of matrix b, which is B's `index`th. */
static NAME(operand) NAME(operand_b)(const wg__product *p, const wg_call *c, const T *b, int64_t index, int p0, int p1,
                                     int64_t k0, int64_t k1)
{
    const int64_t panel = p->width * LANES, padded = p->panels * panel;
    if (p->b == WG__DIRECT)
        return (NAME(operand)){ b + k0 * p->n, p->n, 1, 0, k1 < p->k ? b + k1 * p->n : NULL };
    if (p->b == WG__SHARED)
        return (NAME(operand)){ (const T *)c->scratch + index * padded * CELLS(p->k) + k0 / CELL * padded, panel,
                                CELLS(k1 - k0), 0, NULL };
    NAME(pack)(c->local, b, p, true, p0, p1, k0, k1);
    return (NAME(operand)){ c->local, panel, CELLS(k1 - k0), p0, NULL };
}

/* One unit's part of op(A) op(B): tiles t0 .. t1-1 of panels p0 .. p1-1, the k blocks that make one split. */
static void NAME(part)(const wg__product *p, const wg_call *c, int64_t matrix, int64_t split, int t0, int t1, int p0,
                       int p1, T *out, int64_t cs)
{
    int64_t index_a, index_b;
    wg__batch_indices(p, matrix, &index_a, &index_b);
    const T *a = (const T *)c->in[p->swap] + index_a * p->m * p->k;
    const T *b = (const T *)c->in[!p->swap] + index_b * p->k * p->n;
    const int64_t first = wg__part(p->k_blocks, split, p->splits), last = wg__part(p->k_blocks, split + 1, p->splits);
    for (int64_t i = first; i < last; i++) {
        const int64_t k0 = NAME(block_begin)(p, i), k1 = NAME(block_begin)(p, i + 1), kc = CELLS(k1 - k0);
        NAME(operand) left = NAME(operand_a)(p, c, a, index_a, t0, t1, k0, k1);
        NAME(operand) right = NAME(operand_b)(p, c, b, index_b, p0, p1, k0, k1);
        /* B as it is may be read in whole vectors alone: the last panel may need a copy with room behind it. */
        const int64_t panel = p->width * LANES;
        const bool ragged = p->b == WG__DIRECT && p->n % LANES && p1 == p->panels;
        NAME(block)(p, left, right, t0, t1, p0, p1 - ragged, kc, out, cs, i > first);
        if (!ragged)
            continue;
        NAME(pack)(c->local, b, p, true, p1 - 1, p1, k0, k1);
        right = (NAME(operand)){ c->local, panel, kc, p1 - 1, NULL };
        NAME(block)(p, left, right, t0, t1, p1 - 1, p1, kc, out + (p1 - 1 - p0) * panel, cs, i > first);
    }
}

static void NAME(vector_part)(const wg__product *p, const wg_call *c, int64_t matrix, int64_t p0, int64_t p1, T *out)
{
    int64_t index_a, index_b;
    wg__batch_indices(p, matrix, &index_a, &index_b);
    const T *x = (const T *)c->in[p->swap] + index_a * p->k, *b = (const T *)c->in[!p->swap] + index_b * p->k * p->n;
    SYM(wg__vector_product)(p, x, b, out, p0 * LANES, wg__least(p1 * LANES, p->n));
}

/* Rows `begin` .. end-1 of a matrix of C, by scalar products. */
static void NAME(dots_part)(const wg__product *p, const wg_call *c, int64_t matrix, int64_t begin, int64_t end, T *out)
{
    int64_t index_a, index_b;
    wg__batch_indices(p, matrix, &index_a, &index_b);
    const T *a = (const T *)c->in[p->swap] + index_a * p->m * p->k;
    const T *b = (const T *)c->in[!p->swap] + index_b * p->k * p->n;
    if (!p->transpose_b)
        SYM(wg__pack_along)(c->local, p->k, b, p->n, p->k, p->n);
    SYM(wg__dots_product)(end - begin, p->n, p->k, a + begin * p->k, p->transpose_b ? b : c->local, out + begin * p->n);
}

/* Units: (batch, splits, blocks), the last fastest. */
static wg_status NAME(multiply)(const wg_call *c, int64_t begin, int64_t end)
{
    const wg__product *p = c->params;
    const int64_t panel = p->width * LANES, size = p->m * p->n;
    for (int64_t u = begin; u < end; u++) {
        const int64_t matrix = u / p->blocks / p->splits, split = u / p->blocks % p->splits, block = u % p->blocks;
        const int cuts = p->by_rows ? p->tiles : p->panels;
        const int from = (int)wg__part(cuts, block, p->blocks), to = (int)wg__part(cuts, block + 1, p->blocks);
        T *out = p->splits > 1 ? (T *)c->scratch + p->partials + (matrix * p->splits + split) * size
                               : (T *)c->out + matrix * size;
        if (p->method == WG__BY_VECTOR) {
            NAME(vector_part)(p, c, matrix, from, to, out);
        } else if (p->method == WG__BY_DOTS) {
            NAME(dots_part)(p, c, matrix, from * WG__DOTS_ROWS, wg__least(to * WG__DOTS_ROWS, p->m), out);
        } else if (p->by_rows) {
            NAME(part)(p, c, matrix, split, from, to, 0, p->panels, out, p->n);
        } else if (!p->swap) {
            NAME(part)(p, c, matrix, split, 0, p->tiles, from, to, out + from * panel, p->n);
        } else { /* C's transpose comes out: (m, cols) by way of a buffer to rows of C, (cols, m) */
            const int64_t first = from * panel, cols = wg__least(to * panel, p->n) - first;
            T *turned = (T *)c->local + p->buffer;
            NAME(part)(p, c, matrix, split, 0, p->tiles, from, to, turned, cols);
            SYM(wg__pack_along)(out + first * p->m, p->m, turned, cols, p->m, cols);
        }
    }
    return WG_OK;
}

/* Units: (matrices of the shared operand, k blocks, groups of tiles or panels). */
static wg_status NAME(pack_shared)(const wg_call *c, int64_t begin, int64_t end)
{
    const wg__product *p = c->params;
    const bool of_b = p->b == WG__SHARED;
    const int cuts = of_b ? p->panels : p->tiles;
    const int64_t groups = wg__pack_groups(cuts), padded = of_b ? p->panels * p->width * LANES : p->m;
    const int64_t lines = of_b ? p->n : p->m;
    for (int64_t u = begin; u < end; u++) {
        const int64_t matrix = u / groups / p->k_blocks, i = u / groups % p->k_blocks, group = u % groups;
        const int64_t k0 = NAME(block_begin)(p, i), k1 = NAME(block_begin)(p, i + 1);
        const int t0 = (int)wg__part(cuts, group, groups), t1 = (int)wg__part(cuts, group + 1, groups);
        const int64_t before = of_b ? t0 * p->width * LANES : wg__part(p->m, t0, p->tiles);
        T *to = (T *)c->scratch + matrix * padded * CELLS(p->k) + k0 / CELL * padded + before * CELLS(k1 - k0);
        NAME(pack)(to, (const T *)c->in[of_b ^ p->swap] + matrix * lines * p->k, p, of_b, t0, t1, k0, k1);
    }
    return WG_OK;
}

#if CELL == 1 /* C is the same whatever was packed */

/* Units: elements of C. The splits' products are added in order of K. */
wg_status SYM(wg__matmul_combine)(const wg_call *c, int64_t begin, int64_t end)
{
    const wg__product *p = c->params;
    const int64_t size = p->m * p->n;
    T *out = c->out;
    while (begin < end) {
        const int64_t matrix = begin / size, at = begin % size, run = wg__least(end - begin, size - at);
        const T *part = (const T *)c->scratch + p->partials + matrix * p->splits * size + at;
        for (int64_t i = 0; i < run; i++)
            out[begin + i] = part[i];
        for (int s = 1; s < p->splits; s++)
            for (int64_t i = 0; i < run; i++)
                out[begin + i] += part[s * size + i];
        begin += run;
    }
    return WG_OK;
}

#endif

#undef CELLS
#undef LANES
#undef FORM_SYM
#undef SYM
#undef NAME
#undef JOIN1
#undef JOIN2
#undef T
#undef TYPE
#undef CELL
#undef FORM
