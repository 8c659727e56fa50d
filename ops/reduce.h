/* Reductions over any axes. The walk over memory is written once (reduce.c); an operator brings a fold, a type at
 * a time.
 *
 * Work is cut by shape alone and combined in index order, so that results do not depend on threads: see the
 * comment on wg__reduction. Sums of f32 are carried in f64, integers in i64. */
#ifndef WG_OPS_REDUCE_H
#define WG_OPS_REDUCE_H

#include <string.h>

#include "ops/builtin.h"
#include "ops/lanes.h"
#include "ops/op.h"

/* ---- attributes, shapes, adjoints ---- */

typedef struct wg__reduce_attrs {
    wg_axes axes;
    bool keepdims;
} wg__reduce_attrs;
extern const wg_attr wg__reduce_attr_table[];

/* The operand's shape without the reduced axes, or with them as 1. */
wg_status wg__reduce_infer(wg_infer *);
/* Lowers a reduction over the attributes' axes, or over the axes marked. */
wg_status wg__reduce_lower(wg_lowering *);
wg_status wg__reduce_lower_axes(wg_lowering *, const bool on[WG_MAX_RANK]);
/* A reduced node, with the lost axes of x put back as 1. */
wg_node *wg__restore_axes(wg_node *reduced, const wg_node *x, const void *reduce_attrs);

extern const wg_sample wg__reduce_samples[7];

/* ---- kernels ---- */

/* Operand and result seen as few axes as possible. Innermost is a contiguous run that is either all reduced
 * (length `run`), or all kept (`inner` columns); around it, an index over kept and one over reduced axes. A unit
 * of work folds, for one result or for up to WG__COLUMNS neighbouring columns, the positions of one split: runs
 * cut into pieces, or rows. With several splits, each leaves a partial result in scratch, (splits, results), and a
 * second stage folds those. */
typedef struct wg__walk {
    int64_t size[4], stride[4]; /* outermost first; strides in elements */
    int64_t n;
} wg__walk;

typedef struct wg__reduction {
    wg__walk kept, reduced;
    int64_t results, inner, run;
    int64_t pieces;    /* of one run; 1 with columns */
    int64_t positions; /* to fold into each result */
    int64_t splits, each;
    int64_t count; /* of elements that one result is made of */
} wg__reduction;

enum { WG__COLUMNS = 256, WG__PIECE = 4096 };

/* Everything is carried in one of these two. */
typedef union wg__sum {
    double d;
    int64_t i;
} wg__sum;

/* What a fold may know besides the elements: the operator's attributes, and, in the second of two passes, what the
 * first has found for each result; at[i] belongs to sums[i]. */
typedef struct wg__about {
    const double *at;
    const void *attrs;
} wg__about;

/* A fold, for operands of one type. `sums` are contiguous doubles or int64s. */
typedef struct wg__fold {
    size_t size;                          /* of an operand's element */
    void (*start)(void *sums, int64_t n); /* the value of no elements */
    /* x[0..n) into sums[0]; n rows into sums[0..width); others[i] into sums[i]; results out[0..n) */
    void (*run)(void *sums, const void *x, int64_t n, wg__about);
    void (*rows)(void *sums, const void *x, int64_t n, int64_t stride, int64_t width, wg__about);
    void (*join)(void *sums, const void *others, int64_t n);
    void (*finish)(void *out, const void *sums, int64_t n, int64_t count, wg__about);
} wg__fold;

wg_status wg__reduce_fold(const wg_call *, const wg__fold *, int64_t begin, int64_t end);
wg_status wg__reduce_join(const wg_call *, const wg__fold *, int64_t begin, int64_t end);

/* Reductions that go over their operand twice: the first pass leaves a double for each result, about which the second
 * folds. Kernels: 0 and 3 fold and join the second pass, 1 and 2 the first. */
wg_status wg__reduce_lower_twice(wg_lowering *);
wg_status wg__reduce_fold_first(const wg_call *, const wg__fold *, int64_t begin, int64_t end);
wg_status wg__reduce_join_first(const wg_call *, const wg__fold *, int64_t begin, int64_t end);
wg_status wg__reduce_fold_second(const wg_call *, const wg__fold *, int64_t begin, int64_t end);
wg_status wg__reduce_join_second(const wg_call *, const wg__fold *, int64_t begin, int64_t end);

