/* One operation, computed without any cleverness. */
#include <string.h>

#include "plan/evaluate.h"

wg_call wg__call_of(const wg__signature *s)
{
    return (wg_call){
        .attrs = s->attrs,
        .n_in = s->n_in,
        .in_shape = s->in_shape,
        .in_type = s->in_type,
        .out_shape = s->out_shape[0],
        .out_type = s->out_type[0],
    };
}

/* A call on the whole of the operation. */
static wg_call whole_call(const wg__evaluation *e, const void *const *in)
{
    wg_call call = wg__call_of(&e->signature);
    call.in = in;
    call.out = e->out[0];
    call.outs = e->out;
    call.seed = e->seed;
    call.step = e->step;
    return call;
}

/* Operand `slot` of an elementwise operator, written out to the result's shape in memory of its own. */
static void *broadcast(const wg__evaluation *e, int slot, wg__arena *arena)
{
    const wg__signature *s = &e->signature;
    wg_view view = wg_view_of(e->in[slot], s->in_type[slot], s->out_shape[0]);
    view.strided = true;
    wg__broadcast_strides(&s->in_shape[slot], &s->out_shape[0], view.stride);
    size_t bytes;
    if (!wg__shape_bytes(&view.shape, view.dtype, &bytes))
        return NULL;
    void *to = wg__arena_alloc(arena, bytes);
    if (to)
        wg__view_copy(to, view);
    return to;
}

static wg_status evaluate_elementwise(const wg__evaluation *e, const wg__op_kernels *k, wg__arena *arena)
{
    const wg__signature *s = &e->signature;
    wg_kernel kernel = wg__kernel_for(e->op, k, 0, s);
    const void **in = wg__arena_alloc(arena, (size_t)s->n_in * sizeof *in);
    if (!kernel || !in)
        return wg_error_status();
    int64_t count = wg_shape_count(s->out_shape[0]);
    for (int i = 0; i < s->n_in && count > 0; i++) {
        bool same = wg_shape_count(s->in_shape[i]) == count;
        in[i] = !e->in[i] || same ? e->in[i] : broadcast(e, i, arena);
        if (e->in[i] && !in[i])
            return WG_ERR_NOMEM;
    }
    wg_call call = whole_call(e, in);
    return count > 0 ? kernel(&call, 0, count) : WG_OK;
}

static wg_status evaluate_stages(const wg__evaluation *e, const wg__op_kernels *k)
{
    wg_lowering l;
    wg_status status = wg__lower(e->op, k, &e->signature, e->precision, &l);
    size_t local = 0;
    for (int i = 0; i < l.n_stages && !status; i++)
        local = l.stage[i].local > local ? l.stage[i].local : local;
    if (status)
        return status;
    wg_call call = whole_call(e, e->in);
    call.params = l.params;
    call.scratch = l.scratch ? wg__alloc_aligned(e->allocator, l.scratch) : NULL;
    call.local = local ? wg__alloc_aligned(e->allocator, local) : NULL;
    if ((l.scratch && !call.scratch) || (local && !call.local))
        status = WG_ERR_NOMEM;
    for (int i = 0; i < l.n_stages && !status; i++) {
        wg_kernel kernel = wg__kernel_for(e->op, k, l.stage[i].kernel, &e->signature);
        status = !kernel ? wg_error_status() : l.stage[i].extent > 0 ? kernel(&call, 0, l.stage[i].extent) : WG_OK;
    }
    wg__free(e->allocator, call.scratch, l.scratch, 1);
    wg__free(e->allocator, call.local, local, 1);
    return status;
}

wg_status wg__evaluate(const wg__evaluation *e)
{
    const wg__signature *s = &e->signature;
    size_t bytes;
    if (wg__is_copy(e->op, s)) {
        if (wg__shape_bytes(s->out_shape, s->out_type[0], &bytes) && bytes)
            memcpy(e->out[0], e->in[0], bytes);
        return WG_OK;
    }
    wg__op_kernels k = wg__kernels_of(e->op);
    if (!wg__runs_in_blocks(e->op, &k))
        return evaluate_stages(e, &k);
    wg__arena arena = { .allocator = e->allocator };
    wg_status status = evaluate_elementwise(e, &k, &arena);
    wg__arena_free(&arena);
    return status;
}
