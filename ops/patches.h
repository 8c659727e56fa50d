/* Convolution as a product of matrices whose right operand, the patches, is never stored whole.
 *
 * For each group of channels, result (rows, columns) = weights (rows, k) by patches (k, columns). A column is a position
 * of the result in one image, the batch's images one after the other; k counts the taps of the kernel, and for each tap
 * the source's channels. Patches are gathered from the source block by block, straight into the order that the product
 * reads; or, where lines are long, read where they lie (ops/conv_direct.c).
 *
 * Backwards (conv_input_grad, conv_transpose) the roles of x and y are exchanged: position h of the result gets
 * y[(h + padding - k dilation) / stride] for the taps k where that is whole. Positions that are equal modulo the stride have
 * the same taps, and make a phase: a product of its own, as dense as a convolution of stride 1. */
#ifndef WG_OPS_PATCHES_H
#define WG_OPS_PATCHES_H

#include "kernels/matmul.h"
#include "ops/sliding.h"

/* A convolution of concrete sizes. There are always three axes: those that are missing come first, of size 1. */
typedef struct wg__patches {
    int64_t batch, groups;
    int64_t rows, channels; /* of a group: the result's channels, the source's */
    int64_t source[WG__SPATIAL_MAX], result[WG__SPATIAL_MAX], kernel[WG__SPATIAL_MAX];
    int32_t stride[WG__SPATIAL_MAX], padding[WG__SPATIAL_MAX], dilation[WG__SPATIAL_MAX];
    bool backwards;
    bool bias;             /* operand 2 is one */
    uint8_t width;         /* of a panel of columns, in vectors */
    int32_t tiles, blocks; /* tiles of rows; blocks of columns, a unit each */
    int64_t phases;
    size_t runs; /* where in a worker's memory they begin, in bytes */
} wg__patches;
_Static_assert(sizeof(wg__patches) <= WG_PARAMS_MAX, "a convolution fits in what lower may leave");

/* One phase along one axis. */
typedef struct wg__patch_axis {
    int64_t columns, first, step; /* result: column t is at first + t step */
    int64_t size, at, walk,
        hop; /* source: column t looks for tap number i at at + t walk + i hop; outside 0..size-1: zero */
    int64_t taps, tap, tap_step; /* number i of them is the kernel's tap + i tap_step */
    int64_t before, all;         /* taps in the phases before, and in all */
} wg__patch_axis;

typedef struct wg__phase {
    wg__patch_axis axis[WG__SPATIAL_MAX];
    int64_t columns, taps; /* of one image; for one channel */
    int64_t before;        /* taps of the phases before this one */
} wg__phase;

/* Neighbouring columns of one line: `n` columns from number `column` of a panel on, at t in their image. */
typedef struct wg__run {
    int64_t column, n, image, t[WG__SPATIAL_MAX];
} wg__run;

/* Of `n` neighbouring columns from t on, those low <= i < high see the source with a tap, in steps of the last axis' walk; the
 * first of them sees element `from` of a channel's plane. */
typedef struct wg__sight {
    int64_t low, high, from;
} wg__sight;

/* Sizes and geometry from shapes: x or its like (N, C, spatial..), w (out, in / groups, kernel..), y. */
wg__patches wg__patches_of(const wg__sliding *, int64_t groups, const wg_shape *x, const wg_shape *w, const wg_shape *y,
                           bool backwards);
wg__phase wg__phase_of(const wg__patches *, int64_t number);
/* The phase's tap `number` along each axis. */
static inline void wg__tap_at(const wg__phase *f, int64_t number, int64_t tap[WG__SPATIAL_MAX])
{
    const int64_t inner = f->axis[2].taps, middle = f->axis[1].taps;
    tap[0] = number / inner / middle;
    tap[1] = number / inner % middle;
    tap[2] = number % inner;
}
wg__sight wg__sight_of(const wg__phase *, const int64_t tap[WG__SPATIAL_MAX], const int64_t t[WG__SPATIAL_MAX],
                       int64_t n);
/* Which element of the kernel is the phase's tap `number`. */
int64_t wg__tap_of(const wg__patches *, const wg__phase *, int64_t number);
/* The runs of columns begin .. end-1 of the batch; there are at most end - begin. Returns their number. */
int wg__runs_of(const wg__phase *, int64_t begin, int64_t end, wg__run *);

/* A phase's source laid out for direct convolution (ops/conv_direct.c): for each channel `residues` planes of `size` elements,
 * the source's positions low + residue + u walk along each axis. */
typedef struct wg__sheet {
    int64_t columns[WG__SPATIAL_MAX]; /* of the result */
    int64_t low[WG__SPATIAL_MAX], walk[WG__SPATIAL_MAX], residues[WG__SPATIAL_MAX], size[WG__SPATIAL_MAX];
    int64_t plane, channel; /* elements */
    int64_t length;         /* from the first position of the result to the last, in the planes' pitch; 0: none */
} wg__sheet;

