/* Walking over memory by a map an axis. All maps are pieces of straight lines, so rows are copied piece by piece. */
#include "ops/remap.h"

#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "tensor/shape.h"

/* What `lower` leaves for the kernels. Axes after `last` are the same in x and y: a cell of `block` contiguous elements. */
typedef struct plan {
    int64_t a[WG_MAX_RANK], b[WG_MAX_RANK];
    unsigned char kind[WG_MAX_RANK];
    int rank, last;
    int64_t block;
    double fill;
} plan;

enum { CHUNK = 1024 }; /* elements of a cell that a unit of the transpose sums */

static int64_t size_of(const wg_shape *s, int rank, int axis)
{
    int at = axis - (rank - s->rank);
    return at < 0 ? 1 : s->dim[at];
}

/* Of steps of b, which is not 0. */
static int64_t stride_of(int64_t b) { return b < 0 ? -b : b > 1 ? b : 1; }

static int64_t modulo(int64_t i, int64_t n)
{
    int64_t r = i % n;
    return r < 0 ? r + n : r;
}

/* ---- one axis ---- */

/* Result positions i .. i + count - 1 come from x's from, from + step, ..; from = -1: from nowhere. */
typedef struct piece {
    int64_t from, step, count;
} piece;

static piece line_piece(int64_t a, int64_t b, int64_t n, int64_t i)
{
    int64_t s = a + b * i;
    if (s >= 0 && s < n)
        return (piece){ s, b, b > 0 ? (n - 1 - s) / b + 1 : b < 0 ? s / -b + 1 : INT64_MAX };
    if (n > 0 && b > 0 && s < 0)
        return (piece){ -1, 0, (-s + b - 1) / b };
    if (n > 0 && b < 0 && s >= n)
        return (piece){ -1, 0, (s - n - b) / -b };
    return (piece){ -1, 0, INT64_MAX };
}

static piece spread_piece(int64_t a, int64_t b, int64_t n, int64_t i)
{
    int64_t stride = stride_of(b), off = modulo(i - a, stride), s = (i - a) / b;
    if (off)
        return (piece){ -1, 0, stride - off };
    return s >= 0 && s < n ? (piece){ s, 1, 1 } : (piece){ -1, 0, stride };
}

static piece reflect_piece(int64_t a, int64_t n, int64_t i)
{
    if (n == 1)
        return (piece){ 0, 0, INT64_MAX };
    int64_t period = 2 * (n - 1), t = modulo(i - a, period);
    return t < n - 1 ? (piece){ t, 1, n - 1 - t } : (piece){ period - t, -1, period - t };
}

static piece piece_at(const plan *p, int axis, int64_t n, int64_t i)
{
    int64_t a = p->a[axis], b = p->b[axis], s = i - a;
    switch ((wg__map_kind)p->kind[axis]) {
    case WG__MAP_LINE:
        return line_piece(a, b, n, i);
    case WG__MAP_SPREAD:
        return spread_piece(a, b, n, i);
    case WG__MAP_CYCLE:
        s = modulo(s, n);
        return (piece){ s, 1, n - s };
    case WG__MAP_REPEAT:
        s = i / b;
        return (piece){ s, 0, (s + 1) * b - i };
    case WG__MAP_EDGE:
        if (s < 0)
            return (piece){ 0, 0, -s };
        return s < n ? (piece){ s, 1, n - s } : (piece){ n - 1, 0, INT64_MAX };
    case WG__MAP_REFLECT:
        return reflect_piece(a, n, i);
    }
    return (piece){ -1, 0, INT64_MAX };
}

/* The least position >= i of y, of the m along the axis, that comes from position j of x; m: there is none. */
static int64_t next_from(const plan *p, int axis, int64_t n, int64_t m, int64_t j, int64_t i)
{
    int64_t a = p->a[axis], b = p->b[axis], next = m;
    if (i >= m)
        return m;
    switch ((wg__map_kind)p->kind[axis]) {
    case WG__MAP_LINE: /* b is 1: other slices have an inverse */
        next = j - a;
        break;
    case WG__MAP_SPREAD:
        next = a + b * j;
        break;
    case WG__MAP_CYCLE:
        next = i + modulo(j + a - i, n);
        break;
    case WG__MAP_REPEAT:
        next = j * b > i ? j * b : i < (j + 1) * b ? i : m;
        break;
    case WG__MAP_EDGE:
        next = piece_at(p, axis, n, i).from == j ? i : j + a;
        break;
    case WG__MAP_REFLECT:
        if (n == 1)
            return i;
        next = i + modulo(j + a - i, 2 * (n - 1));
        if (i + modulo(a - j - i, 2 * (n - 1)) < next)
            next = i + modulo(a - j - i, 2 * (n - 1));
        break;
    }
    return next >= i && next < m ? next : m;
}

