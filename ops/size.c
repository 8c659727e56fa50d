/* size: how many elements, as a number in the graph. It lets adjoints of means divide without knowing any shape. */
#include "ops/elementwise.h"
#include "tensor/shape.h"

typedef struct size {
    wg_axes axes;
} size;

static wg_status size_forward(const wg_call *c, int64_t begin, int64_t end)
{
    wg_axes axes = ((const size *)c->attrs)->axes;
    const wg_shape *x = &c->in_shape[0];
    int64_t count = 1;
    for (int i = 0; i < (axes.n < 0 ? x->rank : axes.n); i++)
        count *= x->dim[axes.n < 0 ? i : wg_axis_of(axes.at[i], x->rank)];
    for (int64_t i = begin; i < end; i++)
        wg__store(c->out, c->out_type, i, (double)count);
    return WG_OK;
}

WG_KERNELS(size, .forward = WG_ANY_TYPE(size_forward));

#ifdef WG_BASELINE

static const wg_attr attrs[] = { { "axes", WG_ATTR_AXES, offsetof(size, axes), "null", NULL }, { 0 } };

static wg_status infer(wg_infer *t)
{
    bool on[WG_MAX_RANK];
    wg_status status = wg_infer_axes(t, ((const size *)t->attrs)->axes, t->in[0].rank, on);
    t->out[0] = (wg_shape){ { 0 }, 0 };
    t->out_type[0] = wg__is_float(t->in_type[0]) ? t->in_type[0] : WG_I64;
    return status;
}

static const size last = { { { -1 }, 1 } };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 3) } },
    { .in = { WG_VALUES(-2, 2, 2, 1, 4) }, .attrs = &last },
};

const wg_op wg_op_size = {
    WG_OP, .name = "size", .doc = "the number of elements along the axes; x's type if that is a float, else i64",
    .arity = 1, .flags = WG_NO_GRADIENT | WG_SHAPE_ONLY_LAST, .attrs = attrs, .attrs_size = sizeof(size),
    .infer = infer, .forward = WG_ANY_TYPE(size_forward), WG_SAMPLES(samples),
};

wg_node *wg__size(wg_node *x, wg_axes axes)
{
    return wg_apply(&wg_op_size, WG_NODES(x), &(size){ axes });
}

#endif
