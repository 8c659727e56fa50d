/* norm: sum(|x|^p)^(1/p) along axes. The first pass finds the largest magnitude; a power of two near its inverse is the
 * scale by which the second multiplies, exactly, so that powers neither overflow nor vanish. One pass is enough for p = inf
 * and -inf, and for the usual p of f32, whose squares f64 has room for; p = 0 counts what is not zero. */
#include <math.h>

#include "ops/elementwise.h"
#include "ops/reduce.h"

typedef struct norm {
    wg__reduce_attrs over; /* first: the shape rules look for it here */
    double p;
} norm;

static inline double scale_for(double magnitude)
{
    enum { MOST = 1021 }; /* the inverse of the scale is a normal number too */
    if (!(magnitude > 0 && magnitude < INFINITY))
        return 1;
    const int e = ilogb(magnitude);
    return ldexp(1, e > MOST ? -MOST : e < -MOST ? MOST : -e);
}

static inline bool one_pass(double p, bool f32)
{
    return isinf(p) || (f32 && (p == 0 || p == 1 || p == 2));
}

#define MAGNITUDE(s, n) fabs(s)
#define SCALE(s, n) scale_for(fabs(s))
#define LARGER(s, x) (fabs(x) > fabs(s) || (x) != (x) ? (x) : (s))
#define SMALLER(s, x) (fabs(x) < fabs(s) || (x) != (x) ? (x) : (s))
#define ONE(x, scale, attrs) fabs(x) * (scale)
#define TWO(x, scale, attrs) ((x) * (scale)) * ((x) * (scale))
#define ANY(x, scale, attrs) wg_k_pow(fabs(x) * (scale), ((const norm *)(attrs))->p)
#define NOT_ZERO(x, scale, attrs) ((x) != 0)
#define SUM(s, n, scale, attrs) (s) / (scale)
#define ROOT(s, n, scale, attrs) sqrt(s) / (scale)
#define ANY_ROOT(s, n, scale, attrs) pow((s), 1 / ((const norm *)(attrs))->p) / (scale)
#define COUNT(s, n, scale, attrs) (s)
#define PLAIN_ONE(x, at, attrs) fabs(x)
#define PLAIN_TWO(x, at, attrs) (x) * (x)
#define PLAIN_ROOT(s, n, at, attrs) sqrt(s)

