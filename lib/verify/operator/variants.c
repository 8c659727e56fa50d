/* Altering a sample: broadcast, sizes 0 and 1 and large ones, batches, tied operands, extreme values. */
#include "verify/operator/variants.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "graph/graph.h"
#include "tensor/shape.h"
#include "verify/operator/attributes.h"

typedef struct maker {
    const wg_op *op;
    const wg_sample *from;
    int n;
    wg__variant_visit *visit;
    void *user;
    wg_status status;
} maker;

static wg__variant begin(const maker *m) { return (wg__variant){ .sample = *m->from }; }

static bool try(maker *m, const wg__variant *v)
{
    bool taken = false;
    if (!m->status)
        m->status = m->visit(m->user, v, &taken);
    return taken;
}

/* Does inference look at more than operand 0? Where it does not, shapes that belong together are the caller's business,
 * and only changes that keep them so can be tried. */
static bool relates_operands(const maker *m) { return m->n == 1 || m->op->infer || (m->op->flags & WG_ELEMENTWISE); }

/* ---- broadcasting ---- */

static void drop_leading(wg_shape *s, int axes)
{
    s->rank -= axes;
    memmove(s->dim, s->dim + axes, (size_t)s->rank * sizeof *s->dim);
}

static void try_broadcast(maker *m, int slot)
{
    const wg_shape *shape = &m->from->in[slot].shape;
    for (int axis = 0; axis < shape->rank; axis++) {
        wg__variant v = begin(m);
        if (shape->dim[axis] == 1)
            continue;
        v.sample.in[slot].shape.dim[axis] = 1;
        snprintf(v.text, sizeof v.text, "broadcast of operand %d along axis %d", slot, axis);
        try(m, &v);
    }
    for (int axes = 1; axes <= shape->rank && (m->op->flags & WG_ELEMENTWISE); axes++) {
        wg__variant v = begin(m);
        drop_leading(&v.sample.in[slot].shape, axes);
        if (axes == shape->rank)
            snprintf(v.text, sizeof v.text, "operand %d a scalar", slot);
        else
            snprintf(v.text, sizeof v.text, "operand %d without its first %d axes", slot, axes);
        try(m, &v);
    }
}

static void try_broadcasts(maker *m)
{
    for (int slot = 0; slot < m->n && m->n > 1 && relates_operands(m); slot++)
        try_broadcast(m, slot);
}

/* ---- sizes ---- */

enum { SIZES = 12 };

/* The distinct sizes of all operands; how many. */
static int distinct_sizes(const maker *m, int64_t size[SIZES])
{
    int n = 0;
    for (int slot = 0; slot < m->n; slot++)
        for (int axis = 0; axis < m->from->in[slot].shape.rank; axis++) {
            int k = 0;
            while (k < n && size[k] != m->from->in[slot].shape.dim[axis])
                k++;
            if (k == n && n < SIZES)
                size[n++] = m->from->in[slot].shape.dim[axis];
        }
    return n;
}

/* Sums along the rows of larger matrices would outweigh a raised diagonal: entries become as much smaller. */
static void keep_regular(const maker *m, wg_sample *sample)
{
    const wg_shape *was = &m->from->in[0].shape;
    wg_sample_in *in = &sample->in[0];
    if (sample->diagonal == 0 || was->rank < 2 || in->shape.dim[was->rank - 1] <= was->dim[was->rank - 1])
        return;
    double by = (double)was->dim[was->rank - 1] / (double)in->shape.dim[was->rank - 1];
    in->lo *= by;
    in->hi *= by;
}

/* Replaces sizes wherever they stand, so that sizes that belong together stay equal. Integers 0 .. size-1 point into an
 * axis of that size, and go with it. */
static void replace_sizes(const maker *m, wg_sample *sample, int n, const int64_t *from, const int64_t *to)
{
    for (int slot = 0; slot < m->n; slot++) {
        wg_sample_in *in = &sample->in[slot];
        for (int axis = 0; axis < in->shape.rank; axis++)
            for (int k = 0; k < n; k++)
                if (m->from->in[slot].shape.dim[axis] == from[k])
                    in->shape.dim[axis] = to[k];
        for (int k = 0; k < n && in->dtype != WG_DTYPE_NONE && !wg__is_float(in->dtype); k++)
            if (m->from->in[slot].hi == (double)(from[k] - 1) && to[k] > 0)
                in->hi = (double)(to[k] - 1);
    }
    keep_regular(m, sample);
}

static void try_small_sizes(maker *m)
{
    int64_t size[SIZES];
    int n = distinct_sizes(m, size);
    for (int k = 0; k < n; k++)
        for (int64_t to = 0; to <= 1 && to < size[k]; to++) {
            wg__variant v = begin(m);
            replace_sizes(m, &v.sample, 1, &size[k], &to);
            v.degenerate = true;
            snprintf(v.text, sizeof v.text, "size %lld for %lld", (long long)to, (long long)size[k]);
            try(m, &v);
        }
}

