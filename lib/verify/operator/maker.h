/* Making variants of one sample, and showing each. */
#ifndef WG_VERIFY_MAKER_H
#define WG_VERIFY_MAKER_H

#include "verify/operator/variants.h"

typedef struct wg__maker {
    const wg_op *op;
    const wg_sample *from;
    int n; /* operands */
    wg__variant_visit *visit;
    void *user;
    wg__sort sort; /* of those being made */
    wg_status status;
} wg__maker;

static inline wg__variant wg__variant_begin(const wg__maker *m)
{
    return (wg__variant){ .sample = *m->from, .sort = m->sort };
}

/* Was it taken? */
static inline bool wg__variant_show(wg__maker *m, const wg__variant *v)
{
    bool taken = false;
    if (!m->status)
        m->status = m->visit(m->user, v, &taken);
    return taken;
}

/* Does inference look at more than operand 0? Where it does not, shapes that belong together are the caller's business,
 * and only changes that keep them so can be tried. */
static inline bool wg__relates_operands(const wg__maker *m)
{
    return m->n == 1 || m->op->infer || (m->op->flags & WG_ELEMENTWISE);
}

/* Shows all variants but those of attributes. */
void wg__try_all_shapes(wg__maker *);
/* Sizes 0 and 1, long and large ones, each length that a vector's tail can have. */
void wg__try_sizes(wg__maker *);

#endif
