/* eq, ne, lt, le, gt, ge: comparisons of any type, which give bool. */
#include "ops/elementwise.h"

#define COMPARE_TYPE(name, type, suffix, operator)                                                                     \
    WG_KERNEL_OF(name##_forward_##suffix, type, const T *x = c->in[0]; const T *y = c->in[1]; uint8_t *out = c->out;   \
                 WG_SIMD for (int64_t i = begin; i < end; i++) out[i] = x[i] operator y[i];)

#define COMPARE(name, operator)                                                                                        \
    COMPARE_TYPE(name, float, f32, operator)                                                                           \
    COMPARE_TYPE(name, double, f64, operator)                                                                          \
    COMPARE_TYPE(name, int32_t, i32, operator)                                                                         \
    COMPARE_TYPE(name, int64_t, i64, operator)                                                                         \
    COMPARE_TYPE(name, uint8_t, u8, operator)                                                                          \
    COMPARE_TYPE(name, uint8_t, bool, operator)                                                                        \
    WG_KERNELS(name, .forward = WG_EVERY(name##_forward))

COMPARE(eq, ==);
COMPARE(ne, !=);
COMPARE(lt, <);
COMPARE(le, <=);
COMPARE(gt, >);
COMPARE(ge, >=);

#ifdef WG_BASELINE

static wg_status infer(wg_infer *t)
{
    if (t->in_type[0] != t->in_type[1])
        return wg_infer_fail(t, WG_ERR_DTYPE, "operands are %s and %s: one of them needs a cast",
                             wg_dtype_name(t->in_type[0]), wg_dtype_name(t->in_type[1]));
    t->out_type[0] = WG_BOOL;
    return wg_infer_broadcast(t, &t->out[0]);
}

#define DESCRIPTOR(op, text, more_flags)                                                                               \
    const wg_op wg_op_##op = {                                                                                         \
        WG_OP, .name = #op, .doc = text, .arity = 2, .flags = WG_ELEMENTWISE | WG_NO_GRADIENT | (more_flags),          \
        .infer = infer, .forward = WG_EVERY(op##_forward), WG_SAMPLES(wg__samples_pair),                               \
    };                                                                                                                 \
    wg_node *wg_##op(wg_node *x, wg_node *y)                                                                           \
    {                                                                                                                  \
        return wg_apply(&wg_op_##op, WG_NODES(x, y), NULL);                                                            \
    }

DESCRIPTOR(eq, "x = y, as bool", WG_COMMUTES)
DESCRIPTOR(ne, "x != y, as bool", WG_COMMUTES)
DESCRIPTOR(lt, "x < y, as bool", 0)
DESCRIPTOR(le, "x <= y, as bool", 0)
DESCRIPTOR(gt, "x > y, as bool", 0)
DESCRIPTOR(ge, "x >= y, as bool", 0)

#endif
