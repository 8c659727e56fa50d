/* The innermost loops of matmul, where products and sums are contracted to fused multiply-adds. */
#include <string.h>

#include "kernels/matmul_lanes.h"

#define ADD_PRODUCT(sum, left, right) ((sum) + (left) * (right))

#define T float
#define CELL 1
#define FORM f32
#define vector vector_f32
#define loose loose_f32
#include "kernels/matmul_tile.h"

#define T double
#define CELL 1
#define FORM f64
#define vector vector_f64
#define loose loose_f64
#include "kernels/matmul_tile.h"

#define T float
#define TYPE f32
#define vector vector_f32
#define loose loose_f32
#include "kernels/matmul_vector.h"

#define T double
#define TYPE f64
#define vector vector_f64
#define loose loose_f64
#include "kernels/matmul_vector.h"
