/* diagonal: the diagonal of two axes of one size, as the last axis; diagonal_embed: a last axis as such a diagonal of
 * zeros. Each is the other's adjoint. */
#include <string.h>

#include "ops/elementwise.h"
#include "tensor/shape.h"

typedef struct axes {
    int64_t axis1, axis2;
} axes;

/* Which axes of `full`, the operand or result that has both, are meant. */
static void resolve(const void *attrs, const wg_shape *full, int at[2])
{
    at[0] = wg_axis_of((int)((const axes *)attrs)->axis1, full->rank);
    at[1] = wg_axis_of((int)((const axes *)attrs)->axis2, full->rank);
}

/* Where line `index` (of the axes of `full` that are not meant) begins, and the step along its diagonal. */
static int64_t line_at(const wg_shape *full, const int on[2], int64_t index, int64_t *step)
{
    int64_t at = 0, stride = 1;
    *step = 0;
    for (int i = full->rank - 1; i >= 0; stride *= full->dim[i--]) {
        if (i == on[0] || i == on[1]) {
            *step += stride;
            continue;
        }
        at += index % full->dim[i] * stride;
        index /= full->dim[i];
    }
    return at;
}

/* Called once, on the whole. */
WG_KERNEL(diagonal_forward,
    const wg_shape *full = &c->in_shape[0];
    int on[2];
    resolve(c->attrs, full, on);
    const int64_t n = full->dim[on[0]];
    for (int64_t i = begin, step; i < end; i += n) {
        const T *x = (const T *)c->in[0] + line_at(full, on, i / n, &step);
        for (int64_t k = 0; k < n; k++)
            ((T *)c->out)[i + k] = x[k * step];
    })

WG_KERNEL(diagonal_embed_forward,
    const wg_shape *full = &c->out_shape;
    int on[2];
    resolve(c->attrs, full, on);
    const int64_t n = full->dim[on[0]];
    memset((T *)c->out + begin, 0, (size_t)(end - begin) * sizeof(T));
    for (int64_t i = 0, step; end > begin && i < (end - begin) / n; i += n) {
        T *y = (T *)c->out + line_at(full, on, i / n, &step);
        for (int64_t k = 0; k < n; k++)
            y[k * step] = ((const T *)c->in[0])[i + k];
    })

WG_KERNELS(diagonal, .forward = WG_BOTH(diagonal_forward));
WG_KERNELS(diagonal_embed, .forward = WG_BOTH(diagonal_embed_forward));

#ifdef WG_BASELINE

static wg_status check_axes(wg_infer *t, int rank)
{
    const axes *at = t->attrs;
    const wg_axes both = { { (int)at->axis1, (int)at->axis2 }, 2 };
    bool on[WG_MAX_RANK];
    if (at->axis1 != both.at[0] || at->axis2 != both.at[1] || rank > WG_MAX_RANK)
        return wg_infer_fail(t, WG_ERR_ARG, "axes are out of range for rank %d", rank);
    wg_status status = wg__infer_types(t, false);
    return status ? status : wg_infer_axes(t, both, rank, on);
}

static wg_status diagonal_infer(wg_infer *t)
{
    const wg_shape *x = &t->in[0];
    wg_status status = check_axes(t, x->rank);
    int on[2], rank = 0;
    int64_t n;
    if (status)
        return status;
    resolve(t->attrs, x, on);
    if (!wg_dim_unify(x->dim[on[0]], x->dim[on[1]], &n)) {
        char text[96];
        return wg_infer_fail(t, WG_ERR_SHAPE, "axes %d and %d of %s differ", on[0], on[1],
                             wg_shape_text(*x, text, sizeof text));
    }
    for (int i = 0; i < x->rank; i++)
        if (i != on[0] && i != on[1])
            t->out[0].dim[rank++] = x->dim[i];
    t->out[0].dim[rank++] = n;
    t->out[0].rank = rank;
    return WG_OK;
}

static wg_status embed_infer(wg_infer *t)
{
    const wg_shape *x = &t->in[0];
    wg_status status = x->rank ? check_axes(t, x->rank + 1)
                               : wg_infer_fail(t, WG_ERR_SHAPE, "takes vectors, got a scalar");
    int on[2];
    if (status)
        return status;
    t->out[0].rank = x->rank + 1;
    resolve(t->attrs, &t->out[0], on);
    for (int i = 0, from = 0; i <= x->rank; i++)
        t->out[0].dim[i] = i == on[0] || i == on[1] ? x->dim[x->rank - 1] : x->dim[from++];
    return WG_OK;
}

static wg_node *diagonal_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_apply(&wg_op_diagonal_embed, WG_NODES(a->cotangent), a->attrs);
}

static wg_node *embed_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_apply(&wg_op_diagonal, WG_NODES(a->cotangent), a->attrs);
}

static const wg_attr attrs[] = {
    { "axis1", WG_ATTR_I64, offsetof(axes, axis1), "-2", NULL },
    { "axis2", WG_ATTR_I64, offsetof(axes, axis2), "-1", NULL },
    { 0 },
};
static const axes outer = { 0, 2 }, swapped = { 2, 1 };
static const wg_sample diagonal_samples[] = {
    { .in = { WG_VALUES(-2, 2, 3, 3) } },
    { .in = { WG_VALUES(-2, 2, 2, 3, 2) }, .attrs = &outer },
    { .in = { WG_VALUES(-2, 2, 2, 3, 3, 2) }, .attrs = &swapped },
};
static const wg_sample embed_samples[] = {
    { .in = { WG_VALUES(-2, 2, 3) } },
    { .in = { WG_VALUES(-2, 2, 3, 2) }, .attrs = &outer },
    { .in = { WG_VALUES(-2, 2, 2, 2, 3) }, .attrs = &swapped },
};

const wg_op wg_op_diagonal = {
    WG_OP, .name = "diagonal", .doc = "the diagonal of two axes of one size, as the last axis", .arity = 1,
    .flags = WG_GRADIENT_OF_OTHERS, .attrs = attrs, .attrs_size = sizeof(axes), .infer = diagonal_infer,
    .forward = WG_BOTH(diagonal_forward), .backward = diagonal_backward, WG_SAMPLES(diagonal_samples),
};

const wg_op wg_op_diagonal_embed = {
    WG_OP, .name = "diagonal_embed", .doc = "the last axis as the diagonal of two axes, zeros around it", .arity = 1,
    .flags = WG_GRADIENT_OF_OTHERS, .attrs = attrs, .attrs_size = sizeof(axes), .infer = embed_infer,
    .forward = WG_BOTH(diagonal_embed_forward), .backward = embed_backward, WG_SAMPLES(embed_samples),
};

wg_node *wg__diagonal(wg_node *x, int axis1, int axis2)
{
    return wg_apply(&wg_op_diagonal, WG_NODES(x), &(axes){ axis1, axis2 });
}

#endif
