/* Scans in plans and programs. */
#ifndef WG_PLAN_LOOP_H
#define WG_PLAN_LOOP_H

#include "graph/scan.h"
#include "plan/program.h"
#include "plan/remat.h"

/* ---- settling: scan_settle.c ---- */

/* Marks the operands that the needed results of a scan, and of those that extend it, come from. Users have been marked. False:
 * WG_ERR_NOMEM. */
bool wg__scan_mark(const wg__operation *, unsigned char *needed);
/* Makes the one scan that gives all that is needed, and no more, and sets the images of the results. */
bool wg__scan_settle(wg__remats *, const wg__operation *, const unsigned char *needed);

/* ---- programs: loop.c ---- */

/* The iterations of one scan: a program, and where it finds its operands in each iteration. */
typedef struct wg__loop {
    wg__program *body;
    int64_t length;
    bool reverse;
    int n_carries, n_slices, n_in, n_out;
    int *operand;      /* by leaf of the body's plan */
    size_t *in_bytes;  /* by operand, of what an iteration sees */
    size_t *out_bytes; /* by result, the same */
    size_t *turn;      /* by carry: where in the scratch its two buffers are, written in turn */
} wg__loop;

/* Bytes of workspace that a program needs for so many workers; `own`: of one worker. False: more than memory can address. */
bool wg__program_bytes(const wg__program *, int workers, size_t *bytes, size_t *own);

#endif
