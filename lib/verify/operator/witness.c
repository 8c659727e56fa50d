/* Several operations of one program: what has been prepared for some operands must compute the same after the operator was
 * prepared and run for others. What `lower` finds out belongs into its params, not into memory that all operations share. */
#include <string.h>

#include "tensor/shape.h"
#include "verify/operator/session.h"

struct wg__witness {
    wg__rig *rig;
    uint64_t sum[WG__ORDERS]; /* of all that was computed at first */
    bool shaken;              /* it computes something else by now, and that was told */
};

/* Of the bits of all results of that order. */
static wg_status sum_results(wg__rig *r, int order, uint64_t *sum)
{
    wg_node *list[WG__WANTED];
    int n = wg__rig_outputs(r, order, list);
    wg_status st = wg__rig_run(r, order);
    *sum = UINT64_C(0xcbf29ce484222325);
    for (int i = 0; i < n && !st; i++) {
        wg_view v = wg_result(r->exec[order], list[i]);
        size_t bytes = (size_t)wg_shape_count(v.shape) * wg_dtype_size(v.dtype);
        const unsigned char *at = v.data;
        for (size_t k = 0; k < bytes && at; k++)
            *sum = (*sum ^ at[k]) * UINT64_C(0x100000001b3);
    }
    return st;
}

wg_status wg__witness_begin(wg__session *s, const wg__rig_opts *opts)
{
    if (s->until_failure || s->op->flags & WG_RANDOM || s->report->failed)
        return WG_OK;
    wg__rig_opts of = *opts;
    of.result = 0;
    wg__rig *rig = wg__rig_new(&of); /* the same was built before, so it is for want of memory if it cannot be */
    wg__witness *w = rig ? wg__alloc_zero(NULL, 1, sizeof *w) : NULL;
    if (!w) {
        wg__rig_free(rig);
        return WG_ERR_NOMEM;
    }
    w->rig = rig;
    s->witness = w;
    wg__stream stream = s->stream;
    wg__rig_draw(w->rig, &stream);
    wg_status st = WG_OK;
    for (int order = 0; order <= w->rig->of.order && !st; order++)
        st = sum_results(w->rig, order, &w->sum[order]);
    return st;
}

wg_status wg__witness_look(wg__session *s)
{
    wg__witness *w = s->witness;
    wg_status st = WG_OK;
    for (int order = 0; w && order <= w->rig->of.order && !w->shaken && !st; order++) {
        uint64_t sum;
        st = sum_results(w->rig, order, &sum);
        w->shaken = !st && sum != w->sum[order];
        if (w->shaken)
            wg__settle_check(s, "others", order, false, "%s of what was prepared before is another since then",
                             order == 0 ? "the value" : order == 1 ? "a gradient" : "a second derivative");
    }
    return st;
}

void wg__witness_end(wg__session *s)
{
    wg__witness *w = s->witness;
    if (w && !w->shaken)
        wg__settle_check(s, "others", 0, true, "%s", "");
    if (w)
        wg__rig_free(w->rig);
    wg__free(NULL, w, 1, sizeof *w);
    s->witness = NULL;
}
