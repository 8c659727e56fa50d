/* Elementwise operators on many elements. What element i of a result is made of is element i of the operands, so on
 * operands that repeat the sample's all that is computed repeats: one run tells, where differences would take many. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "tensor/shape.h"
#include "verify/operator/session.h"
#include "verify/operator/variants.h"

enum { MANY = 70000 }; /* elements, or somewhat more: beyond what 16 bits count */

/* Whether the operand takes part in each element of the result once, so that it can repeat with it. */
static bool is_whole(const wg__rig *r, int slot)
{
    return wg_shape_equal(r->in[r->which[slot]].range->shape, wg_node_shape(r->y));
}

/* The sample with `times` on top of the shapes of whole operands. The others are broadcast. */
static wg_sample repeated(const wg__rig *r, int64_t times)
{
    wg_sample many = *r->of.sample;
    for (int slot = 0; slot < r->n_slots; slot++)
        if (is_whole(r, slot))
            wg__add_leading(&many.in[slot].shape, times);
    return many;
}

static void repeat(void *to, size_t to_bytes, const void *from, size_t bytes)
{
    for (size_t at = 0; at < to_bytes; at += bytes)
        memcpy((char *)to + at, from, bytes);
}

static void fill(const wg__rig *r, wg__rig *many)
{
    for (int k = 0; k < r->n; k++) {
        const wg__operand *x = &r->in[k];
        wg__operand *to = &many->in[k];
        repeat(to->data, to->bytes, x->base, x->bytes);
        repeat(to->d_data, to->count * sizeof(double), x->d_data, x->count * sizeof(double));
    }
    if (r->v_data)
        repeat(many->v_data, many->count * sizeof(double), r->v_data, r->count * sizeof(double));
}

/* The first element that is not what one result in both rigs should be: repeated; or, of an operand that is broadcast, the sum
 * of so many, whose equal terms may all be rounded the same way. -1: there is none. */
static int64_t first_other(wg_view once, wg_view often, double times)
{
    int64_t count = wg_shape_count(once.shape), of = wg_shape_count(often.shape);
    double largest = 0, factor = of == count ? times : 1;
    for (int64_t i = 0; i < count; i++)
        largest = fmax(largest, fabs(wg__view_element(&once, i)));
    double tolerance = (256 + (factor > 1 ? MANY : 0)) * WG__U64 * largest * factor;
    for (int64_t i = 0; i < of; i++) {
        double expected = factor * wg__view_element(&once, i % count), got = wg__view_element(&often, i);
        if (!wg__within(got, expected, tolerance) && !(isnan(got) && isnan(expected)) && got != expected)
            return i;
    }
    return -1;
}

static wg_status compare(wg__session *s, wg__rig *many, int order, double times)
{
    wg__rig *r = s->rig;
    wg_node *once[WG__WANTED], *often[WG__WANTED];
    int n = wg__rig_outputs(r, order, once);
    wg__rig_outputs(many, order, often);
    wg_status st = wg__rig_run(r, order);
    if (!st)
        st = wg__rig_run(many, order);
    for (int k = 0; k < n && !st; k++) {
        int64_t other = first_other(wg_result(r->exec[order], once[k]), wg_result(many->exec[order], often[k]), times);
        int slot = wg__rig_slot_of(r, order, once[k]);
        char name[WG__RESULT_MAX];
        wg__settle_slot(s, "repeats", order, slot, other < 0,
                        "element %lld of %s is not what it is for the same operands among fewer (%zu here, %zu there): what depends "
                        "on its position is not WG_ELEMENTWISE",
                        (long long)other, wg__result_name(order, slot, name), many->count, r->count);
    }
    return st;
}

wg_status wg__check_repeats(wg__session *s)
{
    wg__rig *r = s->rig;
    int64_t times = r->count ? MANY / (int64_t)r->count + 1 : 0;
    bool any = false;
    for (int slot = 0; slot < r->n_slots; slot++)
        any = any || is_whole(r, slot);
    if (!any || times < 2 || !(s->op->flags & WG_ELEMENTWISE) || s->op->flags & WG_RANDOM ||
        wg_node_shape(r->y).rank == WG_MAX_RANK)
        return WG_OK;
    wg__session_tell(s, "repeats", 0, -1);
    wg_sample sample = repeated(r, times);
    wg__rig_opts opts = r->of;
    opts.sample = &sample;
    wg__rig *many = wg__rig_new(&opts);
    if (!many)
        return wg_error_status() == WG_ERR_NOMEM ? WG_ERR_NOMEM : WG_OK;
    fill(r, many);
    wg_status st = WG_OK;
    for (int order = 0; order <= r->of.order && order <= many->of.order && !st; order++)
        st = compare(s, many, order, (double)times);
    wg__rig_free(many);
    return st;
}
