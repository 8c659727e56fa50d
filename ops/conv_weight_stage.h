/* The stages of conv_weight_grad for one element type: included by conv_weight_grad.c with T, TYPE defined. No guard:
 * included twice. */

#define JOIN2(a, b) a##b
#define JOIN1(a, b) JOIN2(a, b)
#define NAME(name) JOIN1(name##_, TYPE)
#define SYM(name) WG_ISA_SYM(JOIN1(name##_, TYPE))
#define LANES ((int64_t)(WG__VECTOR / sizeof(T)))

/* Columns begin .. end-1 of one group's cotangents, panel after panel: (panels, columns, width). */
static void NAME(turn)(const wg__patches *v, const T *g, int64_t begin, int64_t end, T *to)
{
    const int64_t plane = wg__plane(v->result), width = v->width * LANES;
    for (int64_t row = 0; row < v->rows; row += width) {
        const int64_t rows = wg__least(width, v->rows - row);
        for (int64_t j = begin, n; j < end; j += n, to += n * width) {
            const int64_t image = j / plane, at = j % plane;
            n = wg__least(plane - at, end - j);
            SYM(wg__pack_along)(to, width, g + (image * v->groups * v->rows + row) * plane + at, plane, rows, n);
        }
    }
}

/* Some columns' part of the products of rows k0 .. k1-1 of the patches with all cotangents of the group: sums (k1 - k0,
 * padded rows). */
static void NAME(part)(const wg_call *c, const wg__patches *v, const wg__phase *f, int64_t group, int64_t begin,
                       int64_t end, int64_t k0, int64_t k1, T *sums, bool add)
{
    static const int tile_rows[3] = WG__TILE_ROWS;
    const int64_t width = v->width * LANES, padded = wg__padded_rows(v, LANES), kc = k1 - k0, n = end - begin;
    const int64_t tiles = (kc + tile_rows[v->width - 1] - 1) / tile_rows[v->width - 1];
    T *patches = c->local, *turned = patches + wg__least(WG__PATCH_KS, f->taps * v->channels) * WG__PATCH_COLUMNS;
    wg__run *run = (wg__run *)(void *)((char *)c->local + v->runs);
    const int n_runs = wg__runs_of(f, begin, end, run);
    const T *x = (const T *)c->in[1] + group * v->channels * wg__plane(v->source);
    SYM(wg__gather)(v, f, run, n_runs, x, k0, k1, patches, WG__PATCH_COLUMNS);
    NAME(turn)(v, (const T *)c->in[0] + group * v->rows * wg__plane(v->result), begin, end, turned);
    for (int64_t row = 0; row < padded; row += width)
        for (int64_t t = 0; t < tiles; t++) {
            const int64_t k = wg__part(kc, t, tiles), ks = wg__part(kc, t + 1, tiles) - k;
            NAME(wg__tile) *const multiply = SYM(wg__tiles)[1][ks - 1][v->width - 1];
            multiply(n, patches + k * WG__PATCH_COLUMNS, WG__PATCH_COLUMNS, turned + row * n, width, turned + row * n,
                     width, sums + k * padded + row, padded, width, add);
        }
}

/* Units: (groups, blocks of k, blocks of columns). */
static wg_status NAME(weight_multiply)(const wg_call *c, int64_t begin, int64_t end)
{
    const wg__patches *v = c->params;
    const wg__phase f = wg__phase_of(v, 0);
    const int64_t ks = f.taps * v->channels, k_blocks = wg__patch_blocks(ks), padded = wg__padded_rows(v, LANES);
    const int64_t columns = v->batch * f.columns, chunks = (columns + WG__PATCH_COLUMNS - 1) / WG__PATCH_COLUMNS;
    for (int64_t u = begin; u < end; u++) {
        const int64_t group = u / v->blocks / k_blocks, i = u / v->blocks % k_blocks, block = u % v->blocks;
        const int64_t k0 = wg__part(ks, i, k_blocks), k1 = wg__part(ks, i + 1, k_blocks);
        const int64_t first = wg__part(chunks, block, v->blocks), last = wg__part(chunks, block + 1, v->blocks);
        T *sums = (T *)c->scratch + ((block * v->groups + group) * ks + k0) * padded;
        if (first == last)
            memset(sums, 0, (size_t)((k1 - k0) * padded) * sizeof(T));
        for (int64_t p = first; p < last; p++)
            NAME(part)
        (c, v, &f, group, p * WG__PATCH_COLUMNS, wg__least((p + 1) * WG__PATCH_COLUMNS, columns), k0, k1, sums,
         p > first);
    }
    return WG_OK;
}

/* Units: (groups, k). The blocks' sums are added in order, and go where w has them: (rows, channels, taps). */
static wg_status NAME(weight_combine)(const wg_call *c, int64_t begin, int64_t end)
{
    const wg__patches *v = c->params;
    const int64_t taps = wg__plane(v->kernel), ks = taps * v->channels, padded = wg__padded_rows(v, LANES);
    T *sum = c->local;
    for (int64_t u = begin; u < end; u++) {
        const int64_t group = u / ks, k = u % ks;
        const T *part = (const T *)c->scratch + (group * ks + k) * padded;
        memcpy(sum, part, (size_t)v->rows * sizeof(T));
        for (int b = 1; b < v->blocks; b++)
            for (int64_t r = 0; r < v->rows; r++)
                sum[r] += part[b * v->groups * ks * padded + r];
        T *to = (T *)c->out + group * v->rows * ks + k % v->channels * taps + k / v->channels;
        for (int64_t r = 0; r < v->rows; r++)
            to[r * ks] = sum[r];
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
