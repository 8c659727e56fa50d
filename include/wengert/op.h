/* Operators of one's own: the descriptor that built-in operators use too.
 *
 * An operator is a struct: what it is called, how many operands it takes, which attributes, how results are shaped,
 * kernels that compute a range of a result, and its adjoint built from other operators. wg_apply needs nothing more;
 * wg_register makes it known by name to graph files and to `wengert check`. docs/examples/c_op.c is one, whole.
 */
#ifndef WENGERT_OP_H
#define WENGERT_OP_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- attributes: a struct of yours, described field by field ---- */

typedef enum wg_kind {
    WG_ATTR_END,
    WG_ATTR_F64,   /* double */
    WG_ATTR_I64,   /* int64_t */
    WG_ATTR_BOOL,  /* bool */
    WG_ATTR_AXES,  /* wg_axes */
    WG_ATTR_SHAPE, /* wg_shape; may hold named sizes, -1, 0 where the operator says so */
    WG_ATTR_DTYPE, /* wg_dtype, written "f32" */
    WG_ATTR_ENUM,  /* int, written as one of `choices` */
    WG_ATTR_TEXT,  /* char[WG_ATTR_TEXT_MAX], ended by NUL */
    WG_ATTR_LIST,  /* wg_list; one number stands for a list of one */
    WG_ATTR_GRAPH  /* wg_graph *, which the operation's graph holds: what is done again and again, by inputs and outputs */
} wg_kind;
enum { WG_ATTR_TEXT_MAX = 64 };

typedef struct wg_attr {
    const char *name;
    wg_kind kind;
    size_t offset;         /* in the attributes' struct */
    const char *otherwise; /* the default, as written in JSON; NULL: must be given */
    const char *choices;   /* of an enum: "mean|sum|none", in the order of its values */
} wg_attr;

/* ---- shapes ---- */

typedef struct wg_infer {
    const char *op; /* the operator's name */
    const void *attrs;
    int n_in;
    const wg_shape *in;
    const wg_dtype *in_type;
    wg_shape *out;     /* one a result; to be set */
    wg_dtype *out_type; /* preset to the type of the first floating operand, else of the last operand */
} wg_infer;

/* For use in `infer`: records "op: text" and returns the status. */
WG_API wg_status wg_infer_fail(wg_infer *, wg_status, const char *format, ...) WG_PRINTF(3, 4);
/* NumPy's broadcasting of all operands into *out; never between two unknown sizes. WG_ERR_SHAPE. */
WG_API wg_status wg_infer_broadcast(wg_infer *, wg_shape *out);
/* One size that must hold for both: *out is the better known of a and b; false when they cannot be equal. */
WG_API bool wg_dim_unify(int64_t a, int64_t b, int64_t *out);
/* A (negative) axis into 0..rank-1; -1 when out of range. */
WG_API int wg_axis_of(int axis, int rank);
/* Marks in on[0..rank-1] which axes a list names. WG_ERR_ARG: out of range, or named twice. */
WG_API wg_status wg_infer_axes(wg_infer *, wg_axes, int rank, bool on[WG_MAX_RANK]);

/* ---- kernels ---- */

/* What one kernel call sees. Operands are contiguous, of concrete shape. */
typedef struct wg_call {
    const void *const *in;
    void *out;         /* the first result */
    void *const *outs; /* all results */
    const void *attrs;
    const void *params; /* what `lower` left for its kernels; NULL without */
    int n_in;
    const wg_shape *in_shape; /* of elementwise operators: of the operands as they are, before broadcasting */
    const wg_dtype *in_type;
    wg_shape out_shape;
    wg_dtype out_type;
    int64_t first; /* elementwise: index in the whole result of the element that out[0] is; for random draws by element. What a value
                      depends on besides its operands and attributes must not be WG_ELEMENTWISE */
    void *scratch; /* as declared by `lower`; shared by all stages and ranges of this operation */
    void *local;   /* as declared by `lower`; this worker's own */
    uint64_t seed, step; /* of random operators */
} wg_call;

/* Computes elements (or whatever units `lower` has cut the work into) begin .. end-1. Called from several threads on
 * disjoint ranges; must depend on nothing else, allocate nothing, and write nothing but its range. Without `lower` those
 * are all elements of the first result that has any, in one call, which writes the other results too.
 *
 * Elementwise: in[s][i] and out[i], begin <= i < end, are contiguous and aligned alike: the engine broadcasts, and hands
 * over block after block. An output may be the very memory of an input; it never overlaps one otherwise. */
typedef wg_status (*wg_kernel)(const wg_call *, int64_t begin, int64_t end);

