/* Names within one graph. */
#ifndef WG_GRAPH_NAMES_H
#define WG_GRAPH_NAMES_H

#include "graph/graph.h"

/* [A-Za-z0-9_./-]+, at most 255 characters, no empty or dotted path part ("a//b", "..", leading or ending "/"). */
bool wg__name_valid(const char *name);
/* Registers node->name; false: WG_ERR_NOMEM. */
bool wg__names_add(wg_graph *, wg_node *);
/* The node of that name, or NULL. */
wg_node *wg__names_find(const wg_graph *, const char *name);
void wg__names_free(wg_graph *);

/* Gives the operation's results a full name: NAME, NAME.1, .. Fails (recorded on the graph) when it is not allowed or taken. */
bool wg__name_operation(wg__operation *, const char *full_name);
/* Made-up names: "matmul_12". False: WG_ERR_NOMEM. */
bool wg__name_made_up(wg__operation *);
/* Puts it among the graph's outputs, under the name it has. */
wg_node *wg__mark_output(wg_node *);
/* "scope/" + name, in the arena. */
char *wg__name_in_scope(wg_graph *, const char *name);

#endif
