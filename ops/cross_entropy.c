/* cross_entropy of logits: log(sum(exp(x))) - x[label] along the axis; with probabilities t as labels, sum of t_k
 * (log(sum(exp(x))) - x_k). Label smoothing s makes the labels (1 - s) t + s / classes. The mean is over the lines
 * that are not ignored. */
#include <string.h>

#include "ops/cross_entropy.h"
#include "base/checked.h"
#include "base/options.h"
#include "graph/graph.h"
#include "tensor/shape.h"

/* The loss of each line of a unit: into out (reduction none) or scratch, (lines) doubles. */
WG_KERNEL(cross_entropy_lines,
    const wg__cross_entropy *at = c->attrs;
    const wg__cross_entropy_plan *plan = c->params;
    const wg__along *a = &plan->along;
    const double smooth = at->label_smoothing;
    const double even = smooth / (double)a->length;
    for (int64_t unit = begin; unit < end; unit++) {
        wg__lines lines = wg__lines_of(a, unit);
        const T *x = (const T *)c->in[0] + lines.first; /* (length, width), rows `inner` apart */
        T peak[WG__LINES];
        double total[WG__LINES];
        wg__softmax_exps(x, (T *)NULL, a->length, a->inner, lines.width, peak, total);
        for (int j = 0; j < lines.width; j++) {
            const int64_t line = lines.line + j;
            const double log_sum = (double)peak[j] + log(total[j]);
            double loss = 0;
            if (plan->by_index) {
                const int64_t label = wg__label(c, line);
                if (wg__label_counts(c, label)) {
                    if (label < 0 || label >= a->length)
                        return wg__cross_entropy_range(c, label, line, a->length);
                    loss = (1 - smooth) * (log_sum - (double)x[label * a->inner + j]);
                    for (int64_t k = 0; smooth > 0 && k < a->length; k++)
                        loss += even * (log_sum - (double)x[k * a->inner + j]);
                }
            } else {
                const T *label = (const T *)c->in[1] + lines.first + j;
                for (int64_t k = 0; k < a->length; k++) {
                    const double t = (1 - smooth) * (double)label[k * a->inner] + even;
                    loss += t * (log_sum - (double)x[k * a->inner + j]);
                }
            }
            if (at->reduction == WG_NONE)
                ((T *)c->out)[line] = (T)loss;
            else
                ((double *)c->scratch)[line] = loss;
        }
    })

WG_KERNEL(cross_entropy_join,
    const wg__cross_entropy_plan *plan = c->params;
    const double *loss = c->scratch;
    double lane[WG__LANES] = { 0 };
    for (int64_t i = 0; begin < end && i < plan->lines; i++)
        lane[i % WG__LANES] += loss[i];
    const double sum = wg__lanes_sum(lane);
    const bool mean = ((const wg__cross_entropy *)c->attrs)->reduction == WG_MEAN;
    if (begin < end)
        *(T *)c->out = (T)(mean ? sum / (double)wg__cross_entropy_count(c, plan->lines) : sum);)

WG_KERNELS(cross_entropy, .forward = WG_BOTH(cross_entropy_lines), .stage[0] = WG_BOTH(cross_entropy_join));

#ifdef WG_BASELINE

const wg_attr wg__cross_entropy_attrs[] = {
    { "axis", WG_ATTR_I64, offsetof(wg__cross_entropy, axis), "1", NULL },
    { "reduction", WG_ATTR_ENUM, offsetof(wg__cross_entropy, reduction), "mean", "mean|sum|none" },
    { "label_smoothing", WG_ATTR_F64, offsetof(wg__cross_entropy, label_smoothing), "0", NULL },
    { "ignore_index", WG_ATTR_I64, offsetof(wg__cross_entropy, ignore_index), "-9223372036854775808", NULL },
    { 0 },
};

