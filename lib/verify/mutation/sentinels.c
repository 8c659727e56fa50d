/* One sentinel for each kind of mistake that the verifier has a check for. */
#include "verify/mutation/sentinels.h"

#include <math.h>
#include <string.h>

#include <wengert/ops.h>

static const wg_sample line[] = { { .in = { WG_VALUES(-2, 2, 5) } }, { .in = { WG_VALUES(-2, 2, 2, 3) } } };
static const wg_sample pair[] = { { .in = { WG_VALUES(-2, 2, 5), WG_VALUES(-2, 2, 5) } },
                                  { .in = { WG_VALUES(-2, 2, 2, 3), WG_VALUES(-2, 2, 2, 3) } } };

/* ---- y = x^2 with wrong adjoints ---- */

WG_KERNEL(square, const T *x = c->in[0]; T *y = c->out; for (int64_t i = begin; i < end; i++) y[i] = x[i] * x[i];)

static wg_node *square_right(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_mul(a->cotangent, wg_scale(a->in[0], 2));
}
static wg_node *square_negated(const wg_adjoint *a, int slot) { return wg_neg(square_right(a, slot)); }
static wg_node *square_doubled(const wg_adjoint *a, int slot) { return wg_scale(square_right(a, slot), 2); }
static wg_node *square_off(const wg_adjoint *a, int slot) { return wg_scale(square_right(a, slot), 1 + 1e-6); }
static wg_node *square_zero(const wg_adjoint *a, int slot) { return (void)slot, wg_no_gradient(a); }
static wg_node *square_undefined(const wg_adjoint *a, int slot)
{
    return wg_add(square_right(a, slot), wg_log(wg_shift(wg_scale(wg_abs(a->in[0]), -1), -1)));
}
static wg_node *square_of_ones(const wg_adjoint *a, int slot) { return (void)slot, wg_scale(a->in[0], 2); }
static wg_node *square_cubic_in_v(const wg_adjoint *a, int slot)
{
    return wg_mul(square_right(a, slot), wg_square(a->cotangent));
}
static wg_node *square_offset(const wg_adjoint *a, int slot) { return wg_shift(square_right(a, slot), 1e-4); }
static wg_node *square_first_order_only(const wg_adjoint *a, int slot)
{
    return (void)slot, wg_mul(a->cotangent, wg_scale(wg_stop_gradient(a->in[0]), 2));
}
static wg_node *square_rounded(const wg_adjoint *a, int slot)
{
    return wg_cast(wg_cast(square_right(a, slot), WG_F32), wg_node_dtype(a->in[0]));
}
static wg_node *square_scalar(const wg_adjoint *a, int slot)
{
    return (void)slot, wg_sum(wg_mul(a->cotangent, a->in[0]), WG_ALL_AXES, false);
}
static wg_node *square_wrong_in_matrices(const wg_adjoint *a, int slot)
{
    wg_node *g = square_right(a, slot);
    return wg_node_shape(a->in[0]).rank == 2 ? wg_neg(g) : g;
}
static wg_node *square_first_element_off(const wg_adjoint *a, int slot)
{
    wg_node *largest = wg_ge(a->in[0], wg_broadcast_like(wg_max(a->in[0], WG_ALL_AXES, false), a->in[0]));
    wg_node *g = square_right(a, slot);
    return wg_where(largest, wg_scale(g, 1 + 1e-4), g);
}
static wg_node *cube(const wg_adjoint *a) { return wg_mul(wg_square(a->in[0]), a->in[0]); }

#define SQUARE(name_, adjoint)                                                                                         \
    static const wg_op name_ = { WG_OP,                                                                                \
                                 .name = #name_,                                                                       \
                                 .arity = 1,                                                                           \
                                 .flags = WG_ELEMENTWISE,                                                              \
                                 .forward = WG_BOTH(square),                                                           \
                                 .backward = (adjoint),                                                                \
                                 WG_SAMPLES(line) }
