/* solve, inv: systems of linear equations, by Gaussian elimination. */
#include "ops/linalg.h"
#include "ops/lu.h"

/* Local scratch: the factored matrix, its swaps, and, behind them, the right-hand side. */
WG_KERNEL(solve_forward,
    const wg__matrices *m = c->params;
    const int64_t n = m->n;
    double *lu = c->local;
    double *swap = lu + n * n;
    double *x = swap + n;
    for (int64_t unit = begin; unit < end; unit++) {
        int64_t a;
        int64_t b;
        wg__matrices_at(m, unit, &a, &b);
        for (int64_t i = 0; i < n * n; i++)
            lu[i] = (double)((const T *)c->in[0])[a * n * n + i];
        for (int64_t i = 0; i < n * m->k; i++)
            x[i] = (double)((const T *)c->in[1])[b * n * m->k + i];
        wg__lu(lu, n, swap);
        if (wg__lu_singular(lu, n) < n)
            return wg_call_fail(c, WG_ERR_RANGE, "matrix %lld is singular", (long long)a);
        wg__lu_solve(lu, swap, n, x, m->k);
        for (int64_t i = 0; i < n * m->k; i++)
            ((T *)c->out)[unit * n * m->k + i] = (T)x[i];
    })

/* Local scratch: the factored matrix and its swaps, and the inverse. */
WG_KERNEL(inv_forward,
    const wg__matrices *m = c->params;
    const int64_t n = m->n;
    double *lu = c->local;
    double *swap = lu + n * n;
    double *x = swap + n;
    for (int64_t unit = begin; unit < end; unit++) {
        for (int64_t i = 0; i < n * n; i++) {
            lu[i] = (double)((const T *)c->in[0])[unit * n * n + i];
            x[i] = i % (n + 1) == 0;
        }
        wg__lu(lu, n, swap);
        if (wg__lu_singular(lu, n) < n)
            return wg_call_fail(c, WG_ERR_RANGE, "matrix %lld is singular", (long long)unit);
        wg__lu_solve(lu, swap, n, x, n);
        for (int64_t i = 0; i < n * n; i++)
            ((T *)c->out)[unit * n * n + i] = (T)x[i];
    })

WG_KERNELS(solve, .forward = WG_BOTH(solve_forward));
WG_KERNELS(inv, .forward = WG_BOTH(inv_forward));

#ifdef WG_BASELINE

static wg_status solve_lower(wg_lowering *l)
{
    return wg__matrices_lower(l, 1);
}

static wg_status inv_lower(wg_lowering *l)
{
    return wg__matrices_lower(l, 2);
}

/* With cotangent c of x: d/db is y = a^-T c, d/da is -y x^T. */
static wg_node *solve_backward(const wg_adjoint *adj, int slot)
{
    wg_node *a = adj->in[0], *b = adj->in[1], *x = adj->output, *c = adj->cotangent;
    const bool vector = wg_node_shape(b).rank == 1;
    if (vector) {
        x = wg_expand_dims(x, WG_AXES(-1));
        c = wg_expand_dims(c, WG_AXES(-1));
    }
    wg_node *y = wg_solve(wg__matrix_transpose(a), c);
    if (slot == 0)
        return wg__down_to(wg_neg(wg_matmul_t(y, false, x, true)), a);
    return wg__down_to(vector ? wg_squeeze(y, WG_AXES(-1)) : y, b);
}

/* -y^T c y^T. */
static wg_node *inv_backward(const wg_adjoint *a, int slot)
{
    wg_node *y = a->output;
    (void)slot;
    return wg_neg(wg_matmul_t(wg_matmul_t(y, true, a->cotangent, false), false, y, true));
}

#define VALUES(...) WG_VALUES(-1, 1, __VA_ARGS__)
static const wg_sample solve_samples[] = {
    { .in = { VALUES(3, 3), VALUES(3, 2) }, .diagonal = 4 },
    { .in = { VALUES(3, 3), WG_VALUES(-0.5, 0.5, 3, 3) }, .diagonal = -4 }, /* never both slots of one node: x = 1 */
    { .in = { VALUES(4, 4), VALUES(4) }, .diagonal = 5 },
    { .in = { VALUES(2, 2, 2), VALUES(2, 2, 3) }, .diagonal = 3 },
    { .in = { VALUES(2, 1, 2, 2), VALUES(3, 2, 1) }, .diagonal = 3 }, /* batches broadcast */
    { .in = { VALUES(2, 2, 2), VALUES(2) }, .diagonal = 3 },
    { .in = { WG_VALUES(1, 3, 1, 1), VALUES(1, 1) } },
};
static const wg_sample inv_samples[] = {
    { .in = { VALUES(3, 3) }, .diagonal = 4 },
    { .in = { VALUES(2, 2, 2) }, .diagonal = -3 },
    { .in = { WG_VALUES(1, 3, 1, 1) } },
};

const wg_op wg_op_solve = {
    WG_OP, .name = "solve", .doc = "x with a x = b; b is a vector or columns; the run fails where a is singular",
    .arity = 2, .flags = WG_CAN_FAIL, .infer = wg__solve_infer, .forward = WG_BOTH(solve_forward),
    .lower = solve_lower, .backward = solve_backward, WG_SAMPLES(solve_samples),
};

const wg_op wg_op_inv = {
    WG_OP, .name = "inv", .doc = "the inverse; the run fails where a is singular", .arity = 1, .flags = WG_CAN_FAIL,
    .infer = wg__square_infer, .forward = WG_BOTH(inv_forward), .lower = inv_lower, .backward = inv_backward,
    WG_SAMPLES(inv_samples),
};

wg_node *wg_solve(wg_node *a, wg_node *b)
{
    return wg_apply(&wg_op_solve, WG_NODES(a, b), NULL);
}

wg_node *wg_inv(wg_node *a)
{
    return wg_apply(&wg_op_inv, WG_NODES(a), NULL);
}

#endif
