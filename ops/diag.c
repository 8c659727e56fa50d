/* diag: a vector to a matrix with that diagonal, a matrix to its diagonal; trace: the sum of it. */
#include <string.h>

#include "ops/elementwise.h"
#include "tensor/shape.h"

/* The first element of diagonal k of a matrix, by rows. */
static int64_t diagonal_start(int64_t k, int64_t columns)
{
    return k >= 0 ? k : -k * columns;
}

static wg_status diag_forward(const wg_call *c, int64_t begin, int64_t end)
{
    int64_t k = *(const int64_t *)c->attrs;
    bool spread = c->in_shape[0].rank == 1;
    const wg_shape *matrix = spread ? &c->out_shape : &c->in_shape[0];
    int64_t columns = matrix->dim[1], start = diagonal_start(k, columns);
    size_t size = wg_dtype_size(c->out_type);
    const char *x = c->in[0];
    char *y = c->out;
    if (!spread) {
        for (int64_t i = begin; i < end; i++)
            memcpy(y + (size_t)i * size, x + (size_t)(start + i * (columns + 1)) * size, size);
        return WG_OK;
    }
    memset(y + (size_t)(begin * columns) * size, 0, (size_t)((end - begin) * columns) * size);
    for (int64_t row = begin; row < end; row++) {
        int64_t i = k >= 0 ? row : row + k; /* of the vector */
        if (i >= 0 && i < c->in_shape[0].dim[0])
            memcpy(y + (size_t)(start + i * (columns + 1)) * size, x + (size_t)i * size, size);
    }
    return WG_OK;
}

#define TRACE(suffix, type, S, R)                                                                                      \
    WG_KERNEL_OF(                                                                                                      \
        trace_forward_##suffix, type, const wg_shape *x = &c->in_shape[0]; R *out = c->out;                            \
        const int64_t rows = x->dim[x->rank - 2]; const int64_t columns = x->dim[x->rank - 1];                         \
        for (int64_t m = begin; m < end; m++) {                                                                        \
            const T *a = (const T *)c->in[0] + m * rows * columns;                                                     \
            S sum = 0;                                                                                                 \
            for (int64_t i = 0; i < rows && i < columns; i++)                                                          \
                sum += (S)a[i * (columns + 1)];                                                                        \
            out[m] = (R)sum;                                                                                           \
        })

TRACE(f32, float, double, float)
TRACE(f64, double, double, double)
TRACE(i32, int32_t, uint64_t, int64_t)
TRACE(i64, int64_t, uint64_t, int64_t)
TRACE(u8, uint8_t, uint64_t, int64_t)
TRACE(bool, uint8_t, uint64_t, int64_t)

WG_KERNELS(diag, .forward = WG_ANY_TYPE(diag_forward));
WG_KERNELS(trace, .forward = WG_EVERY(trace_forward));

#ifdef WG_BASELINE

#include "base/checked.h"

static const wg_attr attrs[] = { { "k", WG_ATTR_I64, 0, "0", NULL }, { 0 } };

/* How long diagonal k of a matrix is. */
static int64_t diagonal_length(int64_t k, int64_t rows, int64_t columns)
{
    if (rows < 0 || columns < 0)
        return rows == columns && k == 0 ? rows : WG_ANY;
    if (k >= 0 ? k >= columns : -k >= rows)
        return 0;
    rows -= k < 0 ? -k : 0;
    columns -= k > 0 ? k : 0;
    return rows < columns ? rows : columns;
}

static wg_status diag_infer(wg_infer *t)
{
    const wg_shape *x = &t->in[0];
    int64_t k = *(const int64_t *)t->attrs;
    if (x->rank != 1 && x->rank != 2)
        return wg_infer_fail(t, WG_ERR_SHAPE, "takes a vector or a matrix, got rank %d", x->rank);
    if (k == INT64_MIN)
        return wg_infer_fail(t, WG_ERR_RANGE, "k is out of range");
    if (x->rank == 2) {
        t->out[0] = (wg_shape){ { diagonal_length(k, x->dim[0], x->dim[1]) }, 1 };
        return WG_OK;
    }
    int64_t size = x->dim[0];
    if (size < 0 && k)
        size = WG_ANY;
    else if (k && !wg__add_i64(size, k < 0 ? -k : k, &size))
        return wg_infer_fail(t, WG_ERR_RANGE, "its result would be too large");
    t->out[0] = (wg_shape){ { size, size }, 2 };
    return WG_OK;
}

