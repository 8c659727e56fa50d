/* Writes ZIP archives. Everything that could differ from run to run is left out: the date is 1980-01-01, permissions
 * and system are fixed. ZIP64 is used only where a number needs it. */
#include <string.h>

#include "base/checked.h"
#include "io/zip.h"

enum {
    DATE = 0x21,    /* 1980-01-01 in MS-DOS's bits */
    VERSION = 20,   /* needed to extract: deflate */
    VERSION64 = 45, /* ZIP64 */
    EXTRA64_LOCAL = 20,
    EXTRA64_MAX = 28,
    INDEX_LEAST = 4,                                      /* blocks that are worth an index */
    INDEX_MOST = (0xffff - EXTRA64_MAX - 4) / 4 /* that an extra field can hold */
};

typedef struct wg__zip_record {
    char *name;
    uint64_t offset, packed, size;
    uint32_t crc;
    uint32_t *block; /* packed sizes of its blocks, or NULL */
    size_t n_blocks;
} record;

/* A header under construction. */
typedef struct header {
    unsigned char at[WG__ZIP_END64_SIZE + EXTRA64_MAX];
    size_t n;
} header;

static void put(header *h, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        h->at[h->n++] = (unsigned char)(value >> 8 * i & 0xff);
}

/* A 32-bit field, saturated where ZIP64 holds the value. */
static void put_saturated(header *h, uint64_t value, uint64_t limit) { put(h, value >= limit ? 0xffffffff : value, 4); }

wg_status wg__zip_create(wg__zip_writer *w, const char *path, int level, int threads, const wg__allocator *allocator)
{
    wg_status status;

    *w = (wg__zip_writer){ .limit = 0xffffffff };
    status = wg__atomic_begin(&w->file, path, allocator);
    if (status || level == 0)
        return status;
    w->deflater = wg__deflater_new(level, threads, allocator);
    if (w->deflater)
        return WG_OK;
    wg__zip_abandon(w);
    return WG_ERR_NOMEM;
}

static wg_status store(wg__atomic_file *file, const wg__piece *piece, size_t n, uint32_t *crc)
{
    wg_status status = WG_OK;

    *crc = (uint32_t)crc32_z(0, NULL, 0);
    for (size_t k = 0; !status && k < n; k++) {
        *crc = (uint32_t)crc32_z(*crc, piece[k].at, piece[k].n);
        status = wg__atomic_write(file, piece[k].at, piece[k].n);
    }
    return status;
}

/* What the local header and the directory have in common. */
static void put_common(header *h, const wg__zip_writer *w, const record *r, bool zip64)
{
    put(h, zip64 ? VERSION64 : VERSION, 2);
    put(h, 0, 2); /* flags */
    put(h, w->deflater ? 8 : 0, 2);
    put(h, 0, 2); /* time */
    put(h, DATE, 2);
    put(h, r->crc, 4);
}

/* `wide`: with room for 64-bit sizes, which must be decided before they are known. */
static void local_header(header *h, const wg__zip_writer *w, const record *r, bool wide)
{
    h->n = 0;
    put(h, WG__ZIP_LOCAL, 4);
    put_common(h, w, r, wide);
    put(h, wide ? 0xffffffff : r->packed, 4);
    put(h, wide ? 0xffffffff : r->size, 4);
    put(h, strlen(r->name), 2);
    put(h, wide ? EXTRA64_LOCAL : 0, 2);
}

static void local_extra(header *h, const record *r)
{
    h->n = 0;
    put(h, WG__ZIP_EXTRA64, 2);
    put(h, EXTRA64_LOCAL - 4, 2);
    put(h, r->size, 8);
    put(h, r->packed, 8);
}

/* Writes the header with what is known at `offset`: first as a placeholder, then over it. */
static wg_status write_local(wg__zip_writer *w, const record *r, bool wide, bool again)
{
    header h, extra;
    size_t name = strlen(r->name);
    wg_status status;

    local_header(&h, w, r, wide);
    local_extra(&extra, r);
    if (!wide)
        extra.n = 0;
    if (again) {
        status = wg__atomic_patch(&w->file, r->offset, h.at, h.n);
        return status ? status : wg__atomic_patch(&w->file, r->offset + h.n + name, extra.at, extra.n);
    }
    status = wg__atomic_write(&w->file, h.at, h.n);
    if (!status)
        status = wg__atomic_write(&w->file, r->name, name);
    return status ? status : wg__atomic_write(&w->file, extra.at, extra.n);
}

wg_status wg__zip_add(wg__zip_writer *w, const char *name, const wg__piece *piece, size_t n_pieces)
{
    record *r;
    uint64_t before;
    bool wide;
    wg_status status;

    if (strlen(name) > WG__ZIP_NAME_MAX)
        return wg__fail(WG_ERR_ARG, "the name %.40s.. is too long", name);
    if (!wg__grow(w->file.allocator, (void **)&w->record, &w->capacity, w->n + 1, sizeof *w->record))
        return WG_ERR_NOMEM;
    r = &w->record[w->n];
    *r = (record){ .offset = w->file.size, .name = wg__copy_text(w->file.allocator, name) };
    if (!r->name)
        return WG_ERR_NOMEM;
    w->n++;
    for (size_t k = 0; k < n_pieces; k++)
        r->size += piece[k].n;
    if (w->deflater && wg__zip_blocks(r->size) >= INDEX_LEAST && wg__zip_blocks(r->size) <= INDEX_MOST) {
        r->n_blocks = (size_t)wg__zip_blocks(r->size);
        r->block = wg__alloc(w->file.allocator, r->n_blocks, sizeof *r->block);
        if (!r->block)
            return WG_ERR_NOMEM;
    }
    wide = r->size >= w->limit - w->limit / 64; /* packed may be a little more than size */
    status = write_local(w, r, wide, false);
    before = w->file.size;
    if (!status)
        status = w->deflater ? wg__deflate(w->deflater, &w->file, piece, n_pieces, &r->crc, r->block)
                             : store(&w->file, piece, n_pieces, &r->crc);
    r->packed = w->file.size - before;
    return status ? status : write_local(w, r, wide, true);
}

