/* floor, ceil, round: to whole numbers. Halves go to the even neighbour, as in PyTorch. Integers stay what they are. */
#include <math.h>
#include <string.h>

#include "ops/elementwise.h"

WG_KERNEL(floor_forward, WG_EACH1(wg_k_floor(x)))
WG_KERNEL(ceil_forward, WG_EACH1(wg_k_ceil(x)))
WG_KERNEL(round_forward, WG_EACH1(wg_k_rint(x)))
WG_KERNEL_INT(whole, WG_EACH1(x) (void)(U)0;)

#define TABLE(name)                                                                                                    \
    {                                                                                                                  \
        .f32 = name##_forward_f32, .f64 = name##_forward_f64, .i32 = whole_i32, .i64 = whole_i64                       \
    }
WG_KERNELS(floor, .forward = TABLE(floor));
WG_KERNELS(ceil, .forward = TABLE(ceil));
WG_KERNELS(round, .forward = TABLE(round));

#ifdef WG_BASELINE

static double whole_kink(const void *attrs, const double *x)
{
    (void)attrs;
    return fabs(x[0] - rint(x[0]));
}

static double half_kink(const void *attrs, const double *x)
{
    (void)attrs;
    return 0.5 - fabs(x[0] - rint(x[0]));
}

#define ROUNDING(op, text, its_kink)                                                                                   \
    const wg_op wg_op_##op = { WG_OP,                                                                                  \
                               .name = #op,                                                                            \
                               .doc = text,                                                                            \
                               .arity = 1,                                                                             \
                               .flags = WG_ELEMENTWISE | WG_NO_GRADIENT,                                               \
                               .infer = wg__infer_numbers,                                                             \
                               .forward = TABLE(op),                                                                   \
                               .kink = its_kink,                                                                       \
                               WG_SAMPLES(wg__samples_line) };                                                         \
    wg_node *wg_##op(wg_node *x)                                                                                       \
    {                                                                                                                  \
        return wg_apply(&wg_op_##op, WG_NODES(x), NULL);                                                               \
    }

ROUNDING(floor, "the greatest whole number that is not above x", whole_kink)
ROUNDING(ceil, "the least whole number that is not below x", whole_kink)
ROUNDING(round, "the nearest whole number, halves to the even one", half_kink)

#endif
