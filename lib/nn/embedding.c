/* The embedding layer: a table of rows that are looked up. */
#include <wengert/nn.h>

wg_embed wg_embed_new(wg_graph *g, const char *name, wg_dtype dtype, int64_t rows, int64_t width, wg_init init)
{
    wg_scope_push(g, "%s", name ? name : ""); /* "" is no name, and told */
    wg_embed layer = { wg_param(g, "w", dtype, WG_SHAPE(rows, width), init) };
    wg_scope_pop(g);
    return layer;
}

wg_node *wg_embed_apply(wg_embed layer, wg_node *index)
{
    return wg_embedding(layer.w, index);
}
