/* The parts of `wengert eval`. */
#ifndef TOOLS_EVAL_H
#define TOOLS_EVAL_H

#include "options.h"

struct eval_options {
    struct common common;
    const char *feeds, *out, *trace;
    texts grad, cotangent, hvp, jvp;
    int64_t threads;
    int mode, precision; /* precision: a wg_matmul_precision */
};

/* A derivative that is asked for: "OUTPUT:WRT,WRT", or "OUTPUT:WRT=MEMBER,WRT=MEMBER" with directions. */
struct request {
    const char *kind; /* "grad", "hvp", "jvp" */
    const char *text; /* as on the command line */
    wg_node *output;
    size_t n;
    wg_node **wrt;
    wg_node **direction; /* inputs for the members; NULL without */
    char **member;
    wg_node **result; /* one for each of wrt; the very same of a jvp, whose directions are taken together */
};

/* A fed direction or cotangent. */
struct extra {
    wg_node *input;
    char *member;
};

struct eval {
    const struct eval_options *o;
    const char *path; /* of the graph */
    wg_graph *graph;
    wg_npz *feeds;
    struct request *request;
    size_t n_requests;
    wg_node **cotangent_of; /* outputs with a cotangent .. */
    struct extra *extra;    /* .. which are the first of these, in the same order */
    size_t n_cotangents, n_extras;
};

/* Reads --grad, --cotangent, --hvp and --jvp and builds their nodes. Returns 0 or an exit code, with the message
 * printed. */
int requests_build(struct eval *);
void requests_free(struct eval *);

#endif
