/* Convolution of few channels: depthwise above all, where a product of matrices would have one row.
 *
 * A channel's source is copied, with its padding, into a sheet, whose lines stand so that a tap sees the whole result as one
 * contiguous stretch: result position i, counted through the lines, meets sheet element offset + i. What comes out between
 * the lines is thrown away. Under a stride there is a plane for each residue, so that neighbours stay neighbours. */
#include <string.h>

#include "ops/patches.h"

enum {
    WG__DIRECT_ROWS = 64, /* of a group, at most */
    WG__DIRECT_CHANNELS = 4,
    WG__WEIGH_ROWS = 2 /* and channels, where weights are what is sought */
};
enum { WG__SHEET_SLACK = 4 * WG__VECTOR }; /* bytes that a step may look or write beyond a sheet */

#if defined __AVX512F__ || defined __aarch64__
enum { WG__DIRECT_WIDTH = 4 }; /* vectors of each of four rows that fit the registers */
#else
enum { WG__DIRECT_WIDTH = 2 };
#endif

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

/* Cuts lines into bands whose sheets fit the cache; false: no band does. */
static bool cut_bands(wg__patches *v, int64_t rows, int64_t element, int64_t *bytes)
{
    enum { CACHE = 256 * 1024 };
    const wg__phase f = wg__phase_of(v, 0); /* none has more columns */
    const int64_t lines = f.axis[1].columns;
    v->blocks = 1;
    while ((*bytes = sheet_bytes(v, &f, (lines + v->blocks - 1) / v->blocks, rows, element)) > CACHE &&
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
    return *bytes <= 2 * CACHE;
}

bool WG_ISA_SYM(wg__conv_direct_cut)(wg__patches *v, wg_lowering *l, size_t size)
{
    const int64_t element = (int64_t)size, taps = v->channels * wg__plane(v->kernel);
    int64_t bytes;
    if (v->rows > WG__DIRECT_ROWS || v->channels > WG__DIRECT_CHANNELS ||
        !cut_bands(v, v->rows < 4 ? 1 : 4, element, &bytes))
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
    if (v->rows > WG__WEIGH_ROWS || v->channels > WG__WEIGH_ROWS || !cut_bands(v, 1, element, &bytes))
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

int64_t wg__sheet_offsets(const wg__patches *v, const wg__phase *f, const wg__sheet *s, int64_t *offset)
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
            offset[channel * f->taps + k] = channel * s->channel + residue * s->plane + at;
    }
    return v->channels * f->taps;
}

#endif
