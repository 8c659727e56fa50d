/* cumsum, cumprod: running totals along an axis; linear_recurrence, which the adjoint of cumprod is made of. */
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

WG_KERNEL(linear_recurrence_forward,
    const wg__along *a = c->params;
    int64_t stride;
    const int64_t start = start_of(c, &stride);
    for (int64_t unit = begin; unit < end; unit++) {
        const wg__lines lines = wg__lines_of(a, unit);
        double last[WG__LINES];
        for (int64_t k = 0; k < a->length; k++) {
            const int64_t at = lines.first + start + k * stride;
            const T *factor = (const T *)c->in[0] + at;
            const T *term = (const T *)c->in[1] + at;
            T *y = (T *)c->out + at;
            for (int j = 0; j < lines.width; j++) {
                last[j] = k ? (double)factor[j] * last[j] + (double)term[j] : (double)term[j];
                y[j] = (T)last[j];
            }
        }
    })

WG_KERNELS(cumsum, .forward = WG_EVERY(cumsum_forward));
WG_KERNELS(cumprod, .forward = WG_EVERY(cumprod_forward));
WG_KERNELS(linear_recurrence, .forward = WG_BOTH(linear_recurrence_forward));

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

static wg_status recurrence_infer(wg_infer *t)
{
    wg_status status = wg__infer_types(t, false);
    bool fits = t->in[0].rank == t->in[1].rank;
    t->out[0] = t->in[0];
    for (int i = 0; fits && i < t->in[0].rank; i++)
        fits = wg_dim_unify(t->in[0].dim[i], t->in[1].dim[i], &t->out[0].dim[i]);
    if (!status && !fits) {
        char a[96], b[96];
        return wg_infer_fail(t, WG_ERR_SHAPE, "operands differ in shape: %s and %s",
                             wg_shape_text(t->in[0], a, sizeof a), wg_shape_text(t->in[1], b, sizeof b));
    }
    return status ? status : wg__infer_axis(t, ((const cumulate *)t->attrs)->axis) < 0 ? WG_ERR_ARG : WG_OK;
}

static wg_status lower(wg_lowering *l)
{
    return wg__along_lower(l, ((const cumulate *)l->attrs)->axis, 1);
}

/* y_k = x_(k - by) along the axis, `fill` where there is none. */
static wg_node *shifted(wg_node *x, const cumulate *at, int64_t by, double fill)
{
    int rank = wg_node_shape(x).rank, axis = wg_axis_of((int)at->axis, rank);
    wg_list before = { .n = rank }, after = { .n = rank };
    before.at[axis] = at->reverse ? -by : by;
    after.at[axis] = -before.at[axis];
    return wg_pad(x, before, after, WG_PAD_CONSTANT, fill);
}

static wg_node *recurrence(wg_node *factors, wg_node *terms, const cumulate *at, bool reverse)
{
    return wg_apply(&wg_op_linear_recurrence, WG_NODES(factors, terms), &(cumulate){ at->axis, reverse });
}

static wg_node *cumsum_backward(const wg_adjoint *a, int slot)
{
    const cumulate *at = a->attrs;
    (void)slot;
    return wg_apply(&wg_op_cumsum, WG_NODES(a->cotangent), &(cumulate){ at->axis, !at->reverse });
}

/* dx_k = (product before k) * s_k, where s_k = c_k + x_(k+1) s_(k+1) sums the rest. Nothing is divided by x, so zeros are
 * as good as any value. */
static wg_node *cumprod_backward(const wg_adjoint *a, int slot)
{
    const cumulate *at = a->attrs;
    (void)slot;
    wg_node *rest = recurrence(shifted(a->in[0], at, -1, 0), a->cotangent, at, !at->reverse);
    return wg_mul(shifted(a->output, at, 1, 1), rest);
}

/* The terms' adjoint runs backwards: l_k = c_k + a_(k+1) l_(k+1); a factor's is l_k y_(k-1). */
static wg_node *recurrence_backward(const wg_adjoint *a, int slot)
{
    const cumulate *at = a->attrs;
    wg_node *back = recurrence(shifted(a->in[0], at, -1, 0), a->cotangent, at, !at->reverse);
    return slot == 1 ? back : wg_mul(back, shifted(a->output, at, 1, 0));
}

static const cumulate first = { 0, false }, last = { -1, true }, middle = { 1, false }, middle_back = { 1, true };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-2, 2, 5) }, .attrs = &first },
    { .in = { WG_VALUES(-2, 2, 3, 4) }, .attrs = &last },
    { .in = { WG_VALUES(-2, 2, 2, 3, 2) }, .attrs = &middle },
    { .in = { WG_VALUES(-2, 2, 2, 3, 1) }, .attrs = &middle_back },
    { .in = { WG_VALUES(0, 0, 3) }, .attrs = &first },
};
static const wg_sample recurrence_samples[] = {
    { .in = { WG_VALUES(-2, 2, 5), WG_VALUES(-2, 2, 5) }, .attrs = &first },
    { .in = { WG_VALUES(-2, 2, 3, 4), WG_VALUES(-1, 2, 3, 4) }, .attrs = &last },
    { .in = { WG_VALUES(-2, 2, 2, 3, 2), WG_VALUES(-2, 1, 2, 3, 2) }, .attrs = &middle },
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

const wg_op wg_op_linear_recurrence = {
    WG_OP, .name = "linear_recurrence", .doc = "y[k] = a[k] y[k-1] + b[k] along the axis, from y[0] = b[0]", .arity = 2,
    .attrs = attrs, .attrs_size = sizeof(cumulate), .infer = recurrence_infer,
    .forward = WG_BOTH(linear_recurrence_forward), .lower = lower, .backward = recurrence_backward,
    WG_SAMPLES(recurrence_samples),
};

wg_node *wg_cumsum(wg_node *x, int axis, bool reverse)
{
    return wg_apply(&wg_op_cumsum, WG_NODES(x), &(cumulate){ axis, reverse });
}

wg_node *wg_cumprod(wg_node *x, int axis, bool reverse)
{
    return wg_apply(&wg_op_cumprod, WG_NODES(x), &(cumulate){ axis, reverse });
}

wg_node *wg_linear_recurrence(wg_node *factors, wg_node *terms, int axis, bool reverse)
{
    return wg_apply(&wg_op_linear_recurrence, WG_NODES(factors, terms), &(cumulate){ axis, reverse });
}

#endif
