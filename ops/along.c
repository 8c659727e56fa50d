/* Shapes and lowering of operators that work along one axis. */
#include "ops/along.h"

wg__along wg__along_axis(const wg_shape *x, int64_t axis)
{
    wg__along a = { .outer = 1, .inner = 1 };
    int at = wg_axis_of((int)axis, x->rank);
    for (int i = 0; i < at; i++)
        a.outer *= x->dim[i];
    for (int i = at + 1; i < x->rank; i++)
        a.inner *= x->dim[i];
    a.length = x->dim[at];
    a.blocks = (a.inner + WG__LINES - 1) / WG__LINES;
    return a;
}

wg_status wg__along_lower(wg_lowering *l, int64_t axis, double cost)
{
    enum { GRAIN_ELEMENTS = 4096 };
    wg__along a = wg__along_axis(&l->in_shape[0], axis);
    int64_t elements = a.length * (a.inner < WG__LINES ? a.inner : WG__LINES);
    *(wg__along *)(void *)l->params = a;
    l->n_stages = 1;
    l->stage[0] = (wg_stage){ .kernel = 0, .extent = a.outer * a.blocks, .grain = 1 + GRAIN_ELEMENTS / (1 + elements),
                              .cost = 5 + cost * (double)elements };
    return WG_OK;
}

wg_status wg__along_infer(wg_infer *t, int64_t axis)
{
    int rank = t->in[0].rank;
    if (axis < -rank || axis >= rank)
        return wg_infer_fail(t, WG_ERR_ARG, "axis %lld is out of range for rank %d", (long long)axis, rank);
    if (t->in_type[0] != WG_F32 && t->in_type[0] != WG_F64)
        return wg_infer_fail(t, WG_ERR_DTYPE, "takes f32 or f64, got %s", wg_dtype_name(t->in_type[0]));
    return WG_OK;
}
