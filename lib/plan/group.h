/* A fused item on its way to an instruction. */
#ifndef WG_PLAN_GROUP_H
#define WG_PLAN_GROUP_H

#include "plan/make.h"

typedef struct wg__group {
    wg__making *m;
    const wg__item *item;
    wg__instruction *instruction;
    int64_t count;
    wg__place *at; /* m->place: of a value computed here, or of an operand read or broadcast here */
    int *last_use; /* m->last_use: the last operation of the item that reads it */
    int *free_regs, n_free, n_regs;
    wg__step *step, *once; /* once: those that run once a range */
    int n_steps, n_once;
    size_t widest; /* bytes of the widest element in a register */
} wg__group;

/* The steps become g->instruction: which buffers it touches, how long a block is, what it costs. False: WG_ERR_NOMEM. */
bool wg__group_finish(wg__group *);

#endif
