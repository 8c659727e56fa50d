/* The operator in a larger graph: whether an operand is a transpose or another operator's result must not matter, nor who else
 * uses it. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "tensor/shape.h"
#include "verify/operator/moves.h"
#include "verify/operator/rounding.h"
#include "verify/operator/session.h"
#include <wengert/ops.h>

typedef enum surrounding { COMPUTED, TRANSPOSED, SHARED, NAMED, SURROUNDINGS } surrounding;

typedef struct context {
    wg__session *session;
    wg__rig *rig;
    surrounding how;
    wg_graph *graph;
    wg_node *leaf[WG__SLOTS], *operand[WG__SLOTS], *gradient[WG__SLOTS], *w[WG__SLOTS];
    wg_node *y, *v;
    wg_exec *exec;
} context;

static wg_shape reversed(wg_shape s)
{
    wg_shape out = { .rank = s.rank };
    for (int axis = 0; axis < s.rank; axis++)
        out.dim[axis] = s.dim[s.rank - 1 - axis];
    return out;
}

static wg_node *named_input(const context *c, char letter, int k, wg_dtype type, wg_shape shape)
{
    const char name[] = { letter, (char)('0' + k), 0 };
    return wg_input(c->graph, name, type, shape);
}

/* The first axis of the operands of most axes, where it is as long as can be, is known when it is run, like a batch. */
static wg_shape with_named_size(const context *c, wg_shape shape)
{
    int rank = 1;
    int64_t size = 0;
    for (int k = 0; k < c->rig->n; k++)
        rank = c->rig->in[k].range->shape.rank > rank ? c->rig->in[k].range->shape.rank : rank;
    for (int k = 0; k < c->rig->n; k++) {
        const wg_shape *other = &c->rig->in[k].range->shape;
        size = other->rank == rank && other->dim[0] > size ? other->dim[0] : size;
    }
    if (shape.rank == rank && shape.dim[0] == size)
        shape.dim[0] = WG_BATCH;
    return shape;
}

static bool make_leaves(context *c)
{
    const wg__rig *r = c->rig;
    for (int k = 0; k < r->n; k++) {
        const wg__operand *x = &r->in[k];
        wg_shape shape = c->how == NAMED ? with_named_size(c, x->range->shape) : x->range->shape;
        c->leaf[k] = named_input(c, 'x', k, x->dtype, c->how == TRANSPOSED ? reversed(shape) : shape);
        c->operand[k] = c->how == TRANSPOSED             ? wg_transpose(c->leaf[k])
                        : c->how == COMPUTED && x->moved ? wg_scale(c->leaf[k], 2)
                                                         : c->leaf[k];
        c->w[k] = c->how == SHARED && x->moved ? named_input(c, 'w', k, WG_F64, shape) : NULL;
        if (!c->operand[k])
            return false;
    }
    return true;
}

/* The gradients of <v, y>, and where operands are shared also of <w, x>. */
static bool differentiate(context *c)
{
    const wg__rig *r = c->rig;
    wg_node *wrt[WG__SLOTS];
    size_t n = 0;
    c->v = named_input(c, 'v', 0, WG_F64, wg_node_shape(c->y));
    wg_node *objective = c->how == SHARED ? wg_sum(wg_mul(c->v, c->y), WG_ALL_AXES, false) : NULL;
    for (int k = 0; k < r->n; k++) {
        if (!r->in[k].moved)
            continue;
        if (c->how == SHARED)
            objective = wg_add(objective, wg_sum(wg_mul(c->w[k], c->operand[k]), WG_ALL_AXES, false));
        wrt[n++] = c->leaf[k];
    }
    wg_grads g = objective ? wg_grads_of(objective, (wg_nodes){ wrt, n }) : wg_vjp(c->y, c->v, (wg_nodes){ wrt, n });
    n = 0;
    for (int k = 0; k < r->n && g.of.at; k++)
        if (r->in[k].moved)
            c->gradient[k] = g.of.at[n++];
    return g.of.at != NULL;
}

static bool make_graph(context *c)
{
    const wg__rig *r = c->rig;
    wg_node *in[WG__SLOTS];
    c->graph = wg_graph_new_with(WG_OPTS(wg_graph_opts, .registry = r->of.registry, .threads = 1));
    if (!c->graph || !make_leaves(c))
        return false;
    for (int slot = 0; slot < r->n_slots; slot++)
        in[slot] = c->operand[r->which[slot]];
    wg_node *first = wg_apply_in(c->graph, r->of.op, (wg_nodes){ in, (size_t)r->n_slots }, r->of.sample->attrs);
    if (!first)
        return false;
    c->y = wg_node_results(first).at[r->of.result];
    return r->of.order < 1 || differentiate(c);
}

