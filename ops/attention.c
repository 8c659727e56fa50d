/* scaled_dot_product_attention: softmax(scale q k^T + mask) v. Its second result, the logarithm of each query's sum of
 * exponentials, is all that the adjoint keeps of the scores. */
#include <string.h>

#include "ops/attention.h"

static wg_status attention_lower(wg_lowering *l)
{
    wg__attention p = wg__attention_of(l, 3);
    const wg_status status = WG_ISA_SYM(wg__attention_cut)(&p, l, wg_dtype_size(l->in_type[0]));
    memcpy(l->params, &p, sizeof p);
    return status;
}

#define STAGE(name)                                                                                                    \
    {                                                                                                                  \
        .f32 = WG_ISA_SYM(name##_f32), .f64 = WG_ISA_SYM(name##_f64)                                                   \
    }
WG_KERNELS(scaled_dot_product_attention, .forward = STAGE(wg__attend), .lower = attention_lower);

#ifdef WG_BASELINE

static wg_status infer(wg_infer *t)
{
    wg__attention_sizes z;
    wg_status status = wg__attention_infer(t, 3, &z);
    if (status)
        return status;
    t->out[0] = wg__attention_shape(&z, z.queries, &z.values);
    t->out[1] = wg__attention_shape(&z, z.queries, NULL);
    t->out_type[0] = t->out_type[1] = t->in_type[0];
    return WG_OK;
}

/* With cotangents dy of y and dl of the logarithms, ds = p (dy v^T - (sum(y dy) - dl)) are those of the scores. */
static wg_node *backward(const wg_adjoint *a, int slot)
{
    wg_node *dy = a->cotangents[0], *dl = a->cotangents[1];
    wg_node *sums = wg_sum(wg_mul(a->outputs[0], dy), WG_AXES(-1), false);
    if (wg_node_op(dl) != &wg_op_zeros_like)
        sums = wg_sub(sums, dl);
    wg_node *in[] = { a->in[0], a->in[1], a->in[2], dy, a->outputs[1], sums, a->n_in > 3 ? a->in[3] : NULL };
    wg_node *d;
    if (slot == 3) { /* rarely asked for, and as large as the scores: made of them */
        d = wg__attention_by_parts(in, 7, a->attrs).ds;
    } else {
        const wg_nodes operands = { in, a->n_in > 3 ? 7 : 6 };
        const wg_nodes three = wg_node_results(wg_apply(&wg_op_scaled_dot_product_attention_grad, operands, a->attrs));
        d = three.n ? three.at[slot] : NULL;
    }
    if (d && !wg_shape_equal(wg_node_shape(d), wg_node_shape(a->in[slot])))
        d = wg_sum_to_like(d, a->in[slot]);
    return d;
}

static double flops(const wg_call *c)
{
    const wg_shape *k = &c->in_shape[1], *v = &c->in_shape[2];
    return 2 * wg__attention_scores(c) * (double)(k->dim[k->rank - 1] + v->dim[v->rank - 1]);
}

#define DENSE(...) WG_VALUES(-2, 2, __VA_ARGS__)
#define TRUTH(...)                                                                                                     \
    {                                                                                                                  \
        .shape = WG_DIMS(__VA_ARGS__), .lo = 0, .hi = 1, .dtype = WG_BOOL                                              \
    }
static const wg__attention_attrs causal = { true, 0 }, wide = { false, 0.25 }, both = { true, 1 };
static const wg_sample samples[] = {
    { .in = { DENSE(3, 4), DENSE(5, 4), DENSE(5, 2) }, .n = 3 },
    { .in = { DENSE(2, 3, 2), DENSE(2, 4, 2), DENSE(2, 4, 3), DENSE(3, 4) }, .attrs = &wide },
    { .in = { DENSE(3, 2), DENSE(12, 2), DENSE(12, 2), TRUTH(3, 12) } }, /* a query may have no key at all */
    { .in = { DENSE(4, 2), DENSE(4, 2), DENSE(4, 2) }, .n = 3, .attrs = &causal },
    { .in = { DENSE(2, 1, 3, 2), DENSE(2, 2, 2), DENSE(1, 2, 2), DENSE(2, 1, 1, 2) }, .attrs = &both },
    { .in = { DENSE(1, 1), DENSE(131, 1), DENSE(131, 1) }, .n = 3 }, /* more than one block of keys */
};

const wg_op wg_op_scaled_dot_product_attention = {
    WG_OP,
    .name = "scaled_dot_product_attention",
    .doc = "softmax(scale q k^T + mask) v; scale 0: 1 / sqrt(width); causal: query i sees keys 0..i; a bool mask is "
           "true where it attends; second result: log of the sum of exponentials",
    .arity = 4,
    .optional = 1,
    .results = 2,
    .attrs = wg__attention_attr_table,
    .attrs_size = sizeof(wg__attention_attrs),
    .infer = infer,
    .forward = STAGE(wg__attend),
    .lower = attention_lower,
    .backward = backward,
    .flops = flops,
    WG_SAMPLES(samples),
};

wg_node *wg_scaled_dot_product_attention(wg_node *q, wg_node *k, wg_node *v, wg_node *mask, bool causal_too,
                                         double scale)
{
    return wg__apply_some(&wg_op_scaled_dot_product_attention, (wg_node *[]){ q, k, v, mask }, 4,
                          &(wg__attention_attrs){ causal_too, scale });
}

#endif
