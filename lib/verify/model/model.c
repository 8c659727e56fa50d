/* Opening a model: its twin, its plans, its parameters as one vector. */
#include "verify/model/model.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "exec/exec.h"
#include <wengert/ops.h>

static wg_status make_twin(wg__model *m, wg_node *scalar, wg_grads g, const wg_exec *at)
{
    size_t n = 1 + g.wrt.n + g.of.n;
    wg_node **wanted = wg__alloc(NULL, n, sizeof *wanted);
    if (!wanted)
        return WG_ERR_NOMEM;
    wanted[0] = scalar;
    memcpy(wanted + 1, g.wrt.at, g.wrt.n * sizeof *wanted);
    if (g.of.n)
        memcpy(wanted + 1 + g.wrt.n, g.of.at, g.of.n * sizeof *wanted);
    wg_status st = wg__twin_make(&m->twin, (wg_nodes){ wanted, n }, at);
    wg__free(NULL, wanted, n, sizeof *wanted);
    return st;
}

static wg_status lay_out(wg__model *m, wg_nodes wrt)
{
    m->parts = wg__arena_alloc(&m->twin.arena, wrt.n * sizeof *m->parts);
    if (!m->parts)
        return WG_ERR_NOMEM;
    m->n_parts = wrt.n;
    for (size_t i = 0; i < wrt.n; i++) {
        wg__twin_input *leaf = wg__twin_find(&m->twin, wrt.at[i]);
        if (!leaf || !wg__is_float(wg_node_dtype(leaf->node)))
            return wg__fail(WG_ERR_ARG, "wg_verify: %s is no floating param, variable or input",
                            wg_node_name(wrt.at[i]));
        m->parts[i] = (wg__theta_part){ .leaf = leaf, .begin = m->n };
        m->n += leaf->count;
    }
    return WG_OK;
}

/* Each tensor has its own scale; those that are zero in full take that of all of theta. */
static wg_status read_theta(wg__model *m)
{
    size_t bytes;
    if (!wg__mul_size(m->n + 1, sizeof(double), &bytes))
        return wg__fail(WG_ERR_NOMEM, "wg_verify: too many parameters");
    m->theta = wg__arena_alloc(&m->twin.arena, bytes);
    m->scale = wg__arena_alloc(&m->twin.arena, bytes);
    m->room = wg__arena_alloc(&m->twin.arena, bytes);
    if (!m->theta || !m->scale || !m->room)
        return WG_ERR_NOMEM;
    for (size_t i = 0; i < m->n_parts; i++)
        if (m->parts[i].leaf->count)
            memcpy(m->theta + m->parts[i].begin, m->parts[i].leaf->data, m->parts[i].leaf->bytes);
    wg__scale_of(m->n, m->theta, m->scale);
    for (size_t i = 0; i < m->n_parts; i++) {
        size_t begin = m->parts[i].begin, count = m->parts[i].leaf->count, zeros = 0;
        while (zeros < count && m->theta[begin + zeros] == 0)
            zeros++;
        if (zeros < count)
            wg__scale_of(count, m->theta + begin, m->scale + begin);
    }
    for (size_t i = 0; i < m->n; i++)
        m->room[i] = INFINITY;
    return WG_OK;
}

static wg_status compile(wg__model *m)
{
    wg_node **wanted = wg__alloc(NULL, m->n_parts, sizeof *wanted);
    if (!wanted)
        return WG_ERR_NOMEM;
    for (size_t i = 0; i < m->n_parts; i++)
        wanted[i] = m->parts[i].gradient;
    m->value = wg__twin_exec(&m->twin, m->mode, (wg_nodes){ &m->scalar, 1 });
    m->gradient = wg__twin_exec(&m->twin, m->mode, (wg_nodes){ wanted, m->n_parts });
    wg__free(NULL, wanted, m->n_parts, sizeof *wanted);
    return m->value && m->gradient ? WG_OK : wg_error_status();
}

/* Reverse mode can only be asked where every operation that needs an adjoint has one: a failure would spoil the graph. */
static bool has_adjoints(const wg__model *m)
{
    const wg_graph *g = m->twin.graph;
    unsigned char *needed = wg__alloc_zero(NULL, g->n_nodes, 1);
    bool all = needed != NULL;
    if (needed)
        wg__mark_needed(g, (wg_nodes){ &m->scalar, 1 }, needed);
    for (size_t i = 0; i < g->n_nodes && all; i++) {
        const wg__operation *o = g->nodes[i]->operation;
        all = !needed[i] || o->n_in == 0 || o->op->flags & (WG_NO_GRADIENT | WG_LEAF) || o->op->backward ||
              o->op->decompose;
    }
    wg__free(NULL, needed, g->n_nodes, 1);
    return all;
}