/* How large each block is packed, so that a reader can inflate them side by side. */
static wg_status write_index(wg__zip_writer *w, const record *r)
{
    header h = { .n = 0 };
    wg_status status = WG_OK;

    if (!r->block)
        return WG_OK;
    put(&h, WG__ZIP_EXTRA_BLOCKS, 2);
    put(&h, 4 * r->n_blocks, 2);
    for (size_t k = 0; !status && k < r->n_blocks; k++) {
        put(&h, r->block[k], 4);
        if (h.n + 4 > sizeof h.at || k + 1 == r->n_blocks) {
            status = wg__atomic_write(&w->file, h.at, h.n);
            h.n = 0;
        }
    }
    return status;
}

static wg_status write_central(wg__zip_writer *w, const record *r)
{
    header h = { .n = 0 }, extra = { .n = 4 };
    const uint64_t value[] = { r->size, r->packed, r->offset }; /* in the order of the extra field */
    wg_status status;

    for (int k = 0; k < 3; k++)
        if (value[k] >= w->limit)
            put(&extra, value[k], 8);
    size_t length = extra.n;
    extra.n = 0;
    put(&extra, WG__ZIP_EXTRA64, 2);
    put(&extra, length - 4, 2);
    extra.n = length == 4 ? 0 : length;

    put(&h, WG__ZIP_CENTRAL, 4);
    put(&h, 3 << 8 | VERSION64, 2); /* made by: Unix */
    put_common(&h, w, r, extra.n > 0);
    put_saturated(&h, r->packed, w->limit);
    put_saturated(&h, r->size, w->limit);
    put(&h, strlen(r->name), 2);
    put(&h, extra.n + (r->block ? 4 + 4 * r->n_blocks : 0), 2);
    put(&h, 0, 2 + 2 + 2);               /* comment, disk, internal attributes */
    put(&h, (uint64_t)0100644 << 16, 4); /* a plain file, readable by all */
    put_saturated(&h, r->offset, w->limit);
    status = wg__atomic_write(&w->file, h.at, h.n);
    if (!status)
        status = wg__atomic_write(&w->file, r->name, strlen(r->name));
    if (!status)
        status = wg__atomic_write(&w->file, extra.at, extra.n);
    return status ? status : write_index(w, r);
}

static wg_status write_end64(wg__zip_writer *w, uint64_t directory, uint64_t size)
{
    header h = { .n = 0 };
    uint64_t at = w->file.size;

    put(&h, WG__ZIP_END64, 4);
    put(&h, WG__ZIP_END64_SIZE - 12, 8);
    put(&h, 3 << 8 | VERSION64, 2);
    put(&h, VERSION64, 2);
    put(&h, 0, 4 + 4); /* this disk, the directory's disk */
    put(&h, w->n, 8);
    put(&h, w->n, 8);
    put(&h, size, 8);
    put(&h, directory, 8);
    put(&h, WG__ZIP_LOCATOR, 4);
    put(&h, 0, 4);
    put(&h, at, 8);
    put(&h, 1, 4); /* disks */
    return wg__atomic_write(&w->file, h.at, h.n);
}

static wg_status write_directory(wg__zip_writer *w)
{
    header h = { .n = 0 };
    uint64_t directory = w->file.size, size;
    bool many = w->n >= (w->limit < 0xffff ? w->limit : 0xffff);
    wg_status status = WG_OK;

    for (size_t k = 0; !status && k < w->n; k++)
        status = write_central(w, &w->record[k]);
    size = w->file.size - directory;
    if (!status && (many || directory >= w->limit || size >= w->limit))
        status = write_end64(w, directory, size);
    put(&h, WG__ZIP_END, 4);
    put(&h, 0, 2 + 2);
    put(&h, many ? 0xffff : w->n, 2);
    put(&h, many ? 0xffff : w->n, 2);
    put_saturated(&h, size, w->limit);
    put_saturated(&h, directory, w->limit);
    put(&h, 0, 2); /* comment */
    return status ? status : wg__atomic_write(&w->file, h.at, h.n);
}

static void free_parts(wg__zip_writer *w)
{
    const wg__allocator *allocator = w->file.allocator;

    for (size_t k = 0; k < w->n; k++) {
        wg__free_text(allocator, w->record[k].name);
        wg__free(allocator, w->record[k].block, w->record[k].n_blocks, sizeof *w->record[k].block);
    }
    wg__free(allocator, w->record, w->capacity, sizeof *w->record);
    wg__deflater_free(w->deflater);
    w->record = NULL;
    w->deflater = NULL;
    w->n = w->capacity = 0;
}

wg_status wg__zip_commit(wg__zip_writer *w)
{
    wg_status status = write_directory(w);

    if (status) {
        wg__zip_abandon(w);
        return status;
    }
    free_parts(w);
    return wg__atomic_commit(&w->file);
}

void wg__zip_abandon(wg__zip_writer *w)
{
    free_parts(w);
    wg__atomic_abandon(&w->file);
}
