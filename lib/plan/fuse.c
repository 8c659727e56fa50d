/* Operations become items, in the order of time; elementwise ones of equal shape join into one.
 *
 * The walk goes backwards, from what is computed last. An operation stands before all that use its results, and as late as
 * that allows. So an elementwise one belongs to the earliest item among its users', if that is elementwise work of the
 * same shape: its other users come later, and whatever it needs itself is placed after it in the walk, that is, before it
 * in time. No cycle can arise, and a value lives shortly. (A forward walk, by contrast, would compute the moving averages of an
 * optimiser long before the gradient they meet.)
 *
 * What only assigns take, updates, is walked first: it follows everything else, readers of the old values above all. A
 * value that nothing but an assign takes follows the other updates. Such values of one shape that have updates in common, a
 * param and its optimiser's state, make one item, so that the optimiser passes over memory once. */
#include "plan/make.h"

enum { PLAIN, UPDATE, FINAL_UPDATE }; /* classes of operations, the last ones first in the walk */

typedef struct fuser {
    wg__making *m;
    int *earliest;        /* by operation: the item, counted backwards in time, of its earliest user; -1 */
    unsigned char *class; /* by operation */
    int *family;          /* by operation: another update that it shares work with, in the end the eldest; itself */
    int *family_item;     /* by the eldest: the item of its final updates, counted backwards in time; -1 */
} fuser;

static bool fusable(const wg__making *m, const wg__operation *o)
{
    return wg__runs_in_blocks(o->op, &m->kernels[wg__op_index(o)]);
}

static unsigned char class_of(const fuser *f, const wg__operation *o)
{
    const wg__making *m = f->m;
    bool final = true, taken = false;
    if (!fusable(m, o))
        return PLAIN;
    for (int r = 0; r < o->n_out; r++) {
        size_t at = o->out[r].index;
        if (m->wanted[at])
            return PLAIN;
        taken = taken || m->n_assigns[at];
        for (int u = m->use_begin[at]; u < m->use_begin[at + 1]; u++) {
            if (f->class[wg__op_index(m->use[u])] == PLAIN)
                return PLAIN;
            final = false;
            taken = true;
        }
    }
    return !taken ? PLAIN : final ? FINAL_UPDATE : UPDATE;
}

static bool same_shape(const wg__making *m, size_t a, size_t b)
{
    return wg_shape_equal(m->program->shape[a], m->program->shape[b]);
}

static int eldest(const fuser *f, size_t at)
{
    int of = f->family[at];
    while (f->family[of] != of)
        of = f->family[of] = f->family[f->family[of]];
    return of;
}

/* An update and those of its users that have its shape are of one family. */
static void join_families(const fuser *f, const wg__operation *o)
{
    const wg__making *m = f->m;
    for (int r = 0; r < o->n_out; r++)
        for (int u = m->use_begin[o->out[r].index]; u < m->use_begin[o->out[r].index + 1]; u++) {
            size_t user = wg__op_index(m->use[u]);
            if (same_shape(m, wg__op_index(o), user))
                f->family[eldest(f, user)] = eldest(f, wg__op_index(o));
        }
}

static bool fallible(const wg__operation *o) { return o->op->flags & WG_CAN_FAIL || !wg__is_builtin(o->op); }

/* The item that the operation joins, or a new one; items are still counted backwards. */
static wg__item *item_for(const fuser *f, const wg__operation *o)
{
    wg__making *m = f->m;
    size_t at = wg__op_index(o);
    bool final = f->class[at] == FINAL_UPDATE;
    /* No final update waits for another, so those of a family may stand in any order. */
    int earliest = final ? f->family_item[eldest(f, at)] : f->earliest[at];
    if (earliest >= 0 && m->item[earliest].fused && fusable(m, o)) {
        wg__item *user = &m->item[earliest];
        if (same_shape(m, wg__op_index(user->operation[0]), at))
            return user;
    }
    if (final)
        f->family_item[eldest(f, at)] = m->n_items;
    wg__item *new = &m->item[m->n_items++];
    *new = (wg__item){ .fused = fusable(m, o), .update = f->class[wg__op_index(o)] != PLAIN };
    return new;
}

static bool append(wg__making *m, wg__item *item, wg__operation *o)
{
    if (item->n == item->capacity) {
        int wider = item->capacity ? 2 * item->capacity : 1;
        wg__operation **list = wg__arena_alloc(&m->memory, (size_t)wider * sizeof *list);
        if (!list)
            return false;
        for (int i = 0; i < item->n; i++)
            list[i] = item->operation[i];
        item->operation = list;
        item->capacity = wider;
    }
    item->operation[item->n++] = o;
    item->fallible = item->fallible || fallible(o) || (m->opts.check_finite && wg__is_float(o->out[0].dtype));
    return true;
}

static bool place(fuser *f, wg__operation *o)
{
    wg__making *m = f->m;
    wg__item *item = item_for(f, o);
    int index = (int)(item - m->item);
    if (!append(m, item, o))
        return false;
    m->item_of[wg__op_index(o)] = index;
    item->update = item->update && f->class[wg__op_index(o)] != PLAIN;
    for (int s = 0; s < o->n_in; s++) {
        const wg_node *root = wg__operand(m, o, s);
        const wg__operation *needed = root ? wg__producer(m, root) : NULL;
        if (needed && f->earliest[wg__op_index(needed)] < index)
            f->earliest[wg__op_index(needed)] = index;
    }
    return true;
}

/* From backwards to forwards, items and the operations in them. */
static void turn_round(wg__making *m)
{
    for (int i = 0, j = m->n_items - 1; i < j; i++, j--) {
        wg__item item = m->item[i];
        m->item[i] = m->item[j];
        m->item[j] = item;
    }
    for (int i = 0; i < m->n_items; i++) {
        wg__item *item = &m->item[i];
        for (int a = 0, b = item->n - 1; a < b; a++, b--) {
            wg__operation *o = item->operation[a];
            item->operation[a] = item->operation[b];
            item->operation[b] = o;
        }
        for (int k = 0; k < item->n; k++)
            m->item_of[wg__op_index(item->operation[k])] = i;
    }
}

wg_status wg__make_items(wg__making *m)
{
    const wg_plan *p = m->plan;
    size_t nodes = p->canonical.graph->n_nodes;
    fuser f = { m, wg__arena_alloc(&m->memory, nodes * sizeof *f.earliest), wg__arena_alloc(&m->memory, nodes),
                wg__arena_alloc(&m->memory, nodes * sizeof *f.family),
                wg__arena_alloc(&m->memory, nodes * sizeof *f.family_item) };
    m->item = wg__arena_alloc(&m->memory, (p->n_operations + 1) * sizeof *m->item);
    if (!f.earliest || !f.class || !f.family || !f.family_item || !m->item)
        return WG_ERR_NOMEM;
    for (size_t i = 0; i < nodes; i++) {
        f.earliest[i] = f.family_item[i] = -1;
        f.family[i] = (int)i;
    }
    for (size_t k = p->n_operations; k-- > 0;) {
        const wg__operation *o = p->operation[k];
        if (!wg__works(m, o) || (f.class[wg__op_index(o)] = class_of(&f, o)) == PLAIN)
            continue;
        join_families(&f, o);
    }
    for (int class = FINAL_UPDATE; class >= PLAIN; class --)
        for (size_t k = p->n_operations; k-- > 0;) {
            wg__operation *o = p->operation[k];
            if (f.class[wg__op_index(o)] == class && wg__works(m, o) && !place(&f, o))
                return WG_ERR_NOMEM;
        }
    turn_round(m);
    return WG_OK;
}
