/* uniform, normal, bernoulli: leaves that draw a tensor anew at each step. Element i depends on the graph's
 * seed, the stream, the step and i alone: not on threads, nor on the element type but for its rounding. */
#include "ops/random.h"
#include "tensor/shape.h"

typedef struct draw {
    wg_shape shape;
    wg_dtype dtype;
    double a, b; /* low and high, mean and std, p */
    int64_t stream;
} draw;

/* The 53-bit numbers u and v in [0, 1) of 32 pairs of elements; chunk of 64 elements. */
static inline void draw_pairs(double u[WG__CHUNK / 2], double v[WG__CHUNK / 2], const wg_call *c, uint64_t chunk)
{
    const uint64_t key = wg__random_key(c, ((const draw *)c->attrs)->stream);
    uint32_t word[2][WG__CHUNK];
    for (int half = 0; half < 2; half++)
        wg__random_words(word[half], key, 2 * chunk + (uint64_t)half, c->step);
    WG_SIMD for (int i = 0; i < WG__CHUNK / 2; i++)
    {
        u[i] = wg__uniform_f64(word[0][i], word[0][i + WG__CHUNK / 2]);
        v[i] = wg__uniform_f64(word[1][i], word[1][i + WG__CHUNK / 2]);
    }
}

/* Elements 0..31 and 32..63 of a chunk. */
static inline void uniform_chunk(double x[WG__CHUNK], const wg_call *c, uint64_t chunk)
{
    const draw *at = c->attrs;
    const double low = at->a, width = at->b - at->a;
    draw_pairs(x, x + WG__CHUNK / 2, c, chunk);
    WG_SIMD for (int i = 0; i < WG__CHUNK; i++) x[i] = low + width * x[i];
}

/* Box and Muller, "A note on the generation of random normal deviates", 1958. 1 - u is in (0, 1]. */
static inline void normal_chunk(double x[WG__CHUNK], const wg_call *c, uint64_t chunk)
{
    const draw *at = c->attrs;
    const double mean = at->a, deviation = at->b, two_pi = 6.28318530717958647693;
    double u[WG__CHUNK / 2], v[WG__CHUNK / 2];
    draw_pairs(u, v, c, chunk);
    WG_SIMD for (int i = 0; i < WG__CHUNK / 2; i++)
    {
        u[i] = deviation * wg_k_sqrt(-2 * wg_k_log(1 - u[i]));
        x[i] = mean + u[i] * wg_k_cos(two_pi * v[i]);
    }
    /* A loop of its own: side by side the compiler would make one call of sine and cosine, which is not vectorised. */
    WG_SIMD for (int i = 0; i < WG__CHUNK / 2; i++) x[i + WG__CHUNK / 2] = mean + u[i] * wg_k_sin(two_pi * v[i]);
}

static inline void bernoulli_chunk(double x[WG__CHUNK], const wg_call *c, uint64_t chunk)
{
    const double p = ((const draw *)c->attrs)->a;
    draw_pairs(x, x + WG__CHUNK / 2, c, chunk);
    WG_SIMD for (int i = 0; i < WG__CHUNK; i++) x[i] = x[i] < p ? 1 : 0;
}

/* Elements begin .. end-1, from their chunks; AS(x) makes the element. */
#define DRAWN(chunk_of, AS)                                                                                            \
    T *out = c->out;                                                                                                   \
    for (int64_t i = begin; i < end;) {                                                                                \
        const int64_t offset = i % WG__CHUNK;                                                                          \
        const int64_t n = WG__CHUNK - offset < end - i ? WG__CHUNK - offset : end - i;                                 \
        double x[WG__CHUNK];                                                                                           \
        chunk_of(x, c, (uint64_t)(i / WG__CHUNK));                                                                     \
        for (int64_t j = 0; j < n; j++)                                                                                \
            out[i + j] = AS(x[offset + j]);                                                                            \
        i += n;                                                                                                        \
    }
/* Rounding may carry a number up to `high`, which is not in the range. */
#define BELOW_HIGH(x) ((T)(x) < (T)((const draw *)c->attrs)->b ? (T)(x) : (T)((const draw *)c->attrs)->a)
#define AS_IS(x) ((T)(x))

WG_KERNEL(uniform_forward, DRAWN(uniform_chunk, BELOW_HIGH))
WG_KERNEL(normal_forward, DRAWN(normal_chunk, AS_IS))
WG_KERNEL(bernoulli_forward, DRAWN(bernoulli_chunk, AS_IS))
WG_KERNEL_OF(bernoulli_forward_bool, uint8_t, DRAWN(bernoulli_chunk, AS_IS))

#define BERNOULLI_TABLE                                                                                                \
    {                                                                                                                  \
        .f32 = bernoulli_forward_f32, .f64 = bernoulli_forward_f64, .boolean = bernoulli_forward_bool                  \
    }
WG_KERNELS(uniform, .forward = WG_BOTH(uniform_forward));
WG_KERNELS(normal, .forward = WG_BOTH(normal_forward));
WG_KERNELS(bernoulli, .forward = BERNOULLI_TABLE);

#ifdef WG_BASELINE

#define LEAF_ATTRS                                                                                                     \
    { "shape", WG_ATTR_SHAPE, offsetof(draw, shape), NULL, NULL },                                                     \
        { "dtype", WG_ATTR_DTYPE, offsetof(draw, dtype), "f64", NULL },                                                \
    {                                                                                                                  \
        "stream", WG_ATTR_I64, offsetof(draw, stream), "0", NULL                                                       \
    }
