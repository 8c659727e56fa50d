/* Deflates in parallel, with the same bytes for any number of threads.
 *
 * The content is cut into blocks of fixed size. Each is deflated by itself, without history, up to a byte boundary (an
 * empty stored block: Z_SYNC_FLUSH), so that their bytes can simply be joined; the last one ends the stream. Blocks are
 * taken in waves: all workers deflate one, then the calling thread writes it in order. */
#include <string.h>

#include "base/checked.h"
#include "base/team.h"
#include "io/zip.h"

enum {
    BLOCK = WG__ZIP_BLOCK,
    WAVE = 32,             /* blocks a wave, at most */
    ROOM = BLOCK + 4096,   /* deflateBound of a block, and the flush */
    WORKERS_MAX = WAVE,
    PROBE = 16 << 10,      /* bytes of a probe */
    PROBE_EACH = 2 << 20,  /* a probe for so many bytes */
    PROBES_MAX = 8,
    WORTH_A_PROBE = 1 << 20 /* of content; less is deflated before it matters how */
};

typedef struct block {
    unsigned char *out; /* ROOM bytes */
    size_t n;           /* packed */
    uint32_t crc;
    size_t size; /* of its content */
    bool failed;
} block;

struct wg__deflater {
    const wg__allocator *allocator;
    int threads, level;
    z_stream z[WORKERS_MAX]; /* one a worker */
    int n_z;
    unsigned char *room; /* WAVE * ROOM bytes, or fewer for one thread's needs */
    int wave;

    /* of the wave at work */
    const wg__piece *piece;
    size_t n_pieces, total, first; /* first block of the wave */
    int n_blocks, strategy;        /* zlib's, of the whole member */
    block block[WAVE];
};

