/* transpose: axes in another order. */
#include <string.h>

#include "kernels/stream.h"
#include "kernels/turn.h"
#include "ops/elementwise.h"

/* The result's axes with the strides that they have in operand and result, in elements; axes that stay neighbours
 * are one. */
typedef struct walk {
    int64_t size[WG_MAX_RANK], from[WG_MAX_RANK], to[WG_MAX_RANK];
    int32_t n;
    int32_t unit_axis; /* the axis that is contiguous in the operand */
    int64_t tiles;     /* of that axis; a unit of work is one of them, for one index of the other axes */
    bool stream;       /* the result goes around the caches */
} walk;

/* A tile's rows, and the columns of them that are made at a time: with elements of eight bytes half of the first cache. */
enum { TILE = 64, STRIP = 64 };

static inline int64_t at_most(int64_t n, int64_t most) { return n < most ? n : most; }

static inline void put(void *to, const void *from, size_t n, bool stream)
{
    if (stream)
        wg__stream(to, from, n);
    else
        memcpy(to, from, n);
}

/* Where a unit's elements begin in operand and result: all axes but unit_axis and the last are fixed by `index`. */
static void locate(const walk *w, int64_t index, int64_t *from, int64_t *to)
{
    int64_t tile = index % w->tiles;
    index /= w->tiles;
    *from = tile * TILE * w->from[w->unit_axis];
    *to = tile * TILE * w->to[w->unit_axis];
    for (int i = w->n - 2; i >= 0; i--) {
        if (i == w->unit_axis)
            continue;
        *from += index % w->size[i] * w->from[i];
        *to += index % w->size[i] * w->to[i];
        index /= w->size[i];
    }
}

/* A unit is up to TILE rows of the result, along unit_axis. They are made from strips of the operand, whose elements are
 * contiguous along unit_axis, by squares: both sides are touched by whole cache lines, however the strides fall. Each strip
 * fetches the operand's lines for the next, which stand in pages of their own. What fills no square is copied one by one. */