/* Defines the fold `name`_suffix: operands of T, carried as S, results of R. FOLD(s, x) takes and gives S, FINISH(s, n)
 * gives what R is made of. Lanes keep the adders busy; lanes and blocks keep rounding errors small. WG_SIMD keeps GCC 12.2
 * from making one vector of two steps' bytes, which it gets wrong from AVX2 on: 48 ones added up to 17. */
#define WG_FOLD_IN(L, name, suffix, T, S, R, START, FOLD, FINISH)                                                      \
    WG__FOLD_LANES(L, name##_lanes_##suffix, FOLD)                                                                     \
    static void name##_start_##suffix(void *sums, int64_t n)                                                           \
    {                                                                                                                  \
        for (int64_t i = 0; i < n; i++)                                                                                \
            ((S *)sums)[i] = START;                                                                                    \
    }                                                                                                                  \
    static void name##_run_##suffix(void *sums, const void *from, int64_t n, wg__about about)                          \
    {                                                                                                                  \
        enum { BLOCK = 512 };                                                                                          \
        const T *x = from;                                                                                             \
        (void)about;                                                                                                   \
        L lane[WG__LANES], block[WG__LANES];                                                                           \
        S sum = *(S *)sums;                                                                                            \
        int64_t i = 0, whole = n - n % WG__LANES;                                                                      \
        for (int l = 0; l < WG__LANES && whole; l++)                                                                   \
            lane[l] = START;                                                                                           \
        while (i < whole) {                                                                                            \
            int64_t end = i + BLOCK < whole ? i + BLOCK : whole;                                                       \
            for (int l = 0; l < WG__LANES; l++)                                                                        \
                block[l] = (L)x[i + l];                                                                                \
            for (i += WG__LANES; i < end; i += WG__LANES) {                                                            \
                WG_SIMD for (int l = 0; l < WG__LANES; l++) block[l] = FOLD(block[l], (L)x[i + l]);                    \
            }                                                                                                          \
            for (int l = 0; l < WG__LANES; l++)                                                                        \
                lane[l] = FOLD(lane[l], block[l]);                                                                     \
        }                                                                                                              \
        if (whole)                                                                                                     \
            sum = FOLD(sum, (S)name##_lanes_##suffix(lane));                                                           \
        for (; i < n; i++)                                                                                             \
            sum = FOLD(sum, (S)x[i]);                                                                                  \
        *(S *)sums = sum;                                                                                              \
    }                                                                                                                  \
    static void name##_rows_##suffix(void *sums, const void *from, int64_t n, int64_t stride, int64_t width,           \
                                     wg__about about)                                                                  \
    {                                                                                                                  \
        S *restrict sum = sums;                                                                                        \
        (void)about;                                                                                                   \
        int64_t r = 0;                                                                                                 \
        for (; r + 4 <= n; r += 4) { /* each sum is loaded once for four rows, which it meets in their order */        \
            const T *restrict a = (const T *)from + r * stride, *restrict b = a + stride, *restrict c = b + stride,    \
                    *restrict d = c + stride;                                                                          \
            WG_SIMD for (int64_t l = 0; l < width; l++)                                                                \
            {                                                                                                          \
                const S ab = FOLD(FOLD(sum[l], (S)a[l]), (S)b[l]);                                                     \
                sum[l] = FOLD(FOLD(ab, (S)c[l]), (S)d[l]);                                                             \
            }                                                                                                          \
        }                                                                                                              \
        for (; r < n; r++) {                                                                                           \
            const T *restrict x = (const T *)from + r * stride;                                                        \
            for (int64_t l = 0; l < width; l++)                                                                        \
                sum[l] = FOLD(sum[l], (S)x[l]);                                                                        \
        }                                                                                                              \
    }                                                                                                                  \
    static void name##_join_sums_##suffix(void *sums, const void *others, int64_t n)                                   \
    {                                                                                                                  \
        S *sum = sums;                                                                                                 \
        const S *other = others;                                                                                       \
        for (int64_t i = 0; i < n; i++)                                                                                \
            sum[i] = FOLD(sum[i], other[i]);                                                                           \
    }                                                                                                                  \
    static void name##_finish_##suffix(void *to, const void *sums, int64_t n, int64_t count, wg__about about)          \
    {                                                                                                                  \
        R *out = to;                                                                                                   \
        const S *sum = sums;                                                                                           \
        (void)count, (void)about;                                                                                      \
        for (int64_t i = 0; i < n; i++)                                                                                \
            out[i] = (R)(FINISH(sum[i], count));                                                                       \
    }                                                                                                                  \
    static const wg__fold name##_##suffix = {                                                                          \
        sizeof(T),            name##_start_##suffix,     name##_run_##suffix,                                          \
        name##_rows_##suffix, name##_join_sums_##suffix, name##_finish_##suffix,                                       \
    };