static const wg_attr uniform_attrs[] = {
    LEAF_ATTRS,
    { "low", WG_ATTR_F64, offsetof(draw, a), "0", NULL },
    { "high", WG_ATTR_F64, offsetof(draw, b), "1", NULL },
    { 0 },
};
static const wg_attr normal_attrs[] = {
    LEAF_ATTRS,
    { "mean", WG_ATTR_F64, offsetof(draw, a), "0", NULL },
    { "std", WG_ATTR_F64, offsetof(draw, b), "1", NULL },
    { 0 },
};
static const wg_attr bernoulli_attrs[] = { LEAF_ATTRS, { "p", WG_ATTR_F64, offsetof(draw, a), "0.5", NULL }, { 0 } };

static wg_status leaf_infer(wg_infer *t, bool of_bool)
{
    const draw *at = t->attrs;
    if (!wg__is_float(at->dtype) && !(of_bool && at->dtype == WG_BOOL))
        return wg_infer_fail(t, WG_ERR_DTYPE, "draws %s, not %s", of_bool ? "f32, f64 or bool" : "f32 or f64",
                             wg_dtype_name(at->dtype));
    for (int i = 0; i < at->shape.rank && i < WG_MAX_RANK; i++)
        if (at->shape.dim[i] == WG_ANY)
            return wg_infer_fail(t, WG_ERR_SHAPE, "axis %d has neither a size nor a name", i);
    t->out[0] = at->shape;
    t->out_type[0] = at->dtype;
    return WG_OK;
}

static wg_status uniform_infer(wg_infer *t)
{
    const draw *at = t->attrs;
    if (!(at->a < at->b && at->b - at->a < INFINITY))
        return wg_infer_fail(t, WG_ERR_ARG, "low must be below high, got %g and %g", at->a, at->b);
    return leaf_infer(t, false);
}

static wg_status normal_infer(wg_infer *t)
{
    const draw *at = t->attrs;
    if (!(at->b >= 0 && at->b < INFINITY))
        return wg_infer_fail(t, WG_ERR_ARG, "std must not be negative, got %g", at->b);
    return leaf_infer(t, false);
}

static wg_status bernoulli_infer(wg_infer *t)
{
    const draw *at = t->attrs;
    if (!(at->a >= 0 && at->a <= 1))
        return wg_infer_fail(t, WG_ERR_ARG, "p must be in 0..1, got %g", at->a);
    return leaf_infer(t, true);
}

static wg_status lower(wg_lowering *l)
{
    enum { GRAIN = 4096 }; /* whole chunks */
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .extent = wg_shape_count(l->out_shape[0]), .grain = GRAIN, .cost = 5 };
    return WG_OK;
}

static const draw matrix = { WG_DIMS(2, 3), WG_F64, -1, 0.5, 7 }, tall = { WG_DIMS(70, 1, 3), WG_F32, 0.25, 2, 8 },
                  empty = { WG_DIMS(2, 0), WG_F64, 0, 1, 9 };
static const wg_sample samples[] = { { .attrs = &matrix }, { .attrs = &tall }, { .attrs = &empty } };
static const draw even = { WG_DIMS(2, 3), WG_F64, 0.5, 0, 7 }, rare = { WG_DIMS(70, 1, 3), WG_BOOL, 0.1, 0, 8 };
static const wg_sample bernoulli_samples[] = { { .attrs = &even }, { .attrs = &rare } };

const wg_op wg_op_uniform = {
    WG_OP, .name = "uniform", .doc = "random numbers evenly spread over low <= x < high",
    .flags = WG_RANDOM | WG_NO_GRADIENT, .attrs = uniform_attrs, .attrs_size = sizeof(draw), .infer = uniform_infer,
    .forward = WG_BOTH(uniform_forward), .lower = lower, WG_SAMPLES(samples),
};

const wg_op wg_op_normal = {
    WG_OP, .name = "normal", .doc = "random numbers of the normal distribution with mean and std",
    .flags = WG_RANDOM | WG_NO_GRADIENT, .attrs = normal_attrs, .attrs_size = sizeof(draw), .infer = normal_infer,
    .forward = WG_BOTH(normal_forward), .lower = lower, WG_SAMPLES(samples),
};

const wg_op wg_op_bernoulli = {
    WG_OP, .name = "bernoulli", .doc = "1 with probability p, else 0", .flags = WG_RANDOM | WG_NO_GRADIENT,
    .attrs = bernoulli_attrs, .attrs_size = sizeof(draw), .infer = bernoulli_infer, .forward = BERNOULLI_TABLE,
    .lower = lower, WG_SAMPLES(bernoulli_samples),
};

static wg_node *leaf(wg_graph *g, const wg_op *op, wg_dtype dtype, wg_shape shape, double a, double b)
{
    return wg_apply_in(g, op, (wg_nodes){ NULL, 0 }, &(draw){ shape, dtype, a, b, 0 }); /* the graph picks a stream */
}

wg_node *wg_uniform(wg_graph *g, wg_dtype dtype, wg_shape shape, double low, double high)
{
    return leaf(g, &wg_op_uniform, dtype, shape, low, high);
}

wg_node *wg_normal(wg_graph *g, wg_dtype dtype, wg_shape shape, double mean, double std)
{
    return leaf(g, &wg_op_normal, dtype, shape, mean, std);
}

wg_node *wg_bernoulli(wg_graph *g, wg_dtype dtype, wg_shape shape, double p)
{
    return leaf(g, &wg_op_bernoulli, dtype, shape, p, 0);
}

#endif
