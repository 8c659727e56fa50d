/* Building, compiling and running one operator on one sample. */
#include "verify/operator/rig.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "exec/exec.h"
#include "graph/graph.h"
#include "tensor/shape.h"
#include <wengert/ops.h>

static wg_node *input(wg__rig *r, char letter, int number, wg_dtype dtype, wg_shape shape)
{
    char name[16];
    snprintf(name, sizeof name, "%c%d", letter, number);
    return wg_input(r->graph, name, dtype, shape);
}

static bool make_operand(wg__rig *r, wg__operand *x, int slot)
{
    x->slot = slot;
    x->range = &r->of.sample->in[slot];
    x->dtype = x->range->dtype == WG_DTYPE_NONE ? r->of.type : x->range->dtype;
    x->moved = x->dtype == r->of.type;
    x->node = input(r, 'x', slot, x->dtype, x->range->shape);
    int64_t count = wg_shape_count(x->range->shape);
    if (x->node && count < 0)
        wg__fail(WG_ERR_SHAPE, "%s: the shape of a sample's operand %d is not known in full", r->of.op->name, slot);
    if (!x->node || count < 0)
        return false;
    x->count = (size_t)count;
    x->bytes = x->count * wg_dtype_size(x->dtype);
    x->data = wg__alloc_aligned(NULL, x->bytes);
    x->base = wg__arena_alloc(&r->arena, x->bytes + 1);
    x->d_data = wg__arena_alloc(&r->arena, (x->count + 1) * sizeof(double));
    x->scale = wg__arena_alloc(&r->arena, (x->count + 1) * sizeof(double));
    x->room = wg__arena_alloc(&r->arena, (x->count + 1) * sizeof(double));
    return x->data && x->base && x->d_data && x->scale && x->room;
}

/* All results of the type under test, one after the other. */
static wg_node *joined(const wg__rig *r, wg_nodes results)
{
    wg_node *rows[WG__MAX_RESULTS];
    size_t n = 0;
    for (size_t i = 0; i < results.n; i++)
        if (wg_node_dtype(results.at[i]) == r->of.type)
            rows[n++] = wg_reshape(results.at[i], WG_SHAPE(-1));
    return wg_concat((wg_nodes){ rows, n }, 0);
}

static bool apply(wg__rig *r)
{
    wg_node *in[WG__SLOTS];
    int n = r->n_slots;
    for (int s = 0; s < n; s++)
        in[s] = r->in[r->which[s]].node;
    wg_nodes operands = { in, (size_t)n };
    wg_node *first = wg_apply_in(r->graph, r->of.op, operands, r->of.sample->attrs);
    if (!first)
        return false;
    wg_nodes results = wg_node_results(first);
    bool all = r->of.result == (int)results.n;
    r->y = all ? joined(r, results) : results.at[r->of.result];
    if (!r->y)
        return false;
    if (r->of.op->decompose && !all) {
        wg_adjoint a = { .in = in, .output = r->y, .outputs = results.at, .attrs = wg_node_attrs(first), .n_in = n };
        if (!(r->decomposed = r->of.op->decompose(&a)))
            return false;
    }
    int64_t count = wg_shape_count(wg_node_shape(r->y));
    r->count = count < 0 ? 0 : (size_t)count;
    return true;
}

/* How many orders of derivatives this operator has, on this sample. */
static int highest_order(const wg__rig *r)
{
    const wg_op *op = r->of.op;
    bool moved = false;
    for (int s = 0; s < r->n; s++)
        moved = moved || r->in[s].moved;
    if (!moved || wg_node_dtype(r->y) != r->of.type)
        return 0;
    return op->flags & WG_NO_GRADIENT ? 1 : op->backward || op->decompose ? 2 : 0;
}

/* The operands that derivatives are taken of. */
static wg_nodes moved_nodes(const wg__rig *r, wg_node *list[WG__SLOTS])
{
    size_t n = 0;
    for (int s = 0; s < r->n; s++)
        if (r->in[s].moved)
            list[n++] = r->in[s].node;
    return (wg_nodes){ list, n };
}

/* A cotangent or direction as the type under test holds it. */
static wg_node *narrowed(const wg__rig *r, wg_node *n) { return r->of.type == WG_F64 ? n : wg_cast(n, r->of.type); }

/* An adjoint and a decomposition of its own: two ways to the same gradient. */
static bool has_two_ways(const wg__rig *r) { return r->decomposed && r->of.op->backward; }

