/* The built-in operators as a list. */
#include "graph/graph.h"
#include "ops/builtin.h"

static const wg_op *const builtin[] = {
#define WG_OP_ENTRY(op) &wg_op_##op,
#include "ops/registry.def"
#undef WG_OP_ENTRY
};

size_t wg__builtin_count(void)
{
    return WG_COUNT(builtin);
}

const wg_op *wg__builtin_at(size_t index)
{
    return index < WG_COUNT(builtin) ? builtin[index] : NULL;
}

wg_node *wg__composed(wg_node *output)
{
    const wg_nodes in = wg_node_inputs(output);
    return wg_node_op(output)->decompose(&(wg_adjoint){
        .in = in.at,
        .output = output,
        .outputs = &output,
        .attrs = wg_node_attrs(output),
        .n_in = (int)in.n,
    });
}

/* A NULL can also be an operand that failed; then the graph knows. */
wg_node *wg__apply_some(const wg_op *op, wg_node *const *in, size_t n, const void *attrs)
{
    const wg_graph *g = wg_node_graph(in[0]);
    while (n > 1 && !in[n - 1] && g && !*wg_graph_error(g))
        n--;
    return wg_apply(op, (wg_nodes){ (wg_node **)in, n }, attrs);
}
