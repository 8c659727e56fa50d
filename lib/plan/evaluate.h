/* What an operator is for concrete shapes, and the plainest way to compute one. */
#ifndef WG_PLAN_EVALUATE_H
#define WG_PLAN_EVALUATE_H

#include "graph/graph.h"
#include "kernels/isa.h"

/* The concrete shapes and types of one operation. */
typedef struct wg__signature {
    const void *attrs; /* named sizes replaced */
    int n_in, n_out;
    const wg_shape *in_shape;
    const wg_dtype *in_type;
    const wg_shape *out_shape;
    const wg_dtype *out_type;
} wg__signature;

/* Everything of a call but memory: pointers, parameters, and which step of which run it is. */
wg_call wg__call_of(const wg__signature *);

/* The operator's kernels for this processor: of built-in ones from the instruction set's table, else the descriptor's own. */
wg__op_kernels wg__kernels_of(const wg_op *);
/* One of the built-in operators, whose kernels keep their promises. */
bool wg__is_builtin(const wg_op *);
/* Elementwise, and run block by block. */
bool wg__runs_in_blocks(const wg_op *, const wg__op_kernels *);
/* The result is operand 0, byte for byte: a view, or a broadcast or a sum that has nothing to do. */
bool wg__is_copy(const wg_op *, const wg__signature *);

/* Fills in the stages of an operator that does not run in blocks. */
wg_status wg__lower(const wg_op *, const wg__op_kernels *, const wg__signature *, wg_matmul_precision, wg_lowering *);
/* The kernel of stage `which`, by the type of the first floating operand, else of the last, else of the result. NULL, with
 * WG_ERR_DTYPE, when there is none. */
wg_kernel wg__kernel_for(const wg_op *, const wg__op_kernels *, int which, const wg__signature *);

/* One operation on contiguous memory: each stage in one call over its whole extent, broadcast operands written out. The interpreter
 * and constant folding use it; it shares nothing with the programs that lib/plan makes but the kernels. */
typedef struct wg__evaluation {
    wg__signature signature;
    const wg_op *op;
    const void *const *in; /* NULL where the values are not read */
    void *const *out;
    uint64_t seed, step;
    wg_matmul_precision precision;
    const wg__allocator *allocator;
} wg__evaluation;
wg_status wg__evaluate(const wg__evaluation *);

#endif
