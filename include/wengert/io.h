/* Checkpoints, .npy and .npz, data files and mini-batches. Formats: docs/formats.md. */
#ifndef WENGERT_IO_H
#define WENGERT_IO_H

#include <wengert/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- checkpoints: an .npz that NumPy opens, with the graph inside ---- */

typedef struct wg_save_opts {
    size_t size;
    int level;               /* deflate level 1..9; 0: the default (6); -1: stored */
    const char *const *meta; /* key, value, key, value, .., NULL; added to the graph's own for this file */
} wg_save_opts;

/* Writes all variables and the graph. The old file is replaced atomically: at every instant one of the two is whole on disk.
 * WG_ERR_IO (text says which call failed; the old file is untouched), WG_ERR_NOMEM, WG_ERR_BUSY (a run is changing the values),
 * WG_ERR_ARG (level, a key without value). Options may be NULL. */
WG_API WG_MUST wg_status wg_save(const wg_store *, const char *path, const wg_save_opts *);

/* Loads values into a store, all or nothing: every member is verified before the first is changed. Members that the graph has
 * no variable for, or the reverse, are WG_ERR_MISMATCH. Also WG_ERR_IO, WG_ERR_FORMAT, WG_ERR_NOMEM, WG_ERR_BUSY. */
WG_API WG_MUST wg_status wg_load(wg_store *, const char *path);
WG_API wg_store *wg_store_open(const wg_graph *, const char *path); /* a new store, straight from the file; NULL as wg_load */

/* The graph, with the file's values in its own store. NULL as wg_load. Optimisers are not part of it: build them anew, then wg_load. */
WG_API wg_graph *wg_graph_load(const char *path, const wg_graph_opts *);

/* A checkpoint's description as it stands in the file: the graph, and under "checkpoint" the step, seed, library's version and
 * options' meta. Free with wg_text_free; NULL: WG_ERR_IO, WG_ERR_FORMAT, WG_ERR_NOMEM. */
WG_API char *wg_checkpoint_json(const char *path);

/* ---- archives of named arrays ---- */

typedef struct wg_npz wg_npz;
/* Opens and checks an archive: its directory, and that spans are disjoint. NULL: WG_ERR_IO, WG_ERR_FORMAT, WG_ERR_NOMEM. */
WG_API wg_npz *wg_npz_open(const char *path);
WG_API void wg_npz_free(wg_npz *);
WG_API size_t wg_npz_count(const wg_npz *);
WG_API const char *wg_npz_name(const wg_npz *, size_t index); /* without ".npy" */
/* Reads an array whole; the view is valid until wg_npz_free. data NULL: WG_ERR_ARG (no such member), WG_ERR_FORMAT, .. */
WG_API wg_view wg_npz_get(wg_npz *, const char *name);

/* Writes arrays as .npz (atomically) or one as .npy. Names as in graphs, plus ':'. WG_ERR_IO, WG_ERR_ARG, WG_ERR_NOMEM. */
WG_API WG_MUST wg_status wg_npz_write(const char *path, const char *const *names, const wg_view *, size_t n, int level);
WG_API WG_MUST wg_status wg_npy_write(const char *path, wg_view);

/* ---- data ---- */

typedef struct wg_data wg_data;
/* Opens FILE or FILE:MEMBER; the kind is told by content: .npy, .npz, HDF5 (when built in), IDX (MNIST's), a table as text (CSV, TSV);
 * all but .npz and HDF5 also packed by gzip. The first axis runs over the examples. Of a table a member chooses columns: names, N or N-M
 * from 1, a list of these with commas between; ^ leaves out. One column has shape (n), several (n, columns).
 * NULL: WG_ERR_IO, WG_ERR_FORMAT (a table's text names row and column), WG_ERR_ARG (no such member: the text lists what there is),
 * WG_ERR_NOMEM. */
WG_API wg_data *wg_data_open(const char *spec);

typedef struct wg_data_opts {
    size_t size;
    size_t memory; /* bytes up to which a data set is held in memory; larger ones are read when asked for. 0: 256 MiB */
    /* Of tables only. A column that is chosen alone becomes i64 when it holds whole numbers, or texts, which are classes then; everything
     * else becomes f64. WG_F64 or WG_F32: that type, and texts are an error. */
    wg_dtype dtype;
    /* Columns by name that are read of those that the member chooses, in this order; where there is no header they are taken by
     * number, but a member has its way. NULL: all. */
    const char *const *columns;
    size_t n_columns;
    /* The classes, by number; another text is an error. NULL: those in the file, sorted by bytes. */
    const char *const *classes;
    size_t n_classes;
} wg_data_opts;
/* wg_data_open with options, which may be NULL. WG_ERR_ARG also: an option is out of its domain. */
WG_API wg_data *wg_data_open_with(const char *spec, const wg_data_opts *);
/* A table's columns as they are read, by name, or by number ("3") where it has no header; 0 and NULL for other kinds, and beyond the
 * last. Texts live as long as the data set. */
WG_API size_t wg_data_columns(const wg_data *);
WG_API const char *wg_data_column(const wg_data *, size_t index);
/* The classes that the numbers of a column of texts stand for; 0 and NULL for anything else. */
WG_API size_t wg_data_classes(const wg_data *);
WG_API const char *wg_data_class(const wg_data *, size_t index);

/* Data from memory: borrowed, contiguous or strided; must outlive the wg_data. Examples along another axis than the first, one a column
 * say, are a strided view with that axis put first. */
WG_API wg_data *wg_data_view(wg_view);
WG_API void wg_data_free(wg_data *);
WG_API wg_shape wg_data_shape(const wg_data *);
WG_API wg_dtype wg_data_dtype(const wg_data *);
/* Rows first .. first + n - 1 as a contiguous view, valid until the next call on this object. data NULL: WG_ERR_RANGE, WG_ERR_IO, ... */
WG_API wg_view wg_data_rows(wg_data *, int64_t first, int64_t n);

typedef struct wg_batches wg_batches;
typedef struct wg_batches_opts {
    size_t size;
    int64_t batch; /* examples a batch; 0: all */
    uint64_t seed; /* of the shuffling */
    bool shuffle, drop_last;
    int64_t prefetch; /* batches that a thread of their own reads ahead, at most 1000; 0: no thread */
} wg_batches_opts;
typedef struct wg_batch {
    const wg_view *view; /* one for each wg_data, in order; valid until the next call */
    int64_t index, epoch, size;
    bool ends_epoch;
} wg_batch;
/* Batches over data sets that run in step (equal numbers of examples, at least one: WG_ERR_SHAPE, WG_ERR_ARG; WG_ERR_NOMEM). Borrows
 * the data, which nothing else may use while a thread reads ahead, unless it is in memory. Which batches there are, and what
 * an error is, does not depend on `prefetch`; asking for another batch than the next only costs the time of those read in vain.
 * The thread begins with the first batch and ends with wg_batches_free. There is none in a forked child that took the object
 * over, nor for HDF5 data too large to be held in memory. */
WG_API wg_batches *wg_batches_new(wg_data *const *, size_t n, const wg_batches_opts *);
WG_API void wg_batches_free(wg_batches *);
/* Batch `index` >= 0, a pure function of seed and index: epoch index / per_epoch, each epoch shuffled anew. The last batch of an
 * epoch may be short. */
WG_API WG_MUST wg_status wg_batches_at(wg_batches *, int64_t index, wg_batch *);
WG_API int64_t wg_batches_per_epoch(const wg_batches *);

#ifdef __cplusplus
}
#endif
#endif
