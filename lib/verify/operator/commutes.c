/* Does an operator commute that says so? Plans take f(b, a) for f(a, b) then. */
#include <string.h>

#include "base/error.h"
#include "tensor/shape.h"
#include "verify/operator/session.h"

static void exchange(wg__operand *a, wg__operand *b)
{
    unsigned char *p = a->data, *q = b->data;
    for (size_t i = 0; i < a->bytes; i++) {
        unsigned char kept = p[i];
        p[i] = q[i];
        q[i] = kept;
    }
}

static wg_status run_and_copy(wg__rig *r, unsigned char *to, size_t bytes)
{
    wg_status st = wg__rig_run(r, 0);
    if (st || !bytes)
        return st;
    wg_view y = wg_result(r->exec[0], r->y);
    if (!y.data)
        return wg_error_status();
    memcpy(to, y.data, bytes);
    return WG_OK;
}

/* Runs with the operands exchanged, and with them back in their places. */
static wg_status run_both_ways(wg__rig *r, unsigned char *straight, unsigned char *exchanged, size_t bytes)
{
    exchange(&r->in[0], &r->in[1]);
    wg_status st = run_and_copy(r, exchanged, bytes);
    exchange(&r->in[0], &r->in[1]);
    return st ? st : run_and_copy(r, straight, bytes);
}

wg_status wg__check_commutes(wg__session *s, wg__rig *r)
{
    const wg__operand *a = &r->in[0], *b = &r->in[1];
    size_t bytes;
    wg_shape shape = wg_node_shape(r->y);
    if (!(s->op->flags & WG_COMMUTES) || r->n_slots != 2 || r->n != 2 || a->dtype != b->dtype ||
        !wg_shape_equal(a->range->shape, b->range->shape) || !wg__shape_bytes(&shape, wg_node_dtype(r->y), &bytes))
        return WG_OK;
    unsigned char *straight = wg__arena_alloc(&r->arena, 2 * bytes + 1);
    if (!straight)
        return WG_ERR_NOMEM;
    wg_status st = run_both_ways(r, straight, straight + bytes, bytes);
    if (st)
        return st;
    s->commuted = true;
    wg__settle_check(s, "commutes", 0, memcmp(straight, straight + bytes, bytes) == 0,
                     "it says that it commutes, but f(b, a) is not f(a, b) in %s", wg_dtype_name(a->dtype));
    return WG_OK;
}
