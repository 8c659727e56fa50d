/* Operators that the compiler knows by name; lib/graph/graph.h has those that the whole engine knows. */
#ifndef WG_PLAN_KNOWN_H
#define WG_PLAN_KNOWN_H

#include "graph/graph.h"

extern const wg_op wg_op_matmul, wg_op_transpose, wg_op_scale, wg_op_mul, wg_op_broadcast_like, wg_op_broadcast_to;

#endif