#define WG_FOLD(name, suffix, T, S, R, START, FOLD, FINISH)                                                            \
    WG_FOLD_IN(S, name, suffix, T, S, R, START, FOLD, FINISH)

/* The same, and kernels `name`_fold_suffix and `name`_join_suffix. */
#define WG_REDUCE(name, suffix, T, S, R, START, FOLD, FINISH)                                                          \
    WG_REDUCE_IN(S, name, suffix, T, S, R, START, FOLD, FINISH)
#define WG_REDUCE_IN(L, name, suffix, T, S, R, START, FOLD, FINISH)                                                    \
    WG_FOLD_IN(L, name, suffix, T, S, R, START, FOLD, FINISH)                                                          \
    static wg_status name##_fold_##suffix(const wg_call *c, int64_t begin, int64_t end)                                \
    {                                                                                                                  \
        return wg__reduce_fold(c, &name##_##suffix, begin, end);                                                       \
    }                                                                                                                  \
    static wg_status name##_join_##suffix(const wg_call *c, int64_t begin, int64_t end)                                \
    {                                                                                                                  \
        return wg__reduce_join(c, &name##_##suffix, begin, end);                                                       \
    }

/* A kernel table with bool read as u8. */
#define WG_EVERY_BY_U8(name)                                                                                           \
    {                                                                                                                  \
        .f32 = name##_f32, .f64 = name##_f64, .i32 = name##_i32, .i64 = name##_i64, .u8 = name##_u8,                   \
        .boolean = name##_u8                                                                                           \
    }

/* Defines the fold `name`_suffix, the sum of MAP(x, about, attrs) over operands of T; MAP is computed in W, side by
 * side, and added up in f64. FINISH(s, n, about, attrs) gives the result, of type R. */
#define WG_FOLD_MAPPED(name, suffix, T, W, R, MAP, FINISH)                                                           \
    static void name##_start_##suffix(void *sums, int64_t n)                                                           \
    {                                                                                                                  \
        memset(sums, 0, (size_t)n * sizeof(double));                                                                   \
    }                                                                                                                  \
    static inline void name##_step_##suffix(double lane[WG__LANES], const T *x, W at, const void *attrs)               \
    {                                                                                                                  \
        W part[WG__LANES];                                                                                             \
        (void)at, (void)attrs;                                                                                         \
        WG_SIMD for (int j = 0; j < WG__LANES; j++) part[j] = MAP((W)x[j], at, attrs);                                 \
        for (int j = 0; j < WG__LANES; j++)                                                                            \
            lane[j] += (double)part[j];                                                                                \
    }                                                                                                                  \
    static void name##_run_##suffix(void *sums, const void *from, int64_t n, wg__about about)                          \
    {                                                                                                                  \
        const T *x = from;                                                                                             \
        const W at = about.at ? (W)*about.at : 0;                                                                      \
        double lane[WG__LANES] = { 0 }, last[WG__LANES] = { 0 };                                                       \
        const int rest = (int)(n % WG__LANES);                                                                         \
        for (int64_t i = 0; i < n - rest; i += WG__LANES)                                                              \
            name##_step_##suffix(lane, x + i, at, about.attrs);                                                        \
        if (rest) { /* a step that is filled up */                                                                     \
            T step[WG__LANES] = { 0 };                                                                                 \
            memcpy(step, x + n - rest, (size_t)rest * sizeof(T));                                                      \
            name##_step_##suffix(last, step, at, about.attrs);                                                         \
        }                                                                                                              \
        for (int j = 0; j < rest; j++)                                                                                 \
            lane[j] += last[j];                                                                                        \
        *(double *)sums += wg__lanes_sum(lane);                                                                        \
    }                                                                                                                  \
    static void name##_rows_##suffix(void *sums, const void *from, int64_t n, int64_t stride, int64_t width,           \
                                     wg__about about)                                                                  \
    {                                                                                                                  \
        double *restrict sum = sums;                                                                                   \
        W at[WG__COLUMNS], part[WG__COLUMNS];                                                                          \
        for (int64_t l = 0; l < width; l++)                                                                            \
            at[l] = about.at ? (W)about.at[l] : 0;                                                                     \
        (void)at;                                                                                                      \
        for (int64_t r = 0; r < n; r++) {                                                                              \
            const T *restrict x = (const T *)from + r * stride;                                                        \
            WG_SIMD for (int64_t l = 0; l < width; l++) part[l] = MAP((W)x[l], at[l], about.attrs);                    \
            for (int64_t l = 0; l < width; l++)                                                                        \
                sum[l] += (double)part[l];                                                                             \
        }                                                                                                              \
    }                                                                                                                  \
    static void name##_join_sums_##suffix(void *sums, const void *others, int64_t n)                                   \
    {                                                                                                                  \
        for (int64_t i = 0; i < n; i++)                                                                                \
            ((double *)sums)[i] += ((const double *)others)[i];                                                        \
    }                                                                                                                  \
    /* In steps that are filled up: an element's bits must not depend on where its range ends. */                      \
    static void name##_finish_##suffix(void *to, const void *sums, int64_t n, int64_t count, wg__about about)          \
    {                                                                                                                  \
        R *out = to;                                                                                                   \
        const double *sum = sums;                                                                                      \
        (void)count;                                                                                                   \
        for (int64_t i = 0; i < n; i += WG__LANES) {                                                                   \
            const size_t m = (size_t)(n - i < WG__LANES ? n - i : WG__LANES);                                          \
            double s[WG__LANES] = { 0 }, at[WG__LANES] = { 0 };                                                        \
            R step[WG__LANES];                                                                                         \
            memcpy(s, sum + i, m * sizeof *s);                                                                         \
            if (about.at)                                                                                              \
                memcpy(at, about.at + i, m * sizeof *at);                                                              \
            WG_SIMD for (int j = 0; j < WG__LANES; j++) step[j] = (R)(FINISH(s[j], count, at[j], about.attrs));        \
            memcpy(out + i, step, m * sizeof *step);                                                                   \
        }                                                                                                              \
    }                                                                                                                  \
    static const wg__fold name##_##suffix = {                                                                          \
        sizeof(T),            name##_start_##suffix,     name##_run_##suffix,                                          \
        name##_rows_##suffix, name##_join_sums_##suffix, name##_finish_##suffix,                                       \
    };

