/* Archives of named arrays, and single arrays: writing. */
#include <string.h>

#include "base/team.h"
#include "io/npz.h"

static wg_status check_arguments(const char *const *names, const wg_view *views, size_t n, int option, int *level)
{
    if (n && (!names || !views))
        return wg__fail(WG_ERR_ARG, "names or arrays are NULL");
    if (!wg__npz_level(option, level))
        return wg__fail(WG_ERR_ARG, "the level %d is none of -1 .. 9", option);
    for (size_t k = 0; k < n; k++) {
        if (!wg__npz_name_allowed(names[k]))
            return wg__fail(WG_ERR_ARG, "the name '%s' is not [A-Za-z0-9_./:-]+", names[k] ? names[k] : "(NULL)");
        for (size_t j = 0; j < k; j++)
            if (!strcmp(names[j], names[k]))
                return wg__fail(WG_ERR_ARG, "two arrays are named '%s'", names[k]);
    }
    return WG_OK;
}

static wg_status write_archive(const char *path, const char *const *names, const wg_view *views, size_t n, int level)
{
    wg__zip_writer w;
    wg_status status = wg__zip_create(&w, path, level, wg__team_size(0), &wg__default_allocator);

    if (status)
        return status;
    for (size_t k = 0; k < n; k++) {
        status = wg__npz_add(&w, names[k], views[k]);
        if (status) {
            wg__fail_in("%s: ", names[k]);
            wg__zip_abandon(&w);
            return status;
        }
    }
    return wg__zip_commit(&w);
}

wg_status wg_npz_write(const char *path, const char *const *names, const wg_view *views, size_t n, int option)
{
    int level = 0;
    wg_status status;

    if (!path)
        return wg__fail(WG_ERR_ARG, "npz: the path is NULL");
    status = check_arguments(names, views, n, option, &level);
    if (!status)
        status = write_archive(path, names, views, n, level);
    return status ? wg__fail_in("%s: ", path) : WG_OK;
}

static wg_status write_array(wg__atomic_file *file, wg_view view)
{
    unsigned char header[WG__NPY_WRITE_MAX];
    size_t length, bytes;
    void *copy;
    wg_status status = wg__view_contiguous(&view, file->allocator, &copy, &bytes);

    if (status)
        return status;
    length = wg__npy_write_header(header, view.dtype, &view.shape);
    status = wg__atomic_write(file, header, length);
    if (!status)
        status = wg__atomic_write(file, view.data, bytes);
    wg__free(file->allocator, copy, bytes, 1);
    return status;
}

wg_status wg_npy_write(const char *path, wg_view view)
{
    wg__atomic_file file;
    wg_status status;

    if (!path)
        return wg__fail(WG_ERR_ARG, "npy: the path is NULL");
    status = wg__atomic_begin(&file, path, &wg__default_allocator);
    if (!status) {
        status = write_array(&file, view);
        if (status)
            wg__atomic_abandon(&file);
        else
            status = wg__atomic_commit(&file);
    }
    return status ? wg__fail_in("%s: ", path) : WG_OK;
}
