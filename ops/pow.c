/* pow: x^y, as in C. */
#include <math.h>

#include "ops/elementwise.h"

WG_KERNEL(pow_forward, WG_EACH2(wg_k_pow(x, y)))

WG_KERNELS(pow, .forward = WG_BOTH(pow_forward));

#ifdef WG_BASELINE

/* d/dx = y x^(y-1) and d/dy = x^y log x, with their limits 0 where y = 0 and where x = 0, for 0 * infinity is none. */
static wg_node *pow_backward(const wg_adjoint *a, int slot)
{
    wg_node *x = a->in[0], *y = a->in[1], *zero = wg_const(wg_node_graph(a->cotangent), 0);
    wg_node *d = slot == 0 ? wg_where(wg_eq(y, zero), zero, wg_mul(y, wg_pow(x, wg_shift(y, -1))))
                           : wg_where(wg_eq(x, zero), zero, wg_mul(a->output, wg_log(x)));
    return wg_mul(a->cotangent, d);
}

static const wg_sample samples[] = {
    { .in = { WG_VALUES(0.3, 3, 3, 4), WG_VALUES(-2, 3, 3, 4) } },
    { .in = { WG_VALUES(0.5, 2, 2, 1, 4), WG_VALUES(1, 4, 3, 1) } },
    { .in = { WG_VALUES(0.5, 2, 5), { .lo = 2, .hi = 3 } } },
};

const wg_op wg_op_pow = {
    WG_OP, .name = "pow", .doc = "x^y", .arity = 2, .flags = WG_ELEMENTWISE, .infer = wg__infer_floats,
    .forward = WG_BOTH(pow_forward), .backward = pow_backward, .kink = wg__kink_at_zero, WG_SAMPLES(samples),
};

wg_node *wg_pow(wg_node *x, wg_node *y)
{
    return wg_apply(&wg_op_pow, WG_NODES(x, y), NULL);
}

#endif