/* What the leaf must hold for the operand to be the rig's. */
static wg_status feed_leaf(context *c, int k)
{
    const wg__operand *x = &c->rig->in[k];
    void *memory = wg__arena_alloc(&c->rig->arena, x->bytes + 1);
    if (!memory)
        return WG_ERR_NOMEM;
    memcpy(memory, x->base, x->bytes);
    wg_shape shape = x->range->shape;
    if (c->how == TRANSPOSED) {
        wg_view v = { .data = x->base, .shape = reversed(shape), .dtype = x->dtype, .strided = true };
        int64_t stride[WG_MAX_RANK];
        wg__shape_strides(&shape, stride);
        for (int axis = 0; axis < shape.rank; axis++)
            v.stride[axis] = stride[shape.rank - 1 - axis];
        wg__view_copy(memory, v);
        shape = v.shape;
    }
    for (size_t i = 0; i < x->count && c->how == COMPUTED && x->moved; i++)
        ((double *)memory)[i] /= 2;
    wg_status st = wg_bind(c->exec, c->leaf[k], wg_view_of(memory, x->dtype, shape));
    return st || !c->w[k] ? st : wg_bind(c->exec, c->w[k], wg_view_of(x->d_data, WG_F64, shape));
}

static wg_status run(context *c)
{
    const wg__rig *r = c->rig;
    wg_node *wanted[WG__WANTED] = { c->y };
    size_t n = 1;
    for (int k = 0; k < r->n; k++)
        if (c->gradient[k])
            wanted[n++] = c->gradient[k];
    wg_plan *plan = wg_compile(c->graph, WG_TRAIN, (wg_nodes){ wanted, n });
    c->exec = wg_exec_new_with(plan, WG_OPTS(wg_exec_opts, .threads = 1));
    wg_plan_free(plan); /* the exec keeps it */
    wg_status st = c->exec ? WG_OK : wg_error_status();
    for (int k = 0; k < r->n && !st; k++)
        st = feed_leaf(c, k);
    if (!st && c->v)
        st = wg_bind(c->exec, c->v, wg_view_of(r->v_data, WG_F64, wg_node_shape(r->y)));
    return st ? st : wg_run(c->exec);
}

/* Element i, in the rig's order, of operand k's gradient as it would be without the surroundings; and the scale of its
 * rounding error. */
static double gradient_at(const context *c, int k, wg_view g, int64_t i, double *scale)
{
    wg_shape shape = c->rig->in[k].range->shape;
    *scale = 0;
    if (c->how == TRANSPOSED) {
        int64_t at[WG_MAX_RANK] = { 0 }, turned = 0;
        for (int axis = shape.rank - 1; axis >= 0; axis--) {
            at[axis] = i % shape.dim[axis];
            i /= shape.dim[axis];
        }
        for (int axis = shape.rank - 1; axis >= 0; axis--)
            turned = turned * shape.dim[axis] + at[axis];
        return wg_view_at(g, turned);
    }
    double got = wg_view_at(g, i);
    if (c->how == COMPUTED)
        return got / 2;
    *scale = fabs(got);
    if (c->how == NAMED) /* sums may be cut otherwise */
        return got;
    double w = c->rig->in[k].d_data[i];
    *scale = fabs(got) + 2 * fabs(w);
    return got - w;
}

/* A planner may merge a transpose into the operator, or a composition with what is around it, and then sums in another
 * order: so much of the largest. */
static bool may_merge(const context *c) { return c->how == TRANSPOSED || !c->rig->of.op->forward.f64; }

/* What comes from elsewhere too is added in between. */
static bool other_order(const context *c) { return may_merge(c) || c->how == SHARED || c->how == NAMED; }

static double merged(const context *c, size_t count, wg_view v)
{
    double largest = 0;
    for (size_t i = 0; i < count && may_merge(c); i++)
        largest = fmax(largest, fabs(wg_view_at(v, (int64_t)i)));
    return 1024 * WG__U64 * largest;
}

/* `spread`: of the rig's own result; see rounding.h. */
static bool same_value(const context *c, double spread)
{
    wg_view a = wg_result(c->rig->exec[0], c->rig->y), b = wg_result(c->exec, c->y);
    if (!wg_shape_equal(a.shape, b.shape) || a.dtype != b.dtype)
        return false;
    bool same = wg__same_bits(a, b);
    double tolerance = same ? 0 : merged(c, c->rig->count, a) + spread;
    for (size_t i = 0; i < c->rig->count && !same && tolerance > 0; i++)
        if (!wg__within(wg_view_at(a, (int64_t)i), wg_view_at(b, (int64_t)i), tolerance))
            return false;
    return same || tolerance > 0;
}

