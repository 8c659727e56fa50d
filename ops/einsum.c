/* einsum: sums of products by an equation. A composition: operands are taken in one after the other, each by a matmul
 * where something is summed over, and by a product where not. */
#include <string.h>

#include "ops/einsum.h"
#include "ops/elementwise.h"
#include "graph/graph.h"
#include "tensor/shape.h"

WG_NO_KERNELS(einsum);

#ifdef WG_BASELINE

typedef struct einsum {
    char equation[WG_ATTR_TEXT_MAX];
} einsum;

static wg_status infer(wg_infer *t)
{
    wg__einsum e;
    wg_status status = wg__infer_types(t, false);
    if (!status)
        status = wg__einsum_read(t, ((const einsum *)t->attrs)->equation, &e);
    t->out[0].rank = status ? 0 : e.out.n;
    for (int i = 0; i < t->out[0].rank; i++)
        t->out[0].dim[i] = e.size[(int)e.out.at[i]];
    return status;
}

/* A node, and what its axes are called. */
typedef struct term {
    wg_node *node;
    wg__labels labels;
} term;

static void drop(wg__labels *l, int axis)
{
    memmove(l->at + axis, l->at + axis + 1, (size_t)(l->n - axis - 1));
    l->n--;
}

static void append(wg__labels *l, const wg__labels *more)
{
    memcpy(l->at + l->n, more->at, (size_t)more->n);
    l->n += more->n;
}

/* A letter that stands twice: the diagonal. */
static bool take_diagonal(term *t)
{
    for (int i = 0; i < t->labels.n; i++)
        for (int j = i + 1; j < t->labels.n; j++)
            if (t->labels.at[i] == t->labels.at[j]) {
                const signed char label = t->labels.at[i];
                t->node = wg__diagonal(t->node, i, j);
                drop(&t->labels, j);
                drop(&t->labels, i);
                t->labels.at[t->labels.n++] = label;
                return true;
            }
    return false;
}

/* Axes of size 1 whose label has another size elsewhere broadcast by not being there. */
static void drop_ones(term *t, const int64_t *size)
{
    const wg_shape s = wg_node_shape(t->node);
    wg_axes ones = { .n = 0 };
    for (int i = t->labels.n; i-- > 0;)
        if (s.dim[i] == 1 && size[(int)t->labels.at[i]] != 1) {
            ones.at[ones.n++] = i;
            drop(&t->labels, i);
        }
    t->node = ones.n ? wg_squeeze(t->node, ones) : t->node;
}

/* Sums over labels that nobody else needs. */
static void sum_unneeded(term *t, const bool *needed)
{
    wg_axes over = { .n = 0 };
    for (int i = t->labels.n; i-- > 0;)
        if (!needed[(int)t->labels.at[i]]) {
            over.at[over.n++] = i;
            drop(&t->labels, i);
        }
    t->node = over.n ? wg_sum(t->node, over, false) : t->node;
}

static bool in_order(const term *t, const wg__labels *order)
{
    return t->labels.n == order->n && !memcmp(t->labels.at, order->at, (size_t)order->n);
}

static wg_node *permuted(const term *t, const wg__labels *order)
{
    wg_axes perm = { .n = order->n };
    for (int i = 0; i < order->n; i++)
        perm.at[i] = wg__label_in(&t->labels, order->at[i]);
    return in_order(t, order) ? t->node : wg_permute(t->node, perm);
}

/* ---- product without a sum: axes aligned, missing ones of size 1 ---- */

static wg_node *aligned(const term *t, const wg__labels *order)
{
    wg__labels own = { .n = 0 };
    wg_axes missing = { .n = 0 };
    for (int i = 0; i < order->n; i++) {
        if (wg__label_in(&t->labels, order->at[i]) >= 0)
            own.at[own.n++] = order->at[i];
        else if (own.n)
            missing.at[missing.n++] = i; /* leading ones need not be there */
    }
    const int first = order->n - own.n - missing.n;
    for (int i = 0; i < missing.n; i++)
        missing.at[i] -= first;
    wg_node *x = permuted(t, &own);
    return missing.n ? wg_expand_dims(x, missing) : x;
}

static term multiply(const term *a, const term *b, const bool *needed)
{
    term product = { .labels = a->labels };
    for (int i = 0; i < b->labels.n; i++)
        if (wg__label_in(&a->labels, b->labels.at[i]) < 0) {
            if (product.labels.n == WG_MAX_RANK)
                return (term){ wg__graph_fail(wg_node_graph(a->node), WG_ERR_SHAPE,
                                              "einsum: a product on the way would have more than %d axes", WG_MAX_RANK),
                               { .n = 0 } };
            product.labels.at[product.labels.n++] = b->labels.at[i];
        }
    product.node = wg_mul(aligned(a, &product.labels), aligned(b, &product.labels));
    sum_unneeded(&product, needed);
    return product;
}

