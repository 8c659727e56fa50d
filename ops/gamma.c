/* lgamma, digamma, polygamma: the logarithm of the gamma function and its derivatives. f32 is computed in double. */
#include <math.h>

#include "ops/elementwise.h"
#include "ops/gamma.h"

typedef struct polygamma {
    int64_t n;
} polygamma;

enum { POLYGAMMA_MAX = 100 }; /* 101! times a power is still a double */

WG_UNARY_KERNELS(lgamma, (T)wg__lgamma((double)x))
WG_UNARY_KERNELS(digamma, (T)wg__digamma((double)x))

/* ---- polygamma of order n >= 1: (-1)^(n+1) n! zeta(n + 1, x), with Hurwitz' zeta function ---- */

enum { STRIP = 64 };

typedef struct polygamma_order {
    int n;
    /* n! (x + k)^-(n+1) = factor * (unit (x + k))^-exponent, in which nothing overflows */
    double exponent, unit, factor;
    double tail[12]; /* of the Euler-Maclaurin sum */
    /* The n-th derivative of pi cot(pi x), a polynomial in cot(pi x) */
    double reflection[POLYGAMMA_MAX + 2];
} polygamma_order;

/* P_0 = c, P_(k+1) = -(1 + c^2) P_k': the derivatives of c = cot. Every second coefficient is 0, and the others have
 * one sign. */
static void reflection_of(polygamma_order *o)
{
    double *p = o->reflection;
    for (int i = 0; i <= o->n + 1; i++)
        p[i] = i == 1 ? WG__PI : 0;
    for (int k = 1; k <= o->n; k++) {
        double before = 0, at = p[0]; /* of P_(k-1), at i - 1 and i */
        for (int i = 0; i <= k + 1; i++) {
            const double after = i <= k ? p[i + 1] : 0;
            const double up = i >= 1 ? (double)(i - 1) * before : 0, down = i < k ? (double)(i + 1) * after : 0;
            p[i] = -WG__PI * (up + down);
            before = at, at = after;
        }
    }
}

static void order_of(polygamma_order *o, int64_t n)
{
    static const double bernoulli[12] = { 1.0 / 6,         -1.0 / 30,      1.0 / 42,         -1.0 / 30,
                                          5.0 / 66,        -691.0 / 2730,  7.0 / 6,          -3617.0 / 510,
                                          43867.0 / 798,   -174611.0 / 330, 854513.0 / 138,  -236364091.0 / 2730 };
    double factorial = 1, ratio = 1;
    o->n = (int)n;
    for (int i = 2; i <= o->n; i++)
        factorial *= i;
    const double s = o->exponent = (double)n + 1;
    const int power = (int)floor(log2(factorial) / s);
    o->unit = ldexp(1, -power);
    o->factor = ldexp(factorial, -power * (o->n + 1));
    for (int j = 1; j <= 12; j++) { /* B_2j / (2j)! s (s + 1) .. (s + 2j - 2) */
        ratio *= j == 1 ? s / 2 : (s + 2 * j - 3) * (s + 2 * j - 2) / ((2 * j - 1) * (2.0 * j));
        o->tail[j - 1] = bernoulli[j - 1] * ratio;
    }
    reflection_of(o);
}

/* n! zeta(n + 1, x[i]) for x >= 0: ten terms, then Euler-Maclaurin (Abramowitz and Stegun 23.1.30). */
static void zeta_strip(const polygamma_order *o, double sum[STRIP], const double x[STRIP])
{
    enum { TERMS = 10 };
    for (int i = 0; i < STRIP; i++)
        sum[i] = 0;
    for (int k = 0; k < TERMS; k++)
        WG_SIMD for (int i = 0; i < STRIP; i++) sum[i] += wg_k_pow(o->unit * (x[i] + k), -o->exponent);
    WG_SIMD for (int i = 0; i < STRIP; i++)
    {
        const double a = x[i] + TERMS, r = 1 / a, r2 = r * r;
        double t = 0;
        for (int j = 11; j >= 0; j--)
            t = t * r2 + o->tail[j];
        const double rest = wg_k_pow(o->unit * a, -o->exponent) * (a / (o->exponent - 1) + 0.5 + t * r);
        sum[i] = o->factor * (sum[i] + (a < INFINITY ? rest : 0));
    }
}

/* For x < 0: (-1)^n psi(1 - x) - reflection(cot(pi x)). At 0, -1 .. what PyTorch gives: infinity, of the sign that it
 * has to the right. */
