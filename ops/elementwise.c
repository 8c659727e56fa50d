/* Type rules, samples and kinks that several elementwise operators share. */
#include <math.h>

#include "ops/elementwise.h"
#include "tensor/shape.h"

wg_status wg__infer_types(wg_infer *t, bool integers)
{
    for (int s = 0; s < t->n_in; s++) {
        wg_dtype type = t->in_type[s];
        if (!wg__is_float(type) && !(integers && (type == WG_I32 || type == WG_I64)))
            return wg_infer_fail(t, WG_ERR_DTYPE, "takes %s, got %s", integers ? "f32, f64, i32 or i64" : "f32 or f64",
                                 wg_dtype_name(type));
    }
    for (int s = 1; s < t->n_in; s++)
        if (t->in_type[s] != t->in_type[0])
            return wg_infer_fail(t, WG_ERR_DTYPE, "operands are %s and %s: one of them needs a cast",
                                 wg_dtype_name(t->in_type[0]), wg_dtype_name(t->in_type[s]));
    return WG_OK;
}

wg_status wg__infer_floats(wg_infer *t)
{
    wg_status status = wg__infer_types(t, false);
    return status ? status : wg_infer_broadcast(t, &t->out[0]);
}

wg_status wg__infer_numbers(wg_infer *t)
{
    wg_status status = wg__infer_types(t, true);
    return status ? status : wg_infer_broadcast(t, &t->out[0]);
}

const wg_sample wg__samples_line[3] = {
    { .in = { WG_VALUES(-3, 3, 7) } },
    { .in = { WG_VALUES(-1, 1, 2, 3) } },
    { .in = { WG_VALUES(-2, 2, 2, 1, 4) } },
};

const wg_sample wg__samples_positive[3] = {
    { .in = { WG_VALUES(0.1, 3, 7) } },
    { .in = { WG_VALUES(0.5, 20, 2, 3) } },
    { .in = { WG_VALUES(0.2, 2, 2, 1, 4) } },
};

const wg_sample wg__samples_pair[4] = {
    { .in = { WG_VALUES(-2, 2, 3, 4), WG_VALUES(-2, 2, 3, 4) } },
    { .in = { WG_VALUES(-2, 2, 2, 1, 4), WG_VALUES(-3, 3, 3, 1) } },
    { .in = { WG_VALUES(-1, 1, 5), { .lo = -2, .hi = 2 } } },
    { .in = { WG_VALUES(-1, 1, 1), WG_VALUES(-2, 2, 2, 3) } },
};

double wg__kink_at_zero(const void *attrs, const double *x)
{
    (void)attrs;
    return fabs(x[0]);
}

double wg__kink_at_second_zero(const void *attrs, const double *x)
{
    (void)attrs;
    return fabs(x[1]);
}
