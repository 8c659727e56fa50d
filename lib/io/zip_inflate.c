/* Inflates a member whose blocks' packed sizes are known on all cores.
 *
 * The writer deflates blocks of fixed size without history, each up to a byte boundary, so that each can be inflated by
 * itself (zip_deflate.c). Sizes come from the file and are not believed: a block must yield exactly its share of the
 * content from exactly its packed bytes, and the checksum decides over the whole. */
#include <string.h>

#include "base/team.h"
#include "io/zip.h"

enum {
    LANES_MAX = 16,
    WORTH_A_LANE = 4,     /* blocks */
    HEADER_MAX = 4096,    /* bytes handed out before, which lie in the first block */
    ZLIB_MEMORY = 1 << 17 /* what zlib wants for inflating, and some */
};

/* What one worker has. All memory is taken beforehand: an allocator need not serve several threads. */
typedef struct lane {
    z_stream z;
    size_t used; /* of memory */
    uint32_t crc; /* of its part of the content */
    uint64_t size;
    bool damaged;
    _Alignas(16) unsigned char memory[ZLIB_MEMORY];
    unsigned char in[32768], before[HEADER_MAX];
} lane;

typedef struct job {
    const wg__zip_stream *s;
    unsigned char *to; /* the content from byte s->given on */
    lane *lane;
    int lanes;
} job;

static void *take_memory(void *from, unsigned n, unsigned size)
{
    lane *l = from;
    size_t bytes = ((size_t)n * size + 15) / 16 * 16;

    if (bytes > sizeof l->memory - l->used)
        return NULL;
    l->used += bytes;
    return l->memory + l->used - bytes;
}

static void keep_memory(void *from, void *at)
{
    (void)from;
    (void)at;
}

/* A block's packed bytes that are still to be read. */
typedef struct packed {
    const wg__file *file;
    uint64_t at, left;
} packed;

static bool refill(lane *l, packed *p)
{
    size_t some = p->left < sizeof l->in ? (size_t)p->left : sizeof l->in;

    if (l->z.avail_in || !some)
        return true;
    if (wg__file_read(p->file, p->at, l->in, some))
        return false;
    p->at += some;
    p->left -= some;
    l->z.next_in = l->in;
    l->z.avail_in = (uInt)some;
    return true;
}

/* Inflates n bytes: Z_OK, Z_STREAM_END, or what is wrong. */
static int inflate_part(lane *l, packed *p, unsigned char *to, size_t n)
{
    int result = Z_OK;

    l->z.next_out = to;
    l->z.avail_out = (uInt)n;
    while (result == Z_OK && l->z.avail_out)
        result = refill(l, p) ? inflate(&l->z, Z_NO_FLUSH) : Z_ERRNO;
    return l->z.avail_out ? Z_DATA_ERROR : result;
}

/* What is left of a block's packed bytes yields nothing more. */
static int inflate_end(lane *l, packed *p, int result)
{
    unsigned char beyond;

    l->z.next_out = &beyond;
    l->z.avail_out = 1;
    while (result == Z_OK && l->z.avail_out && (p->left || l->z.avail_in))
        result = refill(l, p) ? inflate(&l->z, Z_NO_FLUSH) : Z_ERRNO;
    return l->z.avail_out && !p->left && !l->z.avail_in ? result : Z_DATA_ERROR;
}

static bool inflate_block(const job *j, lane *l, size_t k, uint64_t at)
{
    const wg__zip_entry *entry = j->s->entry;
    const uint64_t begin = (uint64_t)k * WG__ZIP_BLOCK, left = entry->size - begin;
    const size_t n = left < WG__ZIP_BLOCK ? (size_t)left : WG__ZIP_BLOCK, skip = k ? 0 : (size_t)j->s->given;
    unsigned char *to = j->to + (begin + skip - j->s->given);
    packed p = { &j->s->zip->file, entry->data + at, wg__get32(entry->block + 4 * k) };

    l->z.avail_in = 0;
    if (inflateReset(&l->z) != Z_OK || (skip && inflate_part(l, &p, l->before, skip) != Z_OK))
        return false;
    if (inflate_end(l, &p, inflate_part(l, &p, to, n - skip)) != (k + 1 < entry->n_blocks ? Z_OK : Z_STREAM_END))
        return false;
    l->crc = (uint32_t)crc32_z(l->crc, to, n - skip);
    l->size += n - skip;
    return true;
}

static void work(void *arg, int worker, int workers)
{
    const job *j = arg;
    const wg__zip_entry *entry = j->s->entry;
    lane *l = &j->lane[worker];
    int64_t begin, end;
    uint64_t at = 0;

    wg__team_part((int64_t)entry->n_blocks, 1, worker, workers, &begin, &end);
    for (int64_t k = 0; k < end && !l->damaged; k++) {
        if (k >= begin)
            l->damaged = !inflate_block(j, l, (size_t)k, at);
        at += wg__get32(entry->block + 4 * k);
    }
}

static bool begin_lanes(job *j)
{
    for (int i = 0; i < j->lanes; i++) {
        lane *l = &j->lane[i];
        l->z = (z_stream){ .zalloc = take_memory, .zfree = keep_memory, .opaque = l };
        l->crc = (uint32_t)crc32_z(0, NULL, 0);
        if (inflateInit2(&l->z, -MAX_WBITS) != Z_OK)
            return false;
    }
    return true;
}

/* Inflates, and puts the lanes' checksums together: they took the blocks in order. */
static bool inflate_lanes(wg__zip_stream *s, job *j)
{
    bool fine = true;

    wg__team_run(j->lanes, NULL, work, j);
    for (int i = 0; i < j->lanes; i++) {
        fine = fine && !j->lane[i].damaged;
        s->crc = (uint32_t)crc32_combine(s->crc, j->lane[i].crc, (z_off_t)j->lane[i].size);
        inflateEnd(&j->lane[i].z);
    }
    return fine;
}

static int lanes_for(const wg__zip_stream *s)
{
    const size_t most = s->entry->n_blocks / WORTH_A_LANE;
    const int threads = wg__team_size(0);

    if (!s->inflating || s->given > HEADER_MAX || most < 2)
        return 1;
    return threads > LANES_MAX ? LANES_MAX : (size_t)threads > most ? (int)most : threads;
}

wg_status wg__zip_read_rest(wg__zip_stream *s, void *to, size_t n)
{
    job j = { .s = s, .to = to, .lanes = lanes_for(s) };
    wg_status status = WG_OK;

    if (j.lanes == 1 || n != s->entry->size - s->given) {
        status = wg__zip_read(s, to, n);
        return status ? status : wg__zip_finish(s);
    }
    j.lane = wg__alloc_aligned(s->zip->allocator, (size_t)j.lanes * sizeof *j.lane);
    if (!j.lane)
        return WG_ERR_NOMEM;
    memset(j.lane, 0, (size_t)j.lanes * sizeof *j.lane);
    if (!begin_lanes(&j))
        status = wg__fail(WG_ERR_NOMEM, "out of memory");
    else if (!inflate_lanes(s, &j))
        status = wg__fail(WG_ERR_FORMAT, "the compressed data are damaged");
    else if (s->crc != s->entry->crc)
        status = wg__fail(WG_ERR_FORMAT, "the checksum is wrong");
    wg__free(s->zip->allocator, j.lane, (size_t)j.lanes * sizeof *j.lane, 1);
    return status;
}