static void polygamma_strip(const polygamma_order *o, double y[STRIP], const double x[STRIP])
{
    const double sign = o->n % 2 ? 1 : -1;
    double zeta[STRIP], from[STRIP], cot[STRIP];
    WG_SIMD for (int i = 0; i < STRIP; i++)
    {
        from[i] = x[i] < 0 ? 1 - x[i] : x[i];
        cot[i] = wg__cot_pi(x[i]);
        y[i] = 0;
    }
    zeta_strip(o, zeta, from);
    for (int k = o->n + 1; k >= 0; k--)
        WG_SIMD for (int i = 0; i < STRIP; i++) y[i] = y[i] * cot[i] + o->reflection[k];
    WG_SIMD for (int i = 0; i < STRIP; i++)
    {
        const double left = -zeta[i] - y[i], right = sign * zeta[i];
        const double pole = sign * (double)INFINITY;
        y[i] = x[i] < 0 ? (x[i] == wg_k_rint(x[i]) ? pole : left) : right;
    }
}

static void digamma_strip(double y[STRIP], const double x[STRIP])
{
    WG_SIMD for (int i = 0; i < STRIP; i++) y[i] = wg__digamma(x[i]);
}

WG_KERNEL(polygamma_forward,
    const int64_t order = ((const polygamma *)c->attrs)->n;
    const T *x = c->in[0];
    T *out = c->out;
    polygamma_order of;
    if (order > 0)
        order_of(&of, order);
    for (int64_t i = begin; i < end; i += STRIP) {
        double from[STRIP];
        double to[STRIP];
        const int n = end - i < STRIP ? (int)(end - i) : STRIP;
        for (int j = 0; j < STRIP; j++)
            from[j] = j < n ? (double)x[i + j] : 1;
        if (order > 0)
            polygamma_strip(&of, to, from);
        else
            digamma_strip(to, from);
        for (int j = 0; j < n; j++)
            out[i + j] = (T)to[j];
    })

WG_KERNELS(polygamma, .forward = WG_BOTH(polygamma_forward));

#ifdef WG_BASELINE

static wg_node *of_order(wg_node *x, int64_t n)
{
    return wg_apply(&wg_op_polygamma, WG_NODES(x), &(polygamma){ n });
}

WG_DERIVATIVE(lgamma, wg_digamma(x))
WG_DERIVATIVE(digamma, of_order(x, 1))
WG_DERIVATIVE(polygamma, of_order(x, ((const polygamma *)a->attrs)->n + 1))

static const wg_attr attrs[] = { { "n", WG_ATTR_I64, offsetof(polygamma, n), NULL, NULL }, { 0 } };

static wg_status infer(wg_infer *t)
{
    int64_t n = ((const polygamma *)t->attrs)->n;
    if (n < 0 || n > POLYGAMMA_MAX)
        return wg_infer_fail(t, WG_ERR_ARG, "n must be in 0..%d, got %lld", POLYGAMMA_MAX, (long long)n);
    return wg__infer_floats(t);
}

/* Poles at 0, -1, -2 .. */
static double kink(const void *attributes, const double *x)
{
    (void)attributes;
    return x[0] > 0 ? x[0] : fabs(x[0] - rint(x[0]));
}

static const wg_sample samples[] = {
    { .in = { WG_VALUES(0.3, 3, 7) } },
    { .in = { WG_VALUES(4, 12, 2, 1, 3) } },
    { .in = { WG_VALUES(-1.9, -1.1, 5) } },
};
static const polygamma zeroth = { 0 }, first = { 1 }, second = { 2 }, fifth = { 5 };
static const wg_sample polygamma_samples[] = {
    { .in = { WG_VALUES(0.3, 3, 7) }, .attrs = &zeroth },
    { .in = { WG_VALUES(0.5, 12, 2, 1, 3) }, .attrs = &first },
    { .in = { WG_VALUES(-1.9, -1.1, 5) }, .attrs = &second },
    { .in = { WG_VALUES(0.8, 2, 4) }, .attrs = &fifth },
};

WG_UNARY(lgamma, "log |gamma(x)|", .kink = kink, WG_SAMPLES(samples))
WG_UNARY(digamma, "the derivative of log gamma(x)", .kink = kink, WG_SAMPLES(samples))

const wg_op wg_op_polygamma = {
    WG_OP, .name = "polygamma", .doc = "the n-th derivative of digamma(x)", .arity = 1, .flags = WG_ELEMENTWISE,
    .attrs = attrs, .attrs_size = sizeof(polygamma), .infer = infer, .forward = WG_BOTH(polygamma_forward),
    .backward = polygamma_backward, .kink = kink, WG_SAMPLES(polygamma_samples),
};

wg_node *wg_polygamma(int64_t n, wg_node *x)
{
    return of_order(x, n);
}

#endif
