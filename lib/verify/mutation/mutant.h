/* Mutants: an operator that is wrong in one known way, made from one that is right. */
#ifndef WG_VERIFY_MUTANT_H
#define WG_VERIFY_MUTANT_H

#include <stdatomic.h>

#include "plan/evaluate.h"
#include "verify/operator/rig.h"

typedef struct wg__mutated wg__mutated;

/* What one kernel call computes of the result. */
typedef struct wg__portion_of_result {
    const wg_call *call;
    int64_t total, first, end; /* elements first .. end-1 of `total` are this call's */
    bool cut;                  /* the call doesn't begin at the operation's first element */
    bool divisible;            /* it could have been cut */
} wg__portion_of_result;

/* One way of being wrong. Exactly one of the functions is given. */
typedef struct wg__mutation {
    const char *name; /* %d: the index */
    enum {
        WG__ONCE,
        WG__EACH_PLACE,
        WG__EACH_OPERAND
    } times; /* places: until there is no such; operands: and the output */
    /* The wrong gradient. It sets m->applied, or gives what m->of gives. */
    wg_node *(*gradient)(wg__mutated *, const wg_adjoint *, int slot);
    /* Spoils what a kernel has computed. It sets m->applied where that makes a difference. */
    void (*value)(wg__mutated *, const wg__portion_of_result *);
    wg_node *(*decomposition)(wg__mutated *, const wg_adjoint *);
    bool elsewhere; /* it shows in other graphs than the one in f64 */
} wg__mutation;

enum { WG__STALE = 512 };

struct wg__mutated {
    wg_op op; /* first, so that a node's operator is this */
    const wg_op *of;
    const wg__mutation *mutation;
    int slot, index;           /* slot: whose gradient is wrong */
    atomic_bool applied, here; /* here: in the graph that is being built */
    wg__op_kernels kernels;    /* of `of` */
    wg__arena arena;           /* samples and their attributes */
    double last[WG__STALE];    /* results of the run before */
    bool remembered[WG__STALE];
};

/* Ended by one without a name. */
extern const wg__mutation wg__adjoint_mutations[], wg__kernel_mutations[], wg__decompose_mutations[];

/* A wrapper of `of` that has no fault yet. False: WG_ERR_NOMEM, or attributes too large to be wrapped. Freed by
 * wg__mutated_free in any case. */
bool wg__mutated_make(wg__mutated *, const wg_op *of);
void wg__mutated_free(wg__mutated *);
/* Chooses the fault; NULL: none. */
void wg__mutated_set(wg__mutated *, const wg__mutation *, int slot, int index);

/* Elementwise: is there a point at which the value jumps, or turns, as operand `at` moves? Not where it is infinite or
 * undefined: a singularity has no sides. */
bool wg__mutant_has_kink(const wg__mutated *, const wg_adjoint *, int at);

/* Kernels that compute what m->of computes, and spoil it. */
void wg__mutated_kernels(wg__mutated *);
/* Where a wrapper's attributes hold it: kernels see nothing else. */
enum { WG__MUTATED_AT = 504, WG__MUTATED_ATTRS = 512 };

/* A mutant that survives for it changes nothing, and why. */
typedef struct wg__review {
    const char *op, *mutation;
    int slot;
    const char *reason;
} wg__review;
extern const wg__review wg__reviews[]; /* an operator's stand together; ended by one without an operator */

#endif
