/* Kinks, as against the singularities that descriptors declare with the same function. */
#include <math.h>

#include "tensor/shape.h"
#include "verify/mutation/mutant.h"

/* One element of the result at x. */
static bool value_at(const wg__mutated *m, const wg_adjoint *a, const double *x, double *y)
{
    const void *in[WG__SLOTS];
    wg_shape shape[WG__SLOTS];
    wg_dtype type[WG__SLOTS];
    for (int s = 0; s < a->n_in; s++) {
        in[s] = &x[s];
        shape[s] = WG_SHAPE(1);
        type[s] = WG_F64;
    }
    void *out = y;
    wg_call c = { .in = in,
                  .out = y,
                  .outs = &out,
                  .attrs = a->attrs,
                  .n_in = a->n_in,
                  .in_shape = shape,
                  .in_type = type,
                  .out_shape = WG_SHAPE(1),
                  .out_type = WG_F64 };
    return m->kernels.forward.f64(&c, 0, 1) == WG_OK && isfinite(*y);
}

static bool turns(const wg__mutated *m, const wg_adjoint *a, double *x, int at)
{
    const double step = 0x1p-20, middle = x[at];
    double below = NAN, here = NAN, above = NAN;
    bool finite = value_at(m, a, x, &here);
    x[at] = middle - step;
    finite = finite && value_at(m, a, x, &below);
    x[at] = middle + step;
    finite = finite && value_at(m, a, x, &above);
    x[at] = middle;
    double left = (here - below) / step, right = (above - here) / step;
    bool jumps = fabs(above - below) > 1e-3;
    return finite && (jumps || fabs(left - right) > 1e-3 * (fabs(left) + fabs(right)));
}

/* Kinks lie at 0 or 1, of either sign, or where two operands meet: asked of the descriptor, which knows. */
bool wg__mutant_has_kink(const wg__mutated *m, const wg_adjoint *a, int at)
{
    double x[WG__SLOTS] = { 0.71, 0.43, 0.57, 0.29, 0.83, 0.37 };
    bool kinked = m->of->kink && m->of->flags & WG_ELEMENTWISE && m->kernels.forward.f64 && a->n_in <= WG__SLOTS;
    for (int s = 0; kinked && s < a->n_in; s++)
        kinked = wg__is_float(wg_node_dtype(a->in[s]));
    const double candidates[] = { 0, 1, -1, x[0], x[1], x[2], x[3], x[4], x[5] };
    for (size_t i = 0; kinked && i < WG_COUNT(candidates); i++) {
        double was = x[at];
        x[at] = candidates[i];
        if (m->of->kink(a->attrs, x) == 0 && turns(m, a, x, at))
            return true;
        x[at] = was;
    }
    return false;
}
