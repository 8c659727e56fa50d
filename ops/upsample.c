/* upsample: more (or fewer) elements along the spatial axes, the nearest or interpolated; upsample_sum, its adjoint. */
#include "ops/resample_rows.h"

WG_KERNELS(upsample, .forward = WG_ANY_TYPE(wg__resample_tables), .stage[0] = WG_BOTH(resample_rows));
WG_KERNELS(upsample_sum, .forward = WG_ANY_TYPE(wg__resample_tables), .stage[0] = WG_BOTH(resample_rows));

#ifdef WG_BASELINE

#include "ops/sliding.h"

typedef struct upsample {
    double scale;
    int mode; /* a wg_upsample_mode */
} upsample;

static const wg_attr attrs[] = {
    { "scale", WG_ATTR_F64, offsetof(upsample, scale), NULL, NULL },
    { "mode", WG_ATTR_ENUM, offsetof(upsample, mode), "nearest", "nearest|bilinear" },
    { 0 },
};

/* The shape that scaling x gives. */
static wg_status scaled(wg_infer *t, int slot, wg_shape *y)
{
    const double scale = ((const upsample *)t->attrs)->scale;
    wg_status status = wg__infer_plane(t, &t->in[slot]);
    *y = t->in[slot];
    if (!status && !(scale > 0 && scale < 0x1p31))
        status = wg_infer_fail(t, WG_ERR_ARG, "scale must be larger than 0 and below 2^31, got %g", scale);
    for (int i = 2; !status && i < y->rank; i++) {
        const int64_t n = y->dim[i];
        const double size = n < 0 ? 1 : (double)n * scale;
        y->dim[i] = n >= 0 ? (int64_t)(size < 0x1p48 ? size : 0) : scale == 1 ? n : WG_ANY;
        if (size >= 0x1p48)
            return wg_infer_fail(t, WG_ERR_RANGE, "axis %d would become too large", i);
        if (n > 0 && y->dim[i] == 0)
            return wg_infer_fail(t, WG_ERR_SHAPE, "scale %g leaves nothing of axis %d, of size %lld", scale, i,
                                 (long long)n);
    }
    return status;
}

static wg_status infer(wg_infer *t) { return scaled(t, 0, &t->out[0]); }

static wg_status sum_infer(wg_infer *t)
{
    wg_shape y;
    wg_status status = scaled(t, 1, &y);
    return status ? status : wg__infer_transposed(t, &y, "scaling");
}

static wg__rule rule_of(const void *attributes, int axis)
{
    const upsample *at = attributes;
    (void)axis;
    return (wg__rule){ .kind = at->mode == WG_NEAREST ? WG__RULE_NEAREST : WG__RULE_LINEAR, .scale = at->scale };
}

static wg_status lower(wg_lowering *l) { return wg__resample_lower(l, rule_of, false); }

static wg_status sum_lower(wg_lowering *l) { return wg__resample_lower(l, rule_of, true); }

static wg_node *backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_apply(&wg_op_upsample_sum, WG_NODES(a->cotangent, a->in[0]), a->attrs);
}

static wg_node *sum_backward(const wg_adjoint *a, int slot)
{
    return slot == 0 ? wg_apply(&wg_op_upsample, WG_NODES(a->cotangent), a->attrs) : wg_no_gradient(a);
}

static const upsample twice = { 2, WG_NEAREST }, half_more = { 1.5, WG_NEAREST }, less = { 0.4, WG_NEAREST },
                      twice_between = { 2, WG_BILINEAR }, thrice_between = { 3, WG_BILINEAR },
                      less_between = { 0.6, WG_BILINEAR }, same = { 1.1, WG_BILINEAR };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 3, 2, 3) }, .attrs = &twice },
    { .in = { WG_VALUES(-2, 2, 1, 2, 5) }, .attrs = &half_more },
    { .in = { WG_VALUES(-2, 2, 2, 1, 5, 7) }, .attrs = &less },
    { .in = { WG_VALUES(-2, 2, 2, 2, 3, 4) }, .attrs = &twice_between },
    { .in = { WG_VALUES(-2, 2, 1, 2, 5) }, .attrs = &thrice_between },
    { .in = { WG_VALUES(-2, 2, 1, 2, 5, 7) }, .attrs = &less_between },
    { .in = { WG_VALUES(-2, 2, 1, 2, 4) }, .attrs = &same },
};
static const wg_sample sum_samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 3, 4, 6), WG_VALUES(-2, 2, 2, 3, 2, 3) }, .attrs = &twice },
    { .in = { WG_VALUES(-2, 2, 1, 2, 7), WG_VALUES(-2, 2, 1, 2, 5) }, .attrs = &half_more },
    { .in = { WG_VALUES(-2, 2, 2, 1, 2, 2), WG_VALUES(-2, 2, 2, 1, 5, 7) }, .attrs = &less },
    { .in = { WG_VALUES(-2, 2, 2, 2, 6, 8), WG_VALUES(-2, 2, 2, 2, 3, 4) }, .attrs = &twice_between },
    { .in = { WG_VALUES(-2, 2, 1, 2, 15), WG_VALUES(-2, 2, 1, 2, 5) }, .attrs = &thrice_between },
    { .in = { WG_VALUES(-2, 2, 1, 2, 3, 4), WG_VALUES(-2, 2, 1, 2, 5, 7) }, .attrs = &less_between },
    { .in = { WG_VALUES(-2, 2, 1, 2, 4), WG_VALUES(-2, 2, 1, 2, 4) }, .attrs = &same },
    { .in = { WG_VALUES(-2, 2, 1, 1, 2, 600), WG_VALUES(-2, 2, 1, 1, 1, 300) }, .attrs = &twice_between },
};

const wg_op wg_op_upsample = {
    WG_OP,
    .name = "upsample",
    .doc = "x (N, C, spatial ..) with each spatial size times scale, rounded down: the nearest element below, or "
           "interpolated between the centres of elements",
    .arity = 1,
    .attrs = attrs,
    .attrs_size = sizeof(upsample),
    .infer = infer,
    .forward = WG_ANY_TYPE(wg__resample_tables),
    .stage[0] = WG_BOTH(resample_rows),
    .lower = lower,
    .backward = backward,
    WG_SAMPLES(samples),
};

const wg_op wg_op_upsample_sum = {
    WG_OP,
    .name = "upsample_sum",
    .doc = "sums what upsampling the second operand made of each element, by its weight: the adjoint of upsample",
    .arity = 2,
    .flags = WG_GRADIENT_OF_OTHERS | WG_SHAPE_ONLY_LAST,
    .attrs = attrs,
    .attrs_size = sizeof(upsample),
    .infer = sum_infer,
    .forward = WG_ANY_TYPE(wg__resample_tables),
    .stage[0] = WG_BOTH(resample_rows),
    .lower = sum_lower,
    .backward = sum_backward,
    WG_SAMPLES(sum_samples),
};

wg_node *wg_upsample(wg_node *x, double scale, wg_upsample_mode mode)
{
    return wg_apply(&wg_op_upsample, WG_NODES(x), &(upsample){ scale, (int)mode });
}

#endif
