/* What the convolutions share: attributes, shape rules, and each other's adjoints. */
#ifndef WG_OPS_CONV_H
#define WG_OPS_CONV_H

#include "ops/builtin.h"
#include "ops/sliding.h"

typedef struct wg__conv_attrs {
    wg__sliding sliding;
    int64_t groups;
} wg__conv_attrs;

#define WG_CONV_ATTRS                                                                                                  \
    WG_SLIDING_ATTRS(wg__conv_attrs, sliding), { "groups", WG_ATTR_I64, offsetof(wg__conv_attrs, groups), "1", NULL }

extern const wg_attr wg__conv_attrs_table[];

/* For use in `infer`. */
/* Types, attributes, ranks, and w (outer, inner / groups, kernel..); axes = 0: as many as x has. */
wg_status wg__conv_operands(wg_infer *, const wg_shape *x, const wg_shape *w, int axes, int64_t *outer, int64_t *inner);
/* WG_ERR_SHAPE unless x has so many channels. */
wg_status wg__conv_channels(wg_infer *, const wg_shape *x, const wg_shape *w, int64_t channels);
/* All of that for a convolution of x with w, and its result's shape, into *y. */
wg_status wg__conv_shape(wg_infer *, const wg_shape *x, const wg_shape *w, int axes, wg_shape *y);
/* WG_ERR_SHAPE unless g can be y's cotangent. */
wg_status wg__conv_fits(wg_infer *, const wg_shape *g, const wg_shape *y);
/* The bias, operand 2 where there is one: (channels). */
wg_status wg__conv_bias(wg_infer *, int64_t channels);

/* y = the convolution of x with w, without bias, and its two adjoints for cotangent g of y. */
wg_node *wg__conv(wg_node *x, wg_node *w, const wg__conv_attrs *);
wg_node *wg__conv_input_grad(wg_node *g, wg_node *w, wg_node *x_like, const wg__conv_attrs *);
wg_node *wg__conv_weight_grad(wg_node *g, wg_node *x, wg_node *w_like, const wg__conv_attrs *);
/* FLOPs: each element of `small`, the convolution's result or its cotangent, meets all weights of its channel. */
static inline double wg__conv_flops(const wg_shape *small, const wg_shape *w)
{
    return w->dim[0] == 0 ? 0 : 2.0 * (double)wg_shape_count(*small) * (double)wg_shape_count(*w) / (double)w->dim[0];
}
/* A bias's adjoint: the sum over all axes but the channels. */
wg_node *wg__conv_bias_grad(wg_node *g);

#endif
