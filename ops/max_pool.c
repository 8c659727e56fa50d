/* max_pool1d, max_pool2d: the largest element of each window of the spatial axes; a NaN wins over all numbers. The adjoints
 * look for it anew: max_pool_scatter, which puts a cotangent where it was, the first of equals (or the last NaN, as in
 * PyTorch), and max_pool_gather, which takes from there. */
#include <math.h>
#include <string.h>

#include "ops/elementwise.h"
#include "ops/pool.h"

/* What `lower` leaves. Axis 0 goes down the rows (a single one, in one dimension), 1 along the columns. */
typedef struct plan {
    int64_t size[2], windows[2], kernel[2], stride[2], padding[2], dilation[2];
    int64_t chunks; /* a row of the result is cut into chunks of COLUMNS */
    bool tiled;     /* windows touch but do not overlap, without padding, in strides of up to TILE */
    bool rest;      /* and some of x lies in none */
} plan;

enum {
    COLUMNS = 256,
    TILE = 4, /* the largest stride of windows side by side that are written as they come */
    STEP = 16 /* windows that are looked at side by side */
};

static inline int64_t at_least(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t at_most(int64_t a, int64_t b) { return a < b ? a : b; }
/* a / b rounded up, for b > 0. */
static inline int64_t steps_to(int64_t a, int64_t b) { return a > 0 ? (a + b - 1) / b : 0; }

/* Which k of a window that begins at `start` lie inside: *first .. the result - 1. */
static inline int64_t inside(const plan *p, int axis, int64_t start, int64_t *first)
{
    *first = steps_to(-start, p->dilation[axis]);
    return at_most(p->kernel[axis], steps_to(p->size[axis] - start, p->dilation[axis]));
}

/* The loops over neighbouring windows, of which strides of 1 and 2 become plain loads and shuffles. */
#define BY_STRIDE(stride, ...)                                                                                         \
    if (stride == 1) {                                                                                                 \
        enum { S = 1 };                                                                                                \
        WG_SIMD __VA_ARGS__                                                                                            \
    } else if (stride == 2) {                                                                                          \
        enum { S = 2 };                                                                                                \
        WG_SIMD __VA_ARGS__                                                                                            \
    } else {                                                                                                           \
        const int64_t S = stride;                                                                                      \
        WG_SIMD __VA_ARGS__                                                                                            \
    }

/* f(stride, ..) with a constant for the stride of windows side by side, whose loops over them then become shuffles. */
#define WITH_STRIDE(p, f, ...)                                                                                         \
    switch (p->stride[1]) {                                                                                            \
    case 1:                                                                                                            \
        f(1, __VA_ARGS__);                                                                                             \
        break;                                                                                                         \
    case 2:                                                                                                            \
        f(2, __VA_ARGS__);                                                                                             \
        break;                                                                                                         \
    case 3:                                                                                                            \
        f(3, __VA_ARGS__);                                                                                             \
        break;                                                                                                         \
    default:                                                                                                           \
        f(TILE, __VA_ARGS__);                                                                                          \
    }
/* n and what fills up its last step. */
static inline int64_t whole_steps(int64_t n) { return steps_to(n, STEP) * STEP; }

/* I is an integer of T's width, for places within a window. */
#define MAX_POOL(suffix, type, I)                                                                                      \
    /* Of n windows side by side that begin at x: the largest element of each, and where it is, and as much again as   \
     * fills up the last step. Rows are copied into such steps, since most are no longer than a vector or two. */      \
    static inline __attribute__((always_inline)) void largest_##suffix(int stride, const plan *p, const type *x,       \
                                                                       int64_t n, type *best, I *place)                \
    {                                                                                                                  \
        const int64_t steps = whole_steps(n);                                                                          \
        type line[COLUMNS * TILE];                                                                                     \
        for (int64_t i = 0; i < steps; i++) {                                                                          \
            best[i] = (type)-INFINITY;                                                                                 \
            place[i] = 0;                                                                                              \
        }                                                                                                              \
        for (int64_t i = n * stride; i < steps * stride; i++)                                                          \
            line[i] = 0;                                                                                               \
        for (I k = 0; k < (I)p->kernel[0]; k++) {                                                                      \
            memcpy(line, x + k * p->size[1], (size_t)(n * stride) * sizeof(type));                                     \
            WG_SIMD for (int64_t i = 0; i < steps; i++) for (int l = 0; l < stride; l++)                               \
            {                                                                                                          \
                const type v = line[i * stride + l];                                                                   \
                const bool better = (v > best[i]) | (v != v);                                                          \
                best[i] = better ? v : best[i];                                                                        \
                place[i] = better ? k * stride + l : place[i];                                                         \
            }                                                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
    static inline __attribute__((always_inline)) void tiles_forward_##suffix(int stride, const plan *p, const type *x, \
                                                                             type *y, int64_t n)                       \
    {                                                                                                                  \
        type best[COLUMNS];                                                                                            \
        I place[COLUMNS];                                                                                              \
        largest_##suffix(stride, p, x, n, best, place);                                                                \
        memcpy(y, best, (size_t)n * sizeof(type));                                                                     \
    }                                                                                                                  \
    /* The largest of each gets its cotangent, the others zeros; y begins where x does. */                             \
    static inline __attribute__((always_inline)) void tiles_scatter_##suffix(                                          \
        int stride, const plan *p, const type *x, const type *cotangent, type *y, int64_t n)                           \
    {                                                                                                                  \
        const int64_t steps = whole_steps(n);                                                                          \
        type best[COLUMNS], c[COLUMNS], line[COLUMNS * TILE];                                                          \
        I place[COLUMNS];                                                                                              \
        largest_##suffix(stride, p, x, n, best, place);                                                                \
        memcpy(c, cotangent, (size_t)n * sizeof(type));                                                                \
        for (int64_t i = n; i < steps; i++)                                                                            \
            c[i] = 0;                                                                                                  \
        for (I k = 0; k < (I)p->kernel[0]; k++) {                                                                      \
            WG_SIMD for (int64_t i = 0; i < steps; i++) for (int l = 0; l < stride; l++)                               \
                line[i * stride + l] = place[i] == k * stride + l ? c[i] : 0;                                          \
            memcpy(y + k * p->size[1], line, (size_t)(n * stride) * sizeof(type));                                     \
        }                                                                                                              \
    }                                                                                                                  \
    /* y[i] of windows begin .. end-1 of a row. Maxima down the columns first, in `column`, which has room for all     \
     * that these windows look at, padding included. */                                                                \
    static inline void row_##suffix(const plan *p, const type *x, type *column, type *y, int64_t row, int64_t begin,   \
                                    int64_t end)                                                                       \
    {                                                                                                                  \
        const int64_t left = begin * p->stride[1] - p->padding[1], stride = p->stride[1];                              \
        const int64_t width = (end - 1 - begin) * stride + wg__reach(p->kernel[1], p->dilation[1]);                    \
        const int64_t from = at_least(left, 0), to = at_most(left + width, p->size[1]);                                \
        const int64_t top = row * p->stride[0] - p->padding[0];                                                        \
        int64_t k;                                                                                                     \
        const int64_t below = inside(p, 0, top, &k);                                                                   \
        for (int64_t i = 0; i < width; i++)                                                                            \
            column[i] = (type)-INFINITY;                                                                               \
        for (; k < below; k++) {                                                                                       \
            const type *line = x + (top + k * p->dilation[0]) * p->size[1];                                            \
            WG_SIMD for (int64_t i = from; i < to; i++) column[i - left] = wg_k_max(column[i - left], line[i]);        \
        }                                                                                                              \
        for (int64_t i = 0; i < end - begin; i++)                                                                      \
            y[i] = (type)-INFINITY;                                                                                    \
        for (k = 0; k < p->kernel[1]; k++) {                                                                           \
            const type *at = column + k * p->dilation[1];                                                              \
            BY_STRIDE(stride, for (int64_t i = 0; i < end - begin; i++) y[i] = wg_k_max(y[i], at[i * S]);)             \
        }                                                                                                              \
    }                                                                                                                  \
    WG_KERNEL_OF(                                                                                                      \
        max_pool_forward_##suffix, type, const plan *p = c->params; for (int64_t unit = begin; unit < end; unit++) {   \
            const int64_t line = unit / p->chunks, column = unit % p->chunks * COLUMNS;                                \
            const T *x = (const T *)c->in[0] + line / p->windows[0] * p->size[0] * p->size[1];                         \
            T *y = (T *)c->out + line * p->windows[1] + column;                                                        \
            const int64_t row = line % p->windows[0], stop = at_most(column + COLUMNS, p->windows[1]);                 \
            if (!p->tiled) {                                                                                           \
                row_##suffix(p, x, c->local, y, row, column, stop);                                                    \
                continue;                                                                                              \
            }                                                                                                          \
            WITH_STRIDE(p, tiles_forward_##suffix, p, x + corner(p, row, column), y, stop - column)                    \
        })                                                                                                             \
    /* Where in windows begin .. end-1 of a row the largest is: k kernel[1] + l, or -1 where all is padding. */        \
    static inline void places_##suffix(const plan *p, const type *x, I *place, int64_t row, int64_t begin,             \
                                       int64_t end)                                                                    \
    {                                                                                                                  \
        const int64_t top = row * p->stride[0] - p->padding[0], stride = p->stride[1];                                 \
        type best[COLUMNS];                                                                                            \
        int64_t k;                                                                                                     \
        const int64_t below = inside(p, 0, top, &k);                                                                   \
        for (int64_t i = 0; i < end - begin; i++) {                                                                    \
            best[i] = (type)-INFINITY;                                                                                 \
            place[i] = -1;                                                                                             \
        }                                                                                                              \
        for (; k < below; k++)                                                                                         \
            for (int64_t l = 0; l < p->kernel[1]; l++) {                                                               \
                const int64_t left = begin * stride - p->padding[1] + l * p->dilation[1];                              \
                const int64_t first = steps_to(-left, stride);                                                         \
                const int64_t last = at_most(end - begin, steps_to(p->size[1] - left, stride));                        \
                const type *line = x + (top + k * p->dilation[0]) * p->size[1];                                        \
                const I here = (I)(k * p->kernel[1] + l);                                                              \
                BY_STRIDE(                                                                                             \
                    stride, for (int64_t i = first; i < last; i++) {                                                   \
                        const type v = line[left + i * S];                                                             \
                        const bool better = (v > best[i]) | (v != v) | (place[i] < 0);                                 \
                        best[i] = better ? v : best[i];                                                                \
                        place[i] = better ? here : place[i];                                                           \
                    })                                                                                                 \
            }                                                                                                          \
    }                                                                                                                  \
    WG_KERNEL_OF(                                                                                                      \
        max_pool_gather_##suffix, type, const plan *p = c->params; const int64_t area = p->size[0] * p->size[1];       \
        const int64_t *offset = offsets(p, c->local); for (int64_t unit = begin; unit < end; unit++) {                 \
            const int64_t line = unit / p->chunks, column = unit % p->chunks * COLUMNS, row = line % p->windows[0];    \
            const int64_t stop = at_most(column + COLUMNS, p->windows[1]), plane = line / p->windows[0] * area;        \
            const T *values = (const T *)c->in[0] + plane;                                                             \
            T *y = (T *)c->out + line * p->windows[1] + column;                                                        \
            I place[COLUMNS];                                                                                          \
            places_##suffix(p, (const T *)c->in[1] + plane, place, row, column, stop);                                 \
            for (int64_t i = 0, at = corner(p, row, column); i < stop - column; i++, at += p->stride[1])               \
                y[i] = place[i] < 0 ? 0 : values[at + offset[place[i]]];                                               \
        })                                                                                                             \
    /* A unit is a plane: sums of a place go in the order of the windows. */                                           \
    WG_KERNEL_OF(                                                                                                      \
        max_pool_scatter_##suffix, type, const plan *p = c->params; const int64_t area = p->size[0] * p->size[1];      \
        const int64_t *offset = offsets(p, c->local); for (int64_t plane = begin; plane < end; plane++) {              \
            const T *x = (const T *)c->in[1] + plane * area;                                                           \
            const T *cotangent = (const T *)c->in[0] + plane * p->windows[0] * p->windows[1];                          \
            T *y = (T *)c->out + plane * area;                                                                         \
            I place[COLUMNS];                                                                                          \
            if (!p->tiled || p->rest)                                                                                  \
                memset(y, 0, (size_t)area * sizeof(T));                                                                \
            for (int64_t row = 0; row < p->windows[0]; row++)                                                          \
                for (int64_t column = 0; column < p->windows[1]; column += COLUMNS) {                                  \
                    const int64_t stop = at_most(column + COLUMNS, p->windows[1]);                                     \
                    if (p->tiled) {                                                                                    \
                        const int64_t first = corner(p, row, column);                                                  \
                        WITH_STRIDE(p, tiles_scatter_##suffix, p, x + first,                                           \
                                    cotangent + row * p->windows[1] + column, y + first, stop - column)                \
                        continue;                                                                                      \
                    }                                                                                                  \
                    places_##suffix(p, x, place, row, column, stop);                                                   \
                    for (int64_t i = 0, at = corner(p, row, column); i < stop - column; i++, at += p->stride[1])       \
                        if (place[i] >= 0)                                                                             \
                            y[at + offset[place[i]]] += cotangent[row * p->windows[1] + column + i];                   \
                }                                                                                                      \
        })

