/* Convolution layers, of as many spatial axes as the kernel has. */
#include "base/options.h"
#include "graph/graph.h"
#include <wengert/nn.h>

enum { WEIGHT_AXES = 2 }; /* before those of the kernel */

typedef struct parameters {
    wg_node *w, *b;
    wg_conv_opts opts;
} parameters;

/* NAME/w (first, second / groups, kernel ..) and NAME/b (out). */
static parameters make(wg_graph *g, const char *name, wg_dtype dtype, int64_t first, int64_t second, int64_t out,
                       wg_axes kernel, const wg_conv_opts *given, wg_init init)
{
    parameters none = { NULL, NULL, { 0 } }, p = none;
    if (!wg__options(&p.opts, sizeof p.opts, given, "wg_conv_opts")) {
        wg__graph_fail_again(g);
        return none;
    }
    p.opts.size = sizeof p.opts;
    const int64_t groups = p.opts.groups ? p.opts.groups : 1;
    if (g && !g->status && (kernel.n < 1 || kernel.n > 3 || groups < 1 || second % groups)) {
        wg__graph_fail(g, WG_ERR_ARG, "convolution layer %s: a kernel of %d axes and %lld groups do not fit %lld channels",
                       name ? name : "", kernel.n, (long long)groups, (long long)second);
        return none;
    }
    wg_shape shape = WG_SHAPE(first, second / (groups < 1 ? 1 : groups));
    for (int i = 0; i < kernel.n && i < WG_MAX_RANK - WEIGHT_AXES; i++)
        shape.dim[shape.rank++] = kernel.at[i];
    wg_scope_push(g, "%s", name ? name : ""); /* "" is no name, and told */
    p.w = wg_param(g, "w", dtype, shape, init);
    p.b = wg_param(g, "b", dtype, WG_SHAPE(out), wg_init_zeros());
    wg_scope_pop(g);
    return p;
}

wg_conv wg_conv_new(wg_graph *g, const char *name, wg_dtype dtype, int64_t in, int64_t out, wg_axes kernel,
                    const wg_conv_opts *opts, wg_init init)
{
    parameters p = make(g, name, dtype, out, in, out, kernel, opts, init);
    return (wg_conv){ p.w, p.b, p.opts };
}

wg_node *wg_conv_apply(wg_conv layer, wg_node *x)
{
    static wg_node *(*const by_axes[])(wg_node *, wg_node *, wg_node *, const wg_conv_opts *) = { wg_conv1d, wg_conv2d,
                                                                                                  wg_conv3d };
    const int axes = wg_node_shape(layer.w).rank - WEIGHT_AXES;
    return by_axes[axes < 1 || axes > 3 ? 0 : axes - 1](x, layer.w, layer.b, &layer.opts);
}

wg_conv_transpose wg_conv_transpose_new(wg_graph *g, const char *name, wg_dtype dtype, int64_t in, int64_t out,
                                        wg_axes kernel, wg_axes output_padding, const wg_conv_opts *opts, wg_init init)
{
    parameters p = make(g, name, dtype, in, out, out, kernel, opts, init);
    return (wg_conv_transpose){ p.w, p.b, output_padding, p.opts };
}

wg_node *wg_conv_transpose_apply(wg_conv_transpose layer, wg_node *x)
{
    static wg_node *(*const by_axes[])(wg_node *, wg_node *, wg_node *, wg_axes, const wg_conv_opts *) = {
        wg_conv_transpose1d, wg_conv_transpose2d, wg_conv_transpose3d
    };
    const int axes = wg_node_shape(layer.w).rank - WEIGHT_AXES;
    return by_axes[axes < 1 || axes > 3 ? 0 : axes - 1](x, layer.w, layer.b, layer.output_padding, &layer.opts);
}
