/* The parts of `wengert inspect`. */
#ifndef TOOLS_INSPECT_H
#define TOOLS_INSPECT_H

#include "text.h"

/* The graph as a picture: operands above their users. To be freed. */
struct text graph_svg(const wg_graph *, const char *title);

/* Marks the nodes that the graph's outputs need (all, where it has no outputs); one entry a node, to be freed. */
bool *needed_nodes(const wg_graph *);

#endif
