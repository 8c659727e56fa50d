#include <math.h>

#include "ops/attention.h"
#include "tensor/shape.h"

const wg_attr wg__attention_attr_table[] = {
    { "causal", WG_ATTR_BOOL, offsetof(wg__attention_attrs, causal), "false", NULL },
    { "scale", WG_ATTR_F64, offsetof(wg__attention_attrs, scale), "0", NULL },
    { 0 },
};

static wg_status check_types(wg_infer *t, int mask_slot)
{
    const wg_dtype type = t->in_type[0];
    for (int s = 0; s < t->n_in; s++) {
        if (s == mask_slot && t->in_type[s] == WG_BOOL)
            continue;
        if (t->in_type[s] != type || !wg__is_float(type))
            return wg_infer_fail(
                t, WG_ERR_DTYPE,
                "takes f32 or f64, the same for all, and a mask of that type or bool; operand %d is %s", s,
                wg_dtype_name(t->in_type[s]));
    }
    return WG_OK;
}

/* Size `from_end` of operand s agrees with *size. */
static wg_status agree(wg_infer *t, int s, int from_end, int64_t *size, const char *what)
{
    const wg_shape *x = &t->in[s];
    const int64_t own = x->dim[x->rank - from_end];
    if (wg_dim_unify(*size, own, size))
        return WG_OK;
    char text[128];
    return wg_infer_fail(t, WG_ERR_SHAPE, "the number of %s differs: operand %d is %s", what, s,
                         wg_shape_text(*x, text, sizeof text));
}

/* The mask's last two axes: sizes of the scores, or 1, or missing. */
static wg_status check_mask(wg_infer *t, int s, const wg__attention_sizes *z)
{
    const wg_shape *x = &t->in[s];
    int64_t keys = z->keys, queries = z->queries;
    wg_status status = WG_OK;
    if (x->rank > 0 && x->dim[x->rank - 1] != 1)
        status = agree(t, s, 1, &keys, "keys");
    if (!status && x->rank > 1 && x->dim[x->rank - 2] != 1)
        status = agree(t, s, 2, &queries, "queries");
    return status;
}

wg_status wg__attention_infer(wg_infer *t, int mask_slot, wg__attention_sizes *z)
{
    const double scale = ((const wg__attention_attrs *)t->attrs)->scale;
    const bool masked = mask_slot < t->n_in;
    wg_status status = check_types(t, mask_slot);
    if (!status && !isfinite(scale))
        status = wg_infer_fail(t, WG_ERR_ARG, "scale must be a finite number, got %g", scale);
    for (int s = 0; s < 3 && !status; s++)
        if (t->in[s].rank < 2)
            status = wg_infer_fail(t, WG_ERR_SHAPE, "operand %d must be (.., T, D), but has %d axes", s, t->in[s].rank);
    if (status)
        return status;
    *z = (wg__attention_sizes){ .queries = t->in[0].dim[t->in[0].rank - 2],
                                .width = t->in[0].dim[t->in[0].rank - 1],
                                .keys = t->in[1].dim[t->in[1].rank - 2],
                                .values = t->in[2].dim[t->in[2].rank - 1] };
    status = agree(t, 1, 1, &z->width, "features of queries and keys");
    if (!status)
        status = agree(t, 2, 2, &z->keys, "keys and values");
    if (!status && masked)
        status = check_mask(t, mask_slot, z);
    if (status)
        return status;

    wg_shape batch[4] = { t->in[0], t->in[1], t->in[2] };
    if (masked)
        batch[3] = t->in[mask_slot];
    for (int i = 0; i < 4; i++)
        batch[i].rank = batch[i].rank > 2 ? batch[i].rank - 2 : 0;
    wg_infer of_batch = *t;
    of_batch.in = batch;
    of_batch.n_in = masked ? 4 : 3;
    return wg_infer_broadcast(&of_batch, &z->batch);
}

wg_shape wg__attention_shape(const wg__attention_sizes *z, int64_t first, const int64_t *second)
{
    wg_shape s = z->batch;
    s.dim[s.rank++] = first;
    if (second)
        s.dim[s.rank++] = *second;
    return s;
}

wg__attention wg__attention_of(const wg_lowering *l, int mask_slot)
{
    const wg__attention_attrs *at = l->attrs;
    const wg_shape *q = &l->in_shape[0], *k = &l->in_shape[1], *v = &l->in_shape[2], *out = &l->out_shape[0];
    wg__attention p = { .batch = 1,
                        .queries = q->dim[q->rank - 2],
                        .width = q->dim[q->rank - 1],
                        .keys = k->dim[k->rank - 2],
                        .values = v->dim[v->rank - 1],
                        .scale = at->scale,
                        .mask_slot = mask_slot,
                        .causal = at->causal };
    if (p.scale == 0)
        p.scale = p.width ? 1 / sqrt((double)p.width) : 1;
    for (int i = 0; i + 2 < out->rank; i++)
        p.batch *= out->dim[i];
    if (mask_slot < l->n_in) {
        const wg_shape *m = &l->in_shape[mask_slot];
        const int64_t keys = m->rank > 0 ? m->dim[m->rank - 1] : 1, queries = m->rank > 1 ? m->dim[m->rank - 2] : 1;
        p.mask = l->in_type[mask_slot] == WG_BOOL ? WG__MASK_BOOL : WG__MASK_ADD;
        p.mask_key = keys == 1 ? 0 : 1;
        p.mask_query = queries == 1 ? 0 : keys;
    }
    return p;
}

wg_node *wg__attention_scale(wg_node *x, wg_node *q, const wg__attention_attrs *at)
{
    wg_node *one = wg_const(wg_node_graph(q), 1); /* a width of 0 is taken for that */
    return at->scale != 0 ? wg_scale(x, at->scale) : wg_mul(x, wg_rsqrt(wg_maximum(wg__size(q, WG_AXES(-1)), one)));
}

wg__attention_parts wg__attention_by_parts(wg_node *const *in, int n, const wg__attention_attrs *at)
{
    wg_node *s = wg__attention_scale(wg_matmul_t(in[0], false, in[1], true), in[0], at);
    wg_node *never = wg_const(wg_node_graph(in[0]), -INFINITY);
    if (n > 6)
        s = wg_node_dtype(in[6]) == WG_BOOL ? wg_where(in[6], s, never) : wg_add(s, in[6]);
    if (at->causal)
        s = wg_where(wg_cast(wg_tril(wg_ones_like(s), 0), WG_BOOL), s, never);
    wg_node *p = wg_exp(wg_sub(s, wg_expand_dims(in[4], WG_AXES(-1))));
    wg_node *dp = wg_matmul_t(in[3], false, in[2], true);
    return (wg__attention_parts){ p, wg_mul(p, wg_sub(dp, wg_expand_dims(in[5], WG_AXES(-1)))) };
}

double wg__attention_scores(const wg_call *c)
{
    const wg__attention_attrs *at = c->attrs;
    const wg_shape *q = &c->in_shape[0], *k = &c->in_shape[1], *y = &c->out_shape;
    double queries = (double)q->dim[q->rank - 2], keys = (double)k->dim[k->rank - 2], batch = 1;
    for (int i = 0; i < y->rank - 2; i++)
        batch *= (double)y->dim[i];
    /* Query i sees keys 0 .. i. */
    double seen = !at->causal       ? queries * keys
                  : queries <= keys ? queries * (queries + 1) / 2
                                    : keys * (keys + 1) / 2 + (queries - keys) * keys;
    return batch * seen;
}
