/* Data sets: rows from memory or from a source. */
#include "io/data.h"

#include <string.h>

#include "base/checked.h"

wg_status wg__data_describe(wg_data *data, wg_dtype dtype, wg_shape shape)
{
    char text[128];

    wg_shape_text(shape, text, sizeof text);
    if (shape.rank == 0)
        return wg__fail(WG_ERR_FORMAT, "is a scalar; an axis of examples is expected");
    if (!wg__shape_bytes(&shape, dtype, &data->bytes))
        return wg__fail(WG_ERR_RANGE, "the shape %s is too large", text);
    if (data->bytes == 0)
        return wg__fail(WG_ERR_FORMAT, "is empty: its shape is %s", text);
    data->dtype = dtype;
    data->shape = shape;
    data->row_bytes = data->bytes / (size_t)shape.dim[0];
    return WG_OK;
}

/* ---- strided views of the user's memory ---- */

/* The rows of a view as a view. */
static wg_view rows_of(const wg_view *whole, int64_t first, int64_t n)
{
    wg_view rows = *whole;

    rows.data = (const unsigned char *)whole->data + first * whole->stride[0] * (int64_t)wg_dtype_size(whole->dtype);
    rows.shape.dim[0] = n;
    return rows;
}

static wg_status read_view(wg_data *data, int64_t first, int64_t n, void *to)
{
    wg__view_copy(to, rows_of(data->state, first, n));
    return WG_OK;
}

static void close_view(wg_data *data) { wg__free(data->allocator, data->state, 1, sizeof(wg_view)); }

static const wg__source view_rows = { .read = read_view, .close = close_view };

wg_data *wg_data_view(wg_view view)
{
    wg_data *data;
    wg_view *copy;

    if (!view.data || !wg__shape_valid(&view.shape) || !wg__shape_known(&view.shape)) {
        wg__fail(WG_ERR_ARG, "data: the view holds nothing, or its shape is not fully known");
        return NULL;
    }
    data = wg__alloc_zero(NULL, 1, sizeof *data);
    if (!data)
        return NULL;
    if (wg__data_describe(data, view.dtype, view.shape)) {
        wg__fail(WG_ERR_ARG, "data: the view %s", wg_error());
        wg_data_free(data);
        return NULL;
    }
    if (!view.strided) {
        data->memory = view.data;
        return data;
    }
    copy = wg__alloc(NULL, 1, sizeof *copy);
    if (!copy) {
        wg_data_free(data);
        return NULL;
    }
    *copy = view;
    data->state = copy;
    data->source = &view_rows;
    return data;
}

/* ---- all kinds ---- */

void wg_data_free(wg_data *data)
{
    if (!data)
        return;
    if (data->source && data->source->close)
        data->source->close(data);
    wg__free(data->allocator, data->owned, data->bytes, 1);
    wg__free(data->allocator, data->buffer, data->buffer_bytes, 1);
    wg__free_text(data->allocator, data->file);
    wg__free(data->allocator, data->class_name, data->classes_room, sizeof *data->class_name);
    wg__arena_free(&data->names);
    wg__free(data->allocator, data, 1, sizeof *data);
}

wg_shape wg_data_shape(const wg_data *data) { return data ? data->shape : WG_SCALAR; }

wg_dtype wg_data_dtype(const wg_data *data) { return data ? data->dtype : WG_DTYPE_NONE; }

size_t wg_data_columns(const wg_data *data) { return data ? data->n_columns : 0; }

const char *wg_data_column(const wg_data *data, size_t index)
{
    return index < wg_data_columns(data) ? data->column[index] : NULL;
}

size_t wg_data_classes(const wg_data *data) { return data ? data->n_classes : 0; }

const char *wg_data_class(const wg_data *data, size_t index)
{
    return index < wg_data_classes(data) ? data->class_name[index] : NULL;
}

wg_status wg__data_copy_rows(wg_data *data, int64_t first, int64_t n, void *to)
{
    wg_status status;

    if (data->memory) {
        memcpy(to, data->memory + (size_t)first * data->row_bytes, (size_t)n * data->row_bytes);
        return WG_OK;
    }
    status = data->source->read(data, first, n, to);
    return status && data->file ? wg__fail_in("%s: ", data->file) : status;
}

static bool make_room(wg_data *data, size_t bytes)
{
    if (data->buffer_bytes >= bytes)
        return true;
    wg__free(data->allocator, data->buffer, data->buffer_bytes, 1);
    data->buffer_bytes = 0;
    data->buffer = wg__alloc_aligned(data->allocator, bytes);
    if (data->buffer)
        data->buffer_bytes = bytes;
    return data->buffer != NULL;
}

wg_view wg_data_rows(wg_data *data, int64_t first, int64_t n)
{
    static const wg_view failure = { .data = NULL };
    wg_shape shape;

    if (!data) {
        wg__fail_null("wg_data_rows", "data set");
        return failure;
    }
    if (first < 0 || n < 0 || n > data->shape.dim[0] || first > data->shape.dim[0] - n) {
        wg__fail(WG_ERR_RANGE, "%s: %lld rows from row %lld are asked for; there are %lld",
                 data->file ? data->file : "data", (long long)n, (long long)first, (long long)data->shape.dim[0]);
        return failure;
    }
    shape = data->shape;
    shape.dim[0] = n;
    if (data->memory)
        return wg_view_of(data->memory + (size_t)first * data->row_bytes, data->dtype, shape);
    if (!make_room(data, n ? (size_t)n * data->row_bytes : 1) || wg__data_copy_rows(data, first, n, data->buffer))
        return failure;
    return wg_view_of(data->buffer, data->dtype, shape);
}