/* Does that size stand somewhere else too? */
static bool is_repeated(const maker *m, int64_t size)
{
    int times = 0;
    for (int slot = 0; slot < m->n; slot++)
        for (int axis = 0; axis < m->from->in[slot].shape.rank; axis++)
            times += m->from->in[slot].shape.dim[axis] == size;
    return times > 1;
}

/* One axis alone, where sizes that are equal by chance would hide which axis is meant: a square matrix. */
static void try_single_axes(maker *m)
{
    bool elementwise = m->op->flags & WG_ELEMENTWISE; /* there, no axis is another's partner */
    for (int slot = 0; slot < m->n && relates_operands(m) && !elementwise; slot++)
        for (int axis = 0; axis < m->from->in[slot].shape.rank; axis++) {
            wg__variant v = begin(m);
            if (!is_repeated(m, m->from->in[slot].shape.dim[axis]))
                continue;
            v.sample.in[slot].shape.dim[axis]++;
            snprintf(v.text, sizeof v.text, "axis %d of operand %d longer by 1", axis, slot);
            try(m, &v);
        }
}

/* The broadcast of all operands, roughly: the longest of the axes that stand above each other. It bounds the work of
 * elementwise operators, and tells of the others' how many axes grow. */
static wg_shape joint_shape(const maker *m, const wg_sample *sample)
{
    wg_shape joint = { .rank = 0 };
    for (int slot = 0; slot < m->n; slot++) {
        const wg_shape *shape = &sample->in[slot].shape;
        for (int axis = 1; axis <= shape->rank; axis++) { /* from the end */
            int64_t size = shape->dim[shape->rank - axis];
            if (axis > joint.rank)
                joint.dim[joint.rank++] = 1;
            joint.dim[axis - 1] = size > joint.dim[axis - 1] ? size : joint.dim[axis - 1];
        }
    }
    return joint;
}

/* Sizes, odd and all different, with which the operands' broadcast has `target` elements or somewhat more. */
static bool enlarge(const maker *m, wg_sample *sample, int64_t target)
{
    int64_t from[SIZES], to[SIZES];
    int n = distinct_sizes(m, from), grow = 0;
    wg_shape joint = joint_shape(m, m->from);
    for (int axis = 0; axis < joint.rank; axis++)
        grow += joint.dim[axis] > 1;
    if (!grow)
        return false;
    int64_t size = (int64_t)ceil(pow((double)target, 1.0 / grow)) | 1;
    for (int k = 0, step = 0; k < n; k++)
        to[k] = from[k] > 1 ? size + 2 * step++ : from[k];
    replace_sizes(m, sample, n, from, to);
    return wg_shape_count(joint_shape(m, sample)) <= 4 * target;
}

/* Vector tails, several blocks, and work for several threads. Smaller where the result is much larger than the operands, as
 * of an outer product. */
static void try_large_sizes(maker *m)
{
    enum { ELEMENTWISE = 4200, OTHERS = 1600, LEAST = 64 };
    bool taken = false;
    for (int64_t target = m->op->flags & WG_ELEMENTWISE ? ELEMENTWISE : OTHERS; target >= LEAST && !taken;
         target /= 4) {
        char shape[48];
        wg__variant v = begin(m);
        v.large = true;
        if (!enlarge(m, &v.sample, target))
            return;
        snprintf(v.text, sizeof v.text, "enlarged to %s", wg_shape_text(v.sample.in[0].shape, shape, sizeof shape));
        taken = try(m, &v);
    }
}

/* One size at a time, where all together would be too much work: the last axis of an image, say. */
static void try_long_sizes(maker *m)
{
    enum { LONG = 67, MOST = 6000 };
    int64_t size[SIZES], to = LONG;
    int n = distinct_sizes(m, size);
    for (int k = 0; k < n && n > 1 && !(m->op->flags & WG_ELEMENTWISE); k++) {
        wg__variant v = begin(m);
        replace_sizes(m, &v.sample, 1, &size[k], &to);
        snprintf(v.text, sizeof v.text, "size %d for %lld", LONG, (long long)size[k]);
        v.large = true;
        if (size[k] > 1 && wg_shape_count(joint_shape(m, &v.sample)) <= MOST)
            try(m, &v);
    }
}

/* One axis at a time as long as can be a vector's tail, or a vector and its tail. Elementwise operators see one axis in any
 * case; there that is cheap enough for a lone element, and for the widest vector and each of its tails. */
