/* Aliases and uses: which node's memory a value is in, and which operations read it. */
#include "plan/make.h"

static bool reserve(wg__making *m, size_t n)
{
    wg__arena *a = &m->memory;
    m->root = wg__arena_alloc(a, n * sizeof *m->root);
    m->use_begin = wg__arena_alloc(a, (n + 2) * sizeof *m->use_begin);
    m->n_assigns = wg__arena_alloc(a, n * sizeof *m->n_assigns);
    m->wanted = wg__arena_alloc(a, n * sizeof *m->wanted);
    m->into = wg__arena_alloc(a, n * sizeof *m->into);
    m->snapshot = wg__arena_alloc(a, n * sizeof *m->snapshot);
    m->item_of = wg__arena_alloc(a, n * sizeof *m->item_of);
    m->place = wg__arena_alloc(a, n * sizeof *m->place);
    m->last_use = wg__arena_alloc(a, n * sizeof *m->last_use);
    m->program->buffer = wg__arena_alloc(&m->program->memory, n * sizeof *m->program->buffer);
    return m->root && m->use_begin && m->n_assigns && m->wanted && m->into && m->snapshot && m->item_of && m->place &&
           m->last_use && m->program->buffer;
}

static void find_roots(wg__making *m)
{
    const wg_plan *p = m->plan;
    const wg_graph *g = p->canonical.graph;
    for (size_t i = 0; i < g->n_nodes; i++) {
        m->root[i] = g->nodes[i];
        m->into[i] = m->snapshot[i] = m->item_of[i] = m->last_use[i] = m->program->buffer[i] = -1;
        m->place[i] = (wg__place){ -1, -1 };
    }
    for (size_t k = 0; k < p->n_operations; k++) {
        const wg__operation *o = p->operation[k];
        size_t at = wg__op_index(o);
        if (p->computed[at] && !m->known[at] && !wg__works(m, o))
            m->root[at] = m->root[o->in[0]->index];
    }
}

/* Each operation once for each root that it reads: counted at the root, and put at the count when `store`. */
static void walk_uses(wg__making *m, int *at, bool store)
{
    for (size_t k = 0; k < m->plan->n_operations; k++) {
        wg__operation *o = m->plan->operation[k];
        for (int s = 0; wg__works(m, o) && s < o->n_in; s++) {
            const wg_node *root = wg__operand(m, o, s);
            bool seen = false;
            for (int before = 0; before < s && !seen; before++)
                seen = wg__operand(m, o, before) == root;
            if (!root || seen)
                continue;
            if (store)
                m->use[at[root->index]] = o;
            at[root->index]++;
        }
    }
}

wg_status wg__make_uses(wg__making *m)
{
    const wg_plan *p = m->plan;
    size_t n = p->canonical.graph->n_nodes;
    if (!reserve(m, n))
        return WG_ERR_NOMEM;
    find_roots(m);
    for (size_t i = 0; i < p->n_wanted; i++)
        m->wanted[m->root[p->wanted[i].node->index]->index] = true;
    for (size_t i = 0; i < p->n_assignments; i++)
        m->n_assigns[m->root[p->assignment[i].value->index]->index]++;
    /* Counts go two places up, so that after the sum use_begin[i + 1] is where i's users begin, and after filling where they end. */
    walk_uses(m, m->use_begin + 2, false);
    for (size_t i = 1; i < n + 2; i++)
        m->use_begin[i] += m->use_begin[i - 1];
    m->use = wg__arena_alloc(&m->memory, (size_t)(m->use_begin[n + 1] + 1) * sizeof *m->use);
    if (!m->use)
        return WG_ERR_NOMEM;
    walk_uses(m, m->use_begin + 1, true);
    return WG_OK;
}
