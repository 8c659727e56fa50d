/* One array as a member of an archive: from the archive, and into it. */
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "io/npz.h"

size_t wg__npz_array_name(const char *member)
{
    size_t n = strlen(member);
    return n > 4 && !strcmp(member + n - 4, ".npy") ? n - 4 : 0;
}

static wg_status read_stream(void *from, void *to, size_t n) { return wg__zip_read(from, to, n); }

wg_status wg__npz_begin(wg__zip_stream *s, wg__npy_header *h, const wg__zip *zip, const wg__zip_entry *entry)
{
    wg_status status = wg__zip_begin(s, zip, entry);
    size_t whole;

    if (status)
        return status;
    status = wg__npy_read_header(h, read_stream, s);
    if (!status && (!wg__add_size(h->length, h->bytes, &whole) || whole != entry->size))
        status = wg__fail(WG_ERR_FORMAT, "its header does not agree with its size");
    if (status)
        wg__zip_end(s);
    return status;
}

static wg_status read_elements(wg__zip_stream *s, const wg__npy_header *h, void *to)
{
    wg_status status = wg__zip_read_rest(s, to, h->bytes);

    return status ? status : wg__npy_settle(h, to, h->bytes / wg_dtype_size(h->dtype));
}

wg_status wg__npz_finish(wg__zip_stream *s, const wg__npy_header *h, void *to)
{
    const wg__allocator *allocator = s->zip->allocator;
    void *columns;
    wg_status status;

    if (!h->fortran || h->shape.rank < 2) {
        status = read_elements(s, h, to);
        wg__zip_end(s);
        return status;
    }
    columns = wg__alloc_aligned(allocator, h->bytes);
    status = columns ? read_elements(s, h, columns) : WG_ERR_NOMEM;
    if (!status)
        wg__npy_transpose(h, to, columns);
    wg__free(allocator, columns, h->bytes, 1);
    wg__zip_end(s);
    return status;
}

wg_status wg__view_contiguous(wg_view *view, const wg__allocator *allocator, void **copy, size_t *bytes)
{
    *copy = NULL;
    *bytes = 0;
    if (!view->data || wg_dtype_size(view->dtype) == 0)
        return wg__fail(WG_ERR_ARG, "the view holds nothing");
    if (!wg__shape_valid(&view->shape) || !wg__shape_bytes(&view->shape, view->dtype, bytes))
        return wg__fail(WG_ERR_ARG, "the view's shape is not fully known, or too large");
    if (!view->strided)
        return WG_OK;
    *copy = wg__alloc_aligned(allocator, *bytes);
    if (!*copy)
        return WG_ERR_NOMEM;
    wg__view_copy(*copy, *view);
    view->data = *copy;
    return WG_OK;
}

wg_status wg__npz_add(wg__zip_writer *w, const char *name, wg_view view)
{
    unsigned char header[WG__NPY_WRITE_MAX];
    char member[WG__ZIP_NAME_MAX + 1];
    const wg__allocator *allocator = w->file.allocator;
    void *copy;
    size_t bytes;
    wg_status status = wg__view_contiguous(&view, allocator, &copy, &bytes);

    if (status)
        return status;
    if (strlen(name) + 4 > WG__ZIP_NAME_MAX) {
        status = wg__fail(WG_ERR_ARG, "the name is too long");
    } else {
        snprintf(member, sizeof member, "%s.npy", name);
        size_t length = wg__npy_write_header(header, view.dtype, &view.shape);
        status = wg__zip_add(w, member, (wg__piece[]){ { header, length }, { view.data, bytes } }, 2);
    }
    wg__free(allocator, copy, bytes, 1);
    return status;
}

bool wg__npz_name_allowed(const char *name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:-";
    return name && *name && name[strspn(name, allowed)] == 0;
}

bool wg__npz_level(int option, int *level)
{
    *level = option == 0 ? 6 : option == -1 ? 0 : option;
    return option >= -1 && option <= 9;
}