#define TRANSPOSE(bytes, type, turn)                                                                                   \
    /* to[i * width + r] = from[r * stride + i] for i, r < 16 / bytes */                                               \
    static inline void turn_square_##bytes(type *to, int64_t width, const type *from, int64_t stride)                  \
    {                                                                                                                  \
        enum { SIDE = 16 / bytes };                                                                                    \
        wg__quad_##turn x[SIDE];                                                                                       \
        UNROLL for (int r = 0; r < SIDE; r++) x[r] = *(const wg__quad_##turn *)(from + r * stride);                    \
        wg__turn_##turn(x);                                                                                            \
        UNROLL for (int r = 0; r < SIDE; r++) *(wg__quad_##turn *)(to + r * width) = x[r];                             \
    }                                                                                                                  \
    static void turn_strip_##bytes(type strip[TILE][STRIP], const type *x, int64_t x_pitch, int64_t rows, int64_t n,   \
                                   int64_t next)                                                                       \
    {                                                                                                                  \
        enum { SIDE = 16 / bytes };                                                                                    \
        const int64_t whole = rows - rows % SIDE;                                                                      \
        for (int64_t j = 0; j < n; j += SIDE) {                                                                        \
            for (int64_t k = j; k < j + SIDE && k < next; k++) {                                                       \
                const type *line = x + (STRIP + k) * x_pitch;                                                          \
                for (int64_t i = 0; i < rows; i += WG__LINE / bytes)                                                   \
                    __builtin_prefetch(line + i);                                                                      \
                __builtin_prefetch(line + rows - 1); /* in one more line where they begin within one */                \
            }                                                                                                          \
            for (int64_t i = 0; i < whole; i += SIDE)                                                                  \
                turn_square_##bytes(&strip[i][j], STRIP, x + j * x_pitch + i, x_pitch);                                \
        }                                                                                                              \
        for (int64_t i = whole; i < rows; i++)                                                                         \
            for (int64_t j = 0; j < n; j++)                                                                            \
                strip[i][j] = x[j * x_pitch + i];                                                                      \
    }                                                                                                                  \
    static void turn_##bytes(type *y, int64_t y_pitch, const type *x, int64_t x_pitch, int64_t rows, int64_t columns,  \
                             bool stream)                                                                              \
    {                                                                                                                  \
        enum { SIDE = 16 / bytes };                                                                                    \
        type strip[TILE][STRIP];                                                                                       \
        const int64_t whole = rows < SIDE ? 0 : columns - columns % SIDE;                                              \
        for (int64_t j0 = 0, n; j0 < whole; j0 += n) {                                                                 \
            n = at_most(whole - j0, STRIP);                                                                            \
            turn_strip_##bytes(strip, x + j0 * x_pitch, x_pitch, rows, n, whole - j0 - n);                             \
            for (int64_t i = 0; i < rows; i++)                                                                         \
                put(y + i * y_pitch + j0, strip[i], (size_t)n * sizeof(type), stream);                                 \
        }                                                                                                              \
        for (int64_t j0 = whole; j0 < columns; j0 += STRIP)                                                            \
            for (int64_t i = 0; i < rows; i++)                                                                         \
                for (int64_t j = j0; j < at_most(columns, j0 + STRIP); j++)                                            \
                    y[i * y_pitch + j] = x[j * x_pitch + i];                                                           \
    }                                                                                                                  \
    WG_KERNEL_OF(                                                                                                      \
        transpose_forward_##bytes, type, const walk *w = c->params; const int64_t columns = w->size[w->n - 1];         \
        const int64_t x_pitch = w->from[w->n - 1]; const int64_t y_pitch = w->to[w->unit_axis];                        \
        for (int64_t unit = begin; unit < end; unit++) {                                                               \
            int64_t from, to, rows = at_most(w->size[w->unit_axis] - unit % w->tiles * TILE, TILE);                    \
            locate(w, unit, &from, &to);                                                                               \
            const T *x = (const T *)c->in[0] + from;                                                                   \
            T *y = (T *)c->out + to;                                                                                   \
            if (x_pitch > 1)                                                                                           \
                turn_##bytes(y, y_pitch, x, x_pitch, rows, columns, w->stream);                                        \
            else                                                                                                       \
                for (int64_t i = 0; i < rows; i++)                                                                     \
                    put(y + i * y_pitch, x + i * w->from[w->unit_axis], (size_t)columns * sizeof(T), w->stream);       \
        }                                                                                                              \
        if (w->stream)                                                                                                 \
            wg__stream_end();)

TRANSPOSE(1, uint8_t, u8)
TRANSPOSE(4, uint32_t, u32)
TRANSPOSE(8, uint64_t, u64)

#define BY_SIZE(name)                                                                                                  \
    {                                                                                                                  \
        .f32 = name##_4, .f64 = name##_8, .i32 = name##_4, .i64 = name##_8, .u8 = name##_1, .boolean = name##_1        \
    }
WG_KERNELS(transpose, .forward = BY_SIZE(transpose_forward));

#ifdef WG_BASELINE

static const wg_attr attrs[] = { { "perm", WG_ATTR_AXES, 0, "null", NULL }, { 0 } };

/* The axis of the operand that is axis i of the result. */
static int source(const wg_axes *perm, int i, int rank)
{
    return perm->n < 0 ? rank - 1 - i : wg_axis_of(perm->at[i], rank);
}

static wg_status infer(wg_infer *t)
{
    const wg_axes *perm = t->attrs;
    bool on[WG_MAX_RANK];
    int rank = t->in[0].rank;
    if (perm->n >= 0 && perm->n != rank)
        return wg_infer_fail(t, WG_ERR_ARG, "perm has %d axes, the operand %d", perm->n, rank);
    wg_status status = wg_infer_axes(t, *perm, rank, on);
    t->out[0].rank = rank;
    for (int i = 0; !status && i < rank; i++)
        t->out[0].dim[i] = t->in[0].dim[source(perm, i, rank)];
    return status;
}

