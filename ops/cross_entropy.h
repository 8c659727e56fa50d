/* What cross_entropy, nll and their adjoints' helpers share. */
#ifndef WG_OPS_CROSS_ENTROPY_H
#define WG_OPS_CROSS_ENTROPY_H

#include "ops/along.h"

typedef struct wg__cross_entropy {
    int64_t axis;
    double label_smoothing;
    int64_t ignore_index; /* WG__IGNORE_NONE: every label counts */
    int reduction;        /* a wg_reduction */
} wg__cross_entropy;
#define WG__IGNORE_NONE INT64_MIN

extern const wg_attr wg__cross_entropy_attrs[];

/* Operands (logits, labels): types, shapes, attributes. *rows is the logits' shape without the axis. */
wg_status wg__cross_entropy_infer(wg_infer *, wg_shape *rows);

/* One stage over lines, and the lines' number for the mean. */
typedef struct wg__cross_entropy_plan {
    wg__along along;
    int64_t lines;
    bool normalised; /* the operand is log-probabilities, and their exponentials add up to 1 */
    bool by_index;   /* labels are indices */
    bool count;      /* some lines may be ignored: they must be counted */
} wg__cross_entropy_plan;
wg_status wg__cross_entropy_plan_of(const wg_lowering *, bool normalised, wg__cross_entropy_plan *);

/* Label number `line`; for labels that are indices. */
static inline int64_t wg__label(const wg_call *c, int64_t line)
{
    return c->in_type[1] == WG_I64 ? ((const int64_t *)c->in[1])[line] : ((const int32_t *)c->in[1])[line];
}

static inline bool wg__label_counts(const wg_call *c, int64_t label)
{
    return label != ((const wg__cross_entropy *)c->attrs)->ignore_index;
}

/* How many of the lines count. */
int64_t wg__cross_entropy_count(const wg_call *, int64_t lines);
/* WG_ERR_RANGE for a label that is no index. */
wg_status wg__cross_entropy_range(const wg_call *, int64_t label, int64_t line, int64_t length);

#endif
