/* The verification of one model: what its steps share. */
#ifndef WG_VERIFY_TRIAL_H
#define WG_VERIFY_TRIAL_H

#include "verify/model/trace.h"

typedef struct wg__trial {
    wg__model *m;
    wg_report *report;
    wg__stream stream;
    int order, threads;
    bool given;      /* somebody else's gradients */
    wg_node *scalar; /* the user's, with gradients and exec */
    wg_grads gradients;
    const wg_exec *at;
    wg__reuse reuse; /* the memory of all runs */
} wg__trial;

/* A check of parameter `name`, number `slot` (-1: of all). */
wg_check wg__trial_check(const wg__trial *, const wg__judgement *, const char *name, int slot);
/* Operation by operation. Adds a check for each, one for the whole direction, and, for gradients that were given, one for
 * each wrong parameter. */
wg_status wg__judge_traced(wg__trial *);
/* Through the whole model at once. */
wg_status wg__judge_whole(wg__trial *);

/* The gradients that a run gives as the model is: in its own type, on its own and on other numbers of threads, against what was
 * verified. Adds checks "f32", "plan" and "threads". */
wg_status wg__judge_actual(wg__trial *, wg__trace *);

#endif
