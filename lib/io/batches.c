/* Mini-batches: rows of several data sets in step, shuffled anew in each epoch. */
#include <string.h>

#include "base/checked.h"
#include "base/options.h"
#include "base/random.h"
#include "io/batches.h"

enum { MOST_AHEAD = 1000 };

static wg_status check_data(wg_data *const *data, size_t n, int64_t *rows)
{
    if (!data || !n)
        return wg__fail(WG_ERR_ARG, "batches: no data sets");
    for (size_t k = 0; k < n; k++) {
        if (!data[k])
            return wg__fail_null("batches", "data set");
        int64_t here = data[k]->shape.dim[0];
        if (k && here != *rows)
            return wg__fail(WG_ERR_SHAPE, "batches: %s has %lld examples, %s has %lld",
                            data[0]->file ? data[0]->file : "data set 0", (long long)*rows,
                            data[k]->file ? data[k]->file : "another", (long long)here);
        *rows = here;
    }
    return WG_OK;
}

static wg_status read_options(wg_batches_opts *o, const wg_batches_opts *given, int64_t rows)
{
    if (!wg__options(o, sizeof *o, given, "wg_batches_opts"))
        return WG_ERR_ARG;
    if (o->batch < 0)
        return wg__fail(WG_ERR_ARG, "batches: the size %lld is negative", (long long)o->batch);
    if (o->prefetch < 0 || o->prefetch > MOST_AHEAD)
        return wg__fail(WG_ERR_ARG, "batches: %lld are to be read ahead; 0 to %d are possible", (long long)o->prefetch,
                        MOST_AHEAD);
    if (o->batch == 0 || (o->batch > rows && !o->drop_last))
        o->batch = rows;
    if (o->batch > rows)
        return wg__fail(WG_ERR_ARG, "batches: %lld examples do not fill one batch of %lld, and short ones are dropped",
                        (long long)rows, (long long)o->batch);
    return WG_OK;
}

static bool make_slots(wg_batches *b, size_t n)
{
    b->slot = wg__alloc_zero(NULL, n, sizeof *b->slot);
    for (b->n_slots = 0; b->slot && b->n_slots < n;) {
        wg__slot *s = &b->slot[b->n_slots++];
        s->buffer = wg__alloc_zero(NULL, b->n, sizeof *s->buffer);
        s->view = wg__alloc_zero(NULL, b->n, sizeof *s->view);
        if (!s->buffer || !s->view)
            return false;
    }
    return b->slot != NULL;
}

/* libhdf5 is for one thread at a time. */
static bool may_read_ahead(const wg_batches *b)
{
    for (size_t k = 0; k < b->n; k++)
        if (b->data[k]->source && b->data[k]->source->one_thread)
            return false;
    return true;
}

static bool make_parts(wg_batches *b, wg_data *const *data, const wg_batches_opts *o)
{
    b->data = wg__alloc(NULL, b->n, sizeof *b->data);
    if (!b->data)
        return false;
    memcpy(b->data, data, b->n * sizeof *b->data);
    if (o->shuffle && !(b->order = wg__alloc(NULL, (size_t)b->rows, sizeof *b->order)))
        return false;
    bool ahead = o->prefetch && may_read_ahead(b);
    if (!make_slots(b, ahead ? (size_t)o->prefetch + 1 : 1))
        return false;
    return !ahead || (b->ahead = wg__prefetch_new(b));
}

wg_batches *wg_batches_new(wg_data *const *data, size_t n, const wg_batches_opts *given)
{
    wg_batches_opts o;
    wg_batches *b;
    int64_t rows = 1; /* no data set has fewer */

    if (check_data(data, n, &rows) || read_options(&o, given, rows))
        return NULL;
    b = wg__alloc_zero(NULL, 1, sizeof *b);
    if (!b)
        return NULL;
    b->n = n;
    b->rows = rows, b->batch = o.batch, b->seed = o.seed, b->shuffle = o.shuffle;
    b->per_epoch = rows / o.batch + (rows % o.batch && !o.drop_last);
    b->epoch = -1;
    if (make_parts(b, data, &o))
        return b;
    wg_batches_free(b);
    return NULL;
}

static size_t batch_bytes(const wg_batches *b, size_t k) { return (size_t)b->batch * b->data[k]->row_bytes; }

static void free_slot(const wg_batches *b, wg__slot *s)
{
    for (size_t k = 0; s->buffer && k < b->n; k++)
        if (s->buffer[k])
            wg__free(NULL, s->buffer[k], batch_bytes(b, k), 1);
    wg__free(NULL, s->buffer, b->n, sizeof *s->buffer);
    wg__free(NULL, s->view, b->n, sizeof *s->view);
}

