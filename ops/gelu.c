/* gelu: x times the probability that a standard normal variable is below x (Hendrycks and Gimpel, 2016). That
 * probability is erfc(-x / sqrt(2)) / 2, which keeps its digits where x is very negative; or approximately sigmoid(2 u)
 * = (1 + tanh(u)) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3). */
#include "ops/elementwise.h"

enum { EXACT, TANH };

typedef struct gelu {
    int approximate;
} gelu;

#define SQRT_HALF 0.70710678118654752440
#define SQRT_8_OVER_PI 1.59576912160573071176
#define CUBIC 0.044715

WG_KERNEL(
    gelu_forward, if (((const gelu *)c->attrs)->approximate == EXACT) {
        WG_EACH1((T)0.5 * x * wg_k_erfc((T)-SQRT_HALF * x))
    } else {
        WG_EACH1(x / (1 + wg_k_exp((T)-SQRT_8_OVER_PI * (x + (T)CUBIC * x * x * x))))
    })

WG_KERNELS(gelu, .forward = WG_BOTH(gelu_forward));

#ifdef WG_BASELINE

static const wg_attr attrs[] = {
    { "approximate", WG_ATTR_ENUM, offsetof(gelu, approximate), "none", "none|tanh" },
    { 0 },
};

/* P(x) + x p(x), with p the normal density. */
static wg_node *exact_derivative(wg_node *x)
{
    const double density_at_0 = 0.39894228040143267794;
    wg_node *below = wg_scale(wg_erfc(wg_scale(x, -SQRT_HALF)), 0.5);
    wg_node *density = wg_scale(wg_exp(wg_scale(wg_square(x), -0.5)), density_at_0);
    return wg_add(below, wg_mul(x, density));
}

/* s + x s (1 - s) du/dx, s = sigmoid(u), u here twice that of above. */
static wg_node *tanh_derivative(wg_node *x)
{
    wg_node *square = wg_square(x);
    wg_node *s = wg_sigmoid(wg_mul(wg_scale(x, SQRT_8_OVER_PI), wg_shift(wg_scale(square, CUBIC), 1)));
    wg_node *du = wg_shift(wg_scale(square, 3 * CUBIC * SQRT_8_OVER_PI), SQRT_8_OVER_PI);
    wg_node *ds = wg_mul(s, wg_shift(wg_neg(s), 1));
    return wg_add(s, wg_mul(wg_mul(x, ds), du));
}

/* Beyond 100 both derivatives are 0 or 1 to the last digit, and powers of x must not overflow. */
static wg_node *derivative(const wg_adjoint *a)
{
    wg_node *x = wg_clip(a->in[0], -100, 100);
    return ((const gelu *)a->attrs)->approximate == EXACT ? exact_derivative(x) : tanh_derivative(x);
}

static wg_node *gelu_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_mul(a->cotangent, derivative(a));
}

static const gelu by_tanh = { TANH };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-3, 3, 7) } },
    { .in = { WG_VALUES(-1, 1, 2, 1, 3) } },
    { .in = { WG_VALUES(-3, 3, 7) }, .attrs = &by_tanh },
    { .in = { WG_VALUES(-1, 1, 2, 1, 3) }, .attrs = &by_tanh },
};

const wg_op wg_op_gelu = {
    WG_OP, .name = "gelu", .doc = "x erfc(-x / sqrt(2)) / 2; approximately x (1 + tanh(..)) / 2", .arity = 1,
    .flags = WG_ELEMENTWISE, .attrs = attrs, .attrs_size = sizeof(gelu), .infer = wg__infer_floats,
    .forward = WG_BOTH(gelu_forward), .backward = gelu_backward, WG_SAMPLES(samples),
};

wg_node *wg_gelu(wg_node *x)
{
    return wg_apply(&wg_op_gelu, WG_NODES(x), NULL);
}

wg_node *wg_gelu_tanh(wg_node *x)
{
    return wg_apply(&wg_op_gelu, WG_NODES(x), &by_tanh);
}

#endif
