/* Derivatives by differences, with an estimate of their own error, and the verdict drawn from them.
 *
 * This half of the verifier knows functions of real vectors alone, no graphs; docs/verifier.md derives the method. A
 * subject is f: R^n -> R^m at a point x, with a cotangent v and somebody's claim g of the gradient of phi(x) = <v,
 * f(x)>.
 */
#ifndef WG_VERIFY_NUMERICS_H
#define WG_VERIFY_NUMERICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verify/numerics/flaw.h"
#include <wengert/verify.h>

#define WG__U64 0x1p-53 /* unit roundoff */
#define WG__U32 0x1p-24

/* Random numbers that depend on the key and on how many were drawn alone. */
typedef struct wg__stream {
    uint64_t key, drawn;
} wg__stream;
double wg__draw(wg__stream *); /* [0, 1) */
/* Either sign, magnitude in [1/2, 1): never small, and never all alike. */
double wg__draw_signed(wg__stream *);

typedef struct wg__subject {
    void *user;
    size_t n, m;
    /* y (m) = f(x). A failure counts like a value that is not finite. */
    wg_status (*value)(void *user, const double *x, double *y);
    /* g (n): the claim at x, which may lie a rounding error beside the point below. */
    wg_status (*gradient)(void *user, const double *x, double *g);
    const double *x;     /* (n), rounded by wg__round_point */
    const double *v;     /* (m) */
    const double *scale; /* (n): the length of a natural step, > 0 */
    const double *room;  /* (n): how far each x may move before the next kink or singularity; NULL: anywhere */
} wg__subject;

/* scale_i = max(|x_i|, rms of x), or 1 where all are zero. */
void wg__scale_of(size_t n, const double *x, double *scale);
/* Rounds x to the grid on which every x +- h d is exact (by less than a unit in the last place of its scale). */
void wg__round_point(size_t n, double *x, const double *scale);

/* Where differences are taken: steps h = 2^first, 2^(first - 1), .., `depth` of them, along d. */
typedef struct wg__probe {
    const wg__subject *of;
    int first, depth;
    double *d;                   /* (n) */
    double *point;               /* (n) */
    double *here, *plus, *minus; /* (m) */
} wg__probe;

enum {
    WG__STEP_FIRST = 1,   /* h0 = twice the scale: the longer the step, the less noise */
    WG__STEP_LEAST = -32, /* a kink nearer than this is stepped over */
    WG__LEVELS = 10,
    WG__LEVELS_MAX = 16
};

/* Sets first and depth from scale and room. False: some x_i has no room at all. */
int wg__probe_steps(wg__probe *);
/* Draws d, on the grid that `first` and `depth` ask for. */
void wg__probe_direction(wg__probe *, wg__stream *);
/* Rounds d to the grid that steps 2^-n times as long ask for. */
void wg__probe_coarsen(wg__probe *, int n);

typedef struct wg__slope {
    double value, error; /* d phi / d h at 0; error is infinite when no two levels are finite */
    double size;         /* sum |v_j y_j| at x */
} wg__slope;

/* Extrapolated central differences. `factor`: 1 or 0.375, which multiplies all steps (0.375 keeps them exact). */
wg__slope wg__difference(const wg__probe *, double factor);
/* The standard deviation of phi's rounding noise, by the differences of seven equispaced values (More and Wild,
 * "Estimating computational noise", SIAM J. Sci. Comput. 33, 2011). */
double wg__noise(const double value[7]);

typedef struct wg__judgement {
    wg_verdict verdict;
    double expected, got;    /* by differences; by the claim */
    double error, tolerance; /* of `expected`; within which `got` must lie */
    bool moved;              /* some element of x was */
} wg__judgement;

/* Compares the claim with differences, drawing directions until there is a verdict or patience ends. WG_ERR_NOMEM, or
 * the status of `gradient`. */
wg_status wg__judge(const wg__subject *, wg__stream *, wg__judgement *);

enum { WG__DIRECTIONS = 6 }; /* that are drawn before a comparison is given up; each may ask for one more to confirm */

/* Differences that were taken at a point, which do not depend on who claims what. All zero at first. */
typedef struct wg__measured {
    struct {
        wg__slope slope;
        bool known;
    } at[2 * WG__DIRECTIONS][2]; /* direction; steps by 1 or by 0.375 */
    struct {
        bool agrees, known;
    } near[2 * WG__DIRECTIONS]; /* direction: do much shorter steps say the same? */
} wg__measured;
/* wg__judge for one of several claims on the same function, point and stream (in the same state): what was measured for
 * the claims before is looked up, and the verdict is the same as alone. */
wg_status wg__judge_with(const wg__subject *, wg__stream *, wg__measured *, wg__judgement *);

/* What is smaller may have lost its bits to the end of the range of doubles, and so may what it is made of. */
#define WG__UNDERFLOW 0x1p-960

/* The larger of what was largest so far and x >= 0; a NaN, once there is one. */
static inline double wg__largest(double most, double x) { return most != most || x <= most ? most : x; }

/* Like |a - b| <= tolerance, but false when anything is NaN. */
static inline int wg__within(double a, double b, double tolerance)
{
    double apart = a - b;
    if (wg__has_flaw(WG__NAN_PASSES))
        return !(apart > tolerance || -apart > tolerance);
    return apart <= tolerance && -apart <= tolerance;
}

#endif
