/* Operators that work along one axis. Operand seen as (outer, length, inner): a unit of work is one contiguous
 * line where inner is 1, and else up to WG__LINES neighbouring lines, side by side in a vector. */
#ifndef WG_OPS_ALONG_H
#define WG_OPS_ALONG_H

#include <string.h>

#include "ops/elementwise.h"
#include "ops/lanes.h"

enum { WG__LINES = 64, WG__EXPS = 256 /* exponentials at a time, whole steps */ };

typedef struct wg__along {
    int64_t outer, length, inner;
    int64_t blocks; /* of up to WG__LINES lines, of one outer index */
} wg__along;

/* The lines of one unit: their first element, and the distance between elements of one line. */
typedef struct wg__lines {
    int64_t first; /* in elements of the operand */
    int64_t line;  /* index among all (outer, inner) lines */
    int width;     /* how many lines */
} wg__lines;

static inline wg__lines wg__lines_of(const wg__along *a, int64_t unit)
{
    if (a->inner == 1)
        return (wg__lines){ unit * a->length, unit, 1 };
    int64_t outer = unit / a->blocks, column = unit % a->blocks * WG__LINES;
    int64_t width = a->inner - column < WG__LINES ? a->inner - column : WG__LINES;
    return (wg__lines){ outer * a->length * a->inner + column, outer * a->inner + column, (int)width };
}

wg__along wg__along_axis(const wg_shape *, int64_t axis);
/* One stage over all units; `cost` nanoseconds an element. The wg__along goes to l->params. */
wg_status wg__along_lower(wg_lowering *, int64_t axis, double cost);
/* Range of the axis; the operand must be a float. */
wg_status wg__along_infer(wg_infer *, int64_t axis);

typedef struct wg__axis_attrs {
    int64_t axis;
} wg__axis_attrs;

/* What all kinds of softmax need: the largest element of each line, e = exp(x - largest), and the sum of e. x and
 * e are (length, width) elements, rows `stride` apart; e may be NULL; peak and total have `width`. A single line
 * (stride 1) ends in a step that is filled up, since a scalar exp for each left-over element would cost more than
 * the line. */
#define WG__SOFTMAX_EXPS(T, suffix)                                                                                    \
    static inline void wg__step_load_##suffix(T step[WG__LANES], const T *x, int64_t n, T fill)                        \
    {                                                                                                                  \
        if (n >= WG__LANES) {                                                                                          \
            memcpy(step, x, WG__LANES * sizeof(T));                                                                    \
            return;                                                                                                    \
        }                                                                                                              \
        for (int j = 0; j < WG__LANES; j++)                                                                            \
            step[j] = fill;                                                                                            \
        for (int j = 0; j < n; j++)                                                                                    \
            step[j] = x[j];                                                                                            \
    }                                                                                                                  \
    static inline void wg__softmax_line_##suffix(const T *x, T *e, int64_t length, T *peak, double *total)             \
    {                                                                                                                  \
        double lane[WG__LANES] = { 0 };                                                                                \
        T largest[WG__LANES], step[WG__LANES], block[WG__EXPS] = { 0 };                                              \
        const int64_t whole = length - length % WG__LANES;                                                             \
        wg__step_load_##suffix(largest, x, length, length ? x[0] : 0);                                                 \
        for (int64_t k = WG__LANES; k < whole; k += WG__LANES)                                                         \
            WG_SIMD for (int j = 0; j < WG__LANES; j++) largest[j] = largest[j] > x[k + j] ? largest[j] : x[k + j];    \
        for (int64_t k = whole; k < length; k++)                                                                       \
            largest[0] = largest[0] > x[k] ? largest[0] : x[k];                                                        \
        const T top = wg__lanes_max_##suffix(largest);                                                                 \
        for (int64_t k = 0, n; k < whole; k += n) {                                                                    \
            T *to = e ? e + k : block;                                                                                 \
            n = whole - k < WG__EXPS ? whole - k : WG__EXPS;                                                           \
            WG_SIMD for (int64_t j = 0; j < n; j++) to[j] = wg_k_floored(x[k + j] - top);                              \
            WG_SIMD for (int64_t j = 0; j < n; j++) to[j] = wg_k_exp_floored(to[j]);                                   \
            for (int64_t i = 0; i < n; i += WG__LANES)                                                                 \
                WG_SIMD for (int j = 0; j < WG__LANES; j++) lane[j] += (double)to[i + j];                              \
        }                                                                                                              \
        if (whole < length) {                                                                                          \
            const int n = (int)(length - whole);                                                                       \
            wg__step_load_##suffix(step, x + whole, n, top);                                                           \
            WG_SIMD for (int j = 0; j < WG__LANES; j++) step[j] = wg_k_floored(step[j] - top);                         \
            WG_SIMD for (int j = 0; j < WG__LANES; j++) step[j] = wg_k_exp_floored(step[j]);                           \
            for (int j = 0; j < n; j++)                                                                                \
                lane[j] += (double)step[j];                                                                            \
            for (int j = 0; e && j < n; j++)                                                                           \
                e[whole + j] = step[j];                                                                                \
        }                                                                                                              \
        *peak = top;                                                                                                   \
        *total = wg__lanes_sum(lane);                                                                                  \
    }                                                                                                                  \
    static inline void wg__softmax_exps_##suffix(const T *x, T *e, int64_t length, int64_t stride, int width, T *peak, \
                                                 double *total)                                                        \
    {                                                                                                                  \
        if (stride == 1) {                                                                                             \
            wg__softmax_line_##suffix(x, e, length, peak, total);                                                      \
            return;                                                                                                    \
        }                                                                                                              \
        for (int j = 0; j < width; j++) {                                                                              \
            peak[j] = length ? x[j] : 0;                                                                               \
            total[j] = 0;                                                                                              \
        }                                                                                                              \
        for (int64_t k = 1; k < length; k++)                                                                           \
            for (int j = 0; j < width; j++)                                                                            \
                peak[j] = peak[j] > x[k * stride + j] ? peak[j] : x[k * stride + j];                                   \
        for (int64_t k = 0; k < length; k++) {                                                                         \
            T row[WG__LINES];                                                                                          \
            WG_SIMD for (int j = 0; j < width; j++) row[j] = wg_k_floored(x[k * stride + j] - peak[j]);                \
            WG_SIMD for (int j = 0; j < width; j++) row[j] = wg_k_exp_floored(row[j]);                                 \
            for (int j = 0; j < width; j++)                                                                            \
                total[j] += (double)row[j];                                                                            \
            for (int j = 0; e && j < width; j++)                                                                       \
                e[k * stride + j] = row[j];                                                                            \
        }                                                                                                              \
    }
WG__SOFTMAX_EXPS(float, f32)
WG__SOFTMAX_EXPS(double, f64)
#undef WG__SOFTMAX_EXPS
#define wg__softmax_exps(x, e, length, stride, width, peak, total)                                                     \
    _Generic((peak), float *: wg__softmax_exps_f32, double *: wg__softmax_exps_f64)((x), (e), (length), (stride),      \
                                                                                    (width), (peak), (total))

#endif
