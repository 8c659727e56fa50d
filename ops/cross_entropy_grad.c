/* cross_entropy_grad: the adjoint of cross_entropy but for its cotangent, w (S softmax(x) - t), where t are the
 * smoothed labels, S their sum along the line (1 for indices), and w is 1, or for the mean 1 / lines, and 0 for an
 * ignored line. nll_grad is the same without the softmax. */
#include <string.h>

#include "ops/cross_entropy.h"
#include "tensor/shape.h"

/* Into scratch: how many lines count. */
static wg_status count_lines(const wg_call *c, int64_t begin, int64_t end)
{
    const wg__cross_entropy_plan *plan = c->params;
    if (begin < end)
        *(int64_t *)c->scratch = wg__cross_entropy_count(c, plan->lines);
    return WG_OK;
}

WG_KERNEL(cross_entropy_grad_forward,
    const wg__cross_entropy *at = c->attrs;
    const wg__cross_entropy_plan *plan = c->params;
    const wg__along *a = &plan->along;
    const int64_t n = plan->count ? *(const int64_t *)c->scratch : plan->lines;
    const double weight = at->reduction == WG_MEAN ? 1 / (double)n : 1;
    const double keep = 1 - at->label_smoothing;
    const T even = (T)(weight * at->label_smoothing / (double)a->length);
    for (int64_t unit = begin; unit < end; unit++) {
        wg__lines lines = wg__lines_of(a, unit);
        const T *x = (const T *)c->in[0] + lines.first; /* (length, width), rows `inner` apart */
        T *y = (T *)c->out + lines.first;
        const T *t = plan->by_index ? NULL : (const T *)c->in[1] + lines.first;
        T peak[WG__LINES];
        T share[WG__LINES]; /* w S / sum(exp) */
        T even_of[WG__LINES]; /* w s / length */
        double total[WG__LINES];
        if (!plan->normalised)
            wg__softmax_exps(x, y, a->length, a->inner, lines.width, peak, total);
        for (int64_t k = 0; plan->normalised && k < a->length; k++)
            for (int j = 0; j < lines.width; j++)
                y[k * a->inner + j] = 0;
        for (int j = 0; j < lines.width; j++) {
            double labels = 0;
            for (int64_t k = 0; t && k < a->length; k++)
                labels += (double)t[k * a->inner + j];
            bool counts = t || wg__label_counts(c, wg__label(c, lines.line + j));
            double sum = t ? keep * labels + at->label_smoothing : 1;
            share[j] = counts && !plan->normalised ? (T)(weight * sum / total[j]) : 0;
            even_of[j] = counts ? even : 0;
        }
        for (int64_t k = 0; k < a->length && a->inner > 1; k++)
            WG_SIMD for (int j = 0; j < lines.width; j++) y[k * a->inner + j] =
                y[k * a->inner + j] * share[j] - even_of[j];
        if (a->inner == 1)
            WG_SIMD for (int64_t k = 0; k < a->length; k++) y[k] = y[k] * share[0] - even_of[0];
        const T part = (T)(weight * keep);
        for (int64_t k = 0; t && k < a->length; k++)
            for (int j = 0; j < lines.width; j++)
                y[k * a->inner + j] -= part * t[k * a->inner + j];
        for (int j = 0; !t && j < lines.width; j++) {
            const int64_t label = wg__label(c, lines.line + j);
            if (!wg__label_counts(c, label))
                continue;
            if (label < 0 || label >= a->length)
                return wg__cross_entropy_range(c, label, lines.line + j, a->length);
            y[label * a->inner + j] -= part;
        }
    })

WG_KERNELS(cross_entropy_grad, .forward = WG_BOTH(cross_entropy_grad_forward), .stage[0] = WG_ANY_TYPE(count_lines));
WG_KERNELS(nll_grad, .forward = WG_BOTH(cross_entropy_grad_forward), .stage[0] = WG_ANY_TYPE(count_lines));

#ifdef WG_BASELINE

static wg_status infer(wg_infer *t)
{
    wg_shape rows;
    t->out[0] = t->in[0];
    return wg__cross_entropy_infer(t, &rows);
}

static wg_status lower_either(wg_lowering *l, bool normalised)
{
    const wg__cross_entropy *at = l->attrs;
    wg__cross_entropy_plan plan;
    wg_status status = wg__along_lower(l, at->axis, normalised ? 1 : 3);
    if (!status)
        status = wg__cross_entropy_plan_of(l, normalised, &plan);
    if (status)
        return status;
    memcpy(l->params, &plan, sizeof plan);
    if (plan.count) {
        l->n_stages = 2;
        l->stage[1] = l->stage[0];
        l->stage[0] = (wg_stage){ .kernel = 1, .extent = 1, .grain = 1, .cost = (double)plan.lines };
        l->scratch = sizeof(int64_t);
    }
    return WG_OK;
}

static wg_status lower(wg_lowering *l)
{
    return lower_either(l, false);
}

static wg_status nll_lower(wg_lowering *l)
{
    return lower_either(l, true);
}