/* Reverse mode's gradients of the scalar, and the tape of how they came about. */
static wg_status differentiate(wg__model *m)
{
    wg_node **wrt = wg__alloc(NULL, m->n_parts, sizeof *wrt), *seed = wg_ones_like(m->scalar);
    wg_grads g = { { NULL, 0 }, { NULL, 0 } };
    for (size_t i = 0; i < m->n_parts && wrt; i++)
        wrt[i] = m->parts[i].leaf->node;
    if (m->taped)
        wg__tape_free(&m->tape);
    m->taped = false;
    if (wrt && seed) {
        m->taped = true;
        g = wg__pullback_taped(m->twin.graph, (wg_nodes){ &m->scalar, 1 }, (wg_nodes){ &seed, 1 },
                               (wg_nodes){ wrt, m->n_parts }, &m->tape);
    }
    wg__free(NULL, wrt, m->n_parts, sizeof *wrt);
    for (size_t i = 0; i < g.of.n; i++)
        m->parts[i].own = g.of.at[i];
    return g.of.n == m->n_parts ? WG_OK : wg_error_status() ? wg_error_status() : WG_ERR_NOMEM;
}

static wg_status open_model(wg__model *m, wg_node *scalar, wg_grads g, const wg_exec *at, wg__twin kind)
{
    *m = (wg__model){ .mode = wg__exec_mode(at), .twin = kind };
    wg_status st = make_twin(m, scalar, g, at);
    if (!st)
        st = lay_out(m, g.wrt);
    if (st)
        return st;
    m->scalar = m->twin.of[scalar->index];
    if (!g.of.n || has_adjoints(m))
        st = differentiate(m);
    for (size_t i = 0; i < m->n_parts; i++)
        m->parts[i].gradient = g.of.n ? m->twin.of[g.of.at[i]->index] : m->parts[i].own;
    return st;
}

wg_status wg__model_open(wg__model *m, wg_node *scalar, wg_grads g, const wg_exec *at, wg__reuse *r)
{
    return open_model(m, scalar, g, at, (wg__twin){ .reuse = r });
}

wg_status wg__model_open_narrow(wg__model *m, wg_node *scalar, wg_grads g, const wg_exec *at, wg__reuse *r)
{
    return open_model(m, scalar, g, at, (wg__twin){ .reuse = r, .narrow = true });
}

wg_status wg__model_flatten(wg__model *m)
{
    wg_status st = wg__twin_own(&m->twin);
    if (!st && !m->theta)
        st = read_theta(m);
    return st || m->value ? st : compile(m);
}

void wg__model_free(wg__model *m)
{
    wg_exec_free(m->value);
    wg_exec_free(m->gradient);
    if (m->taped)
        wg__tape_free(&m->tape);
    wg__twin_free(&m->twin);
}

/* A constant of random numbers, of the part's shape as fed. */
static wg_node *direction(wg__model *m, const wg__theta_part *part, wg__stream *stream)
{
    double *d = wg__arena_alloc(&m->twin.arena, part->leaf->bytes + sizeof *d);
    if (!d)
        return NULL;
    for (size_t i = 0; i < part->leaf->count; i++)
        d[i] = wg__draw_signed(stream) * m->scale[part->begin + i];
    return wg_constant(m->twin.graph, NULL, wg_view_of(d, WG_F64, part->leaf->shape));
}

wg_status wg__model_derive(wg__model *m, wg__stream *stream)
{
    wg_node *along = NULL;
    wg_status flat = m->theta ? WG_OK : read_theta(m);
    if (flat)
        return flat;
    for (size_t i = 0; i < m->n_parts; i++) {
        wg_node *d = direction(m, &m->parts[i], stream);
        wg_node *share = wg_sum(wg_mul(m->parts[i].gradient, d), WG_ALL_AXES, false);
        along = i ? wg_add(along, share) : share;
    }
    m->scalar = along;
    wg_exec_free(m->value);
    wg_exec_free(m->gradient);
    m->value = m->gradient = NULL;
    wg_status st = along ? differentiate(m) : wg_error_status();
    for (size_t i = 0; i < m->n_parts && !st; i++)
        m->parts[i].gradient = m->parts[i].own;
    return st;
}

void wg__model_put(wg__model *m, const double *x)
{
    for (size_t i = 0; i < m->n_parts; i++)
        if (m->parts[i].leaf->count)
            memcpy(m->parts[i].leaf->data, x + m->parts[i].begin, m->parts[i].leaf->bytes);
}

wg_status wg__model_value(void *model, const double *x, double *phi)
{
    wg__model *m = model;
    wg__model_put(m, x);
    wg_status st = wg_run(m->value);
    if (!st)
        *phi = wg_scalar(m->value, m->scalar);
    return st;
}

wg_status wg__model_gradient(void *model, const double *x, double *g)
{
    wg__model *m = model;
    wg__model_put(m, x);
    wg_status st = wg_run(m->gradient);
    for (size_t i = 0; i < m->n_parts && !st; i++) {
        const wg__theta_part *part = &m->parts[i];
        size_t count;
        const double *from = wg_view_f64(wg_result(m->gradient, part->gradient), &count);
        if (!from && part->leaf->count)
            return wg_error_status();
        if (count != part->leaf->count)
            return wg__fail(WG_ERR_SHAPE, "the gradient of %s has %zu elements, not %zu",
                            wg_node_name(part->leaf->source), count, part->leaf->count);
        if (count)
            memcpy(g + part->begin, from, count * sizeof *g);
    }
    return st;
}
