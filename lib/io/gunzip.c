/* What a gzip file holds, as a file of its own: readers of data then need not know that it was packed. RFC 1952. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "io/zip.h"

enum { PIECE = 1 << 16 };

/* The content on its way. `file`: where it goes, in memory until that is too small. */
typedef struct unpacking {
    const wg__file *packed;
    wg__file file;
    size_t most;
    uint64_t taken; /* bytes read of the packed file */
    z_stream z;
    unsigned char in[PIECE], out[PIECE];
} unpacking;

bool wg__file_is_gzip(const wg__file *file)
{
    unsigned char start[3];

    return file->size >= 18 && !wg__file_read(file, 0, start, sizeof start) && !memcmp(start, "\x1f\x8b\x08", 3);
}

static wg_status write_bytes(int descriptor, const unsigned char *bytes, size_t n)
{
    while (n) {
        ssize_t done = write(descriptor, bytes, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return wg__fail_errno("unpacking: write");
        bytes += done;
        n -= (size_t)done;
    }
    return WG_OK;
}

/* A file that has lost its name already, so nothing is left behind however the process ends. */
static wg_status open_nameless(int *descriptor, const wg__allocator *allocator)
{
    const char *folder = getenv("TMPDIR");
    wg__text path = { .allocator = allocator };
    wg_status status = WG_OK;

    wg__text_printf(&path, "%s/wengert-XXXXXX", folder && *folder ? folder : "/tmp");
    if (path.failed)
        return WG_ERR_NOMEM;
    *descriptor = mkstemp(path.at);
    if (*descriptor < 0) {
        status = wg__fail_errno("mkstemp");
        wg__fail_in("unpacking into %s: ", path.at);
    } else {
        (void)fcntl(*descriptor, F_SETFD, FD_CLOEXEC);
        unlink(path.at);
    }
    wg__text_free(&path);
    return status;
}

/* Moves what there is so far out of memory. */
static wg_status leave_memory(wg__file *file)
{
    int descriptor = -1;
    wg_status status = open_nameless(&descriptor, file->allocator);

    if (!status)
        status = write_bytes(descriptor, file->memory, (size_t)file->size);
    wg__free(file->allocator, file->memory, file->room, 1);
    file->memory = NULL;
    file->room = 0;
    file->descriptor = descriptor;
    return status;
}

static wg_status put(unpacking *u, size_t n)
{
    wg__file *file = &u->file;
    void *array = file->memory;
    wg_status status = WG_OK;

    if (file->descriptor < 0 && n > u->most - (size_t)file->size)
        status = leave_memory(file);
    if (!status && file->descriptor >= 0)
        status = write_bytes(file->descriptor, u->out, n);
    else if (!status && n) {
        if (!wg__grow(file->allocator, &array, &file->room, (size_t)file->size + n, 1))
            return WG_ERR_NOMEM;
        file->memory = array;
        memcpy(file->memory + file->size, u->out, n);
    }
    file->size += n;
    return status;
}

static wg_status take(unpacking *u)
{
    uint64_t left = u->packed->size - u->taken;
    unsigned n = left < PIECE ? (unsigned)left : PIECE;
    wg_status status = wg__file_read(u->packed, u->taken, u->in, n);

    u->taken += n;
    u->z.next_in = u->in;
    u->z.avail_in = n;
    return status;
}

/* One gzip member, to its checksum; zlib compares that. */
static wg_status unpack_member(unpacking *u)
{
    for (int result = Z_OK; result != Z_STREAM_END;) {
        if (!u->z.avail_in && u->taken == u->packed->size)
            return wg__fail(WG_ERR_FORMAT, "the compressed data are cut off");
        if (!u->z.avail_in) {
            wg_status status = take(u);
            if (status)
                return status;
        }
        u->z.next_out = u->out;
        u->z.avail_out = PIECE;
        result = inflate(&u->z, Z_NO_FLUSH);
        if (result == Z_MEM_ERROR)
            return wg__fail(WG_ERR_NOMEM, "out of memory");
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) /* the last: more input is needed */
            return wg__fail(WG_ERR_FORMAT, "the compressed data are damaged (zlib: %s)", u->z.msg ? u->z.msg : "?");
        wg_status status = put(u, PIECE - u->z.avail_out);
        if (status)
            return status;
    }
    return WG_OK;
}

static wg_status unpack_all(unpacking *u)
{
    wg_status status = WG_OK;

    do {
        if (inflateReset(&u->z) != Z_OK)
            return wg__fail(WG_ERR_NOMEM, "out of memory");
        status = unpack_member(u);
        if (!status && !u->z.avail_in && u->taken < u->packed->size)
            status = take(u);
        if (!status && u->z.avail_in && *u->z.next_in != 0x1f)
            status = wg__fail(WG_ERR_FORMAT, "bytes stand behind the compressed data");
    } while (!status && u->z.avail_in);
    return status;
}

wg_status wg__file_gunzip(wg__file *file, size_t most, const wg__allocator *allocator)
{
    unpacking *u = wg__alloc_zero(allocator, 1, sizeof *u);
    wg_status status = u ? WG_OK : WG_ERR_NOMEM;

    if (u) {
        u->packed = file;
        u->file = (wg__file){ .descriptor = -1, .allocator = allocator };
        u->most = most;
        wg__zlib_memory(&u->z, allocator);
        if (inflateInit2(&u->z, MAX_WBITS + 16) == Z_OK) { /* 16: gzip's frame */
            status = unpack_all(u);
            inflateEnd(&u->z);
        } else {
            status = wg__fail(WG_ERR_NOMEM, "out of memory");
        }
    }
    wg__file_close(file);
    if (!status)
        *file = u->file;
    else if (u)
        wg__file_close(&u->file);
    wg__free(allocator, u, 1, sizeof *u);
    return status;
}