/* For use in a kernel: remembers "text" for the run that fails, and returns the status. */
WG_API wg_status wg_call_fail(const wg_call *, wg_status, const char *format, ...) WG_PRINTF(3, 4);

/* Kernels by the type of the first floating operand, else of the last operand, else of the result. */
typedef struct wg_kernels {
    wg_kernel f32, f64, i32, i64, u8, boolean;
} wg_kernels;

#define WG_KERNEL(name, ...)                                                                                     \
    static wg_status name##_f32(const wg_call *c, int64_t begin, int64_t end) { typedef float T; __VA_ARGS__ return WG_OK; } \
    static wg_status name##_f64(const wg_call *c, int64_t begin, int64_t end) { typedef double T; __VA_ARGS__ return WG_OK; }
#define WG_BOTH(name) { .f32 = name##_f32, .f64 = name##_f64 }

/* ---- lowering: operators that are more than one plain range ---- */

enum { WG_STAGES = 4, WG_PARAMS_MAX = 256 };

typedef struct wg_stage {
    int kernel;     /* 0: forward, 1..3: stage[0..2] of the descriptor */
    int64_t extent; /* units of work */
    int64_t grain;  /* ranges are cut only at multiples of this; depends on shapes alone */
    size_t local;   /* bytes of scratch a worker */
    double cost;    /* nanoseconds of one unit on one core, roughly; decides about threads */
} wg_stage;

/* What `lower` sees (concrete shapes) and fills in. A stage begins when the one before has ended. */
typedef struct wg_lowering {
    const void *attrs;
    int n_in;
    const wg_shape *in_shape;
    const wg_dtype *in_type;
    const wg_shape *out_shape;
    const wg_dtype *out_type;
    size_t scratch; /* bytes, shared by the stages; aligned to 64 */
    int n_stages;
    wg_stage stage[WG_STAGES];
    uint64_t params[WG_PARAMS_MAX / 8]; /* copied; kernels find it as c->params */
    wg_matmul_precision precision; /* what products of f32 may lose */
} wg_lowering;

/* ---- adjoints ---- */

typedef struct wg_adjoint {
    wg_node *const *in;
    wg_node *output, *cotangent;         /* of the first result; in `decompose`: the result that is meant */
    wg_node *const *outputs;             /* of all results */
    wg_node *const *cotangents;          /* all results'; zeros where nothing arrives */
    const void *attrs;
    int n_in;
} wg_adjoint;

/* A zero gradient for this slot. (NULL is always a failure.) */
WG_API wg_node *wg_no_gradient(const wg_adjoint *);

/* ---- samples: what the verifier tries ---- */

typedef struct wg_sample_in {
    wg_shape shape;
    double lo, hi;  /* range of values, beyond which nothing is tried; integers are drawn from lo .. hi inclusive */
    wg_dtype dtype; /* WG_DTYPE_NONE: the type under test */
    bool distinct;  /* all elements at least (hi - lo) / (4 n) apart */
} wg_sample_in;
/* WG_VALUES(-2, 2, 3, 4): a (3, 4) operand with values in -2..2. Name all of the range that the operator is for: what lies outside
 * is never looked at. */
#define WG_VALUES(low, high, ...) { .shape = WG_DIMS(__VA_ARGS__), .lo = (low), .hi = (high) }

typedef struct wg_sample {
    wg_sample_in in[8];
    const void *attrs; /* NULL: the defaults */
    int n;             /* operands; 0: the operator's arity */
    double diagonal;   /* added to the diagonals of operand 0's matrices, beyond its range: keeps them regular */
} wg_sample;

/* ---- the descriptor ---- */

enum {
    WG_ELEMENTWISE = 1u << 0, /* result i depends on element i of the (broadcast) operands alone */
    WG_VIEW_OP = 1u << 1,     /* the result is operand 0's memory with another shape: no kernel */
    WG_NO_GRADIENT = 1u << 2, /* gradients are zero, for its value is piecewise constant: comparisons, sign, .. */
    WG_RANDOM = 1u << 3,      /* draws random numbers by its attribute `stream`; 0: one of its own */
    WG_LEAF = 1u << 4,
    WG_CAN_FAIL = 1u << 5,    /* a kernel may return an error for some values */
    WG_COMMUTES = 1u << 6,    /* f(a, b) and f(b, a) have the same bits: the planner takes one for the other */
    WG_EFFECT = 1u << 7,      /* assign and group: not a value */
    WG_GRADIENT_OF_OTHERS = 1u << 8, /* a helper of adjoints, seldom called by users */
    WG_SHAPE_ONLY_LAST = 1u << 9,  /* the last operand lends its shape: its values are never read, in[s] may be NULL */
    WG_SHAPE_ONLY_REST = 1u << 10, /* all operands but the first do so */
    WG_HOLDS_GRAPH = 1u << 12, /* computes by a graph among its attributes, so it has no samples: models are what verifies it */
    WG_STOPS_GRADIENT = 1u << 11   /* with WG_NO_GRADIENT: cut off on purpose, though the value follows the operands */
};
enum { WG_VARIADIC = -1 }; /* arity: one or more operands */

