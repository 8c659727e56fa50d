/* A plugin for tests/command.sh: x^3 with its right gradient, and with one that is wrong by a part in a million. */
#include <wengert.h>

WG_KERNEL(cube_forward,
    const T *x = c->in[0]; T *y = c->out;
    for (int64_t i = begin; i < end; i++)
        y[i] = x[i] * x[i] * x[i];
)

static wg_node *right(const wg_adjoint *a, int slot)
{
    (void)slot;
    return wg_mul(a->cotangent, wg_scale(wg_square(a->in[0]), 3));
}

static wg_node *wrong(const wg_adjoint *a, int slot)
{
    return wg_scale(right(a, slot), 1 + 1e-6);
}

static const wg_sample samples[] = { { .in = { WG_VALUES(-2, 2, 3, 4) } } };

static const wg_op cube = {
    WG_OP, .name = "cube", .doc = "x^3", .arity = 1, .flags = WG_ELEMENTWISE, .forward = WG_BOTH(cube_forward),
    .backward = right, WG_SAMPLES(samples),
};

static const wg_op cube_wrong = {
    WG_OP, .name = "cube_wrong", .doc = "x^3, with a wrong gradient", .arity = 1, .flags = WG_ELEMENTWISE,
    .forward = WG_BOTH(cube_forward), .backward = wrong, WG_SAMPLES(samples),
};

WG_API wg_status wg_plugin(wg_registry *);
wg_status wg_plugin(wg_registry *r)
{
    wg_status status = wg_register(r, &cube);
    return status ? status : wg_register(r, &cube_wrong);
}
