/* Wrapping an operator: a copy whose adjoint, decomposition and kernels first ask the mutation. */
#include "verify/mutation/mutant.h"

#include <string.h>

#include "base/error.h"

static wg__mutated *mutated_of(const wg_adjoint *a) { return (wg__mutated *)wg_node_op(a->output); }

static wg_node *wrapped_backward(const wg_adjoint *a, int slot)
{
    wg__mutated *m = mutated_of(a);
    bool here = m->mutation && m->mutation->gradient && slot == m->slot;
    return here ? m->mutation->gradient(m, a, slot) : m->of->backward(a, slot);
}

static wg_node *wrapped_decompose(const wg_adjoint *a)
{
    wg__mutated *m = mutated_of(a);
    bool here = m->mutation && m->mutation->decomposition;
    return here ? m->mutation->decomposition(m, a) : m->of->decompose(a);
}

/* The sample's attributes, or the defaults, with the wrapper's address behind them. */
static void *extended(wg__mutated *m, const void *attrs)
{
    char *to = wg__arena_alloc(&m->arena, WG__MUTATED_ATTRS);
    if (to && attrs)
        memcpy(to, attrs, m->of->attrs_size);
    else if (to && m->of->attrs_size && !wg__attrs_default(m->of, to))
        return NULL;
    if (to)
        memcpy(to + WG__MUTATED_AT, &m, sizeof m); // cppcheck-suppress pointerSize
    return to;
}

/* Of samples that share their attributes, the wrapper's share theirs. */
static void *attributes_of(wg__mutated *m, const wg_sample *samples, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (m->of->samples[j].attrs == m->of->samples[i].attrs)
            return (void *)samples[j].attrs;
    return extended(m, m->of->samples[i].attrs);
}

static bool take_samples(wg__mutated *m)
{
    wg_sample *samples = wg__arena_alloc(&m->arena, (m->of->n_samples + 1) * sizeof *samples);
    for (size_t i = 0; samples && i < m->of->n_samples; i++) {
        samples[i] = m->of->samples[i];
        if (!(samples[i].attrs = attributes_of(m, samples, i)))
            return false;
    }
    m->op.samples = samples;
    return samples != NULL;
}

/* The operator's own attributes, and one for the address: what has bytes must say what they are. */
static bool take_attributes(wg__mutated *m)
{
    static const wg_attr address = { "mutated", WG_ATTR_I64, WG__MUTATED_AT, "0", NULL };
    _Static_assert(sizeof(int64_t) >= sizeof(wg__mutated *), "it holds an address");
    size_t n = 0;
    while (m->of->attrs && m->of->attrs[n].name)
        n++;
    wg_attr *attrs = wg__arena_alloc(&m->arena, (n + 2) * sizeof *attrs);
    if (!attrs)
        return false;
    if (n)
        memcpy(attrs, m->of->attrs, n * sizeof *attrs);
    attrs[n] = address;
    attrs[n + 1] = (wg_attr){ 0 };
    m->op.attrs = attrs;
    m->op.attrs_size = WG__MUTATED_ATTRS;
    return true;
}

bool wg__mutated_make(wg__mutated *m, const wg_op *of)
{
    *m = (wg__mutated){ .op = *of, .of = of, .kernels = wg__kernels_of(of) };
    m->arena.allocator = &wg__default_allocator;
    if (of->attrs_size > WG__MUTATED_AT) {
        wg__fail(WG_ERR_ARG, "%s: mutants of operators with more than %d bytes of attributes cannot be made", of->name,
                 WG__MUTATED_AT);
        return false;
    }
    if (of->backward)
        m->op.backward = wrapped_backward;
    if (of->decompose)
        m->op.decompose = wrapped_decompose;
    wg__mutated_kernels(m);
    /* What the plan itself carries out by the operator's address has no kernel: by_mode, which in training is its first
     * operand. */
    if (!m->kernels.forward.f64 && !of->decompose && !m->kernels.lower)
        m->op.flags |= WG_VIEW_OP;
    return take_attributes(m) && take_samples(m);
}

void wg__mutated_free(wg__mutated *m) { wg__arena_free(&m->arena); }

void wg__mutated_set(wg__mutated *m, const wg__mutation *mutation, int slot, int index)
{
    m->mutation = mutation;
    m->slot = slot;
    m->index = index;
    atomic_store(&m->applied, false);
    memset(m->remembered, 0, sizeof m->remembered);
}
