/* Direct convolution for one element type: included by conv_direct.c with T, TYPE defined. No guard: included twice. */

#define JOIN2(a, b) a##b
#define JOIN1(a, b) JOIN2(a, b)
#define NAME(name) JOIN1(name##_, TYPE)
#define SYM(name) WG_ISA_SYM(JOIN1(name##_, TYPE))
#define vector NAME(vector)
#define loose NAME(loose)
#define LANES ((int64_t)(WG__VECTOR / sizeof(T)))

typedef T vector __attribute__((vector_size(WG__VECTOR)));
typedef T loose __attribute__((vector_size(WG__VECTOR), aligned(sizeof(T)), may_alias)); /* in memory, anywhere */

/* to[u] = line[start + u walk], 0 outside the line's n elements. */
static void NAME(fill_line)(T *to, int64_t size, const T *line, int64_t n, int64_t start, int64_t walk)
{
    const int64_t up = walk - 1; /* divisions are slow, and mostly by 1 */
    const int64_t first = start >= 0 ? 0 : wg__least(walk == 1 ? -start : (up - start) / walk, size);
    const int64_t seen = n <= start ? 0 : wg__least(walk == 1 ? n - start : (n - start + up) / walk, size);
    const int64_t last = seen > first ? seen : first;
    const T *from = line + start;
    for (int64_t u = 0; u < first; u++)
        to[u] = 0;
    if (walk == 1)
        memcpy(to + first, from + first, (size_t)(last - first) * sizeof(T));
    else if (walk == 2)
        for (int64_t u = first; u < last; u++)
            to[u] = from[u * 2];
    else
        for (int64_t u = first; u < last; u++)
            to[u] = from[u * walk];
    for (int64_t u = last; u < size; u++)
        to[u] = 0;
}

/* The sheets of all channels of a group, whose source in this image is `source`; and zeros where a vector may look beyond. */
static void NAME(fill)(const wg__patches *v, const wg__sheet *s, const T *source, T *to)
{
    const int64_t planes = s->residues[0] * s->residues[1] * s->residues[2];
    for (int64_t channel = 0; channel < v->channels; channel++, source += wg__plane(v->source))
        for (int64_t p = 0; p < planes; p++) {
            int64_t y = s->low[0] + p / s->residues[2] / s->residues[1];
            for (int64_t i = 0; i < s->size[0]; i++, y += s->walk[0]) {
                int64_t x = s->low[1] + p / s->residues[2] % s->residues[1];
                for (int64_t j = 0; j < s->size[1]; j++, x += s->walk[1], to += s->size[2]) {
                    const bool inside = y >= 0 && y < v->source[0] && x >= 0 && x < v->source[1];
                    NAME(fill_line)(to, s->size[2], inside ? source + (y * v->source[1] + x) * v->source[2] : source,
                                    inside ? v->source[2] : 0, s->low[2] + p % s->residues[2], s->walk[2]);
                }
            }
        }
    memset(to, 0, WG__SHEET_SLACK);
}

/* out[r][i] = bias[r] + the sum over k of w[k][r] sheet[offset[k] + i], i < length rounded up to whole steps. */
static inline __attribute__((always_inline)) void NAME(rows)(int rows, int width, const T *sheet, const int64_t *offset,
                                                             int64_t taps, const T *w, const T *bias, T *out,
                                                             int64_t out_step, int64_t length)
{
    for (int64_t i = 0; i < length; i += width * LANES) {
        vector sum[4][4];
        UNROLL
        for (int r = 0; r < rows; r++)
            UNROLL
            for (int j = 0; j < width; j++)
                sum[r][j] = (vector){ 0 } + bias[r];
        for (int64_t k = 0; k < taps; k++) {
            const T *at = sheet + offset[k] + i;
            vector seen[4];
            UNROLL
            for (int j = 0; j < width; j++)
                seen[j] = *(const loose *)(at + j * LANES);
            UNROLL
            for (int r = 0; r < rows; r++)
                UNROLL
                for (int j = 0; j < width; j++)
                    sum[r][j] += w[k * rows + r] * seen[j];
        }
        UNROLL
        for (int r = 0; r < rows; r++)
            UNROLL
            for (int j = 0; j < width; j++)
                *(loose *)(out + r * out_step + i + j * LANES) = sum[r][j];
    }
}

static void NAME(rows_1)(const T *sheet, const int64_t *offset, int64_t taps, const T *w, const T *bias, T *out,
                         int64_t out_step, int64_t length)
{
    NAME(rows)(1, 4, sheet, offset, taps, w, bias, out, out_step, length);
}

static void NAME(rows_4)(const T *sheet, const int64_t *offset, int64_t taps, const T *w, const T *bias, T *out,
                         int64_t out_step, int64_t length)
{
    NAME(rows)(4, WG__DIRECT_WIDTH, sheet, offset, taps, w, bias, out, out_step, length);
}

