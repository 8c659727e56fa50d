/* leaky_relu, and its adjoint's helper leaky_relu_grad. The gradient at 0 is the slope. */
#include "ops/elementwise.h"

typedef struct leaky_relu {
    double slope;
} leaky_relu;

WG_KERNEL(leaky_relu_forward, const T slope = (T)((const leaky_relu *)c->attrs)->slope; WG_EACH1(x > 0 ? x : slope * x))
WG_KERNEL(leaky_relu_grad_forward, const T slope = (T)((const leaky_relu *)c->attrs)->slope;
          WG_EACH2(y > 0 ? x : slope * x))

WG_KERNELS(leaky_relu, .forward = WG_BOTH(leaky_relu_forward));
WG_KERNELS(leaky_relu_grad, .forward = WG_BOTH(leaky_relu_grad_forward));

#ifdef WG_BASELINE

static const wg_attr attrs[] = { { "slope", WG_ATTR_F64, offsetof(leaky_relu, slope), "0.01", NULL }, { 0 } };

static wg_node *leaky_relu_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_apply(&wg_op_leaky_relu_grad, WG_NODES(a->cotangent, a->in[0]), a->attrs);
}

/* Linear in the cotangent, piecewise constant in x. */
static wg_node *leaky_relu_grad_backward(const wg_adjoint *a, int slot)
{
    if (slot == 1)
        return wg_no_gradient(a);
    return wg_apply(&wg_op_leaky_relu_grad, WG_NODES(a->cotangent, a->in[1]), a->attrs);
}

static const leaky_relu fifth = { 0.2 };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-3, 3, 7) } },
    { .in = { WG_VALUES(-1, 1, 2, 1, 3) }, .attrs = &fifth },
};
static const wg_sample grad_samples[] = {
    { .in = { WG_VALUES(-3, 3, 7), WG_VALUES(-3, 3, 7) } },
    { .in = { WG_VALUES(-1, 1, 2, 3), WG_VALUES(-2, 2, 3) }, .attrs = &fifth },
};

const wg_op wg_op_leaky_relu = {
    WG_OP, .name = "leaky_relu", .doc = "x if x > 0, else slope * x; gradient slope at 0", .arity = 1, .flags = WG_ELEMENTWISE,
    .attrs = attrs, .attrs_size = sizeof(leaky_relu), .infer = wg__infer_floats,
    .forward = WG_BOTH(leaky_relu_forward), .backward = leaky_relu_backward, .kink = wg__kink_at_zero,
    .at_kink = WG_KINK_LEFT, WG_SAMPLES(samples),
};

const wg_op wg_op_leaky_relu_grad = {
    WG_OP, .name = "leaky_relu_grad", .doc = "cotangent if x > 0, else slope * cotangent: the adjoint of leaky_relu x",
    .arity = 2, .flags = WG_ELEMENTWISE | WG_GRADIENT_OF_OTHERS, .attrs = attrs, .attrs_size = sizeof(leaky_relu),
    .infer = wg__infer_floats, .forward = WG_BOTH(leaky_relu_grad_forward), .backward = leaky_relu_grad_backward,
    .kink = wg__kink_at_second_zero, WG_SAMPLES(grad_samples),
};

wg_node *wg_leaky_relu(wg_node *x, double slope)
{
    return wg_apply(&wg_op_leaky_relu, WG_NODES(x), &(leaky_relu){ slope });
}

#endif
