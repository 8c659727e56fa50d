/* broadcast_to, broadcast_like: copies along new axes and along axes of size 1. Elementwise, so that whoever reads
 * the copy usually is computed with it and nothing is written; the engine expands the operand to the result's
 * shape. */
#include <string.h>

#include "ops/elementwise.h"

static wg_status copy_forward(const wg_call *c, int64_t begin, int64_t end)
{
    size_t size = wg_dtype_size(c->out_type), at = (size_t)begin * size;
    if (c->out != c->in[0])
        memcpy((char *)c->out + at, (const char *)c->in[0] + at, (size_t)(end - begin) * size);
    return WG_OK;
}

WG_KERNELS(broadcast_to, .forward = WG_ANY_TYPE(copy_forward));
WG_KERNELS(broadcast_like, .forward = WG_ANY_TYPE(copy_forward));

#ifdef WG_BASELINE

typedef struct broadcast_to {
    wg_shape shape;
} broadcast_to;

static const wg_attr attrs[] = { { "shape", WG_ATTR_SHAPE, offsetof(broadcast_to, shape), NULL, NULL }, { 0 } };

/* The target's shape, its unknown sizes (WG_ANY) taken from x. */
static wg_status expand(wg_infer *t, wg_shape target)
{
    const wg_shape *x = &t->in[0];
    wg_shape out = target;
    bool fits = x->rank <= target.rank && target.rank <= WG_MAX_RANK;
    for (int i = 0; fits && i < x->rank; i++) {
        int64_t from = x->dim[x->rank - 1 - i], *to = &out.dim[target.rank - 1 - i];
        if (from != 1 || *to == WG_ANY)
            fits = wg_dim_unify(from, *to, to);
    }
    if (!fits) {
        char a[96], b[96];
        return wg_infer_fail(t, WG_ERR_SHAPE, "%s does not broadcast to %s", wg_shape_text(*x, a, sizeof a),
                             wg_shape_text(target, b, sizeof b));
    }
    t->out[0] = out;
    t->out_type[0] = t->in_type[0];
    return WG_OK;
}

static wg_status broadcast_to_infer(wg_infer *t)
{
    return expand(t, ((const broadcast_to *)t->attrs)->shape);
}

static wg_status broadcast_like_infer(wg_infer *t)
{
    return expand(t, t->in[1]);
}

/* Of the result's shape, like every elementwise adjoint: the engine sums it down to x's. */
static wg_node *broadcast_backward(const wg_adjoint *a, int slot)
{
    return slot == 0 ? a->cotangent : wg_no_gradient(a);
}

static const broadcast_to to_234 = { WG_DIMS(2, 3, 4) }, to_5 = { WG_DIMS(5) },
                          to_many = { WG_DIMS(2, 3, 67) };
static const wg_sample to_samples[] = {
    { .in = { WG_VALUES(-2, 2, 3, 1) }, .attrs = &to_234 },
    { .in = { { .lo = -2, .hi = 2 } }, .attrs = &to_5 },
    { .in = { WG_VALUES(-2, 2, 5) }, .attrs = &to_5 },
    { .in = { WG_VALUES(-2, 2, 3, 1) }, .attrs = &to_many }, /* enough to be split among threads */
};
static const wg_sample like_samples[] = {
    { .in = { WG_VALUES(-2, 2, 3, 1), WG_VALUES(-2, 2, 2, 3, 4) } },
    { .in = { { .lo = -2, .hi = 2 }, WG_VALUES(-2, 2, 5) } },
};

const wg_op wg_op_broadcast_to = {
    WG_OP, .name = "broadcast_to", .doc = "x, repeated to a shape by NumPy's rules", .arity = 1,
    .flags = WG_ELEMENTWISE, .attrs = attrs, .attrs_size = sizeof(broadcast_to), .infer = broadcast_to_infer,
    .forward = WG_ANY_TYPE(copy_forward), .backward = broadcast_backward, WG_SAMPLES(to_samples),
};

const wg_op wg_op_broadcast_like = {
    WG_OP, .name = "broadcast_like", .doc = "x, repeated to the shape of the second operand", .arity = 2,
    .flags = WG_ELEMENTWISE | WG_SHAPE_ONLY_LAST, .infer = broadcast_like_infer, .forward = WG_ANY_TYPE(copy_forward),
    .backward = broadcast_backward, WG_SAMPLES(like_samples),
};

wg_node *wg_broadcast_to(wg_node *x, wg_shape shape)
{
    return wg_apply(&wg_op_broadcast_to, WG_NODES(x), &(broadcast_to){ shape });
}

wg_node *wg_broadcast_like(wg_node *x, wg_node *like)
{
    return wg_apply(&wg_op_broadcast_like, WG_NODES(x, like), NULL);
}

#endif
