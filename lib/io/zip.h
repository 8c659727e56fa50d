/* ZIP archives: a strict reader, and a writer whose bytes depend on nothing but what is written. On zlib.
 *
 * The reader trusts nothing. The central directory is the authority: local headers must agree with it, members must lie
 * in disjoint spans before it, it must fill the rest of the file. The format: PKWARE's APPNOTE.TXT 6.3, .ZIP64
 * included. Texts of failures do not name the file; callers put it in front. */
#ifndef WG_IO_ZIP_H
#define WG_IO_ZIP_H

#include <zlib.h>

#include "io/file.h"

enum {
    WG__ZIP_NAME_MAX = 1024,
    WG__ZIP_BLOCK = 256 << 10 /* bytes of content that are deflated by themselves; their lost history costs 0.1 % of size */
};

/* ---- reading ---- */

typedef struct wg__zip_entry {
    char *name;
    uint64_t offset; /* of the local header */
    uint64_t data;   /* of the member's first byte */
    uint64_t packed, size;
    uint32_t crc;
    int method;                 /* 0: stored, 8: deflated */
    const unsigned char *block; /* packed sizes of its blocks of WG__ZIP_BLOCK, 4 bytes each; NULL: not known */
    size_t n_blocks;
} wg__zip_entry;

typedef struct wg__zip {
    const wg__allocator *allocator;
    wg__file file;
    wg__zip_entry *entry; /* in the directory's order */
    size_t n, capacity;
    wg__arena names;
} wg__zip;

/* Opens an archive and checks its directory and all local headers. WG_ERR_IO, WG_ERR_FORMAT, WG_ERR_NOMEM; then nothing
 * need be closed. */
wg_status wg__zip_open(wg__zip *, const char *path, const wg__allocator *);
void wg__zip_close(wg__zip *);
/* The member of that name, or NULL (no failure is recorded). */
const wg__zip_entry *wg__zip_find(const wg__zip *, const char *name);
/* Agreement of the local headers, and disjoint spans; part of wg__zip_open. `directory`: where the central one begins.
 */
wg_status wg__zip_check_members(wg__zip *, uint64_t directory);

/* One member's bytes, first to last. Failures of these functions do not name the member. */
typedef struct wg__zip_stream {
    const wg__zip *zip;
    const wg__zip_entry *entry;
    uint64_t taken, given; /* packed bytes read from the file, bytes handed out */
    uint32_t crc;          /* of those handed out */
    bool inflating, ended;
    z_stream z;
    unsigned char in[32768];
} wg__zip_stream;

/* WG_ERR_NOMEM. */
wg_status wg__zip_begin(wg__zip_stream *, const wg__zip *, const wg__zip_entry *);
/* Exactly n more bytes. WG_ERR_FORMAT: the member is shorter, or damaged. */
wg_status wg__zip_read(wg__zip_stream *, void *to, size_t n);
/* Checks that all bytes were handed out, that the packed ones end exactly there, and the checksum. WG_ERR_FORMAT. */
wg_status wg__zip_finish(wg__zip_stream *);
/* The n bytes that are left, and wg__zip_finish: on all cores where the member's blocks are known. */
wg_status wg__zip_read_rest(wg__zip_stream *, void *to, size_t n);
/* To be called after wg__zip_begin, also after failures. */
void wg__zip_end(wg__zip_stream *);
/* Reads a member whole into `to`, which has entry->size bytes. The failure names the member. */
wg_status wg__zip_read_all(const wg__zip *, const wg__zip_entry *, void *to);

/* ---- writing ---- */

/* A member's content: pieces that lie apart in memory. */
typedef struct wg__piece {
    const void *at;
    size_t n;
} wg__piece;

struct wg__zip_record;
typedef struct wg__zip_writer {
    wg__atomic_file file;
    struct wg__zip_record *record; /* of the members so far */
    size_t n, capacity;
    struct wg__deflater *deflater; /* NULL: stored */
    uint64_t limit;                /* from here on sizes, offsets and counts need ZIP64; tests lower it */
} wg__zip_writer;

/* level 1..9: deflated by up to `threads` threads, 0: stored. The bytes are the same for any number of threads. Same
 * failures as wg__atomic_begin. */
wg_status wg__zip_create(wg__zip_writer *, const char *path, int level, int threads, const wg__allocator *);
/* Appends a member. After a failure only wg__zip_abandon may follow. */
wg_status wg__zip_add(wg__zip_writer *, const char *name, const wg__piece *, size_t n_pieces);
/* Writes the directory and puts the archive in its place; frees. */
wg_status wg__zip_commit(wg__zip_writer *);
void wg__zip_abandon(wg__zip_writer *);

/* ---- between the files of the writer ---- */

typedef struct wg__deflater wg__deflater;
wg__deflater *wg__deflater_new(int level, int threads, const wg__allocator *);
void wg__deflater_free(wg__deflater *);
/* Appends the pieces to the file as one raw deflate stream; `packed`, if not NULL, gets the size of each block. */
wg_status wg__deflate(wg__deflater *, wg__atomic_file *, const wg__piece *, size_t n_pieces, uint32_t *crc,
                      uint32_t *packed);

/* zlib's memory from one of our allocators (NULL: the default). */
void wg__zlib_memory(z_stream *, const wg__allocator *);

/* Little-endian numbers at any address. */
static inline uint32_t wg__get16(const unsigned char *p) { return p[0] | (uint32_t)p[1] << 8; }
static inline uint32_t wg__get32(const unsigned char *p) { return wg__get16(p) | wg__get16(p + 2) << 16; }
static inline uint64_t wg__get64(const unsigned char *p) { return wg__get32(p) | (uint64_t)wg__get32(p + 4) << 32; }

/* Parts of the format that reader and writer share. */
enum {
    WG__ZIP_LOCAL = 0x04034b50,
    WG__ZIP_LOCAL_SIZE = 30,
    WG__ZIP_CENTRAL = 0x02014b50,
    WG__ZIP_CENTRAL_SIZE = 46,
    WG__ZIP_END = 0x06054b50,
    WG__ZIP_END_SIZE = 22,
    WG__ZIP_END64 = 0x06064b50,
    WG__ZIP_END64_SIZE = 56,
    WG__ZIP_LOCATOR = 0x07064b50,
    WG__ZIP_LOCATOR_SIZE = 20,
    WG__ZIP_EXTRA64 = 0x0001,     /* the extra field with 64-bit sizes */
    WG__ZIP_EXTRA_BLOCKS = 0x6757 /* ours: packed sizes of blocks */
};

/* Into how many blocks `size` bytes are cut; nothing is a block too. */
static inline uint64_t wg__zip_blocks(uint64_t size) { return size ? (size - 1) / WG__ZIP_BLOCK + 1 : 1; }

#endif
