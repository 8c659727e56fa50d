/* Bringing the operands of a product into the order in which the tile kernels read them. */
#include <string.h>

#include "kernels/matmul_lanes.h"

/* Elements are taken as they are: a vector or a quad of neighbours, wherever the ks are, or one. */
#define ALONG_VECTOR(from) (*(const vector *)(from))
#define ALONG_QUAD(from) (*(const quad *)(from))
#define ACROSS_VECTOR(from, stride) (*(const vector *)(from))
#define ACROSS_QUAD(from, stride) (*(const quad *)(from))
#define ONE(from, stride) (*(from))
#define LAST(from) (*(from))

#define T float
#define quad wg__quad_f32
#define CELL 1
#define FORM f32
#define vector loose_f32
#define TURN wg__turn_f32
#define TURN_HALVES turn_halves_f32
#define JOIN_HALVES JOIN_f32
#define EVEN(a, b) WG_SHUFFLE(a, b, places_f32, F32(EVEN))
#define ODD(a, b) WG_SHUFFLE(a, b, places_f32, F32(ODD))
#include "kernels/matmul_pack.h"

#define T double
#define quad wg__quad_f64
#define CELL 1
#define FORM f64
#define vector loose_f64
#define TURN wg__turn_f64
#define TURN_HALVES turn_halves_f64
#define JOIN_HALVES JOIN_f64
#define EVEN(a, b) WG_SHUFFLE(a, b, places_f64, F64(EVEN))
#define ODD(a, b) WG_SHUFFLE(a, b, places_f64, F64(ODD))
#include "kernels/matmul_pack.h"
