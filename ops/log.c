/* log, log2, log1p. The logarithm of a softmax or of a sigmoid is rewritten to a form that cannot lose its digits. */
#include "graph/graph.h"
#include "ops/elementwise.h"
#include "ops/softplus.h"
#include "tensor/shape.h"

WG_KERNEL(log_forward, WG_EACH1(wg_k_log(x)))
WG_KERNEL(log1p_forward, WG_EACH1(wg_k_log1p(x)))

WG_KERNELS(log, .forward = WG_BOTH(log_forward));
WG_KERNELS(log1p, .forward = WG_BOTH(log1p_forward));
WG_UNARY_KERNELS(log2, wg_k_log2(x))

#ifdef WG_BASELINE

static wg_node *log_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_div(a->cotangent, a->in[0]);
}

static wg_node *log1p_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_div(a->cotangent, wg_shift(a->in[0], 1));
}

WG_DERIVATIVE(log2, wg_reciprocal(wg_scale(x, 0.69314718055994530942)))

static wg_node *operand(const wg_node *n, size_t slot)
{
    return wg_node_inputs(n).at[slot];
}

static bool is_one(const wg_node *n)
{
    return wg_node_op(n) == &wg_op_constant && wg_shape_count(wg_node_shape(n)) == 1 &&
           wg__load(n->operation->value, wg_node_dtype(n), 0) == 1;
}

/* -s, written as neg or as a product; NULL for anything else. Returns s. */
static wg_node *negated(const wg_node *n)
{
    const wg_op *op = wg_node_op(n);
    bool is = op == &wg_op_neg || (op == &wg_op_scale && *(const double *)wg_node_attrs(n) == -1);
    return is ? operand(n, 0) : NULL;
}

/* 1 - s, in the ways that people write it; NULL for anything else. Returns s. */
static wg_node *complement(const wg_node *n)
{
    const wg_op *op = wg_node_op(n);
    if (op == &wg_op_sub)
        return is_one(operand(n, 0)) ? operand(n, 1) : NULL;
    if (op == &wg_op_shift)
        return *(const double *)wg_node_attrs(n) == 1 ? negated(operand(n, 0)) : NULL;
    if (op == &wg_op_add)
        return is_one(operand(n, 0)) ? negated(operand(n, 1)) : is_one(operand(n, 1)) ? negated(operand(n, 0)) : NULL;
    return NULL;
}

/* -log(1 + exp(z)). Beyond the threshold the last term is below half a unit in the last place of either type. */
static wg_node *minus_softplus(wg_node *z)
{
    return wg_neg(wg_apply(&wg_op_softplus, WG_NODES(z), &(wg__softplus){ .beta = 1, .threshold = 40 }));
}

/* log(softmax(x)), log(sigmoid(z)) = -softplus(-z), log(1 - sigmoid(z)) = -softplus(z). */
static wg_node *log_rewrite(wg_node *output)
{
    wg_node *x = operand(output, 0);
    if (wg_node_op(x) == &wg_op_softmax)
        return wg_apply(&wg_op_log_softmax, WG_NODES(operand(x, 0)), wg_node_attrs(x));
    if (wg_node_op(x) == &wg_op_sigmoid)
        return minus_softplus(wg_neg(operand(x, 0)));
    const wg_node *s = complement(x);
    bool fits = wg_node_op(s) == &wg_op_sigmoid && wg_shape_equal(wg_node_shape(s), wg_node_shape(output));
    return s && fits ? minus_softplus(operand(s, 0)) : NULL;
}

const wg_op wg_op_log = {
    WG_OP, .name = "log", .doc = "natural logarithm", .arity = 1, .flags = WG_ELEMENTWISE, .infer = wg__infer_floats,
    .forward = WG_BOTH(log_forward), .backward = log_backward, .rewrite = log_rewrite, .kink = wg__kink_at_zero,
    WG_SAMPLES(wg__samples_positive),
};

static const wg_sample log1p_samples[] = {
    { .in = { WG_VALUES(-0.8, 3, 7) } },
    { .in = { WG_VALUES(-0.1, 0.1, 2, 1, 3) } },
};

static double log1p_kink(const void *attrs, const double *x)
{
    return wg__kink_at_zero(attrs, &(double){ 1 + x[0] });
}

const wg_op wg_op_log1p = {
    WG_OP, .name = "log1p", .doc = "log(1 + x), exact near 0", .arity = 1, .flags = WG_ELEMENTWISE,
    .infer = wg__infer_floats, .forward = WG_BOTH(log1p_forward), .backward = log1p_backward, .kink = log1p_kink,
    WG_SAMPLES(log1p_samples),
};

WG_UNARY(log2, "logarithm to base 2", .kink = wg__kink_at_zero, WG_SAMPLES(wg__samples_positive))

wg_node *wg_log(wg_node *x)
{
    return wg_apply(&wg_op_log, WG_NODES(x), NULL);
}

wg_node *wg_log1p(wg_node *x)
{
    return wg_apply(&wg_op_log1p, WG_NODES(x), NULL);
}

#endif
