/* flip, roll: the elements of an axis in reverse, or moved on round its ends. */
#include "ops/remap.h"

WG_KERNELS(flip, .forward = WG_ANY_TYPE(wg__remap_forward));
WG_KERNELS(roll, .forward = WG_ANY_TYPE(wg__remap_forward));

#ifdef WG_BASELINE

typedef struct roll {
    wg_list shifts;
    wg_axes axes;
} roll;

static const wg_attr flip_attrs[] = { { "axes", WG_ATTR_AXES, 0, "null", NULL }, { 0 } };
static const wg_attr roll_attrs[] = {
    { "shifts", WG_ATTR_LIST, offsetof(roll, shifts), NULL, NULL },
    { "axes", WG_ATTR_AXES, offsetof(roll, axes), NULL, NULL },
    { 0 },
};

static wg_status flip_infer(wg_infer *t)
{
    bool on[WG_MAX_RANK];
    t->out[0] = t->in[0];
    return wg_infer_axes(t, *(const wg_axes *)t->attrs, t->in[0].rank, on);
}

static wg_status roll_infer(wg_infer *t)
{
    const roll *at = t->attrs;
    bool on[WG_MAX_RANK];
    if (at->axes.n < 0 || at->shifts.n != at->axes.n)
        return wg_infer_fail(t, WG_ERR_ARG, "needs a shift for each of its axes: got %d for %d",
                             at->shifts.n < 0 ? 0 : at->shifts.n, at->axes.n < 0 ? 0 : at->axes.n);
    for (int i = 0; i < at->shifts.n; i++)
        if (at->shifts.at[i] == WG_ABSENT)
            return wg_infer_fail(t, WG_ERR_ARG, "shift %d is left open", i);
    t->out[0] = t->in[0];
    return wg_infer_axes(t, at->axes, t->in[0].rank, on);
}

static void flip_maps(const void *attributes, const wg_shape *x, const wg_shape *y, wg__map map[WG_MAX_RANK])
{
    const wg_axes *axes = attributes;
    for (int i = 0; i < y->rank; i++)
        map[i] = (wg__map){ WG__MAP_LINE, 0, 1 };
    for (int k = 0; k < (axes->n < 0 ? y->rank : axes->n); k++) {
        int axis = axes->n < 0 ? k : wg_axis_of(axes->at[k], y->rank);
        map[axis] = (wg__map){ WG__MAP_LINE, x->dim[axis] - 1, -1 };
    }
}

static void roll_maps(const void *attributes, const wg_shape *x, const wg_shape *y, wg__map map[WG_MAX_RANK])
{
    const roll *at = attributes;
    for (int i = 0; i < y->rank; i++)
        map[i] = (wg__map){ WG__MAP_LINE, 0, 1 };
    for (int k = 0; k < at->axes.n; k++) {
        int axis = wg_axis_of(at->axes.at[k], y->rank);
        int64_t size = x->dim[axis];
        map[axis] = (wg__map){ WG__MAP_CYCLE, size ? at->shifts.at[k] % size : 0, 1 };
    }
}

static wg_status flip_lower(wg_lowering *l)
{
    return wg__remap_lower(l, flip_maps, 0);
}

static wg_status roll_lower(wg_lowering *l)
{
    return wg__remap_lower(l, roll_maps, 0);
}

static wg_node *flip_backward(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_flip(a->cotangent, *(const wg_axes *)a->attrs);
}

static wg_node *roll_backward(const wg_adjoint *a, int slot)
{
    roll back = *(const roll *)a->attrs;
    (void)slot;
    for (int k = 0; k < back.shifts.n; k++)
        back.shifts.at[k] = -back.shifts.at[k];
    return wg_roll(a->cotangent, back.shifts, back.axes);
}

static const wg_axes first_and_last = { { 0, -1 }, 2 }, middle = { { 1 }, 1 };
static const roll onward = { { { 2 }, 1 }, { { 0 }, 1 } }, both = { { { -1, 7 }, 2 }, { { -1, 0 }, 2 } };
static const wg_sample flip_samples[] = {
    { .in = { WG_VALUES(-2, 2, 2, 3, 4) }, .attrs = &first_and_last },
    { .in = { WG_VALUES(-2, 2, 2, 3, 4) }, .attrs = &middle },
    { .in = { WG_VALUES(-2, 2, 5) } },
    { .in = { { .lo = -2, .hi = 2 } } },
};
static const wg_sample roll_samples[] = {
    { .in = { WG_VALUES(-2, 2, 5, 2) }, .attrs = &onward },
    { .in = { WG_VALUES(-2, 2, 3, 2, 4) }, .attrs = &both },
    { .in = { WG_VALUES(-2, 2, 1, 3) }, .attrs = &both },
};

const wg_op wg_op_flip = {
    WG_OP, .name = "flip", .doc = "the elements along the axes in reverse", .arity = 1, .attrs = flip_attrs,
    .attrs_size = sizeof(wg_axes), .infer = flip_infer, .forward = WG_ANY_TYPE(wg__remap_forward), .lower = flip_lower,
    .backward = flip_backward, WG_SAMPLES(flip_samples),
};

const wg_op wg_op_roll = {
    WG_OP, .name = "roll", .doc = "element i along each axis moves to i + shift; what passes one end enters at the other",
    .arity = 1, .attrs = roll_attrs, .attrs_size = sizeof(roll), .infer = roll_infer,
    .forward = WG_ANY_TYPE(wg__remap_forward), .lower = roll_lower, .backward = roll_backward, WG_SAMPLES(roll_samples),
};

wg_node *wg_flip(wg_node *x, wg_axes axes)
{
    return wg_apply(&wg_op_flip, WG_NODES(x), &axes);
}

wg_node *wg_roll(wg_node *x, wg_list shifts, wg_axes axes)
{
    return wg_apply(&wg_op_roll, WG_NODES(x), &(roll){ shifts, axes });
}

#endif
