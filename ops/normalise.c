#include "ops/normalise.h"

#include "ops/elementwise.h"
#include "tensor/shape.h"

wg_status wg__normalise_infer(wg_infer *t, const bool on[WG_MAX_RANK], double eps, const char *what)
{
    const wg_shape *x = &t->in[0];
    wg_status status = wg__infer_types(t, false);
    if (!status && !(eps >= 0))
        status = wg_infer_fail(t, WG_ERR_ARG, "eps must be at least 0, got %g", eps);
    t->out[0] = *x;
    wg_shape along = { .rank = 0 };
    for (int i = 0; i < x->rank; i++)
        if (on[i])
            along.dim[along.rank++] = x->dim[i];
    for (int s = 1; s < t->n_in && !status; s++) {
        bool fits = t->in[s].rank == along.rank;
        for (int i = 0; fits && i < along.rank; i++) {
            int64_t size;
            fits = wg_dim_unify(along.dim[i], t->in[s].dim[i], &size);
        }
        char a[96], b[96];
        if (!fits)
            status = wg_infer_fail(t, WG_ERR_SHAPE, "operand %d must have the shape of %s, %s, got %s", s, what,
                                   wg_shape_text(along, a, sizeof a), wg_shape_text(t->in[s], b, sizeof b));
    }
    return status;
}

wg_node *wg__lay_along(wg_node *v, int rank, const bool on[WG_MAX_RANK])
{
    wg_axes missing = { .n = 0 };
    int first = 0; /* axes before the first one marked need not be there */
    while (first < rank && !on[first])
        first++;
    for (int i = first; i < rank; i++)
        if (!on[i])
            missing.at[missing.n++] = i - first;
    return missing.n ? wg_expand_dims(v, missing) : v;
}

/* How many axes, where they are the last ones; else 0. */
static int trailing(wg_axes axes, int rank)
{
    if (axes.n < 0)
        return rank;
    for (int i = 0; i < axes.n; i++)
        if (wg_axis_of(axes.at[i], rank) < rank - axes.n)
            return 0;
    return axes.n;
}

wg_node *wg__standardise(wg_node *x, wg_axes axes, double eps)
{
    const int last = trailing(axes, wg_node_shape(x).rank);
    if (last > 0)
        return wg__standardise_last(x, last, eps);
    wg_node *mean = wg_mean(x, axes, true), *var = wg_var(x, axes, true, 0);
    return wg_mul(wg_sub(x, mean), wg_rsqrt(wg_shift(var, eps)));
}

wg_node *wg__scale_offset(wg_node *y, wg_node *const *in, int n, const bool on[WG_MAX_RANK])
{
    const int rank = wg_node_shape(y).rank;
    if (n > 1)
        y = wg_mul(y, wg__lay_along(in[1], rank, on));
    return n > 2 ? wg_add(y, wg__lay_along(in[2], rank, on)) : y;
}