/* Where in the plane window (row, column) begins; it may lie outside. */
static inline int64_t corner(const plan *p, int64_t row, int64_t column)
{
    return (row * p->stride[0] - p->padding[0]) * p->size[1] + column * p->stride[1] - p->padding[1];
}

/* How far from a window's beginning each of its places is. */
static inline const int64_t *offsets(const plan *p, int64_t *offset)
{
    for (int64_t k = 0; k < p->kernel[0]; k++)
        for (int64_t l = 0; l < p->kernel[1]; l++)
            offset[k * p->kernel[1] + l] = k * p->dilation[0] * p->size[1] + l * p->dilation[1];
    return offset;
}

MAX_POOL(f32, float, int32_t)
MAX_POOL(f64, double, int64_t)

WG_KERNELS(max_pool1d, .forward = WG_BOTH(max_pool_forward));
WG_KERNELS(max_pool2d, .forward = WG_BOTH(max_pool_forward));
WG_KERNELS(max_pool_scatter, .forward = WG_BOTH(max_pool_scatter));
WG_KERNELS(max_pool_gather, .forward = WG_BOTH(max_pool_gather));

#ifdef WG_BASELINE

#include "base/checked.h"
#include "base/error.h"

static wg_status infer_1d(wg_infer *t) { return wg__pool_shape(t, &t->in[0], 1, &t->out[0]); }

