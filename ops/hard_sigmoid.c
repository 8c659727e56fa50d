/* hard_sigmoid, hard_swish: sigmoid and silu in straight lines and a parabola. At the kinks -3 and 3 the gradients are
 * those of the outer lines, as in PyTorch: 0 and 0 of hard_sigmoid, 0 and 1 of hard_swish. */
#include <math.h>

#include "ops/elementwise.h"

WG_UNARY_KERNELS(hard_sigmoid, x <= -3 ? 0 : x >= 3 ? 1 : (x + 3) / 6)
WG_UNARY_KERNELS(hard_swish, x <= -3 ? 0 : x >= 3 ? x : x * (x + 3) / 6)

#ifdef WG_BASELINE

static wg_node *hard_sigmoid_backward(const wg_adjoint *a, int slot)
{
    return wg__window(wg_scale(a->cotangent, 1.0 / 6), a->in[slot], -3, 3, false);
}

/* 0, x / 3 + 1 / 2, 1. */
static wg_node *hard_swish_backward(const wg_adjoint *a, int slot)
{
    wg_node *x = a->in[slot], *slope = wg_shift(wg_scale(x, 1.0 / 3), 0.5);
    return wg_add(wg__window(wg_mul(a->cotangent, slope), x, -3, 3, false),
                  wg__window(a->cotangent, x, 3, INFINITY, true));
}

static double kink(const void *attrs, const double *x)
{
    (void)attrs;
    return fabs(fabs(x[0]) - 3);
}

static const wg_sample samples[] = {
    { .in = { WG_VALUES(-5, 5, 7) } },
    { .in = { WG_VALUES(-2, 2, 2, 1, 3) } },
};

WG_UNARY(hard_sigmoid, "min(max(x + 3, 0), 6) / 6", .kink = kink, WG_SAMPLES(samples))
WG_UNARY(hard_swish, "x min(max(x + 3, 0), 6) / 6", .kink = kink, WG_SAMPLES(samples))

#endif
