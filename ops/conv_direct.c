/* Convolution from sheets: of few channels, depthwise above all, where a product of matrices would have one row; and as a product
 * that reads its patches where they lie.
 *
 * A channel's source is copied, with its padding, into a sheet, whose lines stand so that a tap sees the whole result as one
 * contiguous stretch: result position i, counted through the lines, meets sheet element offset + i. What comes out between
 * the lines is thrown away. Under a stride there is a plane for each residue, so that neighbours stay neighbours. */
#include <string.h>

#include "ops/patches.h"

enum {
    WG__DIRECT_ROWS = 64, /* of a group, at most */
    WG__DIRECT_CHANNELS = 4,
    WG__WEIGH_ROWS = 2, /* and channels, where weights are what is sought */
    WG__DIRECT_CACHE = 256 * 1024,
    WG__SHEETS_CACHE = 320 * 1024, /* which a product's rows share with the sheets */
    WG__SHEETS_UNITS = 16, /* fewer might not keep the threads busy */
    WG__SHEETS_WASTE = 8   /* of a product, in rows, that gathering costs at least */
};
enum { WG__SHEET_SLACK = 4 * WG__VECTOR }; /* bytes that a step may look or write beyond a sheet */

#if defined __AVX512F__ || defined __aarch64__
enum { WG__DIRECT_WIDTH = 4 }; /* vectors of each of four rows that fit the registers */
#else
enum { WG__DIRECT_WIDTH = 2 };
#endif

/* A unit's part of the result: a phase's lines from `first` on. */
typedef struct wg__band {
    wg__phase f;
    wg__sheet s;
    int64_t kind, first, taps; /* kind: phase and band; -1: nothing is known yet. taps: of all channels */
} wg__band;

/* The geometry of unit u of (images, groups, phases, bands), which is mostly that of the unit before. Offsets are by channel and
 * tap, or by tap and channel. Returns the unit's number among (images, groups). */
static int64_t wg__band_of(const wg__patches *v, int64_t u, wg__band *b, int64_t *offset, bool by_tap)
{
    const int64_t kinds = v->phases * v->blocks, kind = u % kinds, band = kind % v->blocks;
    if (kind == b->kind)
        return u / kinds;
    b->kind = kind;
    b->f = wg__phase_of(v, kind / v->blocks);
    b->first = wg__part(b->f.axis[1].columns, band, v->blocks);
    b->s = wg__sheet_of(&b->f, b->first, wg__part(b->f.axis[1].columns, band + 1, v->blocks));
    b->taps = wg__sheet_offsets(v, &b->f, &b->s, offset, by_tap ? 1 : b->f.taps, by_tap ? v->channels : 1);
    return u / kinds;
}

#define T float
#define TYPE f32
#include "ops/conv_direct_stage.h"

#define T double
#define TYPE f64
#include "ops/conv_direct_stage.h"

/* Bytes of a worker for bands of so many lines of a phase. */
static int64_t sheet_bytes(const wg__patches *v, const wg__phase *f, int64_t lines, int64_t rows, int64_t element)
{
    const wg__sheet s = wg__sheet_of(f, 0, lines);
    return (v->channels * s.channel + rows * (s.length > 0 ? s.length : 0)) * element + (1 + rows) * WG__SHEET_SLACK;
}

/* Cuts lines into bands whose sheets fit `cache` bytes; false: not even a single line fits twice as many. */
static bool cut_bands(wg__patches *v, int64_t rows, int64_t element, int64_t cache, int64_t *bytes)
{
    const wg__phase f = wg__phase_of(v, 0); /* none has more columns */
    const int64_t lines = f.axis[1].columns;
    v->blocks = 1;
    while ((*bytes = sheet_bytes(v, &f, (lines + v->blocks - 1) / v->blocks, rows, element)) > cache &&
           v->blocks < lines)
        v->blocks *= 2;
    if (v->blocks > lines)
        v->blocks = (int32_t)lines;
    for (int64_t p = 1; p < v->phases; p++) { /* phases differ in their taps */
        const wg__phase other = wg__phase_of(v, p);
        const int64_t more =
            sheet_bytes(v, &other, (other.axis[1].columns + v->blocks - 1) / v->blocks, rows, element);
        *bytes = more > *bytes ? more : *bytes;
    }
    return *bytes <= 2 * cache;
}

bool WG_ISA_SYM(wg__conv_direct_cut)(wg__patches *v, wg_lowering *l, size_t size)
{
    const int64_t element = (int64_t)size, taps = v->channels * wg__plane(v->kernel);
    int64_t bytes;
    if (v->rows > WG__DIRECT_ROWS || v->channels > WG__DIRECT_CHANNELS ||
        !cut_bands(v, v->rows < 4 ? 1 : 4, element, WG__DIRECT_CACHE, &bytes))
        return false;
    const double lanes = (double)WG__VECTOR / (double)element, columns = (double)wg__plane(v->result);
    const double units = (double)(v->phases * v->blocks);
    const double cost = 50 + columns / units * ((double)v->channels + (double)(v->rows * taps) / (2 * lanes));
    v->runs = ((size_t)taps * sizeof(int64_t) + 63) / 64 * 64;
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .kernel = 2,
                              .extent = v->batch * v->groups * v->phases * v->blocks,
                              .grain = 1,
                              .local = v->runs + (size_t)(4 * taps * element + bytes),
                              .cost = cost };
    return true;
}

