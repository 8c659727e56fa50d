/* Kernels of the planner itself: elements are repeated, copied, or looked at. */
#include <math.h>
#include <string.h>

#include "plan/make.h"

/* Axes of size 1 go, and neighbours merge where the outer stride continues the inner one. */
wg__stretch wg__stretch_of(const wg_shape *from, const wg_shape *to, wg_dtype type)
{
    wg__stretch s = { .size = wg_dtype_size(type) };
    int64_t stride[WG_MAX_RANK];
    wg__broadcast_strides(from, to, stride);
    for (int d = 0; d < to->rank; d++) {
        if (to->dim[d] == 1)
            continue;
        if (s.rank && s.stride[s.rank - 1] == stride[d] * to->dim[d]) {
            s.dim[s.rank - 1] *= to->dim[d];
            s.stride[s.rank - 1] = stride[d];
        } else {
            s.dim[s.rank] = to->dim[d];
            s.stride[s.rank++] = stride[d];
        }
    }
    return s;
}

/* Fills n elements with the one at `from`. */
static void fill(char *to, const char *from, int64_t n, size_t size)
{
    switch (size) {
    case 1:
        memset(to, *(const unsigned char *)from, (size_t)n);
        break;
    case 4: {
        uint32_t word, *out = (uint32_t *)to;
        memcpy(&word, from, sizeof word);
        for (int64_t i = 0; i < n; i++)
            out[i] = word;
        break;
    }
    default: {
        uint64_t word, *out = (uint64_t *)to;
        memcpy(&word, from, sizeof word);
        for (int64_t i = 0; i < n; i++)
            out[i] = word;
    }
    }
}

/* A row repeated down the result, as a bias is: what is there already is copied to twice the length. `skip`: where in the row
 * the block begins. */
static void repeat_row(char *to, const char *row, int64_t width, int64_t skip, int64_t n, size_t size)
{
    int64_t head = width - skip < n ? width - skip : n;
    memcpy(to, row + (size_t)skip * size, (size_t)head * size);
    int64_t done = head + (skip < n - head ? skip : n - head);
    memcpy(to + (size_t)head * size, row, (size_t)(done - head) * size);
    while (done < n) { /* `done` is a whole row here, and stays a multiple of it */
        int64_t more = done < n - done ? done : n - done;
        memcpy(to + (size_t)done * size, to, (size_t)more * size);
        done += more;
    }
}

/* out: elements c->first + begin .. of the operand as it is when broadcast. */
wg_status wg__kernel_stretch(const wg_call *c, int64_t begin, int64_t end)
{
    const wg__stretch *s = c->params;
    const char *from = c->in[0];
    char *to = (char *)c->out + (size_t)begin * s->size;
    int64_t n = end - begin, at = c->first + begin;
    if (n <= 0)
        return WG_OK;
    if (s->rank == 0 || (s->rank == 1 && s->stride[0] == 0)) {
        fill(to, from, n, s->size);
        return WG_OK;
    }
    int inner = s->rank - 1;
    int64_t width = s->dim[inner];
    if (inner == 1 && s->stride[0] == 0 && s->stride[1] == 1) {
        repeat_row(to, from, width, at % width, n, s->size);
        return WG_OK;
    }
    while (n > 0) {
        int64_t column = at % width, row = at / width, offset = column * s->stride[inner];
        int64_t run = width - column < n ? width - column : n;
        for (int d = inner - 1; d >= 0; d--) {
            offset += row % s->dim[d] * s->stride[d];
            row /= s->dim[d];
        }
        const char *source = from + offset * (int64_t)s->size;
        if (s->stride[inner])
            memcpy(to, source, (size_t)run * s->size);
        else
            fill(to, source, run, s->size);
        to += (size_t)run * s->size;
        at += run;
        n -= run;
    }
    return WG_OK;
}

/* Units are bytes. */
wg_status wg__kernel_copy(const wg_call *c, int64_t begin, int64_t end)
{
    memcpy((char *)c->out + begin, (const char *)c->in[0] + begin, (size_t)(end - begin));
    return WG_OK;
}

/* A sum of differences from themselves: 0, or NaN as soon as one element is not finite. Unlike a test and a branch an
 * element it vectorises. */
#define WG__FINITE(T)                                                                                                  \
    static bool finite_##T(const T *x, int64_t n)                                                                      \
    {                                                                                                                  \
        T lane[16] = { 0 }, sum = 0;                                                                                   \
        int64_t i = 0;                                                                                                 \
        for (; i + 16 <= n; i += 16)                                                                                   \
            for (int k = 0; k < 16; k++)                                                                               \
                lane[k] += x[i + k] - x[i + k];                                                                        \
        for (; i < n; i++)                                                                                             \
            sum += x[i] - x[i];                                                                                        \
        for (int k = 0; k < 16; k++)                                                                                   \
            sum += lane[k];                                                                                            \
        return isfinite(sum);                                                                                          \
    }
WG__FINITE(float)
WG__FINITE(double)

bool wg__all_finite(const void *x, wg_dtype type, int64_t n)
{
    return type == WG_F32 ? finite_float(x, n) : type == WG_F64 ? finite_double(x, n) : true;
}

wg_status wg__kernel_check(const wg_call *c, int64_t begin, int64_t end)
{
    wg_dtype type = c->out_type;
    const char *x = (const char *)c->in[0] + (size_t)begin * wg_dtype_size(type);
    return wg__all_finite(x, type, end - begin) ? WG_OK : wg__fail(WG_ERR_NUMERIC, "not finite");
}
