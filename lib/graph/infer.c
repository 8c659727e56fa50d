/* Shape and type inference: what wg_apply and a run ask of an operator, and the helpers its `infer` uses. */
#include <stdio.h>
#include <string.h>

#include "graph/graph.h"

wg_status wg_infer_fail(wg_infer *t, wg_status status, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    wg__fail_v(status, format, list);
    va_end(list);
    return wg__fail_in("%s: ", t->op);
}

bool wg_dim_unify(int64_t a, int64_t b, int64_t *out)
{
    bool known_a = a >= 0, known_b = b >= 0;
    if (known_a && known_b && a != b)
        return false;
    if (!known_a && !known_b && a != b && a != WG_ANY && b != WG_ANY)
        return false;
    *out = known_a || b == WG_ANY ? a : b;
    return true;
}

int wg_axis_of(int axis, int rank)
{
    int at = axis < 0 ? axis + rank : axis;
    return at >= 0 && at < rank ? at : -1;
}

wg_status wg_infer_axes(wg_infer *t, wg_axes axes, int rank, bool on[WG_MAX_RANK])
{
    for (int i = 0; i < WG_MAX_RANK; i++)
        on[i] = axes.n < 0 && i < rank;
    for (int i = 0; i < axes.n; i++) {
        int at = wg_axis_of(axes.at[i], rank);
        if (at < 0)
            return wg_infer_fail(t, WG_ERR_ARG, "axis %d is out of range for rank %d", axes.at[i], rank);
        if (on[at])
            return wg_infer_fail(t, WG_ERR_ARG, "axis %d is named twice", axes.at[i]);
        on[at] = true;
    }
    return WG_OK;
}

wg_status wg_infer_broadcast(wg_infer *t, wg_shape *out)
{
    wg_shape sum = t->in[0];
    for (int s = 1; s < t->n_in; s++) {
        wg_shape next;
        int axis = 0;
        if (!wg__broadcast(&sum, &t->in[s], &next, &axis)) {
            char a[96], b[96];
            return wg_infer_fail(t, WG_ERR_SHAPE, "shapes do not broadcast: %s and %s differ in axis -%d",
                                 wg_shape_text(sum, a, sizeof a), wg_shape_text(t->in[s], b, sizeof b), axis);
        }
        sum = next;
    }
    *out = sum;
    return WG_OK;
}

static wg_dtype usual_type(int n_in, const wg_dtype *in_type)
{
    for (int s = 0; s < n_in; s++)
        if (wg__is_float(in_type[s]))
            return in_type[s];
    return n_in ? in_type[n_in - 1] : WG_DTYPE_NONE;
}

/* Elementwise operators without an `infer` take operands of one type. */
static wg_status infer_elementwise(wg_infer *t)
{
    for (int s = 1; s < t->n_in; s++)
        if (t->in_type[s] != t->in_type[0])
            return wg_infer_fail(t, WG_ERR_DTYPE, "operand types differ: %s and %s", wg_dtype_name(t->in_type[0]),
                                 wg_dtype_name(t->in_type[s]));
    return wg_infer_broadcast(t, &t->out[0]);
}

static bool is_choice(const char *choices, int index)
{
    for (; index > 0 && choices; index--)
        choices = (choices = strchr(choices, '|')) ? choices + 1 : NULL;
    return index == 0 && choices;
}

static bool attr_valid(const wg_attr *a, const void *attrs)
{
    const void *field = (const char *)attrs + a->offset;
    switch (a->kind) {
    case WG_ATTR_SHAPE:
        return wg__shape_valid(field);
    case WG_ATTR_AXES:
        return ((const wg_axes *)field)->n >= -1 && ((const wg_axes *)field)->n <= WG_MAX_RANK;
    case WG_ATTR_LIST:
        return ((const wg_list *)field)->n >= -1 && ((const wg_list *)field)->n <= WG_MAX_RANK;
    case WG_ATTR_GRAPH:
        return *(wg_graph *const *)field != NULL;
    case WG_ATTR_ENUM:
        return is_choice(a->choices, *(const int *)field);
    case WG_ATTR_I64: /* operators hand an axis on as an int */
        return strcmp(a->name, "axis") != 0 || *(const int64_t *)field == (int)*(const int64_t *)field;
    default:
        return true;
    }
}

/* What no operator has to look at again: sizes that are none, more axes than there can be. */
static wg_status check_attrs(wg_infer *t, const wg_attr *table)
{
    for (const wg_attr *a = table; t->attrs && a && a->name; a++)
        if (!attr_valid(a, t->attrs))
            return wg_infer_fail(t, WG_ERR_ARG, "attribute %s is out of range", a->name);
    return WG_OK;
}

int wg__op_results(const wg_op *op, const void *attrs)
{
    int n = op->results_of && attrs ? op->results_of(attrs) : op->results;
    return n < 1 ? 1 : n > WG__MAX_RESULTS ? WG__MAX_RESULTS : n;
}

wg_status wg__infer(const wg_op *op, const void *attrs, int n_in, const wg_shape *in_shape, const wg_dtype *in_type,
                    wg_shape *out_shape, wg_dtype *out_type)
{
    int results = wg__op_results(op, attrs);
    wg_infer t = { op->name, attrs, n_in, in_shape, in_type, out_shape, out_type };
    for (int r = 0; r < results; r++) {
        out_shape[r] = (wg_shape){ { 0 }, 0 };
        out_type[r] = usual_type(n_in, in_type);
    }
    wg_status status = check_attrs(&t, op->attrs);
    if (status)
        return status;
    if (op->infer)
        status = op->infer(&t);
    else if (op->flags & WG_ELEMENTWISE)
        status = infer_elementwise(&t);
    else if (n_in)
        for (int r = 0; r < results; r++)
            out_shape[r] = in_shape[0];
    if (status)
        return status;
    for (int r = 0; r < results; r++) {
        size_t bytes;
        if (!wg__shape_valid(&out_shape[r]) || wg_dtype_size(out_type[r]) == 0)
            return wg_infer_fail(&t, WG_ERR_SHAPE, "its result %d would have no valid shape or type", r);
        if (wg__shape_known(&out_shape[r]) && !wg__shape_bytes(&out_shape[r], out_type[r], &bytes))
            return wg_infer_fail(&t, WG_ERR_RANGE, "its result is larger than memory can address");
    }
    return WG_OK;
}
