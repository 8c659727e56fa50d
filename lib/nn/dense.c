/* The fully connected layer: y = x w + b. */
#include <wengert/nn.h>

wg_dense wg_dense_new(wg_graph *g, const char *name, wg_dtype dtype, int64_t in, int64_t out, wg_init init)
{
    wg_scope_push(g, "%s", name ? name : ""); /* "" is no name, and told */
    wg_dense layer = {
        .w = wg_param(g, "w", dtype, WG_SHAPE(in, out), init),
        .b = wg_param(g, "b", dtype, WG_SHAPE(out), wg_init_zeros()),
    };
    wg_scope_pop(g);
    return layer;
}

wg_node *wg_dense_apply(wg_dense layer, wg_node *x)
{
    return wg_add(wg_matmul(x, layer.w), layer.b); /* (.., in) (in, out) + (out) */
}
