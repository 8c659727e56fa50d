/* Scans in straight-line code: placeholders for what differs between iterations, promises for what comes out. Nodes of inside
 * are made in the user's graph like any others; wg_scan_end copies them into the body. */
#include "graph/scan.h"
#include "graph/operation.h"
#include <wengert/ops.h>

/* An open scan whose graph has not failed. */
static bool usable(const wg_scan *s, const char *caller)
{
    if (!s)
        wg__fail_null(caller, "scan");
    if (!s || s->graph->status)
        return false;
    if (s->ended)
        wg__graph_fail(s->graph, WG_ERR_ARG, "%s: the scan has ended", caller);
    return !s->ended;
}

/* The same with a node of that graph. */
static bool usable_with(const wg_scan *s, const wg_node *n, const char *caller)
{
    if (!usable(s, caller))
        return false;
    if (n && n->operation->graph == s->graph)
        return wg__scan_allows(n, caller);
    wg__graph_fail(s->graph, WG_ERR_GRAPH, "%s: the node is %s", caller, n ? "of another graph" : "NULL");
    return false;
}

static bool has_room(const wg_scan *s, size_t n, const char *what)
{
    if (n < WG__MAX_RESULTS)
        return true;
    wg__graph_fail(s->graph, WG_ERR_ARG, "scan: more than %d %s", WG__MAX_RESULTS, what);
    return false;
}

bool wg__scan_allows(const wg_node *n, const char *caller)
{
    const wg_scan *inside = n->operation->inside;
    char text[256];
    if (n->index == WG__PROMISED)
        wg__graph_fail(n->operation->graph, WG_ERR_ARG,
                       "%s: what wg_scan_stack and wg_scan_last give is there after wg_scan_end", caller);
    else if (inside && inside->ended)
        wg__graph_fail(n->operation->graph, WG_ERR_ARG,
                       "%s: %s is inside a scan that has ended; wg_scan_stack or wg_scan_last bring values out", caller,
                       wg__expression(n, text, sizeof text));
    else
        return true;
    return false;
}

bool wg__scan_outside(const wg_node *n, const char *caller)
{
    char text[256];
    if (wg__scan_allows(n, caller) && n->operation->inside)
        wg__graph_fail(n->operation->graph, WG_ERR_ARG, "%s: %s is inside a scan that has not ended", caller,
                       wg__expression(n, text, sizeof text));
    return n->operation->graph->status == WG_OK;
}

wg_scan *wg_scan_begin(wg_graph *g, int axis)
{
    if (!g)
        wg__fail_null("wg_scan_begin", "graph");
    if (!g || g->status)
        return NULL;
    wg_scan *s = wg__arena_alloc(&g->arena, sizeof *s);
    if (!s)
        return wg__graph_fail_again(g);
    s->graph = g;
    s->axis = axis;
    s->outer = g->scan;
    s->depth = s->outer ? s->outer->depth + 1 : 1;
    return g->scan = s;
}

/* Stands for a value that each iteration has its own of. */
static wg_node *placeholder(const wg_scan *s, const wg_node *like, wg_shape shape)
{
    wg_node *n = wg__body_input(s->graph, like, shape);
    if (n)
        n->operation->inside = s;
    return n;
}

/* x with `axis` moved to the front, or the front moved there. */
static wg_axes moved_axes(int rank, int axis, bool to_front)
{
    wg_axes perm = { .n = rank };
    for (int d = 0; d < rank; d++)
        perm.at[d] = to_front ? (d == 0 ? axis : d - (d <= axis)) : (d == axis ? 0 : d + (d < axis));
    return perm;
}

static bool same_length(const wg_scan *s, const wg_node *x)
{
    int64_t both;
    char a[96], b[96];
    for (size_t i = 0; i < s->n_slices; i++) {
        wg_shape p = s->slice[i].of->shape, q = x->shape;
        if (wg_dim_unify(p.dim[0], q.dim[0], &both))
            continue;
        p.rank = q.rank = 1;
        wg__graph_fail(s->graph, WG_ERR_SHAPE, "wg_scan_slice: lengths differ: %s and %s",
                       wg_shape_text(p, a, sizeof a), wg_shape_text(q, b, sizeof b));
        return false;
    }
    return true;
}

wg_node *wg_scan_slice(wg_scan *s, wg_node *x)
{
    char text[96];
    if (!usable_with(s, x, "wg_scan_slice") || !has_room(s, s->n_slices, "slices"))
        return NULL;
    int axis = wg_axis_of(s->axis, x->shape.rank);
    if (axis < 0)
        return wg__graph_fail(s->graph, WG_ERR_ARG, "wg_scan_slice: %s has no axis %d",
                              wg_shape_text(x->shape, text, sizeof text), s->axis);
    if (axis > 0 && !(x = wg_permute(x, moved_axes(x->shape.rank, axis, true))))
        return NULL;
    if (!same_length(s, x))
        return NULL;
    wg_shape shape = { .rank = x->shape.rank - 1 };
    for (int d = 0; d < shape.rank; d++)
        shape.dim[d] = x->shape.dim[d + 1];
    wg__scan_slice *slice = &s->slice[s->n_slices++];
    slice->of = x;
    return slice->inside = placeholder(s, x, shape);
}

