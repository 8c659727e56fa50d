/* Operands elsewhere in memory: between bytes that make no number, and with strides and an offset, the first axis moving
 * fastest. Results must have the same bits. */
#include <string.h>

#include "base/error.h"
#include "verify/operator/session.h"

/* A view of `shape` whose first axis moves fastest, with gaps, a little into the memory. elements: how many it spans. */
static wg_view scattered(wg_dtype type, wg_shape shape, size_t *elements)
{
    wg_view v = { .shape = shape, .dtype = type, .strided = true };
    int64_t step = 2;
    for (int axis = 0; axis < shape.rank; axis++) {
        v.stride[axis] = step;
        step *= shape.dim[axis] > 0 ? shape.dim[axis] : 1;
    }
    *elements = (size_t)step + 1;
    return v;
}

/* Copies contiguous elements to where the view has them. */
static void scatter(wg_view v, void *memory, const void *from)
{
    int64_t count = wg_shape_count(v.shape);
    size_t size = wg_dtype_size(v.dtype);
    for (int64_t i = 0; i < count; i++) {
        int64_t at = 0, left = i;
        for (int axis = v.shape.rank - 1; axis >= 0; axis--) {
            at += left % v.shape.dim[axis] * v.stride[axis];
            left /= v.shape.dim[axis];
        }
        memcpy((char *)memory + (size_t)at * size, (const char *)from + (size_t)i * size, size);
    }
}

enum { FENCE = 256 }; /* bytes on either side of an operand */

/* Where operand k is read from: nothing beside it is its own. */
static wg_status bind_fenced(wg__rig *r, wg_exec *e, int k)
{
    const wg__operand *x = &r->in[k];
    char *memory = wg__arena_alloc(&r->arena, x->bytes + 2 * FENCE);
    if (!memory)
        return WG_ERR_NOMEM;
    memset(memory, 0xff, x->bytes + 2 * FENCE); /* NaN, if it is read as floating */
    memcpy(memory + FENCE, x->base, x->bytes);
    return wg_bind(e, x->node, wg_view_of(memory + FENCE, x->dtype, x->range->shape));
}

static wg_status bind_scattered(wg__rig *r, wg_exec *e, int k)
{
    const wg__operand *x = &r->in[k];
    size_t elements, size = wg_dtype_size(x->dtype);
    wg_view v = scattered(x->dtype, x->range->shape, &elements);
    char *memory = wg__arena_alloc(&r->arena, (elements + 1) * size);
    if (!memory)
        return WG_ERR_NOMEM;
    v.data = memory + size;
    scatter(v, memory + size, x->base);
    return wg_bind(e, x->node, v);
}

static wg_status compare_bound(wg__session *s, int order, wg_status (*bind)(wg__rig *, wg_exec *, int), bool *same)
{
    wg__rig *r = s->rig;
    wg_node *wanted[WG__WANTED];
    int n = wg__rig_outputs(r, order, wanted);
    wg_exec *e = wg_exec_new_with(r->plan[order], WG_OPTS(wg_exec_opts, .threads = 1));
    wg_status st = e ? wg__rig_bind(r, e) : wg_error_status();
    for (int k = 0; k < r->n && !st; k++)
        st = bind(r, e, k);
    if (!st)
        st = wg_run(e);
    for (int i = 0; i < n && !st; i++)
        *same = *same && wg__same_bits(wg_result(r->exec[order], wanted[i]), wg_result(e, wanted[i]));
    wg_exec_free(e);
    return st;
}

wg_status wg__check_strides(wg__session *s, int order)
{
    const char *what = order ? "a gradient" : "its value";
    bool fenced = true, strided = true;
    wg__session_tell(s, "strides", order, -1);
    wg_status st = wg__rig_run(s->rig, order);
    if (!st && !(st = compare_bound(s, order, bind_fenced, &fenced)))
        wg__settle_check(s, "memory", order, fenced, "%s depends on what stands in memory beside its operands", what);
    if (!st && !(st = compare_bound(s, order, bind_scattered, &strided)))
        wg__settle_check(s, "strides", order, strided,
                         "%s is another when operands are bound in strides, with an offset", what);
    return st;
}
