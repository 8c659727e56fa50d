/* Linear maps of the last one or two axes, one axis by another, in which each element of the result is a weighted sum over a
 * window of the operand: average pooling, interpolation; and their transposes, whose windows and weights are the same table
 * read the other way round. An operator brings a rule for each axis; tables and walk are written once. */
#ifndef WG_OPS_RESAMPLE_H
#define WG_OPS_RESAMPLE_H

#include "ops/elementwise.h"

typedef enum wg__rule_kind {
    WG__RULE_ONE,     /* an axis of size 1 that stays: the rows of a vector */
    WG__RULE_AVERAGE, /* the mean of `kernel` elements, from i stride - padding on */
    WG__RULE_PARTS,   /* the mean of elements floor(i n / m) .. ceil((i + 1) n / m) - 1 */
    WG__RULE_NEAREST, /* element floor(i / scale) */
    WG__RULE_LINEAR   /* between the two elements next to (i + 1/2) / scale - 1/2 */
} wg__rule_kind;

/* How element i of the m of a result is made from n elements. */
typedef struct wg__rule {
    wg__rule_kind kind;
    bool padded; /* means count the zeros in the padding */
    int64_t kernel, stride, padding;
    double scale;
} wg__rule;

/* The rule of spatial axis 0 or 1. */
typedef wg__rule (*wg__rule_of)(const void *attrs, int axis);

enum { WG__RESAMPLE_COLUMNS = 512, WG__RESAMPLE_WIDE = 16 };

/* What `lower` leaves for the kernels. Axis 0 goes down the rows, 1 along the columns. */
typedef struct wg__resample {
    wg__rule rule[2];
    bool transposed;
    int64_t from[2], to[2]; /* sizes of what is read, and of what is written */
    int64_t taps[2];        /* elements of the widest window */
    int64_t planes, chunks; /* a row of the result is cut into chunks of WG__RESAMPLE_COLUMNS */
} wg__resample;

/* For each element of one axis of the result: where its window begins, how long it is (it may be empty), and its weights.
 * Beginnings and ends ascend. Weight t of element i stands at weight[i * item + t * tap]. */
typedef struct wg__windows {
    int64_t *first, *count; /* (to) */
    double *weight;         /* (to, taps), or (taps, to) where few taps are walked one by one over many elements */
    int64_t item, tap;
} wg__windows;

static inline wg__windows wg__windows_of(const wg_call *c, int axis)
{
    const wg__resample *p = c->params;
    char *at = c->scratch;
    if (axis == 1)
        at += (2 + p->taps[0]) * p->to[0] * 8;
    const int64_t m = p->to[axis];
    const bool across = axis == 1 && p->taps[1] < WG__RESAMPLE_WIDE;
    wg__windows w = { .first = (int64_t *)(void *)at };
    w.count = w.first + m;
    w.weight = (double *)(void *)(w.count + m);
    w.item = across ? 1 : p->taps[axis];
    w.tap = across ? m : 1;
    return w;
}

/* Operand 0 is read (transposed: it has the shape of the forward result), the result has concrete shape. The stages: tables
 * by kernel 0, wg__resample_tables; rows by kernel 1, resample_rows_f32 or _f64. */
wg_status wg__resample_lower(wg_lowering *, wg__rule_of, bool transposed);
wg_status wg__resample_tables(const wg_call *, int64_t begin, int64_t end);

#endif
