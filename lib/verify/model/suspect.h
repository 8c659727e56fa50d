/* Looking at one operation of a model by itself, at its actual operands: which operand's gradient is wrong? */
#ifndef WG_VERIFY_SUSPECT_H
#define WG_VERIFY_SUSPECT_H

#include "verify/model/trace.h"
#include "verify/numerics/kind.h"

enum { WG__SUSPECT_SLOTS = 16 };

typedef struct wg__suspicion {
    int slot;     /* -1: what the operation gives alone is right, but the graph's run has something else */
    bool forward; /* slot -1: the values, else the gradients */
    wg__judgement judgement;
    char kind[WG__KIND_MAX];
} wg__suspicion;

/* Finds the wrong slots of the tape's entry. *decided: at least one operand could be judged. */
wg_status wg__suspect(wg__trace *, wg__stream *, size_t entry, wg__suspicion found[WG__SUSPECT_SLOTS], int *n,
                      bool *decided);

#endif