wg_node *wg_scan_carry(wg_scan *s, wg_node *first)
{
    if (!usable_with(s, first, "wg_scan_carry") || !has_room(s, s->n_carries, "carries"))
        return NULL;
    if (first->weak) /* nothing will tell its type any more */
        return wg__graph_fail(s->graph, WG_ERR_DTYPE,
                              "wg_scan_carry: the first value has no type (wg_cast gives it one)");
    wg__scan_carry *carry = &s->carry[s->n_carries++];
    carry->first = first;
    return carry->inside = placeholder(s, first, first->shape);
}

static wg__scan_carry *find_carry(wg_scan *s, const wg_node *n, const char *caller)
{
    for (size_t i = 0; i < s->n_carries; i++)
        if (s->carry[i].inside == n)
            return &s->carry[i];
    return wg__graph_fail(s->graph, WG_ERR_ARG, "%s: %s is no carry of this scan", caller, wg_node_name(n));
}

void wg_scan_next(wg_scan *s, wg_node *n, wg_node *next)
{
    wg__scan_carry *carry = usable_with(s, next, "wg_scan_next") && usable_with(s, n, "wg_scan_next")
                                ? find_carry(s, n, "wg_scan_next")
                                : NULL;
    if (!carry)
        return;
    bool fits = next->shape.rank == n->shape.rank;
    int64_t both;
    char a[96], b[96];
    for (int d = 0; fits && d < n->shape.rank; d++)
        fits = wg_dim_unify(n->shape.dim[d], next->shape.dim[d], &both);
    if (carry->next)
        wg__graph_fail(s->graph, WG_ERR_ARG, "wg_scan_next: %s has its next already", n->name);
    else if (!fits)
        wg__graph_fail(s->graph, WG_ERR_SHAPE, "wg_scan_next: %s has shape %s, but its next %s", n->name,
                       wg_shape_text(n->shape, a, sizeof a), wg_shape_text(next->shape, b, sizeof b));
    else if (n->dtype != next->dtype)
        wg__graph_fail(s->graph, WG_ERR_DTYPE, "wg_scan_next: %s is %s, but its next %s", n->name,
                       wg_dtype_name(n->dtype), wg_dtype_name(next->dtype));
    else
        carry->next = next;
}

void wg_scan_remat(wg_scan *s, int64_t stretch)
{
    if (!usable(s, "wg_scan_remat"))
        return;
    if (stretch < 0)
        wg__graph_fail(s->graph, WG_ERR_ARG, "wg_scan_remat: a stretch of %lld iterations", (long long)stretch);
    else
        s->stretch = stretch;
}

wg_node *wg_scan_stack(wg_scan *s, wg_node *n)
{
    if (!usable_with(s, n, "wg_scan_stack") || !has_room(s, s->n_stacks + s->n_carries, "results"))
        return NULL;
    int rank = n->shape.rank + 1, axis = wg_axis_of(s->axis, rank);
    if (!s->n_slices)
        return wg__graph_fail(s->graph, WG_ERR_ARG, "wg_scan_stack: there is no slice yet, so no length");
    if (axis < 0 || rank > WG_MAX_RANK)
        return wg__graph_fail(s->graph, WG_ERR_ARG, "wg_scan_stack: %s has no place for axis %d", n->name, s->axis);
    wg_shape shape = { .rank = rank };
    for (int d = 0; d < rank; d++)
        shape.dim[d] = d == axis ? s->slice[0].of->shape.dim[0] : n->shape.dim[d - (d > axis)];
    wg_axes perm = moved_axes(rank, axis, false);
    wg__scan_stack *stack = &s->stack[s->n_stacks++];
    stack->of = n;
    stack->stacked = axis ? wg__operation_promise(s->graph, &wg_op_transpose, &perm, 1, &shape, &n->dtype)
                          : wg__operation_promise(s->graph, &wg_op_cast, &n->dtype, 1, &shape, &n->dtype);
    return stack->stacked ? stack->stacked->out : NULL;
}

wg_node *wg_scan_last(wg_scan *s, wg_node *n)
{
    wg__scan_carry *carry = usable_with(s, n, "wg_scan_last") ? find_carry(s, n, "wg_scan_last") : NULL;
    if (carry && !carry->last)
        carry->last = wg__operation_promise(s->graph, &wg_op_cast, &n->dtype, 1, &n->shape, &n->dtype);
    return carry && carry->last ? carry->last->out : NULL;
}
