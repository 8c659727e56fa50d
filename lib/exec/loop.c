/* The iterations of a scan: before each, pointers move to its slices and to the places of its results. No memory is moved but by
 * the body itself. */
#include <string.h>

#include "base/checked.h"
#include "base/random.h"
#include "exec/exec.h"
#include "plan/loop.h"

/* Where carry r is written in iteration k, and read in the next. */
static char *carried(const wg__loop *l, const wg_call *call, int r, int64_t k)
{
    size_t one = 0;
    wg__round_up(l->out_bytes[r], WG__ALIGN, &one);
    return k == l->length - 1 ? call->outs[r] : (char *)call->scratch + l->turn[r] + (size_t)(k & 1) * one;
}

static char *operand_at(const wg__loop *l, const wg_call *call, int s, int64_t k, int64_t t)
{
    char *in = (char *)call->in[s]; /* only read */
    if (s < l->n_carries)
        return k > 0 ? carried(l, call, s, k - 1) : in;
    return s < l->n_carries + l->n_slices ? in + (size_t)t * l->in_bytes[s] : in;
}

static char *result_at(const wg__loop *l, const wg_call *call, int r, int64_t k, int64_t t)
{
    return r < l->n_carries ? carried(l, call, r, k) : (char *)call->outs[r] + (size_t)t * l->out_bytes[r];
}

/* Worker w's pointers for iteration k, which sees slice t. */
static void move(wg__frame *f, const wg__loop *l, const wg_call *call, int w, int64_t k, int64_t t)
{
    for (int i = 0; i < f->n_moving; i++) {
        const wg__buffer *b = &f->program->buffers[f->moving[i]];
        wg__frame_move(f, f->moving[i], w,
                       b->space == WG__TO_RESULT ? result_at(l, call, b->result, k, t)
                                                 : operand_at(l, call, l->operand[b->leaf], k, t));
    }
}

/* No iteration at all: carries end as they began. */
static void pass_carries(const wg__loop *l, const wg_call *call)
{
    for (int r = 0; r < l->n_carries; r++)
        if (l->out_bytes[r])
            memcpy(call->outs[r], call->in[r], l->out_bytes[r]);
}

/* The body's first failure becomes the scan's, at the workers where it arose. */
static void hand_on_failure(const wg__run *r, const wg__frame *f, int w, int64_t at, int64_t iteration)
{
    const wg__failure *failure = &f->failure[w];
    if (failure->at != atomic_load_explicit(&f->failed, memory_order_relaxed))
        return;
    const wg__instruction *i = &f->program->instruction[failure->at % f->program->n_instructions];
    const wg_node *node = i->step[i->kind == WG__LOOP ? 0 : failure->step].node;
    wg__fail(failure->status, "%s", failure->text);
    if (node)
        wg__fail_at_node(wg__plan_origin(f->program->plan, node), failure->status);
    wg__fail_in("iteration %lld: ", (long long)iteration);
    wg__note_failure(r->frame, w, at, failure->step, failure->status);
}

void wg__run_loop(const wg__run *r, int worker, int workers, int number, int64_t base, uint64_t seed)
{
    const wg__program *p = r->frame->program;
    const wg__loop *l = p->instruction[number].loop;
    const wg__portion *part = &r->frame->part[worker * p->n_instructions + number];
    const wg_call *call = &part->step->call;
    wg__frame *f = part->loop;
    const wg__run inner = { f, r->barrier, r->step, r->in_turn, r->watched, r->trace };
    int n = f->program->n_instructions, mine = r->in_turn ? f->workers : 1; /* workers that this thread is */
    int64_t t = 0;
    for (int w = worker; w < worker + mine; w++)
        wg__frame_settle(f, w, call->scratch);
    for (int64_t k = 0; k < l->length; k++) {
        t = l->reverse ? l->length - 1 - k : k;
        uint64_t own_seed = wg__iteration_seed(seed, t);
        for (int w = worker; w < worker + mine; w++) {
            move(f, l, call, w, k, t);
            wg__frame_draw(f, w, own_seed, r->step);
        }
        wg__run_list(&inner, worker, f->workers > 1 ? workers : 1, k * n, own_seed);
        if (f->workers > 1 && !r->in_turn)
            wg__barrier_wait(r->barrier);
        if (atomic_load_explicit(&f->failed, memory_order_relaxed) < (k + 1) * n)
            break;
    }
    if (l->length == 0)
        pass_carries(l, call);
    for (int w = worker; w < worker + mine; w++)
        hand_on_failure(r, f, w, base + number, t);
}
