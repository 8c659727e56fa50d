/* matmul: op(a) op(b), where op transposes the last two axes; batch dimensions broadcast; a vector is a row on the
 * left and a column on the right, and its axis is absent from the result. */
#include <string.h>

#include "kernels/matmul.h"
#include "ops/op.h"

typedef struct matmul_attrs {
    bool transpose_a, transpose_b;
} matmul_attrs;

/* Shapes (m, k) by (k, n) of the matrices, in either order of storage. A vector has no order. */
static void matrix_sizes(const wg_shape *a, const wg_shape *b, const matmul_attrs *t, int64_t *m, int64_t *ka,
                         int64_t *kb, int64_t *n)
{
    const int64_t *last_a = &a->dim[a->rank - 1], *last_b = &b->dim[b->rank - 1];
    *m = a->rank < 2 ? 1 : t->transpose_a ? last_a[0] : last_a[-1];
    *ka = a->rank < 2 ? last_a[0] : t->transpose_a ? last_a[-1] : last_a[0];
    *n = b->rank < 2 ? 1 : t->transpose_b ? last_b[-1] : last_b[0];
    *kb = b->rank < 2 ? last_b[0] : t->transpose_b ? last_b[0] : last_b[-1];
}

static int batch_rank(const wg_shape *s)
{
    return s->rank > 2 ? s->rank - 2 : 0;
}

/* ---- lowering ---- */

/* The steps, in matrices, by which each operand follows C's batch, and how many matrices it has itself. */
static int64_t batch_steps(const wg_shape *s, int rank, int64_t *step)
{
    int64_t count = 1;
    for (int i = rank - 1; i >= 0; i--) {
        const int own = i - (rank - batch_rank(s));
        const int64_t size = own < 0 ? 1 : s->dim[own];
        step[i] = size == 1 ? 0 : count;
        count *= size;
    }
    return count;
}

/* Shapes that are others in disguise. */
static void simplify(wg__product *p)
{
    if (p->own_b == 1 && !p->transpose_a) { /* one b for all of a's rows: not a batch, but one tall a */
        p->m *= p->batch;
        p->batch = p->own_a = 1;
        p->batch_rank = 0;
    }
    if (p->n == 1) /* a matrix times a column is a row times the transposed matrix */
        wg__product_swap(p);
    if (p->m == 1)
        p->transpose_a = 0; /* a row is stored like a column */
}

static wg_status matmul_lower(wg_lowering *l)
{
    const wg_shape *a = &l->in_shape[0], *b = &l->in_shape[1];
    const matmul_attrs *t = l->attrs;
    wg__product p = { .transpose_a = t->transpose_a && a->rank > 1, .transpose_b = t->transpose_b || b->rank < 2 };
    int64_t kb;
    matrix_sizes(a, b, t, &p.m, &p.k, &kb, &p.n);
    p.batch_rank = batch_rank(a) > batch_rank(b) ? batch_rank(a) : batch_rank(b);
    p.own_a = batch_steps(a, p.batch_rank, p.batch_a);
    p.own_b = batch_steps(b, p.batch_rank, p.batch_b);
    p.batch = 1;
    for (int i = 0; i < p.batch_rank; i++)
        p.batch *= p.batch_dim[i] = l->out_shape->dim[i];
    simplify(&p);
    const wg_status status = WG_ISA_SYM(wg__matmul_cut)(&p, l, wg_dtype_size(l->in_type[0]));
    memcpy(l->params, &p, sizeof p);
    return status;
}

#define STAGE(name) { .f32 = WG_ISA_SYM(name##_f32), .f64 = WG_ISA_SYM(name##_f64) }
WG_KERNELS(matmul, .forward = STAGE(wg__matmul_multiply),
           .stage = { STAGE(wg__matmul_pack), STAGE(wg__matmul_combine) }, .lower = matmul_lower);

#ifdef WG_BASELINE

/* ---- shapes ---- */

