/* Archives of named arrays: reading. */
#include "io/npz.h"

#include <stdio.h>
#include <string.h>

static wg_status list_arrays(wg_npz *npz)
{
    npz->capacity = npz->zip.n;
    npz->array = wg__alloc_zero(npz->allocator, npz->capacity, sizeof *npz->array);
    if (!npz->array)
        return WG_ERR_NOMEM;
    for (size_t k = 0; k < npz->zip.n; k++) {
        const wg__zip_entry *entry = &npz->zip.entry[k];
        size_t n = wg__npz_array_name(entry->name);
        if (!n)
            continue;
        char *name = wg__arena_text(&npz->names, entry->name);
        if (!name)
            return WG_ERR_NOMEM;
        name[n] = 0;
        npz->array[npz->n++] = (wg__npz_array){ .entry = entry, .name = name };
    }
    return WG_OK;
}

wg_npz *wg__npz_open(const char *path)
{
    const wg__allocator *allocator = &wg__default_allocator;
    wg_npz *npz = wg__alloc_zero(allocator, 1, sizeof *npz);

    if (!npz)
        return NULL;
    npz->allocator = npz->names.allocator = allocator;
    npz->zip.file.descriptor = -1;
    npz->path = wg__copy_text(allocator, path);
    if (!npz->path || wg__zip_open(&npz->zip, path, allocator) || list_arrays(npz)) {
        wg_npz_free(npz);
        return NULL;
    }
    return npz;
}

wg_npz *wg_npz_open(const char *path)
{
    wg_npz *npz;

    if (!path) {
        wg__fail(WG_ERR_ARG, "npz: the path is NULL");
        return NULL;
    }
    npz = wg__npz_open(path);
    if (!npz)
        wg__fail_in("%s: ", path);
    return npz;
}

void wg_npz_free(wg_npz *npz)
{
    if (!npz)
        return;
    for (size_t k = 0; k < npz->n; k++)
        wg__free(npz->allocator, npz->array[k].data, npz->array[k].bytes, 1);
    wg__free(npz->allocator, npz->array, npz->capacity, sizeof *npz->array);
    wg__arena_free(&npz->names);
    wg__zip_close(&npz->zip);
    wg__free_text(npz->allocator, npz->path);
    wg__free(npz->allocator, npz, 1, sizeof *npz);
}

size_t wg_npz_count(const wg_npz *npz) { return npz ? npz->n : 0; }

const char *wg_npz_name(const wg_npz *npz, size_t index) { return npz && index < npz->n ? npz->array[index].name : ""; }

wg__npz_array *wg__npz_find(wg_npz *npz, const char *name)
{
    char names[512] = "";
    size_t used = 0;

    for (size_t k = 0; k < npz->n; k++)
        if (!strcmp(npz->array[k].name, name))
            return &npz->array[k];
    for (size_t k = 0; k < npz->n && used < sizeof names; k++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", k ? ", " : "", npz->array[k].name);
    wg__fail(WG_ERR_ARG, "no array named '%s'; there %s %s%s", name, npz->n == 1 ? "is" : "are",
             npz->n ? names : "none", used < sizeof names ? "" : "..");
    return NULL;
}

wg_status wg__npz_read(wg_npz *npz, wg__npz_array *array)
{
    wg__zip_stream stream;
    wg__npy_header header;
    void *data;
    wg_status status = wg__npz_begin(&stream, &header, &npz->zip, array->entry);

    if (status)
        return status;
    data = wg__alloc_aligned(npz->allocator, header.bytes);
    if (!data) {
        wg__zip_end(&stream);
        return WG_ERR_NOMEM;
    }
    status = wg__npz_finish(&stream, &header, data);
    if (status) {
        wg__free(npz->allocator, data, header.bytes, 1);
        return status;
    }
    array->data = data;
    array->bytes = header.bytes;
    array->view = wg_view_of(data, header.dtype, header.shape);
    return WG_OK;
}

wg_view wg_npz_get(wg_npz *npz, const char *name)
{
    wg__npz_array *array;

    if (!npz || !name) {
        if (npz)
            wg__fail(WG_ERR_ARG, "%s: the array's name is NULL", npz->path);
        else
            wg__fail_null("wg_npz_get", "archive");
        return (wg_view){ .data = NULL };
    }
    array = wg__npz_find(npz, name);
    if (!array) {
        wg__fail_in("%s: ", npz->path);
        return (wg_view){ .data = NULL };
    }
    if (!array->data && wg__npz_read(npz, array)) {
        wg__fail_in("%s: %s: ", npz->path, name);
        return (wg_view){ .data = NULL };
    }
    return array->view;
}
