/* Data from .npy files. */
#include "io/data_npy.h"

#include <string.h>

#include "base/checked.h"

/* What streams rows. */
typedef struct rows_of_file {
    wg__file file;
    uint64_t offset;
    wg__npy_header header;
} rows_of_file;

static wg_status read_rows(wg_data *data, int64_t first, int64_t n, void *to)
{
    const rows_of_file *from = data->state;
    size_t bytes = (size_t)n * data->row_bytes;
    wg_status status = wg__file_read(&from->file, from->offset + (uint64_t)first * data->row_bytes, to, bytes);

    return status ? status : wg__npy_settle(&from->header, to, bytes / wg_dtype_size(data->dtype));
}

static void close_rows(wg_data *data)
{
    rows_of_file *from = data->state;

    if (!from)
        return;
    wg__file_close(&from->file);
    wg__free(data->allocator, from, 1, sizeof *from);
    data->state = NULL;
}

static const wg__source npy_rows = { .read = read_rows, .close = close_rows };

/* Columns first, so all of it is needed to have a single row. */
static wg_status read_fortran(wg_data *data, const wg__file *file, uint64_t offset, const wg__npy_header *header)
{
    void *columns = wg__alloc_aligned(data->allocator, header->bytes), *rows = NULL;
    wg_status status = columns ? wg__file_read(file, offset, columns, header->bytes) : WG_ERR_NOMEM;

    if (!status)
        status = wg__npy_settle(header, columns, header->bytes / wg_dtype_size(header->dtype));
    if (!status) {
        rows = wg__alloc_aligned(data->allocator, header->bytes);
        status = rows ? WG_OK : WG_ERR_NOMEM;
    }
    if (!status) {
        wg__npy_transpose(header, rows, columns);
        data->memory = data->owned = rows;
    }
    wg__free(data->allocator, columns, header->bytes, 1);
    return status;
}

wg_status wg__data_from_file(wg_data *data, wg__file *file, uint64_t offset, const wg__npy_header *header)
{
    rows_of_file *from;

    if (header->fortran && header->shape.rank > 1) {
        wg_status status = read_fortran(data, file, offset, header);
        wg__file_close(file);
        return status;
    }
    from = wg__alloc(data->allocator, 1, sizeof *from);
    if (!from) {
        wg__file_close(file);
        return WG_ERR_NOMEM;
    }
    *from = (rows_of_file){ *file, offset, *header };
    data->state = from;
    data->source = &npy_rows;
    return WG_OK;
}

typedef struct cursor {
    const wg__file *file;
    uint64_t at;
} cursor;

static wg_status read_next(void *from, void *to, size_t n)
{
    cursor *c = from;
    wg_status status = wg__file_read(c->file, c->at, to, n);

    c->at += n;
    return status;
}

wg_status wg__data_open_npy(wg_data *data, wg__file *file, const char *member)
{
    wg__npy_header header = { .length = 0 };
    cursor c = { file, 0 };
    size_t whole;
    wg_status status = WG_OK;

    if (member)
        status = wg__fail(WG_ERR_ARG, "an .npy file has no members, so '%s' is not in it", member);
    if (!status)
        status = wg__npy_read_header(&header, read_next, &c);
    if (!status && (!wg__add_size(header.length, header.bytes, &whole) || whole != file->size))
        status = wg__fail(WG_ERR_FORMAT, "the file has %llu bytes, but its header declares %zu and %zu",
                          (unsigned long long)file->size, header.length, header.bytes);
    if (!status)
        status = wg__data_describe(data, header.dtype, header.shape);
    if (!status)
        return wg__data_from_file(data, file, header.length, &header);
    wg__file_close(file);
    return status;
}
