/* outer: all products of the elements of two vectors. */
#include "ops/elementwise.h"
#include "tensor/shape.h"

WG_NO_KERNELS(outer);

#ifdef WG_BASELINE

static wg_status infer(wg_infer *t)
{
    char a[96], b[96];
    if (t->in[0].rank != 1 || t->in[1].rank != 1)
        return wg_infer_fail(t, WG_ERR_SHAPE, "takes two vectors, got %s and %s",
                             wg_shape_text(t->in[0], a, sizeof a), wg_shape_text(t->in[1], b, sizeof b));
    t->out[0] = WG_SHAPE(t->in[0].dim[0], t->in[1].dim[0]);
    return wg__infer_types(t, true);
}

static wg_node *product(const wg_adjoint *a)
{
    return wg_mul(wg_expand_dims(a->in[0], WG_AXES(1)), wg_expand_dims(a->in[1], WG_AXES(0)));
}

static const wg_sample samples[] = {
    { .in = { WG_VALUES(-2, 2, 3), WG_VALUES(-2, 2, 4) } },
    { .in = { WG_VALUES(-2, 2, 3), WG_VALUES(-2, 2, 3) } },
    { .in = { WG_VALUES(-2, 2, 1), WG_VALUES(-2, 2, 2) } },
};

const wg_op wg_op_outer = {
    WG_OP, .name = "outer", .doc = "a_i b_j of two vectors", .arity = 2, .infer = infer, .decompose = product,
    .rewrite = wg__composed, WG_SAMPLES(samples),
};

wg_node *wg_outer(wg_node *a, wg_node *b)
{
    return wg_apply(&wg_op_outer, WG_NODES(a, b), NULL);
}

#endif
