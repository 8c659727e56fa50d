/* conv_weight_grad: the gradient of a convolution y of x for its weights, the sum over the batch and all windows of g times
 * the patch that the window saw. As products of matrices: w' (k, rows) = patches (k, columns) by g' (columns, rows), whose
 * long side, the columns, is cut into blocks; their sums are added in order. */
#include <string.h>

#include "ops/conv.h"
#include "ops/patches.h"

enum {
    WG__PATCH_COLUMNS = 128, /* that are gathered at a time */
    WG__WEIGHT_UNITS = 16,
    WG__WEIGHT_CHUNKS = 4 /* of columns that are worth a unit */
};

/* A group's rows, filled up to whole panels. */
static inline int64_t wg__padded_rows(const wg__patches *v, int64_t lanes)
{
    const int64_t width = v->width * lanes;
    return (v->rows + width - 1) / width * width;
}

#define T float
#define TYPE f32
#include "ops/conv_weight_stage.h"

#define T double
#define TYPE f64
#include "ops/conv_weight_stage.h"

static wg_status weight_lower(wg_lowering *l)
{
    const wg__conv_attrs *at = l->attrs;
    wg__patches v = wg__patches_of(&at->sliding, at->groups, &l->in_shape[1], &l->in_shape[2], &l->in_shape[0], false);
    const int64_t element = (int64_t)wg_dtype_size(l->in_type[0]), lanes = WG__VECTOR / element;
    const int64_t ks = v.channels * wg__plane(v.kernel), k_blocks = wg__patch_blocks(ks);
    const int64_t columns = v.batch * wg__plane(v.result),
                  chunks = (columns + WG__PATCH_COLUMNS - 1) / WG__PATCH_COLUMNS;
    l->n_stages = 0;
    if (v.groups * v.rows * ks == 0)
        return WG_OK;
    if (WG_ISA_SYM(wg__conv_weigh_cut)(&v, l, (size_t)element)) {
        memcpy(l->params, &v, sizeof v);
        return WG_OK;
    }
    v.width = v.rows <= lanes ? 1 : 2;
    const int64_t blocks =
        wg__least(WG__WEIGHT_UNITS / wg__least(v.groups * k_blocks, WG__WEIGHT_UNITS), chunks / WG__WEIGHT_CHUNKS);
    v.blocks = blocks > 1 ? (int32_t)blocks : 1;
    const int64_t padded = wg__padded_rows(&v, lanes), kc = wg__least(ks, WG__PATCH_KS);
    v.runs = ((size_t)((kc + padded) * WG__PATCH_COLUMNS * element) + 63) / 64 * 64;
    l->scratch = (size_t)(v.blocks * v.groups * ks * padded * element);
    l->n_stages = 2;
    const double work = (double)padded * (double)columns * (double)ks / (double)(k_blocks * v.blocks);
    l->stage[0] = (wg_stage){ .kernel = 0,
                              .extent = v.groups * k_blocks * v.blocks,
                              .grain = 1,
                              .local = v.runs + WG__PATCH_COLUMNS * sizeof(wg__run),
                              .cost = work / (4 * (double)lanes) };
    l->stage[1] = (wg_stage){ .kernel = 1,
                              .extent = v.groups * ks,
                              .grain = 8,
                              .local = (size_t)(v.rows * element),
                              .cost = (double)(v.rows * (v.blocks + 4)) * 0.2 };
    memcpy(l->params, &v, sizeof v);
    return WG_OK;
}

WG_KERNELS(conv_weight_grad, .forward = WG_BOTH(weight_multiply),
           .stage = { WG_BOTH(weight_combine), WG_CONV_KERNEL(weigh) },
           .lower = weight_lower);

#ifdef WG_BASELINE

static wg_status weight_infer(wg_infer *t)
{
    wg_shape y;
    wg_status status = wg__conv_shape(t, &t->in[1], &t->in[2], 0, &y);
    t->out[0] = t->in[2];
    return status ? status : wg__conv_fits(t, &t->in[0], &y);
}

/* Linear in g and in x. */
static wg_node *weight_backward(const wg_adjoint *a, int slot)
{
    wg_node *g = a->in[0], *x = a->in[1], *h = a->cotangent;
    return slot == 0   ? wg__conv(x, h, a->attrs)
           : slot == 1 ? wg__conv_input_grad(g, h, x, a->attrs)
                       : wg_no_gradient(a);
}

static double weight_flops(const wg_call *c) { return wg__conv_flops(&c->in_shape[0], &c->out_shape); }

static const wg__conv_attrs uneven = { { WG_DIMS(2, 1), WG_DIMS(1, 2), WG_DIMS(1, 2) }, 1 },
                            grouped = { { WG_DIMS(2), WG_DIMS(1), WG_DIMS(1) }, 2 },
                            deep = { { WG_DIMS(1), WG_DIMS(1), WG_DIMS(1) }, 1 };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 3, 4), WG_VALUES(-2, 2, 2, 2, 6), WG_VALUES(-2, 2, 3, 2, 3) } },
    { .in = { WG_VALUES(-2, 2, 1, 2, 2, 4), WG_VALUES(-2, 2, 1, 2, 4, 4), WG_VALUES(-2, 2, 2, 2, 3, 3) },
      .attrs = &uneven },
    { .in = { WG_VALUES(-2, 2, 2, 4, 2, 3), WG_VALUES(-2, 2, 2, 2, 3, 4), WG_VALUES(-2, 2, 4, 1, 3, 2) },
      .attrs = &grouped },
    { .in = { WG_VALUES(-2, 2, 1, 1, 2, 2, 1), WG_VALUES(-2, 2, 1, 1, 1, 2, 1), WG_VALUES(-2, 2, 1, 1, 2, 3, 3) },
      .attrs = &deep },
    { .in = { WG_VALUES(-2, 2, 1, 3, 2, 4), WG_VALUES(-2, 2, 1, 2, 4, 4), WG_VALUES(-2, 2, 3, 2, 3, 3) },
      .attrs = &uneven },
    { .in = { WG_VALUES(-2, 2, 1, 6, 2, 3), WG_VALUES(-2, 2, 1, 2, 3, 4), WG_VALUES(-2, 2, 6, 1, 3, 2) },
      .attrs = &grouped },
};

const wg_op wg_op_conv_weight_grad = {
    WG_OP,
    .name = "conv_weight_grad",
    .doc = "a convolution's gradient for its weights, of the last operand's shape: the sum "
           "over all windows of g times what the window saw of x",
    .arity = 3,
    .flags = WG_GRADIENT_OF_OTHERS | WG_SHAPE_ONLY_LAST,
    .attrs = wg__conv_attrs_table,
    .attrs_size = sizeof(wg__conv_attrs),
    .infer = weight_infer,
    .forward = WG_BOTH(weight_multiply),
    .stage = { WG_BOTH(weight_combine), WG_CONV_KERNEL(weigh) },
    .lower = weight_lower,
    .backward = weight_backward,
    .flops = weight_flops,
    WG_SAMPLES(samples),
};

wg_node *wg__conv_weight_grad(wg_node *g, wg_node *x, wg_node *w_like, const wg__conv_attrs *at)
{
    return wg_apply(&wg_op_conv_weight_grad, WG_NODES(g, x, w_like), at);
}

#endif