/* w S of each line, of x's shape with the axis as 1; NULL (and *one set) where it is 1 everywhere. */
static wg_node *line_weight(const wg_adjoint *a, wg_axes axis, bool *one)
{
    const wg__cross_entropy *at = a->attrs;
    wg_node *x = a->in[0], *labels = a->in[1], *weight = NULL;
    wg_dtype type = wg_node_dtype(x);
    if (wg__is_float(wg_node_dtype(labels))) {
        weight = wg_shift(wg_scale(wg_sum(labels, axis, true), 1 - at->label_smoothing), at->label_smoothing);
    } else if (at->ignore_index != WG__IGNORE_NONE) {
        wg_node *ignored = wg_squeeze(wg_constant(wg_node_graph(x), NULL, WG_VIEW(&at->ignore_index, 1)), WG_ALL_AXES);
        weight = wg_expand_dims(wg_cast(wg_ne(wg_cast(labels, WG_I64), ignored), type), axis);
        if (at->reduction == WG_MEAN) { /* where all are ignored: 0 / 1 */
            wg_node *counted = wg_sum(weight, WG_ALL_AXES, false);
            return wg_div(weight, wg_maximum(counted, wg_const(wg_node_graph(x), 1)));
        }
    }
    if (at->reduction == WG_MEAN) {
        wg_node *each = wg_div(wg__size(x, axis), wg__size(x, WG_ALL_AXES));
        return weight ? wg_mul(weight, each) : each;
    }
    *one = !weight;
    return weight;
}

/* With u = w S cotangent: d/dx gives p (u - sum(p u)), the softmax's own adjoint; d/dt gives w (1 - s) (sum(p c) -
 * c). */
static wg_node *backward(const wg_adjoint *a, int slot)
{
    const wg__cross_entropy *at = a->attrs;
    wg_node *x = a->in[0], *c = a->cotangent;
    wg_axes axis = { { wg_axis_of((int)at->axis, wg_node_shape(x).rank) }, 1 };
    wg_node *p = wg_softmax(x, axis.at[0]);
    if (slot == 0) {
        bool one = false;
        wg_node *weight = line_weight(a, axis, &one), *u = one ? c : wg_mul(c, weight);
        return wg_mul(p, wg_sub(u, wg_sum(wg_mul(p, u), axis, true)));
    }
    if (!wg__is_float(wg_node_dtype(a->in[1])))
        return wg_no_gradient(a);
    if (at->reduction == WG_MEAN)
        c = wg_mul(c, wg_div(wg__size(x, axis), wg__size(x, WG_ALL_AXES)));
    return wg_scale(wg_sub(wg_sum(wg_mul(p, c), axis, true), c), 1 - at->label_smoothing);
}

/* Of x its shape alone matters; d/dt gives -w (1 - s) c. */
static wg_node *nll_backward(const wg_adjoint *a, int slot)
{
    const wg__cross_entropy *at = a->attrs;
    wg_node *x = a->in[0], *c = a->cotangent;
    wg_axes axis = { { wg_axis_of((int)at->axis, wg_node_shape(x).rank) }, 1 };
    if (slot == 0 || !wg__is_float(wg_node_dtype(a->in[1])))
        return wg_no_gradient(a);
    if (at->reduction == WG_MEAN)
        c = wg_mul(c, wg_div(wg__size(x, axis), wg__size(x, WG_ALL_AXES)));
    return wg_scale(c, at->label_smoothing - 1);
}

static const wg__cross_entropy smooth_sum = { 0, 0.1, WG__IGNORE_NONE, WG_SUM }, ignoring = { -1, 0, 1, WG_MEAN };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-2, 2, 4, 3), { WG_DIMS(4), 0, 2, WG_I64, false } } },
    { .in = { WG_VALUES(-2, 2, 3, 4), { WG_DIMS(4), 0, 2, WG_I32, false } }, .attrs = &smooth_sum },
    { .in = { WG_VALUES(-2, 2, 5, 3), { WG_DIMS(5), 0, 2, WG_I64, false } }, .attrs = &ignoring },
    { .in = { WG_VALUES(-2, 2, 4, 3), WG_VALUES(0.1, 0.6, 4, 3) } },
    { .in = { WG_VALUES(-2, 2, 3, 2), WG_VALUES(0.1, 0.6, 3, 2) }, .attrs = &smooth_sum },
};

const wg_op wg_op_cross_entropy_grad = {
    WG_OP, .name = "cross_entropy_grad",
    .doc = "softmax(x) - labels, weighted by the reduction: the adjoint of cross_entropy", .arity = 2,
    .flags = WG_CAN_FAIL | WG_GRADIENT_OF_OTHERS, .attrs = wg__cross_entropy_attrs,
    .attrs_size = sizeof(wg__cross_entropy), .infer = infer, .forward = WG_BOTH(cross_entropy_grad_forward),
    .stage[0] = WG_ANY_TYPE(count_lines), .lower = lower, .backward = backward, WG_SAMPLES(samples),
};

const wg_op wg_op_nll_grad = {
    WG_OP, .name = "nll_grad", .doc = "- labels, weighted by the reduction: the adjoint of nll", .arity = 2,
    .flags = WG_CAN_FAIL | WG_GRADIENT_OF_OTHERS, .attrs = wg__cross_entropy_attrs,
    .attrs_size = sizeof(wg__cross_entropy), .infer = infer, .forward = WG_BOTH(cross_entropy_grad_forward),
    .stage[0] = WG_ANY_TYPE(count_lines), .lower = nll_lower, .backward = nll_backward, WG_SAMPLES(samples),
};

#endif
