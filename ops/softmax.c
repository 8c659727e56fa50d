/* softmax, log_softmax along an axis, shifted by the largest so that nothing overflows. */
#include "ops/along.h"

WG_KERNEL(softmax_forward,
    const wg__along *a = c->params;
    for (int64_t unit = begin; unit < end; unit++) {
        wg__lines at = wg__lines_of(a, unit);
        const T *x = (const T *)c->in[0] + at.first; /* (length, width), rows `inner` apart */
        T *y = (T *)c->out + at.first;
        T peak[WG__LINES];
        T part[WG__LINES];
        double total[WG__LINES];
        wg__softmax_exps(x, y, a->length, a->inner, at.width, peak, total);
        for (int j = 0; j < at.width; j++)
            part[j] = (T)(1 / total[j]);
        if (a->inner == 1) {
            WG_SIMD for (int64_t k = 0; k < a->length; k++) y[k] *= part[0];
            continue;
        }
        for (int64_t k = 0; k < a->length; k++)
            WG_SIMD for (int j = 0; j < at.width; j++) y[k * a->inner + j] *= part[j];
    })

WG_KERNEL(log_softmax_forward,
    const wg__along *a = c->params;
    for (int64_t unit = begin; unit < end; unit++) {
        wg__lines at = wg__lines_of(a, unit);
        const T *x = (const T *)c->in[0] + at.first;
        T *y = (T *)c->out + at.first;
        T peak[WG__LINES];
        T rest[WG__LINES];
        double total[WG__LINES];
        wg__softmax_exps(x, (T *)NULL, a->length, a->inner, at.width, peak, total);
        for (int j = 0; j < at.width; j++)
            rest[j] = (T)log(total[j]);
        if (a->inner == 1) {
            WG_SIMD for (int64_t k = 0; k < a->length; k++) y[k] = (x[k] - peak[0]) - rest[0];
            continue;
        }
        for (int64_t k = 0; k < a->length; k++) {
            const T *row = x + k * a->inner;
            T *out = y + k * a->inner;
            WG_SIMD for (int j = 0; j < at.width; j++) out[j] = (row[j] - peak[j]) - rest[j];
        }
    })

WG_KERNELS(softmax, .forward = WG_BOTH(softmax_forward));
WG_KERNELS(log_softmax, .forward = WG_BOTH(log_softmax_forward));

#ifdef WG_BASELINE

static const wg_attr attrs[] = { { "axis", WG_ATTR_I64, offsetof(wg__axis_attrs, axis), "-1", NULL }, { 0 } };

static int64_t axis_of(const void *attributes)
{
    return ((const wg__axis_attrs *)attributes)->axis;
}

static wg_status infer(wg_infer *t)
{
    t->out[0] = t->in[0];
    return wg__along_infer(t, axis_of(t->attrs));
}

static wg_status lower(wg_lowering *l)
{
    return wg__along_lower(l, axis_of(l->attrs), 2.5);
}

static wg_node *sum_along(wg_node *x, const void *attributes)
{
    return wg_sum(x, WG_AXES((int)axis_of(attributes)), true);
}

/* With cotangent c: y (c - sum(c y)). */
static wg_node *softmax_backward(const wg_adjoint *a, int slot)
{
    wg_node *c = a->cotangent, *y = a->output;
    (void)slot;
    return wg_mul(y, wg_sub(c, sum_along(wg_mul(c, y), a->attrs)));
}

/* With cotangent c: c - softmax(x) sum(c). */
static wg_node *log_softmax_backward(const wg_adjoint *a, int slot)
{
    wg_node *c = a->cotangent, *y = a->output;
    (void)slot;
    return wg_sub(c, wg_mul(wg_exp(y), sum_along(c, a->attrs)));
}

static const wg__axis_attrs first = { 0 }, middle = { 1 };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-2, 2, 3, 4) } },
    { .in = { WG_VALUES(-2, 2, 3, 4) }, .attrs = &first },
    { .in = { WG_VALUES(-3, 3, 2, 3, 2) }, .attrs = &middle },
    { .in = { WG_VALUES(-2, 2, 2, 1) } },
};

const wg_op wg_op_softmax = {
    WG_OP, .name = "softmax", .doc = "exp(x) / sum(exp(x)) along the axis", .arity = 1, .attrs = attrs,
    .attrs_size = sizeof(wg__axis_attrs), .infer = infer, .forward = WG_BOTH(softmax_forward), .lower = lower,
    .backward = softmax_backward, WG_SAMPLES(samples),
};

const wg_op wg_op_log_softmax = {
    WG_OP, .name = "log_softmax", .doc = "x - log(sum(exp(x))) along the axis", .arity = 1, .attrs = attrs,
    .attrs_size = sizeof(wg__axis_attrs), .infer = infer, .forward = WG_BOTH(log_softmax_forward), .lower = lower,
    .backward = log_softmax_backward, WG_SAMPLES(samples),
};

wg_node *wg_softmax(wg_node *x, int axis)
{
    return wg_apply(&wg_op_softmax, WG_NODES(x), &(wg__axis_attrs){ axis });
}

wg_node *wg_log_softmax(wg_node *x, int axis)
{
    return wg_apply(&wg_op_log_softmax, WG_NODES(x), &(wg__axis_attrs){ axis });
}

#endif
