/* pixel_shuffle: channels into space, as Shi et al. 2016; pixel_unshuffle, its inverse and so its adjoint. */
#include "ops/elementwise.h"

/* Of the larger picture (.., C, H r, W r), row h r + i holds the rows h of channels (c r + i) r .. (c r + i) r + r - 1 of
 * the smaller (.., C r^2, H, W), one element of each in turn. */
typedef struct plan {
    int64_t r, channels, height, width; /* C, H, W */
} plan;

#define SHUFFLE(name, type)                                                                                            \
    static wg_status shuffle_##name(const wg_call *c, int64_t begin, int64_t end)                                      \
    {                                                                                                                  \
        const plan *p = c->params;                                                                                     \
        const int64_t r = p->r, width = p->width;                                                                      \
        for (int64_t row = begin; row < end; row++) {                                                                  \
            const int64_t i = row % r, h = row / r % p->height, channel = row / r / p->height * r + i;                 \
            const type *x = (const type *)c->in[0] + (channel * r * p->height + h) * width;                            \
            type *y = (type *)c->out + row * width * r;                                                                \
            for (int64_t j = 0; j < r; j++, x += p->height * width)                                                    \
                for (int64_t w = 0; w < width; w++)                                                                    \
                    y[w * r + j] = x[w];                                                                               \
        }                                                                                                              \
        return WG_OK;                                                                                                  \
    }                                                                                                                  \
    static wg_status unshuffle_##name(const wg_call *c, int64_t begin, int64_t end)                                    \
    {                                                                                                                  \
        const plan *p = c->params;                                                                                     \
        const int64_t r = p->r, width = p->width;                                                                      \
        for (int64_t row = begin; row < end; row++) {                                                                  \
            const int64_t h = row % p->height, channel = row / p->height, i = channel / r % r;                         \
            const type *x =                                                                                            \
                (const type *)c->in[0] + ((channel / r / r * p->height + h) * r + i) * width * r + channel % r;        \
            type *y = (type *)c->out + row * width;                                                                    \
            for (int64_t w = 0; w < width; w++)                                                                        \
                y[w] = x[w * r];                                                                                       \
        }                                                                                                              \
        return WG_OK;                                                                                                  \
    }
SHUFFLE(1, uint8_t)
SHUFFLE(4, uint32_t)
SHUFFLE(8, uint64_t)

static wg_status shuffle_forward(const wg_call *c, int64_t begin, int64_t end)
{
    const size_t size = wg_dtype_size(c->out_type);
    return (size == 8 ? shuffle_8 : size == 4 ? shuffle_4 : shuffle_1)(c, begin, end);
}

static wg_status unshuffle_forward(const wg_call *c, int64_t begin, int64_t end)
{
    const size_t size = wg_dtype_size(c->out_type);
    return (size == 8 ? unshuffle_8 : size == 4 ? unshuffle_4 : unshuffle_1)(c, begin, end);
}

WG_KERNELS(pixel_shuffle, .forward = WG_ANY_TYPE(shuffle_forward));
WG_KERNELS(pixel_unshuffle, .forward = WG_ANY_TYPE(unshuffle_forward));

#ifdef WG_BASELINE

#include "base/checked.h"

static const wg_attr shuffle_attrs[] = { { "upscale_factor", WG_ATTR_I64, 0, NULL, NULL }, { 0 } };
static const wg_attr unshuffle_attrs[] = { { "downscale_factor", WG_ATTR_I64, 0, NULL, NULL }, { 0 } };

static int64_t factor_of(const void *attributes) { return *(const int64_t *)attributes; }

static wg_status operands(wg_infer *t, int64_t r)
{
    char text[96];
    if (t->in[0].rank < 3)
        return wg_infer_fail(t, WG_ERR_SHAPE, "takes (.., C, H, W), got %s",
                             wg_shape_text(t->in[0], text, sizeof text));
    if (r < 1 || r > 1 << 20)
        return wg_infer_fail(t, WG_ERR_ARG, "the factor must be in 1..2^20, got %lld", (long long)r);
    return WG_OK;
}

/* A size divided by d, which must divide it, or multiplied by m. What is unknown stays so. */
static wg_status change(wg_infer *t, int axis, int64_t d, int64_t m)
{
    int64_t *size = &t->out[0].dim[axis];
    if (d == 1 && m == 1)
        return WG_OK;
    if (*size < 0)
        *size = WG_ANY;
    else if (*size % d)
        return wg_infer_fail(t, WG_ERR_SHAPE, "%lld does not divide axis %d, of size %lld", (long long)d, axis,
                             (long long)*size);
    else if (!wg__mul_i64(*size / d, m, size))
        return wg_infer_fail(t, WG_ERR_RANGE, "axis %d would become too large", axis);
    return WG_OK;
}

