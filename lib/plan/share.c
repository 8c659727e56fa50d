/* A hash table of operations, so that equal ones are made once (common sub-expressions). */
#include <string.h>

#include "plan/copy.h"

enum { SHARED_CONSTANT_MAX = 4096 }; /* bytes; larger constants are not compared */

bool wg__sharing_begin(wg__sharing *t, const wg__allocator *a, size_t most)
{
    t->allocator = a;
    t->capacity = 16;
    while (t->capacity < 2 * most)
        t->capacity *= 2;
    t->slot = wg__alloc_zero(a, t->capacity, sizeof(wg__operation *));
    return t->slot != NULL;
}

void wg__sharing_end(wg__sharing *t) { wg__free(t->allocator, t->slot, t->capacity, sizeof(wg__operation *)); }

static uint64_t mix(uint64_t h, uint64_t word)
{
    h = (h ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return h ^ (h >> 29);
}

static size_t constant_bytes(const wg_node *n)
{
    size_t bytes = 0;
    return wg__shape_bytes(&n->shape, n->dtype, &bytes) && bytes <= SHARED_CONSTANT_MAX ? bytes : 0;
}

static uint64_t hash_constant(const wg_node *n)
{
    const unsigned char *p = n->operation->value;
    uint64_t h = mix((uint64_t)n->dtype, (uint64_t)n->shape.rank);
    for (size_t i = 0, bytes = constant_bytes(n); i < bytes; i++)
        h = mix(h, p[i]);
    return h;
}

/* Operands of a commuting operator count in any order. */
static uint64_t hash_form(const wg__form *f)
{
    uint64_t h = mix((uint64_t)(uintptr_t)f->op, f->attrs ? wg__attrs_hash(f->op, f->attrs) : 0),
             sum = (uint64_t)f->replay;
    for (int s = 0; s < f->n_in; s++)
        if (f->op->flags & WG_COMMUTES)
            sum += mix(1, f->in[s]->index);
        else
            h = mix(h, f->in[s]->index);
    return mix(h, sum);
}

static bool equal_constant(const wg_node *a, const wg_node *b)
{
    size_t bytes = constant_bytes(a);
    return bytes && a->dtype == b->dtype && wg_shape_equal(a->shape, b->shape) &&
           !memcmp(a->operation->value, b->operation->value, bytes);
}

static bool equal_form(const wg__form *f, const wg__operation *o)
{
    if (o->op != f->op || o->replay != f->replay || o->n_in != f->n_in ||
        (f->attrs && !wg__attrs_equal(f->op, f->attrs, o->attrs)))
        return false;
    if (f->op->flags & WG_COMMUTES && f->n_in == 2 && f->in[0] == o->in[1] && f->in[1] == o->in[0])
        return true;
    for (int s = 0; s < f->n_in; s++)
        if (f->in[s] != o->in[s])
            return false;
    return true;
}

wg__operation *wg__shared(const wg__sharing *t, const wg__form *f, const wg_node *constant)
{
    if (!constant && f->op->flags & WG_EFFECT)
        return NULL;
    uint64_t h = constant ? hash_constant(constant) : hash_form(f);
    for (size_t i = h & (t->capacity - 1); t->slot[i]; i = (i + 1) & (t->capacity - 1)) {
        wg__operation *o = t->slot[i];
        if (constant ? o->value && equal_constant(constant, o->out) : !o->value && equal_form(f, o))
            return o;
    }
    return NULL;
}

void wg__share(wg__sharing *t, wg__operation *o)
{
    wg__form f = { .op = o->op, .in = o->in, .n_in = o->n_in, .attrs = o->attrs, .replay = o->replay };
    uint64_t h = o->value ? hash_constant(o->out) : hash_form(&f);
    size_t i = h & (t->capacity - 1);
    while (t->slot[i])
        i = (i + 1) & (t->capacity - 1);
    t->slot[i] = o;
}
