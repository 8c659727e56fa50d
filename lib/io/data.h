/* Data sets: rows along the first axis, in memory or read when asked for. */
#ifndef WG_IO_DATA_H
#define WG_IO_DATA_H

#include "base/alloc.h"
#include "base/error.h"
#include "io/file.h"
#include "tensor/shape.h"
#include <wengert/io.h>

/* Where rows come from when they are not in memory. */
typedef struct wg__source {
    /* Rows first .. first + n - 1, contiguous, into `to`. The range was checked. Failures do not name the file. */
    wg_status (*read)(wg_data *, int64_t first, int64_t n, void *to);
    void (*close)(wg_data *); /* frees data->state; NULL: nothing to free */
    bool one_thread;          /* `read` is only for the thread that opened */
} wg__source;

struct wg_data {
    const wg__allocator *allocator;
    char *file; /* for messages; NULL: from memory */
    wg_shape shape;
    wg_dtype dtype;
    size_t row_bytes, bytes; /* bytes: of all rows */

    const unsigned char *memory; /* all rows, contiguous; NULL: see source */
    void *owned;                 /* `bytes` bytes: what `memory` points to, where it is ours */
    const wg__source *source;
    void *state;

    void *buffer; /* of wg_data_rows */
    size_t buffer_bytes;

    const char **column, **class_name; /* of a table: names of what is read, and of the classes; in `names` */
    size_t n_columns, n_classes, classes_room;
    wg__arena names;
};

/* Rows into `to`, from wherever they are. The range must fit. Several threads may do so at once, unless source->one_thread. */
wg_status wg__data_copy_rows(wg_data *, int64_t first, int64_t n, void *to);

/* ---- for those who open files: they set shape, dtype, and source with state (or memory, owned) ---- */

/* `member`: NULL when none was given. Failures do not name the file. */
wg_status wg__data_open_npz(wg_data *, const char *path, const char *member, size_t whole);
wg_status wg__data_open_hdf5(wg_data *, const char *path, const char *member);
/* These take the file over, also on failure. */
wg_status wg__data_open_npy(wg_data *, wg__file *, const char *member);
wg_status wg__data_open_idx(wg_data *, wg__file *, const char *member);
wg_status wg__data_open_csv(wg_data *, wg__file *, const char *member, const wg_data_opts *);

/* Begins as an IDX file does? */
bool wg__file_is_idx(const wg__file *);

/* Sets shape and type. WG_ERR_FORMAT: a scalar, or no elements; WG_ERR_RANGE: too large. */
wg_status wg__data_describe(wg_data *, wg_dtype, wg_shape);

#endif