SQUARE(right_square, square_right);
SQUARE(wrong_sign, square_negated);
SQUARE(wrong_factor, square_doubled);
SQUARE(wrong_a_little, square_off);
SQUARE(wrong_zero, square_zero);
SQUARE(wrong_not_a_number, square_undefined);
SQUARE(wrong_without_cotangent, square_of_ones);
SQUARE(wrong_not_linear, square_cubic_in_v);
SQUARE(wrong_offset, square_offset);
SQUARE(wrong_second_order, square_first_order_only);
SQUARE(wrong_rounded_gradient, square_rounded);
SQUARE(wrong_gradient_shape, square_scalar);
SQUARE(wrong_in_one_sample, square_wrong_in_matrices);
SQUARE(wrong_element, square_first_element_off);

static const wg_op wrong_decomposition = {
    WG_OP,
    .name = "wrong_decomposition",
    .arity = 1,
    .flags = WG_ELEMENTWISE,
    .forward = WG_BOTH(square),
    .backward = square_right,
    .decompose = cube,
    WG_SAMPLES(line),
};
static const wg_op wrong_without_samples = {
    WG_OP,
    .name = "wrong_without_samples",
    .arity = 1,
    .flags = WG_ELEMENTWISE,
    .forward = WG_BOTH(square),
    .backward = square_right,
};

static const wg_op wrong_declaration = {
    WG_OP,
    .name = "wrong_declaration",
    .arity = 1,
    .flags = WG_ELEMENTWISE | WG_NO_GRADIENT,
    .forward = WG_BOTH(square),
    WG_SAMPLES(line),
};

/* ---- x^2 with wrong kernels ---- */

WG_KERNEL(square_narrow_off, const T *x = c->in[0]; T *y = c->out;
          for (int64_t i = begin; i < end; i++) y[i] = x[i] * x[i] * (sizeof(T) == 4 ? (T)1.001 : 1);)
WG_KERNEL(square_infinite, const T *x = c->in[0]; T *y = c->out;
          for (int64_t i = begin; i < end; i++) y[i] = c->first + i == 2 ? (T)INFINITY : x[i] * x[i];)
WG_KERNEL(
    square_overwriting, T *x = (T *)c->in[0]; T *y = c->out; for (int64_t i = begin; i < end; i++) {
        y[i] = x[i] * x[i];
        if (y != x)
            x[i] += 1;
    })
WG_KERNEL(square_rounding, const T *x = c->in[0]; T *y = c->out;
          for (int64_t i = begin; i < end; i++) y[i] = (T)(float)(x[i] * x[i]);)

/* Noise of one part in a thousand, by the last bits of x: no derivative of it can be known. */
static double scattered(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits *= 0x9e3779b97f4a7c15u;
    return 1 + 1e-3 * (double)(bits >> 32) / 4294967296.0;
}
WG_KERNEL(square_noisy, const T *x = c->in[0]; T *y = c->out;
          for (int64_t i = begin; i < end; i++) y[i] = (T)((double)x[i] * (double)x[i] * scattered((double)x[i]));)

/* Gives what the call before computed, in this thread. */
static _Thread_local double last_result[8];
WG_KERNEL(
    square_stale, const T *x = c->in[0]; T *y = c->out; for (int64_t i = begin; i < end; i++) {
        double now = (double)(x[i] * x[i]);
        y[i] = (T)last_result[(c->first + i) % 8];
        last_result[(c->first + i) % 8] = now;
    })

#define KERNEL(name_, kernel)                                                                                          \
    static const wg_op name_ = { WG_OP,                                                                                \
                                 .name = #name_,                                                                       \
                                 .arity = 1,                                                                           \
                                 .flags = WG_ELEMENTWISE,                                                              \
                                 .forward = WG_BOTH(kernel),                                                           \
                                 .backward = square_right,                                                             \
                                 WG_SAMPLES(line) }
KERNEL(wrong_in_f32, square_narrow_off);
KERNEL(wrong_infinite, square_infinite);
KERNEL(wrong_overwriting, square_overwriting);
KERNEL(wrong_rounded_value, square_rounding);
KERNEL(wrong_noisy, square_noisy);
KERNEL(wrong_stale, square_stale);

/* Writes one element more than it has. */
WG_KERNEL(square_beyond, const T *x = c->in[0]; T *y = c->out; y[end] = 0;
          for (int64_t i = begin; i < end; i++) y[i] = x[i] * x[i];)
static const wg_op wrong_beyond = {
    WG_OP,
    .name = "wrong_beyond",
    .arity = 1,
    .forward = WG_BOTH(square_beyond),
    .backward = square_right,
    WG_SAMPLES(line),
};

