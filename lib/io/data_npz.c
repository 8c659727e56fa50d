/* Data from arrays in archives. Stored ones are read row by row where they are large, deflated ones whole. */
#include "io/data_npy.h"
#include "io/npz.h"

/* The archive's array by name; without a name, its only one. */
static wg__npz_array *choose(wg_npz *npz, const char *member)
{
    if (member)
        return wg__npz_find(npz, member);
    if (npz->n == 1)
        return npz->array;
    wg__npz_find(npz, "");
    wg__fail(WG_ERR_ARG, "which array? FILE:NAME (%s)", wg_error());
    return NULL;
}

static wg_status take_whole(wg_data *data, wg_npz *npz, wg__npz_array *array)
{
    wg_status status = wg__npz_read(npz, array);

    if (status)
        return status;
    data->memory = data->owned = array->data; /* the archive gives it up */
    array->data = NULL;
    return WG_OK;
}

/* Reads through all of it once, so that a damaged file is not found out in the middle of a training. */
static wg_status check_sum(const wg__zip *zip, const wg__zip_entry *entry)
{
    wg__zip_stream s;
    unsigned char piece[65536];
    wg_status status = wg__zip_begin(&s, zip, entry);

    while (!status && s.given < entry->size) {
        uint64_t left = entry->size - s.given;
        status = wg__zip_read(&s, piece, left < sizeof piece ? (size_t)left : sizeof piece);
    }
    if (!status)
        status = wg__zip_finish(&s);
    wg__zip_end(&s);
    return status;
}

/* The archive's file becomes the data's. */
static wg_status stream_stored(wg_data *data, wg_npz *npz, const wg__zip_entry *entry, const wg__npy_header *header)
{
    wg__file file = npz->zip.file;
    wg_status status = check_sum(&npz->zip, entry);

    if (status)
        return status;
    npz->zip.file.descriptor = -1;
    return wg__data_from_file(data, &file, entry->data + header->length, header);
}

static wg_status open_array(wg_data *data, wg_npz *npz, wg__npz_array *array, size_t whole)
{
    wg__zip_stream s;
    wg__npy_header header;
    wg_status status = wg__npz_begin(&s, &header, &npz->zip, array->entry);

    if (status)
        return status;
    wg__zip_end(&s);
    status = wg__data_describe(data, header.dtype, header.shape);
    if (status)
        return status;
    if (array->entry->method == 0 && header.bytes > whole)
        return stream_stored(data, npz, array->entry, &header);
    return take_whole(data, npz, array);
}

wg_status wg__data_open_npz(wg_data *data, const char *path, const char *member, size_t whole)
{
    wg_npz *npz = wg__npz_open(path);
    wg__npz_array *array;
    wg_status status;

    if (!npz)
        return wg_error_status();
    array = choose(npz, member);
    status = array ? open_array(data, npz, array, whole) : wg_error_status();
    if (status && array)
        wg__fail_in("%s: ", array->name);
    wg_npz_free(npz);
    return status;
}
