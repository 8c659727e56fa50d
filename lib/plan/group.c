/* A fused item becomes one instruction: a list of kernel calls that is run over block after block.
 *
 * A value that is used inside alone lives in a block register, which stays in the cache; registers are shared out by
 * lifetime within the list. Operands of the group's size are read where they are, others are broadcast into registers first. */
#include <string.h>

#include "plan/group.h"
#include "plan/known.h"

static bool inside(const wg__group *g, const wg_node *root)
{
    const wg__operation *o = wg__producer(g->m, root);
    return o && g->m->item_of[wg__op_index(o)] == g->m->item_of[wg__op_index(g->item->operation[0])];
}

/* Whose place an operand has: the root of a value computed here; else the operand itself, as its shape says how to broadcast. */
static const wg_node *place_key(const wg__group *g, const wg__operation *o, int slot)
{
    const wg_node *root = wg__operand(g->m, o, slot);
    return root && !inside(g, root) ? o->in[slot] : root;
}

static bool needed_outside(const wg__group *g, const wg_node *n)
{
    const wg__making *m = g->m;
    if (m->wanted[n->index] || m->n_assigns[n->index])
        return true;
    for (int u = m->use_begin[n->index]; u < m->use_begin[n->index + 1]; u++)
        if (m->item_of[wg__op_index(m->use[u])] != m->item_of[wg__op_index(n->operation)])
            return true;
    return false;
}

static bool reserve(wg__group *g)
{
    size_t most = 0; /* steps: every operation, and every operand broadcast */
    for (int k = 0; k < g->item->n; k++)
        most += (size_t)(g->item->operation[k]->n_in + g->item->operation[k]->n_out);
    wg__arena *a = &g->m->memory;
    g->free_regs = wg__arena_alloc(a, most * sizeof *g->free_regs);
    g->step = wg__arena_alloc(a, most * sizeof *g->step);
    g->once = wg__arena_alloc(a, most * sizeof *g->once);
    return g->free_regs && g->step && g->once;
}

/* When is each value read last? */
static void find_last_uses(wg__group *g)
{
    for (int k = 0; k < g->item->n; k++)
        for (int s = 0; s < g->item->operation[k]->n_in; s++) {
            const wg_node *key = place_key(g, g->item->operation[k], s);
            if (key)
                g->last_use[key->index] = k;
        }
}

/* Leaves m->place and m->last_use as they were found. */
static void forget(wg__group *g)
{
    for (int k = 0; k < g->item->n; k++) {
        const wg__operation *o = g->item->operation[k];
        for (int i = 0; i < o->n_in + o->n_out; i++) {
            size_t at = i < o->n_in ? o->in[i]->index : o->out[i - o->n_in].index;
            g->at[at] = (wg__place){ -1, -1 };
            g->last_use[at] = -1;
        }
    }
}

static int take_register(wg__group *g, wg_dtype type)
{
    if (wg_dtype_size(type) > g->widest)
        g->widest = wg_dtype_size(type);
    return g->n_free ? g->free_regs[--g->n_free] : g->n_regs++;
}

/* A step at the end of its list; its places are allocated in the program. NULL: WG_ERR_NOMEM. */
static wg__step *add_step(wg__group *g, bool once, int n_in, int n_out)
{
    wg__place *place = wg__arena_alloc(&g->m->program->memory, (size_t)(n_in + n_out) * sizeof *place);
    if (!place)
        return NULL;
    for (int k = 0; k < n_in + n_out; k++)
        place[k] = (wg__place){ -1, -1 };
    wg__step *step = once ? &g->once[g->n_once++] : &g->step[g->n_steps++];
    *step = (wg__step){ .in = place, .out = place + n_in, .n_out = n_out, .scratch = -1 };
    return step;
}

/* A step that writes an operand of another size out to the group's. */
static wg__step *broadcast_step(wg__group *g, bool once, const wg_node *operand, const wg_node *root)
{
    wg__making *m = g->m;
    const wg_shape *from = &m->program->shape[operand->index];
    const wg_shape *to = &m->program->shape[wg__op_index(g->item->operation[0])];
    wg__stretch *stretch = wg__arena_alloc(&m->program->memory, sizeof *stretch);
    int buffer = wg__buffer_of(m, root);
    wg__step *step = stretch && buffer >= 0 ? add_step(g, once, 1, 1) : NULL;
    if (!step)
        return NULL;
    *stretch = wg__stretch_of(from, to, operand->dtype);
    step->kernel = wg__kernel_stretch;
    step->call.params = stretch;
    step->call.n_in = 1;
    step->in[0].buffer = buffer;
    step->still = true;
    return step;
}

/* An operand of another size goes to a register; a single element once a range, to one that is never given back. */
static bool broadcast(wg__group *g, const wg_node *operand, const wg_node *root)
{
    bool once = wg_shape_count(g->m->program->shape[operand->index]) == 1;
    wg__step *step = broadcast_step(g, once, operand, root);
    if (!step)
        return false;
    if (once)
        g->last_use[operand->index] = g->item->n;
    step->out[0].reg = g->at[operand->index].reg = once ? g->n_regs++ : take_register(g, operand->dtype);
    if (wg_dtype_size(operand->dtype) > g->widest)
        g->widest = wg_dtype_size(operand->dtype);
    return true;
}

