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
    double seconds;   /* since the check before it: how long this one took */
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
 * course teaches; NaN when it was not computed (see `textbook_limit`). */
WG_API double wg_report_difference(const wg_report *);
/* One line for the output of a test of yours, the same in every run: "PASS blend: 214 checks, worst 0.12 of its tolerance", or "FAIL
 * blend: 3 of 214 checks", followed by the kind of the first failure and its text, or by what kept it from being run. "" for NULL, and
 * when memory ran out. The report's. */
WG_API const char *wg_report_line(const wg_report *);
/* How long the verification took. */
WG_API double wg_report_seconds(const wg_report *);
/* The verdict on the whole: WG_FAIL when a check failed or what was asked could not be run; WG_INCONCLUSIVE when none passed and some
 * were left open, and for NULL. */
WG_API wg_verdict wg_report_verdict(const wg_report *);
WG_API const char *wg_verdict_text(wg_verdict); /* "PASS", "FAIL", "INCONCLUSIVE" */

typedef struct wg_verify_opts {
    size_t size;
    int order;     /* 1 or 2; 0: 2 for operators, 1 for models */
    uint64_t seed; /* 0: 1 */
    int draws;     /* operators: how often values are drawn for each sample; 0: once */
    int64_t textbook_limit; /* models: compute the textbook's difference up to that many parameters, whatever it takes; 0: where its two
                               runs a parameter are estimated at ten seconds or less, on one core; -1: never */
    const wg_registry *registry; /* for an operator whose adjoint names others by wg_apply_named; NULL: the built-in */
    int64_t points;              /* calibration: of each function; 0: 20,000 */
    /* Operators: NULL, or told before each group of checks what comes: `what`, `order`, `slot` (-1: all) and `sample`, and in `text`
     * how that was altered. Good for the call. So that a program which a kernel brings down knows where it was. */
    void (*before)(void *user, const wg_check *coming);
    void *user;
} wg_verify_opts;

/* Checks an operator on its own samples, every slot, first and second order, in f64. WG_OK: all pass. WG_ERR_VERIFY: something
 * failed, or the operator has no samples, or too few conclusive ones; *report (may be NULL) tells. Others: it could not be
 * run. The report is the caller's. */
WG_API WG_MUST wg_status wg_verify_op(const wg_op *, wg_report **report);
WG_API WG_MUST wg_status wg_verify_op_with(const wg_op *, const wg_verify_opts *, wg_report **report);

/* Checks d scalar / d wrt at the feeds and the store of `at`, which it borrows: runs none of its updates, changes nothing.
 *
 * In f64, operation by operation, at the cost of some 25 to 35 forward runs whatever the number of parameters: tangents along
 * one random direction are carried from node to node, each operator differenced alone at its actual operands. One check
 * "residual" a node: `expected` is <ybar, ydot>, `got` the sum of <xbar, xdot> over its operands, and the residual
 * expected - got must lie within `tolerance`; where it does not, `slot` is the operand whose gradient is wrong. Failures come first,
 * the largest residual first of all. Then "accumulation" (a node with several readers), "gradient" (all of theta along the
 * direction), "f32" (a model in f32, each operation against f64), "plan" and "threads" (bits). */
WG_API WG_MUST wg_status wg_verify(wg_node *scalar, wg_nodes wrt, const wg_exec *at, const wg_verify_opts *, wg_report **report);

/* Checks a gradient that somebody else computed, `gradients` being nodes of wrt's shapes: a hand-written backward pass, say.
 * A check "gradient" for each parameter that is wrong: `op` is the parameter, `node` and `slot` where among the given nodes it goes
 * astray, as far as values can tell (else the parameter, and its index). */
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
 * must. Reads `seed` of the options alone. WG_ERR_VERIFY: one did not, and nothing that this verifier says is to be trusted. */
WG_API WG_MUST wg_status wg_verify_sentinels(const wg_verify_opts *, void (*each)(void *user, const wg_mutant *), void *user);
/* The same, and then with one flaw of the verifier after the other, each of which some sentinel must notice. The flaws are the
 * calling thread's, and only while this runs. */
WG_API WG_MUST wg_status wg_verify_self(const wg_verify_opts *, void (*each)(void *user, const wg_mutant *), void *user);

/* How much the verifier finds, measured: derivatives of 28 functions of one variable, right and wrong by known amounts, at random
 * points. */
typedef struct wg_calibration {
    const char *function;
    bool kinked;
    double planted; /* relative error of the derivative that was claimed, of either sign in turn; 0: it was right; NaN, infinity: it was that */
    int64_t points; /* at which the claim was as planted: a derivative of zero cannot be wrong by a factor */
    int64_t passed, found, inconclusive; /* found: FAIL, so for planted = 0 a false alarm */
} wg_calibration;

/* Calls each(user, row), in the calling thread, for every function and planted error (0, 1e-2 .. 1e-12, NaN, infinity). All errors at a
 * point are judged by the same differences, each as wg_verify_op would judge it. Reads `seed` and `points` of the options. The
 * same rows with any number of threads. WG_ERR_ARG, WG_ERR_NOMEM. */
WG_API WG_MUST wg_status wg_verify_calibrate(const wg_verify_opts *, void (*each)(void *user, const wg_calibration *), void *user);

#ifdef __cplusplus
}
#endif
#endif
