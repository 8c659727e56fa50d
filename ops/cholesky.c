/* cholesky: the lower triangle l with l l^T = (a + a^T) / 2. Of the symmetric part, so that the gradient is symmetric, as
 * PyTorch's is, and holds for a matrix whose entries move one by one. */
#include "ops/linalg.h"

/* By rows: Golub and Van Loan, Matrix Computations, 4th ed., section 4.2. Local scratch: l. */
WG_KERNEL(cholesky_forward,
    const int64_t n = ((const wg__matrices *)c->params)->n;
    double *l = c->local;
    for (int64_t unit = begin; unit < end; unit++) {
        const T *a = (const T *)c->in[0] + unit * n * n;
        T *out = (T *)c->out + unit * n * n;
        for (int64_t i = 0; i < n; i++) {
            for (int64_t j = 0; j <= i; j++) {
                double rest = 0.5 * ((double)a[i * n + j] + (double)a[j * n + i]);
                double dot = 0;
                WG_SIMD_SUM(dot)
                for (int64_t k = 0; k < j; k++)
                    dot += l[i * n + k] * l[j * n + k];
                rest -= dot;
                if (i == j && !(rest > 0))
                    return wg_call_fail(c, WG_ERR_RANGE, "matrix %lld is not positive definite", (long long)unit);
                l[i * n + j] = i == j ? sqrt(rest) : rest / l[j * n + j];
                out[i * n + j] = (T)l[i * n + j];
            }
            for (int64_t j = i + 1; j < n; j++)
                out[i * n + j] = 0;
        }
    })

WG_KERNELS(cholesky, .forward = WG_BOTH(cholesky_forward));

#ifdef WG_BASELINE

static wg_status lower(wg_lowering *l)
{
    return wg__matrices_lower(l, 1);
}

/* The symmetric part of l^-T phi(l^T c) l^-1, where phi keeps the lower triangle and halves the diagonal: Murray 2016,
 * Differentiation of the Cholesky decomposition. */
static wg_node *backward(const wg_adjoint *a, int slot)
{
    wg_node *l = a->output;
    (void)slot;
    wg_node *product = wg_matmul_t(l, true, a->cotangent, false);
    wg_node *phi = wg_scale(wg_add(wg_tril(product, 0), wg_tril(product, -1)), 0.5);
    wg_node *left = wg_triangular_solve(l, phi, true, true);
    wg_node *both = wg_triangular_solve(l, wg__matrix_transpose(left), true, true); /* the transpose of what is wanted */
    return wg_scale(wg_add(both, wg__matrix_transpose(both)), 0.5);
}

static const wg_sample samples[] = {
    { .in = { WG_VALUES(-1, 1, 3, 3) }, .diagonal = 4 },
    { .in = { WG_VALUES(-1, 1, 2, 2, 2) }, .diagonal = 3 },
    { .in = { WG_VALUES(1, 3, 1, 1) } },
};

const wg_op wg_op_cholesky = {
    WG_OP, .name = "cholesky",
    .doc = "lower triangle l with l l^T = (a + a^T) / 2; the run fails where that is not positive definite", .arity = 1,
    .flags = WG_CAN_FAIL, .infer = wg__square_infer, .forward = WG_BOTH(cholesky_forward), .lower = lower,
    .backward = backward, WG_SAMPLES(samples),
};

wg_node *wg_cholesky(wg_node *a)
{
    return wg_apply(&wg_op_cholesky, WG_NODES(a), NULL);
}

#endif
