/* cast: the same values as another type. */
#include "ops/elementwise.h"
#include "tensor/shape.h"

static wg_status cast_forward(const wg_call *c, int64_t begin, int64_t end)
{
    const char *x = c->in[0];
    char *out = c->out;
    size_t from = wg_dtype_size(c->in_type[0]), to = wg_dtype_size(c->out_type);
    wg__convert(out + (size_t)begin * to, c->out_type, x + (size_t)begin * from, c->in_type[0], end - begin);
    return WG_OK;
}

WG_KERNELS(cast, .forward = WG_ANY_TYPE(cast_forward));

#ifdef WG_BASELINE

typedef struct cast {
    wg_dtype dtype;
} cast;

static const wg_attr attrs[] = { { "dtype", WG_ATTR_DTYPE, offsetof(cast, dtype), NULL, NULL }, { 0 } };

static wg_status infer(wg_infer *t)
{
    t->out[0] = t->in[0];
    t->out_type[0] = ((const cast *)t->attrs)->dtype;
    if (wg_dtype_size(t->out_type[0]) == 0)
        return wg_infer_fail(t, WG_ERR_DTYPE, "there is no such type");
    return WG_OK;
}

/* Only what passes between floats passes a gradient back. */
static wg_node *cast_backward(const wg_adjoint *a, int slot)
{
    wg_dtype from = wg_node_dtype(a->in[slot]);
    if (!wg__is_float(from) || !wg__is_float(wg_node_dtype(a->output)))
        return wg_no_gradient(a);
    return wg_cast(a->cotangent, from);
}

static const cast to_f64 = { WG_F64 };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-3, 3, 7) }, .attrs = &to_f64 },
    { .in = { WG_VALUES(-3, 3, 2, 1, 3) }, .attrs = &to_f64 },
};

const wg_op wg_op_cast = {
    WG_OP, .name = "cast", .doc = "x as another type; floats are cut to integers, anything but 0 is true", .arity = 1,
    .flags = WG_ELEMENTWISE, .attrs = attrs, .attrs_size = sizeof(cast), .infer = infer,
    .forward = WG_ANY_TYPE(cast_forward), .backward = cast_backward, WG_SAMPLES(samples),
};

wg_node *wg_cast(wg_node *x, wg_dtype dtype)
{
    return wg_apply(&wg_op_cast, WG_NODES(x), &(cast){ dtype });
}

#endif