/* The first element of all shares of the work but the first is off. */
WG_KERNEL(
    square_split_off, const T *x = c->in[0]; T *y = c->out; for (int64_t i = begin; i < end; i++) {
        T off = i == begin && c->first + i > 0 ? (T)1.0001 : 1;
        y[i] = x[i] * x[i] * off;
    })
KERNEL(wrong_when_split, square_split_off);

static wg_node *square_off_in_f32(const wg_adjoint *a, int slot)
{
    wg_node *g = square_right(a, slot);
    return wg_node_dtype(g) == WG_F32 ? wg_scale(g, 1.001) : g;
}
SQUARE(wrong_gradient_in_f32, square_off_in_f32);

/* ---- |x|, whose gradient at 0 is 1: that of the right side ---- */

WG_KERNEL(magnitude, const T *x = c->in[0]; T *y = c->out;
          for (int64_t i = begin; i < end; i++) y[i] = x[i] < 0 ? -x[i] : x[i];)
static wg_node *signed_from(const wg_adjoint *a, double kink)
{
    return wg_where(wg_ge(wg_shift(a->in[0], -kink), wg_zeros_like(a->in[0])), a->cotangent, wg_neg(a->cotangent));
}
static wg_node *magnitude_right(const wg_adjoint *a, int slot) { return (void)slot, signed_from(a, 0); }
static wg_node *magnitude_displaced(const wg_adjoint *a, int slot) { return (void)slot, signed_from(a, -1e-4); }
static wg_node *magnitude_steeper(const wg_adjoint *a, int slot)
{
    (void)slot; /* at 0: twice the cotangent, which is no side's derivative */
    wg_node *right = signed_from(a, 0);
    return wg_where(wg_eq(a->in[0], wg_zeros_like(a->in[0])), wg_scale(right, 2), right);
}
static double magnitude_kink(const void *attrs, const double *x) { return (void)attrs, fabs(x[0]); }

#define MAGNITUDE(name_, adjoint, side)                                                                                \
    static const wg_op name_ = { WG_OP,                                                                                \
                                 .name = #name_,                                                                       \
                                 .arity = 1,                                                                           \
                                 .flags = WG_ELEMENTWISE,                                                              \
                                 .forward = WG_BOTH(magnitude),                                                        \
                                 .backward = (adjoint),                                                                \
                                 .kink = magnitude_kink,                                                               \
                                 .at_kink = (side),                                                                    \
                                 WG_SAMPLES(line) }
MAGNITUDE(right_kink, magnitude_right, WG_KINK_RIGHT);
MAGNITUDE(wrong_kink_side, magnitude_right, WG_KINK_LEFT);
MAGNITUDE(wrong_at_kink, magnitude_steeper, WG_KINK_BETWEEN);
MAGNITUDE(wrong_kink_place, magnitude_displaced, WG_KINK_BETWEEN);

/* ---- others ---- */

/* y = x^2 + x. */
WG_KERNEL(two_terms, const T *x = c->in[0]; T *y = c->out;
          for (int64_t i = begin; i < end; i++) y[i] = x[i] * x[i] + x[i];)
static const wg_op wrong_term_missing = {
    WG_OP,
    .name = "wrong_term_missing",
    .arity = 1,
    .flags = WG_ELEMENTWISE,
    .forward = WG_BOTH(two_terms),
    .backward = square_right,
    WG_SAMPLES(line),
};

WG_KERNEL(product, const T *x = c->in[0]; const T *y = c->in[1]; T *z = c->out;
          for (int64_t i = begin; i < end; i++) z[i] = x[i] * y[i];)
static wg_node *product_right(const wg_adjoint *a, int slot) { return wg_mul(a->cotangent, a->in[1 - slot]); }
static wg_node *product_second_forgotten(const wg_adjoint *a, int slot)
{
    return slot ? wg_no_gradient(a) : product_right(a, slot);
}
static const wg_op right_product = {
    WG_OP,
    .name = "right_product",
    .arity = 2,
    .flags = WG_ELEMENTWISE,
    .forward = WG_BOTH(product),
    .backward = product_right,
    WG_SAMPLES(pair),
};
static const wg_op wrong_second_operand = {
    WG_OP,
    .name = "wrong_second_operand",
    .arity = 2,
    .flags = WG_ELEMENTWISE,
    .forward = WG_BOTH(product),
    .backward = product_second_forgotten,
    WG_SAMPLES(pair),
};