static bool differentiate_once(wg__rig *r)
{
    wg_node *list[WG__SLOTS];
    wg_nodes wrt = moved_nodes(r, list);
    r->v = input(r, 'v', 0, WG_F64, wg_node_shape(r->y));
    r->v_data = wg__alloc_aligned(NULL, r->count * sizeof(double));
    wg_node *v = narrowed(r, r->v);
    wg_grads g = wg_vjp(r->y, v, wrt), parts = { 0 };
    if (has_two_ways(r))
        parts = wg_vjp(r->decomposed, v, wrt);
    if (!r->v_data || !g.of.at || (has_two_ways(r) && !parts.of.at))
        return false;
    size_t at = 0;
    for (int s = 0; s < r->n; s++)
        if (r->in[s].moved) {
            r->in[s].by_parts = parts.of.at ? parts.of.at[at] : NULL;
            r->in[s].gradient = g.of.at[at++];
        }
    return true;
}

static bool make_directions(wg__rig *r)
{
    for (int s = 0; s < r->n; s++)
        if (r->in[s].moved && !(r->in[s].d = input(r, 'd', s, WG_F64, r->in[s].range->shape)))
            return false;
    return true;
}

/* sum_s <g_s, d_s>, of either way's gradients. */
static wg_node *along_directions(const wg__rig *r, bool by_parts)
{
    wg_node *along = NULL;
    for (int s = 0; s < r->n; s++) {
        const wg__operand *x = &r->in[s];
        if (!x->moved)
            continue;
        wg_node *g = by_parts ? x->by_parts : x->gradient;
        wg_node *share = wg_sum(wg_mul(g, narrowed(r, x->d)), WG_ALL_AXES, false);
        along = along ? wg_add(along, share) : share;
    }
    return along;
}

/* The gradients of sum_s <g_s, d_s>, and the derivative of y along all d. */
static bool differentiate_twice(wg__rig *r)
{
    wg_node *list[WG__SLOTS], *directions[WG__SLOTS];
    wg_nodes wrt = moved_nodes(r, list);
    if (!make_directions(r))
        return false;
    wg_grads g = wg_grads_of(along_directions(r, false), wrt), parts = { 0 };
    if (has_two_ways(r))
        parts = wg_grads_of(along_directions(r, true), wrt);
    if (!g.of.at || (has_two_ways(r) && !parts.of.at))
        return false;
    size_t at = 0;
    for (int s = 0; s < r->n; s++)
        if (r->in[s].moved) {
            directions[at] = narrowed(r, r->in[s].d);
            r->in[s].second_by_parts = parts.of.at ? parts.of.at[at] : NULL;
            r->in[s].second = g.of.at[at++];
        }
    r->pushed = wg_jvp_of(r->y, wrt, (wg_nodes){ directions, at });
    return r->pushed != NULL;
}

wg_status wg__rig_bind(const wg__rig *r, wg_exec *e)
{
    wg_status st = WG_OK;
    for (int s = 0; s < r->n && !st; s++) {
        const wg__operand *x = &r->in[s];
        st = wg_bind(e, x->node, wg_view_of(x->data, x->dtype, x->range->shape));
        if (!st && x->d)
            st = wg_bind(e, x->d, wg_view_of(x->d_data, WG_F64, x->range->shape));
    }
    return st || !r->v ? st : wg_bind(e, r->v, wg_view_of(r->v_data, WG_F64, wg_node_shape(r->y)));
}

int wg__rig_outputs(const wg__rig *r, int order, wg_node *list[WG__WANTED])
{
    int n = 0;
    if (order != 1)
        list[n++] = order ? r->pushed : r->y;
    for (int s = 0; s < r->n && order; s++)
        if (r->in[s].moved)
            list[n++] = order == 1 ? r->in[s].gradient : r->in[s].second;
    return n;
}

int wg__rig_slot_of(const wg__rig *r, int order, const wg_node *n)
{
    for (int k = 0; k < r->n && order; k++)
        if (n == (order == 1 ? r->in[k].gradient : r->in[k].second))
            return r->in[k].slot;
    return -1;
}