static wg_status infer_2d(wg_infer *t) { return wg__pool_shape(t, &t->in[0], 2, &t->out[0]); }

static wg_status scatter_infer(wg_infer *t)
{
    wg_shape y;
    wg_status status = wg__pool_shape(t, &t->in[1], 0, &y);
    return status ? status : wg__infer_transposed(t, &y, "pooling");
}

/* Operands: values to take from, and what the places are the largest of. */
static wg_status gather_infer(wg_infer *t)
{
    char a[96], b[96];
    bool fits = t->in[0].rank == t->in[1].rank;
    wg_shape x = t->in[1];
    for (int i = 0; fits && i < x.rank; i++)
        fits = wg_dim_unify(t->in[0].dim[i], x.dim[i], &x.dim[i]);
    if (!fits)
        return wg_infer_fail(t, WG_ERR_SHAPE, "shapes differ: %s and %s", wg_shape_text(t->in[0], a, sizeof a),
                             wg_shape_text(t->in[1], b, sizeof b));
    return wg__pool_shape(t, &x, 0, &t->out[0]);
}

static plan *settle(wg_lowering *l, const wg_shape *x, const wg_shape *y)
{
    _Static_assert(sizeof(plan) <= WG_PARAMS_MAX, "fits");
    const wg__pool *at = l->attrs;
    const wg__sliding s = wg__pool_sliding(at);
    const int axes = x->rank - WG__SPATIAL;
    plan *p = (plan *)(void *)l->params;
    *p = (plan){ { 1, 1 }, { 1, 1 }, { 1, 1 }, { 1, 1 }, { 0, 0 }, { 1, 1 }, 1, false, false };
    for (int i = 0; i < axes; i++) {
        const int k = i + 2 - axes;
        p->size[k] = x->dim[WG__SPATIAL + i];
        p->windows[k] = y->dim[WG__SPATIAL + i];
        p->kernel[k] = wg__spatial(at->kernel, i);
        p->stride[k] = wg__spatial(s.stride, i);
        p->padding[k] = wg__spatial(s.padding, i);
        p->dilation[k] = wg__spatial(s.dilation, i);
    }
    p->chunks = (p->windows[1] + COLUMNS - 1) / COLUMNS;
    p->tiled = p->stride[1] <= TILE;
    for (int i = 0; i < 2; i++) {
        p->tiled = p->tiled && p->kernel[i] == p->stride[i] && p->padding[i] == 0 && p->dilation[i] == 1;
        p->rest = p->rest || p->windows[i] * p->stride[i] < p->size[i];
    }
    return p;
}

