/* The transformer's block, normalised before each part (Xiong et al. 2020, "On layer normalization in the transformer
 * architecture"): x + attention(norm x), then x + mlp(norm x). */
#include "base/options.h"
#include "graph/graph.h"
#include <wengert/nn.h>

static wg_norm_params norm_new(wg_graph *g, const char *name, wg_dtype dtype, int64_t width)
{
    wg_scope_push(g, "%s", name);
    wg_norm_params n = {
        .gamma = wg_param(g, "gamma", dtype, WG_SHAPE(width), wg_init_constant(1)),
        .beta = wg_param(g, "beta", dtype, WG_SHAPE(width), wg_init_zeros()),
    };
    wg_scope_pop(g);
    return n;
}

static wg_node *norm_apply(wg_norm_params n, wg_node *x)
{
    return wg_layer_norm(x, n.gamma, n.beta, WG_AXES(-1), 1e-5);
}

wg_transformer_block wg_transformer_block_new(wg_graph *g, const char *name, wg_dtype dtype, int64_t width,
                                              int64_t heads, wg_init init)
{
    wg_scope_push(g, "%s", name ? name : "");
    wg_transformer_block b = {
        .before_attention = norm_new(g, "norm1", dtype, width),
        .attention = wg_attention_new(g, "attention", dtype, width, heads, init),
        .before_mlp = norm_new(g, "norm2", dtype, width),
        .up = wg_dense_new(g, "up", dtype, width, 4 * width, init),
        .down = wg_dense_new(g, "down", dtype, 4 * width, width, init),
    };
    wg_scope_pop(g);
    return b;
}

wg_node *wg_transformer_block_apply(const wg_transformer_block *b, wg_node *x, wg_node *mask,
                                    const wg_attention_opts *opts)
{
    wg_attention_opts o;
    if (!b) {
        wg__fail_null("wg_transformer_block_apply", "block");
        return wg__graph_fail_again(wg_node_graph(x));
    }
    if (!wg__options(&o, sizeof o, opts, "wg_attention_opts"))
        return wg__graph_fail_again(wg_node_graph(x));
    x = wg_add(x, wg_attention_apply(b->attention, norm_apply(b->before_attention, x), NULL, mask, &o));
    wg_node *y = wg_dense_apply(b->down, wg_gelu(wg_dense_apply(b->up, norm_apply(b->before_mlp, x))));
    return wg_add(x, o.dropout > 0 ? wg_dropout(y, o.dropout) : y);
}
