/* Shapes: their arithmetic, broadcasting, and text. */
#include "tensor/shape.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"

static bool is_letter(int64_t d)
{
    return (d <= WG_DIM('A') && d >= WG_DIM('Z')) || (d <= WG_DIM('a') && d >= WG_DIM('z'));
}

bool wg__shape_valid(const wg_shape *s)
{
    if (s->rank < 0 || s->rank > WG_MAX_RANK)
        return false;
    for (int i = 0; i < s->rank; i++)
        if (!wg__dim_known(s->dim[i]) && s->dim[i] != WG_ANY && !is_letter(s->dim[i]))
            return false;
    return true;
}

/* A zero among the sizes does not excuse an overflow of the others: strides are products of them too. */
int64_t wg_shape_count(wg_shape s)
{
    int64_t product = 1;
    bool empty = false;

    if (s.rank < 0 || s.rank > WG_MAX_RANK)
        return -1;
    for (int i = 0; i < s.rank; i++) {
        if (s.dim[i] == 0)
            empty = true;
        else if (!wg__dim_known(s.dim[i]) || !wg__mul_i64(product, s.dim[i], &product))
            return -1;
    }
    return empty ? 0 : product;
}

bool wg__shape_known(const wg_shape *s) { return wg_shape_count(*s) >= 0; }

bool wg__shape_bytes(const wg_shape *s, wg_dtype type, size_t *bytes)
{
    int64_t count = wg_shape_count(*s);

    return count >= 0 && (uint64_t)count <= SIZE_MAX && wg__mul_size((size_t)count, wg_dtype_size(type), bytes);
}

bool wg_shape_equal(wg_shape a, wg_shape b)
{
    if (a.rank != b.rank || a.rank > WG_MAX_RANK)
        return false;
    for (int i = 0; i < a.rank; i++)
        if (a.dim[i] != b.dim[i])
            return false;
    return true;
}

void wg__shape_strides(const wg_shape *s, int64_t stride[WG_MAX_RANK])
{
    int64_t step = 1;

    for (int i = s->rank - 1; i >= 0; i--) {
        stride[i] = step;
        step *= s->dim[i] > 0 ? s->dim[i] : 1;
    }
}

void wg__broadcast_strides(const wg_shape *from, const wg_shape *to, int64_t stride[WG_MAX_RANK])
{
    int64_t own[WG_MAX_RANK] = { 0 };
    int missing = to->rank - from->rank;

    wg__shape_strides(from, own);
    for (int i = 0; i < to->rank; i++) {
        bool stays = i >= missing && (from->dim[i - missing] != 1 || to->dim[i] == 1);

        stride[i] = stays ? own[i - missing] : 0;
    }
}

/* One axis of a broadcast. An unknown size meets others only as their equal, which is checked when it is known; sizes
 * with different names are taken to differ. */
static bool broadcast_dim(int64_t a, int64_t b, int64_t *out)
{
    if (a == b || b == 1)
        *out = a;
    else if (a == 1)
        *out = b;
    else if (wg__dim_known(a) && wg__dim_known(b))
        return false;
    else if (wg__dim_known(a) || wg__dim_known(b))
        *out = wg__dim_known(a) ? a : b;
    else if (a == WG_ANY || b == WG_ANY)
        *out = a == WG_ANY ? b : a;
    else
        return false;
    return true;
}

bool wg__broadcast(const wg_shape *a, const wg_shape *b, wg_shape *out, int *axis)
{
    wg_shape result = { .rank = a->rank > b->rank ? a->rank : b->rank };

    for (int i = 1; i <= result.rank; i++) { /* from the end */
        int64_t da = i <= a->rank ? a->dim[a->rank - i] : 1;
        int64_t db = i <= b->rank ? b->dim[b->rank - i] : 1;

        if (!broadcast_dim(da, db, &result.dim[result.rank - i])) {
            if (axis != NULL)
                *axis = i;
            return false;
        }
    }
    *out = result;
    return true;
}

/* Appends to `text`, of which *used characters are taken; what does not fit is dropped. */
static void append(char *text, size_t size, size_t *used, const char *more)
{
    size_t n = strlen(more);

    if (*used + n >= size)
        n = size - *used - 1;
    memcpy(text + *used, more, n);
    *used += n;
    text[*used] = '\0';
}

char *wg_shape_text(wg_shape s, char *text, size_t size)
{
    size_t used = 0;

    if (size == 0)
        return text;
    append(text, size, &used, "(");
    for (int i = 0; i < s.rank && i < WG_MAX_RANK; i++) {
        char dim[24] = "?";

        if (wg__dim_known(s.dim[i]))
            snprintf(dim, sizeof dim, "%lld", (long long)s.dim[i]);
        else if (is_letter(s.dim[i]))
            snprintf(dim, sizeof dim, "%c", (char)-s.dim[i]);
        append(text, size, &used, i > 0 ? "," : "");
        append(text, size, &used, dim);
    }
    append(text, size, &used, ")");
    return text;
}
