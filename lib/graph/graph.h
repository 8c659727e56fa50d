/* Inside a graph: operations, their results (nodes), variables, names. */
#ifndef WG_GRAPH_GRAPH_H
#define WG_GRAPH_GRAPH_H

#include <stdatomic.h>

#include "base/alloc.h"
#include "base/error.h"
#include "tensor/shape.h"
#include <wengert/graph.h>
#include <wengert/op.h>

/* One application of an operator. Its results are nodes; most have one. */
typedef struct wg__operation {
    const wg_op *op;
    const void *attrs; /* the operator's struct, copied; NULL without */
    wg_node **in;
    int n_in, n_out;
    wg_node *out;      /* array of n_out */
    wg_node **results; /* pointers to them */
    wg_graph *graph;
    size_t index;      /* creation order in the graph: operands come before */
    const void *value; /* constants: the elements, contiguous; params: the initial value, if given as one */
    int64_t variable;  /* params and variables: index of the value in a store; -1 else */
    wg_init init;
    bool named;         /* by the user, not made up */
    const wg_scan *inside; /* the scan whose iterations compute it; NULL: none */
    struct wg__operation *extended, *extends; /* of a scan: the next one that computes the same results and more; scan.h */
    struct wg__scan_pulled *pulled; /* of a scan: its last adjoint; lib/grad/scan.c */
    int replay;         /* 0; or a copy that recomputes: which region's (lib/plan/remat.h). Shared only with its like */
} wg__operation;

#define WG__PROMISED SIZE_MAX /* the index of a node that a scan has still to make */

struct wg_node {
    wg__operation *operation;
    wg_shape shape;
    const char *name; /* full name; made up ("matmul_12") when the user gives none */
    size_t index;     /* among the graph's nodes */
    wg_dtype dtype;
    int result; /* which of the operation's results */
    wg_node *rewritten; /* memo of the better form: NULL not asked yet, itself: there is none */
    bool weak;  /* a wg_const, or made of such alone: takes the type of what it meets */
    bool is_output;
};

typedef struct wg__text_pair {
    char *key, *value;
} wg__text_pair;

/* A graph that an operation's attributes hold. */
typedef struct wg__body {
    wg_graph *graph; /* held */
    struct wg__body *next;
} wg__body;

struct wg_graph {
    wg__allocator allocator;
    wg__arena arena; /* operations, nodes, names, attributes */
    atomic_int holds;
    void (*message)(void *user, wg_level, const char *);
    void *message_user;
    const wg_registry *registry;
    uint64_t seed;
    int threads;
    wg_matmul_precision precision; /* of plans to come; of the copies that a plan is made of, its own */

    wg_node **nodes;
    size_t n_nodes, nodes_capacity, n_operations;
    wg__operation **variables; /* by variable index */
    size_t n_variables, variables_capacity;
    wg_node **outputs;
    size_t n_outputs, outputs_capacity;
    struct wg__names *names;       /* name -> node */
    const struct wg__scope *scope; /* innermost open one */
    wg__text_pair *meta, *entries;
    size_t n_meta, meta_capacity, n_entries, entries_capacity;

    wg_status status; /* of the first failure */
    char *error;      /* its text, in the arena or static */
    wg_store *store;  /* the default one; see lib/exec/store.c. Dropped by wg_graph_free */
    void (*drop_store)(wg_store *);
    bool given_up;         /* by wg_graph_free; what still holds the graph needs no default store */
    atomic_int store_lock; /* held while the store is made or completed: plans may be made by several threads at once */
    int replay;            /* of operations that are made now */
    int64_t last_stream;   /* the largest `stream` of random operators */
    wg_scan *scan;         /* the innermost open one */
    wg__body *bodies;      /* of its operations */
    wg_node *step, *step_assign; /* wg_step_counter's variable and its one increment */
    /* wg_accumulate's, 0 and NULL without: an update lands in every so many runs; which run it is, as an i64 variable; whether
     * the update lands in this one, a bool; and the assigns of all that. */
    int64_t micro_batches;
    wg_node *micro_batch, *update_due, *accumulation;
};

