/* What a run has computed. */
#include <math.h>

#include "exec/exec.h"

/* The plan's node for a wanted one; NULL: it was not wanted. */
static const wg_node *wanted_node(const wg_plan *p, const wg_node *asked)
{
    size_t low = 0, high = p->n_wanted;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (p->wanted[middle].asked->index < asked->index)
            low = middle + 1;
        else
            high = middle;
    }
    return low < p->n_wanted && p->wanted[low].asked == asked ? p->wanted[low].node : NULL;
}

wg_view wg_result(const wg_exec *e, const wg_node *n)
{
    if (!e || !n) {
        wg__fail_null("wg_result", e ? "node" : "exec");
        return (wg_view){ 0 };
    }
    const wg_node *node = wanted_node(e->plan, n);
    if (!node) {
        wg__fail(WG_ERR_ARG, "wg_result: %s is not among the values that the plan wants", n->name);
        return (wg_view){ 0 };
    }
    if (!e->ran) {
        wg__fail(WG_ERR_ARG, "wg_result: no run has succeeded since the last one failed or the shapes changed");
        return (wg_view){ 0 };
    }
    const wg__program *p = e->ran->program;
    return wg_view_of(e->ran->address[p->buffer[node->index] * e->ran->workers], node->dtype, p->shape[node->index]);
}

double wg_scalar(const wg_exec *e, const wg_node *n)
{
    wg_view v = wg_result(e, n);
    if (!v.data)
        return NAN;
    if (wg_shape_count(v.shape) != 1) {
        char text[96];
        wg__fail(WG_ERR_SHAPE, "wg_scalar: %s has shape %s, not one element", n->name,
                 wg_shape_text(v.shape, text, sizeof text));
        return NAN;
    }
    return wg__load(v.data, v.dtype, 0);
}