/* Which gradient an elementwise operator gives exactly at a kink, where it has a derivative on either side. */
typedef enum wg_at_kink {
    WG_KINK_BETWEEN, /* any value between the two */
    WG_KINK_LEFT,    /* the derivative on the side of smaller operands: relu's 0 */
    WG_KINK_RIGHT,
    WG_KINK_MIDDLE,  /* half-way: abs's 0, a tie of maximum */
    WG_KINK_STEEPER, /* the one of larger magnitude */
    WG_KINK_FLATTER
} wg_at_kink;

struct wg_op {
    size_t size; /* WG_OP fills it in */
    const char *name, *doc; /* [a-z0-9_]+; one line with the formula */
    int arity;              /* or WG_VARIADIC */
    int optional;           /* how many of the last operands may be left out */
    int results;            /* 0 means 1 */
    unsigned flags;
    const wg_attr *attrs; /* ended by {0}; NULL: none */
    size_t attrs_size;
    /* NULL: elementwise operators broadcast; others give operand 0's shape. Called with named sizes when the graph is
     * built, and with concrete ones before a run. */
    wg_status (*infer)(wg_infer *);
    wg_kernels forward;
    wg_kernels stage[WG_STAGES - 1]; /* further kernels that `lower` names */
    /* NULL: elementwise: all elements in blocks; others: one call with begin 0, end the number of elements of result 0. */
    wg_status (*lower)(wg_lowering *);
    /* The gradient for operand `slot`: a node of that operand's shape, built from operators on the adjoint's nodes; for
     * elementwise operators of the result's shape (the engine sums it down). NULL here: WG_NO_GRADIENT must be set, or
     * differentiating is an error that names the operator. */
    wg_node *(*backward)(const wg_adjoint *, int slot);
    /* The result `output` from primitives; for operators without an adjoint, and compared with it by the verifier. */
    wg_node *(*decompose)(const wg_adjoint *);
    /* A replacement that gives better values for this very result, or NULL when there is none. Tried before
     * differentiation and compilation. With `decompose` and a `rewrite` that always has a replacement, no kernel is needed. */
    wg_node *(*rewrite)(wg_node *output);
    /* Elementwise: the distance of the operands x[0..arity-1] to the nearest kink or singularity. NULL: smooth. */
    double (*kink)(const void *attrs, const double *x);
    wg_at_kink at_kink;
    const wg_sample *samples;
    size_t n_samples;
    /* Where the number of results depends on the attributes: that number, at most 64; NULL: it is `results`. What it
     * returns for attributes that `infer` refuses is not looked at. */
    int (*results_of)(const void *attrs);
    /* Floating-point operations of the whole operation, of its call's shapes and attributes, for reports (wg_exec_stats, traces);
     * a multiplication and an addition are two. NULL: one for each element of the largest of operand 0 and results. */
    double (*flops)(const wg_call *);
};

#define WG_OP .size = sizeof(wg_op)
#define WG_COUNT(a) (sizeof(a) / sizeof *(a))
#define WG_SAMPLES(a) .samples = (a), .n_samples = WG_COUNT(a)

/* A node that applies the operator. `attrs` points to the operator's attribute struct and is copied; NULL: the defaults.
 * The first result is returned; wg_node_results gives all. NULL: WG_ERR_SHAPE, WG_ERR_DTYPE, WG_ERR_ARG (number of operands,
 * attributes, descriptor), WG_ERR_GRAPH (operands of different graphs, or a failed operand), WG_ERR_NOMEM. */
WG_API wg_node *wg_apply(const wg_op *, wg_nodes, const void *attrs);
/* The same with the graph given, for operators without operands. */
WG_API wg_node *wg_apply_in(wg_graph *, const wg_op *, wg_nodes, const void *attrs);
/* The same by name, from the graph's registry, with attributes as JSON text of one object (NULL: the defaults). */
WG_API wg_node *wg_apply_named(wg_graph *, const char *op, wg_nodes, const char *json_attrs);

#ifdef __cplusplus
}
#endif
#endif