/* y = x back to front: a cotangent of ones sees no difference. */
WG_KERNEL(backwards, const T *x = c->in[0]; T *y = c->out; int64_t n = wg_shape_count(c->out_shape);
          for (int64_t i = begin; i < end; i++) y[i] = x[n - 1 - i];)
static wg_node *not_reversed(const wg_adjoint *a, int slot) { return (void)slot, a->cotangent; }
static const wg_op wrong_order = {
    WG_OP, .name = "wrong_order", .arity = 1, .forward = WG_BOTH(backwards), .backward = not_reversed, WG_SAMPLES(line),
};

/* e^sin 4x: differences of it have an error, which must be estimated. */
WG_KERNEL(wave, const T *x = c->in[0]; T *y = c->out;
          for (int64_t i = begin; i < end; i++) y[i] = (T)exp(sin(4 * (double)x[i]));)
static wg_node *wave_right(const wg_adjoint *a, int slot)
{
    (void)slot;
    wg_node *x = wg_scale(a->in[0], 4);
    return wg_mul(a->cotangent, wg_mul(wg_exp(wg_sin(x)), wg_scale(wg_cos(x), 4)));
}
static const wg_op right_wave = {
    WG_OP,
    .name = "right_wave",
    .arity = 1,
    .flags = WG_ELEMENTWISE,
    .forward = WG_BOTH(wave),
    .backward = wave_right,
    WG_SAMPLES(line),
};

/* x, by way of numbers that are large: the noise of the differences is not that of their rounding, and must be measured. */
WG_KERNEL(cancelling, const T *x = c->in[0]; T *y = c->out;
          for (int64_t i = begin; i < end; i++) y[i] = (T)((((double)x[i] / 3 + 4096) - 4096) * 3);)
static const wg_op right_cancelling = {
    WG_OP,
    .name = "right_cancelling",
    .arity = 1,
    .flags = WG_ELEMENTWISE,
    .forward = WG_BOTH(cancelling),
    .backward = not_reversed,
    WG_SAMPLES(line),
};

const wg__sentinel wg__sentinels[] = {
    { &wrong_sign, "gradient", 0 },
    { &wrong_factor, "gradient", 0 },
    { &wrong_a_little, "gradient", 0 },
    { &wrong_zero, "gradient", 0 },
    { &wrong_not_a_number, "gradient", 0 },
    { &wrong_element, "gradient", 0 },
    { &wrong_term_missing, "gradient", 0 },
    { &wrong_rounded_gradient, "gradient", 0 },
    { &wrong_second_operand, "gradient", 1 },
    { &wrong_in_one_sample, "gradient", 0 },
    { &wrong_order, "gradient", 0 },
    { &wrong_gradient_shape, "gradient", -1 },
    { &wrong_declaration, "gradient", -1 },
    { &wrong_second_order, "second order", 0 },
    { &wrong_without_cotangent, "linearity", -1 },
    { &wrong_not_linear, "linearity", -1 },
    { &wrong_offset, "zero cotangent", -1 },
    { &wrong_in_f32, "f32", -1 },
    { &wrong_infinite, "value", -1 },
    { &wrong_gradient_in_f32, "f32", -1 },
    { &wrong_kink_side, "kink", -1 },
    { &wrong_at_kink, "kink", -1 },
    { &wrong_kink_place, "gradient", 0 },
    { &wrong_beyond, "bounds", -1 },
    { &wrong_when_split, "parts", -1 },
    { &wrong_overwriting, "operands", -1 },
    { &wrong_rounded_value, "precision", -1 },
    { &wrong_stale, "steady", -1 },
    { &wrong_decomposition, "decompose", -1 },
    { &wrong_noisy, "samples", -1 },
    { &wrong_without_samples, "samples", -1 },
    { &right_square, NULL, -1 },
    { &right_product, NULL, -1 },
    { &right_wave, NULL, -1 },
    { &right_cancelling, NULL, -1 },
    { &right_kink, NULL, -1 },
    { NULL, NULL, 0 },
};
