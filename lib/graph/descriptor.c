/* Descriptors of operators: what is looked at before one is registered or applied. */
#include "graph/graph.h"

/* Operators are applied often, so this is a plain loop. */
static bool name_valid(const char *name)
{
    size_t n = 0;
    while (n < 64 && ((name[n] >= 'a' && name[n] <= 'z') || (name[n] >= '0' && name[n] <= '9') || name[n] == '_'))
        n++;
    return n > 0 && n < 64 && name[n] == '\0';
}

static size_t attr_bytes(wg_kind kind)
{
    static const size_t bytes[] = {
        [WG_ATTR_F64] = sizeof(double),     [WG_ATTR_I64] = sizeof(int64_t),  [WG_ATTR_BOOL] = sizeof(bool),
        [WG_ATTR_DTYPE] = sizeof(wg_dtype), [WG_ATTR_ENUM] = sizeof(int),     [WG_ATTR_TEXT] = WG_ATTR_TEXT_MAX,
        [WG_ATTR_SHAPE] = sizeof(wg_shape), [WG_ATTR_AXES] = sizeof(wg_axes),     [WG_ATTR_LIST] = sizeof(wg_list),
        [WG_ATTR_GRAPH] = sizeof(wg_graph *),
    };
    return (size_t)kind < WG_COUNT(bytes) ? bytes[kind] : 0;
}

/* The first attribute of no known kind, or that does not lie within the struct; NULL: all do. */
static const wg_attr *misplaced(const wg_op *op)
{
    for (const wg_attr *a = op->attrs; a && a->name; a++) {
        size_t bytes = attr_bytes(a->kind);
        if (!bytes || a->offset > op->attrs_size || bytes > op->attrs_size - a->offset)
            return a;
    }
    return NULL;
}

/* A composition is always rewritten before it could run. Four of the built-in ones are carried out by the plan itself. */
static bool needs_kernel(const wg_op *op)
{
    return !(op->flags & WG_VIEW_OP) && !(op->rewrite && op->decompose) && op != &wg_op_assign && op != &wg_op_group && op != &wg_op_by_mode && op != &wg_op_scan;
}

wg_status wg__check_descriptor(const char *caller, const wg_op *op)
{
    if (!op)
        return wg__fail(WG_ERR_ARG, "%s: no operator", caller);
    if (op->size != sizeof *op) /* the name comes second in every version */
        return wg__fail(WG_ERR_ARG, "%s: %.60s: its descriptor does not begin with WG_OP of this version", caller,
                        op->name ? op->name : "an operator without a name");
    if (!op->name || !name_valid(op->name))
        return wg__fail(WG_ERR_ARG, "%s: \"%.60s\" is no operator's name: a-z, 0-9 and _", caller,
                        op->name ? op->name : "");
    if (op->arity < WG_VARIADIC || op->optional < 0 || (op->arity >= 0 && op->optional > op->arity) ||
        op->results < 0 || op->results > WG__MAX_RESULTS)
        return wg__fail(WG_ERR_ARG, "%s: %s: arity %d, optional %d, results %d do not fit", caller, op->name, op->arity,
                        op->optional, op->results);
    const wg_kernels *k = &op->forward;
    if (!k->f32 && !k->f64 && !k->i32 && !k->i64 && !k->u8 && !k->boolean && needs_kernel(op))
        return wg__fail(WG_ERR_ARG, "%s: %s: has no kernel, nor rewrite and decompose, which would do without", caller, op->name);
    if (!op->attrs != !op->attrs_size)
        return wg__fail(WG_ERR_ARG, "%s: %s: attrs and attrs_size must be given together", caller, op->name);
    const wg_attr *wrong = misplaced(op);
    if (wrong)
        return wg__fail(WG_ERR_ARG, "%s: %s: attribute %s has no kind, or lies outside the %zu bytes of attrs_size",
                        caller, op->name, wrong->name, op->attrs_size);
    return WG_OK;
}
