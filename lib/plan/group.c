/* A fused item becomes one instruction: a list of kernel calls that is run over block after block.
 *
 * A value that is used inside alone lives in a block register, which stays in the cache; registers are shared out by
 * lifetime within the list. Operands of the group's size are read where they are, others are broadcast into registers first. */
#include <string.h>

#include "plan/known.h"
#include "plan/make.h"

enum { CACHE = 24 * 1024, BLOCK_UNIT = 64, BLOCK_MIN = 256, BLOCK_MAX = 8192, FUSED_GRAIN = 256 };

typedef struct group {
    wg__making *m;
    const wg__item *item;
    wg__instruction *instruction;
    int64_t count;
    wg__place *at;  /* m->place: of a value computed here, or of an operand read or broadcast here */
    int *last_use;  /* m->last_use: the last operation of the item that reads it */
    int *free_regs, n_free, n_regs;
    wg__step *step, *once; /* once: those that run once a range */
    int n_steps, n_once;
    size_t widest; /* bytes of the widest element in a register */
} group;

static bool inside(const group *g, const wg_node *root)
{
    const wg__operation *o = wg__producer(g->m, root);
    return o && g->m->item_of[wg__op_index(o)] == g->m->item_of[wg__op_index(g->item->operation[0])];
}

/* Whose place an operand has: the root of a value computed here; else the operand itself, as its shape says how to broadcast. */
static const wg_node *place_key(const group *g, const wg__operation *o, int slot)
{
    const wg_node *root = wg__operand(g->m, o, slot);
    return root && !inside(g, root) ? o->in[slot] : root;
}

static bool needed_outside(const group *g, const wg_node *n)
{
    const wg__making *m = g->m;
    if (m->wanted[n->index] || m->n_assigns[n->index])
        return true;
    for (int u = m->use_begin[n->index]; u < m->use_begin[n->index + 1]; u++)
        if (m->item_of[wg__op_index(m->use[u])] != m->item_of[wg__op_index(n->operation)])
            return true;
    return false;
}

static bool reserve(group *g)
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
static void find_last_uses(group *g)
{
    for (int k = 0; k < g->item->n; k++)
        for (int s = 0; s < g->item->operation[k]->n_in; s++) {
            const wg_node *key = place_key(g, g->item->operation[k], s);
            if (key)
                g->last_use[key->index] = k;
        }
}

/* Leaves m->place and m->last_use as they were found. */
static void forget(group *g)
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

static int take_register(group *g, wg_dtype type)
{
    if (wg_dtype_size(type) > g->widest)
        g->widest = wg_dtype_size(type);
    return g->n_free ? g->free_regs[--g->n_free] : g->n_regs++;
}

/* A step at the end of its list; its places are allocated in the program. NULL: WG_ERR_NOMEM. */
static wg__step *add_step(group *g, bool once, int n_in, int n_out)
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
static wg__step *broadcast_step(group *g, bool once, const wg_node *operand, const wg_node *root)
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
static bool broadcast(group *g, const wg_node *operand, const wg_node *root)
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
static bool find_operand(group *g, const wg__operation *o, int slot, wg__place *place)
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
static void release(group *g, int k, size_t size)
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

static bool place_results(group *g, const wg__operation *o, wg__place *out)
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
static bool is_plain_broadcast(const group *g, const wg__operation *o)
{
    const wg_node *root = wg__operand(g->m, o, 0);
    return (o->op == &wg_op_broadcast_to || o->op == &wg_op_broadcast_like) && root && !inside(g, root) &&
           wg_shape_count(g->m->program->shape[o->in[0]->index]) != g->count;
}

static wg_status add_plain_broadcast(group *g, const wg__operation *o)
{
    wg__step *step = broadcast_step(g, false, o->in[0], wg__operand(g->m, o, 0));
    if (!step)
        return WG_ERR_NOMEM;
    step->node = o->out;
    step->call.out_type = o->out->dtype;
    step->finite = g->m->opts.check_finite && wg__is_float(o->out->dtype) ? o->out->dtype : WG_DTYPE_NONE;
    return place_results(g, o, step->out) ? WG_OK : WG_ERR_NOMEM;
}

