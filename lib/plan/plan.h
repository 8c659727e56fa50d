/* A plan: what is wanted, in canonical form, with sizes still by name. Immutable. */
#ifndef WG_PLAN_PLAN_H
#define WG_PLAN_PLAN_H

#include "plan/copy.h"

/* Nodes with a value, in the user's graph and in the plan's. */
typedef struct wg__wanted {
    const wg_node *asked, *node;
} wg__wanted;

typedef struct wg__assignment {
    const wg_node *variable, *value; /* of the plan's graph */
} wg__assignment;

/* An input or a variable that the plan touches. */
typedef struct wg__leaf {
    const wg_node *node;  /* of the plan's graph; its operation->variable is -1 for inputs */
    const wg_node *asked; /* the user's */
} wg__leaf;

struct wg_plan {
    wg__allocator allocator;
    atomic_int holds;
    wg_graph *source; /* held */
    wg_store *store;  /* the graph's own, held */
    wg_mode mode;
    wg_matmul_precision precision;
    wg__copy settled, canonical; /* the canonical one borrows constants from the settled one */
    wg__wanted *wanted;          /* by the index of `asked` */
    size_t n_wanted, wanted_capacity;
    wg__assignment *assignment;
    size_t n_assignments, assignments_capacity;
    wg__leaf *leaf; /* by the index of `asked` */
    size_t n_leaves, leaves_capacity;
    int *leaf_of; /* by index of a node of the plan's graph; -1: no leaf */
    /* Operations whose shapes matter, operands first, without leaves and effects; those whose values do are `computed`. */
    wg__operation **operation;
    size_t n_operations;
    unsigned char *computed; /* by index of an operation's first node */
    wg_plan **body;          /* the same: what the iterations of a computed scan do; NULL: no scan */
    bool is_body;            /* without a store: its leaves are inputs, and its results the source's outputs */
};

wg_plan *wg__plan_hold(const wg_plan *);
/* A plan for the iterations of a scan. */
wg_plan *wg__plan_body(wg_graph *body, wg_mode);

/* The user's node that a node of the plan's graph stands for. */
static inline const wg_node *wg__plan_origin(const wg_plan *p, const wg_node *n)
{
    return p->canonical.origin[n->index];
}

/* How messages name a node: "relu_7 (relu(add(x, b)))". */
char *wg__node_label(const wg_node *, char *text, size_t size);

#endif
