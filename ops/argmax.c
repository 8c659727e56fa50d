/* argmax, argmin: where along an axis the largest, the smallest, is, the first of equals; a NaN counts as both, as in
 * NumPy. */
#include "ops/along.h"

#define EXTREME(name, suffix, type, BEYOND)                                                                            \
    WG_KERNEL_OF(                                                                                                      \
        name##_forward_##suffix, type, const wg__along *a = c->params;                                                 \
        for (int64_t unit = begin; unit < end; unit++) {                                                               \
            wg__lines at = wg__lines_of(a, unit);                                                                      \
            const T *x = (const T *)c->in[0] + at.first;                                                               \
            int64_t *out = (int64_t *)c->out + at.line;                                                                \
            T best[WG__LINES];                                                                                         \
            for (int j = 0; j < at.width; j++) {                                                                       \
                best[j] = x[j];                                                                                        \
                out[j] = 0;                                                                                            \
            }                                                                                                          \
            for (int64_t k = 1; k < a->length; k++)                                                                    \
                for (int j = 0; j < at.width; j++) {                                                                   \
                    T value = x[k * a->inner + j];                                                                     \
                    bool beyond = value BEYOND best[j] || (value != value && best[j] == best[j]);                      \
                    best[j] = beyond ? value : best[j];                                                                \
                    out[j] = beyond ? k : out[j];                                                                      \
                }                                                                                                      \
        })

#define EXTREMES(name, BEYOND)                                                                                         \
    EXTREME(name, f32, float, BEYOND)                                                                                  \
    EXTREME(name, f64, double, BEYOND)                                                                                 \
    EXTREME(name, i32, int32_t, BEYOND)                                                                                \
    EXTREME(name, i64, int64_t, BEYOND)                                                                                \
    EXTREME(name, u8, uint8_t, BEYOND)                                                                                 \
    EXTREME(name, bool, uint8_t, BEYOND)
EXTREMES(argmax, >)
EXTREMES(argmin, <)

WG_KERNELS(argmax, .forward = WG_EVERY(argmax_forward));
WG_KERNELS(argmin, .forward = WG_EVERY(argmin_forward));

#ifdef WG_BASELINE

typedef struct argmax {
    int64_t axis;
    bool keepdims;
} argmax;

static const wg_attr attrs[] = {
    { "axis", WG_ATTR_I64, offsetof(argmax, axis), NULL, NULL },
    { "keepdims", WG_ATTR_BOOL, offsetof(argmax, keepdims), "false", NULL },
    { 0 },
};

static wg_status infer(wg_infer *t)
{
    const argmax *at = t->attrs;
    const wg_shape *x = &t->in[0];
    if (at->axis < -x->rank || at->axis >= x->rank)
        return wg_infer_fail(t, WG_ERR_ARG, "axis %lld is out of range for rank %d", (long long)at->axis, x->rank);
    int axis = wg_axis_of((int)at->axis, x->rank), rank = 0;
    if (x->dim[axis] == 0)
        return wg_infer_fail(t, WG_ERR_SHAPE, "there are no elements along axis %d", axis);
    for (int i = 0; i < x->rank; i++)
        if (i != axis || at->keepdims)
            t->out[0].dim[rank++] = i == axis ? 1 : x->dim[i];
    t->out[0].rank = rank;
    t->out_type[0] = WG_I64;
    return WG_OK;
}

static wg_status lower(wg_lowering *l)
{
    return wg__along_lower(l, ((const argmax *)l->attrs)->axis, 1);
}

static const argmax first = { 0, false }, last = { -1, true };
static const wg_sample samples[] = {
    { .in = { { .shape = WG_DIMS(3, 4), .lo = -2, .hi = 2, .distinct = true } }, .attrs = &first },
    { .in = { { .shape = WG_DIMS(2, 1, 3), .lo = -2, .hi = 2, .distinct = true } }, .attrs = &last },
};

const wg_op wg_op_argmax = {
    WG_OP, .name = "argmax", .doc = "index of the largest along the axis, the first of equals", .arity = 1,
    .flags = WG_NO_GRADIENT, .attrs = attrs, .attrs_size = sizeof(argmax), .infer = infer,
    .forward = WG_EVERY(argmax_forward), .lower = lower, WG_SAMPLES(samples),
};

const wg_op wg_op_argmin = {
    WG_OP, .name = "argmin", .doc = "index of the smallest along the axis, the first of equals", .arity = 1,
    .flags = WG_NO_GRADIENT, .attrs = attrs, .attrs_size = sizeof(argmax), .infer = infer,
    .forward = WG_EVERY(argmin_forward), .lower = lower, WG_SAMPLES(samples),
};

wg_node *wg_argmax(wg_node *x, int axis)
{
    return wg_apply(&wg_op_argmax, WG_NODES(x), &(argmax){ axis, false });
}

wg_node *wg_argmin(wg_node *x, int axis)
{
    return wg_apply(&wg_op_argmin, WG_NODES(x), &(argmax){ axis, false });
}

#endif
