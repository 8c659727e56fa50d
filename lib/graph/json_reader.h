/* Reading the description of one node. */
#ifndef WG_GRAPH_JSON_READER_H
#define WG_GRAPH_JSON_READER_H

#include "graph/json.h"

/* The node being read. */
typedef struct wg__reader {
    wg_graph *graph;
    const json_t *nodes; /* the whole list */
    const json_t *node;
    const char *name;
} wg__reader;

/* Fails with WG_ERR_FORMAT as "node NAME: text"; false. */
bool wg__reader_fail(const wg__reader *, const char *format, ...) WG_PRINTF(2, 3);
/* The same with the thread's failure, for what went wrong below is a mistake of the description, unless memory ran out.
 * */
bool wg__reader_fail_again(const wg__reader *);
/* The member of that name as a string; NULL, failed, when it is missing or no string. */
const char *wg__reader_string(const wg__reader *, const char *key, const char *expected);
/* Fails when the node has other members than the known ones, which are separated by blanks. */
bool wg__reader_keys(const wg__reader *, const char *known);
/* Whether an object has no members but the known ones; else *which is one that is not. Sets no failure. */
bool wg__json_only(const json_t *, const char *known, const char **which);

bool wg__is_leaf(const char *op);
/* Adds the leaf; wg__is_leaf(op) holds. False: failed. */
bool wg__read_leaf(const wg__reader *, const char *op);

#endif
