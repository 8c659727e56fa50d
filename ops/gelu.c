/* gelu, and its adjoint's helper gelu_grad: x times the probability that a standard normal variable is below x (Hendrycks
 * and Gimpel, 2016). That probability is erfc(-x / sqrt(2)) / 2, which keeps its digits where x is very negative; or
 * approximately sigmoid(2 u) = (1 + tanh(u)) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3). */
#include "ops/elementwise.h"

enum { EXACT, TANH };

typedef struct gelu {
    int approximate;
} gelu;

#define SQRT_HALF 0.70710678118654752440
#define SQRT_8_OVER_PI 1.59576912160573071176
#define CUBIC 0.044715
#define DENSITY_AT_0 0.39894228040143267794

/* A standard normal variable: the probability that it is below x, and exp(-x^2 / 2). */
typedef struct normal_f32 {
    float below, bell;
} normal_f32;

/* With z = |x| / sqrt(2) the probability beyond |x| is exp(-z^2) / 2 times the scaled complementary error function, which is
 * a polynomial in t = 1 / (1 + 0.3 z), fitted to a relative error of 2.5e-8. The square is split so that its rounding does not
 * show in the exponential: `head` has 12 bits. */
static inline normal_f32 normal_of_f32(float x)
{
    const float size = wg_k_abs(x) > 15 ? 15 : wg_k_abs(x), head = (size + 32768) - 32768;
    const float rest = 0.5f * ((size - head) * (size + head)), t = 1 / (1 + (float)(0.3 * SQRT_HALF) * size);
    const float correction = 1 - rest * (1 - rest * (0.5f - rest * (1.0f / 6 - rest * (1.0f / 24))));
    float tail = 0.48092667f + t * -0.12854075f;
    tail = -0.08768112f + t * (0.53736313f + t * (-0.50296982f + t * tail));
    tail = 0.16919378f + t * (0.17061538f + t * (0.14906487f + t * (0.21202787f + t * tail)));
    normal_f32 n = { .bell = wg_k_exp(-0.5f * (head * head)) * correction };
    tail *= 0.5f * n.bell * t;
    n.below = x < 0 ? tail : 1 - tail;
    return n;
}

typedef struct normal_f64 {
    double below, bell;
} normal_f64;

static inline double below_f64(double x) { return 0.5 * wg_k_erfc(-SQRT_HALF * x); }

static inline normal_f64 normal_of_f64(double x)
{
    return (normal_f64){ below_f64(x), wg_k_exp(-0.5 * x * x) };
}

#define normal_of(x) _Generic((x), float: normal_of_f32, double: normal_of_f64)(x)
static inline float below_f32(float x) { return normal_of_f32(x).below; }
#define BELOW(x) _Generic((x), float: below_f32, double: below_f64)(x)

/* Beyond 100 both derivatives are 0 or 1 to the last digit, and powers of x must not overflow. */
#define DERIVATIVE(name, T)                                                                                            \
    static inline T exact_##name(T x)                                                                                  \
    {                                                                                                                  \
        x = x < -100 ? -100 : x > 100 ? 100 : x;                                                                       \
        const normal_##name n = normal_of(x);                                                                          \
        return n.below + x * ((T)DENSITY_AT_0 * n.bell);                                                               \
    }                                                                                                                  \
    static inline T by_tanh_##name(T x)                                                                                \
    {                                                                                                                  \
        x = x < -100 ? -100 : x > 100 ? 100 : x;                                                                       \
        const T square = x * x, s = 1 / (1 + wg_k_exp((T)-SQRT_8_OVER_PI * x * (1 + (T)CUBIC * square)));              \
        return s + x * (s * (1 - s)) * ((T)SQRT_8_OVER_PI * (1 + 3 * (T)CUBIC * square));                              \
    }
DERIVATIVE(f32, float)
DERIVATIVE(f64, double)
#define exact_derivative(x) _Generic((x), float: exact_f32, double: exact_f64)(x)
#define tanh_derivative(x) _Generic((x), float: by_tanh_f32, double: by_tanh_f64)(x)

WG_KERNEL(
    gelu_forward, if (((const gelu *)c->attrs)->approximate == EXACT) {
        WG_EACH1(x * BELOW(x))
    } else {
        WG_EACH1(x / (1 + wg_k_exp((T)-SQRT_8_OVER_PI * (x + (T)CUBIC * x * x * x))))
    })

