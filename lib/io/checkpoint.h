/* Checkpoints: an archive with one array a variable, and the graph's description with a note about this very file. */
#ifndef WG_IO_CHECKPOINT_H
#define WG_IO_CHECKPOINT_H

#include <jansson.h>

#include "exec/store.h"
#include "io/npz.h"
#include <wengert/io.h>

#define WG__CHECKPOINT_GRAPH "graph.json"

/* The text of graph.json: wg_graph_json's, with a last key "checkpoint": step, seed, library, meta (`meta`: key, value,
 * .., NULL), and the variables that the graph's outputs do not need. To be freed with wg_text_free; NULL: WG_ERR_NOMEM,
 * WG_ERR_GRAPH. */
char *wg__checkpoint_describe(const wg_store *, const char *const *meta);

/* Reads that text from an archive. NULL: WG_ERR_FORMAT (there is none, it is too large, or no object), WG_ERR_NOMEM,
 * WG_ERR_IO. To be freed with wg__free(zip's allocator, text, n + 1, 1). */
char *wg__checkpoint_text(const wg__zip *, size_t *n);
/* The key "checkpoint" of the text, an object; *root is to be json_decref'ed. NULL and *root NULL: WG_ERR_FORMAT,
 * WG_ERR_NOMEM. */
json_t *wg__checkpoint_note(const char *text, size_t n, json_t **root);
/* Whether the note lists a variable of that name as state. */
bool wg__checkpoint_is_state(const json_t *note, const char *name, size_t length);
/* The seed in the note, 0 without one. */
uint64_t wg__checkpoint_seed(const json_t *note);

/* Verified values, not yet anybody's. */
typedef struct wg__values {
    const wg_graph *graph;
    void **at; /* by variable index, each of wg__variable_bytes */
    size_t n;
} wg__values;

/* Reads and checks a value for every variable of the graph. `note`: where members that the graph does not know may be
 * listed; NULL: there may be none. WG_ERR_MISMATCH, WG_ERR_FORMAT, WG_ERR_IO, WG_ERR_NOMEM; then nothing need be freed.
 */
wg_status wg__values_read(wg__values *, const wg_graph *, const wg__zip *, const json_t *note);
void wg__values_free(wg__values *);

#endif
