/* What pooling operators share: attributes, shapes, options. */
#ifndef WG_OPS_POOL_H
#define WG_OPS_POOL_H

#include "ops/sliding.h"

typedef struct wg__pool {
    wg_list kernel, stride, padding; /* no stride: the kernel */
    wg_list dilation;                /* max_pool alone; else empty */
    bool count_include_pad;          /* avg_pool alone */
} wg__pool;

extern const wg_attr wg__max_pool_attrs[], wg__avg_pool_attrs[];

/* The windows with what was left out put in. */
wg__sliding wg__pool_sliding(const wg__pool *);
/* The shape that pooling x, of so many spatial axes (0: of one or two), gives. WG_ERR_SHAPE, WG_ERR_ARG, WG_ERR_DTYPE, WG_ERR_RANGE. */
wg_status wg__pool_shape(wg_infer *, const wg_shape *x, int axes, wg_shape *y);
/* The attributes of a caller's kernel and options, for an operator on x's graph. False, with the failure recorded: they make no
 * sense. */
bool wg__pool_options(wg__pool *, const wg_node *x, wg_axes kernel, const wg_conv_opts *);

#endif
