/* Reads one member of a ZIP archive: stored or deflated, with its checksum and its exact end. */
#include <stddef.h>
#include <string.h>

#include "io/zip.h"

/* zlib gives memory back without telling its size, so that stands in front of each piece. */
typedef union prefix {
    size_t bytes;
    max_align_t align;
} prefix;

static void *zlib_alloc(void *allocator, unsigned n, unsigned size)
{
    size_t bytes = (size_t)n * size + sizeof(prefix); /* two unsigneds: no overflow in 64 bits; zlib asks for < 1 MiB */
    prefix *p = wg__alloc(allocator, bytes, 1);

    if (!p)
        return NULL;
    p->bytes = bytes;
    return p + 1;
}

static void zlib_free(void *allocator, void *at)
{
    prefix *p = (prefix *)at - 1;
    wg__free(allocator, p, p->bytes, 1);
}

void wg__zlib_memory(z_stream *z, const wg__allocator *allocator)
{
    z->zalloc = zlib_alloc;
    z->zfree = zlib_free;
    z->opaque = (void *)(uintptr_t)allocator; /* comes back as const */
}

wg_status wg__zip_begin(wg__zip_stream *s, const wg__zip *zip, const wg__zip_entry *entry)
{
    s->zip = zip, s->entry = entry;
    s->taken = s->given = 0;
    s->crc = (uint32_t)crc32_z(0, NULL, 0);
    s->inflating = s->ended = false;
    memset(&s->z, 0, sizeof s->z);
    if (entry->method == 0)
        return WG_OK;
    wg__zlib_memory(&s->z, zip->allocator);
    if (inflateInit2(&s->z, -MAX_WBITS) != Z_OK) /* raw: without zlib's own frame */
        return wg__fail(WG_ERR_NOMEM, "out of memory");
    s->inflating = true;
    return WG_OK;
}

void wg__zip_end(wg__zip_stream *s)
{
    if (s->inflating)
        inflateEnd(&s->z);
    s->inflating = false;
}

static wg_status damaged(void) { return wg__fail(WG_ERR_FORMAT, "the compressed data are damaged"); }

/* Inflates up to `room` bytes; *got > 0 unless the stream has ended. */
static wg_status inflate_some(wg__zip_stream *s, unsigned char *to, unsigned room, unsigned *got)
{
    s->z.next_out = to, s->z.avail_out = room;
    *got = 0;
    while (!s->ended && *got == 0) {
        uint64_t left = s->entry->packed - s->taken;
        if (s->z.avail_in == 0 && left) {
            unsigned n = left < sizeof s->in ? (unsigned)left : (unsigned)sizeof s->in;
            wg_status status = wg__file_read(&s->zip->file, s->entry->data + s->taken, s->in, n);
            if (status)
                return status;
            s->taken += n;
            s->z.next_in = s->in, s->z.avail_in = n;
        }
        int result = inflate(&s->z, Z_NO_FLUSH);
        *got = room - s->z.avail_out;
        s->ended = result == Z_STREAM_END;
        if (result == Z_MEM_ERROR)
            return wg__fail(WG_ERR_NOMEM, "out of memory");
        if (result != Z_OK && result != Z_STREAM_END) /* also Z_BUF_ERROR: the input has ended before the stream */
            return damaged();
    }
    return WG_OK;
}

static wg_status inflate_all(wg__zip_stream *s, unsigned char *to, size_t n)
{
    while (n) {
        unsigned room = n < 1u << 30 ? (unsigned)n : 1u << 30, got; /* zlib counts in 32 bits */
        wg_status status = inflate_some(s, to, room, &got);
        if (status)
            return status;
        if (!got)
            return wg__fail(WG_ERR_FORMAT, "inflates to fewer bytes than it declares");
        to += got;
        n -= got;
    }
    return WG_OK;
}

wg_status wg__zip_read(wg__zip_stream *s, void *to, size_t n)
{
    wg_status status;

    if (n > s->entry->size - s->given)
        return wg__fail(WG_ERR_FORMAT, "is too short for its array");
    if (s->inflating) {
        status = inflate_all(s, to, n);
    } else {
        status = wg__file_read(&s->zip->file, s->entry->data + s->taken, to, n);
        s->taken += n;
    }
    if (status)
        return status;
    s->crc = (uint32_t)crc32_z(s->crc, to, n);
    s->given += n;
    return WG_OK;
}

wg_status wg__zip_finish(wg__zip_stream *s)
{
    unsigned char beyond;
    unsigned got = 0;
    wg_status status;

    if (s->given != s->entry->size)
        return wg__fail(WG_ERR_FORMAT, "is longer than its array");
    if (s->inflating) {
        status = inflate_some(s, &beyond, 1, &got);
        s->z.next_out = NULL;
        if (status)
            return status;
        if (got)
            return wg__fail(WG_ERR_FORMAT, "inflates to more bytes than it declares");
        if (s->z.avail_in)
            return damaged();
    }
    if (s->taken != s->entry->packed)
        return damaged();
    if (s->crc != s->entry->crc)
        return wg__fail(WG_ERR_FORMAT, "the checksum is wrong");
    return WG_OK;
}

wg_status wg__zip_read_all(const wg__zip *zip, const wg__zip_entry *entry, void *to)
{
    wg__zip_stream s;
    wg_status status = wg__zip_begin(&s, zip, entry);

    if (!status)
        status = wg__zip_read_rest(&s, to, (size_t)entry->size);
    wg__zip_end(&s);
    return status ? wg__fail_in("%s: ", entry->name) : WG_OK;
}
