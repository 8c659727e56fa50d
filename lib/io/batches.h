/* Batches: what the reader of a batch and the thread that reads ahead share. */
#ifndef WG_IO_BATCHES_H
#define WG_IO_BATCHES_H

#include "io/data.h"

/* One batch in memory. */
typedef struct wg__slot {
    void **buffer; /* one a data set, room for a whole batch; NULL until needed */
    wg_view *view;
    wg_batch batch;
    wg_status status; /* of reading it */
    char error[WG__ERROR_MAX];
} wg__slot;

struct wg_batches {
    wg_data **data; /* borrowed */
    size_t n;
    int64_t rows, batch, per_epoch;
    uint64_t seed;
    bool shuffle;

    wg__slot *slot;
    size_t n_slots;             /* one for the caller, and one for each batch ahead */
    struct wg__prefetch *ahead; /* NULL: batches are read when they are asked for */

    /* Of whoever reads: */
    int64_t *order; /* rows of `epoch`, shuffled; NULL unless shuffling */
    int64_t epoch;  /* -1: none yet */
};

/* Reads batch `index`, which is >= 0, and keeps the status. */
void wg__batches_read(wg_batches *, int64_t index, wg__slot *);

/* Reading ahead, into all slots of the batches. The thread begins with the first batch that is asked for. NULL: WG_ERR_NOMEM. */
struct wg__prefetch *wg__prefetch_new(wg_batches *);
/* Batch `index`, as soon as it is there; the slot is the caller's until the next call. */
wg__slot *wg__prefetch_take(struct wg__prefetch *, int64_t index);
/* Ends the thread, after the batch that it is reading. */
void wg__prefetch_free(struct wg__prefetch *);

#endif
