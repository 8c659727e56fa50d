/* How a convolution is cut, and the stages that carry it out. */
#include <string.h>

#include "ops/patches.h"

enum {
    WG__CONV_UNITS = 64,   /* enough for some threads, with something left to even out */
    WG__CONV_LEAST = 65536 /* multiply-adds that are worth a unit */
};

#define T float
#define TYPE f32
#include "ops/conv_stage.h"

#define T double
#define TYPE f64
#include "ops/conv_stage.h"

wg_status WG_ISA_SYM(wg__conv_cut)(wg__patches *v, wg_lowering *l, size_t element)
{
    static const int tile_rows[3] = WG__TILE_ROWS;
    l->n_stages = 0;
    l->scratch = 0;
    if (v->batch * v->groups * v->rows * wg__plane(v->result) == 0)
        return WG_OK;
    if (WG_ISA_SYM(wg__conv_direct_cut)(v, l, element))
        return WG_OK;
    const wg__phase first = wg__phase_of(v, 0); /* none has more columns */
    const int64_t lanes = WG__VECTOR / (int64_t)element, columns = v->batch * first.columns;
    v->width = columns <= lanes ? 1 : 2;
    v->tiles = (int32_t)((v->rows + tile_rows[v->width - 1] - 1) / tile_rows[v->width - 1]);
    const int64_t width = v->width * lanes, panels = (columns + width - 1) / width;
    const int64_t weights = v->rows * v->channels * wg__plane(v->kernel);
    const double taps = (double)wg__plane(v->kernel) / (double)v->phases + 1; /* of a phase, roughly */
    const double work = (double)v->rows * (double)v->channels * taps * (double)columns;
    int64_t blocks = wg__least(WG__CONV_UNITS / wg__least(v->groups * v->phases, WG__CONV_UNITS), panels);
    if (work / (double)blocks < WG__CONV_LEAST)
        blocks = (int64_t)(work / WG__CONV_LEAST) + 1;
    v->blocks = (int32_t)wg__least(blocks, panels);

    l->scratch = (size_t)(v->groups * weights + 1) * element;
    l->n_stages = 2;
    l->stage[0] = (wg_stage){ .kernel = 1,
                              .extent = v->groups * v->phases * v->tiles,
                              .grain = 1,
                              .cost = 0.5 * (double)weights / (double)(v->phases * v->tiles) };
    if (WG_ISA_SYM(wg__conv_sheets_cut)(v, &l->stage[1], element))
        return WG_OK;
    v->runs = ((size_t)((v->rows + WG__PATCH_KS) * width) * element + 63) / 64 * 64;
    l->stage[1] = (wg_stage){ .kernel = 0,
                              .extent = v->groups * v->phases * v->blocks,
                              .grain = 1,
                              .local = v->runs + (size_t)width * sizeof(wg__run),
                              .cost = work / (double)v->blocks / (5 * (double)lanes) };
    return WG_OK;
}
