/* The passes, one after another. */
#include "plan/loop.h"
#include "plan/make.h"

static wg_status make(wg__making *m, const wg_shape *fed)
{
    wg_status status = wg__make_shapes(m, fed);
    if (!status)
        status = wg__make_constants(m);
    if (!status)
        status = wg__make_uses(m);
    if (!status)
        status = wg__make_items(m);
    if (!status)
        status = wg__make_order(m);
    if (!status)
        status = wg__make_instructions(m);
    if (!status)
        status = wg__make_places(m);
    if (!status)
        wg__make_parallel(m);
    return status;
}

wg__program *wg__program_new(const wg_plan *plan, const wg_shape *fed, wg__program_opts opts)
{
    wg__program *p = wg__alloc_zero(&plan->allocator, 1, sizeof *p);
    if (!p)
        return NULL;
    p->plan = plan;
    p->memory.allocator = &plan->allocator;
    p->changes = plan->n_assignments > 0;
    p->fence = opts.fence;
    wg__making m = { .plan = plan, .program = p, .opts = opts, .memory = { .allocator = &plan->allocator } };
    wg_status status = make(&m, fed);
    wg__arena_free(&m.memory);
    if (status) {
        wg__program_free(p);
        return NULL;
    }
    return p;
}

void wg__program_free(wg__program *p)
{
    if (!p)
        return;
    const wg__allocator *a = &p->plan->allocator;
    for (int k = 0; k < p->n_instructions; k++)
        if (p->instruction[k].loop)
            wg__program_free(p->instruction[k].loop->body);
    wg__free(a, p->buffers, p->buffers_capacity, sizeof *p->buffers);
    wg__free(a, p->instruction, p->instructions_capacity, sizeof *p->instruction);
    wg__arena_free(&p->memory);
    wg__free(a, p, 1, sizeof *p);
}
