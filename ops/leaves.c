/* Leaves: nodes that hold values instead of computing them. The graph makes the nodes; these are their descriptors. */
#include "ops/builtin.h"
#include "ops/op.h"

WG_NO_KERNELS(input);
WG_NO_KERNELS(param);
WG_NO_KERNELS(variable);
WG_NO_KERNELS(constant);

#ifdef WG_BASELINE

const wg_op wg_op_input = { WG_OP, .name = "input", .doc = "fed at each run", .flags = WG_LEAF };
const wg_op wg_op_param = { WG_OP, .name = "param", .doc = "kept in the store, and trained", .flags = WG_LEAF };
const wg_op wg_op_variable = { WG_OP, .name = "variable", .doc = "kept in the store; no gradient step touches it",
                               .flags = WG_LEAF };
const wg_op wg_op_constant = { WG_OP, .name = "constant", .doc = "a value that is part of the graph",
                               .flags = WG_LEAF };

#endif
