/* What mutants do to a tensor: masks, permutations, reversals. */
#include "verify/mutation/mutant_nodes.h"

#include "plan/copy.h"
#include <wengert/ops.h>

enum { ELEMENTS_MAX = 4096 }; /* of a reversal, whose matrix is the square of that: samples are small */

double wg__mutant_ratio(const wg_node *a, const wg_node *b)
{
    return (double)wg_shape_count(a->shape) / (double)wg_shape_count(b->shape);
}

/* A constant of ones, its memory left open for changes. *value: the elements. */
static wg_node *ones(wg_graph *g, wg_dtype type, wg_shape shape, void **value)
{
    int64_t n = wg_shape_count(shape);
    size_t bytes = (size_t)n * wg_dtype_size(type);
    if (n < 1 || n > ELEMENTS_MAX)
        return NULL;
    if (!(*value = wg__arena_alloc(&g->arena, bytes)))
        return wg__graph_fail_again(g);
    wg_node *c = wg_constant(g, NULL, wg_view_of(*value, type, shape));
    if (!c)
        return NULL;
    *value = (void *)c->operation->value;
    for (int64_t i = 0; i < n; i++)
        wg__store(*value, type, i, 1);
    return c;
}

/* x times a mask, of which one element is not 1. */
static wg_node *masked(wg_node *x, int64_t at, double value)
{
    void *mask;
    wg_node *c = ones(x->operation->graph, x->dtype, x->shape, &mask);
    if (!c)
        return NULL;
    wg__store(mask, x->dtype, at, value);
    return wg_mul(x, c);
}

wg_node *wg__mutant_element(wg_node *x, double factor) { return masked(x, wg_shape_count(x->shape) / 2, factor); }

wg_node *wg__mutant_element_off(wg_node *x, wg_node *v, double by)
{
    void *mask;
    int64_t n = wg_shape_count(x->shape);
    wg_node *c = ones(x->operation->graph, x->dtype, x->shape, &mask);
    for (int64_t i = 0; c && i < n; i++)
        wg__store(mask, x->dtype, i, i == n / 2 ? by : 0);
    if (!c)
        return NULL;
    wg_node *sum = wg_sum(v, WG_ALL_AXES, false);
    return wg_add(x, wg_mul(v->dtype == x->dtype ? sum : wg_cast(sum, x->dtype), c));
}

wg_node *wg__mutant_without_last(wg_node *x) { return masked(x, wg_shape_count(x->shape) - 1, 0); }

wg_node *wg__mutant_first_only(wg_node *x, const wg_node *like)
{
    void *mask;
    wg_node *c = ones(x->operation->graph, x->dtype, x->shape, &mask);
    int64_t n = wg_shape_count(x->shape);
    for (int64_t i = 0; c && i < n; i++) {
        int64_t rest = i;
        bool first = true;
        for (int axis = x->shape.rank - 1; axis >= 0; axis--) {
            int in_like = axis - (x->shape.rank - like->shape.rank);
            bool summed = in_like < 0 || like->shape.dim[in_like] == 1;
            first = first && (!summed || rest % x->shape.dim[axis] == 0);
            rest /= x->shape.dim[axis];
        }
        wg__store(mask, x->dtype, i, first);
    }
    return c ? wg_mul(x, c) : NULL;
}

/* The order of axes with a and b swapped. */
static wg_axes swapped(int rank, int a, int b)
{
    wg_axes order = { .n = rank };
    for (int i = 0; i < rank; i++)
        order.at[i] = i == a ? b : i == b ? a : i;
    return order;
}

/* (n) back to front: a product with the matrix that has ones from corner to corner. */
static wg_node *reversed(wg_node *x, int64_t n)
{
    void *value;
    wg_node *matrix = ones(x->operation->graph, x->dtype, WG_SHAPE(n, n), &value);
    for (int64_t i = 0; matrix && i < n * n; i++)
        wg__store(value, x->dtype, i, i / n + i % n == n - 1);
    return matrix ? wg_reshape_like(wg_matmul(matrix, wg_reshape(x, WG_SHAPE(n, 1))), x) : NULL;
}

wg_node *wg__mutant_transposed(wg_node *x)
{
    int64_t n = wg_shape_count(x->shape);
    if (n < 2)
        return NULL;
    for (int a = 0; a < x->shape.rank; a++)
        for (int b = a + 1; b < x->shape.rank; b++)
            if (x->shape.dim[a] == x->shape.dim[b] && x->shape.dim[a] > 1)
                return wg_permute(x, swapped(x->shape.rank, a, b));
    return reversed(x, n);
}

/* Swaps an axis that is summed over with an equal one that is kept. */
static bool swap_one(wg_shape shape, const bool summed[WG_MAX_RANK], wg_axes *order)
{
    for (int a = 0; a < shape.rank; a++)
        for (int b = 0; b < shape.rank; b++)
            if (summed[a] && !summed[b] && shape.dim[a] == shape.dim[b] && shape.dim[a] > 1) {
                *order = swapped(shape.rank, a, b);
                return true;
            }
    return false;
}

static void summed_to(wg_shape shape, wg_shape like, bool summed[WG_MAX_RANK])
{
    for (int axis = 0; axis < shape.rank; axis++) {
        int in_like = axis - (shape.rank - like.rank);
        summed[axis] = in_like < 0 || like.dim[in_like] != shape.dim[axis];
    }
}

wg_node *wg__mutant_over_other_axis(wg_node *x, wg_node *like)
{
    bool summed[WG_MAX_RANK];
    wg_axes order;
    summed_to(x->shape, like->shape, summed);
    return swap_one(x->shape, summed, &order) ? wg_sum_to_like(wg_permute(x, order), like) : NULL;
}

bool wg__mutant_other_axis(const wg__operation *sum, wg_axes *order)
{
    bool summed[WG_MAX_RANK] = { false };
    const wg_axes *axes = wg__attr_of(sum->op, sum->attrs, "axes");
    wg_shape shape = sum->in[0]->shape;
    if (!axes)
        summed_to(shape, sum->out->shape, summed);
    for (int i = 0; axes && i < shape.rank; i++)
        summed[i] = axes->n < 0;
    for (int i = 0; axes && i < axes->n; i++)
        summed[wg_axis_of(axes->at[i], shape.rank)] = true;
    return swap_one(shape, summed, order);
}