static wg_status trace_infer(wg_infer *t)
{
    if (t->in[0].rank < 2)
        return wg_infer_fail(t, WG_ERR_SHAPE, "takes matrices, got rank %d", t->in[0].rank);
    t->out[0] = t->in[0];
    t->out[0].rank -= 2;
    t->out_type[0] = wg__is_float(t->in_type[0]) ? t->in_type[0] : WG_I64;
    return WG_OK;
}

/* Units: elements of a diagonal, or rows of a matrix. */
static wg_status diag_lower(wg_lowering *l)
{
    const wg_shape *y = &l->out_shape[0];
    int64_t columns = y->rank == 2 ? y->dim[1] : 1;
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .extent = y->dim[0], .grain = 1 + 4096 / (1 + columns), .cost = 3 + 0.2 * (double)columns };
    return WG_OK;
}

static wg_status trace_lower(wg_lowering *l)
{
    int64_t columns = l->in_shape[0].dim[l->in_shape[0].rank - 1];
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .extent = wg_shape_count(l->out_shape[0]), .grain = 1 + 1024 / (1 + columns),
                              .cost = 5 + 2 * (double)columns };
    return WG_OK;
}

/* A vector comes back as the diagonal; a diagonal goes back into a square matrix, cut or filled up to the operand's
 * shape. */
static wg_node *diag_backward(const wg_adjoint *a, int slot)
{
    wg_node *back = wg_apply(&wg_op_diag, WG_NODES(a->cotangent), a->attrs);
    (void)slot;
    return wg_node_shape(a->in[0]).rank == 1 ? back : wg_slice_like(back, a->in[0]);
}

/* The cotangent on the diagonal: of a matrix full of it, both triangles are taken away. */
static wg_node *trace_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    wg_node *full = wg_broadcast_like(wg_expand_dims(a->cotangent, WG_AXES(-1, -2)), a->in[0]);
    return wg_tril(wg_triu(full, 0), 0);
}

static const int64_t above = 1, below = -2, corner = 3;
static const wg_sample diag_samples[] = {
    { .in = { WG_VALUES(-2, 2, 3) } },
    { .in = { WG_VALUES(-2, 2, 2) }, .attrs = &above },
    { .in = { WG_VALUES(-2, 2, 2) }, .attrs = &below },
    { .in = { WG_VALUES(-2, 2, 3, 3) } },
    { .in = { WG_VALUES(-2, 2, 2, 5) }, .attrs = &corner },
    { .in = { WG_VALUES(-2, 2, 5, 3) }, .attrs = &below },
    { .in = { WG_VALUES(-2, 2, 4, 3) }, .attrs = &above },
};
static const wg_sample trace_samples[] = {
    { .in = { WG_VALUES(-2, 2, 3, 3) } },
    { .in = { WG_VALUES(-2, 2, 2, 1, 2, 4) } },
    { .in = { WG_VALUES(-2, 2, 4, 1) } },
};

const wg_op wg_op_diag = {
    WG_OP, .name = "diag", .doc = "a matrix with x on its diagonal k, or diagonal k of the matrix x", .arity = 1,
    .attrs = attrs, .attrs_size = sizeof(int64_t), .infer = diag_infer, .forward = WG_ANY_TYPE(diag_forward),
    .lower = diag_lower, .backward = diag_backward, WG_SAMPLES(diag_samples),
};

const wg_op wg_op_trace = {
    WG_OP, .name = "trace", .doc = "sum of the diagonals of matrices; bool and integers are counted in i64", .arity = 1,
    .infer = trace_infer, .forward = WG_EVERY(trace_forward), .lower = trace_lower, .backward = trace_backward,
    WG_SAMPLES(trace_samples),
};

wg_node *wg_diag(wg_node *x, int64_t k)
{
    return wg_apply(&wg_op_diag, WG_NODES(x), &k);
}

wg_node *wg_trace(wg_node *x)
{
    return wg_apply(&wg_op_trace, WG_NODES(x), NULL);
}

#endif