/* ---- lowering ---- */

static bool is_identity(const wg__map *m, int64_t n, int64_t size)
{
    if (n != size)
        return false;
    switch (m->kind) {
    case WG__MAP_LINE:
    case WG__MAP_SPREAD:
        return m->a == 0 && m->b == 1;
    case WG__MAP_CYCLE:
        return n == 0 || m->a % n == 0;
    case WG__MAP_REPEAT:
        return m->b == 1;
    case WG__MAP_EDGE:
    case WG__MAP_REFLECT:
        return m->a == 0;
    }
    return false;
}

static plan *settle(wg_lowering *l, wg__maps_of maps_of, const wg_shape *x, const wg_shape *y)
{
    _Static_assert(sizeof(plan) <= WG_PARAMS_MAX, "fits");
    plan *p = (plan *)(void *)l->params;
    wg__map map[WG_MAX_RANK] = { { WG__MAP_LINE, 0, 1 } };
    *p = (plan){ .rank = y->rank ? y->rank : 1, .block = 1 };
    if (y->rank)
        maps_of(l->attrs, x, y, map);
    for (int i = 0; i < p->rank; i++) {
        p->kind[i] = (unsigned char)map[i].kind;
        p->a[i] = map[i].a;
        p->b[i] = map[i].b;
    }
    p->last = p->rank - 1;
    while (p->last > 0 && is_identity(&map[p->last], size_of(x, p->rank, p->last), size_of(y, p->rank, p->last)))
        p->block *= size_of(y, p->rank, p->last--);
    return p;
}

wg_status wg__remap_lower(wg_lowering *l, wg__maps_of maps_of, double fill)
{
    int64_t n = wg_shape_count(l->out_shape[0]);
    plan *p = settle(l, maps_of, &l->in_shape[0], &l->out_shape[0]);
    p->fill = fill;
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .extent = n ? n / p->block : 0, .grain = 1 + 4096 / (1 + p->block),
                              .cost = 1 + 0.2 * (double)p->block };
    return WG_OK;
}

/* Cells of y before the row that a multi-index over x's axes before `last` stands for. */
static int64_t rows_of(const plan *p, const wg_shape *s)
{
    int64_t rows = 1;
    for (int i = 0; i < p->last; i++)
        rows *= size_of(s, p->rank, i);
    return rows;
}

wg_status wg__remap_sum_lower(wg_lowering *l, wg__maps_of maps_of)
{
    const wg_shape *x = &l->out_shape[0], *y = &l->in_shape[0];
    const plan *p = settle(l, maps_of, x, y);
    int64_t n = size_of(x, p->rank, p->last), m = size_of(y, p->rank, p->last), width = p->block < CHUNK ? p->block : CHUNK;
    bool empty = wg_shape_count(*x) == 0;
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .extent = empty ? 0 : rows_of(p, x) * ((p->block + CHUNK - 1) / CHUNK), .grain = 1,
                              .cost = 20 + (double)((n + m) * width) };
    size_t elements;
    if (!wg__mul_size((size_t)n, (size_t)width, &elements) ||
        !wg__mul_size(elements, sizeof(double), &l->stage[0].local))
        return wg__fail(WG_ERR_NOMEM, "a row needs more bytes than there are");
    l->stage[0].grain = 1 + 4096 / (1 + (n + m) * width);
    return WG_OK;
}

/* ---- y from x ---- */