/* Makes sure that operand `slot` can be read in blocks, and says where. */
static bool find_operand(wg__group *g, const wg__operation *o, int slot, wg__place *place)
{
    const wg_node *root = wg__operand(g->m, o, slot), *key = place_key(g, o, slot);
    *place = (wg__place){ -1, -1 };
    if (!root)
        return true;
    wg__place *known = &g->at[key->index];
    if (known->buffer < 0 && known->reg < 0) {
        if (wg_shape_count(g->m->program->shape[key->index]) == g->count)
            known->buffer = wg__buffer_of(g->m, root);
        else if (!broadcast(g, key, root))
            return false;
    }
    *place = *known;
    return known->buffer >= 0 || known->reg >= 0;
}

/* Gives back registers of operands that operation k reads last; `size`: only of elements of that size (0: of any). */
static void release(wg__group *g, int k, size_t size)
{
    const wg__operation *o = g->item->operation[k];
    for (int s = 0; s < o->n_in; s++) {
        const wg_node *key = place_key(g, o, s);
        if (!key || g->last_use[key->index] != k || g->at[key->index].reg < 0)
            continue;
        if (size && wg_dtype_size(key->dtype) != size)
            continue;
        g->free_regs[g->n_free++] = g->at[key->index].reg;
        g->last_use[key->index] = -1;
    }
}

static bool place_results(wg__group *g, const wg__operation *o, wg__place *out)
{
    wg__making *m = g->m;
    for (int r = 0; r < o->n_out; r++) {
        const wg_node *n = &o->out[r];
        wg__place *at = &g->at[n->index];
        if (!needed_outside(g, n))
            at->reg = take_register(g, n->dtype);
        else if ((at->buffer = m->into[n->index] >= 0 ? m->into[n->index] : wg__add_arena_buffer(m, n)) < 0)
            return false;
        m->program->buffer[n->index] = at->buffer;
        out[r] = *at;
    }
    return true;
}

/* broadcast_to and broadcast_like of a value from outside: the broadcast is written right where the result belongs. */
static bool is_plain_broadcast(const wg__group *g, const wg__operation *o)
{
    const wg_node *root = wg__operand(g->m, o, 0);
    return (o->op == &wg_op_broadcast_to || o->op == &wg_op_broadcast_like) && root && !inside(g, root) &&
           wg_shape_count(g->m->program->shape[o->in[0]->index]) != g->count;
}

static wg_status add_plain_broadcast(wg__group *g, int k)
{
    const wg__operation *o = g->item->operation[k];
    wg__step *step = broadcast_step(g, false, o->in[0], wg__operand(g->m, o, 0));
    if (!step)
        return WG_ERR_NOMEM;
    step->node = o->out;
    step->call.out_type = o->out->dtype;
    step->finite = g->m->opts.check_finite && wg__is_float(o->out->dtype) ? o->out->dtype : WG_DTYPE_NONE;
    if (!place_results(g, o, step->out))
        return WG_ERR_NOMEM;
    release(g, k, 0);
    return WG_OK;
}

static wg_status add_operation(wg__group *g, int k)
{
    wg__making *m = g->m;
    const wg__operation *o = g->item->operation[k];
    const wg__signature *sig = &m->program->signature[wg__op_index(o)];
    if (is_plain_broadcast(g, o))
        return add_plain_broadcast(g, k);
    wg__place *in = wg__arena_alloc(&m->memory, (size_t)o->n_in * sizeof *in);
    wg_kernel kernel = wg__kernel_for(o->op, &m->kernels[wg__op_index(o)], 0, sig);
    if (!in || !kernel)
        return wg_error_status();
    for (int s = 0; s < o->n_in; s++)
        if (!find_operand(g, o, s, &in[s]))
            return WG_ERR_NOMEM;
    wg__step *step = add_step(g, false, o->n_in, o->n_out);
    if (!step)
        return WG_ERR_NOMEM;
    step->kernel = kernel;
    step->call = wg__call_of(sig);
    step->node = o->out;
    step->finite = m->opts.check_finite && wg__is_float(o->out->dtype) ? o->out->dtype : WG_DTYPE_NONE;
    memcpy(step->in, in, (size_t)o->n_in * sizeof *in);
    if (o->n_out == 1) /* a result may take over the memory of an operand of equal element size */
        release(g, k, wg_dtype_size(o->out->dtype));
    wg__place *out = step->out;
    if (!place_results(g, o, out))
        return WG_ERR_NOMEM;
    release(g, k, 0);
    for (int r = 0; r < o->n_out; r++) /* a second result that nobody reads */
        if (out[r].reg >= 0 && g->last_use[o->out[r].index] < 0)
            g->free_regs[g->n_free++] = out[r].reg;
    return WG_OK;
}

static wg_status make(wg__group *g)
{
    wg__making *m = g->m;
    find_last_uses(g);
    for (int k = 0; k < g->item->n; k++) {
        wg_status status = add_operation(g, k);
        if (status)
            return status;
    }
    if (g->count == 0)
        return WG_OK;
    g->instruction = wg__add_instruction(m, WG__FUSED);
    if (!g->instruction || !wg__group_finish(g))
        return WG_ERR_NOMEM;
    for (int k = 0; k < g->instruction->n_accesses; k++)
        if (m->program->buffers[g->instruction->access[k].buffer].space == WG__TO_VARIABLE)
            g->instruction->final = true;
    return WG_OK;
}

wg_status wg__make_group(wg__making *m, const wg__item *item)
{
    wg__group g = { .m = m, .item = item, .at = m->place, .last_use = m->last_use };
    g.count = wg_shape_count(m->program->shape[wg__op_index(item->operation[0])]);
    if (!reserve(&g))
        return WG_ERR_NOMEM;
    wg_status status = make(&g);
    forget(&g);
    return status;
}
