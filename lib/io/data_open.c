/* Opens data files: FILE or FILE:MEMBER, their kind told by content. */
#include "config.h"

#include <string.h>
#include <sys/stat.h>

#include "base/options.h"
#include "io/csv.h"
#include "io/data.h"

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

enum kind { KIND_NONE, KIND_NPY, KIND_ZIP, KIND_HDF5, KIND_IDX, KIND_TEXT };

static wg_status tell_kind(const wg__file *file, enum kind *kind)
{
    char start[6] = "";
    wg_status status = wg__file_read(file, 0, start, file->size < sizeof start ? (size_t)file->size : sizeof start);

    *kind = KIND_NONE;
    if (status)
        return status;
    if (!memcmp(start, "\x93NUMPY", 6))
        *kind = KIND_NPY;
    else if (!memcmp(start, "PK\3\4", 4) || !memcmp(start, "PK\5\6", 4))
        *kind = KIND_ZIP;
    else if (is_hdf5(file))
        *kind = KIND_HDF5;
    else if (wg__file_is_idx(file))
        *kind = KIND_IDX;
    else if (wg__file_is_text(file))
        *kind = KIND_TEXT;
    else
        return wg__fail(WG_ERR_FORMAT, file->size ? "is none of .npy, .npz, HDF5, IDX and a table as UTF-8 text"
                                                  : "the file is empty");
    return WG_OK;
}

#ifndef HAVE_HDF5
wg_status wg__data_open_hdf5(wg_data *data, const char *path, const char *member)
{
    (void)data, (void)path, (void)member;
    return wg__fail(WG_ERR_FORMAT, "is an HDF5 file, which this library was built without");
}
#endif

/* Those that are opened again by name. */
static wg_status open_archive(wg_data *data, const char *path, const char *member, enum kind kind, bool packed,
                              size_t memory)
{
    if (packed)
        return wg__fail(WG_ERR_FORMAT, "holds an %s file that gzip has packed; unpack it first",
                        kind == KIND_ZIP ? ".npz" : "HDF5");
    return kind == KIND_ZIP ? wg__data_open_npz(data, path, member, memory) : wg__data_open_hdf5(data, path, member);
}

static wg_status open_file(wg_data *data, const char *path, const char *member, const wg_data_opts *o)
{
    wg__file file;
    enum kind kind = KIND_NONE;
    wg_status status;

    if (member && !*member)
        return wg__fail(WG_ERR_ARG, "a member's name is missing after the colon");
    status = wg__file_open(&file, path);
    if (status)
        return status;
    bool packed = wg__file_is_gzip(&file);
    if (packed)
        status = wg__file_gunzip(&file, o->memory, data->allocator);
    if (!status)
        status = tell_kind(&file, &kind);
    switch (status ? KIND_NONE : kind) {
    case KIND_NPY:
        return wg__data_open_npy(data, &file, member);
    case KIND_IDX:
        return wg__data_open_idx(data, &file, member);
    case KIND_TEXT:
        return wg__data_open_csv(data, &file, member, o);
    case KIND_NONE:
        wg__file_close(&file);
        return status;
    default:
        wg__file_close(&file);
        return open_archive(data, path, member, kind, packed, o->memory);
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

static wg_status read_options(wg_data_opts *o, const wg_data_opts *given)
{
    if (!wg__options(o, sizeof *o, given, "wg_data_opts"))
        return WG_ERR_ARG;
    if (o->dtype != WG_DTYPE_NONE && o->dtype != WG_F32 && o->dtype != WG_F64)
        return wg__fail(WG_ERR_ARG, "data: tables are read as f32 or f64, not as %s", wg_dtype_name(o->dtype));
    if ((o->n_columns && !o->columns) || (o->n_classes && !o->classes))
        return wg__fail(WG_ERR_ARG, "data: the list of columns or classes is NULL");
    if (!o->memory)
        o->memory = (size_t)256 << 20;
    return WG_OK;
}

wg_data *wg_data_open_with(const char *spec, const wg_data_opts *given)
{
    wg_data_opts o;
    wg_data *data;
    char *path;
    wg_status status;

    if (!spec) {
        wg__fail(WG_ERR_ARG, "data: the file's name is NULL");
        return NULL;
    }
    if (read_options(&o, given))
        return NULL;
    data = wg__alloc_zero(NULL, 1, sizeof *data);
    path = wg__copy_text(NULL, spec);
    status = data && path ? WG_OK : WG_ERR_NOMEM;
    if (!status)
        data->file = wg__copy_text(NULL, spec);
    if (!status && !data->file)
        status = WG_ERR_NOMEM;
    if (!status) {
        char *member = split_member(path);
        status = open_file(data, path, member, &o);
        if (member)
            member[-1] = ':'; /* so that its memory is given back in full */
    }
    if (!status)
        status = hold_whole(data, o.memory);
    wg__free_text(NULL, path);
    if (!status)
        return data;
    wg__fail_in("%s: ", spec);
    wg_data_free(data);
    return NULL;
}

wg_data *wg_data_open(const char *spec) { return wg_data_open_with(spec, NULL); }
