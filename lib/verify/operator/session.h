/* The verification of one operator: what all of its checks share. */
#ifndef WG_VERIFY_SESSION_H
#define WG_VERIFY_SESSION_H

#include "verify/operator/rig.h"
#include "verify/report.h"

enum { WG__SEEN = 2048, WG__PLACE_MAX = 192, WG__RESULT_MAX = 64 };

typedef struct wg__witness wg__witness;

typedef struct wg__session {
    const wg_op *op;
    const wg_verify_opts *opts;
    wg_report *report;
    wg__rig *rig;
    wg__stream stream;
    int draw, sample;
    const char *variant;                                  /* how the sample was altered; "": it is the operator's own */
    size_t judged[3][WG__SLOTS], undecided[3][WG__SLOTS]; /* comparisons with differences, by order, on own samples */
    bool until_failure;                       /* nothing is asked after the first failure; derivatives come first */
    bool (*worthwhile)(const wg_op *);        /* see wg__rig_opts */
    bool large, brief, unvouched, retyped, degenerate; /* see wg__variant */
    bool magnify[3];         /* by order: is linearity looked at next with large cotangents, or with small ones? */
    bool commuted;           /* operands were exchanged */
    bool unsteady;           /* the same run gives other bits: nothing that compares two runs means anything */
    uint64_t seen[WG__SEEN]; /* hashes of the variants tried */
    int n_seen;
    int n_bases; /* variants that others were made from */
    wg__witness *witness;
} wg__session;

static inline bool wg__is_generated(const wg__session *s) { return *s->variant != 0; }

/* Each looks at the rig's sample at the values drawn, adds to the report, and leaves the operands as they were. A
 * status means that the verification cannot go on. */
/* Of the value just computed. */
void wg__check_precision(wg__session *);
/* Shape, finiteness, decompose. Not *defined: the mean of nothing, which is no number, and rightly. */
wg_status wg__check_values(wg__session *, bool *defined);
/* Of an operator that says it commutes, in either type: the same bits with its operands exchanged. */
wg_status wg__check_commutes(wg__session *, wg__rig *);
/* Elementwise: the same bits when its kernel writes over an operand. */
wg_status wg__check_aliased(wg__session *);
/* Elementwise: on operands that repeat the sample's many times over, all that is computed repeats. */
wg_status wg__check_repeats(wg__session *);
/* The same bits twice, at every order; if not, the session ends. */
wg_status wg__check_steady(wg__session *);
/* The same bits however it is run; nothing that is only read is written. */
wg_status wg__check_runs(wg__session *, int order);
/* The same bits when operands are elsewhere in memory, and when they are bound in strides. */
wg_status wg__check_strides(wg__session *, int order);
/* The same in a larger graph: from operands that are transposed, computed, used by others too. */
wg_status wg__check_contexts(wg__session *);
/* f32 against f64, up to the rig's order. */
wg_status wg__check_narrow(wg__session *);
/* Every slot against differences, at order 1. */
wg_status wg__check_gradients(wg__session *);
/* Of an operator that declares no gradient: its value stays the same close by. */
wg_status wg__check_constant(wg__session *);
/* Linear in the cotangent, and zero for a zero one. */
wg_status wg__check_linear(wg__session *, int order);
/* The gradients' gradients, symmetry, forward mode. */
wg_status wg__check_second(wg__session *);
/* Each operand's gradient, of that order, against that of the decomposition. */
wg_status wg__check_parts(wg__session *, int order);
/* What inference says of named sizes, wherever they stand in the sample, holds for the sample's. */
void wg__check_named_sizes(wg__session *, const wg_sample *);
/* Prepares and runs a rig, that keeps its bits whatever is prepared and run later; looks whether it does; ends it. */
wg_status wg__witness_begin(wg__session *, const wg__rig_opts *);
wg_status wg__witness_look(wg__session *);
void wg__witness_end(wg__session *);
/* Gradients at kinks and at ties. */
wg_status wg__check_kinks(wg__session *);
/* How fast the linear part's error shrinks, for each operand. */
wg_status wg__check_taylor(wg__session *);
wg_status wg__check_finite_gradients(wg__session *);

/* Type, shape and bits. */
bool wg__same_bits(wg_view, wg_view);

/* Is there no more to be asked? */
static inline bool wg__session_ends(const wg__session *s)
{
    return s->unsteady || (s->until_failure && s->report->failed);
}

/* Compares operand `slot`'s gradient of that order with differences. cotangent: (count of y) at order 1, the directions
 * d of all operands at order 2. */
wg_status wg__judge_slot(wg__session *, int slot, int order, const double *cotangent);
/* The results of a sample, at f64; false: its attributes or shapes are refused. out, out_type: WG__MAX_RESULTS of them. */
bool wg__infer_sample(const wg_op *, const wg_sample *, wg_shape *out, wg_dtype *out_type, int *results);
/* How many results of a sample are f64: derivatives are taken of those alone. 0: its attributes or shapes are refused. */
int wg__wide_results(const wg_op *, const wg_sample *);
/* Afterwards: fails where a comparison that the samples ask for was not made. */
void wg__audit(wg__session *);
/* Fails when a comparison's v (n) is zero or all alike, or nothing was moved: then it could not tell right from wrong. */
void wg__audit_vectors(wg__session *, size_t n, const double *v, bool moved);
/* Tells whoever asked what comes next. */
void wg__session_tell(const wg__session *, const char *what, int order, int slot);
/* Adds a check that has no slot: passed, or failed with "op: sample k, variant: text". */
void wg__settle_check(wg__session *, const char *what, int order, bool passed, const char *format, ...) WG_PRINTF(5, 6);
/* The same of an operand. */
void wg__settle_slot(wg__session *, const char *what, int order, int slot, bool passed, const char *format, ...)
    WG_PRINTF(6, 7);
/* "its value", "its gradient for operand 1", "its forward derivative": of the results that wg__rig_outputs lists, slot as
 * wg__rig_slot_of gives it. Returns `text`. */
const char *wg__result_name(int order, int slot, char text[WG__RESULT_MAX]);
/* Has an operand no elements? */
bool wg__rig_takes_nothing(const wg__rig *);
/* "op: sample k, variant, result r alone"; the last, of several, is the one whose cotangent gradients are taken for. */
const char *wg__session_place(const wg__session *, char text[WG__PLACE_MAX]);

/* Verifies, but stops at the first check that fails, and looks only at samples whose graph is worthwhile; NULL: at all. */
wg_status wg__verify_op_until_failure(const wg_op *, const wg_verify_opts *, bool (*worthwhile)(const wg_op *),
                                      wg_report **);

#endif
