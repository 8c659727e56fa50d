/* The elements of .npy arrays, from the file's order into the machine's. */
#include <string.h>

#include "io/npy_header.h"

static void swap_each(unsigned char *at, size_t n, size_t size)
{
    for (; n; n--, at += size)
        for (size_t i = 0; i < size / 2; i++) {
            unsigned char low = at[i];
            at[i] = at[size - 1 - i];
            at[size - 1 - i] = low;
        }
}

wg_status wg__npy_settle(const wg__npy_header *h, void *elements, size_t n)
{
    const unsigned char *byte = elements;

    if (h->swapped)
        swap_each(elements, n, wg_dtype_size(h->dtype));
    if (h->dtype != WG_BOOL)
        return WG_OK;
    for (size_t i = 0; i < n; i++) /* any other byte is no bool for C either */
        if (byte[i] > 1)
            return wg__fail(WG_ERR_FORMAT, "a bool is neither 0 nor 1");
    return WG_OK;
}

void wg__npy_transpose(const wg__npy_header *h, void *to, const void *from)
{
    wg_view view = { .data = from, .shape = h->shape, .dtype = h->dtype, .strided = true };
    int64_t step = 1;

    if (!h->bytes) /* the other sizes' product may not fit */
        return;
    for (int i = 0; i < h->shape.rank; i++) {
        view.stride[i] = step;
        step *= h->shape.dim[i];
    }
    wg__view_copy(to, view);
}