static wg_status matmul_infer(wg_infer *inf)
{
    const wg_shape *a = &inf->in[0], *b = &inf->in[1];
    if (inf->in_type[0] != inf->in_type[1] || (inf->in_type[0] != WG_F32 && inf->in_type[0] != WG_F64))
        return wg_infer_fail(inf, WG_ERR_DTYPE, "takes two f32 or two f64, got %s and %s",
                             wg_dtype_name(inf->in_type[0]), wg_dtype_name(inf->in_type[1]));
    if (a->rank < 1 || b->rank < 1)
        return wg_infer_fail(inf, WG_ERR_SHAPE, "takes vectors and matrices, got a scalar");

    int64_t m, ka, kb, n, k;
    matrix_sizes(a, b, inf->attrs, &m, &ka, &kb, &n);
    if (!wg_dim_unify(ka, kb, &k)) {
        char left[128], right[128];
        return wg_infer_fail(inf, WG_ERR_SHAPE, "inner sizes differ: %s by %s", wg_shape_text(*a, left, sizeof left),
                             wg_shape_text(*b, right, sizeof right));
    }
    wg_shape batch[2] = { *a, *b };
    batch[0].rank = batch_rank(a);
    batch[1].rank = batch_rank(b);
    wg_infer of_batch = *inf;
    of_batch.in = batch;
    wg_status status = wg_infer_broadcast(&of_batch, inf->out);
    if (status != WG_OK)
        return status;
    if (a->rank > 1)
        inf->out->dim[inf->out->rank++] = m;
    if (b->rank > 1)
        inf->out->dim[inf->out->rank++] = n;
    return WG_OK;
}

/* ---- adjoint ---- */

/* The matrices' own adjoints, C = op(a) op(b) with cotangent g (.., m, n): no transpose is ever carried out. */
static wg_node *adjoint_a(const matmul_attrs *t, wg_node *b, wg_node *g)
{
    return t->transpose_a ? wg_matmul_t(b, t->transpose_b, g, true) : wg_matmul_t(g, false, b, !t->transpose_b);
}

static wg_node *adjoint_b(const matmul_attrs *t, wg_node *a, wg_node *g)
{
    return t->transpose_b ? wg_matmul_t(g, true, a, t->transpose_a) : wg_matmul_t(a, !t->transpose_a, g, false);
}

/* All leading axes in one: (.., c) to (n, c); NULL, which is no failure here, where c is not known by number or
 * name. */
static wg_node *as_matrix(wg_node *x)
{
    const wg_shape s = wg_node_shape(x);
    const int64_t last = s.dim[s.rank - 1];
    return last == WG_ANY || last == 0 ? NULL : wg_reshape(x, WG_SHAPE(WG_ANY, last));
}

/* One matrix b against a batch of rows (the rows of all matrices of a): its adjoint is one product of tall matrices,
 * not the sum of a product for each matrix. */
static wg_node *adjoint_of_shared_b(const matmul_attrs *t, wg_node *a, wg_node *g)
{
    wg_node *rows = as_matrix(a), *cotangent = as_matrix(g);
    return rows && cotangent ? adjoint_b(t, rows, cotangent) : NULL;
}

static wg_node *matmul_backward(const wg_adjoint *adj, int slot)
{
    wg_node *a = adj->in[0], *b = adj->in[1], *g = adj->cotangent, *operand = adj->in[slot], *d = NULL;
    matmul_attrs t = *(const matmul_attrs *)adj->attrs;
    const int rank_a = wg_node_shape(a).rank, rank_b = wg_node_shape(b).rank;
    /* A vector becomes the row or column that it stands for, and so does its missing axis in g. */
    if (rank_b == 1) {
        b = wg_expand_dims(b, WG_AXES(1));
        g = wg_expand_dims(g, WG_AXES(-1));
        t.transpose_b = false;
    }
    if (rank_a == 1) {
        a = wg_expand_dims(a, WG_AXES(0));
        g = wg_expand_dims(g, WG_AXES(-2));
        t.transpose_a = false;
    }
    if (slot == 1 && rank_b == 2 && rank_a > 2 && !t.transpose_a)
        d = adjoint_of_shared_b(&t, a, g);
    if (!d)
        d = slot == 0 ? adjoint_a(&t, b, g) : adjoint_b(&t, a, g);
    wg_node *matrix = slot == 0 ? a : b;
    if (d && !wg_shape_equal(wg_node_shape(d), wg_node_shape(matrix)))
        d = wg_sum_to_like(d, matrix);
    return matrix == operand ? d : wg_reshape_like(d, operand);
}

