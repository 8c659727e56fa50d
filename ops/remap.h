/* Operators whose result is made of elements of the operand that are found axis by axis: slice, pad, flip, roll, tile,
 * repeat. y[i0, i1, ..] = x[m0(i0), m1(i1), ..], or a filling where a map leads outside of x. The walk over memory and
 * its transpose, which their adjoints need, are written once (remap.c); an operator brings a map for each axis. */
#ifndef WG_OPS_REMAP_H
#define WG_OPS_REMAP_H

#include "ops/elementwise.h"

typedef enum wg__map_kind {
    WG__MAP_LINE,    /* a + b i, filled where that is outside: slice, flip, constant padding, cropping */
    WG__MAP_SPREAD,  /* (i - a) / b where b divides it, else filled: the inverse of a slice */
    WG__MAP_CYCLE,   /* (i - a) modulo x's size: roll, tile */
    WG__MAP_REPEAT,  /* i / b */
    WG__MAP_EDGE,    /* i - a, clamped */
    WG__MAP_REFLECT  /* i - a, reflected at the first and the last element without repeating them */
} wg__map_kind;

typedef struct wg__map {
    wg__map_kind kind;
    int64_t a, b;
} wg__map;

/* An operator's maps, one an axis of the result, for concrete shapes of operand x and result y; x, if of lower rank, counts
 * as of y's with leading sizes of 1. */
typedef void (*wg__maps_of)(const void *attrs, const wg_shape *x, const wg_shape *y, wg__map map[WG_MAX_RANK]);

/* y from x. Lower with x operand 0 and y result 0; the kernel is wg__remap_forward, for every type. */
wg_status wg__remap_lower(wg_lowering *, wg__maps_of, double fill);
wg_status wg__remap_forward(const wg_call *, int64_t begin, int64_t end);

/* The transpose: operand 0 is a cotangent of y's shape, the result of x's, each element the sum of all that was made
 * from it, in ascending order of y's elements; floats carried in f64. Kernels for f32 and f64. */
wg_status wg__remap_sum_lower(wg_lowering *, wg__maps_of);
wg_status wg__remap_sum_f32(const wg_call *, int64_t begin, int64_t end);
wg_status wg__remap_sum_f64(const wg_call *, int64_t begin, int64_t end);

/* A list must have one number an axis, none left open. WG_ERR_ARG. */
wg_status wg__infer_full_list(wg_infer *, const char *name, wg_list, int rank);

#endif
