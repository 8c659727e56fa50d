/* tril, triu: matrices with zeros above, or below, a diagonal. Each is its own adjoint. */
#include <string.h>

#include "ops/elementwise.h"

/* Rows begin .. end-1 of all matrices; those columns are kept that are at most (tril) or at least (triu) row + k. */
static wg_status triangle(const wg_call *c, int64_t begin, int64_t end, bool lower)
{
    int64_t k = *(const int64_t *)c->attrs;
    int64_t rows = c->out_shape.dim[c->out_shape.rank - 2], columns = c->out_shape.dim[c->out_shape.rank - 1];
    size_t size = wg_dtype_size(c->out_type);
    for (int64_t row = begin; row < end; row++) {
        int64_t i = row % rows, cut;
        if (__builtin_add_overflow(i, k, &cut) || (lower && __builtin_add_overflow(cut, 1, &cut)))
            cut = INT64_MAX;
        cut = cut < 0 ? 0 : cut > columns ? columns : cut;
        const char *x = (const char *)c->in[0] + (size_t)(row * columns) * size;
        char *y = (char *)c->out + (size_t)(row * columns) * size;
        size_t head = (size_t)cut * size, tail = (size_t)(columns - cut) * size;
        memcpy(lower ? y : y + head, lower ? x : x + head, lower ? head : tail);
        memset(lower ? y + head : y, 0, lower ? tail : head);
    }
    return WG_OK;
}

static wg_status tril_forward(const wg_call *c, int64_t begin, int64_t end)
{
    return triangle(c, begin, end, true);
}

static wg_status triu_forward(const wg_call *c, int64_t begin, int64_t end)
{
    return triangle(c, begin, end, false);
}

WG_KERNELS(tril, .forward = WG_ANY_TYPE(tril_forward));
WG_KERNELS(triu, .forward = WG_ANY_TYPE(triu_forward));

#ifdef WG_BASELINE

static const wg_attr attrs[] = { { "k", WG_ATTR_I64, 0, "0", NULL }, { 0 } };

static wg_status infer(wg_infer *t)
{
    if (t->in[0].rank < 2)
        return wg_infer_fail(t, WG_ERR_SHAPE, "takes matrices, got rank %d", t->in[0].rank);
    t->out[0] = t->in[0];
    return WG_OK;
}

static wg_status lower(wg_lowering *l)
{
    const wg_shape *y = &l->out_shape[0];
    int64_t n = wg_shape_count(*y), columns = y->dim[y->rank - 1];
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .extent = n ? n / columns : 0, .grain = 1 + 4096 / (1 + columns),
                              .cost = 3 + 0.2 * (double)columns };
    return WG_OK;
}

static wg_node *tril_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_apply(&wg_op_tril, WG_NODES(a->cotangent), a->attrs);
}

static wg_node *triu_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_apply(&wg_op_triu, WG_NODES(a->cotangent), a->attrs);
}

static const int64_t above = 1, below = -2, far = 9;
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-2, 2, 3, 3) } },
    { .in = { WG_VALUES(-2, 2, 3, 5) }, .attrs = &above },
    { .in = { WG_VALUES(-2, 2, 2, 4, 3) }, .attrs = &below },
    { .in = { WG_VALUES(-2, 2, 1, 2) }, .attrs = &far },
};

const wg_op wg_op_tril = {
    WG_OP, .name = "tril", .doc = "lower triangles of matrices: x[i, j] where j <= i + k, else 0", .arity = 1,
    .attrs = attrs, .attrs_size = sizeof(int64_t), .infer = infer, .forward = WG_ANY_TYPE(tril_forward), .lower = lower,
    .backward = tril_backward, WG_SAMPLES(samples),
};

const wg_op wg_op_triu = {
    WG_OP, .name = "triu", .doc = "upper triangles of matrices: x[i, j] where j >= i + k, else 0", .arity = 1,
    .attrs = attrs, .attrs_size = sizeof(int64_t), .infer = infer, .forward = WG_ANY_TYPE(triu_forward), .lower = lower,
    .backward = triu_backward, WG_SAMPLES(samples),
};

wg_node *wg_tril(wg_node *x, int64_t k)
{
    return wg_apply(&wg_op_tril, WG_NODES(x), &k);
}

wg_node *wg_triu(wg_node *x, int64_t k)
{
    return wg_apply(&wg_op_triu, WG_NODES(x), &k);
}

#endif
