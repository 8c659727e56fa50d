/* sort, argsort, topk, median: elements of a line in order. All orders are stable and total: equal elements keep their
 * places, and a NaN counts as larger than any number, as in NumPy and PyTorch. */
#include "ops/index.h"
#include "base/checked.h"
#include "base/error.h"

/* What the operators have in common; `k` is topk's. */
typedef struct order {
    int64_t axis, k;
    bool descending, keepdims;
} order;

/* How many elements of a line of n are held at a time for the first k in order: a heap of k pays only where k is small. */
static inline int64_t held(int64_t n, int64_t k)
{
    return k > n / 8 ? n : k;
}

/* Lines from this length on are sorted by their digits: shorter ones are merged before 256 counters are cleared. */
enum { BY_DIGITS_FROM = 96 };

/* Numbers as unsigned ones in the same order: equal elements are equal, and NaNs, all alike, the largest. */
#define RANK_OF_FLOAT(suffix, type, U)                                                                                 \
    static inline U rank_##suffix(type x)                                                                              \
    {                                                                                                                  \
        const U sign = (U)1 << (8 * sizeof(U) - 1);                                                                    \
        const type folded = x + 0; /* -0 into 0 */                                                                     \
        U bits;                                                                                                        \
        memcpy(&bits, &folded, sizeof bits);                                                                           \
        bits ^= bits & sign ? (U)-1 : sign;                                                                            \
        return x != x ? (U)-1 : bits;                                                                                  \
    }
RANK_OF_FLOAT(f32, float, uint32_t)
RANK_OF_FLOAT(f64, double, uint64_t)
static inline uint32_t rank_i32(int32_t x) { return (uint32_t)x ^ 0x80000000u; }
static inline uint64_t rank_i64(int64_t x) { return (uint64_t)x ^ UINT64_C(0x8000000000000000); }
static inline uint8_t rank_u8(uint8_t x) { return x; }
static inline uint8_t rank_bool(uint8_t x) { return x; }

/* For one type: lines as pairs of a key and the place it came from, brought into order. `scratch` holds as many pairs
 * again. ORDERED(a, b): a, which stands before b, may stay there. */