/* The last three sizes, C, H, W, by these divisors and multipliers. */
static wg_status change_all(wg_infer *t, const int64_t d[3], const int64_t m[3])
{
    wg_status status = operands(t, factor_of(t->attrs));
    t->out[0] = t->in[0];
    for (int i = 0; !status && i < 3; i++)
        status = change(t, t->in[0].rank - 3 + i, d[i], m[i]);
    return status;
}

static wg_status shuffle_infer(wg_infer *t)
{
    const int64_t r = factor_of(t->attrs), square = r > 0 && r < 1 << 21 ? r * r : 1;
    return change_all(t, (int64_t[]){ square, 1, 1 }, (int64_t[]){ 1, r, r });
}

static wg_status unshuffle_infer(wg_infer *t)
{
    const int64_t r = factor_of(t->attrs), square = r > 0 && r < 1 << 21 ? r * r : 1;
    return change_all(t, (int64_t[]){ 1, r, r }, (int64_t[]){ square, 1, 1 });
}

/* A unit is a row of the result. */
static wg_status lower(wg_lowering *l, const wg_shape *small)
{
    const int64_t r = factor_of(l->attrs), width = l->out_shape[0].dim[l->out_shape[0].rank - 1];
    const int64_t *last = small->dim + small->rank - 3;
    *(plan *)(void *)l->params = (plan){ r, last[0] / (r * r), last[1], last[2] };
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .extent = width ? wg_shape_count(l->out_shape[0]) / width : 0,
                              .grain = 1,
                              .cost = 5 + 0.5 * (double)width };
    return WG_OK;
}

static wg_status shuffle_lower(wg_lowering *l) { return lower(l, &l->in_shape[0]); }

static wg_status unshuffle_lower(wg_lowering *l) { return lower(l, &l->out_shape[0]); }

static wg_node *shuffle_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_pixel_unshuffle(a->cotangent, factor_of(a->attrs));
}

static wg_node *unshuffle_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_pixel_shuffle(a->cotangent, factor_of(a->attrs));
}

static const int64_t two = 2, three = 3, one = 1;
static const wg_sample shuffle_samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 8, 2, 3) }, .attrs = &two },
    { .in = { WG_VALUES(-2, 2, 9, 3, 2) }, .attrs = &three },
    { .in = { WG_VALUES(-2, 2, 1, 2, 4, 1, 5) }, .attrs = &two },
    { .in = { WG_VALUES(-2, 2, 2, 3, 2, 2) }, .attrs = &one },
};
static const wg_sample unshuffle_samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 2, 4, 6) }, .attrs = &two },
    { .in = { WG_VALUES(-2, 2, 1, 9, 6) }, .attrs = &three },
    { .in = { WG_VALUES(-2, 2, 1, 2, 1, 2, 10) }, .attrs = &two },
    { .in = { WG_VALUES(-2, 2, 2, 3, 2, 2) }, .attrs = &one },
};

const wg_op wg_op_pixel_shuffle = {
    WG_OP,
    .name = "pixel_shuffle",
    .doc = "(.., C r^2, H, W) as (.., C, H r, W r), r = upscale_factor",
    .arity = 1,
    .attrs = shuffle_attrs,
    .attrs_size = sizeof(int64_t),
    .infer = shuffle_infer,
    .forward = WG_ANY_TYPE(shuffle_forward),
    .lower = shuffle_lower,
    .backward = shuffle_backward,
    WG_SAMPLES(shuffle_samples),
};

const wg_op wg_op_pixel_unshuffle = {
    WG_OP,
    .name = "pixel_unshuffle",
    .doc = "(.., C, H r, W r) as (.., C r^2, H, W), r = downscale_factor: the inverse",
    .arity = 1,
    .attrs = unshuffle_attrs,
    .attrs_size = sizeof(int64_t),
    .infer = unshuffle_infer,
    .forward = WG_ANY_TYPE(unshuffle_forward),
    .lower = unshuffle_lower,
    .backward = unshuffle_backward,
    WG_SAMPLES(unshuffle_samples),
};

wg_node *wg_pixel_shuffle(wg_node *x, int64_t factor) { return wg_apply(&wg_op_pixel_shuffle, WG_NODES(x), &factor); }

wg_node *wg_pixel_unshuffle(wg_node *x, int64_t factor)
{
    return wg_apply(&wg_op_pixel_unshuffle, WG_NODES(x), &factor);
}

#endif
