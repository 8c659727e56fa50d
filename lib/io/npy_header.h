/* The header of an .npy array: what NumPy's format says about its elements. */
#ifndef WG_IO_NPY_HEADER_H
#define WG_IO_NPY_HEADER_H

#include "base/error.h"
#include "tensor/shape.h"

enum {
    WG__NPY_TEXT_MAX = 10000, /* characters that a header may have, as NumPy's own limit */
    WG__NPY_WRITE_MAX = 320   /* bytes of the longest header that is written: rank 8, sizes of 19 digits */
};

typedef struct wg__npy_header {
    wg_shape shape;
    wg_dtype dtype;
    bool swapped;  /* elements are big-endian */
    bool fortran;  /* the first axis varies fastest */
    size_t length; /* bytes of the header, from the magic on: the elements' offset */
    size_t bytes;  /* of the elements */
} wg__npy_header;

/* Hands over the next n bytes, or fails. */
typedef wg_status (*wg__npy_reader)(void *from, void *to, size_t n);

/* Reads a header of version 1.0, 2.0 or 3.0, up to the first element. WG_ERR_FORMAT tells what is wrong; else the
 * reader's status. */
wg_status wg__npy_read_header(wg__npy_header *, wg__npy_reader, void *from);
/* The dictionary alone. `text` need not end in NUL. */
wg_status wg__npy_parse(wg__npy_header *, const char *text, size_t n);
/* A header of version 1.0 for contiguous little-endian elements; returns its length, a multiple of 64. */
size_t wg__npy_write_header(unsigned char to[WG__NPY_WRITE_MAX], wg_dtype, const wg_shape *);

/* Puts elements as read into the machine's order, in place: bytes swapped, bools checked. `n` of them. WG_ERR_FORMAT.
 */
wg_status wg__npy_settle(const wg__npy_header *, void *elements, size_t n);
/* Copies Fortran-ordered elements (header's shape) into row-major ones. */
void wg__npy_transpose(const wg__npy_header *, void *to, const void *from);

#endif
