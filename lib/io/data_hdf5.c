/* Data from HDF5 files, by libhdf5. Integers and floating-point numbers of any width become the nearest of our types:
 * unsigned bytes u8, up to 32 bits i32, else i64; up to 32 bits f32, else f64; the bool of h5py (an enumeration of one
 * byte) bool.
 *
 * How robust this is against hostile files is up to libhdf5. One thread at a time, unless libhdf5 was built otherwise.
 */
#include "config.h"

#include <hdf5.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "io/data.h"

typedef struct hdf5_rows {
    hid_t file, set, space, type; /* type: of elements in memory; -1: none */
} hdf5_rows;

/* libhdf5 prints its failures unless told otherwise; the user's setting is put back. */
typedef struct silence {
    H5E_auto2_t handler;
    void *arg;
} silence;

static silence be_silent(void)
{
    silence before = { NULL, NULL };

    H5Eget_auto2(H5E_DEFAULT, &before.handler, &before.arg);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    return before;
}

static void end_silence(silence before) { H5Eset_auto2(H5E_DEFAULT, before.handler, before.arg); }

/* The innermost failure, where the cause is. */
static herr_t take_description(unsigned n, const H5E_error2_t *error, void *to)
{
    (void)n;
    snprintf(to, 200, "%s", error->desc ? error->desc : "?");
    return 1; /* no further */
}

static wg_status fail_hdf5(wg_status status, const char *what)
{
    char why[200] = "?";

    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_description, why);
    H5Eclear2(H5E_DEFAULT);
    return wg__fail(status, "%s (libhdf5: %s)", what, why);
}

/* ---- finding the data set ---- */

typedef struct listing {
    char text[512], first[256];
    size_t used;
    int n;
} listing;

static herr_t list_one(hid_t group, const char *name, const H5O_info_t *info, void *arg)
{
    listing *l = arg;

    (void)group;
    if (info->type != H5O_TYPE_DATASET)
        return 0;
    if (l->n++ == 0)
        snprintf(l->first, sizeof l->first, "%s", name);
    if (l->used < sizeof l->text)
        l->used += (size_t)snprintf(l->text + l->used, sizeof l->text - l->used, "%s%s", l->n > 1 ? ", " : "", name);
    return 0;
}

static wg_status list_sets(hid_t file, listing *l)
{
    *l = (listing){ .used = 0 };
#if H5_VERSION_GE(1, 12, 0)
    herr_t failed = H5Ovisit3(file, H5_INDEX_NAME, H5_ITER_INC, list_one, l, H5O_INFO_BASIC);
#else
    herr_t failed = H5Ovisit(file, H5_INDEX_NAME, H5_ITER_INC, list_one, l);
#endif
    return failed < 0 ? fail_hdf5(WG_ERR_FORMAT, "its data sets cannot be listed") : WG_OK;
}

/* The data set of that name; without a name the only one. */
static wg_status open_set(hdf5_rows *h, const char *member)
{
    listing l;
    wg_status status;

    if (member) {
        h->set = H5Dopen2(h->file, member, H5P_DEFAULT);
        if (h->set >= 0)
            return WG_OK;
        H5Eclear2(H5E_DEFAULT);
    }
    status = list_sets(h->file, &l);
    if (status)
        return status;
    const char *more = l.used < sizeof l.text ? "" : "..";
    if (member)
        return wg__fail(WG_ERR_ARG, "no data set named '%s'; there %s %s%s", member, l.n == 1 ? "is" : "are",
                        l.n ? l.text : "none", more);
    if (l.n != 1)
        return wg__fail(WG_ERR_ARG, "which data set? FILE:NAME (there are %s%s)", l.n ? l.text : "none", more);
    h->set = H5Dopen2(h->file, l.first, H5P_DEFAULT);
    return h->set < 0 ? fail_hdf5(WG_ERR_FORMAT, "the data set cannot be opened") : WG_OK;
}

/* ---- types and shapes ---- */

static wg_dtype nearest_integer(hid_t type)
{
    size_t size = H5Tget_size(type);
    bool is_signed = H5Tget_sign(type) == H5T_SGN_2;

    if (size == 1 && !is_signed)
        return WG_U8;
    return size < 4 || (size == 4 && is_signed) ? WG_I32 : WG_I64;
}

/* Sets the elements' type in memory. */
static wg_status choose_type(hdf5_rows *h, wg_dtype *dtype)
{
    hid_t type = H5Dget_type(h->set), native = -1;
    wg_status status = WG_OK;

    if (type < 0)
        return fail_hdf5(WG_ERR_FORMAT, "the elements' type cannot be read");
    *dtype = WG_DTYPE_NONE;
    switch (H5Tget_class(type)) {
    case H5T_INTEGER:
        *dtype = nearest_integer(type);
        native = *dtype == WG_U8 ? H5T_NATIVE_UINT8 : *dtype == WG_I32 ? H5T_NATIVE_INT32 : H5T_NATIVE_INT64;
        break;
    case H5T_FLOAT:
        *dtype = H5Tget_size(type) <= 4 ? WG_F32 : WG_F64;
        native = *dtype == WG_F32 ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE;
        break;
    case H5T_ENUM:
        if (H5Tget_size(type) == 1)
            *dtype = WG_BOOL;
        break;
    default:
        break;
    }
    if (*dtype == WG_DTYPE_NONE)
        status = wg__fail(WG_ERR_FORMAT, "the elements are neither integers, floating-point numbers nor bools");
    else /* an enumeration is read as it is: its values are 0 and 1 */
        h->type = *dtype == WG_BOOL ? H5Tcopy(type) : H5Tcopy(native);
    H5Tclose(type);
    return status ? status : h->type < 0 ? fail_hdf5(WG_ERR_NOMEM, "no memory for a type") : WG_OK;
}

