/* The innermost loops of matmul, where products and sums are contracted to fused multiply-adds. */
#include <string.h>

#include "kernels/matmul.h"

#define T float
#define TYPE f32
#include "kernels/matmul_tile.h"

#define T double
#define TYPE f64
#include "kernels/matmul_tile.h"
