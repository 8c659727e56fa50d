/* scaled_dot_product_attention_grad: the cotangents of q, k and v, of the broadcast batch. From the logarithms that were
 * kept the scores are computed again, block by block. It has no adjoint: differentiated, it is its decomposition. */
#include <string.h>

#include "ops/attention.h"

static wg_status grad_lower(wg_lowering *l)
{
    wg__attention p = wg__attention_of(l, 6);
    const wg_status status = WG_ISA_SYM(wg__attention_cut_back)(&p, l, wg_dtype_size(l->in_type[0]));
    memcpy(l->params, &p, sizeof p);
    return status;
}

#define STAGE(name)                                                                                                    \
    {                                                                                                                  \
        .f32 = WG_ISA_SYM(name##_f32), .f64 = WG_ISA_SYM(name##_f64)                                                   \
    }
WG_KERNELS(scaled_dot_product_attention_grad, .forward = STAGE(wg__attend_back), .stage[0] = STAGE(wg__attend_combine),
           .lower = grad_lower);

#ifdef WG_BASELINE

static wg_status infer(wg_infer *t)
{
    wg__attention_sizes z;
    wg_status status = wg__attention_infer(t, 6, &z);
    if (status)
        return status;
    const wg_shape rows = wg__attention_shape(&z, z.queries, NULL);
    const wg_shape expected[] = { wg__attention_shape(&z, z.queries, &z.values), rows, rows };
    for (int s = 3; s < 6; s++) {
        bool fits = t->in[s].rank == expected[s - 3].rank;
        for (int i = 0; fits && i < t->in[s].rank; i++) {
            int64_t size;
            fits = wg_dim_unify(t->in[s].dim[i], expected[s - 3].dim[i], &size);
        }
        char a[96], b[96];
        if (!fits)
            return wg_infer_fail(t, WG_ERR_SHAPE, "operand %d must be %s, but is %s", s,
                                 wg_shape_text(expected[s - 3], a, sizeof a), wg_shape_text(t->in[s], b, sizeof b));
    }
    t->out[0] = wg__attention_shape(&z, z.queries, &z.width);
    t->out[1] = wg__attention_shape(&z, z.keys, &z.width);
    t->out[2] = wg__attention_shape(&z, z.keys, &z.values);
    for (int r = 0; r < 3; r++)
        t->out_type[r] = t->in_type[0];
    return WG_OK;
}

static wg_node *decompose(const wg_adjoint *a)
{
    const wg__attention_parts parts = wg__attention_by_parts(a->in, a->n_in, a->attrs);
    if (a->output == a->outputs[0])
        return wg__attention_scale(wg_matmul(parts.ds, a->in[1]), a->in[0], a->attrs);
    if (a->output == a->outputs[1])
        return wg__attention_scale(wg_matmul_t(parts.ds, true, a->in[0], false), a->in[0], a->attrs);
    return wg_matmul_t(parts.p, true, a->in[3], false);
}

/* Five products: the scores once more, dy v^T, and one for each result. */
static double flops(const wg_call *c)
{
    const wg_shape *k = &c->in_shape[1], *v = &c->in_shape[2];
    return 2 * wg__attention_scores(c) * (double)(3 * k->dim[k->rank - 1] + 2 * v->dim[v->rank - 1]);
}

#define DENSE(...) WG_VALUES(-2, 2, __VA_ARGS__)
#define LOGS(...) WG_VALUES(1, 3, __VA_ARGS__)
#define TRUTH(...)                                                                                                     \
    {                                                                                                                  \
        .shape = WG_DIMS(__VA_ARGS__), .lo = 0, .hi = 1, .dtype = WG_BOOL                                              \
    }
static const wg__attention_attrs causal = { true, 0 }, wide = { false, 0.25 };
static const wg_sample samples[] = {
    { .in = { DENSE(3, 4), DENSE(5, 4), DENSE(5, 2), DENSE(3, 2), LOGS(3), DENSE(3) }, .n = 6 },
    { .in = { DENSE(2, 2), DENSE(3, 2), DENSE(3, 1), DENSE(2, 1), LOGS(2), DENSE(2), DENSE(2, 3) }, .attrs = &wide },
    { .in = { DENSE(2, 2), DENSE(3, 2), DENSE(3, 1), DENSE(2, 1), LOGS(2), DENSE(2), TRUTH(2, 3) } },
    { .in = { DENSE(2, 3, 2), DENSE(3, 2), DENSE(1, 3, 2), DENSE(2, 3, 2), LOGS(2, 3), DENSE(2, 3) },
      .n = 6,
      .attrs = &causal },
    { .in = { DENSE(1, 1), DENSE(131, 1), DENSE(131, 1), DENSE(1, 1), LOGS(1), DENSE(1) }, .n = 6 },
};

const wg_op wg_op_scaled_dot_product_attention_grad = {
    WG_OP,
    .name = "scaled_dot_product_attention_grad",
    .doc = "from q, k, v, dy, logs, sums [mask]: p = exp(scale q k^T + mask - logs), ds = scale p (dy v^T - sums); "
           "results ds k, ds^T q, p^T dy",
    .arity = 7,
    .optional = 1,
    .results = 3,
    .flags = WG_GRADIENT_OF_OTHERS,
    .attrs = wg__attention_attr_table,
    .attrs_size = sizeof(wg__attention_attrs),
    .infer = infer,
    .forward = STAGE(wg__attend_back),
    .stage = { STAGE(wg__attend_combine) },
    .lower = grad_lower,
    .decompose = decompose,
    .flops = flops,
    WG_SAMPLES(samples),
};

#endif
