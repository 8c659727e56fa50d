/* Copies a strided view into contiguous memory. */
#include <string.h>

#include "tensor/shape.h"

/* What is left to walk once axes of size 1 are dropped and neighbours that lie as one axis are joined. */
typedef struct walk {
    int64_t dim[WG_MAX_RANK], stride[WG_MAX_RANK];
    int rank;
} walk;

static walk simplify(const wg_view *v)
{
    walk w = { .rank = 0 };

    for (int i = 0; i < v->shape.rank; i++) {
        int64_t dim = v->shape.dim[i], stride = v->stride[i];

        if (dim == 1)
            continue;
        if (w.rank > 0 && w.stride[w.rank - 1] == stride * dim) {
            w.dim[w.rank - 1] *= dim;
            w.stride[w.rank - 1] = stride;
        } else {
            w.dim[w.rank] = dim;
            w.stride[w.rank++] = stride;
        }
    }
    if (w.rank == 0) { /* a single element */
        w.dim[0] = w.stride[0] = 1;
        w.rank = 1;
    }
    return w;
}

#define COPY_ROW(T)                                                                                                    \
    do {                                                                                                               \
        const T *s = from;                                                                                             \
        T *t = to;                                                                                                     \
        for (int64_t i = 0; i < n; i++)                                                                                \
            t[i] = s[i * stride];                                                                                      \
    } while (0)

/* n elements of `size` bytes, `stride` elements apart. Types of one size share a loop: only bits are moved. */
static void copy_row(void *to, const void *from, int64_t n, int64_t stride, size_t size)
{
    if (stride == 1)
        memcpy(to, from, (size_t)n * size);
    else if (size == 8)
        COPY_ROW(uint64_t);
    else if (size == 4)
        COPY_ROW(uint32_t);
    else
        COPY_ROW(uint8_t);
}

/* Steps to the next row: an odometer over all axes but the last. False when the walk is over. */
static bool next_row(const walk *w, int64_t index[WG_MAX_RANK], int64_t *offset)
{
    for (int i = w->rank - 2; i >= 0; i--) {
        *offset += w->stride[i];
        if (++index[i] < w->dim[i])
            return true;
        *offset -= w->stride[i] * w->dim[i];
        index[i] = 0;
    }
    return false;
}

void wg__view_copy(void *to, wg_view from)
{
    size_t size = wg_dtype_size(from.dtype);
    int64_t count = wg_shape_count(from.shape), index[WG_MAX_RANK] = { 0 }, offset = 0;
    const unsigned char *source = from.data;
    unsigned char *target = to;
    walk w;

    if (count <= 0 || source == NULL)
        return;
    if (!from.strided) {
        memcpy(target, source, (size_t)count * size);
        return;
    }
    w = simplify(&from);
    do {
        copy_row(target, source + offset * (int64_t)size, w.dim[w.rank - 1], w.stride[w.rank - 1], size);
        target += w.dim[w.rank - 1] * (int64_t)size;
    } while (next_row(&w, index, &offset));
}
