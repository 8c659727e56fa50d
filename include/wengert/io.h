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
/* Opens FILE or FILE:MEMBER; the kind is told by content: .npy, .npz, HDF5 (when built in). The first axis runs over the examples.
 * NULL: WG_ERR_IO, WG_ERR_FORMAT, WG_ERR_ARG (no such member: the text lists what there is), WG_ERR_NOMEM. */
WG_API wg_data *wg_data_open(const char *spec);
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
