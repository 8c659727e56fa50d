/* The innermost loops of matmul, where products and sums are contracted to fused multiply-adds. */
#include <string.h>

#include "kernels/matmul.h"

/* All steps of a loop with a constant count, so that its arrays become registers. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

#define T float
#define TYPE f32
#include "kernels/matmul_tile.h"

#define T double
#define TYPE f64
#include "kernels/matmul_tile.h"
