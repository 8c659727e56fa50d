/* An elementwise kernel may be given the memory of an operand for its result. What the planner does with it depends on the
 * graph around; so the kernel itself is called, with memory of its own and with that of each operand. */
#include <string.h>

#include "graph/graph.h"
#include "tensor/shape.h"
#include "verify/operator/session.h"

/* One kernel call for all elements. */
typedef struct direct {
    const wg__rig *rig;
    const void *in[WG__SLOTS];
    wg_shape shape[WG__SLOTS];
    wg_dtype type[WG__SLOTS];
} direct;

static wg_status call(const direct *d, void *out)
{
    const wg__rig *r = d->rig;
    wg_call c = { .in = d->in,
                  .out = out,
                  .outs = &out,
                  .attrs = wg_node_attrs(r->y),
                  .n_in = r->n_slots,
                  .in_shape = d->shape,
                  .in_type = d->type,
                  .out_shape = wg_node_shape(r->y),
                  .out_type = WG_F64 };
    return r->of.op->forward.f64(&c, 0, (int64_t)r->count);
}

/* Can its kernel be called as it is, on operands that are all of the result's shape and type? */
static bool is_plain(const wg__rig *r)
{
    const wg_op *op = r->of.op;
    enum { OTHERS = WG_RANDOM | WG_VIEW_OP | WG_SHAPE_ONLY_LAST | WG_SHAPE_ONLY_REST | WG_CAN_FAIL };
    bool plain = op->flags & WG_ELEMENTWISE && !(op->flags & OTHERS) && op->forward.f64 && !op->lower &&
                 wg_node_results(r->y).n == 1 && wg_node_op(r->y) == op && r->of.type == WG_F64 &&
                 wg_node_dtype(r->y) == WG_F64;
    for (int k = 0; k < r->n && plain; k++)
        plain = r->in[k].moved && wg_shape_equal(r->in[k].range->shape, wg_node_shape(r->y));
    return plain && r->n > 0 && r->count > 0;
}

wg_status wg__check_aliased(wg__session *s)
{
    wg__rig *r = s->rig;
    size_t bytes = r->count * sizeof(double);
    if (!is_plain(r))
        return WG_OK;
    double *apart = wg__alloc_aligned(NULL, bytes), *over = wg__alloc_aligned(NULL, bytes);
    wg_status st = apart && over ? WG_OK : WG_ERR_NOMEM;
    direct d = { .rig = r };
    for (int slot = 0; slot < r->n_slots; slot++) {
        const wg__operand *x = &r->in[r->which[slot]];
        d.in[slot] = x->base;
        d.shape[slot] = x->range->shape;
        d.type[slot] = x->dtype;
    }
    if (!st)
        st = call(&d, apart);
    for (int slot = 0; slot < r->n_slots && !st; slot++) {
        const void *kept = d.in[slot];
        memcpy(over, kept, bytes);
        d.in[slot] = over;
        if (!(st = call(&d, over)))
            wg__settle_slot(s, "in place", 0, slot, memcmp(over, apart, bytes) == 0,
                            "its value is another when it is written over operand %d", slot);
        d.in[slot] = kept;
    }
    wg__free(NULL, apart, bytes, 1);
    wg__free(NULL, over, bytes, 1);
    return st;
}
