/* zeros, zeros_like, ones_like: constants of a shape that may be known only at run time. */
#include <string.h>

#include "ops/elementwise.h"
#include "tensor/shape.h"

static wg_status zeros_forward(const wg_call *c, int64_t begin, int64_t end)
{
    size_t size = wg_dtype_size(c->out_type);
    memset((char *)c->out + (size_t)begin * size, 0, (size_t)(end - begin) * size);
    return WG_OK;
}

static wg_status ones_forward(const wg_call *c, int64_t begin, int64_t end)
{
    for (int64_t i = begin; i < end; i++)
        wg__store(c->out, c->out_type, i, 1);
    return WG_OK;
}

WG_KERNELS(zeros, .forward = WG_ANY_TYPE(zeros_forward));
WG_KERNELS(zeros_like, .forward = WG_ANY_TYPE(zeros_forward));
WG_KERNELS(ones_like, .forward = WG_ANY_TYPE(ones_forward));

#ifdef WG_BASELINE

typedef struct zeros {
    wg_shape shape;
    wg_dtype dtype;
} zeros;

static const wg_attr zeros_attrs[] = {
    { "shape", WG_ATTR_SHAPE, offsetof(zeros, shape), NULL, NULL },
    { "dtype", WG_ATTR_DTYPE, offsetof(zeros, dtype), "f64", NULL },
    { 0 },
};

static wg_status zeros_infer(wg_infer *t)
{
    const zeros *at = t->attrs;
    for (int i = 0; i < at->shape.rank && i < WG_MAX_RANK; i++)
        if (at->shape.dim[i] == WG_ANY)
            return wg_infer_fail(t, WG_ERR_SHAPE, "axis %d has neither a size nor a name", i);
    t->out[0] = at->shape;
    t->out_type[0] = at->dtype;
    return WG_OK;
}

static const zeros matrix = { WG_DIMS(2, 3), WG_F64 }, scalar = { { { 0 }, 0 }, WG_F64 };
static const wg_sample zeros_samples[] = { { .attrs = &matrix }, { .attrs = &scalar } };

const wg_op wg_op_zeros = {
    WG_OP, .name = "zeros", .doc = "zeros of a shape", .flags = WG_NO_GRADIENT, .attrs = zeros_attrs,
    .attrs_size = sizeof(zeros), .infer = zeros_infer, .forward = WG_ANY_TYPE(zeros_forward),
    WG_SAMPLES(zeros_samples),
};

const wg_op wg_op_zeros_like = {
    WG_OP, .name = "zeros_like", .doc = "zeros of x's shape and type", .arity = 1,
    .flags = WG_ELEMENTWISE | WG_NO_GRADIENT | WG_SHAPE_ONLY_LAST, .forward = WG_ANY_TYPE(zeros_forward),
    WG_SAMPLES(wg__samples_line),
};

const wg_op wg_op_ones_like = {
    WG_OP, .name = "ones_like", .doc = "ones of x's shape and type", .arity = 1,
    .flags = WG_ELEMENTWISE | WG_NO_GRADIENT | WG_SHAPE_ONLY_LAST, .forward = WG_ANY_TYPE(ones_forward),
    WG_SAMPLES(wg__samples_line),
};

wg_node *wg_zeros(wg_graph *g, wg_dtype dtype, wg_shape shape)
{
    return wg_apply_in(g, &wg_op_zeros, (wg_nodes){ NULL, 0 }, &(zeros){ shape, dtype });
}

wg_node *wg_zeros_like(wg_node *x)
{
    return wg_apply(&wg_op_zeros_like, WG_NODES(x), NULL);
}

wg_node *wg_ones_like(wg_node *x)
{
    return wg_apply(&wg_op_ones_like, WG_NODES(x), NULL);
}

#endif
