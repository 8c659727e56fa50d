/* logical_and, logical_or, logical_not: of bool or u8, where anything but 0 is true. They give bool. */
#include "ops/elementwise.h"

static wg_status logical_and_forward(const wg_call *c, int64_t begin, int64_t end)
{
    const uint8_t *x = c->in[0], *y = c->in[1];
    uint8_t *out = c->out;
    WG_SIMD for (int64_t i = begin; i < end; i++) out[i] = (x[i] != 0) & (y[i] != 0);
    return WG_OK;
}

static wg_status logical_or_forward(const wg_call *c, int64_t begin, int64_t end)
{
    const uint8_t *x = c->in[0], *y = c->in[1];
    uint8_t *out = c->out;
    WG_SIMD for (int64_t i = begin; i < end; i++) out[i] = (x[i] != 0) | (y[i] != 0);
    return WG_OK;
}

static wg_status logical_not_forward(const wg_call *c, int64_t begin, int64_t end)
{
    const uint8_t *x = c->in[0];
    uint8_t *out = c->out;
    WG_SIMD for (int64_t i = begin; i < end; i++) out[i] = x[i] == 0;
    return WG_OK;
}

#define MASKS(name) { .u8 = name##_forward, .boolean = name##_forward }

WG_KERNELS(logical_and, .forward = MASKS(logical_and));
WG_KERNELS(logical_or, .forward = MASKS(logical_or));
WG_KERNELS(logical_not, .forward = MASKS(logical_not));

#ifdef WG_BASELINE

static wg_status infer(wg_infer *t)
{
    for (int s = 0; s < t->n_in; s++)
        if (t->in_type[s] != WG_BOOL && t->in_type[s] != WG_U8)
            return wg_infer_fail(t, WG_ERR_DTYPE, "takes bool or u8, got %s", wg_dtype_name(t->in_type[s]));
    t->out_type[0] = WG_BOOL;
    return wg_infer_broadcast(t, &t->out[0]);
}

static const wg_sample samples[] = {
    { .in = { { WG_DIMS(9), 0, 1, WG_BOOL, false }, { WG_DIMS(9), 0, 1, WG_BOOL, false } } },
    { .in = { { WG_DIMS(2, 3), 0, 1, WG_BOOL, false }, { WG_DIMS(2, 1), 0, 1, WG_BOOL, false } } },
};

#define DESCRIPTOR(op, text, operands, more_flags)                                                                     \
    const wg_op wg_op_##op = {                                                                                         \
        WG_OP, .name = #op, .doc = text, .arity = operands, .flags = WG_ELEMENTWISE | WG_NO_GRADIENT | (more_flags),   \
        .infer = infer, .forward = MASKS(op), WG_SAMPLES(samples),                                                     \
    }

DESCRIPTOR(logical_and, "x and y", 2, WG_COMMUTES);
DESCRIPTOR(logical_or, "x or y", 2, WG_COMMUTES);
DESCRIPTOR(logical_not, "not x", 1, 0);

wg_node *wg_logical_and(wg_node *x, wg_node *y)
{
    return wg_apply(&wg_op_logical_and, WG_NODES(x, y), NULL);
}

wg_node *wg_logical_or(wg_node *x, wg_node *y)
{
    return wg_apply(&wg_op_logical_or, WG_NODES(x, y), NULL);
}

wg_node *wg_logical_not(wg_node *x)
{
    return wg_apply(&wg_op_logical_not, WG_NODES(x), NULL);
}

#endif
