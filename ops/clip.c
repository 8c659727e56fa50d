/* clip, hardtanh, relu6, and their adjoints' helper window. At its bounds clip passes the gradient, the others do not:
 * PyTorch's conventions. */
#include <math.h>

#include "ops/elementwise.h"

typedef struct bounds {
    double min, max;
} bounds;

typedef struct window {
    bounds of;
    bool closed;
} window;

/* Where min > max the result is max. A NaN stays one. */
#define BOUNDED(x, low, high) ((x) < (low) ? (low) < (high) ? (low) : (high) : (x) > (high) ? (high) : (x))

WG_KERNEL(clip_forward, const bounds *at = c->attrs; const T low = (T)at->min, high = (T)at->max;
          WG_EACH1(BOUNDED(x, low, high)))

/* Bounds of integers: infer has seen to it that they are whole or infinite. */
#define INT_BOUND(value, least, most)                                                                                  \
    ((value) <= (double)(least) ? (least) : (value) >= (double)(most) ? (most) : (T)(value))
#define CLIP_INT(least, most)                                                                                          \
    const bounds *at = c->attrs;                                                                                       \
    const T low = INT_BOUND(at->min, least, most), high = INT_BOUND(at->max, least, most);                             \
    WG_EACH1(BOUNDED(x, low, high))
WG_KERNEL_OF(clip_forward_i32, int32_t, CLIP_INT(INT32_MIN, INT32_MAX))
WG_KERNEL_OF(clip_forward_i64, int64_t, CLIP_INT(INT64_MIN, INT64_MAX))

WG_KERNEL(
    window_forward, const window *at = c->attrs; const T low = (T)at->of.min, high = (T)at->of.max;
    if (at->closed) { WG_EACH2(y >= low && y <= high ? x : 0) } else { WG_EACH2(y <= low || y >= high ? 0 : x) })

WG_KERNELS(clip, .forward = WG_NUMBERS(clip_forward));
WG_KERNELS(hardtanh, .forward = WG_BOTH(clip_forward));
WG_KERNELS(window, .forward = WG_BOTH(window_forward));
WG_UNARY_KERNELS(relu6, x <= 0 ? 0 : x > 6 ? 6 : x)

#ifdef WG_BASELINE

static const wg_attr clip_attrs[] = {
    { "min", WG_ATTR_F64, offsetof(bounds, min), "-inf", NULL },
    { "max", WG_ATTR_F64, offsetof(bounds, max), "inf", NULL },
    { 0 },
};
static const wg_attr hardtanh_attrs[] = {
    { "min", WG_ATTR_F64, offsetof(bounds, min), "-1", NULL },
    { "max", WG_ATTR_F64, offsetof(bounds, max), "1", NULL },
    { 0 },
};
static const wg_attr window_attrs[] = {
    { "min", WG_ATTR_F64, offsetof(window, of.min), "-inf", NULL },
    { "max", WG_ATTR_F64, offsetof(window, of.max), "inf", NULL },
    { "closed", WG_ATTR_BOOL, offsetof(window, closed), "true", NULL },
    { 0 },
};

static wg_status clip_infer(wg_infer *t)
{
    const bounds *at = t->attrs;
    const double of[2] = { at->min, at->max };
    bool whole = t->in_type[0] == WG_I32 || t->in_type[0] == WG_I64;
    for (int i = 0; i < 2; i++) {
        if (isnan(of[i]))
            return wg_infer_fail(t, WG_ERR_ARG, "%s must not be NaN", i ? "max" : "min");
        if (whole && rint(of[i]) != of[i])
            return wg_infer_fail(t, WG_ERR_ARG, "%s must be whole for an operand of %s, got %g", i ? "max" : "min",
                                 wg_dtype_name(t->in_type[0]), of[i]);
    }
    return wg__infer_numbers(t);
}

static wg_status hardtanh_infer(wg_infer *t)
{
    const bounds *at = t->attrs;
    if (!(at->min <= at->max))
        return wg_infer_fail(t, WG_ERR_ARG, "min must not be above max, got %g and %g", at->min, at->max);
    return wg__infer_floats(t);
}

wg_node *wg__window(wg_node *cotangent, wg_node *x, double min, double max, bool closed)
{
    return wg_apply(&wg_op_window, WG_NODES(cotangent, x), &(window){ { min, max }, closed });
}

static wg_node *clip_backward(const wg_adjoint *a, int slot)
{
    const bounds *at = a->attrs;
    return wg__window(a->cotangent, a->in[slot], at->min, at->max, true);
}

