/* A program: a plan for concrete shapes. Buffers with places in one workspace, and instructions in order, each serial or
 * cut over workers, with barriers between. It holds no pointers to memory that a run touches: lib/exec binds them. */
#ifndef WG_PLAN_PROGRAM_H
#define WG_PLAN_PROGRAM_H

#include "plan/evaluate.h"
#include "plan/plan.h"

typedef enum wg__space {
    WG__IN_ARENA,    /* at `offset` of the workspace */
    WG__IN_CONSTANT, /* at `value` */
    WG__IN_LEAF,     /* what was fed for leaf `leaf`, else the store's value: only read */
    WG__TO_VARIABLE, /* the store's value of leaf `leaf`: only written */
    WG__TO_RESULT    /* of a body: where this iteration's result `result` goes */
} wg__space;

typedef struct wg__buffer {
    wg__space space;
    int leaf, result;
    size_t bytes, offset;
    const void *value;
    int first, last; /* instructions that touch it first and last; last = n_instructions: until the next run */
    int home;        /* the buffer whose memory this one takes over, or itself */
} wg__buffer;

/* Where a kernel finds an operand or puts a result: a buffer, a worker's block register, or nowhere (both -1), where only the
 * shape counts. */
typedef struct wg__place {
    int buffer, reg;
} wg__place;

/* One kernel, ready but for pointers. */
typedef struct wg__step {
    wg_kernel kernel;
    wg_call call;
    wg__place *in, *out;
    int n_out;
    int scratch;         /* buffer, or -1 */
    const wg_node *node; /* of the plan's graph: whom messages name; NULL for what the planner adds */
    bool still;          /* its operand's pointer does not advance with the block: it broadcasts */
    wg_dtype finite;     /* results are checked to be finite, of this type; WG_DTYPE_NONE: they are not */
} wg__step;

typedef struct wg__access {
    int buffer;
    bool write;
    bool aligned; /* unit i of the work touches part i of the buffer, and nothing else of it */
} wg__access;

typedef enum wg__kind { WG__STAGE, WG__FUSED, WG__COPY, WG__CHECK, WG__LOOP } wg__kind;

typedef struct wg__instruction {
    wg__kind kind;
    wg__step *step;      /* several only where fused */
    int n_steps, n_once; /* the first n_once steps run once a range: they fill registers with one element */
    int n_registers;
    int64_t extent, grain;
    int64_t block;    /* of a fused one: elements a block */
    size_t reg_bytes; /* of a fused one: a register */
    size_t local;     /* bytes of a worker's own memory */
    double cost;      /* nanoseconds on one core, roughly */
    wg__access *access;
    int n_accesses;
    struct wg__loop *loop; /* of a scan */
    bool fallible; /* may return an error */
    bool final;    /* writes variables: nothing may fail after it */
    bool split;    /* over workers; else worker 0 does it all */
    bool barrier;  /* before it */
} wg__instruction;

typedef struct wg__program {
    const wg_plan *plan;
    wg__arena memory;         /* of all below */
    wg__signature *signature; /* by index of an operation's first node */
    wg_shape *shape;          /* by index of a node of the plan's graph */
    int *buffer;              /* by index of a node: where its value is; -1: nowhere */
    wg__buffer *buffers;
    wg__instruction *instruction;
    size_t buffers_capacity, instructions_capacity;
    int n_buffers, n_instructions, n_fused;    /* n_fused: operators inside fused instructions */
    size_t arena, peak_live, constants, local; /* bytes; local: a worker's */
    size_t fence; /* as in its options */
    double cost;
    int n_barriers;
    bool parallel; /* worth a region */
    bool changes;  /* the store */
} wg__program;

typedef struct wg__program_opts {
    bool check_finite;
    int threads;
    bool forced; /* split even the smallest work */
    size_t fence; /* bytes that are left free before and behind all that its kernels write */
    const struct wg__sizes *sizes; /* of a body: what the names of outside stand for; NULL: none */
} wg__program_opts;

/* The program of a plan whose leaves were fed these shapes (by leaf). NULL: WG_ERR_SHAPE, WG_ERR_NOMEM, and what an operator's
 * `infer` and `lower` refuse. */
wg__program *wg__program_new(const wg_plan *, const wg_shape *fed, wg__program_opts);
void wg__program_free(wg__program *);

#endif
