/* Altering a sample: broadcast, more axes and fewer, operands left out, added and tied, zeros and extreme values, attributes. */
#include "verify/operator/maker.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "graph/graph.h"
#include "tensor/shape.h"
#include "verify/operator/attributes.h"

/* ---- broadcasting ---- */

static void drop_leading(wg_shape *s, int axes)
{
    s->rank -= axes;
    memmove(s->dim, s->dim + axes, (size_t)s->rank * sizeof *s->dim);
}

static void try_broadcast(wg__maker *m, int slot)
{
    const wg_shape *shape = &m->from->in[slot].shape;
    for (int axis = 0; axis < shape->rank; axis++) {
        wg__variant v = wg__variant_begin(m);
        if (shape->dim[axis] == 1)
            continue;
        v.sample.in[slot].shape.dim[axis] = 1;
        snprintf(v.text, sizeof v.text, "broadcast of operand %d along axis %d", slot, axis);
        wg__variant_show(m, &v);
    }
    for (int axes = 1; axes <= shape->rank && (m->op->flags & WG_ELEMENTWISE); axes++) {
        wg__variant v = wg__variant_begin(m);
        drop_leading(&v.sample.in[slot].shape, axes);
        if (axes == shape->rank)
            snprintf(v.text, sizeof v.text, "operand %d a scalar", slot);
        else
            snprintf(v.text, sizeof v.text, "operand %d without its first %d axes", slot, axes);
        wg__variant_show(m, &v);
    }
}

/* Two operands of which neither has the result's shape: (3, 1) and (1, 4). */
static void try_broadcast_of_both(wg__maker *m)
{
    for (int a = 0; a < m->n; a++)
        for (int b = 0; b < m->n; b++) {
            wg__variant v = wg__variant_begin(m);
            wg_shape *of_a = &v.sample.in[a].shape, *of_b = &v.sample.in[b].shape;
            if (a == b || of_a->rank < 2 || of_b->rank < 2)
                continue;
            of_a->dim[of_a->rank - 1] = of_b->dim[of_b->rank - 2] = 1;
            snprintf(v.text, sizeof v.text, "broadcast of operands %d and %d along different axes", a, b);
            wg__variant_show(m, &v);
        }
}

static void try_broadcasts(wg__maker *m)
{
    for (int slot = 0; slot < m->n && m->n > 1 && wg__relates_operands(m); slot++)
        try_broadcast(m, slot);
    if (m->n > 1 && m->op->flags & WG_ELEMENTWISE)
        try_broadcast_of_both(m);
}

/* ---- more axes and fewer ---- */

bool wg__add_leading(wg_shape *s, int64_t size)
{
    if (s->rank == WG_MAX_RANK)
        return false;
    memmove(s->dim + 1, s->dim, (size_t)s->rank * sizeof *s->dim);
    s->dim[0] = size;
    s->rank++;
    return true;
}

/* As many axes as there can be, of 2 and 1 in turn. */
static void try_all_axes(wg__maker *m)
{
    wg__variant v = wg__variant_begin(m);
    int most = 0;
    for (int slot = 0; slot < m->n; slot++)
        most = m->from->in[slot].shape.rank > most ? m->from->in[slot].shape.rank : most;
    if (!wg__relates_operands(m) || m->op->flags & WG_ELEMENTWISE) /* those are tried with each number of axes */
        return;
    for (int slot = 0; slot < m->n; slot++)
        for (int axis = 0; axis < WG_MAX_RANK - most; axis++)
            wg__add_leading(&v.sample.in[slot].shape, 1 + (axis + most) % 2);
    v.brief = v.large = true; /* what a kernel leaves unwritten shows when it is run on other memory */
    snprintf(v.text, sizeof v.text, "%d axes", WG_MAX_RANK);
    wg__variant_show(m, &v);
}

static void try_batches(wg__maker *m)
{
    wg__variant v = wg__variant_begin(m);
    bool fits = wg__relates_operands(m);
    for (int slot = 0; slot < m->n && fits; slot++)
        fits = wg__add_leading(&v.sample.in[slot].shape, 2);
    snprintf(v.text, sizeof v.text, "a batch of 2");
    if (fits)
        wg__variant_show(m, &v);
    bool more = fits;
    for (int slot = 0; slot < m->n && more; slot++)
        more = wg__add_leading(&v.sample.in[slot].shape, 3);
    snprintf(v.text, sizeof v.text, "a batch of 3 by 2");
    if (more)
        wg__variant_show(m, &v);
    for (int slot = 0; slot < m->n && m->n > 1 && fits; slot++) {
        v = wg__variant_begin(m);
        wg__add_leading(&v.sample.in[slot].shape, 2);
        snprintf(v.text, sizeof v.text, "a batch of 2 in operand %d", slot);
        wg__variant_show(m, &v);
    }
}

