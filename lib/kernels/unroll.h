/* Loops without a loop. */
#ifndef WG_KERNELS_UNROLL_H
#define WG_KERNELS_UNROLL_H

/* All steps of a loop with a constant count, so that its arrays become registers. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

#endif
