/* When updates happen, and where.
 *
 * Fusing has put updates behind everything else. Here each moves up to right behind the last thing it waits for, so that a
 * gradient's memory is free again before the next gradient is computed. A fused new value that none but the assign and its
 * own item take is computed in the variable itself, given that it cannot fail, that everything which can has gone before,
 * and that all others who read the old value have read it. Every other assign is a copy at the run's very end. */
#include "plan/make.h"

/* The step of the item in which a root is computed; n when it is not computed there. */
static int step_of(const wg__item *item, const wg__operation *o)
{
    for (int k = 0; k < item->n; k++)
        if (item->operation[k] == o)
            return k;
    return item->n;
}

static bool reads(const wg__making *m, const wg__operation *o, const wg_node *root)
{
    for (int s = 0; s < o->n_in; s++)
        if (wg__operand(m, o, s) == root)
            return true;
    return false;
}

/* The users of the new value are all in its own item, and the assign is the only other taker. */
static bool value_is_private(const wg__making *m, const wg_node *value, int item)
{
    size_t at = value->index;
    if (m->wanted[at] || m->n_assigns[at] != 1)
        return false;
    for (int u = m->use_begin[at]; u < m->use_begin[at + 1]; u++)
        if (m->item_of[wg__op_index(m->use[u])] != item)
            return false;
    return true;
}

/* Everyone who reads the old value has done so when the new one is written, element by element within the item itself. */
static bool old_value_is_read(const wg__making *m, const wg_node *variable, const wg__operation *writer)
{
    int item = m->item_of[wg__op_index(writer)], written = step_of(&m->item[item], writer);
    size_t at = variable->index;
    for (int u = m->use_begin[at]; u < m->use_begin[at + 1]; u++) {
        int reader = m->item_of[wg__op_index(m->use[u])];
        if (reader > item || (reader == item && step_of(&m->item[item], m->use[u]) > written))
            return false;
    }
    return writer->n_out == 1 || !reads(m, writer, variable);
}

static bool in_place(const wg__making *m, const wg__assignment *a, int last_fallible)
{
    const wg_node *value = m->root[a->value->index];
    const wg__operation *writer = wg__producer(m, value);
    int item = writer ? m->item_of[wg__op_index(writer)] : -1;
    return writer && m->item[item].fused && item > last_fallible && value->dtype == a->variable->dtype &&
           value_is_private(m, value, item) && old_value_is_read(m, a->variable, writer);
}

static void later(int *key, int other)
{
    if (other > *key)
        *key = other;
}

/* The last plain item that an update waits for: `key` has those of the items before it. */
static int wait_for(const wg__making *m, int index, const int *key, int last_fallible)
{
    const wg__item *item = &m->item[index];
    int after = -1;
    for (int k = 0; k < item->n; k++) {
        const wg__operation *o = item->operation[k];
        for (int s = 0; s < o->n_in; s++) {
            const wg_node *root = wg__operand(m, o, s);
            const wg__operation *needed = root ? wg__producer(m, root) : NULL;
            int other = needed ? m->item_of[wg__op_index(needed)] : index;
            if (other != index)
                later(&after, key[other]);
        }
        for (int r = 0; r < o->n_out; r++) {
            int variable = m->into[o->out[r].index];
            if (variable < 0)
                continue;
            size_t at = m->plan->leaf[m->program->buffers[variable].leaf].node->index;
            later(&after, last_fallible);
            for (int u = m->use_begin[at]; u < m->use_begin[at + 1]; u++)
                if (m->item_of[wg__op_index(m->use[u])] != index)
                    later(&after, key[m->item_of[wg__op_index(m->use[u])]]);
        }
    }
    return after;
}

/* Sorts items by key: bucket by bucket, a plain item before the updates that waited for it, these in their old order. */
static bool sort_items(wg__making *m, const int *key)
{
    size_t n = (size_t)m->n_items;
    int *begin = wg__arena_alloc(&m->memory, (n + 2) * sizeof *begin);
    wg__item *sorted = wg__arena_alloc(&m->memory, (n + 1) * sizeof *sorted);
    if (!begin || !sorted)
        return false;
    for (size_t i = 0; i < n; i++)
        begin[key[i] + 2]++; /* keys begin at -1 */
    for (size_t i = 1; i < n + 2; i++)
        begin[i] += begin[i - 1];
    for (size_t i = 0; i < n; i++)
        sorted[begin[key[i] + 1]++] =
            m->item[i]; /* a plain item stands before all updates, so it comes first here too */
    m->item = sorted;
    for (int i = 0; i < m->n_items; i++)
        for (int k = 0; k < sorted[i].n; k++)
            m->item_of[wg__op_index(sorted[i].operation[k])] = i;
    return true;
}

wg_status wg__make_order(wg__making *m)
{
    const wg_plan *p = m->plan;
    int last_fallible = -1;
    for (int i = 0; i < m->n_items; i++)
        if (m->item[i].fallible)
            last_fallible = i;
    for (size_t i = 0; i < p->n_assignments; i++) {
        const wg__assignment *a = &p->assignment[i];
        if (!in_place(m, a, last_fallible))
            continue;
        int buffer = wg__variable_buffer(m, a->variable);
        if (buffer < 0)
            return WG_ERR_NOMEM;
        m->into[m->root[a->value->index]->index] = buffer;
    }
    int *key = wg__arena_alloc(&m->memory, ((size_t)m->n_items + 1) * sizeof *key);
    if (!key)
        return WG_ERR_NOMEM;
    for (int i = 0; i < m->n_items; i++)
        key[i] = m->item[i].update ? wait_for(m, i, key, last_fallible) : i;
    return sort_items(m, key) ? WG_OK : WG_ERR_NOMEM;
}