/* The four kernels of an operator that goes twice, from its two folds: stage 1 and 2 (first), 0 and 3 (second). */
#define WG_REDUCE_TWICE(name, suffix, first, second)                                                                   \
    static wg_status name##_fold_first_##suffix(const wg_call *c, int64_t begin, int64_t end)                          \
    {                                                                                                                  \
        return wg__reduce_fold_first(c, first, begin, end);                                                            \
    }                                                                                                                  \
    static wg_status name##_join_first_##suffix(const wg_call *c, int64_t begin, int64_t end)                          \
    {                                                                                                                  \
        return wg__reduce_join_first(c, first, begin, end);                                                            \
    }                                                                                                                  \
    static wg_status name##_fold_##suffix(const wg_call *c, int64_t begin, int64_t end)                                \
    {                                                                                                                  \
        return wg__reduce_fold_second(c, second, begin, end);                                                          \
    }                                                                                                                  \
    static wg_status name##_join_##suffix(const wg_call *c, int64_t begin, int64_t end)                                \
    {                                                                                                                  \
        return wg__reduce_join_second(c, second, begin, end);                                                          \
    }
#define WG_TWICE_STAGES(name)                                                                                          \
    {                                                                                                                  \
        WG_BOTH(name##_fold_first), WG_BOTH(name##_join_first), WG_BOTH(name##_join)                                   \
    }

#endif
