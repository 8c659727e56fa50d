/* From an operator to kernels: which ones, and how its work is cut into stages. */
#include <string.h>

#include "plan/evaluate.h"
#include "plan/known.h"

/* The operator's line in ops/registry.def; -1 for a user's. */
static int64_t builtin_index(const wg_op *op)
{
    for (size_t i = 0, n = wg__builtin_count(); i < n; i++)
        if (wg__builtin_at(i) == op)
            return (int64_t)i;
    return -1;
}

bool wg__is_builtin(const wg_op *op) { return builtin_index(op) >= 0; }

wg__op_kernels wg__kernels_of(const wg_op *op)
{
    int64_t index = builtin_index(op);
    if (index < 0) {
        wg__op_kernels own = { .forward = op->forward, .lower = op->lower };
        memcpy(own.stage, op->stage, sizeof own.stage);
        return own;
    }
    wg__op_kernels k = *wg__isa_kernels((size_t)index);
    if (!k.lower)
        k.lower = op->lower;
    return k;
}

bool wg__runs_in_blocks(const wg_op *op, const wg__op_kernels *k) { return op->flags & WG_ELEMENTWISE && !k->lower; }

bool wg__is_copy(const wg_op *op, const wg__signature *s)
{
    if (op->flags & WG_VIEW_OP)
        return true;
    if (op != &wg_op_sum_to_like && op != &wg_op_broadcast_like && op != &wg_op_broadcast_to && op != &wg_op_cast)
        return false;
    return s->in_type[0] == s->out_type[0] && wg_shape_equal(s->in_shape[0], s->out_shape[0]);
}

static wg_dtype deciding_type(const wg__signature *s)
{
    for (int i = 0; i < s->n_in; i++)
        if (wg__is_float(s->in_type[i]))
            return s->in_type[i];
    return s->n_in ? s->in_type[s->n_in - 1] : s->out_type[0];
}

wg_kernel wg__kernel_for(const wg_op *op, const wg__op_kernels *k, int which, const wg__signature *s)
{
    const wg_kernels *by_type = which > 0 && which < WG_STAGES ? &k->stage[which - 1] : &k->forward;
    wg_dtype type = deciding_type(s);
    wg_kernel kernel = NULL;
    switch (type) {
    case WG_F32:
        kernel = by_type->f32;
        break;
    case WG_F64:
        kernel = by_type->f64;
        break;
    case WG_I32:
        kernel = by_type->i32;
        break;
    case WG_I64:
        kernel = by_type->i64;
        break;
    case WG_U8:
        kernel = by_type->u8;
        break;
    case WG_BOOL:
        kernel = by_type->boolean;
        break;
    case WG_DTYPE_NONE:
        break;
    }
    if (!kernel)
        wg__fail(WG_ERR_DTYPE, "%s: has no kernel for %s", op->name, wg_dtype_name(type));
    return kernel;
}

/* One stage, one call over the first result that has elements: what an operator without `lower` asks for. */
static void plain_stage(wg_lowering *l, int n_out)
{
    int64_t count = 0;
    for (int r = 0; r < n_out && count == 0; r++)
        count = wg_shape_count(l->out_shape[r]);
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .extent = count, .grain = count > 0 ? count : 1, .cost = 1 };
}

wg_status wg__lower(const wg_op *op, const wg__op_kernels *k, const wg__signature *s, wg_matmul_precision precision,
                    wg_lowering *l)
{
    *l = (wg_lowering){
        .attrs = s->attrs,
        .n_in = s->n_in,
        .in_shape = s->in_shape,
        .in_type = s->in_type,
        .out_shape = s->out_shape,
        .out_type = s->out_type,
        .precision = precision,
    };
    if (!k->lower) {
        plain_stage(l, s->n_out);
        return WG_OK;
    }
    wg_status status = k->lower(l);
    if (status)
        return status;
    if (l->n_stages < 0 || l->n_stages > WG_STAGES)
        return wg__fail(WG_ERR_ARG, "%s: lowers to %d stages, not 0 .. %d", op->name, l->n_stages, WG_STAGES);
    for (int i = 0; i < l->n_stages; i++)
        if (l->stage[i].grain < 1)
            l->stage[i].grain = l->stage[i].extent > 0 ? l->stage[i].extent : 1;
    return WG_OK;
}
