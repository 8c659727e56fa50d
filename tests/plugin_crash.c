/* A plugin for tests/command.sh: one kernel reads parameters that no `lower` has left for it, another aborts where axis 0 is short. */
#include <stdlib.h>

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

WG_KERNEL(aborting_forward,
    const T *x = c->in[0]; T *y = c->out;
    if (c->out_shape.rank == 2 && c->out_shape.dim[0] == 1)
        abort();
    for (int64_t i = begin; i < end; i++)
        y[i] = x[i];
)

static wg_node *aborting_backward(const wg_adjoint *a, int slot) { return (void)slot, a->cotangent; }

static const wg_op aborting = {
    WG_OP, .name = "aborting", .doc = "x", .arity = 1, .forward = WG_BOTH(aborting_forward),
    .backward = aborting_backward, WG_SAMPLES(samples),
};

WG_API wg_status wg_plugin(wg_registry *);
wg_status wg_plugin(wg_registry *r)
{
    wg_status status = wg_register(r, &crashing);
    return status ? status : wg_register(r, &aborting);
}
