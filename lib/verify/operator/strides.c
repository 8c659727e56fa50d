/* Operands in memory with strides and an offset, whose first axis moves fastest: results must have the same bits. */
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

static wg_status bind_scattered(wg__rig *r, wg_exec *e)
{
    wg_status st = wg__rig_bind(r, e);
    for (int k = 0; k < r->n && !st; k++) {
        const wg__operand *x = &r->in[k];
        size_t elements, size = wg_dtype_size(x->dtype);
        wg_view v = scattered(x->dtype, x->range->shape, &elements);
        char *memory = wg__arena_alloc(&r->arena, (elements + 1) * size);
        if (!memory)
            return WG_ERR_NOMEM;
        v.data = memory + size;
        scatter(v, memory + size, x->base);
        st = wg_bind(e, x->node, v);
    }
    return st;
}

wg_status wg__check_strides(wg__session *s, int order)
{
    wg__rig *r = s->rig;
    wg_node *wanted[WG__WANTED];
    int n = wg__rig_outputs(r, order, wanted);
    wg_exec *e = wg_exec_new_with(r->plan[order], WG_OPTS(wg_exec_opts, .threads = 1));
    wg_status st = e ? bind_scattered(r, e) : wg_error_status();
    if (!st)
        st = wg__rig_run(r, order);
    if (!st)
        st = wg_run(e);
    bool same = true;
    for (int i = 0; i < n && !st; i++) {
        wg_view a = wg_result(r->exec[order], wanted[i]), b = wg_result(e, wanted[i]);
        same = same && wg__same_bits(a, b);
    }
    if (!st)
        wg__settle_check(s, "strides", order, same, "%s is another when operands are bound in strides, with an offset",
                         order ? "a gradient" : "its value");
    wg_exec_free(e);
    return st;
}
