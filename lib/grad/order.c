/* A depth-first walk without recursion: graphs are deeper than stacks. */
#include <string.h>

#include "grad/order.h"

static bool contains(wg_nodes list, const wg_node *n)
{
    for (size_t i = 0; i < list.n; i++)
        if (list.at[i] == n)
            return true;
    return false;
}

/* A rewrite bypasses operands; one that is differentiated by must not be bypassed. */
static bool may_rewrite(const wg__order *order, const wg_node *n)
{
    const wg__operation *o = n->operation;
    if (!o->op->rewrite || contains(order->keep, n))
        return false;
    for (int s = 0; s < o->n_in; s++)
        if (contains(order->keep, o->in[s]))
            return false;
    return true;
}

static bool must_decompose(const wg__order *order, const wg_node *n)
{
    const wg_op *op = wg__op_of(n);
    return op->decompose && !op->backward && !(op->flags & WG_NO_GRADIENT) && !contains(order->keep, n);
}

/* The same result from primitives. Made once: the memo is the one that rewrites use. */
static wg_node *decomposed(wg_node *n)
{
    if (!n->rewritten) {
        wg__operation *o = n->operation;
        n->rewritten = o->op->decompose(
            &(wg_adjoint){ .in = o->in, .output = n, .outputs = o->results, .attrs = o->attrs, .n_in = o->n_in });
    }
    return n->rewritten;
}

wg_node *wg__effective(const wg__order *order, wg_node *n)
{
    wg_node *better = n;
    do {
        n = better;
        if (may_rewrite(order, n))
            better = wg__rewritten(n);
        else if (must_decompose(order, n))
            better = decomposed(n);
    } while (better && better != n);
    return better;
}

/* Rewriting makes new operations on the way, so room for their state grows. */
static bool room(wg__order *order, size_t index)
{
    size_t old = order->state_capacity;
    if (index < old)
        return true;
    if (!wg__grow(order->allocator, (void **)&order->state, &order->state_capacity, index + 1, 1))
        return false;
    memset(order->state + old, 0, order->state_capacity - old);
    return true;
}

static bool push(wg__order *order, wg__operation ***stack, size_t *n, size_t *capacity, wg__operation *o)
{
    if (!room(order, o->index) || !wg__grow(order->allocator, (void **)stack, capacity, *n + 1, sizeof **stack))
        return false;
    if (order->state[o->index] == 0)
        (*stack)[(*n)++] = o;
    return true;
}

/* Works off the stack: an operation is listed when it is met for the second time, after its operands. */
static bool walk(wg__order *order, wg__operation ***stack, size_t *n, size_t *capacity)
{
    while (*n) {
        wg__operation *o = (*stack)[*n - 1];
        unsigned char *state = &order->state[o->index];
        if (*state) {
            --*n;
            if (*state == 1) {
                if (!wg__grow(order->allocator, (void **)&order->at, &order->capacity, order->n + 1, sizeof *order->at))
                    return false;
                order->at[order->n++] = o;
            }
            *state = 2;
            continue;
        }
        *state = 1;
        for (int s = o->n_in; s-- > 0;) {
            wg_node *in = wg__effective(order, o->in[s]);
            if (!in || !push(order, stack, n, capacity, in->operation))
                return false;
        }
    }
    return true;
}

bool wg__order_make(wg__order *order, wg_graph *g, wg_nodes ys, wg_nodes keep)
{
    *order = (wg__order){ .allocator = &g->allocator, .keep = keep };
    wg__operation **stack = NULL;
    size_t n = 0, capacity = 0;
    bool ok = true;
    for (size_t i = 0; ok && i < ys.n; i++) {
        wg_node *y = wg__effective(order, ys.at[i]);
        ok = y && push(order, &stack, &n, &capacity, y->operation) && walk(order, &stack, &n, &capacity);
    }
    wg__free(order->allocator, stack, capacity, sizeof *stack);
    if (!ok)
        wg__graph_fail_again(g);
    return ok;
}

void wg__order_free(wg__order *order)
{
    wg__free(order->allocator, order->at, order->capacity, sizeof *order->at);
    wg__free(order->allocator, order->state, order->state_capacity, 1);
}
