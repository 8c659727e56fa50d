/* Files: reading at any offset, and replacing one atomically. */
#ifndef WG_IO_FILE_H
#define WG_IO_FILE_H

#include "base/alloc.h"
#include "base/error.h"

/* ---- reading ---- */

typedef struct wg__file {
    int descriptor; /* -1: closed, or in memory */
    uint64_t size;
    unsigned char *memory; /* what wg__file_gunzip made of it; else NULL */
    size_t room;
    const wg__allocator *allocator; /* of the memory */
} wg__file;

/* A regular file, open for reading. WG_ERR_IO. Texts do not name the path: callers put it in front. */
wg_status wg__file_open(wg__file *, const char *path);
void wg__file_close(wg__file *);
/* Exactly n bytes from `offset`. WG_ERR_IO: the system refused; WG_ERR_FORMAT: the file is shorter. */
wg_status wg__file_read(const wg__file *, uint64_t offset, void *to, size_t n);

/* Begins as a gzip file does? */
bool wg__file_is_gzip(const wg__file *);
/* Puts what a gzip file holds in its place: in memory up to `most` bytes, beyond that in a file without a name in $TMPDIR or /tmp.
 * Several gzip members one after another are one content, as for gzip itself; anything else behind is refused.
 * WG_ERR_FORMAT (damaged, cut off), WG_ERR_IO, WG_ERR_NOMEM; then the file is closed. */
wg_status wg__file_gunzip(wg__file *, size_t most, const wg__allocator *);

/* ---- writing ---- */

/* A file that appears under its name whole, or not at all: written under another name in the same folder, made durable,
 * and renamed. */
typedef struct wg__atomic_file {
    const wg__allocator *allocator;
    char *path, *temporary; /* path: where symbolic links lead to */
    int descriptor;
    uint64_t size; /* written so far */
} wg__atomic_file;

/* Locks a file that was just made under a temporary's name, until it is closed; false when another process removes it. */
bool wg__file_lock(int descriptor);
/* Removes temporaries of this user in a folder whose writers have ended without doing so. */
void wg__remove_stale(const char *folder);

/* Removes stale temporaries on the way. WG_ERR_IO (the path names something that is no regular file, or the system refused), WG_ERR_NOMEM. After a failure
 * nothing need be undone. Texts do not name the path. */
wg_status wg__atomic_begin(wg__atomic_file *, const char *path, const wg__allocator *);
/* Appends. */
wg_status wg__atomic_write(wg__atomic_file *, const void *bytes, size_t n);
/* Overwrites bytes that were written before. */
wg_status wg__atomic_patch(wg__atomic_file *, uint64_t offset, const void *bytes, size_t n);
/* Makes it durable and puts it in the old one's place; frees. On failure the old file stays (but for one case: when the
 * last step, making the rename durable, fails, the new file is already in place). */
wg_status wg__atomic_commit(wg__atomic_file *);
/* Removes it and frees; the old file stays. */
void wg__atomic_abandon(wg__atomic_file *);

#endif
