/* Reductions over any axes. The walk over memory is written once (reduce.c); an operator brings a fold, a type at
 * a time.
 *
 * Work is cut by shape alone and combined in index order, so that results do not depend on threads: see the
 * comment on wg__reduction. Sums of f32 are carried in f64, integers in i64. */
#ifndef WG_OPS_REDUCE_H
#define WG_OPS_REDUCE_H

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

enum { WG__COLUMNS = 64, WG__PIECE = 4096 };

/* Everything is carried in one of these two. */
typedef union wg__sum {
    double d;
    int64_t i;
} wg__sum;

/* A fold, for operands of one type. `sums` are contiguous doubles or int64s. */
typedef struct wg__fold {
    size_t size;                                                               /* of an operand's element */
    void (*start)(void *sums, int64_t n);                                      /* the value of no elements */
    void (*run)(void *sums, const void *x, int64_t n);                         /* x[0..n) into sums[0] */
    void (*rows)(void *sums, const void *x, int64_t n, int64_t stride, int64_t width); /* n rows into sums[0..width) */
    void (*join)(void *sums, const void *others, int64_t n);                   /* others[i] into sums[i] */
    void (*finish)(void *out, const void *sums, int64_t n, int64_t count);     /* results out[0..n) */
} wg__fold;

wg_status wg__reduce_fold(const wg_call *, const wg__fold *, int64_t begin, int64_t end);
wg_status wg__reduce_join(const wg_call *, const wg__fold *, int64_t begin, int64_t end);

/* Defines kernels `name`_fold_suffix and `name`_join_suffix: operands of T, carried as S, results of R. FOLD(s, x)
 * takes and gives S, FINISH(s, n) gives what R is made of. Lanes keep the adders busy; lanes and blocks keep
 * rounding errors small. */
#define WG_REDUCE(name, suffix, T, S, R, START, FOLD, FINISH)                                                          \
    WG__FOLD_LANES(S, name##_lanes_##suffix, FOLD)                                                                     \
    static void name##_start_##suffix(void *sums, int64_t n)                                                           \
    {                                                                                                                  \
        for (int64_t i = 0; i < n; i++)                                                                                \
            ((S *)sums)[i] = START;                                                                                    \
    }                                                                                                                  \
    static void name##_run_##suffix(void *sums, const void *from, int64_t n)                                           \
    {                                                                                                                  \
        enum { BLOCK = 512 };                                                                                          \
        const T *x = from;                                                                                             \
        S lane[WG__LANES], block[WG__LANES], sum = *(S *)sums;                                                         \
        int64_t i = 0, whole = n - n % WG__LANES;                                                                      \
        for (int l = 0; l < WG__LANES && whole; l++)                                                                   \
            lane[l] = START;                                                                                           \
        while (i < whole) {                                                                                            \
            int64_t end = i + BLOCK < whole ? i + BLOCK : whole;                                                       \
            for (int l = 0; l < WG__LANES; l++)                                                                        \
                block[l] = (S)x[i + l];                                                                                \
            for (i += WG__LANES; i < end; i += WG__LANES)                                                              \
                for (int l = 0; l < WG__LANES; l++)                                                                    \
                    block[l] = FOLD(block[l], (S)x[i + l]);                                                            \
            for (int l = 0; l < WG__LANES; l++)                                                                        \
                lane[l] = FOLD(lane[l], block[l]);                                                                     \
        }                                                                                                              \
        if (whole)                                                                                                     \
            sum = FOLD(sum, name##_lanes_##suffix(lane));                                                              \
        for (; i < n; i++)                                                                                             \
            sum = FOLD(sum, (S)x[i]);                                                                                  \
        *(S *)sums = sum;                                                                                              \
    }                                                                                                                  \
    static void name##_rows_##suffix(void *sums, const void *from, int64_t n, int64_t stride, int64_t width)           \
    {                                                                                                                  \
        S *restrict sum = sums;                                                                                        \
        for (int64_t r = 0; r < n; r++) {                                                                              \
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
    static void name##_finish_##suffix(void *to, const void *sums, int64_t n, int64_t count)                           \
    {                                                                                                                  \
        R *out = to;                                                                                                   \
        const S *sum = sums;                                                                                           \
        (void)count;                                                                                                   \
        for (int64_t i = 0; i < n; i++)                                                                                \
            out[i] = (R)(FINISH(sum[i], count));                                                                       \
    }                                                                                                                  \
    static const wg__fold name##_##suffix = {                                                                          \
        sizeof(T),            name##_start_##suffix,     name##_run_##suffix,                                          \
        name##_rows_##suffix, name##_join_sums_##suffix, name##_finish_##suffix,                                       \
    };                                                                                                                 \
    static wg_status name##_fold_##suffix(const wg_call *c, int64_t begin, int64_t end)                                \
    {                                                                                                                  \
        return wg__reduce_fold(c, &name##_##suffix, begin, end);                                                       \
    }                                                                                                                  \
    static wg_status name##_join_##suffix(const wg_call *c, int64_t begin, int64_t end)                                \
    {                                                                                                                  \
        return wg__reduce_join(c, &name##_##suffix, begin, end);                                                       \
    }

#endif