wg__deflater *wg__deflater_new(int level, int threads, const wg__allocator *allocator)
{
    wg__deflater *d = wg__alloc_zero(allocator, 1, sizeof *d);

    if (!d)
        return NULL;
    d->allocator = allocator;
    d->level = level;
    d->threads = threads < 1 ? 1 : threads > WORKERS_MAX ? WORKERS_MAX : threads;
    d->wave = d->threads == 1 ? 1 : WAVE;
    for (; d->n_z < d->threads; d->n_z++) {
        wg__zlib_memory(&d->z[d->n_z], allocator);
        if (deflateInit2(&d->z[d->n_z], level, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
            wg__fail(WG_ERR_NOMEM, "out of memory");
            wg__deflater_free(d);
            return NULL;
        }
    }
    d->room = wg__alloc(allocator, (size_t)d->wave, ROOM);
    if (!d->room) {
        wg__deflater_free(d);
        return NULL;
    }
    for (int k = 0; k < d->wave; k++)
        d->block[k].out = d->room + (size_t)k * ROOM;
    return d;
}

void wg__deflater_free(wg__deflater *d)
{
    if (!d)
        return;
    while (d->n_z)
        deflateEnd(&d->z[--d->n_z]);
    if (d->room)
        wg__free(d->allocator, d->room, (size_t)d->wave, ROOM);
    wg__free(d->allocator, d, 1, sizeof *d);
}

/* Feeds the part of one piece that lies in [begin, end) of the content; `start` is where the piece begins there. */
static bool feed(z_stream *z, block *b, const wg__piece *piece, size_t start, size_t begin, size_t end)
{
    size_t from = begin > start ? begin - start : 0;
    size_t to = end < start + piece->n ? end - start : piece->n;

    if (start >= end || from >= to)
        return true;
    z->next_in = (Bytef *)(uintptr_t)piece->at + from; /* zlib's interface lacks a const */
    z->avail_in = (uInt)(to - from);
    b->crc = (uint32_t)crc32_z(b->crc, z->next_in, to - from);
    return deflate(z, Z_NO_FLUSH) == Z_OK && z->avail_in == 0;
}

/* Deflates [begin, end) of the content by itself. */
static void pack(const wg__deflater *d, z_stream *z, block *b, int strategy, size_t begin, size_t end)
{
    size_t start = 0;
    bool last = end == d->total, fine = deflateReset(z) == Z_OK && deflateParams(z, d->level, strategy) == Z_OK;

    b->crc = (uint32_t)crc32_z(0, NULL, 0);
    b->size = end - begin;
    z->next_out = b->out;
    z->avail_out = ROOM;
    for (size_t k = 0; fine && k < d->n_pieces; start += d->piece[k++].n)
        fine = feed(z, b, &d->piece[k], start, begin, end);
    z->next_in = NULL;
    z->avail_in = 0;
    fine = fine && deflate(z, last ? Z_FINISH : Z_SYNC_FLUSH) == (last ? Z_STREAM_END : Z_OK) && z->avail_out;
    b->n = ROOM - z->avail_out;
    b->failed = !fine;
}

/* Trained weights hardly ever repeat: looking for runs only makes them as small as looking for all that has been before, in a
 * quarter of the time. Probes tell whether it does here. */
static int choose_strategy(wg__deflater *d)
{
    size_t probes = d->total / PROBE_EACH < PROBES_MAX ? d->total / PROBE_EACH + 1 : PROBES_MAX, all = 0, runs = 0;

    if (d->total < WORTH_A_PROBE)
        return Z_DEFAULT_STRATEGY;
    for (size_t k = 0; k < probes; k++) {
        size_t begin = d->total / probes * k;
        block *b = &d->block[0];
        pack(d, &d->z[0], b, Z_DEFAULT_STRATEGY, begin, begin + PROBE);
        all += b->n;
        pack(d, &d->z[0], b, Z_RLE, begin, begin + PROBE);
        runs += b->n;
    }
    return runs <= all + all / 100 ? Z_RLE : Z_DEFAULT_STRATEGY;
}

static void work(void *arg, int worker, int workers)
{
    wg__deflater *d = arg;
    int64_t begin, end;

    wg__team_part(d->n_blocks, 1, worker, workers, &begin, &end);
    for (int64_t k = begin; k < end; k++) {
        size_t from = (d->first + (size_t)k) * BLOCK, to = d->total - from < BLOCK ? d->total : from + BLOCK;
        pack(d, &d->z[worker], &d->block[k], d->strategy, from, to);
    }
}

static wg_status write_wave(wg__deflater *d, wg__atomic_file *file, uint32_t *crc, uint32_t *packed)
{
    for (int k = 0; k < d->n_blocks; k++) {
        block *b = &d->block[k];
        wg_status status =
            b->failed ? wg__fail(WG_ERR_IO, "zlib could not deflate") : wg__atomic_write(file, b->out, b->n);
        if (status)
            return status;
        *crc = (uint32_t)crc32_combine(*crc, b->crc, (z_off_t)b->size);
        if (packed)
            packed[d->first + (size_t)k] = (uint32_t)b->n;
    }
    return WG_OK;
}

wg_status wg__deflate(wg__deflater *d, wg__atomic_file *file, const wg__piece *piece, size_t n_pieces, uint32_t *crc,
                      uint32_t *packed)
{
    size_t blocks;
    wg_status status = WG_OK;

    d->piece = piece;
    d->n_pieces = n_pieces;
    d->total = 0;
    for (size_t k = 0; k < n_pieces; k++)
        if (!wg__add_size(d->total, piece[k].n, &d->total))
            return wg__fail(WG_ERR_RANGE, "a member is too large");
    d->strategy = choose_strategy(d);
    blocks = (size_t)wg__zip_blocks(d->total);
    *crc = (uint32_t)crc32_z(0, NULL, 0);
    for (d->first = 0; !status && d->first < blocks; d->first += (size_t)d->n_blocks) {
        d->n_blocks = blocks - d->first < (size_t)d->wave ? (int)(blocks - d->first) : d->wave;
        wg__team_run(d->n_blocks < d->threads ? d->n_blocks : d->threads, NULL, work, d);
        status = write_wave(d, file, crc, packed);
    }
    return status;
}