/* All operands without their first axes, down to a scalar. */
static void try_fewer_axes(wg__maker *m)
{
    int least = WG_MAX_RANK;
    for (int slot = 0; slot < m->n; slot++)
        least = m->from->in[slot].shape.rank < least ? m->from->in[slot].shape.rank : least;
    for (int axes = 1; axes <= least && wg__relates_operands(m); axes++) {
        wg__variant v = wg__variant_begin(m);
        for (int slot = 0; slot < m->n; slot++)
            drop_leading(&v.sample.in[slot].shape, axes);
        v.degenerate = v.unvouched = true;
        snprintf(v.text, sizeof v.text, "without the first %d %s", axes, axes > 1 ? "axes" : "axis");
        wg__variant_show(m, &v);
    }
}

/* Elementwise operators must not care how many axes there are: all operands of one shape, of every rank. */
static void try_ranks(wg__maker *m)
{
    for (int rank = 0; rank <= WG_MAX_RANK && m->op->flags & WG_ELEMENTWISE; rank++) {
        wg__variant v = wg__variant_begin(m);
        wg_shape shape = { .rank = rank };
        for (int axis = 0; axis < rank; axis++)
            shape.dim[axis] = 1 + (axis + rank) % 3;
        for (int slot = 0; slot < m->n; slot++)
            v.sample.in[slot].shape = shape;
        v.brief = v.unvouched = true;
        snprintf(v.text, sizeof v.text, "%d axes", rank);
        wg__variant_show(m, &v);
    }
}

/* ---- more operands and fewer, operands that are one, zeros, values at the ends ---- */

static void try_left_out(wg__maker *m)
{
    for (int n = m->n - 1; n >= 1 && n >= m->op->arity - m->op->optional; n--) {
        wg__variant v = wg__variant_begin(m);
        for (int slot = n; slot < m->n; slot++)
            v.sample.in[slot] = (wg_sample_in){ .lo = 0 };
        v.sample.n = n;
        snprintf(v.text, sizeof v.text, "the last %d of %d operands left out", m->n - n, m->n);
        wg__variant_show(m, &v);
    }
}

static void try_another_operand(wg__maker *m)
{
    wg__variant v = wg__variant_begin(m);
    if (m->op->arity != WG_VARIADIC || m->n < 1 || m->n >= WG__SLOTS)
        return;
    v.sample.in[m->n] = v.sample.in[m->n - 1];
    v.sample.n = m->n + 1;
    snprintf(v.text, sizeof v.text, "%d operands", v.sample.n);
    wg__variant_show(m, &v);
}

/* One node in two slots: of the type under test, of one shape, with ranges that meet. */
static void try_tied(wg__maker *m, int with, int tied)
{
    const wg_sample_in *a = &m->from->in[with], *b = &m->from->in[tied];
    double lo = fmax(a->lo, b->lo), hi = fmin(a->hi, b->hi);
    if (a->dtype != WG_DTYPE_NONE || b->dtype != WG_DTYPE_NONE || !wg_shape_equal(a->shape, b->shape) || !(lo < hi))
        return;
    wg__variant v = wg__variant_begin(m);
    v.tied = tied;
    v.with = with;
    v.sample.in[with].lo = lo;
    v.sample.in[with].hi = hi;
    v.sample.in[with].distinct = a->distinct || b->distinct;
    snprintf(v.text, sizeof v.text, "one operand in slots %d and %d", with, tied);
    wg__variant_show(m, &v);
}

/* Integers of the other width. */
static void try_integers(wg__maker *m)
{
    for (int slot = 0; slot < m->n; slot++) {
        wg__variant v = wg__variant_begin(m);
        wg_dtype *type = &v.sample.in[slot].dtype;
        if (*type != WG_I64 && *type != WG_I32)
            continue;
        *type = *type == WG_I64 ? WG_I32 : WG_I64;
        v.brief = v.unvouched = v.retyped = true;
        snprintf(v.text, sizeof v.text, "operand %d of %s", slot, wg_dtype_name(*type));
        wg__variant_show(m, &v);
    }
}

/* What saturates, or is clamped, is so at the ends of a range. */
static void try_fringe(wg__maker *m)
{
    wg__variant v = wg__variant_begin(m);
    v.where = WG__FRINGE;
    v.brief = true;
    snprintf(v.text, sizeof v.text, "values close to the ends of their ranges");
    wg__variant_show(m, &v);
}