/* One row of the result's sheet to where it belongs, with its bias if there is one; `begin`: the band's first line. */
static void NAME(place)(const wg__patches *v, const wg__phase *f, const wg__sheet *s, int64_t begin, const T *from,
                        const T *bias, T *to)
{
    const T more = bias ? *bias : 0;
    const wg__patch_axis *a = f->axis;
    for (int64_t y = 0; y < s->columns[0]; y++)
        for (int64_t x = 0; x < s->columns[1]; x++) {
            const int64_t line = (a[0].first + y * a[0].step) * v->result[1] + a[1].first + (begin + x) * a[1].step;
            const T *at = from + (y * s->size[1] + x) * s->size[2];
            T *out = to + line * v->result[2] + a[2].first;
            if (a[2].step == 1)
                for (int64_t i = 0; i < s->columns[2]; i++)
                    out[i] = at[i] + more;
            else
                for (int64_t i = 0; i < s->columns[2]; i++)
                    out[i * a[2].step] = at[i] + more;
        }
}

/* The weights of `rows` rows from `row` on, by channel and tap: (taps, rows). */
static void NAME(direct_weights)(const wg_call *c, const wg__patches *v, const wg__phase *f, int64_t group, int64_t row,
                                 int64_t rows, T *to)
{
    const int64_t kernel = wg__plane(v->kernel), row_step = v->backwards ? kernel : v->channels * kernel;
    const int64_t channel_step = v->backwards ? v->rows * kernel : kernel;
    const T *w = (const T *)c->in[1] + group * v->rows * v->channels * kernel + row * row_step;
    for (int64_t channel = 0; channel < v->channels; channel++)
        for (int64_t k = 0; k < f->taps; k++) {
            const T *from = w + channel * channel_step + wg__tap_of(v, f, k);
            for (int64_t r = 0; r < rows; r++)
                *to++ = from[r * row_step];
        }
}

/* Units: (images, groups, phases, bands). */
wg_status SYM(wg__conv_direct)(const wg_call *c, int64_t begin, int64_t end)
{
    const wg__patches *v = c->params;
    T *w = (T *)(void *)((char *)c->local + v->runs), *sheet = w + 4 * v->channels * wg__plane(v->kernel);
    int64_t *offset = c->local;
    wg__band b = { .kind = -1 };
    for (int64_t u = begin; u < end; u++) {
        const int64_t all = wg__band_of(v, u, &b, offset, false), group = all % v->groups;
        if (b.s.length <= 0)
            continue;
        const wg__sheet *s = &b.s;
        T *out = sheet + v->channels * s->channel + WG__SHEET_SLACK / (int64_t)sizeof(T);
        const int64_t out_step = s->length + WG__SHEET_SLACK / (int64_t)sizeof(T);
        NAME(fill)(v, s, (const T *)c->in[0] + all * v->channels * wg__plane(v->source), sheet);
        for (int64_t row = 0, rows; row < v->rows; row += rows) {
            const T nothing[4] = { 0 }, *bias = v->bias ? (const T *)c->in[2] + group * v->rows + row : nothing;
            rows = v->rows - row < 4 ? 1 : 4;
            NAME(direct_weights)(c, v, &b.f, group, row, rows, w);
            (rows == 1 ? NAME(rows_1) : NAME(rows_4))(sheet, offset, b.taps, w, bias, out, out_step, s->length);
            for (int64_t r = 0; r < rows; r++)
                NAME(place)(v, &b.f, s, b.first, out + r * out_step, NULL,
                            (T *)c->out + (all * v->rows + row + r) * wg__plane(v->result));
        }
    }
    return WG_OK;
}

/* ---- as a product of matrices ---- */

/* out[row][i] = the sum over k of the packed weights times sheet[offset[k] + i]: panel after panel, so that what it sees of
 * the sheets stays in the nearest cache while the tiles of weights pass by. */
static void NAME(sheets_product)(const wg__patches *v, const wg__band *b, int64_t group, const T *weights, const T *sheet,
                                 const int64_t *offset, T *out, int64_t out_step)
{
    const int64_t blocks = wg__patch_blocks(b->taps);
    for (int64_t at = 0; at < b->s.length; at += 2 * LANES)
        for (int64_t i = 0; i < blocks; i++) {
            const int64_t k0 = wg__part(b->taps, i, blocks), k1 = wg__part(b->taps, i + 1, blocks);
            for (int t = 0; t < v->tiles; t++) {
                const int64_t row = wg__part(v->rows, t, v->tiles), rows = wg__part(v->rows, t + 1, v->tiles) - row;
                SYM(wg__spread_tiles)[rows - 1](k1 - k0, weights + wg__packed_weights(v, &b->f, group, k0, k1, t),
                                                sheet + at, offset + k0, out + row * out_step + at, out_step, i > 0);
            }
        }
}

