/* Named sizes become numbers when inputs are fed. */
#ifndef WG_PLAN_SIZES_H
#define WG_PLAN_SIZES_H

#include "plan/evaluate.h"

typedef struct wg__sizes {
    int64_t value[128];       /* by letter */
    const wg_node *from[128]; /* the leaf that gave it; NULL: not known */
} wg__sizes;

/* Takes the sizes that a leaf's declared shape names from what it was fed. WG_ERR_SHAPE: a letter has another size already. */
wg_status wg__sizes_bind(wg__sizes *, const wg_node *leaf, const wg_shape *fed);

/* The concrete signature of an operation, whose operands' shapes are in shapes[] by node index; sets those of its results. Memory comes
 * from the arena. Refused, besides what `infer` refuses: an elementwise operand that would broadcast though its
 * declared shape does not show it. */
wg_status wg__signature_of(const wg__sizes *, const wg__operation *, wg_shape *shapes, wg__arena *, wg__signature *);

#endif
