/* Attention with several heads (Vaswani et al. 2017, "Attention is all you need"). */
#include "base/options.h"
#include "graph/graph.h"
#include <wengert/nn.h>

static const wg_attention no_attention = { .heads = 0 };

wg_attention wg_attention_new(wg_graph *g, const char *name, wg_dtype dtype, int64_t width, int64_t heads, wg_init init)
{
    if (heads < 1 || width < 1 || width % heads) {
        wg__graph_fail(g, WG_ERR_ARG, "attention: %lld features do not divide into %lld heads", (long long)width,
                       (long long)heads);
        return no_attention;
    }
    wg_scope_push(g, "%s", name ? name : "");
    wg_attention a = {
        .q = wg_dense_new(g, "q", dtype, width, width, init),
        .k = wg_dense_new(g, "k", dtype, width, width, init),
        .v = wg_dense_new(g, "v", dtype, width, width, init),
        .out = wg_dense_new(g, "out", dtype, width, width, init),
        .heads = heads,
    };
    wg_scope_pop(g);
    return a.out.b ? a : no_attention;
}

/* The last two axes but one change places: (.., T, heads, D) and (.., heads, T, D). */
static wg_node *swap(wg_node *x)
{
    wg_axes perm = { .n = wg_node_shape(x).rank };
    for (int i = 0; i < perm.n; i++)
        perm.at[i] = i;
    if (perm.n < 3)
        return NULL; /* x is a failure */
    perm.at[perm.n - 3] = perm.n - 2;
    perm.at[perm.n - 2] = perm.n - 3;
    return wg_permute(x, perm);
}

/* (.., T, C) to (.., heads, T, C / heads). */
static wg_node *split_heads(wg_node *x, int64_t heads)
{
    wg_shape s = { .rank = wg_node_shape(x).rank }; /* sizes of 0 are copied */
    if (s.rank < 2)
        return NULL; /* x is a failure */
    s.dim[s.rank - 1] = heads;
    s.dim[s.rank++] = WG_ANY;
    return swap(wg_reshape(x, s));
}

static wg_node *join_heads(wg_node *x)
{
    wg_node *y = swap(x); /* (.., T, heads, D) */
    wg_shape s = { .rank = wg_node_shape(y).rank - 1 };
    if (s.rank < 1)
        return NULL;
    s.dim[s.rank - 1] = WG_ANY;
    return wg_reshape(y, s);
}

wg_node *wg_attention_apply(wg_attention a, wg_node *x, wg_node *memory, wg_node *mask, const wg_attention_opts *opts)
{
    wg_attention_opts o;
    wg_graph *g = wg_node_graph(x);
    if (!wg__options(&o, sizeof o, opts, "wg_attention_opts"))
        return wg__graph_fail_again(g);
    wg_node *from = memory ? memory : x;
    const int rank = wg_node_shape(x).rank, rank_from = wg_node_shape(from).rank;
    if (g && (rank < 2 || rank_from < 2 || rank >= WG_MAX_RANK || rank_from >= WG_MAX_RANK))
        return wg__graph_fail(g, WG_ERR_SHAPE, "attention: takes (.., T, C), got %d and %d axes", rank, rank_from);
    wg_node *q = split_heads(wg_dense_apply(a.q, x), a.heads), *k = split_heads(wg_dense_apply(a.k, from), a.heads);
    wg_node *v = split_heads(wg_dense_apply(a.v, from), a.heads);
    if (o.rope) {
        q = wg_rope(q, false, 10000, 0);
        k = wg_rope(k, false, 10000, 0);
    }
    wg_node *y = wg_dense_apply(a.out, join_heads(wg_scaled_dot_product_attention(q, k, v, mask, o.causal, 0)));
    return o.dropout > 0 ? wg_dropout(y, o.dropout) : y;
}
