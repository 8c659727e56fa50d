/* det, logdet: determinants, and the logarithm of their magnitude, which neither overflows nor vanishes. */
#include "ops/linalg.h"
#include "ops/lu.h"

#define DETERMINANT(name, START, FACTOR)                                                                               \
    WG_KERNEL(                                                                                                         \
        name##_forward, const wg__matrices *m = c->params; const int64_t n = m->n; double *lu = c->local;              \
        for (int64_t unit = begin; unit < end; unit++) {                                                               \
            for (int64_t i = 0; i < n * n; i++)                                                                        \
                lu[i] = (double)((const T *)c->in[0])[unit * n * n + i];                                               \
            const int sign = wg__lu(lu, n, lu + n * n);                                                                \
            double result = START;                                                                                     \
            for (int64_t i = 0; i < n; i++)                                                                            \
                result FACTOR(lu[i * n + i]);                                                                          \
            ((T *)c->out)[unit] = (T)result;                                                                           \
            (void)sign;                                                                                                \
        })
#define TIMES(u) *= (u)
#define PLUS_LOG(u) += log(fabs(u))
DETERMINANT(det, sign, TIMES)
DETERMINANT(logdet, 0, PLUS_LOG)

WG_KERNELS(det, .forward = WG_BOTH(det_forward));
WG_KERNELS(logdet, .forward = WG_BOTH(logdet_forward));

#ifdef WG_BASELINE

static wg_status infer(wg_infer *t)
{
    wg_status status = wg__square_infer(t);
    if (!status)
        t->out[0].rank -= 2;
    return status;
}

static wg_status lower(wg_lowering *l)
{
    return wg__matrices_lower(l, 1);
}

/* c a^-T. */
static wg_node *logdet_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_mul(wg__as_matrices(a->cotangent), wg__matrix_transpose(wg_inv(a->in[0])));
}

/* c det(a) a^-T. */
static wg_node *det_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    wg_node *c = wg_mul(a->cotangent, a->output);
    return wg_mul(wg__as_matrices(c), wg__matrix_transpose(wg_inv(a->in[0])));
}

/* Matrices of one element are left out for det: its second derivative, 0, is the difference of two equal terms. */
static const wg_sample samples[] = {
    { .in = { WG_VALUES(-1, 1, 3, 3) }, .diagonal = 4 },
    { .in = { WG_VALUES(-1, 1, 2, 2, 2) }, .diagonal = -3 },
    { .in = { WG_VALUES(-1, 1, 3, 3) }, .diagonal = -4 }, /* a negative determinant */
    { .in = { WG_VALUES(1, 3, 1, 1) } },
};

const wg_op wg_op_det = {
    WG_OP, .name = "det", .doc = "the determinant; its gradient fails where that is 0", .arity = 1, .infer = infer,
    .forward = WG_BOTH(det_forward), .lower = lower, .backward = det_backward,
    .samples = samples, .n_samples = WG_COUNT(samples) - 1,
};

const wg_op wg_op_logdet = {
    WG_OP, .name = "logdet", .doc = "log of the determinant's magnitude, -inf where it is 0; there the gradient fails",
    .arity = 1, .infer = infer, .forward = WG_BOTH(logdet_forward), .lower = lower, .backward = logdet_backward,
    WG_SAMPLES(samples),
};

wg_node *wg_det(wg_node *a)
{
    return wg_apply(&wg_op_det, WG_NODES(a), NULL);
}

wg_node *wg_logdet(wg_node *a)
{
    return wg_apply(&wg_op_logdet, WG_NODES(a), NULL);
}

#endif
