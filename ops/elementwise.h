/* What elementwise operators share: loops, type rules, samples.
 *
 *     WG_KERNEL(exp_forward, WG_EACH1(wg_k_exp(x)))
 *
 * makes exp_forward_f32 and exp_forward_f64, out[i] = exp(x) for each element x = in[0][i] of a block.
 */
#ifndef WG_OPS_ELEMENTWISE_H
#define WG_OPS_ELEMENTWISE_H

#include "ops/builtin.h"
#include "ops/op.h"

/* out[i] = an expression of x (and y, z), the elements of the operands, all of type T. */
#define WG_EACH1(...)                                                                                                  \
    const T *at_x = c->in[0];                                                                                          \
    T *out = c->out;                                                                                                   \
    WG_SIMD for (int64_t i = begin; i < end; i++)                                                                      \
    {                                                                                                                  \
        const T x = at_x[i];                                                                                           \
        out[i] = (__VA_ARGS__);                                                                                        \
    }
#define WG_EACH2(...)                                                                                                  \
    const T *at_x = c->in[0], *at_y = c->in[1];                                                                        \
    T *out = c->out;                                                                                                   \
    WG_SIMD for (int64_t i = begin; i < end; i++)                                                                      \
    {                                                                                                                  \
        const T x = at_x[i], y = at_y[i];                                                                              \
        out[i] = (__VA_ARGS__);                                                                                        \
    }
#define WG_EACH3(...)                                                                                                  \
    const T *at_x = c->in[0], *at_y = c->in[1], *at_z = c->in[2];                                                      \
    T *out = c->out;                                                                                                   \
    WG_SIMD for (int64_t i = begin; i < end; i++)                                                                      \
    {                                                                                                                  \
        const T x = at_x[i], y = at_y[i], z = at_z[i];                                                                 \
        out[i] = (__VA_ARGS__);                                                                                        \
    }

/* One kernel for elements of the C type `type`. */
#define WG_KERNEL_OF(name, type, ...)                                                                                  \
    static wg_status name(const wg_call *c, int64_t begin, int64_t end)                                                \
    {                                                                                                                  \
        typedef type T;                                                                                                \
        __VA_ARGS__ return WG_OK;                                                                                      \
    }

/* name_i32 and name_i64; arithmetic goes through the unsigned type U, so that it wraps instead of being undefined. */
#define WG_KERNEL_INT(name, ...)                                                                                       \
    WG_KERNEL_OF(name##_i32, int32_t, typedef uint32_t U; __VA_ARGS__)                                                 \
    WG_KERNEL_OF(name##_i64, int64_t, typedef uint64_t U; __VA_ARGS__)

/* Kernel tables: floats and integers; every type. */
#define WG_NUMBERS(name)                                                                                               \
    {                                                                                                                  \
        .f32 = name##_f32, .f64 = name##_f64, .i32 = name##_i32, .i64 = name##_i64                                     \
    }
#define WG_EVERY(name)                                                                                                 \
    {                                                                                                                  \
        .f32 = name##_f32, .f64 = name##_f64, .i32 = name##_i32, .i64 = name##_i64, .u8 = name##_u8,                   \
        .boolean = name##_bool                                                                                         \
    }
/* The same kernel for every type. */
#define WG_ANY_TYPE(name)                                                                                              \
    {                                                                                                                  \
        .f32 = name, .f64 = name, .i32 = name, .i64 = name, .u8 = name, .boolean = name                                \
    }

/* A unary operator of floats in three lines: its kernels, the derivative that its adjoint multiplies by, and its
 * descriptor with its builder (for the baseline alone).
 *
 *     WG_UNARY_KERNELS(tan, wg_k_tan(x))
 *     WG_DERIVATIVE(tan, wg_shift(wg_square(y), 1))
 *     WG_UNARY(tan, "tan x", .kink = tan_kink, WG_SAMPLES(tan_samples))
 *
 * The derivative is a node made of the operand x and the result y. */
#define WG_UNARY_KERNELS(op, ...)                                                                                      \
    WG_KERNEL(op##_forward, WG_EACH1(__VA_ARGS__))                                                                     \
    WG_KERNELS(op, .forward = WG_BOTH(op##_forward));
#define WG_DERIVATIVE(op, ...)                                                                                         \
    static wg_node *op##_backward(const wg_adjoint *a, int slot)                                                       \
    {                                                                                                                  \
        wg_node *x = a->in[0], *y = a->output;                                                                         \
        (void)slot, (void)x, (void)y;                                                                                  \
        return wg_mul(a->cotangent, (__VA_ARGS__));                                                                    \
    }
#define WG_UNARY(op, text, ...)                                                                                        \
    const wg_op wg_op_##op = { WG_OP,                                                                                  \
                               .name = #op,                                                                            \
                               .doc = text,                                                                            \
                               .arity = 1,                                                                             \
                               .flags = WG_ELEMENTWISE,                                                                \
                               .infer = wg__infer_floats,                                                              \
                               .forward = WG_BOTH(op##_forward),                                                       \
                               .backward = op##_backward,                                                              \
                               __VA_ARGS__ };                                                                          \
    wg_node *wg_##op(wg_node *x)                                                                                       \
    {                                                                                                                  \
        return wg_apply(&wg_op_##op, WG_NODES(x), NULL);                                                               \
    }

/* Type rules: operands of one type, floats only, or floats and integers. */
wg_status wg__infer_types(wg_infer *, bool integers);
/* The same, and the result has the operands' broadcast shape. */
wg_status wg__infer_floats(wg_infer *);
wg_status wg__infer_numbers(wg_infer *);

/* Unary: a stretch of the real line, and of its positive part. */
extern const wg_sample wg__samples_line[3], wg__samples_positive[3];
/* Binary: equal shapes, broadcast in several positions. */
extern const wg_sample wg__samples_pair[4];

/* Distance to the kink of operators that have one where operand 0 (or 1) is zero. */
double wg__kink_at_zero(const void *attrs, const double *x);
double wg__kink_at_second_zero(const void *attrs, const double *x);

#endif
