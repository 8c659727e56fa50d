/* A plugin for tests/command.sh: its kernel reads parameters that no `lower` has left for it. */
#include <wengert.h>

WG_KERNEL(crashing_forward,
    const T *x = c->in[0], *factor = c->params; T *y = c->out;
    for (int64_t i = begin; i < end; i++)
        y[i] = x[i] * *factor;
)

static const wg_sample samples[] = { { .in = { WG_VALUES(-2, 2, 3, 4) } } };

static const wg_op crashing = {
    WG_OP, .name = "crashing", .doc = "x times what is not there", .arity = 1, .flags = WG_ELEMENTWISE | WG_NO_GRADIENT,
    .forward = WG_BOTH(crashing_forward), WG_SAMPLES(samples),
};

WG_API wg_status wg_plugin(wg_registry *);
wg_status wg_plugin(wg_registry *r) { return wg_register(r, &crashing); }
