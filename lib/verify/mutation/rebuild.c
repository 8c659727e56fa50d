/* Nodes are numbered as they are made, so one walk over the numbers meets operands before their users. */
#include "verify/mutation/rebuild.h"

#include "plan/copy.h"

/* Which nodes `root` needs; lives as long as the graph. NULL: no memory, recorded. */
static unsigned char *needed_by(wg_graph *g, wg_node *root)
{
    unsigned char *marks = wg__arena_alloc(&g->arena, g->n_nodes + 1);
    if (!marks)
        return wg__graph_fail_again(g);
    wg__mark_needed(g, (wg_nodes){ &root, 1 }, marks);
    return marks;
}

typedef struct rebuilding {
    wg_graph *g;
    size_t begin;
    wg_node **now; /* by index - begin: the node that stands for it */
    wg__edit edit;
    void *user;
} rebuilding;

static bool rebuild_operation(rebuilding *b, const wg__operation *o)
{
    wg_node **in = wg__arena_alloc(&b->g->arena, ((size_t)o->n_in + 1) * sizeof *in);
    bool changed = false;
    for (int s = 0; in && s < o->n_in; s++) {
        in[s] = o->in[s]->index < b->begin ? o->in[s] : b->now[o->in[s]->index - b->begin];
        changed = changed || in[s] != o->in[s];
    }
    if (!in)
        return wg__graph_fail_again(b->g) != NULL;
    wg_node *made = b->edit(b->user, o, in);
    if (!made && b->g->status)
        return false;
    if (!made && changed)
        made = wg_apply_in(b->g, o->op, (wg_nodes){ in, (size_t)o->n_in }, o->attrs);
    else if (!made)
        made = o->out;
    wg_nodes results = wg_node_results(made);
    for (int r = 0; made && r < o->n_out; r++)
        b->now[o->out[r].index - b->begin] = (size_t)r < results.n && results.n > 1 ? results.at[r] : made;
    return made != NULL;
}

wg_node *wg__rebuild(wg_graph *g, size_t begin, wg_node *root, wg__edit edit, void *user)
{
    size_t end = g->n_nodes;
    if (!root || root->index < begin)
        return root;
    unsigned char *needed = needed_by(g, root);
    rebuilding b = { g, begin, wg__arena_alloc(&g->arena, (end - begin) * sizeof(wg_node *)), edit, user };
    if (!needed || !b.now)
        return wg__graph_fail_again(g);
    for (size_t i = begin; i < end; i++) {
        const wg__operation *o = g->nodes[i]->operation;
        bool any = false;
        for (int r = 0; r < o->n_out; r++)
            any = any || needed[o->out[r].index];
        if (any && g->nodes[i] == o->out && !rebuild_operation(&b, o))
            return NULL;
    }
    return b.now[root->index - begin];
}

bool wg__needs_values(wg_graph *g, size_t begin, wg_node *root, const wg_node *node)
{
    if (!root || root == node)
        return root != NULL;
    unsigned char *needed = needed_by(g, root);
    for (size_t i = begin; needed && i < g->n_nodes; i++) {
        const wg__operation *o = g->nodes[i]->operation;
        for (int s = 0; needed[i] && s < o->n_in; s++)
            if (o->in[s] == node && wg__reads_operand(o, s))
                return true;
    }
    return false;
}