bool WG_ISA_SYM(wg__conv_weigh_cut)(wg__patches *v, wg_lowering *l, size_t size)
{
    const int64_t element = (int64_t)size, taps = v->channels * wg__plane(v->kernel);
    int64_t bytes;
    if (v->rows > WG__WEIGH_ROWS || v->channels > WG__WEIGH_ROWS || !cut_bands(v, 1, element, WG__DIRECT_CACHE, &bytes))
        return false;
    const double lanes = (double)WG__VECTOR / (double)element, columns = (double)(v->batch * wg__plane(v->result));
    v->runs = ((size_t)(taps * (1 + v->rows)) * sizeof(double) + 63) / 64 * 64;
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .kernel = 2,
                              .extent = v->groups,
                              .grain = 1,
                              .local = v->runs + (size_t)bytes,
                              .cost = columns * (double)(v->rows * taps + 4) / (2 * lanes) };
    return true;
}

/* What is computed between the lines, and to fill the last panel, is waste. */
bool WG_ISA_SYM(wg__conv_sheets_cut)(wg__patches *v, wg_stage *stage, size_t size)
{
    const int64_t element = (int64_t)size, lanes = WG__VECTOR / element, width = 2 * lanes;
    const int32_t blocks = v->blocks;
    int64_t bytes;
    if (v->width == 2 && cut_bands(v, v->rows, element, WG__SHEETS_CACHE, &bytes)) {
        const wg__phase f = wg__phase_of(v, 0);
        const int64_t lines = (f.axis[1].columns + v->blocks - 1) / v->blocks;
        const wg__sheet s = wg__sheet_of(&f, 0, lines);
        const int64_t computed = (s.length + width - 1) / width * width; /* in whole panels */
        const double waste = ((double)computed / (double)wg__plane(s.columns) - 1) * (double)v->rows;
        const int64_t ks = f.taps * v->channels, units = v->batch * v->groups * v->phases * v->blocks;
        if (s.length > 0 && waste <= WG__SHEETS_WASTE && units >= WG__SHEETS_UNITS) {
            v->runs = ((size_t)(v->channels * wg__plane(v->kernel)) * sizeof(int64_t) + 63) / 64 * 64;
            *stage = (wg_stage){ .kernel = 3,
                                 .extent = units,
                                 .grain = 1,
                                 .local = v->runs + (size_t)bytes,
                                 .cost = (double)(v->rows * ks) * (double)computed / (5 * (double)lanes) };
            return true;
        }
    }
    v->blocks = blocks;
    return false;
}

#ifdef WG_BASELINE

wg__sheet wg__sheet_of(const wg__phase *f, int64_t begin, int64_t end)
{
    wg__sheet s = { .plane = 1, .channel = 1 };
    for (int i = 0; i < WG__SPATIAL_MAX; i++) {
        const wg__patch_axis *a = &f->axis[i];
        const int64_t hops = a->taps > 0 ? (a->taps - 1) * a->hop : 0, reach = hops < 0 ? -hops : hops;
        s.columns[i] = i == 1 ? end - begin : a->columns;
        s.walk[i] = a->walk;
        s.low[i] = a->at + (hops < 0 ? hops : 0) + (i == 1 ? begin * a->walk : 0);
        s.residues[i] = wg__least(a->walk, reach + 1);
        s.size[i] = s.columns[i] + reach / a->walk;
        s.plane *= s.size[i];
        s.channel *= s.residues[i];
    }
    s.channel *= s.plane;
    s.length = ((s.columns[0] - 1) * s.size[1] + s.columns[1] - 1) * s.size[2] + s.columns[2];
    if (s.columns[0] < 1 || s.columns[1] < 1 || s.columns[2] < 1)
        s.length = 0;
    return s;
}

int64_t wg__sheet_offsets(const wg__patches *v, const wg__phase *f, const wg__sheet *s, int64_t *offset,
                          int64_t channel_step, int64_t tap_step)
{
    for (int64_t k = 0; k < f->taps; k++) {
        int64_t tap[WG__SPATIAL_MAX], residue = 0, at = 0;
        wg__tap_at(f, k, tap);
        for (int i = 0; i < WG__SPATIAL_MAX; i++) {
            const wg__patch_axis *a = &f->axis[i];
            const int64_t hop = a->hop < 0 ? (tap[i] - a->taps + 1) * a->hop : tap[i] * a->hop;
            residue = residue * s->residues[i] + hop % a->walk;
            at = at * s->size[i] + hop / a->walk;
        }
        for (int64_t channel = 0; channel < v->channels; channel++)
            offset[channel * channel_step + k * tap_step] = channel * s->channel + residue * s->plane + at;
    }
    return v->channels * f->taps;
}

#endif
