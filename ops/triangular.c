/* triangular_solve, by substitution. */
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

WG_KERNELS(triangular_solve, .forward = WG_BOTH(triangular_solve_forward));

#ifdef WG_BASELINE

static wg_status solve_lower(wg_lowering *l)
{
    return wg__matrices_lower(l, 0);
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
    d = at->lower ? wg_tril(wg_neg(d), 0) : wg_triu(wg_neg(d), 0);
    return wg__down_to(d, a);
}

static const wg_attr solve_attrs[] = {
    { "lower", WG_ATTR_BOOL, offsetof(triangular, lower), "true", NULL },
    { "transpose", WG_ATTR_BOOL, offsetof(triangular, transpose), "false", NULL },
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
const wg_op wg_op_triangular_solve = {
    WG_OP, .name = "triangular_solve",
    .doc = "x with op(a) x = b, of a's lower or upper triangle; op may transpose; b is a vector or columns", .arity = 2,
    .attrs = solve_attrs, .attrs_size = sizeof(triangular), .infer = wg__solve_infer,
    .forward = WG_BOTH(triangular_solve_forward), .lower = solve_lower, .backward = solve_backward,
    WG_SAMPLES(solve_samples),
};

wg_node *wg_triangular_solve(wg_node *a, wg_node *b, bool lower, bool transpose)
{
    return wg_apply(&wg_op_triangular_solve, WG_NODES(a, b), &(triangular){ lower, transpose });
}

#endif
