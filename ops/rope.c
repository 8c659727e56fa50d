/* rope: rotary position embedding (Su et al. 2021, "RoFormer"). Of each row t of x (.., T, D), pair i of features turns by
 * the angle (offset + t) base^(-2 i / D). The pairs are (i, i + D/2), or (2 i, 2 i + 1) where they are interleaved. */
#include <math.h>

#include "base/checked.h"
#include "ops/elementwise.h"

typedef struct rope {
    bool interleaved, reverse; /* reverse: by the angles' negatives, which is the adjoint */
    double base;
    int64_t offset;
} rope;

/* Cosines and sines of row t, into scratch (T, 2, D/2). */
WG_KERNEL(
    rope_angles, const rope *at = c->attrs;
    const int64_t width = c->out_shape.dim[c->out_shape.rank - 1], pairs = width / 2;
    for (int64_t t = begin; t < end; t++) {
        T *cosine = (T *)c->scratch + t * width;
        T *sine = cosine + pairs;
        const double place = (double)(at->offset + t) * (at->reverse ? -1 : 1);
        for (int64_t i = 0; i < pairs; i++) {
            const double angle = place * pow(at->base, -2 * (double)i / (double)width);
            cosine[i] = (T)cos(angle);
            sine[i] = (T)sin(angle);
        }
    })

/* Units: rows of x. */
WG_KERNEL(
    rope_forward, const rope *at = c->attrs; const wg_shape *s = &c->out_shape;
    const int64_t length = s->dim[s->rank - 2], width = s->dim[s->rank - 1], pairs = width / 2;
    for (int64_t row = begin; row < end; row++) {
        const T *cosine = (const T *)c->scratch + row % length * width;
        const T *sine = cosine + pairs;
        const T *x = (const T *)c->in[0] + row * width;
        T *y = (T *)c->out + row * width;
        const int64_t step = at->interleaved ? 2 : 1, apart = at->interleaved ? 1 : pairs;
        WG_SIMD for (int64_t i = 0; i < pairs; i++)
        {
            const T a = x[i * step], b = x[i * step + apart];
            y[i * step] = a * cosine[i] - b * sine[i];
            y[i * step + apart] = b * cosine[i] + a * sine[i];
        }
    })

WG_KERNELS(rope, .forward = WG_BOTH(rope_forward), .stage[0] = WG_BOTH(rope_angles));

#ifdef WG_BASELINE

static wg_status infer(wg_infer *t)
{
    const rope *at = t->attrs;
    const wg_shape *x = &t->in[0];
    t->out[0] = *x;
    wg_status status = wg__infer_types(t, false);
    if (status)
        return status;
    if (x->rank < 2 || (x->dim[x->rank - 1] >= 0 && x->dim[x->rank - 1] % 2)) {
        char text[128];
        return wg_infer_fail(t, WG_ERR_SHAPE, "takes (.., T, D) with D even, got %s",
                             wg_shape_text(*x, text, sizeof text));
    }
    if (!(at->base > 0 && isfinite(at->base)))
        return wg_infer_fail(t, WG_ERR_ARG, "base must be above 0, got %g", at->base);
    if (at->offset < -(INT64_C(1) << 52) || at->offset > INT64_C(1) << 52)
        return wg_infer_fail(t, WG_ERR_ARG, "offset must be within 2^52, got %lld", (long long)at->offset);
    return WG_OK;
}

static wg_status lower(wg_lowering *l)
{
    const wg_shape *x = &l->in_shape[0];
    const int64_t length = x->dim[x->rank - 2], width = x->dim[x->rank - 1], count = wg_shape_count(*x);
    if (count == 0)
        return WG_OK;
    if (!wg__mul_size((size_t)(length * width), wg_dtype_size(l->in_type[0]), &l->scratch))
        return WG_ERR_NOMEM;
    l->n_stages = 2;
    l->stage[0] = (wg_stage){ .kernel = 1, .extent = length, .grain = 16, .cost = 20 * (double)width };
    l->stage[1] = (wg_stage){ .extent = count / width, .grain = 1 + 4096 / width, .cost = 10 + 0.5 * (double)width };
    return WG_OK;
}

static wg_node *backward(const wg_adjoint *a, int slot)
{
    rope back = *(const rope *)a->attrs;
    (void)slot;
    back.reverse = !back.reverse;
    return wg_apply(&wg_op_rope, WG_NODES(a->cotangent), &back);
}

static const wg_attr attrs[] = {
    { "interleaved", WG_ATTR_BOOL, offsetof(rope, interleaved), "false", NULL },
    { "base", WG_ATTR_F64, offsetof(rope, base), "10000", NULL },
    { "offset", WG_ATTR_I64, offsetof(rope, offset), "0", NULL },
    { "reverse", WG_ATTR_BOOL, offsetof(rope, reverse), "false", NULL },
    { 0 },
};
static const rope neighbours = { true, false, 100, 3 }, back = { false, true, 10, -2 };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-2, 2, 3, 4) } },
    { .in = { WG_VALUES(-2, 2, 2, 1, 5, 6) }, .attrs = &neighbours },
    { .in = { WG_VALUES(-2, 2, 3, 2, 2) }, .attrs = &back },
};

const wg_op wg_op_rope = {
    WG_OP,
    .name = "rope",
    .doc = "each pair of the last axis turned by (offset + row) base^(-2 i / D); pairs are (i, i + D/2), or neighbours",
    .arity = 1,
    .attrs = attrs,
    .attrs_size = sizeof(rope),
    .infer = infer,
    .forward = WG_BOTH(rope_forward),
    .stage = { WG_BOTH(rope_angles) },
    .lower = lower,
    .backward = backward,
    WG_SAMPLES(samples),
};

wg_node *wg_rope(wg_node *x, bool interleaved, double base, int64_t offset)
{
    return wg_apply(&wg_op_rope, WG_NODES(x), &(rope){ interleaved, false, base, offset });
}

#endif