static wg_node *hardtanh_backward(const wg_adjoint *a, int slot)
{
    const bounds *at = a->attrs;
    return wg__window(a->cotangent, a->in[slot], at->min, at->max, false);
}

static wg_node *relu6_backward(const wg_adjoint *a, int slot)
{
    return wg__window(a->cotangent, a->in[slot], 0, 6, false);
}

/* Linear in the cotangent, piecewise constant in x. */
static wg_node *window_backward(const wg_adjoint *a, int slot)
{
    return slot == 0 ? wg_apply(&wg_op_window, WG_NODES(a->cotangent, a->in[1]), a->attrs) : wg_no_gradient(a);
}

static double bounds_kink(const void *attrs, const double *x)
{
    const bounds *at = attrs;
    return fmin(fabs(x[0] - at->min), fabs(x[0] - at->max));
}

static double window_kink(const void *attrs, const double *x)
{
    return bounds_kink(&((const window *)attrs)->of, x + 1);
}

static double relu6_kink(const void *attrs, const double *x)
{
    (void)attrs;
    return bounds_kink(&(bounds){ 0, 6 }, x);
}

static const bounds narrow = { -0.5, 1.25 }, from_below = { -0.25, INFINITY }, from_above = { -INFINITY, 0.75 };
static const window open_window = { { -0.5, 1.25 }, false }, half_window = { { -0.25, INFINITY }, true };
static const wg_sample clip_samples[] = {
    { .in = { WG_VALUES(-3, 3, 7) }, .attrs = &narrow },
    { .in = { WG_VALUES(-1, 1, 2, 1, 3) }, .attrs = &from_below },
    { .in = { WG_VALUES(-2, 2, 2, 3) }, .attrs = &from_above },
    { .in = { WG_VALUES(-2, 2, 4) } },
};
static const wg_sample hardtanh_samples[] = {
    { .in = { WG_VALUES(-3, 3, 7) } },
    { .in = { WG_VALUES(-2, 2, 2, 1, 3) }, .attrs = &narrow },
};
static const wg_sample relu6_samples[] = {
    { .in = { WG_VALUES(-3, 9, 7) } },
    { .in = { WG_VALUES(-2, 2, 2, 1, 3) } },
};
static const wg_sample window_samples[] = {
    { .in = { WG_VALUES(-2, 2, 3, 4), WG_VALUES(-2, 2, 3, 4) }, .attrs = &open_window },
    { .in = { WG_VALUES(-2, 2, 2, 3), WG_VALUES(-2, 2, 3) }, .attrs = &half_window },
};

const wg_op wg_op_clip = {
    WG_OP, .name = "clip", .doc = "min(max(x, min), max); gradient 1 at the bounds", .arity = 1,
    .flags = WG_ELEMENTWISE, .attrs = clip_attrs, .attrs_size = sizeof(bounds), .infer = clip_infer,
    .forward = WG_NUMBERS(clip_forward), .backward = clip_backward, .kink = bounds_kink,
    .at_kink = WG_KINK_STEEPER, WG_SAMPLES(clip_samples),
};

const wg_op wg_op_hardtanh = {
    WG_OP, .name = "hardtanh", .doc = "min(max(x, min), max); gradient 0 at the bounds", .arity = 1,
    .flags = WG_ELEMENTWISE, .attrs = hardtanh_attrs, .attrs_size = sizeof(bounds), .infer = hardtanh_infer,
    .forward = WG_BOTH(clip_forward), .backward = hardtanh_backward, .kink = bounds_kink,
    .at_kink = WG_KINK_FLATTER, WG_SAMPLES(hardtanh_samples),
};

const wg_op wg_op_window = {
    WG_OP, .name = "window", .doc = "cotangent where min <= x <= max (min < x < max if not closed), else 0", .arity = 2,
    .flags = WG_ELEMENTWISE | WG_GRADIENT_OF_OTHERS, .attrs = window_attrs, .attrs_size = sizeof(window),
    .infer = wg__infer_floats, .forward = WG_BOTH(window_forward), .backward = window_backward, .kink = window_kink,
    WG_SAMPLES(window_samples),
};

WG_UNARY(relu6, "min(max(x, 0), 6); gradient 0 at 0 and 6", .kink = relu6_kink, .at_kink = WG_KINK_FLATTER, WG_SAMPLES(relu6_samples))

wg_node *wg_clip(wg_node *x, double min, double max)
{
    return wg_apply(&wg_op_clip, WG_NODES(x), &(bounds){ min, max });
}

wg_node *wg_hardtanh(wg_node *x, double min, double max)
{
    return wg_apply(&wg_op_hardtanh, WG_NODES(x), &(bounds){ min, max });
}

#endif
