/* cumsum, cumprod: running totals along an axis. */
#include "ops/index.h"

typedef struct cumulate {
    int64_t axis;
    bool reverse;
} cumulate;

/* Where lines begin, in the direction of the operator, and how far apart their elements are. */
static inline int64_t start_of(const wg_call *c, int64_t *stride)
{
    const wg__along *a = c->params;
    bool reverse = ((const cumulate *)c->attrs)->reverse;
    *stride = reverse ? -a->inner : a->inner;
    return reverse && a->length ? (a->length - 1) * a->inner : 0;
}

/* Sums and products are carried in S. */
#define CUMULATE(name, suffix, type, S, R, START, FOLD)                                                                \
    WG_KERNEL_OF(                                                                                                      \
        name##_forward_##suffix, type, const wg__along *a = c->params; int64_t stride;                                 \
        const int64_t start = start_of(c, &stride); for (int64_t unit = begin; unit < end; unit++) {                   \
            const wg__lines lines = wg__lines_of(a, unit);                                                             \
            const T *x = (const T *)c->in[0] + lines.first + start;                                                    \
            R *y = (R *)c->out + lines.first + start;                                                                  \
            S total[WG__LINES], sum = START;                                                                           \
            for (int64_t k = 0; lines.width == 1 && k < a->length; k++) {                                              \
                sum = sum FOLD (S)x[k * stride];                                                                       \
                y[k * stride] = (R)sum;                                                                                \
            }                                                                                                          \
            for (int j = 0; j < lines.width; j++)                                                                      \
                total[j] = START;                                                                                      \
            for (int64_t k = 0; lines.width > 1 && k < a->length; k++, x += stride, y += stride) {                     \
                for (int j = 0; j < lines.width; j++) {                                                                \
                    total[j] = total[j] FOLD (S)x[j];                                                                  \
                    y[j] = (R)total[j];                                                                                \
                }                                                                                                      \
            }                                                                                                          \
        })
#define CUMULATE_ALL(name, START, FOLD)                                                                                \
    CUMULATE(name, f32, float, double, float, START, FOLD)                                                             \
    CUMULATE(name, f64, double, double, double, START, FOLD)                                                           \
    CUMULATE(name, i32, int32_t, uint64_t, int64_t, START, FOLD)                                                       \
    CUMULATE(name, i64, int64_t, uint64_t, int64_t, START, FOLD)                                                       \
    CUMULATE(name, u8, uint8_t, uint64_t, int64_t, START, FOLD)                                                        \
    CUMULATE(name, bool, uint8_t, uint64_t, int64_t, START, FOLD)
CUMULATE_ALL(cumsum, 0, +)
CUMULATE_ALL(cumprod, 1, *)

WG_KERNELS(cumsum, .forward = WG_EVERY(cumsum_forward));
WG_KERNELS(cumprod, .forward = WG_EVERY(cumprod_forward));

#ifdef WG_BASELINE

#include "tensor/shape.h"

static const wg_attr attrs[] = {
    { "axis", WG_ATTR_I64, offsetof(cumulate, axis), NULL, NULL },
    { "reverse", WG_ATTR_BOOL, offsetof(cumulate, reverse), "false", NULL },
    { 0 },
};

static wg_status infer(wg_infer *t)
{
    t->out[0] = t->in[0];
    t->out_type[0] = wg__is_float(t->in_type[0]) ? t->in_type[0] : WG_I64;
    return wg__infer_axis(t, ((const cumulate *)t->attrs)->axis) < 0 ? WG_ERR_ARG : WG_OK;
}

static wg_status lower(wg_lowering *l)
{
    return wg__along_lower(l, ((const cumulate *)l->attrs)->axis, 1);
}

static wg_node *cumsum_backward(const wg_adjoint *a, int slot)
{
    const cumulate *at = a->attrs;
    (void)slot;
    return wg_apply(&wg_op_cumsum, WG_NODES(a->cotangent), &(cumulate){ at->axis, !at->reverse });
}

/* dx_k = p_k s_k with p_k the product before k, and s_k = c_k + x_(k+1) s_(k+1) the sum of the rest, of which c_k is
 * taken out: r = s - c has r_(k-1) = x_k r_k + x_k c_k. Nothing is divided by x, so zeros are as good as any value. */
static wg_node *cumprod_backward(const wg_adjoint *a, int slot)
{
    const cumulate *at = a->attrs;
    wg_node *x = a->in[0], *c = a->cotangent;
    const int axis = (int)at->axis;
    (void)slot;
    wg_node *before = wg__recurrence(x, NULL, axis, at->reverse, 1);
    return wg_mul(before, wg_add(c, wg__recurrence(x, wg_mul(x, c), axis, !at->reverse, 0)));
}

static const cumulate first = { 0, false }, last = { -1, true }, middle = { 1, false }, middle_back = { 1, true };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-2, 2, 5) }, .attrs = &first },
    { .in = { WG_VALUES(-2, 2, 3, 4) }, .attrs = &last },
    { .in = { WG_VALUES(-2, 2, 2, 3, 2) }, .attrs = &middle },
    { .in = { WG_VALUES(-2, 2, 2, 3, 1) }, .attrs = &middle_back },
    { .in = { WG_VALUES(0, 0, 3) }, .attrs = &first },
};
const wg_op wg_op_cumsum = {
    WG_OP, .name = "cumsum", .doc = "sum of x up to and with each element along the axis; integers are counted in i64",
    .arity = 1, .attrs = attrs, .attrs_size = sizeof(cumulate), .infer = infer, .forward = WG_EVERY(cumsum_forward),
    .lower = lower, .backward = cumsum_backward, WG_SAMPLES(samples),
};

const wg_op wg_op_cumprod = {
    WG_OP, .name = "cumprod", .doc = "product of x up to and with each element along the axis; integers in i64",
    .arity = 1, .attrs = attrs, .attrs_size = sizeof(cumulate), .infer = infer, .forward = WG_EVERY(cumprod_forward),
    .lower = lower, .backward = cumprod_backward, WG_SAMPLES(samples),
};

wg_node *wg_cumsum(wg_node *x, int axis, bool reverse)
{
    return wg_apply(&wg_op_cumsum, WG_NODES(x), &(cumulate){ axis, reverse });
}

wg_node *wg_cumprod(wg_node *x, int axis, bool reverse)
{
    return wg_apply(&wg_op_cumprod, WG_NODES(x), &(cumulate){ axis, reverse });
}

#endif
