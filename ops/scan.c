/* scan: a graph that is computed again and again, over slices of its operands. Plans run it (plan/loop.c), so it has no kernel. */
#include "ops/op.h"
#include "graph/scan.h"
#include "ops/builtin.h"

WG_NO_KERNELS(scan);

#ifdef WG_BASELINE

static const wg_attr scan_attrs[] = {
    { "body", WG_ATTR_GRAPH, offsetof(wg__scan, body), NULL, NULL },
    { "carries", WG_ATTR_I64, offsetof(wg__scan, carries), "0", NULL },
    { "slices", WG_ATTR_I64, offsetof(wg__scan, slices), "1", NULL },
    { "reverse", WG_ATTR_BOOL, offsetof(wg__scan, reverse), "false", NULL },
    { "recompute", WG_ATTR_BOOL, offsetof(wg__scan, recompute), "false", NULL },
    { 0 },
};

static int scan_results(const void *attrs)
{
    const wg__scan *at = attrs;
    const size_t n = at->body ? wg_graph_outputs(at->body).n : 1;
    return n < WG__MAX_RESULTS ? (int)n : WG__MAX_RESULTS;
}

/* A body takes and gives as much as the attributes say, and nothing else. */
static wg_status check_body(wg_infer *t, const wg__scan *at)
{
    const size_t inputs = wg__body_inputs(at->body, NULL), outputs = wg_graph_outputs(at->body).n;
    if (at->carries < 0 || at->slices < 1 || at->carries > t->n_in || at->slices > t->n_in - at->carries)
        return wg_infer_fail(t, WG_ERR_ARG, "%lld carries and %lld slices do not fit %d operands: at least one slice",
                             (long long)at->carries, (long long)at->slices, t->n_in);
    if (inputs != (size_t)t->n_in)
        return wg_infer_fail(t, WG_ERR_ARG, "its body has %zu inputs, but there are %d operands", inputs, t->n_in);
    if (outputs < 1 || outputs < (size_t)at->carries || outputs > WG__MAX_RESULTS)
        return wg_infer_fail(t, WG_ERR_ARG, "its body has %zu outputs: at least one, one a carry, at most %d", outputs,
                             WG__MAX_RESULTS);
    for (size_t i = 0; i < wg_graph_count(at->body); i++) {
        const wg_node *n = wg_graph_node(at->body, i);
        if (n->operation->variable >= 0 || wg_node_op(n)->flags & WG_EFFECT)
            return wg_infer_fail(t, WG_ERR_ARG, "%s: a body has no variables and no effects, but inputs",
                                 wg_node_name(n));
    }
    return WG_OK;
}

/* What an iteration sees of operand s; *length is agreed on by all slices. */
static wg_status see_operand(wg_infer *t, const wg__scan *at, int s, const wg_node *input, wg_shape *seen,
                             int64_t *length)
{
    char a[96], b[96];
    *seen = t->in[s];
    if (s >= at->carries && s < at->carries + at->slices) {
        if (seen->rank < 1 || !wg_dim_unify(*length, seen->dim[0], length))
            return wg_infer_fail(t, WG_ERR_SHAPE, seen->rank < 1 ? "slice %s is a scalar" : "slice %s is not as long as others",
                                 wg_node_name(input));
        for (int d = 1; d < seen->rank; d++)
            seen->dim[d - 1] = seen->dim[d];
        seen->rank--;
    }
    const wg_shape declared = wg_node_shape(input);
    bool fits = declared.rank == seen->rank;
    int64_t both;
    for (int d = 0; fits && d < seen->rank; d++) /* a letter of the body may have a number here */
        fits = declared.dim[d] < 0 || wg_dim_unify(declared.dim[d], seen->dim[d], &both);
    if (!fits)
        return wg_infer_fail(t, WG_ERR_SHAPE, "%s is %s in its body, but %s is given", wg_node_name(input),
                             wg_shape_text(declared, a, sizeof a), wg_shape_text(*seen, b, sizeof b));
    if (wg_node_dtype(input) != t->in_type[s])
        return wg_infer_fail(t, WG_ERR_DTYPE, "%s is %s in its body, but %s is given", wg_node_name(input),
                             wg_dtype_name(wg_node_dtype(input)), wg_dtype_name(t->in_type[s]));
    return WG_OK;
}

static wg_status set_results(wg_infer *t, const wg__scan *at, const wg_shape *shape, int64_t length)
{
    const wg_nodes out = wg_graph_outputs(at->body);
    char a[96], b[96];
    for (size_t r = 0; r < out.n; r++) {
        wg_shape s = shape[out.at[r]->index];
        t->out_type[r] = wg_node_dtype(out.at[r]);
        if ((int64_t)r >= at->carries) { /* a stack */
            if (s.rank == WG_MAX_RANK)
                return wg_infer_fail(t, WG_ERR_SHAPE, "%s has %d axes, and no room for one more",
                                     wg_node_name(out.at[r]), s.rank);
            for (int d = s.rank++; d > 0; d--)
                s.dim[d] = s.dim[d - 1];
            s.dim[0] = length;
            t->out[r] = s;
            continue;
        }
        bool fits = s.rank == t->in[r].rank && t->out_type[r] == t->in_type[r];
        for (int d = 0; fits && d < s.rank; d++)
            fits = wg_dim_unify(t->in[r].dim[d], s.dim[d], &s.dim[d]);
        if (!fits)
            return wg_infer_fail(t, WG_ERR_SHAPE, "a carry begins as %s %s, and goes on as %s %s",
                                 wg_dtype_name(t->in_type[r]), wg_shape_text(t->in[r], a, sizeof a),
                                 wg_dtype_name(t->out_type[r]), wg_shape_text(s, b, sizeof b));
        t->out[r] = s;
    }
    return WG_OK;
}

static wg_status scan_infer(wg_infer *t)
{
    const wg__scan *at = t->attrs;
    wg_status status = check_body(t, at);
    if (status)
        return status;
    const wg__allocator *a = &at->body->allocator;
    const size_t n = wg_graph_count(at->body);
    wg_shape *shape = wg__alloc_zero(a, n, sizeof *shape);
    wg_node **input = wg__alloc_zero(a, (size_t)t->n_in, sizeof *input);
    int64_t length = WG_ANY;
    if (!shape || !input)
        status = WG_ERR_NOMEM;
    else
        wg__body_inputs(at->body, input);
    for (int s = 0; s < t->n_in && !status; s++)
        status = see_operand(t, at, s, input[s], &shape[input[s]->index], &length);
    if (!status && (status = wg__body_shapes(at->body, shape)) != WG_OK)
        wg__fail_in("scan: ");
    if (!status)
        status = set_results(t, at, shape, length);
    wg__free(a, input, (size_t)t->n_in, sizeof *input);
    wg__free(a, shape, n, sizeof *shape);
    return status;
}

const wg_op wg_op_scan = {
    WG_OP, .name = "scan", .doc = "carries, y_t = body(carries, x_t, ..) for each t of the slices' axis 0",
    .arity = WG_VARIADIC, .flags = WG_HOLDS_GRAPH | WG_CAN_FAIL, .attrs = scan_attrs, .attrs_size = sizeof(wg__scan),
    .infer = scan_infer, .backward = wg__scan_backward, .results_of = scan_results,
};

#endif
