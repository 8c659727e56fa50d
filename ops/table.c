/* The operators' kernels for one instruction set, in the registry's order. */
#include "ops/op.h"

#define WG_OP_ENTRY(op) extern const wg__op_kernels WG_ISA_SYM(wg__k_##op);
#include "ops/registry.def"
#undef WG_OP_ENTRY

extern const wg__op_kernels *const WG_ISA_SYM(wg__op_table)[];
const wg__op_kernels *const WG_ISA_SYM(wg__op_table)[] = {
#define WG_OP_ENTRY(op) &WG_ISA_SYM(wg__k_##op),
#include "ops/registry.def"
#undef WG_OP_ENTRY
};
