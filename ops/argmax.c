/* argmax, argmin: where along an axis the largest, the smallest, is, the first of equals; a NaN counts as both, as in
 * NumPy. */
#include "ops/along.h"

enum { STEP = 32, BLOCK = 128 }; /* elements of a line that are looked at side by side, and between two decisions */

/* B is an integer of T's width, for what is found out of each element of a step. */
#define EXTREME(name, suffix, type, B, BEYOND)                                                                         \
    /* The first of the line's elements that is `extreme`, or NaN; there is one. */                                    \
    static inline __attribute__((always_inline)) int64_t name##_place_##suffix(const type *x, int64_t n, bool nan,     \
                                                                               type extreme)                           \
    {                                                                                                                  \
        int64_t k = 0;                                                                                                 \
        for (bool found = false; !found && k + BLOCK <= n; k += found ? 0 : BLOCK) {                                   \
            B hit[STEP] = { 0 };                                                                                       \
            for (int i = 0; i < BLOCK; i += STEP)                                                                      \
                WG_SIMD for (int j = 0; j < STEP; j++)                                                                 \
                {                                                                                                      \
                    const type value = x[k + i + j];                                                                   \
                    hit[j] |= nan ? value != value : value == extreme;                                                 \
                }                                                                                                      \
            for (int j = 0; j < STEP; j++)                                                                             \
                found |= hit[j] != 0;                                                                                  \
        }                                                                                                              \
        while (nan ? x[k] == x[k] : x[k] != extreme)                                                                   \
            k++;                                                                                                       \
        return k;                                                                                                      \
    }                                                                                                                  \
    /* One line whose elements are neighbours: first the value, then the first place that has it. */                   \
    static int64_t name##_line_##suffix(const type *x, int64_t n)                                                      \
    {                                                                                                                  \
        const int64_t whole = n - n % STEP;                                                                            \
        type best[STEP], extreme = x[0];                                                                               \
        B missing[STEP] = { 0 };                                                                                       \
        bool nan = false;                                                                                              \
        for (int j = 0; j < STEP; j++)                                                                                 \
            best[j] = x[0];                                                                                            \
        for (int64_t k = 0; k < whole; k += STEP)                                                                      \
            WG_SIMD for (int j = 0; j < STEP; j++)                                                                     \
            {                                                                                                          \
                const type value = x[k + j];                                                                           \
                best[j] = value BEYOND best[j] ? value : best[j];                                                      \
                missing[j] |= value != value;                                                                          \
            }                                                                                                          \
        for (int j = 0; j < STEP; j++) {                                                                               \
            extreme = best[j] BEYOND extreme ? best[j] : extreme;                                                      \
            nan |= missing[j] != 0;                                                                                    \
        }                                                                                                              \
        for (int64_t k = whole; k < n; k++) {                                                                          \
            extreme = x[k] BEYOND extreme ? x[k] : extreme;                                                            \
            nan |= x[k] != x[k];                                                                                       \
        }                                                                                                              \
        return nan ? name##_place_##suffix(x, n, true, 0) : name##_place_##suffix(x, n, false, extreme);               \
    }                                                                                                                  \
    static void name##_lines_##suffix(const type *x, int64_t *out, int64_t length, int64_t inner, int width)           \
    {                                                                                                                  \
        type best[WG__LINES];                                                                                          \
        for (int j = 0; j < width; j++) {                                                                              \
            best[j] = x[j];                                                                                            \
            out[j] = 0;                                                                                                \
        }                                                                                                              \
        for (int64_t k = 1; k < length; k++)                                                                           \
            for (int j = 0; j < width; j++) {                                                                          \
                const type value = x[k * inner + j];                                                                   \
                const bool beyond = value BEYOND best[j] || (value != value && best[j] == best[j]);                    \
                best[j] = beyond ? value : best[j];                                                                    \
                out[j] = beyond ? k : out[j];                                                                          \
            }                                                                                                          \
    }                                                                                                                  \
    WG_KERNEL_OF(                                                                                                      \
        name##_forward_##suffix, type, const wg__along *a = c->params;                                                 \
        for (int64_t unit = begin; unit < end; unit++) {                                                               \
            const wg__lines at = wg__lines_of(a, unit);                                                                \
            const T *x = (const T *)c->in[0] + at.first;                                                               \
            int64_t *out = (int64_t *)c->out + at.line;                                                                \
            if (a->inner == 1)                                                                                         \
                *out = name##_line_##suffix(x, a->length);                                                             \
            else                                                                                                       \
                name##_lines_##suffix(x, out, a->length, a->inner, at.width);                                          \
        })

#define EXTREMES(name, BEYOND)                                                                                         \
    EXTREME(name, f32, float, int32_t, BEYOND)                                                                         \
    EXTREME(name, f64, double, int64_t, BEYOND)                                                                        \
    EXTREME(name, i32, int32_t, int32_t, BEYOND)                                                                       \
    EXTREME(name, i64, int64_t, int64_t, BEYOND)                                                                       \
    EXTREME(name, u8, uint8_t, uint8_t, BEYOND)                                                                        \
    EXTREME(name, bool, uint8_t, uint8_t, BEYOND)
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
