/* cosine_similarity: the cosine of the angle between lines of a and b along the axis, a.b / (max(|a|, eps) max(|b|,
 * eps)). */
#include "ops/along.h"

typedef struct cosine_similarity {
    int64_t axis;
    double eps;
} cosine_similarity;

/* Lines are divided by a power of two near their largest element, so that no square overflows or vanishes. */
static double line_unit(double largest)
{
    return largest > 0 && largest < INFINITY ? ldexp(1, ilogb(largest)) : 1;
}

WG_KERNEL(cosine_similarity_forward,
    const wg__along *a = c->params;
    const double eps = ((const cosine_similarity *)c->attrs)->eps;
    for (int64_t unit = begin; unit < end; unit++) {
        const wg__lines lines = wg__lines_of(a, unit);
        const T *x = (const T *)c->in[0] + lines.first; /* (length, width), rows `inner` apart */
        const T *y = (const T *)c->in[1] + lines.first;
        for (int j = 0; j < lines.width; j++) {
            double x_most = 0, y_most = 0, dot = 0, xx = 0, yy = 0;
            for (int64_t k = 0; k < a->length; k++) {
                x_most = fmax(x_most, fabs((double)x[k * a->inner + j]));
                y_most = fmax(y_most, fabs((double)y[k * a->inner + j]));
            }
            const double x_unit = line_unit(x_most), y_unit = line_unit(y_most);
            for (int64_t k = 0; k < a->length; k++) {
                const double xk = (double)x[k * a->inner + j] / x_unit, yk = (double)y[k * a->inner + j] / y_unit;
                dot += xk * yk;
                xx += xk * xk;
                yy += yk * yk;
            }
            const double x_norm = fmax(sqrt(xx), eps / x_unit), y_norm = fmax(sqrt(yy), eps / y_unit);
            ((T *)c->out)[lines.line + j] = (T)(dot / x_norm / y_norm);
        }
    })

WG_KERNELS(cosine_similarity, .forward = WG_BOTH(cosine_similarity_forward));

#ifdef WG_BASELINE

static const wg_attr attrs[] = {
    { "axis", WG_ATTR_I64, offsetof(cosine_similarity, axis), "1", NULL },
    { "eps", WG_ATTR_F64, offsetof(cosine_similarity, eps), "1e-8", NULL },
    { 0 },
};

static wg_status infer(wg_infer *t)
{
    const cosine_similarity *at = t->attrs;
    wg_shape both = t->in[0];
    wg_status status = wg__infer_types(t, false);
    if (!status)
        status = wg__along_infer(t, at->axis);
    if (status)
        return status;
    if (!(at->eps >= 0))
        return wg_infer_fail(t, WG_ERR_ARG, "eps must not be negative, got %g", at->eps);
    bool fits = both.rank == t->in[1].rank;
    for (int i = 0; fits && i < both.rank; i++)
        fits = wg_dim_unify(both.dim[i], t->in[1].dim[i], &both.dim[i]);
    if (!fits) {
        char a[96], b[96];
        return wg_infer_fail(t, WG_ERR_SHAPE, "%s against %s: operands are of one shape",
                             wg_shape_text(t->in[0], a, sizeof a), wg_shape_text(t->in[1], b, sizeof b));
    }
    t->out[0] = (wg_shape){ .rank = both.rank - 1 };
    for (int i = 0, r = 0, axis = wg_axis_of((int)at->axis, both.rank); i < both.rank; i++)
        if (i != axis)
            t->out[0].dim[r++] = both.dim[i];
    return WG_OK;
}

static wg_status lower(wg_lowering *l)
{
    return wg__along_lower(l, ((const cosine_similarity *)l->attrs)->axis, 4);
}

/* With norms |.| not below eps: d/da = b / (|a| |b|) - a y / |a|^2, the last term only where |a| > eps. */
static wg_node *backward(const wg_adjoint *a, int slot)
{
    const cosine_similarity *at = a->attrs;
    wg_node *self = a->in[slot], *other = a->in[1 - slot], *eps = wg_const(wg_node_graph(self), at->eps);
    wg_axes axis = { { wg_axis_of((int)at->axis, wg_node_shape(self).rank) }, 1 };
    wg_node *y = wg_expand_dims(a->output, axis), *cotangent = wg_expand_dims(a->cotangent, axis);
    wg_node *square = wg_sum(wg_square(self), axis, true);
    wg_node *long_enough = wg_gt(square, wg_square(eps));
    /* Where it is not, the square root of 1 stands in for that of perhaps 0, which has no derivative. */
    wg_node *safe = wg_where(long_enough, square, wg_ones_like(square));
    wg_node *norm = wg_where(long_enough, wg_sqrt(safe), eps);
    wg_node *other_square = wg_sum(wg_square(other), axis, true);
    wg_node *other_long = wg_gt(other_square, wg_square(eps));
    wg_node *other_norm = wg_where(other_long, wg_sqrt(wg_where(other_long, other_square, wg_ones_like(square))), eps);
    wg_node *turn = wg_div(wg_div(other, other_norm), norm);
    wg_node *keep = wg_where(long_enough, wg_div(wg_mul(self, y), safe), wg_const(wg_node_graph(self), 0));
    return wg_mul(cotangent, wg_sub(turn, keep));
}

static const cosine_similarity last = { -1, 1e-8 }, first = { 0, 1e-8 }, blunt = { 1, 20 };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-2, 2, 3, 4), WG_VALUES(-2, 2, 3, 4) } },
    { .in = { WG_VALUES(-2, 2, 2, 1, 5), WG_VALUES(0.5, 2, 2, 1, 5) }, .attrs = &last },
    { .in = { WG_VALUES(-2, 2, 4, 3), WG_VALUES(-2, 2, 4, 3) }, .attrs = &first },
    { .in = { WG_VALUES(-2, 2, 3, 4), WG_VALUES(-2, 2, 3, 4) }, .attrs = &blunt },
};

const wg_op wg_op_cosine_similarity = {
    WG_OP, .name = "cosine_similarity", .doc = "a.b / (max(|a|, eps) max(|b|, eps)) along the axis, which is dropped",
    .arity = 2, .attrs = attrs, .attrs_size = sizeof(cosine_similarity), .infer = infer,
    .forward = WG_BOTH(cosine_similarity_forward), .lower = lower, .backward = backward, WG_SAMPLES(samples),
};

wg_node *wg_cosine_similarity(wg_node *a, wg_node *b, int axis)
{
    return wg_apply(&wg_op_cosine_similarity, WG_NODES(a, b), &(cosine_similarity){ axis, 1e-8 });
}

#endif
