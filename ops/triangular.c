/* triangular_solve, by substitution; triangle, the part of a matrix that it reads. */
#include "ops/linalg.h"
#include "ops/lu.h"

typedef struct triangular {
    bool lower, transpose;
} triangular;

/* Local scratch: the right-hand side. Row i of op(a) is column i of a where op transposes. */
WG_KERNEL(triangular_solve_forward,
    const triangular *at = c->attrs;
    const wg__matrices *m = c->params;
    const int64_t n = m->n;
    const int64_t k = m->k;
    const int64_t down = at->transpose ? 1 : n;
    const int64_t right = at->transpose ? n : 1;
    const bool forwards = at->lower != at->transpose;
    double *x = c->local;
    for (int64_t unit = begin; unit < end; unit++) {
        int64_t a_index;
        int64_t b_index;
        wg__matrices_at(m, unit, &a_index, &b_index);
        const T *a = (const T *)c->in[0] + a_index * n * n;
        for (int64_t i = 0; i < n * k; i++)
            x[i] = (double)((const T *)c->in[1])[b_index * n * k + i];
        for (int64_t step = 0; step < n; step++) {
            const int64_t i = forwards ? step : n - 1 - step;
            for (int64_t done = 0; done < step; done++) {
                const int64_t j = forwards ? done : n - 1 - done;
                wg__rows_minus(x + i * k, x + j * k, (double)a[i * down + j * right], k);
            }
            for (int64_t j = 0; j < k; j++)
                x[i * k + j] /= (double)a[i * (n + 1)];
        }
        for (int64_t i = 0; i < n * k; i++)
            ((T *)c->out)[unit * n * k + i] = (T)x[i];
    })

typedef struct triangle {
    bool lower;
    double diagonal;
} triangle;

/* A unit is a row. */
WG_KERNEL(triangle_forward,
    const triangle *at = c->attrs;
    const int64_t n = *(const int64_t *)c->params;
    for (int64_t row = begin; row < end; row++) {
        const T *x = (const T *)c->in[0] + row * n;
        T *y = (T *)c->out + row * n;
        const int64_t i = row % n;
        for (int64_t j = 0; j < n; j++)
            y[j] = i == j ? (T)((double)x[j] * at->diagonal) : (j < i) == at->lower ? x[j] : 0;
    })

WG_KERNELS(triangular_solve, .forward = WG_BOTH(triangular_solve_forward));
WG_KERNELS(triangle, .forward = WG_BOTH(triangle_forward));

#ifdef WG_BASELINE

static wg_status solve_lower(wg_lowering *l)
{
    return wg__matrices_lower(l, 0);
}

static wg_status triangle_lower(wg_lowering *l)
{
    const wg_shape *x = &l->in_shape[0];
    const int64_t n = x->dim[x->rank - 1], elements = wg_shape_count(*x);
    *(int64_t *)(void *)l->params = n;
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .extent = n ? elements / n : 0, .grain = 1 + 4096 / (1 + n), .cost = 1 + (double)n };
    return WG_OK;
}

/* With cotangent c of x, and y = op(a)^-T c: d/db is y; d/da is the triangle of -y x^T, or of its transpose. */
static wg_node *solve_backward(const wg_adjoint *adj, int slot)
{
    const triangular *at = adj->attrs;
    wg_node *a = adj->in[0], *b = adj->in[1], *x = adj->output, *c = adj->cotangent;
    const bool vector = wg_node_shape(b).rank == 1;
    if (vector) {
        x = wg_expand_dims(x, WG_AXES(-1));
        c = wg_expand_dims(c, WG_AXES(-1));
    }
    wg_node *y = wg_triangular_solve(a, c, at->lower, !at->transpose);
    if (slot == 1)
        return wg__down_to(vector ? wg_squeeze(y, WG_AXES(-1)) : y, b);
    wg_node *d = at->transpose ? wg_matmul_t(x, false, y, true) : wg_matmul_t(y, false, x, true);
    return wg__down_to(wg__triangle(wg_neg(d), at->lower, 1), a);
}

static wg_node *triangle_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_apply(&wg_op_triangle, WG_NODES(a->cotangent), a->attrs);
}

static const wg_attr solve_attrs[] = {
    { "lower", WG_ATTR_BOOL, offsetof(triangular, lower), "true", NULL },
    { "transpose", WG_ATTR_BOOL, offsetof(triangular, transpose), "false", NULL },
    { 0 },
};
static const wg_attr triangle_attrs[] = {
    { "lower", WG_ATTR_BOOL, offsetof(triangle, lower), "true", NULL },
    { "diagonal", WG_ATTR_F64, offsetof(triangle, diagonal), "1", NULL },
    { 0 },
};

static const triangular upper = { false, false }, turned = { true, true }, upper_turned = { false, true };
#define VALUES(...) WG_VALUES(-1, 1, __VA_ARGS__)
static const wg_sample solve_samples[] = {
    { .in = { VALUES(3, 3), VALUES(3, 2) }, .diagonal = 3 },
    { .in = { VALUES(3, 3), VALUES(3) }, .attrs = &upper, .diagonal = -3 },
    { .in = { VALUES(2, 3, 3), VALUES(2, 3, 2) }, .attrs = &turned, .diagonal = 3 },
    { .in = { VALUES(2, 1, 2, 2), VALUES(3, 2, 1) }, .attrs = &upper_turned, .diagonal = 3 },
    { .in = { WG_VALUES(1, 3, 1, 1), VALUES(1, 2) } },
};
static const triangle half = { true, 0.5 }, above = { false, 1 };
static const wg_sample triangle_samples[] = {
    { .in = { VALUES(3, 3) } },
    { .in = { VALUES(2, 3, 3) }, .attrs = &half },
    { .in = { VALUES(4, 4) }, .attrs = &above },
};

const wg_op wg_op_triangular_solve = {
    WG_OP, .name = "triangular_solve",
    .doc = "x with op(a) x = b, of a's lower or upper triangle; op may transpose; b is a vector or columns", .arity = 2,
    .attrs = solve_attrs, .attrs_size = sizeof(triangular), .infer = wg__solve_infer,
    .forward = WG_BOTH(triangular_solve_forward), .lower = solve_lower, .backward = solve_backward,
    WG_SAMPLES(solve_samples),
};

const wg_op wg_op_triangle = {
    WG_OP, .name = "triangle", .doc = "the lower or upper triangle of square matrices, the diagonal times a factor",
    .arity = 1, .flags = WG_GRADIENT_OF_OTHERS, .attrs = triangle_attrs, .attrs_size = sizeof(triangle),
    .infer = wg__square_infer, .forward = WG_BOTH(triangle_forward), .lower = triangle_lower,
    .backward = triangle_backward, WG_SAMPLES(triangle_samples),
};

wg_node *wg_triangular_solve(wg_node *a, wg_node *b, bool lower, bool transpose)
{
    return wg_apply(&wg_op_triangular_solve, WG_NODES(a, b), &(triangular){ lower, transpose });
}

wg_node *wg__triangle(wg_node *x, bool lower, double diagonal)
{
    return wg_apply(&wg_op_triangle, WG_NODES(x), &(triangle){ lower, diagonal });
}

#endif