void wg_batches_free(wg_batches *b)
{
    if (!b)
        return;
    wg__prefetch_free(b->ahead);
    for (size_t i = 0; i < b->n_slots; i++)
        free_slot(b, &b->slot[i]);
    wg__free(NULL, b->slot, b->n_slots, sizeof *b->slot);
    wg__free(NULL, b->data, b->n, sizeof *b->data);
    wg__free(NULL, b->order, (size_t)b->rows, sizeof *b->order);
    wg__free(NULL, b, 1, sizeof *b);
}

int64_t wg_batches_per_epoch(const wg_batches *b) { return b ? b->per_epoch : 0; }

/* Fisher and Yates, with draw i of an epoch from the counter (i, epoch): the order depends on seed and epoch alone. A
 * 64-bit draw modulo k favours small values by less than k / 2^64. */
static void shuffle(wg_batches *b, int64_t epoch)
{
    uint64_t key = wg__stream_key(b->seed, "batches");

    for (int64_t i = 0; i < b->rows; i++)
        b->order[i] = i;
    for (int64_t i = b->rows - 1; i > 0; i--) {
        uint32_t word[4];
        wg__philox(word, key, (uint64_t)i, (uint64_t)epoch);
        int64_t j = (int64_t)(((uint64_t)word[0] << 32 | word[1]) % ((uint64_t)i + 1)), row = b->order[i];
        b->order[i] = b->order[j];
        b->order[j] = row;
    }
    b->epoch = epoch;
}

/* Rows order[0..n-1] of a data set, neighbours in one go. */
static wg_status gather(wg_data *data, const int64_t *order, int64_t n, unsigned char *to)
{
    for (int64_t i = 0, run; i < n; i += run) {
        for (run = 1; i + run < n && order[i + run] == order[i] + run; run++)
            ;
        wg_status status = wg__data_copy_rows(data, order[i], run, to + (size_t)i * data->row_bytes);
        if (status)
            return status;
    }
    return WG_OK;
}

/* Neighbours in memory need no copy. */
static wg_status fill(wg_batches *b, size_t k, int64_t first, int64_t n, wg__slot *s)
{
    wg_data *data = b->data[k];
    wg_shape shape = data->shape;
    wg_status status;

    if (!b->shuffle && data->memory) {
        s->view[k] = wg_data_rows(data, first, n);
        return WG_OK;
    }
    if (!s->buffer[k])
        s->buffer[k] = wg__alloc_aligned(NULL, batch_bytes(b, k));
    if (!s->buffer[k])
        return WG_ERR_NOMEM;
    status =
        b->shuffle ? gather(data, b->order + first, n, s->buffer[k]) : wg__data_copy_rows(data, first, n, s->buffer[k]);
    shape.dim[0] = n;
    s->view[k] = wg_view_of(s->buffer[k], data->dtype, shape);
    return status;
}

void wg__batches_read(wg_batches *b, int64_t index, wg__slot *s)
{
    int64_t epoch = index / b->per_epoch, in_epoch = index % b->per_epoch, first = in_epoch * b->batch;
    int64_t n = b->rows - first < b->batch ? b->rows - first : b->batch;

    s->status = WG_OK;
    if (b->shuffle && b->epoch != epoch)
        shuffle(b, epoch);
    for (size_t k = 0; k < b->n && !s->status; k++)
        s->status = fill(b, k, first, n, s);
    if (s->status)
        memcpy(s->error, wg_error(), strlen(wg_error()) + 1);
    s->batch = (wg_batch){
        .view = s->view, .index = index, .epoch = epoch, .size = n, .ends_epoch = in_epoch + 1 == b->per_epoch
    };
}

wg_status wg_batches_at(wg_batches *b, int64_t index, wg_batch *out)
{
    wg__slot *s;

    if (!b)
        return wg__fail_null("wg_batches_at", "source of batches");
    if (!out)
        return wg__fail(WG_ERR_ARG, "wg_batches_at: the place for the batch is NULL");
    if (index < 0)
        return wg__fail(WG_ERR_RANGE, "batches: the index %lld is negative", (long long)index);
    if (b->ahead) {
        s = wg__prefetch_take(b->ahead, index);
    } else {
        s = b->slot;
        wg__batches_read(b, index, s);
    }
    if (s->status)
        return wg__fail(s->status, "%s", s->error);
    *out = s->batch;
    return WG_OK;
}