/* ---- descriptor ---- */

static double matmul_flops(const wg_call *c)
{
    int64_t m, ka, kb, n;
    matrix_sizes(&c->in_shape[0], &c->in_shape[1], c->attrs, &m, &ka, &kb, &n);
    return 2.0 * (double)wg_shape_count(c->out_shape) * (double)ka;
}

static const wg_attr attrs[] = {
    { "transpose_a", WG_ATTR_BOOL, offsetof(matmul_attrs, transpose_a), "false", NULL },
    { "transpose_b", WG_ATTR_BOOL, offsetof(matmul_attrs, transpose_b), "false", NULL },
    { 0 },
};

static const matmul_attrs by_a = { true, false }, by_b = { false, true }, by_both = { true, true };

#define DENSE(...) { .shape = WG_DIMS(__VA_ARGS__), .lo = -2, .hi = 2 }
#define PRODUCT(flags, ...) { .in = { __VA_ARGS__ }, .attrs = (flags) }
static const wg_sample samples[] = {
    PRODUCT(NULL, DENSE(3, 4), DENSE(4, 2)),
    PRODUCT(&by_a, DENSE(4, 3), DENSE(4, 2)),
    PRODUCT(&by_b, DENSE(3, 4), DENSE(2, 4)),
    PRODUCT(&by_both, DENSE(4, 3), DENSE(2, 4)),
    PRODUCT(NULL, DENSE(7, 5), DENSE(5, 19)), /* more than one tile, panels cut short */
    PRODUCT(&by_both, DENSE(9, 17), DENSE(5, 9)),
    PRODUCT(NULL, DENSE(2, 3, 4), DENSE(2, 4, 5)),
    PRODUCT(NULL, DENSE(2, 3, 4), DENSE(4, 5)), /* one b for all */
    PRODUCT(&by_a, DENSE(2, 4, 3), DENSE(4, 5)),
    PRODUCT(&by_b, DENSE(3, 4), DENSE(2, 5, 4)),
    PRODUCT(&by_both, DENSE(3, 1, 4, 2), DENSE(1, 2, 3, 4)), /* batches broadcast both ways */
    PRODUCT(NULL, DENSE(4), DENSE(4)),
    PRODUCT(NULL, DENSE(4), DENSE(4, 3)),
    PRODUCT(NULL, DENSE(3, 4), DENSE(4)),
    PRODUCT(&by_both, DENSE(4, 3), DENSE(4)),
    PRODUCT(NULL, DENSE(2, 3, 4), DENSE(4)),
    PRODUCT(NULL, DENSE(4), DENSE(2, 4, 3)),
    PRODUCT(NULL, DENSE(1, 1), DENSE(1, 1)),
    PRODUCT(NULL, DENSE(1, 5), DENSE(5, 1)),
    PRODUCT(NULL, DENSE(5, 1), DENSE(1, 4)),
    PRODUCT(NULL, DENSE(0, 3), DENSE(3, 2)),
    PRODUCT(NULL, DENSE(2, 0), DENSE(0, 3)), /* nothing to add up: zeros */
    PRODUCT(&by_b, DENSE(2, 3), DENSE(0, 3)),
};

const wg_op wg_op_matmul = {
    WG_OP, .name = "matmul",
    .doc = "op(a) op(b): matrices, batches of them, vectors, as in NumPy; op transposes the last two axes",
    .arity = 2, .attrs = attrs, .attrs_size = sizeof(matmul_attrs), .infer = matmul_infer, .backward = matmul_backward,
    .forward = STAGE(wg__matmul_multiply), .stage = { STAGE(wg__matmul_pack), STAGE(wg__matmul_combine) },
    .lower = matmul_lower, .flops = matmul_flops, WG_SAMPLES(samples),
};

wg_node *wg_matmul(wg_node *a, wg_node *b)
{
    return wg_matmul_t(a, false, b, false);
}

wg_node *wg_matmul_t(wg_node *a, bool transpose_a, wg_node *b, bool transpose_b)
{
    return wg_apply(&wg_op_matmul, WG_NODES(a, b), &(matmul_attrs){ transpose_a, transpose_b });
}

#endif
