/* track: a value that optimisers move a variable towards, such as the running mean of a batch_norm layer. The operator itself
 * is x, so a graph that is only read, verified, or compiled for inference changes nothing; wg_tracked finds the notes. */
#include "graph/graph.h"
#include "graph/scan.h"
#include "ops/builtin.h"
#include "ops/op.h"

WG_NO_KERNELS(track);

#ifdef WG_BASELINE

static const wg_attr attrs[] = { { "momentum", WG_ATTR_F64, 0, "0.1", NULL }, { 0 } };

static wg_status infer(wg_infer *t)
{
    const double momentum = *(const double *)t->attrs;
    bool fits = t->in[1].rank == t->in[2].rank;
    int64_t size;
    t->out[0] = t->in[0];
    t->out_type[0] = t->in_type[0];
    for (int i = 0; fits && i < t->in[1].rank; i++)
        fits = wg_dim_unify(t->in[1].dim[i], t->in[2].dim[i], &size);
    char a[96], b[96];
    if (!fits)
        return wg_infer_fail(t, WG_ERR_SHAPE, "a variable of shape %s cannot follow a value of shape %s",
                             wg_shape_text(t->in[2], a, sizeof a), wg_shape_text(t->in[1], b, sizeof b));
    if (t->in_type[1] != t->in_type[2] || !wg__is_float(t->in_type[1]))
        return wg_infer_fail(t, WG_ERR_DTYPE, "value and variable must both be f32 or f64, got %s and %s",
                             wg_dtype_name(t->in_type[1]), wg_dtype_name(t->in_type[2]));
    if (!(momentum >= 0 && momentum <= 1))
        return wg_infer_fail(t, WG_ERR_ARG, "momentum must be in 0..1, got %g", momentum);
    return WG_OK;
}

static wg_node *backward(const wg_adjoint *a, int slot)
{
    return slot == 0 ? a->cotangent : wg_no_gradient(a);
}

static const double half = 0.5;
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 3), WG_VALUES(-2, 2, 3), WG_VALUES(-2, 2, 3) } },
    { .in = { WG_VALUES(-2, 2, 4), { .lo = -2, .hi = 2 }, { .lo = -2, .hi = 2 } }, .attrs = &half },
};

const wg_op wg_op_track = {
    WG_OP, .name = "track",
    .doc = "x; steps of optimisers move the variable, the third operand, by momentum times the way to the second",
    .arity = 3, .flags = WG_VIEW_OP | WG_SHAPE_ONLY_REST, .attrs = attrs, .attrs_size = sizeof(double), .infer = infer,
    .backward = backward, WG_SAMPLES(samples),
};

wg_node *wg_track(wg_node *x, wg_node *value, wg_node *variable, double momentum)
{
    /* A step finds no notes in the body of a scan: better none than one that is passed over. */
    if (x && value && !(wg__scan_outside(x, "track") && wg__scan_outside(value, "track")))
        return NULL;
    return wg_apply(&wg_op_track, WG_NODES(x, value, variable), &momentum);
}

#endif
