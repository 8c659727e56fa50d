/* The stages of a convolution for one element type: included by conv_product.c with T, TYPE defined. No guard: included
 * twice. */

#define JOIN2(a, b) a##b
#define JOIN1(a, b) JOIN2(a, b)
#define NAME(name) JOIN1(name##_, TYPE)
#define SYM(name) WG_ISA_SYM(JOIN1(name##_, TYPE))
#define LANES ((int64_t)(WG__VECTOR / sizeof(T)))

/* Units: (groups, phases, tiles). */
wg_status SYM(wg__conv_pack)(const wg_call *c, int64_t begin, int64_t end)
{
    const wg__patches *v = c->params;
    const int64_t kernel = wg__plane(v->kernel);
    const int64_t row_step = v->backwards ? kernel : v->channels * kernel;
    const int64_t channel_step = v->backwards ? v->rows * kernel : kernel;
    for (int64_t u = begin; u < end; u++) {
        const int64_t group = u / v->tiles / v->phases, number = u / v->tiles % v->phases;
        const int t = (int)(u % v->tiles);
        const int64_t row = wg__part(v->rows, t, v->tiles), rows = wg__part(v->rows, t + 1, v->tiles) - row;
        const T *w = (const T *)c->in[1] + group * v->rows * v->channels * kernel + row * row_step;
        const wg__phase f = wg__phase_of(v, number);
        const int64_t ks = f.taps * v->channels, blocks = wg__patch_blocks(ks);
        for (int64_t i = 0; i < blocks; i++) {
            const int64_t k0 = wg__part(ks, i, blocks), k1 = wg__part(ks, i + 1, blocks);
            T *to = (T *)c->scratch + wg__packed_weights(v, &f, group, k0, k1, t);
            for (int64_t k = k0; k < k1; k++, to += rows) {
                const T *from = w + k % v->channels * channel_step + wg__tap_of(v, &f, k / v->channels);
                for (int64_t r = 0; r < rows; r++)
                    to[r] = from[r * row_step];
            }
        }
    }
    return WG_OK;
}

/* Columns begin .. end-1, at most a panel, of one phase of one group. */
static void NAME(panel)(const wg_call *c, const wg__patches *v, const wg__phase *f, int64_t group, int64_t begin,
                        int64_t end)
{
    const int64_t width = v->width * LANES, ks = f->taps * v->channels, blocks = wg__patch_blocks(ks);
    const T *src = (const T *)c->in[0] + group * v->channels * wg__plane(v->source);
    T *sums = c->local, *patches = sums + v->rows * width; /* (rows, width), (kc, width) */
    wg__run *run = (wg__run *)(void *)((char *)c->local + v->runs);
    const int n_runs = wg__runs_of(f, begin, end, run);
    for (int64_t i = 0; i < blocks; i++) {
        const int64_t k0 = wg__part(ks, i, blocks), k1 = wg__part(ks, i + 1, blocks);
        if (end - begin < width)
            memset(patches, 0, (size_t)((k1 - k0) * width) * sizeof(T));
        SYM(wg__gather)(v, f, run, n_runs, src, k0, k1, patches, width);
        for (int t = 0; t < v->tiles; t++) {
            const int64_t row = wg__part(v->rows, t, v->tiles), rows = wg__part(v->rows, t + 1, v->tiles) - row;
            NAME(wg__tile) *const multiply = SYM(wg__tiles)[0][rows - 1][v->width - 1];
            multiply(k1 - k0, (const T *)c->scratch + wg__packed_weights(v, f, group, k0, k1, t), rows, patches, width,
                     patches, width, sums + row * width, width, width, i > 0);
        }
    }
    const T *bias = v->bias ? (const T *)c->in[2] + group * v->rows : NULL;
    T *out = (T *)c->out + group * v->rows * wg__plane(v->result);
    SYM(wg__scatter)(v, f, run, n_runs, sums, width, bias, out);
}

/* Units: (groups, phases, blocks). */
wg_status SYM(wg__conv_multiply)(const wg_call *c, int64_t begin, int64_t end)
{
    const wg__patches *v = c->params;
    const int64_t width = v->width * LANES;
    for (int64_t u = begin; u < end; u++) {
        const int64_t group = u / v->blocks / v->phases, number = u / v->blocks % v->phases, block = u % v->blocks;
        const wg__phase f = wg__phase_of(v, number);
        const int64_t columns = v->batch * f.columns, panels = (columns + width - 1) / width;
        const int64_t first = wg__part(panels, block, v->blocks), last = wg__part(panels, block + 1, v->blocks);
        for (int64_t p = first; p < last; p++)
            NAME(panel)(c, v, &f, group, p * width, wg__least(p * width + width, columns));
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