/* A unit is one chunk of one row of the result. */
static void lower_rows(wg_lowering *l, const plan *p, double steps)
{
    const double cost = steps * (double)at_most(p->windows[1], COLUMNS);
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .extent = wg_shape_count(l->out_shape[0]) / p->windows[1] * p->chunks,
                              .grain = 1 + (int64_t)(4096 / (1 + cost)),
                              .cost = 10 + 0.5 * cost };
}

static wg_status lower(wg_lowering *l)
{
    const plan *p = settle(l, &l->in_shape[0], &l->out_shape[0]);
    const int64_t width = at_most(p->windows[1], COLUMNS); /* which reach over no more than the row with its padding */
    lower_rows(l, p, (double)(p->kernel[0] * p->stride[1] + p->kernel[1]));
    l->stage[0].local = (size_t)((width - 1) * p->stride[1] + wg__reach(p->kernel[1], p->dilation[1])) * sizeof(double);
    return WG_OK;
}

/* The table of offsets: there are at most 2^31. */
static size_t table_of(const plan *p) { return (size_t)(p->kernel[0] * p->kernel[1]) * sizeof(int64_t); }

static wg_status gather_lower(wg_lowering *l)
{
    const plan *p = settle(l, &l->in_shape[1], &l->out_shape[0]);
    lower_rows(l, p, 2 * (double)(p->kernel[0] * p->kernel[1]));
    l->stage[0].local = table_of(p);
    return WG_OK;
}

