/* Is the gradient right?  Differences with an error estimate, and a verdict in three ways. docs/verifier.md has the method. */
#ifndef WENGERT_VERIFY_H
#define WENGERT_VERIFY_H

#include <wengert/exec.h>
#include <wengert/grad.h>
#include <wengert/op.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wg_verdict { WG_PASS, WG_FAIL, WG_INCONCLUSIVE } wg_verdict;

/* One comparison: derivative by differences against the adjoint's, along one direction. */
typedef struct wg_check {
    const char *op;   /* the operator's name */
    const char *node; /* in a model: the node, or the parameter, that is judged; "" for an operator on its samples */
    const char *what; /* "value", "shape", "gradient", "second order", "symmetry", .. */
    const char *kind; /* of a failure, what it looks like: "sign", "factor 2", "transposed", ..; "" where nothing can be told */
    int slot, order, sample;
    double expected, got; /* by differences; by the adjoint */
    double error, tolerance;
    wg_verdict verdict;
    const char *text; /* one line that says what is wrong; "" when it passed */
} wg_check;

typedef struct wg_report wg_report;
WG_API void wg_report_free(wg_report *);
WG_API const char *wg_report_text(const wg_report *); /* what failed, a line each; or one line that all passed. "" for NULL */
WG_API size_t wg_report_count(const wg_report *);
WG_API wg_check wg_report_at(const wg_report *, size_t index);
WG_API size_t wg_report_passed(const wg_report *);
WG_API size_t wg_report_failed(const wg_report *);
WG_API size_t wg_report_inconclusive(const wg_report *);
/* For models: ||grad - gradapprox|| / (||grad|| + ||gradapprox||) by central differences over every single parameter, epsilon 1e-7, as the
 * course teaches; NaN when it was not computed (more parameters than `textbook_limit`). */
WG_API double wg_report_difference(const wg_report *);

typedef struct wg_verify_opts {
    size_t size;
    int order;     /* 1 or 2; 0: 2 for operators, 1 for models */
    uint64_t seed; /* 0: 1 */
    int draws;     /* operators: how often values are drawn for each sample; 0: once */
    int64_t textbook_limit; /* models: compute the textbook's difference up to that many parameters; 0: 20,000; -1: never */
    const wg_registry *registry; /* for an operator whose adjoint names others by wg_apply_named; NULL: the built-in */
} wg_verify_opts;

/* Checks an operator on its own samples, every slot, first and second order, in f64. WG_OK: all pass. WG_ERR_VERIFY: something
 * failed, or the operator has no samples, or too few conclusive ones; *report (may be NULL) tells. Others: it could not be
 * run. The report is the caller's. */
WG_API WG_MUST wg_status wg_verify_op(const wg_op *, wg_report **report);
WG_API WG_MUST wg_status wg_verify_op_with(const wg_op *, const wg_verify_opts *, wg_report **report);

/* Checks d scalar / d wrt at the feeds and the store of `at`, which it borrows: runs none of its updates, changes nothing. */
WG_API WG_MUST wg_status wg_verify(wg_node *scalar, wg_nodes wrt, const wg_exec *at, const wg_verify_opts *, wg_report **report);

/* Checks a gradient that somebody else computed, `gradients` being nodes of wrt's shapes: a hand-written backward pass, say. */
WG_API WG_MUST wg_status wg_verify_gradients(wg_node *scalar, wg_grads gradients, const wg_exec *at, const wg_verify_opts *,
                                             wg_report **report);

/* ---- is the verifier to be trusted? ---- */

/* An operator, or the verifier itself, made wrong in one known way. */
typedef struct wg_mutant {
    const char *op, *mutation; /* mutation: "scale 1+1e-6", "sign", ..; op: "verifier" for flaws of the verifier itself */
    int slot;                  /* whose gradient is wrong; -1: none */
    bool killed;               /* a check failed, as it must */
    const char *by;            /* the first check that failed: its text; "" when it survived */
    const char *reason;        /* why it changes nothing, for a survivor on the reviewed list; "" otherwise */
} wg_mutant;

/* Mutation testing: verifies the operator, made wrong in every known way that applies to it, and hands each mutant to `each`
 * (may be NULL), good for that call. The operator itself must pass. WG_OK: all are killed, but those reviewed; also for an
 * operator without a gradient or without samples, of which there are no mutants. WG_ERR_VERIFY: one survived, or the operator
 * is not right itself, or the reviewed list is out of date; wg_error() tells. Others: it could not be run. */
WG_API WG_MUST wg_status wg_verify_mutants(const wg_op *, const wg_verify_opts *, void (*each)(void *user, const wg_mutant *),
                                           void *user);

/* Verifies the sentinels, operators kept for this: many wrong, each in another way, of which the right check must fail, and some
 * right. Takes milliseconds, so do it in every run. `each` (may be NULL) is handed each, `killed` meaning that it came out as it
 * must. WG_ERR_VERIFY: one did not, and nothing that this verifier says is to be trusted. */
WG_API WG_MUST wg_status wg_verify_sentinels(const wg_verify_opts *, void (*each)(void *user, const wg_mutant *), void *user);
/* The same, and then with one flaw of the verifier after the other, each of which some sentinel must notice. The flaws are the
 * calling thread's, and only while this runs. */
WG_API WG_MUST wg_status wg_verify_self(const wg_verify_opts *, void (*each)(void *user, const wg_mutant *), void *user);

#ifdef __cplusplus
}
#endif
#endif
