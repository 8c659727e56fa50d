/* The graph description, as docs/formats.md defines it: read, written, and the pieces of both. */
#ifndef WG_GRAPH_JSON_H
#define WG_GRAPH_JSON_H

#include <jansson.h>

#include "base/text.h"
#include "graph/graph.h"

/* The operations that a description of `outputs` holds, by creation order: what they need, or, when outputs.n is 0,
 * what the graph's outputs and entries need; all of a graph that has neither. The caller frees the array by wg__free
 * with *n. False: WG_ERR_GRAPH, WG_ERR_NOMEM. */
bool wg__describe(const wg_graph *, wg_nodes outputs, const char *caller, const wg__operation ***operations, size_t *n);

/* ---- texts ---- */

/* Parses one object, strictly: no duplicate keys, nothing after it. NULL: WG_ERR_FORMAT with line and column,
 * WG_ERR_NOMEM. */
json_t *wg__json_load(const char *text, size_t length);
/* Whether the text is one object; sets the failure if not. */
bool wg__json_is_object(const char *text);
/* A value as short text for messages, cut with "..". Returns `text`. */
enum { WG__JSON_SHOWN = 48 };
const char *wg__json_shown(const json_t *, char text[WG__JSON_SHOWN]);
/* A string with its quotes. Bytes that are not UTF-8 become U+FFFD. */
void wg__json_quote(wg__text *, const char *);
/* A number; infinities and NaN, which JSON lacks, as strings. */
void wg__json_number(wg__text *, double, bool single);
/* A number, or one of those strings. */
bool wg__json_to_number(const json_t *, double *);
/* Sizes: numbers, letters in quotes, `any` ("null" or "-1") for unknown ones. */
void wg__json_shape(wg__text *, const wg_shape *, const char *any);
/* Sets no failure. */
bool wg__json_to_shape(const json_t *, wg_shape *);

/* ---- tensors as numbers and nested lists ---- */

void wg__json_tensor(wg__text *, const void *elements, wg_dtype, const wg_shape *);
/* The shape that a number (a scalar) or rectangular nested lists have. False: WG_ERR_FORMAT tells what was expected. */
bool wg__json_tensor_shape(const json_t *, wg_shape *);
/* Reads the elements into memory for that shape. False: WG_ERR_FORMAT: an element that the type cannot hold. */
bool wg__json_to_tensor(const json_t *, const wg_shape *, wg_dtype, void *elements);

/* ---- initial values ---- */

/* What a drawn initial value is called, and its numbers a and b; NULL: it has none. */
typedef struct wg__init_name {
    int kind;
    const char *name, *a, *b;
} wg__init_name;
enum { WG__INIT_NAMES = 7 };
extern const wg__init_name wg__init_names[WG__INIT_NAMES];

/* ---- attributes ---- */

/* Fills op's attribute struct from an object (NULL: none given) and the defaults. False, as "op: text": WG_ERR_ARG for
 * an unknown or missing attribute or a value of the wrong kind, WG_ERR_NOMEM. */
bool wg__attrs_parse(const wg_op *, const json_t *object, const wg_graph *like, void *attrs);
/* Lets go of the graphs among parsed attributes. */
void wg__attrs_release(const wg_op *, const void *attrs);
/* A graph that is an attribute, {"nodes": [..], "outputs": [..]}, of operators that `like` knows; NULL: WG_ERR_FORMAT,
 * WG_ERR_NOMEM. */
wg_graph *wg__json_to_body(const json_t *, const wg_graph *like);
void wg__json_body(wg__text *, const wg_graph *);
/* Sets one field to its default, which the table holds as JSON, except that words need no quotes. False: there is none.
 * */
bool wg__attr_default(const wg_op *, const wg_attr *, void *attrs);
/* The attributes that differ from their defaults as an object; adds nothing where none does, else `before` and the
 * object. */
void wg__attrs_json(wg__text *, const char *before, const wg_op *, const void *attrs);

/* The operators' names nearest to a misspelt one, as ", did you mean matmul?", or "". */
const char *wg__suggest_op(const wg_registry *, const char *name, char text[96]);

#endif