static wg_status label_shape_fail(wg_infer *t)
{
    char a[96], b[96];
    return wg_infer_fail(t, WG_ERR_SHAPE, "%s logits against %s labels of type %s",
                         wg_shape_text(t->in[0], a, sizeof a), wg_shape_text(t->in[1], b, sizeof b),
                         wg_dtype_name(t->in_type[1]));
}

wg_status wg__cross_entropy_infer(wg_infer *t, wg_shape *rows)
{
    const wg__cross_entropy *at = t->attrs;
    const wg_shape *x = &t->in[0], *labels = &t->in[1];
    wg_status status = wg__along_infer(t, at->axis);
    if (status)
        return status;
    if (!(at->label_smoothing >= 0 && at->label_smoothing <= 1))
        return wg_infer_fail(t, WG_ERR_ARG, "label_smoothing must be in 0..1, got %g", at->label_smoothing);
    bool by_index = t->in_type[1] == WG_I32 || t->in_type[1] == WG_I64;
    if (!by_index && t->in_type[1] != t->in_type[0])
        return wg_infer_fail(t, WG_ERR_DTYPE, "labels are i32 or i64 indices, or %s probabilities; got %s",
                             wg_dtype_name(t->in_type[0]), wg_dtype_name(t->in_type[1]));
    int axis = wg_axis_of((int)at->axis, x->rank);
    if (labels->rank != x->rank - by_index)
        return label_shape_fail(t);
    *rows = (wg_shape){ .rank = x->rank - 1 };
    for (int i = 0, r = 0; i < x->rank; i++) {
        int64_t size;
        if (i == axis && by_index)
            continue;
        if (!wg_dim_unify(x->dim[i], labels->dim[by_index ? r : i], &size))
            return label_shape_fail(t);
        if (i != axis)
            rows->dim[r++] = size;
    }
    return WG_OK;
}

static wg_status infer(wg_infer *t)
{
    wg_shape rows;
    wg_status status = wg__cross_entropy_infer(t, &rows);
    bool none = ((const wg__cross_entropy *)t->attrs)->reduction == WG_NONE;
    t->out[0] = none && !status ? rows : (wg_shape){ { 0 }, 0 };
    return status;
}

wg_status wg__cross_entropy_plan_of(const wg_lowering *l, wg__cross_entropy_plan *plan)
{
    const wg__cross_entropy *at = l->attrs;
    plan->along = wg__along_axis(&l->in_shape[0], at->axis);
    plan->lines = plan->along.outer * plan->along.inner;
    plan->by_index = !wg__is_float(l->in_type[1]);
    plan->count = plan->by_index && at->reduction == WG_MEAN && at->ignore_index != WG__IGNORE_NONE;
    return WG_OK;
}

int64_t wg__cross_entropy_count(const wg_call *c, int64_t lines)
{
    const wg__cross_entropy_plan *plan = c->params;
    int64_t n = 0;
    if (!plan->count)
        return lines;
    for (int64_t i = 0; i < lines; i++)
        n += wg__label_counts(c, wg__label(c, i));
    return n || !lines ? n : 1; /* where all are ignored the loss is 0 / 1, and its gradient zero */
}

wg_status wg__cross_entropy_range(const wg_call *c, int64_t label, int64_t line, int64_t length)
{
    return wg_call_fail(c, WG_ERR_RANGE, "label %lld at %lld is outside 0..%lld", (long long)label, (long long)line,
                        (long long)length - 1);
}

static wg_status lower(wg_lowering *l)
{
    const wg__cross_entropy *at = l->attrs;
    wg__cross_entropy_plan plan;
    wg_status status = wg__along_lower(l, at->axis, 2.5);
    if (!status)
        status = wg__cross_entropy_plan_of(l, &plan);
    if (status)
        return status;
    memcpy(l->params, &plan, sizeof plan);
    if (at->reduction == WG_NONE)
        return WG_OK;
    l->n_stages = 2;
    l->stage[1] = (wg_stage){ .kernel = 1, .extent = 1, .grain = 1, .cost = 2 * (double)plan.lines };
    if (!wg__mul_size((size_t)plan.lines, sizeof(double), &l->scratch))
        return wg__fail(WG_ERR_NOMEM, "partial results need more bytes than there are");
    return WG_OK;
}

