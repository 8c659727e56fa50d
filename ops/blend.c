/* blend, adam_direction: what optimisers do to every element of every param at each step, in few passes. */
#include "ops/elementwise.h"

typedef struct number {
    double value;
} number;

WG_KERNEL(
    blend_forward, const double decay = ((const number *)c->attrs)->value; const T kept = (T)decay;
    const T taken = (T)(1 - decay); WG_EACH2(kept * x + taken * y))

/* One division less than the formula has: by sqrt(v) / root + eps, times root above and below. */
WG_KERNEL(
    adam_direction_forward, const T eps = (T)((const number *)c->attrs)->value;
    WG_EACH3(x * z / (wg_k_sqrt(y) + eps * z)))

WG_KERNELS(blend, .forward = WG_BOTH(blend_forward));
WG_KERNELS(adam_direction, .forward = WG_BOTH(adam_direction_forward));

#ifdef WG_BASELINE

static const wg_attr blend_attrs[] = { { "decay", WG_ATTR_F64, offsetof(number, value), NULL, NULL }, { 0 } };
static const wg_attr adam_attrs[] = { { "eps", WG_ATTR_F64, offsetof(number, value), NULL, NULL }, { 0 } };

static wg_node *blend_backward(const wg_adjoint *a, int slot)
{
    const double decay = ((const number *)a->attrs)->value;
    return wg_scale(a->cotangent, slot == 0 ? decay : 1 - decay);
}

static wg_node *adam_decompose(const wg_adjoint *a)
{
    wg_node *m = a->in[0], *v = a->in[1], *root = a->in[2];
    return wg_div(m, wg_shift(wg_div(wg_sqrt(v), root), ((const number *)a->attrs)->value));
}

static const number most = { 0.875 }, little = { 0.125 };
static const wg_sample blend_samples[] = {
    { .in = { WG_VALUES(-2, 2, 5), WG_VALUES(-2, 2, 5) }, .attrs = &most },
    { .in = { WG_VALUES(-2, 2, 2, 1, 3), WG_VALUES(-2, 2, 4, 1) }, .attrs = &little },
};
static const wg_sample adam_samples[] = {
    { .in = { WG_VALUES(-2, 2, 5), WG_VALUES(0.25, 2, 5), WG_VALUES(0.25, 1, 1) }, .attrs = &little },
    { .in = { WG_VALUES(-2, 2, 2, 3), WG_VALUES(0.25, 2, 2, 3), WG_VALUES(0.25, 1, 2, 3) }, .attrs = &most },
};

const wg_op wg_op_blend = {
    WG_OP, .name = "blend", .doc = "decay x + (1 - decay) y: a step of a running mean", .arity = 2,
    .flags = WG_ELEMENTWISE | WG_GRADIENT_OF_OTHERS, .attrs = blend_attrs, .attrs_size = sizeof(number),
    .infer = wg__infer_floats, .forward = WG_BOTH(blend_forward), .backward = blend_backward, WG_SAMPLES(blend_samples),
};

const wg_op wg_op_adam_direction = {
    WG_OP, .name = "adam_direction", .doc = "m / (sqrt(v) / root + eps), root the root of v's correction", .arity = 3,
    .flags = WG_ELEMENTWISE | WG_GRADIENT_OF_OTHERS, .attrs = adam_attrs, .attrs_size = sizeof(number),
    .infer = wg__infer_floats, .forward = WG_BOTH(adam_direction_forward), .decompose = adam_decompose,
    WG_SAMPLES(adam_samples),
};

wg_node *wg__blend(wg_node *x, wg_node *y, double decay)
{
    return wg_apply(&wg_op_blend, WG_NODES(x, y), &(number){ decay });
}

wg_node *wg__adam_direction(wg_node *m, wg_node *v, wg_node *root, double eps)
{
    return wg_apply(&wg_op_adam_direction, WG_NODES(m, v, root), &(number){ eps });
}

#endif
