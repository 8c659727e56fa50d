/* Operations that do nothing, and transposes that a product takes over as a flag. */
#include <string.h>

#include "plan/copy.h"
#include "plan/known.h"

/* Equal in every run: sizes known by name are, sizes unknown are not. */
static bool surely_equal(const wg_node *a, const wg_node *b)
{
    for (int d = 0; d < a->shape.rank; d++)
        if (a->shape.dim[d] == WG_ANY)
            return false;
    return a->dtype == b->dtype && wg_shape_equal(a->shape, b->shape);
}

/* perm[d]: the operand's axis that becomes axis d. */
static bool permutation(const wg_op *op, const void *attrs, int rank, int perm[WG_MAX_RANK])
{
    const wg_axes *axes = wg__attr_of(op, attrs, "perm");
    if (op != &wg_op_transpose || !axes || (axes->n >= 0 && axes->n != rank))
        return false;
    for (int d = 0; d < rank; d++)
        perm[d] = axes->n < 0 ? rank - 1 - d : wg_axis_of(axes->at[d], rank);
    return true;
}

static wg_node *undo_transpose(const wg__form *f)
{
    int first[WG_MAX_RANK], second[WG_MAX_RANK], rank = f->in[0]->shape.rank;
    const wg__operation *inner = f->in[0]->operation;
    if (!permutation(f->op, f->attrs, rank, second) || !permutation(inner->op, inner->attrs, rank, first))
        return NULL;
    for (int d = 0; d < rank; d++)
        if (first[second[d]] != d)
            return NULL;
    return inner->in[0];
}

/* matmul(transpose(x), ..) is matmul(x, .., transpose_a = true), when the last two axes alone are swapped. */
static void absorb_transpose(wg__form *f, int slot, const char *flag_name)
{
    int perm[WG_MAX_RANK], rank = f->in[slot]->shape.rank;
    const wg__operation *inner = f->in[slot]->operation;
    const char *flag = wg__attr_of(f->op, f->attrs, flag_name);
    if (!flag || rank < 2 || f->op->attrs_size > sizeof f->room || !permutation(inner->op, inner->attrs, rank, perm))
        return;
    for (int d = 0; d < rank - 2; d++)
        if (perm[d] != d)
            return;
    if (perm[rank - 1] != rank - 2)
        return;
    size_t offset = (size_t)(flag - (const char *)f->attrs);
    if (f->attrs != f->room) {
        memcpy(f->room, f->attrs, f->op->attrs_size);
        f->attrs = f->room;
    }
    bool *swapped = (bool *)((char *)f->room + offset);
    *swapped = !*swapped;
    f->in[slot] = inner->in[0];
}

static bool all_ones(const wg_node *n)
{
    int64_t count = wg_shape_count(n->shape);
    if (wg__op_of(n) != &wg_op_constant || count < 0 || count > 1024)
        return false;
    for (int64_t i = 0; i < count; i++)
        if (wg__load(n->operation->value, n->dtype, i) != 1)
            return false;
    return true;
}

wg_node *wg__simplify(wg__form *f, const wg_node *result)
{
    const wg_op *op = f->op;
    wg_node *x = f->n_in ? f->in[0] : NULL;
    if (op == &wg_op_matmul) {
        absorb_transpose(f, 0, "transpose_a");
        absorb_transpose(f, 1, "transpose_b");
    }
    if (!x || op->flags & WG_EFFECT)
        return NULL;
    const double *factor = op == &wg_op_scale ? wg__attr_of(op, f->attrs, "factor") : NULL;
    bool keeps_equal_shape = op->flags & WG_VIEW_OP || op == &wg_op_cast || op == &wg_op_sum_to_like ||
                             op == &wg_op_broadcast_like || op == &wg_op_broadcast_to || (factor && *factor == 1);
    if (keeps_equal_shape && surely_equal(x, result))
        return x;
    if (op == &wg_op_mul && all_ones(f->in[1]) && surely_equal(x, result))
        return x;
    if (op == &wg_op_mul && all_ones(x) && surely_equal(f->in[1], result))
        return f->in[1];
    return undo_transpose(f);
}