/* ---- product with a sum: a matmul, in which the labels of a kind are one axis ---- */

typedef struct kinds {
    wg__labels batch, summed, rows, columns; /* in both and needed, in both and not, in a alone, in b alone */
} kinds;

static kinds sort_labels(const term *a, const term *b, const bool *needed)
{
    kinds k = { .batch.n = 0 };
    for (int i = 0; i < a->labels.n; i++) {
        const signed char l = a->labels.at[i];
        wg__labels *to = wg__label_in(&b->labels, l) < 0 ? &k.rows : needed[(int)l] ? &k.batch : &k.summed;
        to->at[to->n++] = l;
    }
    for (int i = 0; i < b->labels.n; i++)
        if (wg__label_in(&a->labels, b->labels.at[i]) < 0)
            k.columns.at[k.columns.n++] = b->labels.at[i];
    return k;
}

/* The labels' sizes behind `to` as they are, or as one; false where they cannot be said: a 0 means something else to
 * reshape, and only one unknown may be left to it. */
static bool put_sizes(wg_shape *to, const wg__labels *l, const int64_t *size, bool as_one)
{
    int64_t product = 1;
    for (int i = 0; i < l->n; i++) {
        const int64_t s = size[(int)l->at[i]];
        if (s == 0)
            return false;
        if (!as_one)
            to->dim[to->rank++] = s;
        product = l->n == 1 ? s : product < 0 || s < 0 ? WG_ANY : product * s;
    }
    if (as_one)
        to->dim[to->rank++] = product;
    int unknown = 0;
    for (int i = 0; i < to->rank; i++)
        unknown += to->dim[i] == WG_ANY;
    return unknown <= 1;
}

/* One operand as (batch.., first, second); *turned: as (batch.., second, first), where that is how it lies already. */
static wg_node *as_matrices(const term *t, const wg__labels *batch, const wg__labels *first, const wg__labels *second,
                            const int64_t *size, bool *turned)
{
    wg__labels order = *batch, other = *batch;
    append(&order, first);
    append(&order, second);
    append(&other, second);
    append(&other, first);
    *turned = in_order(t, &other) && !in_order(t, &order);
    wg_node *x = *turned ? t->node : permuted(t, &order);
    wg_shape target = { .rank = 0 };
    if (first->n == 1 && second->n == 1)
        return x;
    if (!put_sizes(&target, batch, size, false) || !put_sizes(&target, *turned ? second : first, size, true) ||
        !put_sizes(&target, *turned ? first : second, size, true))
        return NULL;
    return wg_reshape(x, target);
}

/* NULL in the node, without a failure: not as a matmul. */
static term contract(const term *a, const term *b, const bool *needed, const int64_t *size)
{
    const kinds k = sort_labels(a, b, needed);
    bool turned_a, turned_b;
    term product = { .labels = k.batch };
    append(&product.labels, &k.rows);
    append(&product.labels, &k.columns);
    wg_shape target = { .rank = 0 };
    if (!k.summed.n || k.batch.n + 2 > WG_MAX_RANK || product.labels.n > WG_MAX_RANK ||
        !put_sizes(&target, &product.labels, size, false))
        return product;
    wg_node *left = as_matrices(a, &k.batch, &k.rows, &k.summed, size, &turned_a);
    wg_node *right = as_matrices(b, &k.batch, &k.summed, &k.columns, size, &turned_b);
    if (!left || !right)
        return product;
    product.node = wg_matmul_t(left, turned_a, right, turned_b);
    if (k.rows.n != 1 || k.columns.n != 1)
        product.node = wg_reshape(product.node, target);
    return product;
}

/* ---- the whole ---- */

static void mark(const wg__labels *l, bool *needed)
{
    for (int i = 0; i < l->n; i++)
        needed[(int)l->at[i]] = true;
}

/* What the result, operands from `from` on, and the other term, where there is one, need. */
static void mark_needed(const wg__einsum *e, int from, int n, const term *other, bool *needed)
{
    memset(needed, 0, WG__EINSUM_LABELS * sizeof *needed);
    mark(&e->out, needed);
    for (int s = from; s < n; s++)
        mark(&e->in[s], needed);
    if (other)
        mark(&other->labels, needed);
}

static term operand(const wg_adjoint *a, const wg__einsum *e, int slot)
{
    term t = { a->in[slot], e->in[slot] };
    while (take_diagonal(&t))
        ;
    if (t.node)
        drop_ones(&t, e->size);
    return t;
}

