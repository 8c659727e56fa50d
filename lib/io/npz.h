/* Arrays in ZIP archives. */
#ifndef WG_IO_NPZ_H
#define WG_IO_NPZ_H

#include "io/npy_header.h"
#include "io/zip.h"
#include <wengert/io.h>

/* A member NAME.npy. */
typedef struct wg__npz_array {
    const wg__zip_entry *entry;
    char *name; /* without ".npy" */
    void *data; /* once read; header.bytes of it */
    size_t bytes;
    wg_view view;
} wg__npz_array;

struct wg_npz {
    const wg__allocator *allocator;
    char *path;
    wg__zip zip;
    wg__npz_array *array;
    size_t n, capacity;
    wg__arena names;
};

/* The length of NAME where a member is called NAME.npy; 0 for any other member. */
size_t wg__npz_array_name(const char *member);

/* Begins to read an array's member, and its header, which must agree with the member's size. Failures do not name the
 * member; then nothing need be ended. */
wg_status wg__npz_begin(wg__zip_stream *, wg__npy_header *, const wg__zip *, const wg__zip_entry *);
/* Reads and checks the elements, row-major, into `to` (header's bytes), and ends the stream, also on failure. */
wg_status wg__npz_finish(wg__zip_stream *, const wg__npy_header *, void *to);

/* wg_npz_open, but the failure does not name the file. */
wg_npz *wg__npz_open(const char *path);
/* NULL, with the names that there are in the text, when there is none of that name. */
wg__npz_array *wg__npz_find(wg_npz *, const char *name);
wg_status wg__npz_read(wg_npz *, wg__npz_array *);

/* Appends an array to an archive; `view` may be strided. Failures do not name it. */
wg_status wg__npz_add(wg__zip_writer *, const char *name, wg_view view);

/* Checks that a view can be written, and makes a strided one contiguous: *copy (NULL where none was needed) is then to
 * be freed, with *bytes. WG_ERR_ARG, WG_ERR_NOMEM. */
wg_status wg__view_contiguous(wg_view *, const wg__allocator *, void **copy, size_t *bytes);

/* A name that may be written: [A-Za-z0-9_./:-]+. */
bool wg__npz_name_allowed(const char *name);
/* A deflate level from an option: 0 means 6, -1 means 0 (stored). False when it is out of range. */
bool wg__npz_level(int option, int *level);

#endif
