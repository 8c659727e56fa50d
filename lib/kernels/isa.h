/* Kernel tables: one for each instruction set that the compiler knows, of which one is chosen at the first question.
 *
 * The files of ops/ and parts of lib/kernels are compiled once for each set, with WG_ISA its name (base, avx2,
 * avx512). Whatever such a file exports ends in that name. Descriptors and builders stand between `#ifdef
 * WG_BASELINE` and `#endif`, and so are compiled once.
 */
#ifndef WG_KERNELS_ISA_H
#define WG_KERNELS_ISA_H

#include <wengert/op.h>

/* What of an operator depends on the instruction set. A set's `lower` may choose other block sizes than another's;
 * NULL: the descriptor's. */
typedef struct wg__op_kernels {
    wg_kernels forward;
    wg_kernels stage[WG_STAGES - 1];
    wg_status (*lower)(wg_lowering *);
} wg__op_kernels;

/* The kernels of built-in operator `index` (its line in ops/registry.def) for this process's instruction set. Safe
 * from any thread. */
const wg__op_kernels *wg__isa_kernels(size_t index);

#ifdef WG_ISA

#define WG__ISA_JOIN(name, isa) name##_##isa
#define WG__ISA_EXPAND(name, isa) WG__ISA_JOIN(name, isa)
#define WG_ISA_SYM(name) WG__ISA_EXPAND(name, WG_ISA)

/* Bytes of a vector. */
#if defined __AVX512F__
enum { WG__VECTOR = 64 };
#elif defined __AVX2__
enum { WG__VECTOR = 32 };
#else
enum { WG__VECTOR = 16 };
#endif

/* An operator's entry in its set's table: WG_KERNELS(exp, .forward = WG_BOTH(exp_forward)); */
#define WG_KERNELS(op, ...)                            \
    extern const wg__op_kernels WG_ISA_SYM(wg__k_##op); \
    const wg__op_kernels WG_ISA_SYM(wg__k_##op) = { __VA_ARGS__ }

/* The entry of an operator that computes nothing: a leaf, a view, an effect. */
#define WG_NO_KERNELS(op) WG_KERNELS(op, .lower = NULL)

#endif
#endif