static wg_status read_shape(hdf5_rows *h, wg_shape *shape)
{
    hsize_t size[H5S_MAX_RANK];
    int rank;

    h->space = H5Dget_space(h->set);
    rank = h->space < 0 ? -1 : H5Sget_simple_extent_ndims(h->space);
    if (rank < 0 || H5Sget_simple_extent_dims(h->space, size, NULL) < 0)
        return fail_hdf5(WG_ERR_FORMAT, "the data set's shape cannot be read");
    if (rank > WG_MAX_RANK)
        return wg__fail(WG_ERR_FORMAT, "the data set has %d axes; at most %d are read", rank, WG_MAX_RANK);
    *shape = (wg_shape){ .rank = rank };
    for (int i = 0; i < rank; i++) {
        if (size[i] > INT64_MAX)
            return wg__fail(WG_ERR_RANGE, "the data set is too large");
        shape->dim[i] = (int64_t)size[i];
    }
    return WG_OK;
}

/* ---- rows ---- */

/* A rectangle of rows: in the file by `space`, in memory alone. */
static wg_status select_and_read(const hdf5_rows *h, const wg_shape *shape, int64_t first, int64_t n, void *to)
{
    hsize_t start[WG_MAX_RANK] = { (hsize_t)first }, count[WG_MAX_RANK] = { (hsize_t)n };
    wg_status status = WG_OK;
    hid_t memory;

    for (int i = 1; i < shape->rank; i++)
        count[i] = (hsize_t)shape->dim[i];
    memory = H5Screate_simple(shape->rank, count, NULL);
    if (memory < 0)
        return fail_hdf5(WG_ERR_NOMEM, "rows cannot be described");
    if (H5Sselect_hyperslab(h->space, H5S_SELECT_SET, start, NULL, count, NULL) < 0 ||
        H5Dread(h->set, h->type, memory, h->space, H5P_DEFAULT, to) < 0)
        status = fail_hdf5(WG_ERR_FORMAT, "rows cannot be read");
    H5Sclose(memory);
    return status;
}

static wg_status read_rows(wg_data *data, int64_t first, int64_t n, void *to)
{
    silence before;
    wg_status status;

    if (n == 0)
        return WG_OK;
    before = be_silent();
    status = select_and_read(data->state, &data->shape, first, n, to);
    end_silence(before);
    if (!status && data->dtype == WG_BOOL)
        for (size_t i = 0; i < (size_t)n * data->row_bytes; i++)
            if (((unsigned char *)to)[i] > 1)
                return wg__fail(WG_ERR_FORMAT, "a bool is neither 0 nor 1");
    return status;
}

static void close_rows(wg_data *data)
{
    hdf5_rows *h = data->state;
    silence before = be_silent();

    if (h->type >= 0)
        H5Tclose(h->type);
    if (h->space >= 0)
        H5Sclose(h->space);
    if (h->set >= 0)
        H5Dclose(h->set);
    if (h->file >= 0)
        H5Fclose(h->file);
    end_silence(before);
    wg__free(data->allocator, h, 1, sizeof *h);
    data->state = NULL;
}

static const wg__source hdf5_source = { .read = read_rows, .close = close_rows, .one_thread = true };

static wg_status open_rows(wg_data *data, hdf5_rows *h, const char *path, const char *member)
{
    wg_shape shape = { .rank = 0 };
    wg_dtype dtype = WG_DTYPE_NONE;
    wg_status status;

    h->file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (h->file < 0)
        return fail_hdf5(WG_ERR_FORMAT, "cannot be opened as HDF5");
    status = open_set(h, member);
    if (!status)
        status = choose_type(h, &dtype);
    if (!status)
        status = read_shape(h, &shape);
    return status ? status : wg__data_describe(data, dtype, shape);
}

wg_status wg__data_open_hdf5(wg_data *data, const char *path, const char *member)
{
    hdf5_rows *h = wg__alloc(data->allocator, 1, sizeof *h);
    silence before;
    wg_status status;

    if (!h)
        return WG_ERR_NOMEM;
    *h = (hdf5_rows){ -1, -1, -1, -1 };
    data->state = h;
    data->source = &hdf5_source; /* from here on wg_data_free closes */
    before = be_silent();
    status = open_rows(data, h, path, member);
    end_silence(before);
    return status;
}
