/* stop_gradient, remat, by_mode, assign, group: what steers differentiation, compilation and runs. The plan carries the
 * last three out itself, so they have no kernels. */
#include <string.h>

#include "graph/graph.h"
#include "ops/builtin.h"
#include "ops/op.h"

WG_NO_KERNELS(stop_gradient);
WG_NO_KERNELS(remat);
WG_NO_KERNELS(by_mode);
WG_NO_KERNELS(assign);
WG_NO_KERNELS(group);

#ifdef WG_BASELINE

/* Two operands of one shape and type, which are the result's. */
static wg_status same_infer(wg_infer *t)
{
    bool fits = t->in[0].rank == t->in[1].rank;
    t->out[0] = t->in[0];
    t->out_type[0] = t->in_type[0];
    for (int i = 0; fits && i < t->in[0].rank; i++)
        fits = wg_dim_unify(t->in[0].dim[i], t->in[1].dim[i], &t->out[0].dim[i]);
    if (!fits) {
        char a[96], b[96];
        return wg_infer_fail(t, WG_ERR_SHAPE, "shapes differ: %s and %s", wg_shape_text(t->in[0], a, sizeof a),
                             wg_shape_text(t->in[1], b, sizeof b));
    }
    if (t->in_type[0] != t->in_type[1])
        return wg_infer_fail(t, WG_ERR_DTYPE, "types differ: %s and %s", wg_dtype_name(t->in_type[0]),
                             wg_dtype_name(t->in_type[1]));
    return WG_OK;
}

static wg_status remat_infer(wg_infer *t)
{
    t->out[0] = t->in[0];
    t->out_type[0] = t->in_type[0];
    return WG_OK;
}

static wg_node *remat_backward(const wg_adjoint *a, int slot)
{
    return slot == 0 ? a->cotangent : wg_no_gradient(a);
}

static wg_status group_infer(wg_infer *t)
{
    t->out[0] = (wg_shape){ { 0 }, 0 };
    t->out_type[0] = WG_BOOL;
    return WG_OK;
}

static wg_node *by_mode_backward(const wg_adjoint *a, int slot)
{
    wg_node *zeros = wg_zeros_like(a->cotangent);
    return slot == 0 ? wg_by_mode(a->cotangent, zeros) : wg_by_mode(zeros, a->cotangent);
}

static const wg_sample stop_samples[] = {
    { .in = { WG_VALUES(-2, 2, 5) } },
    { .in = { WG_VALUES(-2, 2, 2, 3) } },
};
static const wg_sample remat_samples[] = {
    { .in = { WG_VALUES(-2, 2, 5) }, .n = 1 },
    { .in = { WG_VALUES(-2, 2, 2, 3), WG_VALUES(-2, 2, 4) }, .n = 2 },
};
static const wg_sample mode_samples[] = {
    { .in = { WG_VALUES(-2, 2, 5), WG_VALUES(-2, 2, 5) } },
    { .in = { WG_VALUES(-2, 2, 2, 1, 3), WG_VALUES(-2, 2, 2, 1, 3) } },
};

const wg_op wg_op_stop_gradient = {
    WG_OP, .name = "stop_gradient", .doc = "x, through which no gradient passes", .arity = 1,
    .flags = WG_VIEW_OP | WG_NO_GRADIENT | WG_STOPS_GRADIENT, WG_SAMPLES(stop_samples),
};

const wg_op wg_op_remat = {
    WG_OP, .name = "remat",
    .doc = "the first operand; what lies between the others and it is recomputed for what is built later",
    .arity = WG_VARIADIC, .flags = WG_VIEW_OP | WG_SHAPE_ONLY_REST, .infer = remat_infer, .backward = remat_backward,
    WG_SAMPLES(remat_samples),
};

const wg_op wg_op_by_mode = {
    WG_OP, .name = "by_mode", .doc = "the first operand when compiled for training, else the second", .arity = 2,
    .infer = same_infer, .backward = by_mode_backward, WG_SAMPLES(mode_samples),
};

const wg_op wg_op_assign = {
    WG_OP, .name = "assign", .doc = "the variable gets the value at the end of the run", .arity = 2,
    .flags = WG_EFFECT | WG_NO_GRADIENT, .infer = same_infer,
};

const wg_op wg_op_group = {
    WG_OP, .name = "group", .doc = "several effects under one name", .arity = WG_VARIADIC,
    .flags = WG_EFFECT | WG_NO_GRADIENT, .infer = group_infer,
};

wg_node *wg_stop_gradient(wg_node *x)
{
    return wg_apply(&wg_op_stop_gradient, WG_NODES(x), NULL);
}

wg_node *wg_remat(wg_node *y, wg_nodes at)
{
    wg_graph *g = wg_node_graph(y);
    if (!g || (at.n && !at.at))
        return wg_apply(&wg_op_remat, g ? at : WG_NODES(y), NULL); /* which tells what is missing */
    wg_node **in = wg__alloc(&g->allocator, at.n + 1, sizeof *in);
    if (!in)
        return wg__graph_fail_again(g);
    in[0] = y;
    if (at.n)
        memcpy(in + 1, at.at, at.n * sizeof *in);
    wg_node *marked = wg_apply(&wg_op_remat, (wg_nodes){ in, at.n + 1 }, NULL);
    wg__free(&g->allocator, in, at.n + 1, sizeof *in);
    return marked;
}

wg_node *wg_by_mode(wg_node *training, wg_node *inference)
{
    return wg_apply(&wg_op_by_mode, WG_NODES(training, inference), NULL);
}

wg_node *wg_assign(wg_node *variable, wg_node *value)
{
    return wg_apply(&wg_op_assign, WG_NODES(variable, value), NULL);
}

wg_node *wg_group(wg_nodes effects)
{
    return wg_apply(&wg_op_group, effects, NULL);
}

#endif
