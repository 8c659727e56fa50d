/* The graphs that are measured, and whose plans tests/test_counts.c counts. They are built of public calls alone. */
#ifndef TOOLS_BENCH_MODELS_H
#define TOOLS_BENCH_MODELS_H

#include <wengert.h>

enum { CHAIN_ELEMENTS = 8, DEPTH_WIDTH = 256, DEPTH_BATCH = 64 };

/* Which graph. `a`..`f` are the models of docs/performance.md. */
typedef enum bench_kind {
    BENCH_TRAIN,   /* a step of model `name`: forward, loss, backward, update */
    BENCH_INFER,   /* the forward pass of model `name`, batch m */
    BENCH_DEPTH,   /* a step of m layers of 256 units, batch 64 */
    BENCH_CHAIN,   /* m add and relu nodes in turn on 8 elements, forward and backward */
    BENCH_MATMUL,  /* (m, k) by (k, n) */
    BENCH_OPERATOR, /* the operator of the table at index m */
    BENCH_COMPILE, /* makes the plan of a chain of m nodes */
    BENCH_SAVE,    /* writes a checkpoint of m megabytes */
    BENCH_LOAD     /* reads it */
} bench_kind;

typedef struct bench_case {
    bench_kind kind;
    char name; /* of the model */
    bool adam; /* instead of SGD */
    int64_t m, n, k;
    bool transpose_a, transpose_b; /* the operand is stored the other way round */
} bench_case;

/* What is fed: uniform in -1 .. 1, or whole numbers 0 .. classes - 1. */
typedef struct bench_input {
    wg_node *node;
    wg_shape shape;
    int64_t classes;
} bench_input;

typedef struct bench_graph {
    wg_mode mode;
    wg_node *wanted[2]; /* NULL: the graph's error tells */
    size_t n_wanted;
    bench_input input[3];
    size_t n_inputs;
} bench_graph;

/* Builds the case in an empty graph. Where something is saved or loaded there are params, and nothing is wanted. */
bench_graph bench_build(wg_graph *, const bench_case *, wg_dtype);
/* "784-512-256-10, batch 128". */
const char *bench_model_text(char name);

/* An operator on operands large enough to come from memory. */
typedef struct bench_operator {
    const char *name;    /* in results: "sum_rows" */
    const char *op;      /* in the registry */
    const char *attrs;   /* as JSON; NULL: the defaults */
    struct {
        wg_shape shape;
        int64_t classes; /* above 0: i64 */
    } in[3];
    int n_in;
    bool train; /* in WG_TRAIN */
} bench_operator;
extern const bench_operator bench_operators[];
extern const size_t n_bench_operators;

#endif
