/* Windows that slide over the spatial axes of x (N, C, spatial..): the geometry of convolution, pooling and unfold.
 *
 * Along an axis window i looks at `kernel` elements, at i stride - padding + k dilation for 0 <= k < kernel; what lies
 * outside counts as zero. There are as many windows as fit into size + 2 padding. */
#ifndef WG_OPS_SLIDING_H
#define WG_OPS_SLIDING_H

#include "ops/op.h"

enum { WG__SPATIAL_MAX = 3, WG__SPATIAL = 2 /* the first spatial axis */ };

/* Attributes: one number an axis, or one for all. */
typedef struct wg__sliding {
    wg_list stride, padding, dilation;
} wg__sliding;
#define WG_SLIDING_ATTRS(type, member)                                                                                 \
    { "stride", WG_ATTR_LIST, offsetof(type, member.stride), "1", NULL },                                              \
        { "padding", WG_ATTR_LIST, offsetof(type, member.padding), "0", NULL },                                        \
    {                                                                                                                  \
        "dilation", WG_ATTR_LIST, offsetof(type, member.dilation), "1", NULL                                           \
    }

static inline int64_t wg__spatial(wg_list list, int axis) { return list.at[list.n == 1 ? 0 : axis]; }

/* From the first to the last element that a window looks at. */
static inline int64_t wg__reach(int64_t kernel, int64_t dilation) { return (kernel - 1) * dilation + 1; }

/* For use in `infer`; each records what is wrong. `axes` is the number of spatial axes, `axis` one of them, from 0. */
/* WG_ERR_SHAPE unless x is (N, C, spatial..); axes = 0: of any rank. WG_ERR_DTYPE unless all operands are f32, or all f64. */
wg_status wg__infer_spatial(wg_infer *, const wg_shape *x, int axes);
/* WG_ERR_ARG unless the list has one number, or one an axis, each `least` or more, and few enough bits that products do not
 * overflow. */
wg_status wg__infer_spatial_list(wg_infer *, const char *name, wg_list, int axes, int64_t least);
wg_status wg__infer_sliding(wg_infer *, const wg__sliding *, int axes);
/* How many windows there are; WG_ANY where a size is not known, unless it must be the axis' own. WG_ERR_SHAPE: none fits. */
wg_status wg__infer_windows(wg_infer *, const wg__sliding *, int axis, int64_t size, int64_t kernel, int64_t *windows);
/* For operators of planes, with one or two spatial axes. */
wg_status wg__infer_plane(wg_infer *, const wg_shape *x);
/* Of the adjoint of an operator that makes a tensor of shape y from operand 1: operand 0 must have that shape, the result has
 * operand 1's. The message is "(..) is not what WHAT (..) gives". */
wg_status wg__infer_transposed(wg_infer *, const wg_shape *y, const char *what);

/* The options of wg_conv2d and its kin, as attributes; where a field has no numbers the value is stride, or 0, or 1. False,
 * with the failure recorded: they are no options of this version. */
bool wg__sliding_options(wg__sliding *, int64_t *groups, const wg_conv_opts *, wg_list stride);
/* The numbers of a list; those of `otherwise` where it is empty. */
wg_list wg__list_or(wg_axes, wg_list otherwise);

#endif