static wg_status add_operation(group *g, int k)
{
    wg__making *m = g->m;
    const wg__operation *o = g->item->operation[k];
    const wg__signature *sig = &m->program->signature[wg__op_index(o)];
    if (is_plain_broadcast(g, o))
        return add_plain_broadcast(g, o);
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

/* Each buffer once. Until buffers get their places, `last` tells which instruction has listed one and `first` where. */
static void touch(group *g, int buffer, bool write, bool aligned)
{
    wg__instruction *i = g->instruction;
    int number = (int)(i - g->m->program->instruction);
    if (buffer < 0)
        return;
    wg__buffer *b = &g->m->program->buffers[buffer];
    if (b->first < 0 || b->last != number) {
        b->last = number;
        b->first = i->n_accesses++;
        i->access[b->first] = (wg__access){ buffer, false, true };
    }
    wg__access *a = &i->access[b->first];
    a->write = a->write || write;
    a->aligned = a->aligned && aligned;
}

static bool list_accesses(group *g)
{
    wg__instruction *i = g->instruction;
    size_t n = 0;
    for (int k = 0; k < i->n_steps; k++)
        n += (size_t)(i->step[k].call.n_in + i->step[k].n_out);
    i->access = wg__arena_alloc(&g->m->program->memory, n * sizeof *i->access);
    for (int k = 0; i->access && k < i->n_steps; k++) {
        const wg__step *step = &i->step[k];
        for (int s = 0; s < step->call.n_in; s++)
            touch(g, step->in[s].buffer, false, !step->still);
        for (int r = 0; r < step->n_out; r++)
            touch(g, step->out[r].buffer, true, true);
    }
    return i->access != NULL;
}

/* As many elements as fit the cache, registers and operands together. */
static int64_t block_size(const group *g)
{
    const wg__instruction *i = g->instruction;
    if (g->item->n == 1 && !g->n_regs)
        return g->count;
    size_t bytes = (size_t)g->n_regs * g->widest;
    for (int k = 0; k < i->n_accesses; k++)
        bytes += i->access[k].aligned ? g->m->program->buffers[i->access[k].buffer].bytes / (size_t)g->count : 0;
    int64_t block = bytes ? (int64_t)(CACHE / bytes) / BLOCK_UNIT * BLOCK_UNIT : BLOCK_MAX;
    return block < BLOCK_MIN ? BLOCK_MIN : block > BLOCK_MAX ? BLOCK_MAX : block;
}

static bool finish(group *g)
{
    wg__instruction *i = g->instruction;
    i->n_steps = g->n_once + g->n_steps;
    i->n_once = g->n_once;
    i->step = wg__arena_alloc(&g->m->program->memory, (size_t)i->n_steps * sizeof *i->step);
    if (!i->step)
        return false;
    memcpy(i->step, g->once, (size_t)g->n_once * sizeof *i->step);
    memcpy(i->step + g->n_once, g->step, (size_t)g->n_steps * sizeof *i->step);
    if (!list_accesses(g))
        return false;
    i->extent = g->count;
    i->grain = FUSED_GRAIN;
    i->block = block_size(g);
    int64_t held = i->block < g->count ? i->block : g->count;
    i->n_registers = g->n_regs;
    i->reg_bytes = ((size_t)held * g->widest + WG__ALIGN - 1) / WG__ALIGN * WG__ALIGN;
    if ((size_t)g->n_regs * i->reg_bytes > g->m->program->local)
        g->m->program->local = (size_t)g->n_regs * i->reg_bytes;
    double blocks = (double)(g->count / i->block + 1);
    i->cost = i->n_steps * (5 * blocks + 0.25 * (double)g->count);
    i->fallible = g->item->fallible;
    g->m->program->n_fused += g->item->n;
    return true;
}

static wg_status make(group *g)
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
    if (!g->instruction || !finish(g))
        return WG_ERR_NOMEM;
    for (int k = 0; k < g->instruction->n_accesses; k++)
        if (m->program->buffers[g->instruction->access[k].buffer].space == WG__TO_VARIABLE)
            g->instruction->final = true;
    return WG_OK;
}

wg_status wg__make_group(wg__making *m, const wg__item *item)
{
    group g = { .m = m, .item = item, .at = m->place, .last_use = m->last_use };
    g.count = wg_shape_count(m->program->shape[wg__op_index(item->operation[0])]);
    if (!reserve(&g))
        return WG_ERR_NOMEM;
    wg_status status = make(&g);
    forget(&g);
    return status;
}
