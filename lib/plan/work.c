/* FLOPs and bytes of instructions. */
#include "plan/work.h"

#include "plan/loop.h"

/* What the operator says, or one operation for each element of operand 0 or the result. */
static double flops_of_call(const wg_op *op, const wg_call *c)
{
    if (op->flops)
        return op->flops(c);
    int64_t out = wg_shape_count(c->out_shape), in = c->n_in ? wg_shape_count(c->in_shape[0]) : 0;
    return (double)(out > in ? out : in);
}

static bool same_operation(const wg__instruction *a, const wg__instruction *b)
{
    return a->kind == WG__STAGE && b->kind == WG__STAGE && a->step->node == b->step->node;
}

/* No stage of the same operation, and they stand one behind another, costs more; of equals the first counts. */
static bool is_costliest(const wg__program *p, int number)
{
    const wg__instruction *own = &p->instruction[number];
    for (int k = number - 1; k >= 0 && same_operation(&p->instruction[k], own); k--)
        if (p->instruction[k].cost >= own->cost)
            return false;
    for (int k = number + 1; k < p->n_instructions && same_operation(&p->instruction[k], own); k++)
        if (p->instruction[k].cost > own->cost)
            return false;
    return true;
}

static double flops_of_fused(const wg__instruction *i)
{
    int steps = 0;
    for (int k = i->n_once; k < i->n_steps; k++)
        steps += i->step[k].node != NULL;
    return (double)steps * (double)i->extent;
}

static double over_body(const wg__loop *l, double (*of)(const wg__program *, int))
{
    double sum = 0;
    for (int k = 0; k < l->body->n_instructions; k++)
        sum += of(l->body, k);
    return sum * (double)l->length;
}

double wg__instruction_flops(const wg__program *p, int number)
{
    const wg__instruction *i = &p->instruction[number];
    switch (i->kind) {
    case WG__LOOP:
        return over_body(i->loop, wg__instruction_flops);
    case WG__FUSED:
        return flops_of_fused(i);
    case WG__STAGE:
        return is_costliest(p, number) ? flops_of_call(wg__op_of(i->step->node), &i->step->call) : 0;
    case WG__COPY:
    case WG__CHECK:
        break;
    }
    return 0;
}

double wg__instruction_bytes(const wg__program *p, int number)
{
    const wg__instruction *i = &p->instruction[number];
    double sum = 0;
    if (i->kind == WG__LOOP)
        return over_body(i->loop, wg__instruction_bytes);
    for (int k = 0; k < i->n_accesses; k++)
        sum += (double)p->buffers[i->access[k].buffer].bytes;
    return sum;
}