static void fill_cells(const wg_call *c, char *to, int64_t n, double fill)
{
    unsigned char element[8];
    size_t size = wg_dtype_size(c->out_type);
    wg__store(element, c->out_type, 0, fill);
    if (fill == 0) {
        memset(to, 0, (size_t)n * size);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        memcpy(to + (size_t)i * size, element, size);
}

/* y[i * y_step] = x[i * x_step]; and y[i] = x[(i + skip) / times], from skip < times on. */
#define COPY_ELEMENTS(size, type)                                                                                      \
    static void copy_##size(void *to, int64_t y_step, const void *from, int64_t x_step, int64_t n)                     \
    {                                                                                                                  \
        type *y = to;                                                                                                  \
        const type *x = from;                                                                                          \
        for (int64_t i = 0; i < n; i++)                                                                                \
            y[i * y_step] = x[i * x_step];                                                                             \
    }                                                                                                                  \
    static void repeat_##size(void *to, const void *from, int64_t skip, int64_t times, int64_t n)                      \
    {                                                                                                                  \
        type *y = to;                                                                                                  \
        const type *x = from;                                                                                          \
        for (int64_t i = 0; i < n; i++) {                                                                              \
            y[i] = *x;                                                                                                 \
            const bool next = ++skip == times;                                                                         \
            x += next;                                                                                                 \
            skip = next ? 0 : skip;                                                                                    \
        }                                                                                                              \
    }
COPY_ELEMENTS(1, uint8_t)
COPY_ELEMENTS(4, uint32_t)
COPY_ELEMENTS(8, uint64_t)

static void copy_elements(void *to, int64_t y_step, const void *from, int64_t x_step, int64_t n, size_t size)
{
    (size == 8 ? copy_8 : size == 4 ? copy_4 : copy_1)(to, y_step, from, x_step, n);
}

/* n cells of `block` elements, the operand's `step` cells apart. */
static void copy_cells(char *to, const char *from, int64_t step, int64_t n, int64_t block, size_t size)
{
    size_t bytes = (size_t)block * size;
    if (step == 1) {
        memcpy(to, from, (size_t)n * bytes);
    } else if (block > 1) {
        for (int64_t i = 0; i < n; i++)
            memcpy(to + (size_t)i * bytes, from + step * i * (int64_t)bytes, bytes);
    } else {
        copy_elements(to, 1, from, step, n, size);
    }
}

/* Elements i .. stop-1 of a row whose pieces are single elements among gaps. */
static void spread_row(const wg_call *c, char *to, const char *x, int64_t n, int64_t i, int64_t stop)
{
    const plan *p = c->params;
    int64_t a = p->a[p->last], b = p->b[p->last], stride = stride_of(b);
    size_t size = wg_dtype_size(c->out_type);
    int64_t low = b > 0 ? i - a : a - stop + 1, high = b > 0 ? stop - 1 - a : a - i; /* stride * s of those inside */
    int64_t first = low > 0 ? (low + stride - 1) / stride : 0, last = high < 0 ? -1 : high / stride;
    last = last < n ? last : n - 1;
    fill_cells(c, to, stop - i, p->fill);
    if (first <= last)
        copy_elements(to + (a + b * first - i) * (int64_t)size, b, x + (size_t)first * size, 1, last - first + 1, size);
}

/* Rows of single elements whose pieces are too short to go one by one; false: the row is not of that kind. */
static bool copy_row(const wg_call *c, char *to, const char *x, int64_t n, int64_t i, int64_t stop)
{
    const plan *p = c->params;
    size_t size = wg_dtype_size(c->out_type);
    if (p->block > 1)
        return false;
    if (p->kind[p->last] == WG__MAP_SPREAD) {
        spread_row(c, to, x, n, i, stop);
        return true;
    }
    if (p->kind[p->last] != WG__MAP_REPEAT)
        return false;
    int64_t times = p->b[p->last], from = i / times;
    (size == 8 ? repeat_8 : size == 4 ? repeat_4 : repeat_1)(to, x + (size_t)from * size, i - from * times, times, stop - i);
    return true;
}

/* The row of x, in cells, that row `row` of y is made from; -1: it is filled. */
static int64_t source_row(const plan *p, const wg_shape *x, const wg_shape *y, int64_t row)
{
    int64_t from = 0, stride = 1;
    for (int i = p->last - 1; i >= 0; i--) {
        int64_t n = size_of(x, p->rank, i), m = size_of(y, p->rank, i), s = piece_at(p, i, n, row % m).from;
        if (s < 0)
            return -1;
        from += s * stride;
        stride *= n;
        row /= m;
    }
    return from;
}

wg_status wg__remap_forward(const wg_call *c, int64_t begin, int64_t end)
{
    const plan *p = c->params;
    const wg_shape *x = &c->in_shape[0], *y = &c->out_shape;
    size_t size = wg_dtype_size(c->out_type), cell = (size_t)p->block * size;
    int64_t n = size_of(x, p->rank, p->last), m = size_of(y, p->rank, p->last);
    for (int64_t at = begin; at < end;) {
        int64_t i = at % m, stop = i + end - at < m ? i + end - at : m, row = source_row(p, x, y, at / m);
        char *start = (char *)c->out + (size_t)at * cell;
        if (row >= 0 && copy_row(c, start, (const char *)c->in[0] + (size_t)(row * n) * cell, n, i, stop)) {
            at += stop - i;
            continue;
        }
        while (i < stop) {
            piece q = row < 0 ? (piece){ -1, 0, INT64_MAX } : piece_at(p, p->last, n, i);
            int64_t count = q.count < stop - i ? q.count : stop - i;
            char *to = (char *)c->out + (size_t)at * cell;
            if (q.from < 0)
                fill_cells(c, to, count * p->block, p->fill);
            else
                copy_cells(to, (const char *)c->in[0] + (size_t)(row * n + q.from) * cell, q.step, count, p->block, size);
            i += count;
            at += count;
        }
    }
    return WG_OK;
}

/* ---- the transpose ---- */

/* Of one row of x, the rows of y that it went to: a multi-index over y's axes before `last`. */
typedef struct sources {
    int64_t j[WG_MAX_RANK], i[WG_MAX_RANK];
    int64_t row; /* of y */
    bool some;
} sources;

static void find_row(const plan *p, const wg_shape *y, sources *s)
{
    s->row = 0;
    for (int k = 0; k < p->last; k++)
        s->row = s->row * size_of(y, p->rank, k) + s->i[k];
}

static sources sources_of(const plan *p, const wg_shape *x, const wg_shape *y, int64_t row)
{
    sources s = { .some = true };
    for (int k = p->last - 1; k >= 0; k--) {
        int64_t n = size_of(x, p->rank, k), m = size_of(y, p->rank, k);
        s.j[k] = row % n;
        row /= n;
        s.i[k] = next_from(p, k, n, m, s.j[k], 0);
        s.some = s.some && s.i[k] < m;
    }
    find_row(p, y, &s);
    return s;
}

static void advance(const plan *p, const wg_shape *x, const wg_shape *y, sources *s)
{
    int k = p->last - 1;
    for (; k >= 0; k--) {
        int64_t n = size_of(x, p->rank, k), m = size_of(y, p->rank, k);
        s->i[k] = next_from(p, k, n, m, s->j[k], s->i[k] + 1);
        if (s->i[k] < m)
            break;
        s->i[k] = next_from(p, k, n, m, s->j[k], 0);
    }
    s->some = k >= 0;
    find_row(p, y, s);
}

/* A unit is up to CHUNK elements of each cell of one row of x. */
#define REMAP_SUM(name, type)                                                                                          \
    static void name##_row(const plan *p, double *sum, int64_t width, const type *y, int64_t n, int64_t m)             \
    {                                                                                                                  \
        for (int64_t i = 0; i < m;) {                                                                                  \
            const piece q = piece_at(p, p->last, n, i);                                                                \
            const int64_t count = q.count < m - i ? q.count : m - i;                                                   \
            const bool whole = q.step == 1 && width == p->block && q.from >= 0;                                        \
            double *restrict first = sum + (q.from < 0 ? 0 : q.from) * width;                                          \
            for (int64_t k = 0; whole && k < count * width; k++)                                                       \
                first[k] += (double)y[i * p->block + k];                                                               \
            for (int64_t k = 0; k < count && q.from >= 0 && !whole; k++) {                                                       \
                double *to = sum + (q.from + k * q.step) * width;                                                      \
                const type *cell = y + (i + k) * p->block;                                                             \
                for (int64_t w = 0; w < width; w++)                                                                    \
                    to[w] += (double)cell[w];                                                                          \
            }                                                                                                          \
            i += count;                                                                                                \
        }                                                                                                              \
    }                                                                                                                  \
    wg_status name(const wg_call *c, int64_t begin, int64_t end)                                                       \
    {                                                                                                                  \
        const plan *p = c->params;                                                                                     \
        const wg_shape *x = &c->out_shape, *y = &c->in_shape[0];                                                       \
        const int64_t n = size_of(x, p->rank, p->last), m = size_of(y, p->rank, p->last);                              \
        const int64_t chunks = (p->block + CHUNK - 1) / CHUNK;                                                         \
        double *sum = c->local; /* (n, width) */                                                                       \
        for (int64_t unit = begin; unit < end; unit++) {                                                               \
            const int64_t row = unit / chunks, column = unit % chunks * CHUNK;                                         \
            const int64_t width = p->block - column < CHUNK ? p->block - column : CHUNK;                               \
            memset(sum, 0, (size_t)(n * width) * sizeof *sum);                                                         \
            for (sources s = sources_of(p, x, y, row); s.some; advance(p, x, y, &s))                                   \
                name##_row(p, sum, width, (const type *)c->in[0] + s.row * m * p->block + column, n, m);               \
            type *out = (type *)c->out + row * n * p->block + column;                                                  \
            for (int64_t j = 0; j < n; j++)                                                                            \
                for (int64_t w = 0; w < width; w++)                                                                    \
                    out[j * p->block + w] = (type)sum[j * width + w];                                                  \
        }                                                                                                              \
        return WG_OK;                                                                                                  \
    }
REMAP_SUM(wg__remap_sum_f32, float)
REMAP_SUM(wg__remap_sum_f64, double)

/* ---- attributes ---- */

wg_status wg__infer_full_list(wg_infer *t, const char *name, wg_list list, int rank)
{
    if (list.n != rank)
        return wg_infer_fail(t, WG_ERR_ARG, "%s has %d numbers, the operand %d axes", name, list.n < 0 ? 0 : list.n, rank);
    for (int i = 0; i < rank; i++)
        if (list.at[i] == WG_ABSENT)
            return wg_infer_fail(t, WG_ERR_ARG, "%s leaves axis %d open", name, i);
    return WG_OK;
}
