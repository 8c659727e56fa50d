/* scale, shift: times a number, plus a number, both fixed when the graph is built. Integers take integral numbers
 * only. */
#include <math.h>

#include "ops/elementwise.h"

typedef struct number {
    double value;
} number;

WG_KERNEL(scale_forward, const T factor = (T)((const number *)c->attrs)->value; WG_EACH1(x * factor))
WG_KERNEL(shift_forward, const T offset = (T)((const number *)c->attrs)->value; WG_EACH1(x + offset))
WG_KERNEL_INT(scale_forward, const U factor = (U)(T)((const number *)c->attrs)->value; WG_EACH1((T)((U)x * factor)))
WG_KERNEL_INT(shift_forward, const U offset = (U)(T)((const number *)c->attrs)->value; WG_EACH1((T)((U)x + offset)))

WG_KERNELS(scale, .forward = WG_NUMBERS(scale_forward));
WG_KERNELS(shift, .forward = WG_NUMBERS(shift_forward));

#ifdef WG_BASELINE

static const wg_attr scale_attrs[] = { { "factor", WG_ATTR_F64, offsetof(number, value), NULL, NULL }, { 0 } };
static const wg_attr shift_attrs[] = { { "offset", WG_ATTR_F64, offsetof(number, value), NULL, NULL }, { 0 } };

static wg_status infer(wg_infer *t)
{
    double value = ((const number *)t->attrs)->value;
    wg_status status = wg__infer_numbers(t);
    if (status)
        return status;
    if (t->in_type[0] == WG_F32 || t->in_type[0] == WG_F64)
        return WG_OK;
    double limit = t->in_type[0] == WG_I32 ? 0x1p31 : 0x1p63;
    if (!(value == floor(value) && value >= -limit && value < limit))
        return wg_infer_fail(t, WG_ERR_DTYPE, "%g is not an %s, the type of the operand", value,
                             wg_dtype_name(t->in_type[0]));
    return WG_OK;
}

static wg_node *scale_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_scale(a->cotangent, ((const number *)a->attrs)->value);
}

static wg_node *shift_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return a->cotangent;
}

static const number third = { 1.0 / 3 }, minus_two = { -2 };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-2, 2, 5) }, .attrs = &third },
    { .in = { WG_VALUES(-2, 2, 2, 1, 3) }, .attrs = &minus_two },
};

const wg_op wg_op_scale = {
    WG_OP, .name = "scale", .doc = "x * factor", .arity = 1, .flags = WG_ELEMENTWISE, .attrs = scale_attrs,
    .attrs_size = sizeof(number), .infer = infer, .forward = WG_NUMBERS(scale_forward), .backward = scale_backward,
    WG_SAMPLES(samples),
};

const wg_op wg_op_shift = {
    WG_OP, .name = "shift", .doc = "x + offset", .arity = 1, .flags = WG_ELEMENTWISE, .attrs = shift_attrs,
    .attrs_size = sizeof(number), .infer = infer, .forward = WG_NUMBERS(shift_forward), .backward = shift_backward,
    WG_SAMPLES(samples),
};

wg_node *wg_scale(wg_node *x, double factor)
{
    return wg_apply(&wg_op_scale, WG_NODES(x), &(number){ factor });
}

wg_node *wg_shift(wg_node *x, double offset)
{
    return wg_apply(&wg_op_shift, WG_NODES(x), &(number){ offset });
}

#endif
