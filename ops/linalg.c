#include "ops/linalg.h"

#include "base/checked.h"
#include "base/error.h"
#include "tensor/shape.h"

wg_status wg__square_infer(wg_infer *t)
{
    const wg_shape *a = &t->in[0];
    char text[96];
    wg_status status = wg__infer_types(t, false);
    if (status)
        return status;
    t->out[0] = *a;
    if (a->rank < 2 || !wg_dim_unify(a->dim[a->rank - 2], a->dim[a->rank - 1], &t->out[0].dim[a->rank - 1]))
        return wg_infer_fail(t, WG_ERR_SHAPE, "takes square matrices, got %s", wg_shape_text(*a, text, sizeof text));
    t->out[0].dim[a->rank - 2] = t->out[0].dim[a->rank - 1];
    return WG_OK;
}

wg_status wg__solve_infer(wg_infer *t)
{
    wg_status status = wg__square_infer(t);
    const wg_shape *a = &t->in[0], *b = &t->in[1];
    if (status)
        return status;
    const int columns = b->rank > 1; /* or a vector */
    int64_t n;
    if (b->rank < 1 || !wg_dim_unify(t->out[0].dim[a->rank - 1], b->dim[b->rank - 1 - columns], &n)) {
        char left[96], right[96];
        return wg_infer_fail(t, WG_ERR_SHAPE, "%s is no right-hand side for %s", wg_shape_text(*b, right, sizeof right),
                             wg_shape_text(*a, left, sizeof left));
    }
    wg_shape batch[2] = { *a, *b };
    batch[0].rank -= 2;
    batch[1].rank -= 1 + columns;
    wg_infer of_batch = *t;
    of_batch.in = batch;
    if ((status = wg_infer_broadcast(&of_batch, &t->out[0])))
        return status;
    t->out[0].dim[t->out[0].rank++] = n;
    if (columns)
        t->out[0].dim[t->out[0].rank++] = b->dim[b->rank - 1];
    return WG_OK;
}

/* The steps, in matrices, by which an operand follows the result's batch. */
static void batch_steps(const wg_shape *s, int own_rank, const wg__matrices *m, int64_t *step)
{
    int64_t count = 1;
    for (int64_t i = m->rank - 1; i >= 0; i--) {
        const int64_t own = i - (m->rank - own_rank), size = own < 0 ? 1 : s->dim[own];
        step[i] = size == 1 ? 0 : count;
        count *= size;
    }
}

wg_status wg__matrices_lower(wg_lowering *l, size_t local_per_entry)
{
    _Static_assert(sizeof(wg__matrices) <= WG_PARAMS_MAX, "fits");
    wg__matrices *m = (wg__matrices *)(void *)l->params;
    const wg_shape *a = &l->in_shape[0], *b = l->n_in > 1 ? &l->in_shape[1] : NULL;
    const int rank_a = a->rank - 2, rank_b = b && b->rank > 2 ? b->rank - 2 : 0;
    *m = (wg__matrices){ .n = a->dim[rank_a], .k = b && b->rank > 1 ? b->dim[b->rank - 1] : 1, .count = 1 };
    m->rank = rank_a > rank_b ? rank_a : rank_b;
    const wg_shape *longer = rank_a >= rank_b ? a : b;
    for (int i = 0; i < m->rank; i++)
        m->count *= m->dim[i] = b ? l->out_shape->dim[i] : longer->dim[i];
    batch_steps(a, rank_a, m, m->step_a);
    if (b)
        batch_steps(b, rank_b, m, m->step_b);

    const size_t n = (size_t)m->n, k = b ? (size_t)m->k : 0;
    size_t entries, right, doubles;
    if (!wg__mul_size(n, n + 1, &entries) || !wg__mul_size(entries, local_per_entry, &entries) ||
        !wg__mul_size(n, k, &right) || !wg__add_size(entries, right, &doubles) ||
        !wg__mul_size(doubles, sizeof(double), &l->stage[0].local))
        return wg__fail(WG_ERR_NOMEM, "a factored matrix needs more bytes than there are");
    const double flops = (double)m->n * (double)m->n * ((double)m->n + (double)m->k);
    l->n_stages = 1;
    l->stage[0].kernel = 0;
    l->stage[0].extent = m->count;
    l->stage[0].grain = flops < 4096 ? 1 + (int64_t)(4096 / (1 + flops)) : 1;
    l->stage[0].cost = 20 + flops;
    return WG_OK;
}

wg_node *wg__matrix_transpose(wg_node *x)
{
    wg_axes perm = { .n = wg_node_shape(x).rank };
    for (int i = 0; i < perm.n; i++)
        perm.at[i] = i < perm.n - 2 ? i : 2 * perm.n - 3 - i;
    return wg_permute(x, perm);
}

wg_node *wg__as_matrices(wg_node *scalars)
{
    return wg_expand_dims(scalars, WG_AXES(-2, -1));
}

wg_node *wg__down_to(wg_node *x, wg_node *like)
{
    return x && !wg_shape_equal(wg_node_shape(x), wg_node_shape(like)) ? wg_sum_to_like(x, like) : x;
}