static wg_status lower(wg_lowering *l)
{
    _Static_assert(sizeof(walk) <= WG_PARAMS_MAX, "fits");
    const wg_shape *x = &l->in_shape[0];
    walk *w = (walk *)(void *)l->params;
    int64_t stride[WG_MAX_RANK], step = 1, units = 1;
    for (int i = x->rank - 1; i >= 0; step *= x->dim[i--])
        stride[i] = step;
    *w = (walk){ .tiles = 1, .stream = wg_shape_count(*x) >= WG__STREAM_FROM / (int64_t)wg_dtype_size(l->in_type[0]) };
    for (int i = 0; i < x->rank; i++) {
        int axis = source(l->attrs, i, x->rank);
        int64_t size = x->dim[axis];
        if (size == 1)
            continue;
        if (w->n && w->from[w->n - 1] == stride[axis] * size) {
            w->size[w->n - 1] *= size;
            w->from[w->n - 1] = stride[axis];
        } else {
            w->size[w->n] = size;
            w->from[w->n++] = stride[axis];
        }
    }
    if (w->n < 2) { /* nothing moves: one row */
        w->size[1] = w->n ? w->size[0] : 1;
        w->from[1] = 1;
        w->size[0] = 1;
        w->from[0] = w->size[1];
        w->n = 2;
    }
    step = 1;
    for (int i = w->n - 1; i >= 0; step *= w->size[i--])
        w->to[i] = step;
    w->unit_axis = w->n - 2;
    for (int i = 0; i < w->n - 1; i++)
        if (w->from[i] == 1)
            w->unit_axis = i;
    w->tiles = (w->size[w->unit_axis] + TILE - 1) / TILE;
    for (int i = 0; i < w->n - 1; i++)
        units *= i == w->unit_axis ? w->tiles : w->size[i];
    int64_t elements = TILE * w->size[w->n - 1];
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .kernel = 0, .extent = elements ? units : 0, .grain = 1 + 4096 / (1 + elements),
                              .cost = 5 + 0.5 * (double)elements };
    return WG_OK;
}

static wg_node *backward(const wg_adjoint *a, int slot)
{
    const wg_axes *perm = a->attrs;
    wg_axes inverse = { .n = perm->n };
    (void)slot;
    for (int i = 0; i < perm->n; i++)
        inverse.at[source(perm, i, perm->n)] = i;
    return wg_permute(a->cotangent, inverse);
}

static const wg_axes cycle = { { 2, 0, 1 }, 3 }, swap_first = { { 1, 0, 2 }, 3 }, negative = { { 0, -1, -2 }, 3 };
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-2, 2, 3, 4) } },
    { .in = { WG_VALUES(-2, 2, 2, 3, 4) }, .attrs = &cycle },
    { .in = { WG_VALUES(-2, 2, 2, 3, 4) }, .attrs = &swap_first },
    { .in = { WG_VALUES(-2, 2, 2, 1, 3) }, .attrs = &negative },
};

const wg_op wg_op_transpose = {
    WG_OP, .name = "transpose", .doc = "axis i of the result is axis perm[i]; without perm: reversed", .arity = 1,
    .attrs = attrs, .attrs_size = sizeof(wg_axes), .infer = infer, .forward = BY_SIZE(transpose_forward),
    .lower = lower, .backward = backward, WG_SAMPLES(samples),
};

wg_node *wg_transpose(wg_node *x)
{
    return wg_permute(x, WG_ALL_AXES);
}

wg_node *wg_permute(wg_node *x, wg_axes perm)
{
    return wg_apply(&wg_op_transpose, WG_NODES(x), &perm);
}

#endif
