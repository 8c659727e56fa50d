/* Opens data files: FILE or FILE:MEMBER, their kind told by content. */
#include "config.h"

#include <string.h>
#include <sys/stat.h>

#include "io/data.h"
#include "io/file.h"

static const char hdf5_signature[8] = "\x89HDF\r\n\x1a\n";

/* The member begins at the last colon, unless the whole is an existing file. Cuts `spec`; NULL: no member. */
static char *split_member(char *spec)
{
    struct stat facts;
    char *colon;

    if (!stat(spec, &facts) && !S_ISDIR(facts.st_mode))
        return NULL;
    colon = strrchr(spec, ':');
    if (!colon)
        return NULL;
    *colon = 0;
    return colon + 1;
}

/* HDF5's signature may stand behind a user's block of 512, 1024, 2048, .. bytes. */
static bool is_hdf5(const wg__file *file)
{
    char start[sizeof hdf5_signature];

    for (uint64_t at = 0; at < file->size && file->size - at >= sizeof start; at = at ? 2 * at : 512)
        if (wg__file_read(file, at, start, sizeof start))
            return false;
        else if (!memcmp(start, hdf5_signature, sizeof start))
            return true;
    return false;
}

enum kind { KIND_NPY, KIND_ZIP, KIND_HDF5 };

static wg_status tell_kind(const char *path, enum kind *kind)
{
    wg__file file;
    char start[6] = "";
    wg_status status = wg__file_open(&file, path);

    if (status)
        return status;
    status = wg__file_read(&file, 0, start, file.size < sizeof start ? (size_t)file.size : sizeof start);
    if (status)
        ;
    else if (!memcmp(start, "\x93NUMPY", 6))
        *kind = KIND_NPY;
    else if (!memcmp(start, "PK\3\4", 4) || !memcmp(start, "PK\5\6", 4))
        *kind = KIND_ZIP;
    else if (is_hdf5(&file))
        *kind = KIND_HDF5;
    else
        status = wg__fail(WG_ERR_FORMAT, file.size ? "is none of .npy, .npz and HDF5" : "the file is empty");
    wg__file_close(&file);
    return status;
}

#ifndef HAVE_HDF5
wg_status wg__data_open_hdf5(wg_data *data, const char *path, const char *member)
{
    (void)data, (void)path, (void)member;
    return wg__fail(WG_ERR_FORMAT, "is an HDF5 file, which this library was built without");
}
#endif

static wg_status open_file(wg_data *data, const char *path, const char *member, size_t whole)
{
    enum kind kind = KIND_NPY;
    wg_status status;

    if (member && !*member)
        return wg__fail(WG_ERR_ARG, "a member's name is missing after the colon");
    status = tell_kind(path, &kind);
    if (status)
        return status;
    switch (kind) {
    case KIND_NPY:
        return wg__data_open_npy(data, path, member);
    case KIND_ZIP:
        return wg__data_open_npz(data, path, member, whole);
    default:
        return wg__data_open_hdf5(data, path, member);
    }
}

/* Small ones are read whole, and the source is closed. */
static wg_status hold_whole(wg_data *data, size_t whole)
{
    wg_status status;

    if (data->memory || data->bytes > whole)
        return WG_OK;
    data->owned = wg__alloc_aligned(data->allocator, data->bytes);
    if (!data->owned)
        return WG_ERR_NOMEM;
    status = data->source->read(data, 0, data->shape.dim[0], data->owned);
    if (status)
        return status;
    data->source->close(data);
    data->source = NULL;
    data->memory = data->owned;
    return WG_OK;
}

wg_data *wg__data_open(const char *spec, size_t whole)
{
    wg_data *data = wg__alloc_zero(NULL, 1, sizeof *data);
    char *path = wg__copy_text(NULL, spec);
    wg_status status = data && path ? WG_OK : WG_ERR_NOMEM;

    if (!status)
        data->file = wg__copy_text(NULL, spec);
    if (!status && !data->file)
        status = WG_ERR_NOMEM;
    if (!status) {
        char *member = split_member(path);
        status = open_file(data, path, member, whole);
        if (member)
            member[-1] = ':'; /* so that its memory is given back in full */
    }
    if (!status)
        status = hold_whole(data, whole);
    wg__free_text(NULL, path);
    if (!status)
        return data;
    wg__fail_in("%s: ", spec);
    wg_data_free(data);
    return NULL;
}

wg_data *wg_data_open(const char *spec)
{
    if (spec)
        return wg__data_open(spec, WG__DATA_WHOLE);
    wg__fail(WG_ERR_ARG, "data: the file's name is NULL");
    return NULL;
}