/* Where adjoints that divide by an operand, or ask whether it is 0, show it. */
static void try_zeros(wg__maker *m)
{
    wg__variant v = wg__variant_begin(m);
    v.where = WG__WITH_ZERO;
    v.brief = true;
    snprintf(v.text, sizeof v.text, "with an element 0");
    wg__variant_show(m, &v);
}

static void try_extremes(wg__maker *m)
{
    wg__variant v = wg__variant_begin(m);
    v.where = WG__AT_ENDS;
    snprintf(v.text, sizeof v.text, "values at the ends of their ranges");
    wg__variant_show(m, &v);
    bool both = false;
    for (int slot = 0; slot < m->n; slot++)
        both = both || (m->from->in[slot].lo < 0 && m->from->in[slot].hi > 0);
    v.where = WG__TINY;
    snprintf(v.text, sizeof v.text, "values of all magnitudes");
    if (both)
        wg__variant_show(m, &v);
}

/* ---- attributes ---- */

static wg_status visit_attrs(void *user, const void *attrs, const char *text)
{
    wg__maker *m = user;
    wg__variant v = wg__variant_begin(m);
    v.sample.attrs = attrs;
    v.unvouched = true;
    snprintf(v.text, sizeof v.text, "%s", text);
    wg__variant_show(m, &v);
    return m->status;
}

static void try_attributes(wg__maker *m)
{
    size_t size = m->op->attrs_size;
    unsigned char *room = size ? wg__alloc_zero(NULL, 2, size) : NULL;
    if (!size)
        return;
    if (!room) {
        m->status = WG_ERR_NOMEM;
        return;
    }
    const void *from = m->from->attrs ? m->from->attrs : room;
    if (!m->status && (m->from->attrs || wg__attrs_default(m->op, room)))
        m->status = wg__each_attrs(m->op, m->from, from, room + size, visit_attrs, m);
    wg__free(NULL, room, 2, size);
}

static void try_axes(wg__maker *m)
{
    m->sort = WG__OF_AXES;
    try_batches(m);
    try_all_axes(m);
    try_fewer_axes(m);
    try_ranks(m);
}

static void try_operands(wg__maker *m)
{
    m->sort = WG__OF_OPERANDS;
    try_left_out(m);
    try_another_operand(m);
}

static void try_ties(wg__maker *m)
{
    m->sort = WG__OF_TIES;
    for (int with = 0; with < m->n; with++)
        for (int tied = with + 1; tied < m->n; tied++)
            try_tied(m, with, tied);
}

static void try_values(wg__maker *m)
{
    m->sort = WG__OF_VALUES;
    try_integers(m);
    try_zeros(m);
    try_fringe(m);
    try_extremes(m);
}

void wg__try_all_shapes(wg__maker *m)
{
    m->sort = WG__OF_BROADCASTS;
    try_broadcasts(m);
    wg__try_sizes(m);
    try_axes(m);
    try_operands(m);
    try_ties(m);
    try_values(m);
}

wg_status wg__each_variant(const wg_op *op, const wg_sample *from, wg__variant_visit *visit, void *user)
{
    wg__maker m = { op, from, wg__sample_operands(op, from), visit, user, WG__OF_ATTRIBUTES, WG_OK };
    try_attributes(&m);
    wg__try_all_shapes(&m);
    return m.status;
}

uint64_t wg__variant_hash(const wg_op *op, const wg__variant *v)
{
    const void *attrs = v->sample.attrs;
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ (attrs ? wg__attrs_hash(op, attrs) : 0);
    const uint64_t prime = UINT64_C(0x100000001b3);
    hash = (hash ^ (uint64_t)v->brief ^ (uint64_t)wg__sample_operands(op, &v->sample) << 1) * prime;
    hash = (hash ^ (uint64_t)((v->tied * WG__SLOTS + v->with) * (WG__TINY + 1) + (int)v->where)) * prime;
    for (int slot = 0; slot < WG__SLOTS; slot++) {
        const wg_sample_in *in = &v->sample.in[slot];
        double ends[2] = { in->lo, in->hi };
        uint64_t bits[2];
        memcpy(bits, ends, sizeof bits);
        hash = ((hash ^ bits[0]) * prime ^ bits[1]) * prime;
        hash = (hash ^ (uint64_t)in->dtype ^ (uint64_t)in->shape.rank << 8) * prime;
        for (int axis = 0; axis < in->shape.rank; axis++)
            hash = (hash ^ (uint64_t)in->shape.dim[axis]) * prime;
    }
    return hash;
}
