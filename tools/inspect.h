/* The parts of `wengert inspect`. */
#ifndef TOOLS_INSPECT_H
#define TOOLS_INSPECT_H

#include "text.h"

/* The graph as a picture: operands above their users. To be freed. */
struct text graph_svg(const wg_graph *, const char *title);

/* What is said of a node besides its name and shape. */
struct node_mark {
    const char *look; /* the box's class, for a style that the picture stands in; NULL: as ever */
    char note[48];    /* a line of its own; may be empty */
};
/* The graph of what `wanted` needs, with marks. It has no style of its own. To be freed. */
struct text graph_svg_marked(const wg_graph *, const wg_node *wanted, const char *title,
                             struct node_mark (*mark)(void *user, const wg_node *), void *user);

/* Marks the nodes that the graph's outputs need (all, where it has no outputs); one entry a node, to be freed. */
bool *needed_nodes(const wg_graph *);

#endif
