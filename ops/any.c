/* any, all: whether some, or every, element along axes is not zero. A NaN is not zero, as in NumPy. */
#include "ops/elementwise.h"
#include "ops/reduce.h"

#define OR(s, x) ((s) != 0 || (x) != 0)
#define AND(s, x) ((s) != 0 && (x) != 0)
#define IS_TRUE(s, n) ((s) != 0)
#define LOGICAL(name, START, FOLD)                                                                                     \
    WG_REDUCE(name, f32, float, double, uint8_t, START, FOLD, IS_TRUE)                                                 \
    WG_REDUCE(name, f64, double, double, uint8_t, START, FOLD, IS_TRUE)                                                \
    WG_REDUCE(name, i32, int32_t, int64_t, uint8_t, START, FOLD, IS_TRUE)                                              \
    WG_REDUCE(name, i64, int64_t, int64_t, uint8_t, START, FOLD, IS_TRUE)                                              \
    WG_REDUCE(name, u8, uint8_t, int64_t, uint8_t, START, FOLD, IS_TRUE)

LOGICAL(any, 0, OR)
LOGICAL(all, 1, AND)

WG_KERNELS(any, .forward = WG_EVERY_BY_U8(any_fold), .stage[0] = WG_EVERY_BY_U8(any_join));
WG_KERNELS(all, .forward = WG_EVERY_BY_U8(all_fold), .stage[0] = WG_EVERY_BY_U8(all_join));

#ifdef WG_BASELINE

static wg_status infer(wg_infer *t)
{
    t->out_type[0] = WG_BOOL;
    return wg__reduce_infer(t);
}

static const wg__reduce_attrs last = { { { -1 }, 1 }, false }, ends_kept = { { { 0, 2 }, 2 }, true };
static const wg_sample samples[] = {
    { .in = { { .shape = WG_DIMS(2, 3), .hi = 1, .dtype = WG_BOOL } } },
    { .in = { { .shape = WG_DIMS(4, 2), .hi = 1, .dtype = WG_BOOL } }, .attrs = &last },
    { .in = { { .shape = WG_DIMS(2, 3, 2), .lo = -1, .hi = 1, .dtype = WG_I32 } }, .attrs = &ends_kept },
    { .in = { WG_VALUES(-2, 2, 3, 4) }, .attrs = &last },
};

const wg_op wg_op_any = {
    WG_OP, .name = "any", .doc = "whether an element along the axes is not 0", .arity = 1, .flags = WG_NO_GRADIENT,
    .attrs = wg__reduce_attr_table, .attrs_size = sizeof(wg__reduce_attrs), .infer = infer,
    .forward = WG_EVERY_BY_U8(any_fold), .stage[0] = WG_EVERY_BY_U8(any_join), .lower = wg__reduce_lower, WG_SAMPLES(samples),
};

const wg_op wg_op_all = {
    WG_OP, .name = "all", .doc = "whether no element along the axes is 0", .arity = 1, .flags = WG_NO_GRADIENT,
    .attrs = wg__reduce_attr_table, .attrs_size = sizeof(wg__reduce_attrs), .infer = infer,
    .forward = WG_EVERY_BY_U8(all_fold), .stage[0] = WG_EVERY_BY_U8(all_join), .lower = wg__reduce_lower, WG_SAMPLES(samples),
};

wg_node *wg_any(wg_node *x, wg_axes axes, bool keepdims)
{
    return wg_apply(&wg_op_any, WG_NODES(x), &(wg__reduce_attrs){ axes, keepdims });
}

wg_node *wg_all(wg_node *x, wg_axes axes, bool keepdims)
{
    return wg_apply(&wg_op_all, WG_NODES(x), &(wg__reduce_attrs){ axes, keepdims });
}

#endif
