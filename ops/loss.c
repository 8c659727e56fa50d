/* Shapes and lowering of losses. */
#include "ops/loss.h"
#include "tensor/shape.h"

const wg_attr wg__loss_attr_table[] = { WG_LOSS_REDUCTION, { 0 } };

wg_status wg__loss_infer(wg_infer *t)
{
    wg_status status = wg__infer_types(t, false);
    if (status)
        return status;
    wg_shape shape = t->in[0];
    bool fits = shape.rank == t->in[1].rank;
    for (int i = 0; fits && i < shape.rank; i++)
        fits = wg_dim_unify(shape.dim[i], t->in[1].dim[i], &shape.dim[i]);
    if (!fits) {
        char a[96], b[96];
        return wg_infer_fail(t, WG_ERR_SHAPE, "%s against %s: a loss does not broadcast",
                             wg_shape_text(t->in[0], a, sizeof a), wg_shape_text(t->in[1], b, sizeof b));
    }
    int reduction = ((const wg__loss_attrs *)t->attrs)->reduction;
    if (reduction == WG_BATCHMEAN && shape.rank == 0)
        return wg_infer_fail(t, WG_ERR_SHAPE, "batchmean divides by the size of axis 0, and scalars have no axes");
    bool none = reduction == WG_NONE;
    t->out[0] = none ? shape : (wg_shape){ { 0 }, 0 };
    return WG_OK;
}

static double divisor(int reduction, const wg_shape *shape)
{
    return reduction == WG_MEAN        ? (double)wg_shape_count(*shape)
           : reduction == WG_BATCHMEAN ? (double)shape->dim[0]
                                       : 1;
}

wg_status wg__loss_lower(wg_lowering *l)
{
    const double cost = 3; /* a pair's, in nanoseconds */
    const int reduction = ((const wg__loss_attrs *)l->attrs)->reduction;
    wg__loss *at = (wg__loss *)(void *)l->params;
    at->n = wg_shape_count(l->in_shape[0]);
    at->blocks = at->n <= WG__LOSS_BLOCK ? 1 : (at->n + WG__LOSS_BLOCK - 1) / WG__LOSS_BLOCK;
    at->divisor = divisor(reduction, &l->in_shape[0]);
    l->n_stages = 1;
    if (reduction == WG_NONE) {
        l->stage[0] = (wg_stage){ .kernel = 2, .extent = at->n, .grain = WG__LOSS_BLOCK, .cost = cost };
        return WG_OK;
    }
    double elements = (double)(at->n < WG__LOSS_BLOCK ? at->n : WG__LOSS_BLOCK);
    l->stage[0] = (wg_stage){ .kernel = 0, .extent = at->blocks, .grain = 1, .cost = 5 + cost * elements };
    if (at->blocks > 1) {
        l->n_stages = 2;
        l->stage[1] = (wg_stage){ .kernel = 1, .extent = 1, .grain = 1, .cost = (double)at->blocks };
        l->scratch = (size_t)at->blocks * sizeof(double);
    }
    return WG_OK;
}

wg_node *wg__loss_share(const wg_adjoint *a)
{
    int reduction = ((const wg__loss_attrs *)a->attrs)->reduction;
    if (reduction != WG_MEAN && reduction != WG_BATCHMEAN)
        return a->cotangent;
    wg_axes axes = reduction == WG_MEAN ? WG_ALL_AXES : (wg_axes){ { 0 }, 1 };
    return wg_div(a->cotangent, wg__size(a->in[0], axes));
}

wg_node *wg__loss_apply(const wg_op *op, wg_node *x, wg_node *y, wg_reduction reduction)
{
    return wg_apply(op, WG_NODES(x, y), &(wg__loss_attrs){ (int)reduction });
}

wg_status wg__label_fail(const wg_call *c, const void *y, int64_t begin, int64_t end)
{
    for (int64_t i = begin; i < end; i++) {
        double label = wg__load(y, c->in_type[1], i);
        if (!(label >= 0 && label <= 1))
            return wg_call_fail(c, WG_ERR_RANGE, "label %g at %lld is outside 0..1", label, (long long)i);
    }
    return WG_OK;
}
