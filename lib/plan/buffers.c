/* Buffers and instructions are added one by one. */
#include "plan/make.h"

int wg__add_buffer(wg__making *m, wg__buffer b)
{
    wg__program *p = m->program;
    if (!wg__grow(&m->plan->allocator, (void **)&p->buffers, &p->buffers_capacity, (size_t)p->n_buffers + 1, sizeof b))
        return -1;
    b.home = p->n_buffers;
    b.first = -1;
    p->buffers[p->n_buffers] = b;
    return p->n_buffers++;
}

static size_t bytes_of(const wg__making *m, const wg_node *n)
{
    size_t bytes = 0;
    wg__shape_bytes(&m->program->shape[n->index], n->dtype, &bytes); /* checked when the shape was inferred */
    return bytes;
}

int wg__add_arena_buffer(wg__making *m, const wg_node *n)
{
    return wg__add_buffer(m, (wg__buffer){ .space = WG__IN_ARENA, .leaf = -1, .bytes = bytes_of(m, n) });
}

int wg__buffer_of(wg__making *m, const wg_node *root)
{
    int *at = &m->program->buffer[root->index], leaf = m->plan->leaf_of[root->index];
    if (*at >= 0)
        return *at;
    wg__buffer b = { .bytes = bytes_of(m, root), .leaf = leaf };
    if (leaf >= 0) {
        b.space = WG__IN_LEAF;
    } else {
        b.space = WG__IN_CONSTANT;
        b.value = m->known[root->index];
        m->program->constants += b.bytes;
    }
    return *at = wg__add_buffer(m, b);
}

int wg__variable_buffer(wg__making *m, const wg_node *variable)
{
    return wg__add_buffer(m, (wg__buffer){ .space = WG__TO_VARIABLE,
                                           .leaf = m->plan->leaf_of[variable->index],
                                           .bytes = bytes_of(m, variable) });
}

wg__instruction *wg__add_instruction(wg__making *m, wg__kind kind)
{
    wg__program *p = m->program;
    if (!wg__grow(&m->plan->allocator, (void **)&p->instruction, &p->instructions_capacity,
                  (size_t)p->n_instructions + 1, sizeof *p->instruction))
        return NULL;
    wg__instruction *i = &p->instruction[p->n_instructions++];
    *i = (wg__instruction){ .kind = kind };
    return i;
}