/* Of lines begin .. end-1 of the phase's axis 1. */
wg__sheet wg__sheet_of(const wg__phase *, int64_t begin, int64_t end);
/* Where in the sheets tap k of a channel sees the result's first position: offset[channel * channel_step + k * tap_step].
 * Returns how many there are. */
int64_t wg__sheet_offsets(const wg__patches *, const wg__phase *, const wg__sheet *, int64_t *offset,
                          int64_t channel_step, int64_t tap_step);

enum { WG__PATCH_KS = 320 }; /* rows of patches that are gathered at a time, at most */

static inline int64_t wg__plane(const int64_t size[WG__SPATIAL_MAX]) { return size[0] * size[1] * size[2]; }
static inline int64_t wg__patch_blocks(int64_t ks)
{
    return ks > WG__PATCH_KS ? (ks + WG__PATCH_KS - 1) / WG__PATCH_KS : 1;
}

/* Where tile `t` of a group's weights begins among those packed, for k0 <= k < k1 of a phase: (kc, rows of the tile). */
static inline int64_t wg__packed_weights(const wg__patches *v, const wg__phase *f, int64_t group, int64_t k0,
                                         int64_t k1, int t)
{
    const int64_t of_group = v->rows * v->channels * wg__plane(v->kernel);
    return group * of_group + (f->before * v->channels + k0) * v->rows + wg__part(v->rows, t, v->tiles) * (k1 - k0);
}

#ifdef WG_ISA
/* For each element type:
 *
 * wg__gather: rows k0 .. k1-1 of the patches of some runs, of the group whose source is `src` in image 0: dst[(k - k0) *
 * width + column]. What lies between the runs stays as it is.
 *
 * wg__scatter: the rows of a panel (rows, width) with their biases (NULL: none) to the columns of the result, `out` in
 * image 0. */
#define WG__PATCHES_TYPE(T, type)                                                                                      \
    void WG_ISA_SYM(wg__gather_##type)(const wg__patches *, const wg__phase *, const wg__run *, int n_runs,            \
                                       const T *src, int64_t k0, int64_t k1, T *dst, int64_t width);                   \
    void WG_ISA_SYM(wg__scatter_##type)(const wg__patches *, const wg__phase *, const wg__run *, int n_runs,           \
                                        const T *panel, int64_t width, const T *bias, T *out)
WG__PATCHES_TYPE(float, f32);
WG__PATCHES_TYPE(double, f64);
#undef WG__PATCHES_TYPE

/* The stages that convolve, forwards or backwards: operands are the source, the weights and, where v->bias, a bias. First
 * _pack, kernel 1 of the operator, then _multiply, kernel 0. */
wg_status WG_ISA_SYM(wg__conv_cut)(wg__patches *, wg_lowering *, size_t element);
wg_status WG_ISA_SYM(wg__conv_pack_f32)(const wg_call *, int64_t begin, int64_t end);
wg_status WG_ISA_SYM(wg__conv_pack_f64)(const wg_call *, int64_t begin, int64_t end);
wg_status WG_ISA_SYM(wg__conv_multiply_f32)(const wg_call *, int64_t begin, int64_t end);
wg_status WG_ISA_SYM(wg__conv_multiply_f64)(const wg_call *, int64_t begin, int64_t end);
/* Where lines are long, v->blocks of them are laid out at a time, and the second stage is kernel 3, _sheets, which gathers
 * nothing: false where that does not pay. Of the weights, width and tiles are known. */
bool WG_ISA_SYM(wg__conv_sheets_cut)(wg__patches *, wg_stage *, size_t element);
wg_status WG_ISA_SYM(wg__conv_sheets_f32)(const wg_call *, int64_t begin, int64_t end);
wg_status WG_ISA_SYM(wg__conv_sheets_f64)(const wg_call *, int64_t begin, int64_t end);
/* Where channels are few it is one stage, kernel 2, without packing: false where that does not pay. _weigh is for the
 * weights' gradient, of operands g and x. */
bool WG_ISA_SYM(wg__conv_direct_cut)(wg__patches *, wg_lowering *, size_t element);
wg_status WG_ISA_SYM(wg__conv_direct_f32)(const wg_call *, int64_t begin, int64_t end);
wg_status WG_ISA_SYM(wg__conv_direct_f64)(const wg_call *, int64_t begin, int64_t end);
bool WG_ISA_SYM(wg__conv_weigh_cut)(wg__patches *, wg_lowering *, size_t element);
wg_status WG_ISA_SYM(wg__conv_weigh_f32)(const wg_call *, int64_t begin, int64_t end);
wg_status WG_ISA_SYM(wg__conv_weigh_f64)(const wg_call *, int64_t begin, int64_t end);
#define WG_CONV_KERNEL(stage)                                                                                          \
    {                                                                                                                  \
        .f32 = WG_ISA_SYM(wg__conv_##stage##_f32), .f64 = WG_ISA_SYM(wg__conv_##stage##_f64)                           \
    }
#define WG_CONV_STAGES { WG_CONV_KERNEL(pack), WG_CONV_KERNEL(direct), WG_CONV_KERNEL(sheets) }
#endif

#endif
