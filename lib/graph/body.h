/* Graphs that are attributes: their inputs, in the order of creation, are the operands; their outputs are the results. */
#ifndef WG_GRAPH_BODY_H
#define WG_GRAPH_BODY_H

#include "graph/graph.h"

/* How many inputs there are, and which ones, where `list` is not NULL. */
size_t wg__body_inputs(const wg_graph *body, wg_node **list);

/* Infers all shapes; those of the inputs stand in shape[], by node index. Failures name the node. */
wg_status wg__body_shapes(const wg_graph *body, wg_shape *shape);

/* Makes the same operation in another graph. image[]: by node index, what stands for the operands there, and then for the
 * results. False: recorded on `to`. */
bool wg__copy_operation(wg_graph *to, const wg__operation *, wg_node **image);

/* Copies the operations that are marked (by node index) and have no image yet, operands first. */
bool wg__copy_marked(wg_graph *to, const wg_graph *from, const unsigned char *marks, wg_node **image);

/* An input of the body like a node of another graph. NULL: recorded. */
wg_node *wg__body_input(wg_graph *body, const wg_node *like, wg_shape);

/* Adds an output, which a body may give more than once. False: recorded. */
bool wg__body_output(wg_node *);

#endif