/* Units: (images, groups, phases, bands). */
wg_status SYM(wg__conv_sheets)(const wg_call *c, int64_t begin, int64_t end)
{
    const wg__patches *v = c->params;
    T *sheet = (T *)(void *)((char *)c->local + v->runs);
    int64_t *offset = c->local;
    wg__band b = { .kind = -1 };
    for (int64_t u = begin; u < end; u++) {
        const int64_t all = wg__band_of(v, u, &b, offset, true), group = all % v->groups;
        if (b.s.length <= 0)
            continue;
        T *out = sheet + v->channels * b.s.channel + WG__SHEET_SLACK / (int64_t)sizeof(T);
        const int64_t out_step = (b.s.length + 2 * LANES - 1) / (2 * LANES) * (2 * LANES);
        NAME(fill)(v, &b.s, (const T *)c->in[0] + all * v->channels * wg__plane(v->source), sheet);
        NAME(sheets_product)(v, &b, group, c->scratch, sheet, offset, out, out_step);
        for (int64_t row = 0; row < v->rows; row++)
            NAME(place)(v, &b.f, &b.s, b.first, out + row * out_step,
                        v->bias ? (const T *)c->in[2] + group * v->rows + row : NULL,
                        (T *)c->out + (all * v->rows + row) * wg__plane(v->result));
    }
    return WG_OK;
}

/* ---- the gradient for the weights ---- */

/* sum[k] += the sum over i of g[i] sheet[offset[k] + i]. */
static inline __attribute__((always_inline)) void NAME(dots)(int taps, const T *g, const T *sheet,
                                                             const int64_t *offset, int64_t length, double *sum)
{
    vector lane[4];
    UNROLL
    for (int k = 0; k < taps; k++)
        lane[k] = (vector){ 0 };
    for (int64_t i = 0; i < length; i += LANES) {
        const vector by = *(const loose *)(g + i);
        UNROLL
        for (int k = 0; k < taps; k++)
            lane[k] += by * *(const loose *)(sheet + offset[k] + i);
    }
    UNROLL
    for (int k = 0; k < taps; k++)
        for (int64_t i = 0; i < LANES; i++)
            sum[k] += (double)lane[k][i];
}

/* One image's band of one group's sheets: g's lines in the sheet's pitch, with zeros between, times what the taps see. */
static void NAME(weigh)(const wg__patches *v, const wg__sheet *s, int64_t first, const T *g,
                        const T *sheet, const int64_t *offset, int64_t taps, T *spread, double *sum)
{
    for (int64_t row = 0; row < v->rows; row++, g += wg__plane(v->result), sum += taps) {
        memset(spread, 0, (size_t)s->length * sizeof(T) + WG__SHEET_SLACK);
        for (int64_t y = 0; y < s->columns[0]; y++)
            for (int64_t x = 0; x < s->columns[1]; x++)
                memcpy(spread + (y * s->size[1] + x) * s->size[2],
                       g + (y * v->result[1] + first + x) * v->result[2], (size_t)s->columns[2] * sizeof(T));
        int64_t k = 0;
        for (; k + 3 <= taps; k += 3)
            NAME(dots)(3, spread, sheet, offset + k, s->length, sum + k);
        for (; k < taps; k++)
            NAME(dots)(1, spread, sheet, offset + k, s->length, sum + k);
    }
}

/* Units: groups. */
wg_status SYM(wg__conv_weigh)(const wg_call *c, int64_t begin, int64_t end)
{
    const wg__patches *v = c->params;
    const int64_t all = v->channels * wg__plane(v->kernel);
    int64_t *offset = c->local;
    double *sum = (double *)(void *)(offset + all);
    T *sheet = (T *)(void *)((char *)c->local + v->runs);
    wg__band b = { .kind = -1 };
    for (int64_t group = begin; group < end; group++) {
        memset(sum, 0, (size_t)(v->rows * all) * sizeof *sum);
        for (int64_t image = 0; image < v->batch; image++) {
            const int64_t at = image * v->groups + group;
            for (int64_t band = 0; band < v->blocks; band++) {
                wg__band_of(v, at * v->blocks + band, &b, offset, false);
                if (b.s.length <= 0)
                    continue;
                NAME(fill)(v, &b.s, (const T *)c->in[1] + at * v->channels * wg__plane(v->source), sheet);
                NAME(weigh)(v, &b.s, b.first, (const T *)c->in[0] + at * v->rows * wg__plane(v->result), sheet, offset,
                            b.taps, sheet + v->channels * b.s.channel + WG__SHEET_SLACK / (int64_t)sizeof(T), sum);
            }
        }
        T *to = (T *)c->out + group * v->rows * all;
        for (int64_t i = 0; i < v->rows * all; i++)
            to[i] = (T)sum[i];
    }
    return WG_OK;
}

#undef LANES
#undef loose
#undef vector
#undef SYM
#undef NAME
#undef JOIN1
#undef JOIN2
#undef T
#undef TYPE
