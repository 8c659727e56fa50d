/* Losses of two operands of one shape: a value for each pair of elements, summed, averaged or left as they are.
 *
 * Sums are made of fixed blocks, carried in f64 and joined in index order, so that they do not depend on threads. */
#ifndef WG_OPS_LOSS_H
#define WG_OPS_LOSS_H

#include "ops/elementwise.h"
#include "ops/lanes.h"

typedef struct wg__loss_attrs {
    int reduction; /* a wg_reduction */
} wg__loss_attrs;
extern const wg_attr wg__loss_attr_table[];
/* The line `reduction` of tables with more than that; wg__loss_attrs comes first in their structs. */
#define WG_LOSS_REDUCTION                                                                                              \
    {                                                                                                                  \
        "reduction", WG_ATTR_ENUM, offsetof(wg__loss_attrs, reduction), "mean", "mean|sum|none"                        \
    }

typedef struct wg__loss {
    int64_t n, blocks;
    double divisor; /* of the sum */
} wg__loss;

enum { WG__LOSS_BLOCK = 4096, WG__LOSS_STEP = 64 };

/* Two floats of equal shape; a scalar, or with WG_NONE that shape. */
wg_status wg__loss_infer(wg_infer *);
wg_status wg__loss_lower(wg_lowering *);
/* What arrives at each element's value: the cotangent, divided as the reduction says. */
wg_node *wg__loss_share(const wg_adjoint *);
wg_node *wg__loss_apply(const wg_op *, wg_node *x, wg_node *y, wg_reduction);

/* WG_ERR_RANGE for the first label of y[begin .. end-1] outside 0..1. */
wg_status wg__label_fail(const wg_call *, const void *y, int64_t begin, int64_t end);

static inline double wg__loss_result(const wg_call *c, double sum)
{
    return sum / ((const wg__loss *)c->params)->divisor;
}

/* Labels in 0..1, for WG_LOSS_KERNELS; NaN is outside. */
#define WG_LABEL_OK(y) ((y) >= 0 && (y) <= 1)
#define WG_ANY_LABEL(y) ((void)(y), 1)

/* Defines kernels name_blocks, name_join and name_each. VALUE(x, y) is one pair's loss, OK(y) whether the label may be;
 * the declarations that follow are in sight of both. Steps of 64 pairs: first the values, by vector functions, then
 * their sums in sixteen lanes. */
#define WG_LOSS_KERNELS(name, VALUE, OK) WG_LOSS_KERNELS_WITH(name, VALUE, OK, )
#define WG_LOSS_KERNELS_WITH(name, VALUE, OK, ...)                                                                     \
    WG_KERNEL(                                                                                                         \
        name##_blocks, __VA_ARGS__ const wg__loss *at = c->params; const T *x = c->in[0]; const T *y = c->in[1];       \
        for (int64_t block = begin; block < end; block++) {                                                            \
            double lane[WG__LANES] = { 0 };                                                                            \
            int64_t first = block * WG__LOSS_BLOCK;                                                                    \
            int64_t last = first + WG__LOSS_BLOCK < at->n ? first + WG__LOSS_BLOCK : at->n;                            \
            for (int64_t i = first; i < last; i += WG__LOSS_STEP) {                                                    \
                T value[WG__LOSS_STEP];                                                                                \
                int width = last - i < WG__LOSS_STEP ? (int)(last - i) : WG__LOSS_STEP;                                \
                int bad = 0;                                                                                           \
                WG__PRAGMA(omp simd reduction(| : bad))                                                                \
                for (int j = 0; j < width; j++) {                                                                      \
                    bad |= !OK(y[i + j]);                                                                              \
                    value[j] = VALUE(x[i + j], y[i + j]);                                                              \
                }                                                                                                      \
                if (bad)                                                                                               \
                    return wg__label_fail(c, y, i, i + width);                                                         \
                for (int j = width; j < WG__LOSS_STEP; j++)                                                            \
                    value[j] = 0;                                                                                      \
                for (int j = 0; j < WG__LOSS_STEP; j += WG__LANES)                                                     \
                    for (int l = 0; l < WG__LANES; l++)                                                                \
                        lane[l] += (double)value[j + l];                                                               \
            }                                                                                                          \
            double sum = wg__lanes_sum(lane);                                                                          \
            if (at->blocks == 1)                                                                                       \
                *(T *)c->out = (T)wg__loss_result(c, sum);                                                             \
            else                                                                                                       \
                ((double *)c->scratch)[block] = sum;                                                                   \
        })                                                                                                             \
    WG_KERNEL(                                                                                                         \
        name##_join, const wg__loss *at = c->params; const double *part = c->scratch; double sum = 0;                  \
        for (int64_t block = 0; begin < end && block < at->blocks; block++) sum += part[block];                        \
        if (begin < end) *(T *)c->out = (T)wg__loss_result(c, sum);)                                                   \
    WG_KERNEL(                                                                                                         \
        name##_each, __VA_ARGS__ const T *x = c->in[0]; const T *y = c->in[1]; T *out = c->out; int bad = 0;           \
        WG__PRAGMA(omp simd reduction(| : bad))                                                                        \
        for (int64_t i = begin; i < end; i++) {                                                                        \
            bad |= !OK(y[i]);                                                                                          \
            out[i] = VALUE(x[i], y[i]);                                                                                \
        }                                                                                                              \
        if (bad) return wg__label_fail(c, y, begin, end);)

#define WG_LOSS_TABLE(name)                                                                                            \
    .forward = WG_BOTH(name##_blocks), .stage = { WG_BOTH(name##_join), WG_BOTH(name##_each) }

#endif
