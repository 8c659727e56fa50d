/* Normalisation layers: scale and offset, and what batch_norm remembers. */
#include "ops/builtin.h"
#include <wengert/nn.h>

/* A layer's own scope: NAME/gamma and so on. */
static void enter(wg_graph *g, const char *name)
{
    wg_scope_push(g, "%s", name ? name : ""); /* "" is no name, and told */
}

wg_layernorm wg_layernorm_new(wg_graph *g, const char *name, wg_dtype dtype, wg_shape shape)
{
    enter(g, name);
    wg_layernorm layer = { wg_param(g, "gamma", dtype, shape, wg_init_constant(1)),
                           wg_param(g, "beta", dtype, shape, wg_init_zeros()), 1e-5 };
    wg_scope_pop(g);
    return layer;
}

/* As many of the last axes as the parameters have. */
static wg_axes last_axes(const wg_node *parameter)
{
    wg_axes axes = { .n = wg_node_shape(parameter).rank };
    for (int i = 0; i < axes.n; i++)
        axes.at[i] = i - axes.n;
    return axes;
}

wg_node *wg_layernorm_apply(wg_layernorm layer, wg_node *x)
{
    return wg_layer_norm(x, layer.gamma, layer.beta, last_axes(layer.gamma), layer.eps);
}

wg_rmsnorm wg_rmsnorm_new(wg_graph *g, const char *name, wg_dtype dtype, wg_shape shape)
{
    enter(g, name);
    wg_rmsnorm layer = { wg_param(g, "gamma", dtype, shape, wg_init_constant(1)), 1e-6 };
    wg_scope_pop(g);
    return layer;
}

wg_node *wg_rmsnorm_apply(wg_rmsnorm layer, wg_node *x)
{
    return wg_rms_norm(x, layer.gamma, last_axes(layer.gamma), layer.eps);
}

wg_groupnorm wg_groupnorm_new(wg_graph *g, const char *name, wg_dtype dtype, int64_t channels, int64_t groups)
{
    enter(g, name);
    wg_groupnorm layer = { wg_param(g, "gamma", dtype, WG_SHAPE(channels), wg_init_constant(1)),
                           wg_param(g, "beta", dtype, WG_SHAPE(channels), wg_init_zeros()), groups, 1e-5 };
    wg_scope_pop(g);
    return layer;
}

wg_node *wg_groupnorm_apply(wg_groupnorm layer, wg_node *x)
{
    return wg_group_norm(x, layer.gamma, layer.beta, layer.groups, layer.eps);
}

wg_instancenorm wg_instancenorm_new(wg_graph *g, const char *name, wg_dtype dtype, int64_t channels)
{
    enter(g, name);
    wg_instancenorm layer = { wg_param(g, "gamma", dtype, WG_SHAPE(channels), wg_init_constant(1)),
                              wg_param(g, "beta", dtype, WG_SHAPE(channels), wg_init_zeros()), 1e-5 };
    wg_scope_pop(g);
    return layer;
}

wg_node *wg_instancenorm_apply(wg_instancenorm layer, wg_node *x)
{
    return wg_instance_norm(x, layer.gamma, layer.beta, layer.eps);
}

wg_batchnorm wg_batchnorm_new(wg_graph *g, const char *name, wg_dtype dtype, int64_t channels)
{
    const wg_shape shape = WG_SHAPE(channels);
    enter(g, name);
    wg_batchnorm layer = {
        .gamma = wg_param(g, "gamma", dtype, shape, wg_init_constant(1)),
        .beta = wg_param(g, "beta", dtype, shape, wg_init_zeros()),
        .mean = wg_variable(g, "mean", dtype, shape, wg_init_zeros()),
        .var = wg_variable(g, "var", dtype, shape, wg_init_constant(1)),
        .momentum = 0.1,
        .eps = 1e-5,
    };
    wg_scope_pop(g);
    return layer;
}

/* Of one batch, by channel. The running variance follows the sample's, of divisor n - 1; a single element has none, and 0 is
 * taken. */
static wg_node *of_batch(const wg_batchnorm *layer, wg_node *x)
{
    wg_axes others = { { 0 }, 1 };
    for (int i = 2; i < wg_node_shape(x).rank; i++)
        others.at[others.n++] = i;
    wg_node *mean = wg_mean(x, others, false), *var = wg_var(x, others, false, 0), *n = wg__size(x, others);
    wg_node *fewer = wg_maximum(wg_shift(n, -1), wg_ones_like(n));
    mean = wg_track(mean, mean, layer->mean, layer->momentum);
    var = wg_track(var, wg_mul(var, wg_div(n, fewer)), layer->var, layer->momentum);
    return wg_batch_norm_by(x, layer->gamma, layer->beta, mean, var, layer->eps);
}

wg_node *wg_batchnorm_apply(wg_batchnorm layer, wg_node *x)
{
    return wg_by_mode(of_batch(&layer, x),
                      wg_batch_norm_by(x, layer.gamma, layer.beta, layer.mean, layer.var, layer.eps));
}
