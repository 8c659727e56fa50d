/* How much of what two ways to one quantity are apart is rounding.
 *
 * Where terms cancel, what is left is the rounding of the terms, not of the result: the gradient of x / |x| is zero, and
 * comes out as some 1e-17 that no multiple of its own size bounds. So a difference that is too large for the result is
 * looked at again: all that is read is moved by a few units in the last place, for each run anew, and what the difference
 * then does is rounding; where that does not explain it, all that is computed on the way is moved as well, for what is read
 * may have been rounded away: x / |x| is exactly 1 however x moves. A difference that is a mistake stays where it is. */
#ifndef WG_VERIFY_ROUNDING_H
#define WG_VERIFY_ROUNDING_H

#include "verify/operator/session.h"

/* How much a run reads: operands, directions and the cotangent; and copying it to `kept`, or back. */
size_t wg__read_bytes(const wg__rig *);
void wg__read_copy(const wg__rig *, char *kept, bool back);

/* Runs a rig, on what it holds, or moved by a few units in the last place. */
typedef struct wg__shaker {
    wg__rig *rig;
    wg__stream *stream;
    bool rounds; /* moves what is computed, too */
    bool on;
    void *kept; /* what the rig reads, while it is moved */
} wg__shaker;

wg_status wg__shaken_run(wg__shaker *, int order);

/* Numbers that come out of runs. */
typedef struct wg__shaken {
    wg_status (*measure)(wg__shaker *, void *user, double *to);
    void *user;
    size_t count;
} wg__shaken;

/* How far any of the numbers moves from `still` (count), where the rig is not shaken. 0 where the same run does not give
 * the same numbers twice: that is no rounding. */
wg_status wg__spread_of(wg__shaker *, const wg__shaken *, const double *still, double *spread);

/* Numbers that ought to be zero. */
typedef struct wg__residual {
    wg__shaken of;
    const double *value; /* (count): the numbers, where nothing is shaken */
    int order, degree;   /* of the check; of the derivative that they are made of */
    double tolerance;    /* what sums without cancellation may leave of them */
    double size;         /* of what they are differences of */
    double apart;        /* the largest; set by wg__judge_residual */
    size_t at;           /* which that is; likewise */
    double natural;      /* wg__natural_size; set by wg__doubt_of */
    wg_verdict verdict;
} wg__residual;

/* How much of the numbers may be rounding: what moves when last bits do, the operands' or with `rounds` those of all that
 * is computed, and what terms of natural size leave when they cancel. */
wg_status wg__doubt_of(wg__session *, wg__residual *, bool rounds, double *doubt);

/* Sets `apart`, `at` and `verdict`: WG_INCONCLUSIVE where rounding explains it, but would hide a part in a million as well. */
wg_status wg__judge_residual(wg__session *, wg__residual *);
/* Adds the check, of that operand; -1: of none. */
void wg__settle_residual(wg__session *, const char *what, int slot, const wg__residual *, const char *format, ...)
    WG_PRINTF(5, 6);

/* sum |v_j y_j| / s^order, with s the least scale of an operand, but at most 1: the size of an order's terms before they
 * cancel. */
wg_status wg__natural_size(wg__rig *, int order, double *size);

#endif