static void try_lengths(maker *m)
{
    enum { LONGEST = 17, LONGEST_ELEMENTWISE = 33 };
    int64_t size[SIZES];
    bool elementwise = m->op->flags & WG_ELEMENTWISE;
    int n = elementwise ? 1 : distinct_sizes(m, size);
    for (int k = 0; k < n; k++)
        for (int64_t to = elementwise ? 1 : 2;
             to <= (elementwise ? LONGEST_ELEMENTWISE : LONGEST) && (elementwise || size[k] > 1); to++) {
            wg__variant v = begin(m);
            v.brief = v.unvouched = true;
            if (elementwise)
                for (int slot = 0; slot < m->n; slot++)
                    v.sample.in[slot].shape = (wg_shape){ .dim = { to }, .rank = 1 };
            else
                replace_sizes(m, &v.sample, 1, &size[k], &to);
            if (elementwise)
                snprintf(v.text, sizeof v.text, "length %lld", (long long)to);
            else
                snprintf(v.text, sizeof v.text, "length %lld for %lld", (long long)to, (long long)size[k]);
            try(m, &v);
        }
}

/* ---- batches ---- */

static bool add_leading(wg_shape *s)
{
    if (s->rank == WG_MAX_RANK)
        return false;
    memmove(s->dim + 1, s->dim, (size_t)s->rank * sizeof *s->dim);
    s->dim[0] = 2;
    s->rank++;
    return true;
}

static void try_batches(maker *m)
{
    wg__variant v = begin(m);
    bool fits = relates_operands(m);
    for (int slot = 0; slot < m->n && fits; slot++)
        fits = add_leading(&v.sample.in[slot].shape);
    snprintf(v.text, sizeof v.text, "a batch of 2");
    if (fits)
        try(m, &v);
    for (int slot = 0; slot < m->n && m->n > 1 && fits; slot++) {
        v = begin(m);
        add_leading(&v.sample.in[slot].shape);
        snprintf(v.text, sizeof v.text, "a batch of 2 in operand %d", slot);
        try(m, &v);
    }
}

/* ---- more operands, operands that are one, values at the ends ---- */

static void try_another_operand(maker *m)
{
    wg__variant v = begin(m);
    if (m->op->arity != WG_VARIADIC || m->n < 1 || m->n >= WG__SLOTS)
        return;
    v.sample.in[m->n] = v.sample.in[m->n - 1];
    v.sample.n = m->n + 1;
    snprintf(v.text, sizeof v.text, "%d operands", v.sample.n);
    try(m, &v);
}

/* One node in two slots: of the type under test, of one shape, with ranges that meet. */
static void try_tied(maker *m, int with, int tied)
{
    const wg_sample_in *a = &m->from->in[with], *b = &m->from->in[tied];
    double lo = fmax(a->lo, b->lo), hi = fmin(a->hi, b->hi);
    if (a->dtype != WG_DTYPE_NONE || b->dtype != WG_DTYPE_NONE || !wg_shape_equal(a->shape, b->shape) || !(lo < hi))
        return;
    wg__variant v = begin(m);
    v.tied = tied;
    v.with = with;
    v.sample.in[with].lo = lo;
    v.sample.in[with].hi = hi;
    v.sample.in[with].distinct = a->distinct || b->distinct;
    snprintf(v.text, sizeof v.text, "one operand in slots %d and %d", with, tied);
    try(m, &v);
}

static void try_extremes(maker *m)
{
    wg__variant v = begin(m);
    v.where = WG__AT_ENDS;
    snprintf(v.text, sizeof v.text, "values at the ends of their ranges");
    try(m, &v);
    bool both = false;
    for (int slot = 0; slot < m->n; slot++)
        both = both || (m->from->in[slot].lo < 0 && m->from->in[slot].hi > 0);
    v.where = WG__TINY;
    snprintf(v.text, sizeof v.text, "values of all magnitudes");
    if (both)
        try(m, &v);
}

/* ---- attributes ---- */

static wg_status visit_attrs(void *user, const void *attrs, const char *text)
{
    maker *m = user;
    wg__variant v = begin(m);
    v.sample.attrs = attrs;
    v.unvouched = true;
    snprintf(v.text, sizeof v.text, "%s", text);
    try(m, &v);
    return m->status;
}

static void try_attributes(maker *m)
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

wg_status wg__each_variant(const wg_op *op, const wg_sample *from, wg__variant_visit *visit, void *user)
{
    int n = from->n ? from->n : op->arity;
    maker m = { op, from, n < 0 ? 1 : n > WG__SLOTS ? WG__SLOTS : n, visit, user, WG_OK };
    try_attributes(&m);
    try_broadcasts(&m);
    try_small_sizes(&m);
    try_single_axes(&m);
    try_large_sizes(&m);
    try_long_sizes(&m);
    try_batches(&m);
    try_another_operand(&m);
    for (int with = 0; with < m.n; with++)
        for (int tied = with + 1; tied < m.n; tied++)
            try_tied(&m, with, tied);
    try_extremes(&m);
    try_lengths(&m);
    return m.status;
}

uint64_t wg__variant_hash(const wg_op *op, const wg__variant *v)
{
    const void *attrs = v->sample.attrs;
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ (attrs ? wg__attrs_hash(op, attrs) : 0) ^ (uint64_t)v->brief;
    const uint64_t prime = UINT64_C(0x100000001b3);
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
