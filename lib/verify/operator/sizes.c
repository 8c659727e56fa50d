/* Sizes that no sample has: none and one, long axes and many elements, and each length that a vector's tail can have. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "graph/graph.h"
#include "tensor/shape.h"
#include "verify/operator/maker.h"

enum { SIZES = 12 };

/* The distinct sizes of all operands; how many. */
static int distinct_sizes(const wg__maker *m, int64_t size[SIZES])
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
static void keep_regular(const wg__maker *m, wg_sample *sample)
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
static void replace_sizes(const wg__maker *m, wg_sample *sample, int n, const int64_t *from, const int64_t *to)
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

static void try_small_sizes(wg__maker *m)
{
    int64_t size[SIZES];
    int n = distinct_sizes(m, size);
    for (int k = 0; k < n; k++)
        for (int64_t to = 0; to <= 1 && to < size[k]; to++) {
            wg__variant v = wg__variant_begin(m);
            replace_sizes(m, &v.sample, 1, &size[k], &to);
            v.degenerate = true;
            snprintf(v.text, sizeof v.text, "size %lld for %lld", (long long)to, (long long)size[k]);
            wg__variant_show(m, &v);
        }
}

/* A lone element in every operand. */
static void try_all_ones(wg__maker *m)
{
    wg__variant v = wg__variant_begin(m);
    for (int slot = 0; slot < m->n; slot++)
        for (int axis = 0; axis < v.sample.in[slot].shape.rank; axis++)
            v.sample.in[slot].shape.dim[axis] = 1;
    for (int slot = 0; slot < m->n; slot++)
        if (v.sample.in[slot].dtype != WG_DTYPE_NONE && !wg__is_float(v.sample.in[slot].dtype))
            v.sample.in[slot].hi = v.sample.in[slot].lo; /* it may point into an axis */
    v.degenerate = v.unvouched = true;
    snprintf(v.text, sizeof v.text, "all sizes 1");
    wg__variant_show(m, &v);
}

/* Does that size stand somewhere else too? */
static bool is_repeated(const wg__maker *m, int64_t size)
{
    int times = 0;
    for (int slot = 0; slot < m->n; slot++)
        for (int axis = 0; axis < m->from->in[slot].shape.rank; axis++)
            times += m->from->in[slot].shape.dim[axis] == size;
    return times > 1;
}

/* One axis alone, where sizes that are equal by chance would hide which axis is meant: a square matrix. */
static void try_single_axes(wg__maker *m)
{
    bool elementwise = m->op->flags & WG_ELEMENTWISE; /* there, no axis is another's partner */
    for (int slot = 0; slot < m->n && wg__relates_operands(m) && !elementwise; slot++)
        for (int axis = 0; axis < m->from->in[slot].shape.rank; axis++) {
            wg__variant v = wg__variant_begin(m);
            if (!is_repeated(m, m->from->in[slot].shape.dim[axis]))
                continue;
            v.sample.in[slot].shape.dim[axis]++;
            snprintf(v.text, sizeof v.text, "axis %d of operand %d longer by 1", axis, slot);
            wg__variant_show(m, &v);
        }
}

/* The broadcast of all operands, roughly: the longest of the axes that stand above each other. It bounds the work of
 * elementwise operators, and tells of the others' how many axes grow. */
static wg_shape joint_shape(const wg__maker *m, const wg_sample *sample)
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
static bool enlarge(const wg__maker *m, wg_sample *sample, int64_t target)
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
static bool try_enlarged(wg__maker *m, int64_t target, bool brief)
{
    char shape[48];
    wg__variant v = wg__variant_begin(m);
    v.large = true;
    v.brief = brief;
    if (!enlarge(m, &v.sample, target))
        return false;
    snprintf(v.text, sizeof v.text, "enlarged to %s", wg_shape_text(v.sample.in[0].shape, shape, sizeof shape));
    return wg__variant_show(m, &v);
}

/* Elementwise operators are repeated many times elsewhere (repeats.c): more elements tell nothing else of them. */
static void try_large_sizes(wg__maker *m)
{
    enum { ELEMENTWISE = 4200, OTHERS = 1600, MANY = 8000, LEAST = 64 };
    bool elementwise = m->op->flags & WG_ELEMENTWISE;
    for (int64_t target = elementwise ? ELEMENTWISE : OTHERS; target >= LEAST; target /= 4)
        if (try_enlarged(m, target, false))
            break;
    if (!elementwise)
        try_enlarged(m, MANY, true);
}

/* Gives all sizes but number `k` as few elements as keep them apart from an axis that is not there. */
static void thin(const int64_t *size, int n, int k, int64_t *to)
{
    for (int j = 0, step = 0; j < n; j++)
        if (j != k)
            to[j] = size[j] > 2 ? 2 + step++ % 2 : size[j];
}

/* One size at a time, where all together would be too much work: the last axis of an image, say. The longest ones with the
 * others as they are or, where that is too much, as small as can be. */
static void try_long_sizes(wg__maker *m)
{
    enum { MOST = 6000 };
    static const int64_t length[] = { 67, 300, 1030 };
    int64_t size[SIZES], to[SIZES];
    int n = distinct_sizes(m, size);
    for (int k = 0; k < n && !(m->op->flags & WG_ELEMENTWISE); k++)
        for (size_t long_one = n > 1 ? 0 : 1; long_one < WG_COUNT(length); long_one++)
            for (int thinned = 0; thinned < 2 && size[k] > 1; thinned++) {
                wg__variant v = wg__variant_begin(m);
                memcpy(to, size, sizeof to);
                to[k] = length[long_one];
                if (thinned)
                    thin(size, n, k, to);
                replace_sizes(m, &v.sample, n, size, to);
                snprintf(v.text, sizeof v.text, "size %lld for %lld%s", (long long)to[k], (long long)size[k],
                         thinned ? ", the others small" : "");
                v.large = true;
                v.brief = long_one > 0;
                if (wg_shape_count(joint_shape(m, &v.sample)) <= MOST && wg__variant_show(m, &v))
                    break;
            }
}

/* One axis at a time as long as can be a vector's tail, or a vector and its tail. Elementwise operators see one axis in any
 * case; there that is cheap enough for a lone element, and for the widest vector and each of its tails. */
static void try_lengths(wg__maker *m)
{
    enum { LONGEST = 17, LONGEST_ELEMENTWISE = 33 };
    int64_t size[SIZES];
    bool elementwise = m->op->flags & WG_ELEMENTWISE;
    int n = elementwise ? 1 : distinct_sizes(m, size);
    for (int k = 0; k < n; k++)
        for (int64_t to = elementwise ? 1 : 2;
             to <= (elementwise ? LONGEST_ELEMENTWISE : LONGEST) && (elementwise || size[k] > 1); to++) {
            wg__variant v = wg__variant_begin(m);
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
            wg__variant_show(m, &v);
        }
}

void wg__try_sizes(wg__maker *m)
{
    m->sort = WG__OF_SIZES;
    try_small_sizes(m);
    try_all_ones(m);
    try_single_axes(m);
    m->sort = WG__OF_LONG_SIZES;
    try_large_sizes(m);
    try_long_sizes(m);
    m->sort = WG__OF_LENGTHS;
    try_lengths(m);
}