static bool same_gradient(const context *c, int k, double spread)
{
    const wg__operand *x = &c->rig->in[k];
    const double *expected = wg__rig_result(c->rig, 1, x->gradient);
    wg_view g = wg_result(c->exec, c->gradient[k]);
    double floor = merged(c, x->count, g) + spread;
    bool same = true;
    for (size_t i = 0; i < x->count && same; i++) {
        double scale, got = gradient_at(c, k, g, (int64_t)i, &scale);
        same = wg__within(got, expected[i], 16 * WG__U64 * scale + floor) || (isnan(got) && isnan(expected[i]));
    }
    return same;
}

/* One result of the rig; order 1: a gradient. */
typedef struct own_result {
    const wg_node *node;
    int order;
    size_t count;
} own_result;

static wg_status measure_own(wg__shaker *h, void *user, double *to)
{
    const own_result *o = user;
    wg_status st = wg__shaken_run(h, o->order);
    const double *from = st ? NULL : wg__rig_result(h->rig, o->order, o->node);
    if (st || (!from && o->count))
        return st ? st : wg_error_status();
    if (o->count)
        memcpy(to, from, o->count * sizeof *to);
    return WG_OK;
}

/* A sum that cancels has rounding errors of the size of its terms, not of its own, and in another order it has others: then
 * results may be so far apart. */
static wg_status spread_of(context *c, const own_result *o, double *spread)
{
    wg__rig *r = c->rig;
    wg__shaker h = { .rig = r, .stream = &c->session->stream };
    double *still = wg__arena_alloc(&r->arena, (o->count + 1) * sizeof *still);
    *spread = 0;
    if (!still)
        return WG_ERR_NOMEM;
    if (!other_order(c) || wg_node_dtype(o->node) != WG_F64)
        return WG_OK;
    wg_status st = measure_own(&h, (void *)o, still);
    if (!st)
        st = wg__spread_of(&h, &(wg__shaken){ measure_own, (void *)o, o->count }, still, spread);
    *spread *= 4;
    return st;
}

static wg_status compare_value(context *c, const char *how)
{
    wg__rig *r = c->rig;
    own_result own = { r->y, 0, r->count };
    double spread;
    bool same = same_value(c, 0);
    wg_status st = same ? WG_OK : spread_of(c, &own, &spread);
    if (!st)
        wg__settle_check(c->session, "context", 0, same || same_value(c, spread), "its value is another when %s", how);
    return st;
}

static wg_status compare_gradient(context *c, int k, const char *how)
{
    const wg__operand *x = &c->rig->in[k];
    own_result own = { x->gradient, 1, x->count };
    double spread;
    bool same = same_gradient(c, k, 0);
    wg_status st = same ? WG_OK : spread_of(c, &own, &spread);
    if (!st)
        wg__settle_slot(c->session, "context", 1, x->slot, same || same_gradient(c, k, spread),
                        "the gradient of operand %d is another when %s", x->slot, how);
    return st;
}

static wg_status compare(context *c)
{
    static const char *const how[] = { "operands are computed", "operands are transposes",
                                       "operands are used elsewhere too",
                                       "the first size is known only when it is run" };
    wg_status st = compare_value(c, how[c->how]);
    for (int k = 0; k < c->rig->n && !st; k++)
        if (c->gradient[k])
            st = compare_gradient(c, k, how[c->how]);
    return st;
}

static wg_status check_surrounding(wg__session *s, surrounding how)
{
    context c = { .session = s, .rig = s->rig, .how = how };
    wg_status st = make_graph(&c) ? run(&c) : wg_error_status();
    bool refused = how == NAMED && st && st != WG_ERR_NOMEM; /* sizes that it must know */
    if (!st)
        st = compare(&c);
    wg_exec_free(c.exec);
    wg_graph_free(c.graph);
    return refused ? WG_OK : st;
}

/* Of one operand in two slots, what is added up cancels exactly where it is zero, and not where something comes between. */
static bool is_pointless(const wg__session *s, surrounding how)
{
    return (how == SHARED && (s->rig->of.order < 1 || s->rig->of.tied)) ||
           (how == NAMED && (wg__is_generated(s) || s->rig->n == 0));
}

wg_status wg__check_contexts(wg__session *s)
{
    wg_status st = WG_OK;
    for (surrounding how = COMPUTED; how < SURROUNDINGS && !st && !(s->op->flags & WG_RANDOM); how++)
        if (!is_pointless(s, how))
            st = check_surrounding(s, how);
    return st;
}