/* The helper holds all but the cotangent; for labels that are probabilities, d/dt_k = (1 - s) (log(sum(exp(x))) -
 * x_k). */
static wg_node *backward(const wg_adjoint *a, int slot)
{
    const wg__cross_entropy *at = a->attrs;
    wg_node *x = a->in[0], *labels = a->in[1], *cotangent = a->cotangent;
    wg_axes axis = { { wg_axis_of((int)at->axis, wg_node_shape(x).rank) }, 1 };
    if (at->reduction == WG_NONE)
        cotangent = wg_expand_dims(cotangent, axis);
    if (slot == 0)
        return wg_mul(wg_apply(&wg_op_cross_entropy_grad, WG_NODES(x, labels), at), cotangent);
    if (!wg__is_float(wg_node_dtype(labels)))
        return wg_no_gradient(a);
    if (at->reduction == WG_MEAN)
        cotangent = wg_div(wg_mul(cotangent, wg__size(x, axis)), wg__size(x, WG_ALL_AXES));
    return wg_mul(wg_log_softmax(x, axis.at[0]), wg_scale(cotangent, at->label_smoothing - 1));
}

static const wg__cross_entropy smooth_sum = { 0, 0.1, WG__IGNORE_NONE, WG_SUM },
                               ignoring = { -1, 0, 1, WG_MEAN },
                               each = { 1, 0, WG__IGNORE_NONE, WG_NONE };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-2, 2, 4, 3), { WG_DIMS(4), 0, 2, WG_I64, false } } },
    { .in = { WG_VALUES(-2, 2, 3, 4), { WG_DIMS(4), 0, 2, WG_I32, false } }, .attrs = &smooth_sum },
    { .in = { WG_VALUES(-2, 2, 5, 3), { WG_DIMS(5), 0, 2, WG_I64, false } }, .attrs = &ignoring },
    { .in = { WG_VALUES(-2, 2, 2, 3, 2), { WG_DIMS(2, 2), 0, 2, WG_I64, false } }, .attrs = &each },
    { .in = { WG_VALUES(-2, 2, 4, 3), WG_VALUES(0.1, 0.6, 4, 3) } },
    { .in = { WG_VALUES(-2, 2, 3, 2), WG_VALUES(0.1, 0.6, 3, 2) }, .attrs = &smooth_sum },
};

const wg_op wg_op_cross_entropy = {
    WG_OP, .name = "cross_entropy",
    .doc = "-log(softmax(x)[label]) along the axis; labels are indices or probabilities", .arity = 2,
    .flags = WG_CAN_FAIL, .attrs = wg__cross_entropy_attrs, .attrs_size = sizeof(wg__cross_entropy),
    .infer = infer, .forward = WG_BOTH(cross_entropy_lines), .stage[0] = WG_BOTH(cross_entropy_join), .lower = lower,
    .backward = backward, WG_SAMPLES(samples),
};

wg_node *wg_cross_entropy(wg_node *logits, wg_node *labels, int axis, const wg_cross_entropy_opts *opts)
{
    wg_cross_entropy_opts o;
    if (!wg__options(&o, sizeof o, opts, "wg_cross_entropy_opts"))
        return wg__graph_fail_again(wg_node_graph(logits));
    wg__cross_entropy at = {
        .axis = axis,
        .reduction = (int)o.reduction,
        .label_smoothing = o.label_smoothing,
        .ignore_index = o.ignore_index ? *o.ignore_index : WG__IGNORE_NONE,
    };
    return wg_apply(&wg_op_cross_entropy, WG_NODES(logits, labels), &at);
}

#endif