static bool compile(wg__rig *r, int order)
{
    wg_node *wanted[2 * WG__WANTED];
    size_t n = (size_t)wg__rig_outputs(r, order, wanted);
    if (order == 0 && r->decomposed)
        wanted[n++] = r->decomposed;
    for (int s = 0; s < r->n && order; s++)
        if (r->in[s].by_parts)
            wanted[n++] = order == 1 ? r->in[s].by_parts : r->in[s].second_by_parts;
    r->plan[order] = wg_compile(r->graph, WG_TRAIN, (wg_nodes){ wanted, n });
    r->exec[order] = wg_exec_new_with(r->plan[order], WG_OPTS(wg_exec_opts, .threads = 1));
    if (r->exec[order])
        wg__exec_fenced(r->exec[order]);
    /* Prepared here, so that runs cannot fail for want of memory. */
    return r->exec[order] && !wg__rig_bind(r, r->exec[order]) && !wg_prepare(r->exec[order]);
}

/* The graph, and a distinct operand for each slot but the tied one. */
static bool make_operands(wg__rig *r)
{
    r->graph = wg_graph_new_with(WG_OPTS(wg_graph_opts, .registry = r->of.registry, .threads = 1));
    r->n_slots = wg__sample_operands(r->of.op, r->of.sample);
    for (int s = 0; s < r->n_slots; s++) {
        bool shared = r->of.tied && s == r->of.tied;
        r->which[s] = shared ? r->which[r->of.with] : r->n++;
        if (!shared && !make_operand(r, &r->in[r->which[s]], s))
            return false;
    }
    return r->graph != NULL;
}

static bool build(wg__rig *r)
{
    if (!make_operands(r) || !apply(r))
        return false;
    int highest = highest_order(r);
    if (r->of.order > highest)
        r->of.order = highest;
    if ((r->of.order >= 1 && !differentiate_once(r)) || (r->of.order >= 2 && !differentiate_twice(r)))
        return false;
    r->idle = r->of.worthwhile && !r->of.worthwhile(r->of.op);
    for (int order = 0; order <= r->of.order && !r->idle; order++)
        if (!compile(r, order))
            return false;
    return true;
}

static wg__rig *empty_rig(const wg__rig_opts *of)
{
    wg__rig *r = wg__alloc_zero(NULL, 1, sizeof *r);
    if (r) {
        r->arena.allocator = &wg__default_allocator;
        r->of = *of;
    }
    return r;
}

wg__rig *wg__rig_new(const wg__rig_opts *of)
{
    wg__rig *r = empty_rig(of);
    if (!r || build(r))
        return r;
    wg__rig_free(r);
    return NULL;
}

bool wg__rig_fits(const wg__rig_opts *of, size_t *count)
{
    wg__rig *r = empty_rig(of);
    bool fits = r && make_operands(r) && apply(r);
    *count = fits ? r->count : 0;
    wg__rig_free(r);
    return fits;
}

void wg__rig_free(wg__rig *r)
{
    if (!r)
        return;
    for (int order = 0; order < WG__ORDERS; order++) {
        wg_exec_free(r->exec[order]);
        wg_plan_free(r->plan[order]);
    }
    for (int s = 0; s < WG__SLOTS; s++)
        wg__free(NULL, r->in[s].data, r->in[s].bytes, 1);
    wg__free(NULL, r->v_data, r->count * sizeof(double), 1);
    wg_graph_free(r->graph);
    wg__arena_free(&r->arena);
    wg__free(NULL, r, 1, sizeof *r);
}

void wg__rig_restore(wg__rig *r)
{
    for (int s = 0; s < r->n; s++)
        memcpy(r->in[s].data, r->in[s].base, r->in[s].bytes);
}

/* As FNV-1a, by words: a word that changes changes the sum, for the factor is odd. */
static uint64_t sum_bytes(uint64_t sum, const void *data, size_t bytes)
{
    const char *p = data;
    for (size_t i = 0; i < bytes; i += sizeof sum) {
        uint64_t word = 0;
        memcpy(&word, p + i, bytes - i < sizeof word ? bytes - i : sizeof word);
        sum = (sum ^ word) * UINT64_C(0x100000001b3);
    }
    return sum;
}

uint64_t wg__rig_sum(const wg__rig *r)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    for (int s = 0; s < r->n; s++) {
        sum = sum_bytes(sum, r->in[s].data, r->in[s].bytes);
        sum = sum_bytes(sum, r->in[s].d_data, r->in[s].count * sizeof(double));
    }
    return r->v_data ? sum_bytes(sum, r->v_data, r->count * sizeof(double)) : sum;
}

wg_status wg__rig_run(wg__rig *r, int order) { return wg_run(r->exec[order]); }

const double *wg__rig_result(const wg__rig *r, int order, const wg_node *n)
{
    return wg_view_f64(wg_result(r->exec[order], n), NULL);
}
