/* A rig as a function of one operand: what differences move, and what they look at. */
#ifndef WG_VERIFY_MOVES_H
#define WG_VERIFY_MOVES_H

#include "verify/operator/rig.h"

/* Order 1 looks at y, order 2 at all gradients, one after the other. */
typedef struct wg__mover {
    wg__rig *rig;
    int slot, order;
} wg__mover;

/* For wg__subject. Both leave the operand where x was. */
wg_status wg__moved_value(void *mover, const double *x, double *y);
wg_status wg__moved_gradient(void *mover, const double *x, double *g);

/* Elements of all moved operands together. */
size_t wg__gradient_count(const wg__rig *);
/* Copies all gradients after a run of order 1, and theirs after one of order 2: (wg__gradient_count). */
wg_status wg__take_gradients(const wg__rig *, double *to);
wg_status wg__take_second(const wg__rig *, double *to);

#endif