#define NORM(suffix, type)                                                                                             \
    WG_FOLD(scale_of, suffix, type, double, double, 0, LARGER, SCALE)                                                  \
    WG_FOLD(largest, suffix, type, double, type, 0, LARGER, MAGNITUDE)                                                 \
    WG_FOLD(smallest, suffix, type, double, type, INFINITY, SMALLER, MAGNITUDE)                                        \
    WG_FOLD_MAPPED(one, suffix, type, double, type, ONE, SUM)                                                          \
    WG_FOLD_MAPPED(two, suffix, type, double, type, TWO, ROOT)                                                         \
    WG_FOLD_MAPPED(any, suffix, type, double, type, ANY, ANY_ROOT)                                                     \
    WG_FOLD_MAPPED(count, suffix, type, double, type, NOT_ZERO, COUNT)                                                 \
    WG_FOLD_MAPPED(plain_one, suffix, type, double, type, PLAIN_ONE, COUNT)                                            \
    WG_FOLD_MAPPED(plain_two, suffix, type, double, type, PLAIN_TWO, PLAIN_ROOT)                                       \
    static const wg__fold *second_##suffix(const wg_call *c)                                                           \
    {                                                                                                                  \
        const double p = ((const norm *)c->attrs)->p;                                                                  \
        return p == 2 ? &two_##suffix : p == 1 ? &one_##suffix : p == 0 ? &count_##suffix : &any_##suffix;             \
    }                                                                                                                  \
    static const wg__fold *only_##suffix(const wg_call *c)                                                             \
    {                                                                                                                  \
        const double p = ((const norm *)c->attrs)->p;                                                                  \
        if (isinf(p))                                                                                                  \
            return p > 0 ? &largest_##suffix : &smallest_##suffix;                                                     \
        return p == 2 ? &plain_two_##suffix : p == 1 ? &plain_one_##suffix : &count_##suffix;                          \
    }                                                                                                                  \
    WG_REDUCE_TWICE(twice, suffix, &scale_of_##suffix, second_##suffix(c))                                             \
    static wg_status norm_fold_##suffix(const wg_call *c, int64_t begin, int64_t end)                                  \
    {                                                                                                                  \
        return one_pass(((const norm *)c->attrs)->p, sizeof(type) == sizeof(float))                                    \
                   ? wg__reduce_fold(c, only_##suffix(c), begin, end)                                                  \
                   : twice_fold_##suffix(c, begin, end);                                                               \
    }                                                                                                                  \
    static wg_status norm_join_##suffix(const wg_call *c, int64_t begin, int64_t end)                                  \
    {                                                                                                                  \
        return one_pass(((const norm *)c->attrs)->p, sizeof(type) == sizeof(float))                                    \
                   ? wg__reduce_join(c, only_##suffix(c), begin, end)                                                  \
                   : twice_join_##suffix(c, begin, end);                                                               \
    }
NORM(f32, float)
NORM(f64, double)

#define STAGES                                                                                                         \
    {                                                                                                                  \
        WG_BOTH(twice_fold_first), WG_BOTH(twice_join_first), WG_BOTH(norm_join)                                     \
    }
WG_KERNELS(norm, .forward = WG_BOTH(norm_fold), .stage = STAGES);

#ifdef WG_BASELINE

static const wg_attr attrs[] = {
    { "p", WG_ATTR_F64, offsetof(norm, p), "2", NULL },
    { "axes", WG_ATTR_AXES, offsetof(norm, over.axes), "null", NULL },
    { "keepdims", WG_ATTR_BOOL, offsetof(norm, over.keepdims), "false", NULL },
    { 0 },
};

static wg_status infer(wg_infer *t)
{
    const norm *at = t->attrs;
    bool on[WG_MAX_RANK];
    if (isnan(at->p))
        return wg_infer_fail(t, WG_ERR_ARG, "p must be a number, got nan");
    wg_status status = wg__infer_types(t, false);
    if (!status)
        status = wg__reduce_infer(t);
    if (status || (at->p >= 0 && !isinf(at->p)))
        return status;
    status = wg_infer_axes(t, at->over.axes, t->in[0].rank, on);
    for (int i = 0; i < t->in[0].rank && !status; i++)
        if (on[i] && t->in[0].dim[i] == 0)
            status = wg_infer_fail(t, WG_ERR_SHAPE, "there are no elements along axis %d", i);
    return status;
}

static wg_status lower(wg_lowering *l)
{
    if (!one_pass(((const norm *)l->attrs)->p, l->in_type[0] == WG_F32))
        return wg__reduce_lower_twice(l);
    wg_status status = wg__reduce_lower(l);
    l->stage[1].kernel = 3;
    return status;
}

/* As for max: magnitudes equal to the result share the cotangent equally. */
static wg_node *extreme_back(const norm *at, wg_node *x, wg_node *y, wg_node *cotangent)
{
    wg_node *chosen = wg_cast(wg_eq(wg_abs(x), y), wg_node_dtype(x));
    wg_node *share = wg_div(cotangent, wg_sum(chosen, at->over.axes, true));
    return wg_mul(wg_mul(wg_sign(x), chosen), share);
}

/* c sign(x) (|x| / y)^(p - 1); 0 where x, or the whole norm, is 0, as in PyTorch. */
static wg_node *backward(const wg_adjoint *a, int slot)
{
    const norm *at = a->attrs;
    wg_node *x = a->in[0], *y = wg__restore_axes(a->output, x, &at->over);
    wg_node *cotangent = wg__restore_axes(a->cotangent, x, &at->over);
    (void)slot;
    if (at->p == 0)
        return wg_no_gradient(a);
    if (isinf(at->p))
        return extreme_back(at, x, y, cotangent);
    if (at->p == 1)
        return wg_mul(wg_sign(x), cotangent);
    wg_node *zero = wg_zeros_like(y), *none = wg_eq(y, zero);
    wg_node *share = wg_where(none, zero, wg_div(cotangent, wg_where(none, wg_ones_like(y), y)));
    if (at->p == 2)
        return wg_mul(x, share);
    wg_node *blank = wg_eq(x, wg_zeros_like(x)), *ratio = wg_div(wg_abs(x), wg_where(none, wg_ones_like(y), y));
    wg_node *safe = wg_where(blank, wg_ones_like(x), ratio);
    wg_node *slope = wg_pow(safe, wg_const(wg_node_graph(x), at->p - 1));
    return wg_mul(wg_mul(wg_sign(x), slope), wg_where(none, zero, cotangent));
}

static const norm rows = { { { { -1 }, 1 }, false }, 2 }, taxi = { { { { 0 }, 1 }, true }, 1 },
                  cube = { { { { 0, 2 }, 2 }, false }, 3 }, odd = { { { { 0 }, -1 }, false }, 1.5 },
                  largest = { { { { 1 }, 1 }, false }, INFINITY }, smallest = { { { { -1 }, 1 }, true }, -INFINITY },
                  inverse = { { { { 0 }, 1 }, false }, -1 }, count = { { { { 0 }, 1 }, false }, 0 },
                  kept = { { { { 1 }, 1 }, true }, 2 };
#define MAGNITUDES(sign, ...) { .shape = WG_DIMS(__VA_ARGS__), .lo = (sign) > 0 ? 0.5 : -2.5, \
                                .hi = (sign) > 0 ? 2.5 : -0.5, .distinct = true }
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 3) } },
    { .in = { WG_VALUES(-2, 2, 3, 4) }, .attrs = &rows },
    { .in = { MAGNITUDES(-1, 4, 3) }, .attrs = &taxi },
    { .in = { MAGNITUDES(-1, 3, 1) }, .attrs = &kept },
    { .in = { MAGNITUDES(+1, 2, 3, 2) }, .attrs = &cube },
    { .in = { MAGNITUDES(-1, 2, 3, 2) }, .attrs = &cube },
    { .in = { MAGNITUDES(-1, 5) }, .attrs = &odd },
    { .in = { MAGNITUDES(-1, 3, 4) }, .attrs = &largest },
    { .in = { MAGNITUDES(+1, 3, 4) }, .attrs = &smallest },
    { .in = { MAGNITUDES(+1, 3, 2) }, .attrs = &inverse },
    { .in = { MAGNITUDES(+1, 3, 2) }, .attrs = &count },
};

const wg_op wg_op_norm = {
    WG_OP, .name = "norm",
    .doc = "sum(|x|^p)^(1/p) along the axes; p may be inf, -inf (largest, smallest magnitude) or 0 (how many not 0)",
    .arity = 1, .attrs = attrs, .attrs_size = sizeof(norm), .infer = infer, .forward = WG_BOTH(norm_fold),
    .stage = STAGES, .lower = lower, .backward = backward, WG_SAMPLES(samples),
};

wg_node *wg_norm(wg_node *x, double p, wg_axes axes, bool keepdims)
{
    return wg_apply(&wg_op_norm, WG_NODES(x), &(norm){ { axes, keepdims }, p });
}

#endif