static wg_status scatter_lower(wg_lowering *l)
{
    const plan *p = settle(l, &l->out_shape[0], &l->in_shape[0]);
    const double cost = (double)(p->size[0] * p->size[1]) +
                        (double)(p->windows[0] * p->windows[1]) * (2 + 2 * (double)(p->kernel[0] * p->kernel[1]));
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .extent = l->out_shape[0].dim[0] * l->out_shape[0].dim[1],
                              .grain = 1 + (int64_t)(4096 / (1 + cost)),
                              .local = table_of(p),
                              .cost = 10 + 0.5 * cost };
    return WG_OK;
}

static wg_node *backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_apply(&wg_op_max_pool_scatter, WG_NODES(a->cotangent, a->in[0]), a->attrs);
}

static wg_node *scatter_backward(const wg_adjoint *a, int slot)
{
    return slot == 0 ? wg_apply(&wg_op_max_pool_gather, WG_NODES(a->cotangent, a->in[1]), a->attrs) : wg_no_gradient(a);
}

static wg_node *gather_backward(const wg_adjoint *a, int slot)
{
    return slot == 0 ? wg_apply(&wg_op_max_pool_scatter, WG_NODES(a->cotangent, a->in[1]), a->attrs)
                     : wg_no_gradient(a);
}

/* Away from ties, where the place changes. */
#define APART(...) { .shape = WG_DIMS(__VA_ARGS__), .lo = -2, .hi = 2, .distinct = true }
#define ONE(number) { { number }, 1 }
#define TWO(first, second) { { first, second }, 2 }
#define NONE { { 0 }, -1 }
static const wg__pool twos = { ONE(2), NONE, ONE(0), ONE(1), false },
                      overlapping = { ONE(3), ONE(1), ONE(1), ONE(1), false },
                      uneven = { TWO(3, 2), TWO(2, 3), TWO(1, 0), ONE(1), false },
                      dilated = { ONE(2), ONE(2), ONE(1), TWO(1, 2), false },
                      tall = { TWO(2, 3), NONE, ONE(0), ONE(1), false },
                      missing = { ONE(2), ONE(1), ONE(1), ONE(5), false }; /* windows that see padding alone */