#define SORT_LINES(suffix, type, IS_NAN)                                                                               \
    typedef struct pair_##suffix {                                                                                     \
        type key;                                                                                                      \
        int64_t at;                                                                                                    \
    } pair_##suffix;                                                                                                   \
    static inline bool less_##suffix(type a, type b)                                                                   \
    {                                                                                                                  \
        return (a < b) | (IS_NAN(b) & !IS_NAN(a)); /* without branches: they would be guessed wrongly */               \
    }                                                                                                                  \
    /* Whether a belongs before b. */                                                                                  \
    static inline bool before_##suffix(const pair_##suffix *a, const pair_##suffix *b, bool descending)                \
    {                                                                                                                  \
        const type first = descending ? b->key : a->key, second = descending ? a->key : b->key;                        \
        return (int)less_##suffix(first, second) | ((int)!less_##suffix(second, first) & (a->at < b->at));             \
    }                                                                                                                  \
    static void insertion_##suffix(pair_##suffix *p, int64_t n, bool descending)                                       \
    {                                                                                                                  \
        for (int64_t i = 1; i < n; i++) {                                                                              \
            const pair_##suffix moved = p[i];                                                                          \
            int64_t to = i;                                                                                            \
            for (; to > 0 && before_##suffix(&moved, &p[to - 1], descending); to--)                                    \
                p[to] = p[to - 1];                                                                                     \
            p[to] = moved;                                                                                             \
        }                                                                                                              \
    }                                                                                                                  \
    static void merge_##suffix(pair_##suffix *to, const pair_##suffix *a, int64_t n_a, int64_t n_b, bool descending)   \
    {                                                                                                                  \
        const pair_##suffix *b = a + n_a, *end_a = b, *end_b = b + n_b;                                                \
        while (a < end_a && b < end_b) {                                                                               \
            const bool second = before_##suffix(b, a, descending);                                                     \
            *to++ = *(second ? b : a);                                                                                 \
            b += second;                                                                                               \
            a += !second;                                                                                              \
        }                                                                                                              \
        memcpy(to, a, (size_t)(end_a - a) * sizeof *a);                                                                \
        memcpy(to + (end_a - a), b, (size_t)(end_b - b) * sizeof *b);                                                  \
    }                                                                                                                  \
    /* Bottom-up merge sort from runs of sixteen. */                                                                   \
    static void sort_pairs_##suffix(pair_##suffix *p, pair_##suffix *scratch, int64_t n, bool descending)              \
    {                                                                                                                  \
        enum { RUN = 16 };                                                                                             \
        pair_##suffix *from = p, *to = scratch;                                                                        \
        for (int64_t i = 0; i < n; i += RUN)                                                                           \
            insertion_##suffix(p + i, n - i < RUN ? n - i : RUN, descending);                                          \
        for (int64_t run = RUN; run < n; run *= 2) {                                                                   \
            for (int64_t i = 0; i < n; i += 2 * run) {                                                                 \
                const int64_t n_a = n - i < run ? n - i : run, n_b = n - i - n_a < run ? n - i - n_a : run;            \
                merge_##suffix(to + i, from + i, n_a, n_b, descending);                                                \
            }                                                                                                          \
            pair_##suffix *other = from;                                                                               \
            from = to;                                                                                                 \
            to = other;                                                                                                \
        }                                                                                                              \
        if (from != p)                                                                                                 \
            memcpy(p, from, (size_t)n * sizeof *p);                                                                    \
    }                                                                                                                  \
    /* Pairs that stand in the order of their places: by one digit of 256 after another, the lowest first, each in a stable   \
     * way. Digits that all have in common are passed over. */                                                         \
    static void sort_by_digits_##suffix(pair_##suffix *p, pair_##suffix *scratch, int64_t n, bool descending)          \
    {                                                                                                                  \
        const uint64_t flip = descending ? UINT64_MAX : 0;                                                             \
        int64_t place[sizeof(type)][256] = { { 0 } };                                                                  \
        pair_##suffix *from = p, *to = scratch;                                                                        \
        for (int64_t i = 0; i < n; i++)                                                                                \
            for (size_t d = 0; d < sizeof(type); d++)                                                                  \
                place[d][DIGIT(rank_##suffix(p[i].key) ^ flip, d)]++;                                                  \
        for (size_t d = 0; d < sizeof(type); d++) {                                                                    \
            int64_t before = 0;                                                                                        \
            if (place[d][DIGIT(rank_##suffix(p[0].key) ^ flip, d)] == n)                                               \
                continue;                                                                                              \
            for (int v = 0; v < 256; v++) {                                                                            \
                const int64_t count = place[d][v];                                                                     \
                place[d][v] = before;                                                                                  \
                before += count;                                                                                       \
            }                                                                                                          \
            for (int64_t i = 0; i < n; i++)                                                                            \
                to[place[d][DIGIT(rank_##suffix(from[i].key) ^ flip, d)]++] = from[i];                                 \
            pair_##suffix *other = from;                                                                               \
            from = to;                                                                                                 \
            to = other;                                                                                                \
        }                                                                                                              \
        if (from != p)                                                                                                 \
            memcpy(p, from, (size_t)n * sizeof *p);                                                                    \
    }                                                                                                                  \
    /* A heap whose root belongs last: sinks p[i] to its place. */                                                     \
    static void sink_##suffix(pair_##suffix *p, int64_t i, int64_t n, bool descending)                                 \
    {                                                                                                                  \
        const pair_##suffix moved = p[i];                                                                              \
        for (int64_t child = 2 * i + 1; child < n; child = 2 * i + 1) {                                                \
            child += child + 1 < n && before_##suffix(&p[child], &p[child + 1], descending);                           \
            if (!before_##suffix(&moved, &p[child], descending))                                                       \
                break;                                                                                                 \
            p[i] = p[child];                                                                                           \
            i = child;                                                                                                 \
        }                                                                                                              \
        p[i] = moved;                                                                                                  \
    }                                                                                                                  \
    /* At least the first k of the line in order, in p[0 .. held(n, k)); x has n elements, `stride` apart. */                            \
    static void first_##suffix(pair_##suffix *p, const type *x, int64_t n, int64_t stride, int64_t k, bool descending) \
    {                                                                                                                  \
        k = held(n, k);                                                                                                \
        for (int64_t i = 0; i < n; i++) {                                                                              \
            const pair_##suffix next = { x[i * stride], i };                                                           \
            if (i < k) {                                                                                               \
                p[i] = next;                                                                                           \
                for (int64_t j = i + 1 == k && k < n ? k / 2 : 0; j-- > 0;)                                                     \
                    sink_##suffix(p, j, k, descending);                                                                \
            } else if (k && before_##suffix(&next, &p[0], descending)) {                                               \
                p[0] = next;                                                                                           \
                sink_##suffix(p, 0, k, descending);                                                                    \
            }                                                                                                          \
        }                                                                                                              \
        if (k == n && n >= BY_DIGITS_FROM)                                                                             \
            sort_by_digits_##suffix(p, p + k, k, descending);                                                          \
        else                                                                                                           \
            sort_pairs_##suffix(p, p + k, k, descending);                                                              \
    }                                                                                                                  \
    /* Where line number `line` begins in a tensor with `length` elements along the axis. */                           \
    static int64_t line_##suffix(const wg__along *a, int64_t line, int64_t length)                                     \
    {                                                                                                                  \
        return line / a->inner * length * a->inner + line % a->inner;                                                  \
    }                                                                                                                  \
    WG_KERNEL_OF(                                                                                                      \
        sort_forward_##suffix, type, const order *o = c->attrs; const wg__along *a = c->params;                        \
        pair_##suffix *p = c->local; for (int64_t line = begin; line < end; line++) {                                  \
            const int64_t start = line_##suffix(a, line, a->length);                                                   \
            first_##suffix(p, (const T *)c->in[0] + start, a->length, a->inner, a->length, o->descending);             \
            for (int64_t i = 0; i < a->length; i++)                                                                    \
                ((T *)c->out)[start + i * a->inner] = p[i].key;                                                        \
        })                                                                                                             \
    WG_KERNEL_OF(                                                                                                      \
        argsort_forward_##suffix, type, const order *o = c->attrs; const wg__along *a = c->params;                     \
        pair_##suffix *p = c->local; for (int64_t line = begin; line < end; line++) {                                  \
            const int64_t start = line_##suffix(a, line, a->length);                                                   \
            first_##suffix(p, (const T *)c->in[0] + start, a->length, a->inner, a->length, o->descending);             \
            for (int64_t i = 0; i < a->length; i++)                                                                    \
                ((int64_t *)c->out)[start + i * a->inner] = p[i].at;                                                   \
        })                                                                                                             \
    WG_KERNEL_OF(                                                                                                      \
        topk_forward_##suffix, type, const order *o = c->attrs; const wg__along *a = c->params;                        \
        pair_##suffix *p = c->local; for (int64_t line = begin; line < end; line++) {                                  \
            const int64_t to = line_##suffix(a, line, o->k);                                                           \
            first_##suffix(p, (const T *)c->in[0] + line_##suffix(a, line, a->length), a->length, a->inner, o->k, true); \
            for (int64_t i = 0; i < o->k; i++) {                                                                       \
                ((T *)c->outs[0])[to + i * a->inner] = p[i].key;                                                       \
                ((int64_t *)c->outs[1])[to + i * a->inner] = p[i].at;                                                  \
            }                                                                                                          \
        })                                                                                                             \
    /* The lower of the two in the middle; the first NaN if there is one. */                                           \
    static pair_##suffix middle_##suffix(pair_##suffix *p, const type *x, int64_t n, int64_t stride)                   \
    {                                                                                                                  \
        first_##suffix(p, x, n, stride, n / 2 + 1, true);                                                              \
        return IS_NAN(p[0].key) ? p[0] : p[n / 2];                                                                     \
    }                                                                                                                  \
    WG_KERNEL_OF(                                                                                                      \
        median_forward_##suffix, type, const wg__along *a = c->params;                                                 \
        for (int64_t line = begin; line < end; line++) {                                                               \
            const T *x = (const T *)c->in[0] + line_##suffix(a, line, a->length);                                      \
            ((T *)c->out)[line] = middle_##suffix(c->local, x, a->length, a->inner).key;                               \
        })                                                                                                             \
    WG_KERNEL_OF(                                                                                                      \
        argmedian_forward_##suffix, type, const wg__along *a = c->params;                                              \
        for (int64_t line = begin; line < end; line++) {                                                               \
            const T *x = (const T *)c->in[0] + line_##suffix(a, line, a->length);                                      \
            ((int64_t *)c->out)[line] = middle_##suffix(c->local, x, a->length, a->inner).at;                          \
        })

#define DIGIT(rank, d) ((rank) >> 8 * (d)&255)
#define NAN_IF(x) ((x) != (x))
#define NEVER_NAN(x) false
SORT_LINES(f32, float, NAN_IF)
SORT_LINES(f64, double, NAN_IF)
SORT_LINES(i32, int32_t, NEVER_NAN)
SORT_LINES(i64, int64_t, NEVER_NAN)
SORT_LINES(u8, uint8_t, NEVER_NAN)
SORT_LINES(bool, uint8_t, NEVER_NAN)

WG_KERNELS(sort, .forward = WG_EVERY(sort_forward));
WG_KERNELS(argsort, .forward = WG_EVERY(argsort_forward));
WG_KERNELS(topk, .forward = WG_EVERY(topk_forward));
WG_KERNELS(median, .forward = WG_EVERY(median_forward));
WG_KERNELS(argmedian, .forward = WG_EVERY(argmedian_forward));

#ifdef WG_BASELINE

static const wg_attr sort_attrs[] = {
    { "axis", WG_ATTR_I64, offsetof(order, axis), "-1", NULL },
    { "descending", WG_ATTR_BOOL, offsetof(order, descending), "false", NULL },
    { 0 },
};
static const wg_attr topk_attrs[] = {
    { "k", WG_ATTR_I64, offsetof(order, k), NULL, NULL },
    { "axis", WG_ATTR_I64, offsetof(order, axis), "-1", NULL },
    { 0 },
};
static const wg_attr median_attrs[] = {
    { "axis", WG_ATTR_I64, offsetof(order, axis), NULL, NULL },
    { "keepdims", WG_ATTR_BOOL, offsetof(order, keepdims), "false", NULL },
    { 0 },
};

static wg_status sort_infer(wg_infer *t)
{
    t->out[0] = t->in[0];
    return wg__infer_axis(t, ((const order *)t->attrs)->axis) < 0 ? WG_ERR_ARG : WG_OK;
}

static wg_status argsort_infer(wg_infer *t)
{
    t->out_type[0] = WG_I64;
    return sort_infer(t);
}

static wg_status topk_infer(wg_infer *t)
{
    int64_t k = ((const order *)t->attrs)->k;
    int axis = wg__infer_axis(t, ((const order *)t->attrs)->axis);
    if (axis < 0)
        return WG_ERR_ARG;
    int64_t size = t->in[0].dim[axis];
    if (k < 0)
        return wg_infer_fail(t, WG_ERR_ARG, "k must be at least 0, got %lld", (long long)k);
    if (size >= 0 && k > size)
        return wg_infer_fail(t, WG_ERR_SHAPE, "axis %d of size %lld has no %lld elements", axis, (long long)size,
                             (long long)k);
    t->out[0] = t->in[0];
    t->out[0].dim[axis] = k;
    t->out[1] = t->out[0];
    t->out_type[1] = WG_I64;
    return WG_OK;
}

static wg_status median_infer(wg_infer *t)
{
    const order *o = t->attrs;
    const wg_shape *x = &t->in[0];
    int axis = wg__infer_axis(t, o->axis), rank = 0;
    if (axis < 0)
        return WG_ERR_ARG;
    if (x->dim[axis] == 0)
        return wg_infer_fail(t, WG_ERR_SHAPE, "there are no elements along axis %d", axis);
    for (int i = 0; i < x->rank; i++)
        if (i != axis || o->keepdims)
            t->out[0].dim[rank++] = i == axis ? 1 : x->dim[i];
    t->out[0].rank = rank;
    return WG_OK;
}

static wg_status argmedian_infer(wg_infer *t)
{
    t->out_type[0] = WG_I64;
    return median_infer(t);
}

/* A unit is a line. Of each, the first k are put in order, in room for twice as many pairs as are held. */
static wg_status lower_keeping(wg_lowering *l, int64_t k)
{
    wg__along a = wg__along_axis(&l->in_shape[0], ((const order *)l->attrs)->axis);
    k = held(a.length, k);
    *(wg__along *)(void *)l->params = a;
    size_t local;
    if (!wg__mul_size((size_t)(2 * k), sizeof(pair_f64), &local))
        return wg__fail(WG_ERR_NOMEM, "a line needs more bytes than there are");
    double steps = 2;
    if (k == a.length && k >= BY_DIGITS_FROM)
        steps += 1.5 * (double)wg_dtype_size(l->in_type[0]);
    else
        for (int64_t n = k; n > 1; n /= 2)
            steps += 3;
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .extent = a.outer * a.inner, .grain = 1 + 1024 / (1 + a.length), .local = local,
                              .cost = 10 + 2 * (double)a.length + steps * (double)k };
    return WG_OK;
}

static int64_t length_of(const wg_lowering *l)
{
    const wg_shape *x = &l->in_shape[0];
    return x->dim[wg_axis_of((int)((const order *)l->attrs)->axis, x->rank)];
}

static wg_status sort_lower(wg_lowering *l)
{
    return lower_keeping(l, length_of(l));
}

static wg_status topk_lower(wg_lowering *l)
{
    return lower_keeping(l, ((const order *)l->attrs)->k);
}

static wg_status median_lower(wg_lowering *l)
{
    return lower_keeping(l, length_of(l) / 2 + 1);
}

/* The cotangent back to where the elements came from. */
static wg_node *put_back(const wg_adjoint *a, wg_node *places, wg_node *cotangent)
{
    return wg_scatter_add(wg_zeros_like(a->in[0]), places, cotangent, (int)((const order *)a->attrs)->axis);
}

static wg_node *sort_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return put_back(a, wg_apply(&wg_op_argsort, WG_NODES(a->in[0]), a->attrs), a->cotangent);
}

static wg_node *topk_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return put_back(a, a->outputs[1], a->cotangent);
}

static wg_node *median_backward(const wg_adjoint *a, int slot)
{
    order at = *(const order *)a->attrs;
    int axis = wg_axis_of((int)at.axis, wg_node_shape(a->in[0]).rank);
    wg_node *cotangent = at.keepdims ? a->cotangent : wg_expand_dims(a->cotangent, WG_AXES(axis));
    (void)slot;
    at.keepdims = true;
    return put_back(a, wg_apply(&wg_op_argmedian, WG_NODES(a->in[0]), &at), cotangent);
}

/* Away from ties, where order changes. */
#define APART(...) { .shape = WG_DIMS(__VA_ARGS__), .lo = -2, .hi = 2, .distinct = true }
static const order falling = { -1, 0, true, false }, first = { .axis = 0 }, middle = { .axis = 1, .descending = true };
static const order two = { -1, 2, false, false }, all = { 0, 4, false, false }, one = { 1, 1, false, false };
static const order kept = { -1, 0, false, true };
static const wg_sample sort_samples[] = {
    { .in = { APART(7) } },
    { .in = { APART(3, 4) }, .attrs = &falling },
    { .in = { APART(4, 3) }, .attrs = &first },
    { .in = { APART(2, 5, 2) }, .attrs = &middle },
    { .in = { APART(40) } },
};
static const wg_sample topk_samples[] = {
    { .in = { APART(3, 5) }, .attrs = &two },
    { .in = { APART(4, 2) }, .attrs = &all },
    { .in = { APART(2, 3, 2) }, .attrs = &one },
};
static const wg_sample median_samples[] = {
    { .in = { APART(5) }, .attrs = &first },
    { .in = { APART(2, 6) }, .attrs = &kept },
    { .in = { APART(2, 3, 2) }, .attrs = &one },
};

const wg_op wg_op_sort = {
    WG_OP, .name = "sort", .doc = "the elements along the axis in ascending (or descending) order, NaN as the largest",
    .arity = 1, .attrs = sort_attrs, .attrs_size = sizeof(order), .infer = sort_infer,
    .forward = WG_EVERY(sort_forward), .lower = sort_lower, .backward = sort_backward, WG_SAMPLES(sort_samples),
};

const wg_op wg_op_argsort = {
    WG_OP, .name = "argsort", .doc = "indices along the axis that put x in order; equal elements keep their order",
    .arity = 1, .flags = WG_NO_GRADIENT, .attrs = sort_attrs, .attrs_size = sizeof(order), .infer = argsort_infer,
    .forward = WG_EVERY(argsort_forward), .lower = sort_lower, WG_SAMPLES(sort_samples),
};

const wg_op wg_op_topk = {
    WG_OP, .name = "topk", .doc = "the k largest along the axis, largest first, and their indices; the first of equals",
    .arity = 1, .results = 2, .attrs = topk_attrs, .attrs_size = sizeof(order), .infer = topk_infer,
    .forward = WG_EVERY(topk_forward), .lower = topk_lower, .backward = topk_backward, WG_SAMPLES(topk_samples),
};

const wg_op wg_op_median = {
    WG_OP, .name = "median", .doc = "middle of the elements along the axis, the lower of two; NaN if there is one",
    .arity = 1, .attrs = median_attrs, .attrs_size = sizeof(order), .infer = median_infer,
    .forward = WG_EVERY(median_forward), .lower = median_lower, .backward = median_backward,
    WG_SAMPLES(median_samples),
};

const wg_op wg_op_argmedian = {
    WG_OP, .name = "argmedian", .doc = "where along the axis the median is, for the adjoint of median", .arity = 1,
    .flags = WG_NO_GRADIENT | WG_GRADIENT_OF_OTHERS, .attrs = median_attrs, .attrs_size = sizeof(order),
    .infer = argmedian_infer, .forward = WG_EVERY(argmedian_forward), .lower = median_lower,
    WG_SAMPLES(median_samples),
};

wg_node *wg_sort(wg_node *x, int axis, bool descending)
{
    return wg_apply(&wg_op_sort, WG_NODES(x), &(order){ .axis = axis, .descending = descending });
}

wg_node *wg_argsort(wg_node *x, int axis, bool descending)
{
    return wg_apply(&wg_op_argsort, WG_NODES(x), &(order){ .axis = axis, .descending = descending });
}

wg_node *wg_topk(wg_node *x, int64_t k, int axis, wg_node **indices)
{
    wg_node *values = wg_apply(&wg_op_topk, WG_NODES(x), &(order){ .axis = axis, .k = k });
    if (indices)
        *indices = values ? wg_node_results(values).at[1] : NULL;
    return values;
}

wg_node *wg_median(wg_node *x, int axis, bool keepdims)
{
    return wg_apply(&wg_op_median, WG_NODES(x), &(order){ .axis = axis, .keepdims = keepdims });
}

#endif
