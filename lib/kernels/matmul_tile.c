/* The innermost loops of matmul, where products and sums are contracted to fused multiply-adds. */
#include <string.h>

#include "kernels/matmul.h"
#include "kernels/shuffle.h"

enum { WG__DOT_ROWS = WG__TILE_MAX >= 24 ? 4 : 2, WG__DOT_COLUMNS = 4 }; /* sums side by side in registers */

#define T float
#define TYPE f32
#include "kernels/matmul_tile.h"

#define T double
#define TYPE f64
#include "kernels/matmul_tile.h"