WG_KERNEL(
    gelu_grad_forward, if (((const gelu *)c->attrs)->approximate == EXACT) {
        WG_EACH2(x * exact_derivative(y))
    } else {
        WG_EACH2(x * tanh_derivative(y))
    })

WG_KERNELS(gelu, .forward = WG_BOTH(gelu_forward));
WG_KERNELS(gelu_grad, .forward = WG_BOTH(gelu_grad_forward));

#ifdef WG_BASELINE

static const wg_attr attrs[] = {
    { "approximate", WG_ATTR_ENUM, offsetof(gelu, approximate), "none", "none|tanh" },
    { 0 },
};

static wg_node *gelu_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_apply(&wg_op_gelu_grad, WG_NODES(a->cotangent, a->in[0]), a->attrs);
}

/* p (2 - x^2), with p the normal density. */
static wg_node *exact_second(wg_node *x)
{
    wg_node *square = wg_square(x), *density = wg_scale(wg_exp(wg_scale(square, -0.5)), DENSITY_AT_0);
    return wg_mul(density, wg_shift(wg_neg(square), 2));
}

/* With s = sigmoid(v), v twice the u of above, s' = s (1 - s): s' (2 v' + x (v'' + (1 - 2 s) v'^2)). */
static wg_node *tanh_second(wg_node *x)
{
    wg_node *square = wg_square(x);
    wg_node *s = wg_sigmoid(wg_mul(wg_scale(x, SQRT_8_OVER_PI), wg_shift(wg_scale(square, CUBIC), 1)));
    wg_node *v1 = wg_shift(wg_scale(square, 3 * CUBIC * SQRT_8_OVER_PI), SQRT_8_OVER_PI);
    wg_node *v2 = wg_scale(x, 6 * CUBIC * SQRT_8_OVER_PI);
    wg_node *bend = wg_add(v2, wg_mul(wg_shift(wg_scale(s, -2), 1), wg_square(v1)));
    return wg_mul(wg_mul(s, wg_shift(wg_neg(s), 1)), wg_add(wg_scale(v1, 2), wg_mul(x, bend)));
}

static wg_node *gelu_grad_backward(const wg_adjoint *a, int slot)
{
    if (slot == 0)
        return wg_apply(&wg_op_gelu_grad, WG_NODES(a->cotangent, a->in[1]), a->attrs);
    wg_node *x = wg_clip(a->in[1], -100, 100);
    wg_node *second = ((const gelu *)a->attrs)->approximate == EXACT ? exact_second(x) : tanh_second(x);
    return wg_mul(wg_mul(a->cotangent, a->in[0]), second);
}

static const gelu by_tanh = { TANH };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-3, 3, 7) } },
    { .in = { WG_VALUES(-1, 1, 2, 1, 3) } },
    { .in = { WG_VALUES(-3, 3, 7) }, .attrs = &by_tanh },
    { .in = { WG_VALUES(-1, 1, 2, 1, 3) }, .attrs = &by_tanh },
};

static const wg_sample grad_samples[] = {
    { .in = { WG_VALUES(-2, 2, 7), WG_VALUES(-3, 3, 7) } },
    { .in = { WG_VALUES(-2, 2, 3), WG_VALUES(-1, 1, 2, 1, 3) } },
    { .in = { WG_VALUES(-2, 2, 7), WG_VALUES(-3, 3, 7) }, .attrs = &by_tanh },
    { .in = { WG_VALUES(-2, 2, 3), WG_VALUES(-1, 1, 2, 1, 3) }, .attrs = &by_tanh },
};

const wg_op wg_op_gelu = {
    WG_OP, .name = "gelu", .doc = "x erfc(-x / sqrt(2)) / 2; approximately x (1 + tanh(..)) / 2", .arity = 1,
    .flags = WG_ELEMENTWISE, .attrs = attrs, .attrs_size = sizeof(gelu), .infer = wg__infer_floats,
    .forward = WG_BOTH(gelu_forward), .backward = gelu_backward, WG_SAMPLES(samples),
};

const wg_op wg_op_gelu_grad = {
    WG_OP, .name = "gelu_grad", .doc = "the first operand times gelu's derivative at the second: the adjoint of gelu",
    .arity = 2, .flags = WG_ELEMENTWISE | WG_GRADIENT_OF_OTHERS, .attrs = attrs, .attrs_size = sizeof(gelu),
    .infer = wg__infer_floats, .forward = WG_BOTH(gelu_grad_forward), .backward = gelu_grad_backward,
    WG_SAMPLES(grad_samples),
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
