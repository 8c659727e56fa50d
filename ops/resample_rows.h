/* The rows of resampling, for each instruction set. */
#ifndef WG_OPS_RESAMPLE_ROWS_H
#define WG_OPS_RESAMPLE_ROWS_H

#include <string.h>

#include "ops/lanes.h"
#include "ops/resample.h"

/* Columns begin .. end-1 of the weighted sum of the window's rows of x. */
#define WG__RESAMPLE_DOWN(T, suffix)                                                                                   \
    static inline void wg__resample_down_##suffix(double *sum, const T *x, int64_t stride, const double *weight,       \
                                                  int64_t rows, int64_t width)                                         \
    {                                                                                                                  \
        if (!rows)                                                                                                     \
            memset(sum, 0, (size_t)width * sizeof *sum);                                                               \
        for (int64_t t = 0; t < rows; t++) {                                                                           \
            const T *row = x + t * stride;                                                                             \
            const double by = weight[t];                                                                               \
            WG_SIMD for (int64_t i = 0; i < width; i++) sum[i] = (t ? sum[i] : 0) + by * (double)row[i];               \
        }                                                                                                              \
    }                                                                                                                  \
    /* Elements begin .. end-1 of a row of the result from the sums down the columns, of which sum[0] is `start`. */   \
    static inline void wg__resample_across_##suffix(T *y, const double *sum, int64_t start, const wg__windows *w,      \
                                                    int64_t taps, int64_t begin, int64_t end)                          \
    {                                                                                                                  \
        double total[WG__RESAMPLE_COLUMNS];                                                                            \
        const int64_t n = end - begin, *first = w->first + begin, *count = w->count + begin;                           \
        for (int64_t i = 0; i < n; i++)                                                                                \
            total[i] = 0;                                                                                              \
        for (int64_t t = 0; t < taps; t++) {                                                                           \
            const double *weight = w->weight + t * w->tap + begin;                                                     \
            WG_SIMD for (int64_t i = 0; i < n; i++) total[i] +=                                                        \
                t < count[i] ? weight[i] * sum[first[i] - start + t] : 0;                                              \
        }                                                                                                              \
        WG_SIMD for (int64_t i = 0; i < n; i++) y[i] = (T)total[i];                                                    \
    }                                                                                                                  \
    static inline void wg__resample_wide_##suffix(T *y, const double *sum, int64_t start, const wg__windows *w,        \
                                                  int64_t begin, int64_t end)                                          \
    {                                                                                                                  \
        for (int64_t i = begin; i < end; i++) {                                                                        \
            const double *from = sum + w->first[i] - start, *weight = w->weight + i * w->item;                         \
            double lane[WG__LANES] = { 0 };                                                                            \
            int64_t t = 0;                                                                                             \
            for (; t + WG__LANES <= w->count[i]; t += WG__LANES)                                                       \
                for (int j = 0; j < WG__LANES; j++)                                                                    \
                    lane[j] += weight[t + j] * from[t + j];                                                            \
            for (int j = 0; t + j < w->count[i]; j++)                                                                  \
                lane[j] += weight[t + j] * from[t + j];                                                                \
            y[i - begin] = (T)wg__lanes_sum(lane);                                                                     \
        }                                                                                                              \
    }
WG__RESAMPLE_DOWN(float, f32)
WG__RESAMPLE_DOWN(double, f64)
#undef WG__RESAMPLE_DOWN

#define wg__resample_down(sum, x, ...)                                                                                 \
    _Generic((x), const float *: wg__resample_down_f32, const double *: wg__resample_down_f64)((sum), (x), __VA_ARGS__)
#define wg__resample_across(y, ...)                                                                                    \
    _Generic((y), float * : wg__resample_across_f32, double * : wg__resample_across_f64)((y), __VA_ARGS__)
#define wg__resample_wide(y, ...)                                                                                      \
    _Generic((y), float * : wg__resample_wide_f32, double * : wg__resample_wide_f64)((y), __VA_ARGS__)

/* Whether rows i and j of the result are made alike. */
static inline bool wg__same_window(const wg__windows *w, int64_t i, int64_t j)
{
    return w->first[i] == w->first[j] && w->count[i] == w->count[j] &&
           memcmp(w->weight + i * w->item, w->weight + j * w->item, (size_t)w->count[i] * sizeof(double)) == 0;
}

/* A unit is one chunk of one row. The sums down the columns are carried in f64, in the worker's own memory, which has room for
 * `taps` columns more: they are read, and not used, beyond the last window. */
WG_KERNEL(
    resample_rows, const wg__resample *p = c->params; const wg__windows down = wg__windows_of(c, 0);
    const wg__windows across = wg__windows_of(c, 1); double *sum = c->local;
    for (int64_t unit = begin; unit < end; unit++) {
        const int64_t chunk = unit % p->chunks;
        const int64_t row = unit / p->chunks % p->to[0];
        const int64_t plane = unit / p->chunks / p->to[0];
        const int64_t column = chunk * WG__RESAMPLE_COLUMNS;
        const int64_t rest = p->to[1] - column;
        const int64_t width = rest < WG__RESAMPLE_COLUMNS ? rest : WG__RESAMPLE_COLUMNS;
        T *y = (T *)c->out + (plane * p->to[0] + row) * p->to[1] + column;
        if (row > 0 && unit - p->chunks >= begin && wg__same_window(&down, row - 1, row)) {
            memcpy(y, y - p->to[1], (size_t)width * sizeof(T));
            continue;
        }
        const int64_t start = across.first[column];
        const int64_t stop = across.first[column + width - 1] + across.count[column + width - 1];
        const T *x = (const T *)c->in[0] + (plane * p->from[0] + down.first[row]) * p->from[1] + start;
        wg__resample_down(sum, x, p->from[1], down.weight + row * down.item, down.count[row], stop - start);
        if (p->taps[1] >= WG__RESAMPLE_WIDE) {
            wg__resample_wide(y, sum, start, &across, column, column + width);
            continue;
        }
        for (int64_t t = 0; t < p->taps[1]; t++)
            sum[stop - start + t] = 0;
        wg__resample_across(y, sum, start, &across, p->taps[1], column, column + width);
    })

#endif