/* Each operand first loses what neither the result nor another operand wants. */
static wg_node *by_products(const wg_adjoint *a, const wg__einsum *e)
{
    bool needed[WG__EINSUM_LABELS];
    term all = operand(a, e, 0);
    mark_needed(e, 1, a->n_in, NULL, needed);
    sum_unneeded(&all, needed);
    for (int s = 1; s < a->n_in && all.node; s++) {
        term next = operand(a, e, s);
        mark_needed(e, s + 1, a->n_in, &all, needed);
        sum_unneeded(&next, needed);
        mark_needed(e, s + 1, a->n_in, &next, needed);
        sum_unneeded(&all, needed);
        if (!next.node || !all.node)
            return NULL;
        mark_needed(e, s + 1, a->n_in, NULL, needed);
        term product = contract(&all, &next, needed, e->size);
        all = product.node ? product : multiply(&all, &next, needed);
    }
    return all.node ? permuted(&all, &e->out) : NULL;
}

static wg_node *decompose(const wg_adjoint *a)
{
    wg_shape shape[WG__EINSUM_OPERANDS];
    wg__einsum e;
    wg_infer t = { .op = "einsum", .n_in = a->n_in, .in = shape };
    for (int s = 0; s < a->n_in && s < WG__EINSUM_OPERANDS; s++)
        shape[s] = wg_node_shape(a->in[s]);
    return wg__einsum_read(&t, ((const einsum *)a->attrs)->equation, &e) ? NULL : by_products(a, &e);
}

#define EQUATION(name, text) static const einsum name = { text };
EQUATION(product, "ij,jk->ik")
EQUATION(turned, "ji,kj")
EQUATION(inner, "i,i")
EQUATION(outer, "i,j->ji")
EQUATION(transposed, "ij->ji")
EQUATION(trace, "ii")
EQUATION(diagonals, "iji,jj->ij")
EQUATION(batched, "...ij,...jk->...ik")
EQUATION(bilinear, "bi,oij,bj->bo")
EQUATION(attention, "bqhd,bkhd->bhqk")
EQUATION(merged, "abc,bcd->ad")
EQUATION(sums, "ab,cd->c")
EQUATION(ones, "ij,ij->i")
EQUATION(four, "a,ab,bc,c")
EQUATION(same, "ab->ab")

#define X(...) WG_VALUES(-2, 2, __VA_ARGS__)
#define SAMPLE(name, count, ...) { .in = { __VA_ARGS__ }, .attrs = &(name), .n = (count) }
static const wg_sample samples[] = {
    SAMPLE(product, 2, X(2, 3), X(3, 4)),
    SAMPLE(turned, 2, X(3, 2), X(4, 3)),
    SAMPLE(inner, 2, X(4), X(4)),
    SAMPLE(outer, 2, X(2), X(3)),
    SAMPLE(transposed, 1, X(2, 3)),
    SAMPLE(trace, 1, X(3, 3)),
    SAMPLE(diagonals, 2, X(2, 3, 2), X(3, 3)),
    SAMPLE(batched, 2, X(2, 1, 2, 3), X(3, 3, 2)),
    SAMPLE(bilinear, 3, X(2, 3), X(2, 3, 2), X(2, 2)),
    SAMPLE(attention, 2, X(2, 2, 1, 3), X(2, 3, 1, 3)),
    SAMPLE(merged, 2, X(2, 3, 2), X(3, 2, 2)),
    SAMPLE(sums, 2, X(2, 2), X(3, 2)),
    SAMPLE(ones, 2, X(2, 3), X(2, 1)), /* a size of 1 broadcasts */
    SAMPLE(four, 4, X(2), X(2, 3), X(3, 2), X(2)),
    SAMPLE(same, 1, X(2, 2)),
};

static const wg_attr attrs[] = { { "equation", WG_ATTR_TEXT, offsetof(einsum, equation), NULL, NULL }, { 0 } };

const wg_op wg_op_einsum = {
    WG_OP, .name = "einsum",
    .doc = "sums of products by an equation as \"ij,jk->ik\"; \"...\", implicit results and diagonals as in NumPy",
    .arity = WG_VARIADIC, .attrs = attrs, .attrs_size = sizeof(einsum), .infer = infer, .decompose = decompose,
    .rewrite = wg__composed, WG_SAMPLES(samples),
};

wg_node *wg_einsum(const char *equation, wg_nodes operands)
{
    einsum at = { { 0 } };
    wg_graph *g = operands.n ? wg_node_graph(operands.at[0]) : NULL;
    if (!equation || strlen(equation) >= sizeof at.equation)
        return wg__graph_fail(g, WG_ERR_ARG, "einsum: needs an equation of at most %d characters",
                              WG_ATTR_TEXT_MAX - 1);
    memcpy(at.equation, equation, strlen(equation));
    return wg_apply(&wg_op_einsum, operands, &at);
}

#endif