static const wg_sample samples_1d[] = {
    { .in = { APART(2, 3, 5) }, .attrs = &twos },
    { .in = { APART(1, 2, 6) }, .attrs = &overlapping },
};
static const wg_sample samples_2d[] = {
    { .in = { APART(2, 2, 4, 5) }, .attrs = &twos },
    { .in = { APART(1, 2, 3, 4) }, .attrs = &overlapping },
    { .in = { APART(1, 2, 5, 8) }, .attrs = &uneven },
    { .in = { APART(2, 1, 4, 5) }, .attrs = &dilated },
};
static const wg_sample scatter_samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 3, 2), APART(2, 3, 5) }, .attrs = &twos },
    { .in = { WG_VALUES(-2, 2, 1, 2, 1), APART(1, 2, 4) }, .attrs = &missing },
    { .in = { WG_VALUES(-2, 2, 1, 2, 2, 2), APART(1, 2, 5, 4) }, .attrs = &twos },
    { .in = { WG_VALUES(-2, 2, 1, 1, 2, 2), APART(1, 1, 4, 7) }, .attrs = &tall },
    { .in = { WG_VALUES(-2, 2, 1, 2, 3, 4), APART(1, 2, 3, 4) }, .attrs = &overlapping },
    { .in = { WG_VALUES(-2, 2, 1, 2, 3, 3), APART(1, 2, 5, 8) }, .attrs = &uneven },
    { .in = { WG_VALUES(-2, 2, 2, 1, 3, 3), APART(2, 1, 4, 5) }, .attrs = &dilated },
    { .in = { WG_VALUES(-2, 2, 2, 40, 20), APART(2, 40, 20) }, .attrs = &overlapping }, /* several ranges */
};
static const wg_sample gather_samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 3, 5), APART(2, 3, 5) }, .attrs = &twos },
    { .in = { WG_VALUES(-2, 2, 1, 2, 4), APART(1, 2, 4) }, .attrs = &missing },
    { .in = { WG_VALUES(-2, 2, 1, 2, 3, 4), APART(1, 2, 3, 4) }, .attrs = &overlapping },
    { .in = { WG_VALUES(-2, 2, 1, 2, 5, 8), APART(1, 2, 5, 8) }, .attrs = &uneven },
    { .in = { WG_VALUES(-2, 2, 2, 1, 4, 5), APART(2, 1, 4, 5) }, .attrs = &dilated },
};

const wg_op wg_op_max_pool1d = {
    WG_OP,
    .name = "max_pool1d",
    .doc = "the largest of each window of x (N, C, L), the first of equals",
    .arity = 1,
    .attrs = wg__max_pool_attrs,
    .attrs_size = sizeof(wg__pool),
    .infer = infer_1d,
    .forward = WG_BOTH(max_pool_forward),
    .lower = lower,
    .backward = backward,
    WG_SAMPLES(samples_1d),
};

const wg_op wg_op_max_pool2d = {
    WG_OP,
    .name = "max_pool2d",
    .doc = "the largest of each window of x (N, C, H, W), the first of equals",
    .arity = 1,
    .attrs = wg__max_pool_attrs,
    .attrs_size = sizeof(wg__pool),
    .infer = infer_2d,
    .forward = WG_BOTH(max_pool_forward),
    .lower = lower,
    .backward = backward,
    WG_SAMPLES(samples_2d),
};

const wg_op wg_op_max_pool_scatter = {
    WG_OP,
    .name = "max_pool_scatter",
    .doc = "adds each element where the largest of its window of the second operand is: the adjoint of max_pool",
    .arity = 2,
    .flags = WG_GRADIENT_OF_OTHERS,
    .attrs = wg__max_pool_attrs,
    .attrs_size = sizeof(wg__pool),
    .infer = scatter_infer,
    .forward = WG_BOTH(max_pool_scatter),
    .lower = scatter_lower,
    .backward = scatter_backward,
    WG_SAMPLES(scatter_samples),
};

const wg_op wg_op_max_pool_gather = {
    WG_OP,
    .name = "max_pool_gather",
    .doc = "the first operand where the largest of each window of the second is: the adjoint of max_pool_scatter",
    .arity = 2,
    .flags = WG_GRADIENT_OF_OTHERS,
    .attrs = wg__max_pool_attrs,
    .attrs_size = sizeof(wg__pool),
    .infer = gather_infer,
    .forward = WG_BOTH(max_pool_gather),
    .lower = gather_lower,
    .backward = gather_backward,
    WG_SAMPLES(gather_samples),
};

static wg_node *max_pool(const wg_op *op, wg_node *x, wg_axes kernel, const wg_conv_opts *opts)
{
    wg__pool p = { .count_include_pad = false };
    return !x || wg__pool_options(&p, x, kernel, opts) ? wg_apply(op, WG_NODES(x), &p) : NULL;
}

wg_node *wg_max_pool1d(wg_node *x, int kernel, const wg_conv_opts *opts)
{
    return max_pool(&wg_op_max_pool1d, x, WG_AXES(kernel), opts);
}

wg_node *wg_max_pool2d(wg_node *x, wg_axes kernel, const wg_conv_opts *opts)
{
    return max_pool(&wg_op_max_pool2d, x, kernel, opts);
}

#endif
