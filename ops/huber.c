/* huber, smooth_l1: squares of small differences d = x - y, and straight lines for large ones. They differ by the
 * factor delta alone. */
#include "ops/loss.h"

typedef struct bend {
    wg__loss_attrs loss;
    double at; /* delta, beta */
} bend;

#define DISTANCE(x, y) wg_k_abs((x) - (y))
#define HALF_SQUARE(x, y) ((T)0.5 * DISTANCE(x, y) * DISTANCE(x, y))
#define HUBER(x, y) (DISTANCE(x, y) <= at_d ? HALF_SQUARE(x, y) : at_d * (DISTANCE(x, y) - (T)0.5 * at_d))
#define SMOOTH_L1(x, y) (DISTANCE(x, y) < at_d ? HALF_SQUARE(x, y) / at_d : DISTANCE(x, y) - (T)0.5 * at_d)
WG_LOSS_KERNELS_WITH(huber, HUBER, WG_ANY_LABEL, const T at_d = (T)((const bend *)c->attrs)->at;)
WG_LOSS_KERNELS_WITH(smooth_l1, SMOOTH_L1, WG_ANY_LABEL, const T at_d = (T)((const bend *)c->attrs)->at;)

WG_KERNELS(huber, WG_LOSS_TABLE(huber));
WG_KERNELS(smooth_l1, WG_LOSS_TABLE(smooth_l1));

#ifdef WG_BASELINE

#define BEND_ATTRS(name)                                                                                               \
    {                                                                                                                  \
        WG_LOSS_REDUCTION, { name, WG_ATTR_F64, offsetof(bend, at), "1", NULL }, { 0 }                                 \
    }
static const wg_attr huber_attrs[] = BEND_ATTRS("delta"), smooth_l1_attrs[] = BEND_ATTRS("beta");

static wg_status huber_infer(wg_infer *t)
{
    double delta = ((const bend *)t->attrs)->at;
    if (!(delta > 0))
        return wg_infer_fail(t, WG_ERR_ARG, "delta must be positive, got %g", delta);
    return wg__loss_infer(t);
}

static wg_status smooth_l1_infer(wg_infer *t)
{
    double beta = ((const bend *)t->attrs)->at;
    if (!(beta >= 0))
        return wg_infer_fail(t, WG_ERR_ARG, "beta must not be negative, got %g", beta);
    return wg__loss_infer(t);
}

/* d cut off at delta. */
static wg_node *huber_backward(const wg_adjoint *a, int slot)
{
    double delta = ((const bend *)a->attrs)->at;
    return wg_mul(wg_clip(wg_sub(a->in[slot], a->in[1 - slot]), -delta, delta), wg__loss_share(a));
}

/* d / beta cut off at 1; where beta is 0, its limit. */
static wg_node *smooth_l1_backward(const wg_adjoint *a, int slot)
{
    double beta = ((const bend *)a->attrs)->at;
    wg_node *d = wg_sub(a->in[slot], a->in[1 - slot]);
    wg_node *slope = beta > 0 ? wg_clip(wg_scale(d, 1 / beta), -1, 1) : wg_sign(d);
    return wg_mul(slope, wg__loss_share(a));
}

/* In the square, on either line, and for beta = 0 on lines alone; never near a bend. */
static const bend wide_sum = { { WG_SUM }, 6 }, half = { { WG_MEAN }, 0.5 }, half_none = { { WG_NONE }, 0.5 },
                  whole_none = { { WG_NONE }, 1 };
#define SAMPLES                                                                                                        \
    { .in = { WG_VALUES(-2, 2, 3, 4), WG_VALUES(-2, 2, 3, 4) }, .attrs = &wide_sum },                                  \
    { .in = { WG_VALUES(1, 3, 5), WG_VALUES(-2, 0, 5) }, .attrs = &half },                                             \
    { .in = { WG_VALUES(-3, -1, 2, 1), WG_VALUES(0, 2, 2, 1) }, .attrs = &half_none },                                 \
    { .in = { WG_VALUES(3, 3.4, 4), WG_VALUES(2.6, 2.9, 4) }, .attrs = &whole_none }, {                                \
        .in = { WG_VALUES(-0.4, 0.4, 4), WG_VALUES(-0.4, 0.4, 4) }                                                     \
    }
static const bend zero = { { WG_SUM }, 0 };
static const wg_sample huber_samples[] = { SAMPLES };
static const wg_sample smooth_l1_samples[] = {
    SAMPLES,
    { .in = { WG_VALUES(1, 3, 5), WG_VALUES(-2, 0, 5) }, .attrs = &zero },
};

const wg_op wg_op_huber = {
    WG_OP, .name = "huber", .doc = "d^2 / 2 if |d| <= delta, else delta (|d| - delta / 2), with d = x - y", .arity = 2,
    .attrs = huber_attrs, .attrs_size = sizeof(bend), .infer = huber_infer, WG_LOSS_TABLE(huber),
    .lower = wg__loss_lower, .backward = huber_backward, WG_SAMPLES(huber_samples),
};

const wg_op wg_op_smooth_l1 = {
    WG_OP, .name = "smooth_l1", .doc = "d^2 / (2 beta) if |d| < beta, else |d| - beta / 2, with d = x - y", .arity = 2,
    .attrs = smooth_l1_attrs, .attrs_size = sizeof(bend), .infer = smooth_l1_infer, WG_LOSS_TABLE(smooth_l1),
    .lower = wg__loss_lower, .backward = smooth_l1_backward, WG_SAMPLES(smooth_l1_samples),
};

wg_node *wg_huber(wg_node *x, wg_node *y, double delta, wg_reduction reduction)
{
    return wg_apply(&wg_op_huber, WG_NODES(x, y), &(bend){ { (int)reduction }, delta });
}

wg_node *wg_smooth_l1(wg_node *x, wg_node *y, double beta, wg_reduction reduction)
{
    return wg_apply(&wg_op_smooth_l1, WG_NODES(x, y), &(bend){ { (int)reduction }, beta });
}

#endif