/* An empty graph with the same allocator, registry, seed, threads and precision: the place where a compilation rewrites. */
wg_graph *wg__graph_new_private(const wg_graph *source);
/* The same leaf in another graph: name, shape, variable index, constant value (which is borrowed). */
wg_node *wg__leaf_copy(wg_graph *to, const wg_node *leaf);

/* Hands text to the user's message hook, if there is one. */
void wg__graph_say(const wg_graph *, wg_level, const char *text);

/* More holds on a graph, for plans and stores. */
wg_graph *wg__graph_hold(const wg_graph *);
void wg__graph_release(wg_graph *);

/* Records a failure on the graph (the first stays) and on the thread. Returns NULL for use in `return`. g may be NULL. */
void *wg__graph_fail(wg_graph *g, wg_status status, const char *format, ...) WG_PRINTF(3, 4);
/* The same with the thread's own failure. */
void *wg__graph_fail_again(wg_graph *g);

static inline const wg_op *wg__op_of(const wg_node *n) { return n->operation->op; }

/* Whether a run reads the values of operand `slot`, or its shape alone. */
static inline bool wg__reads_operand(const wg__operation *o, int slot)
{
    if (o->op->flags & WG_SHAPE_ONLY_LAST && slot == o->n_in - 1)
        return false;
    return !(o->op->flags & WG_SHAPE_ONLY_REST && slot > 0);
}

/* The expression that a node stands for, as text: "matmul(relu(x), b/w)"; named nodes and leaves end it, depth is limited. */
char *wg__expression(const wg_node *, char *text, size_t size);

/* Leaves' descriptors, and of operators that the engine itself must know. */
extern const wg_op wg_op_input, wg_op_param, wg_op_variable, wg_op_constant;
extern const wg_op wg_op_assign, wg_op_group, wg_op_by_mode, wg_op_stop_gradient, wg_op_track, wg_op_dropout;
extern const wg_op wg_op_remat;
extern const wg_op wg_op_scan, wg_op_transpose;
extern const wg_op wg_op_zeros_like, wg_op_ones_like, wg_op_sum_to_like, wg_op_cast, wg_op_add;

/* Every node that `wanted` needs, operands first, by creation index; marks[i] is set for operation-owning nodes' index. `marks` has
 * n_nodes bytes, cleared by the caller. */
void wg__mark_needed(const wg_graph *, wg_nodes wanted, unsigned char *marks);

/* The replacement that op->rewrite offers (memoised), or the node itself; NULL on failure. */
wg_node *wg__rewritten(wg_node *);

enum { WG__MAX_RESULTS = 64 };
/* How many results the operator has with these attributes (NULL: not yet known), from 1 to WG__MAX_RESULTS. */
int wg__op_results(const wg_op *, const void *attrs);
/* WG_ERR_ARG, with the caller's name in front, for an operator whose descriptor cannot be relied on. */
wg_status wg__check_descriptor(const char *caller, const wg_op *);
/* Infers results for given operand shapes. in_shape, in_type: op's n_in. Sets the thread's failure as "op: text". */
wg_status wg__infer(const wg_op *, const void *attrs, int n_in, const wg_shape *in_shape, const wg_dtype *in_type,
                    wg_shape *out_shape, wg_dtype *out_type);

/* Attributes <-> defaults, text, equality. */
bool wg__attrs_default(const wg_op *, void *attrs); /* false: one has no default */
bool wg__attrs_equal(const wg_op *, const void *a, const void *b);
uint64_t wg__attrs_hash(const wg_op *, const void *a);

/* The built-in operators, in the order of ops/registry.def (implemented by ops/builtin.c). */
size_t wg__builtin_count(void);
const wg_op *wg__builtin_at(size_t index);

#endif
