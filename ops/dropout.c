/* dropout: each element is zero with probability p, else times 1 / (1 - p). Which ones depends on seed, stream,
 * step and the element's index alone: the adjoint draws the same again, and nothing is kept. */
#include "ops/random.h"

typedef struct dropout {
    double p;
    int64_t stream;
} dropout;

/* In the order of unsigned words: the oldest instruction sets compare signed ones only. */
static inline int32_t in_order(uint32_t word) { return (int32_t)(word ^ 0x80000000u); }

WG_KERNEL(dropout_forward,
    enum { LINE = 64 / sizeof(T), AHEAD = 1024 };
    const dropout *at = c->attrs;
    const T *x = c->in[0];
    T *y = c->out;
    const T kept = (T)(at->p < 1 ? 1 / (1 - at->p) : 0);
    const double limit = at->p * 0x1p32; /* words below it drop */
    const int32_t least = in_order(limit < 0x1p32 - 1 ? (uint32_t)limit : UINT32_MAX);
    const uint64_t key = wg__random_key(c, at->stream);
    for (int64_t i = begin; i < end;) {
        int64_t element = c->first + i;
        int64_t offset = element % WG__CHUNK;
        int64_t n = WG__CHUNK - offset < end - i ? WG__CHUNK - offset : end - i;
        uint32_t word[WG__CHUNK];
        for (int64_t j = 0; j < WG__CHUNK; j += LINE) { /* words take so long that the processor does not look ahead to x */
            __builtin_prefetch(x + i + AHEAD + j);
            __builtin_prefetch(y + i + AHEAD + j, 1);
        }
        wg__random_words(word, key, (uint64_t)(element / WG__CHUNK), c->step);
        WG_SIMD for (int64_t j = 0; j < n; j++)
        {
            const T scaled = x[i + j] * kept;
            y[i + j] = in_order(word[offset + j]) >= least ? scaled : 0;
        }
        i += n;
    })

WG_KERNELS(dropout, .forward = WG_BOTH(dropout_forward));

#ifdef WG_BASELINE

static const wg_attr attrs[] = {
    { "p", WG_ATTR_F64, offsetof(dropout, p), "0.5", NULL },
    { "stream", WG_ATTR_I64, offsetof(dropout, stream), "0", NULL },
    { 0 },
};

static wg_status infer(wg_infer *t)
{
    double p = ((const dropout *)t->attrs)->p;
    if (!(p >= 0 && p <= 1))
        return wg_infer_fail(t, WG_ERR_ARG, "p must be in 0..1, got %g", p);
    return wg__infer_floats(t);
}

/* The same operator with the same stream: linear in its operand. */
static wg_node *backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_apply(&wg_op_dropout, WG_NODES(a->cotangent), a->attrs);
}

static const dropout half = { 0.5, 7 }, tenth = { 0.1, 8 };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-2, 2, 9) }, .attrs = &half },
    { .in = { WG_VALUES(-2, 2, 5, 1, 3) }, .attrs = &tenth },
};

const wg_op wg_op_dropout = {
    WG_OP, .name = "dropout", .doc = "0 with probability p, else x / (1 - p); x itself in inference", .arity = 1,
    .flags = WG_ELEMENTWISE | WG_RANDOM, .attrs = attrs, .attrs_size = sizeof(dropout), .infer = infer,
    .forward = WG_BOTH(dropout_forward), .backward = backward, WG_SAMPLES(samples),
};

wg_node *wg_dropout(wg_node *x, double p)
{
    return wg_apply(&wg_op_dropout, WG_NODES(x), &(dropout){ .p = p }); /* the graph picks a stream */
}

#endif
