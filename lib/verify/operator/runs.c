/* One result, however it is run: interpreted, cut into parts, in used memory, by several threads; and nothing that a run
 * only reads is written. */
#include <string.h>

#include "base/error.h"
#include "exec/exec.h"
#include "tensor/shape.h"
#include "verify/operator/rounding.h"
#include "verify/operator/session.h"

bool wg__same_bits(wg_view a, wg_view b)
{
    size_t bytes;
    return a.dtype == b.dtype && wg_shape_equal(a.shape, b.shape) && wg__shape_bytes(&a.shape, a.dtype, &bytes) &&
           (!bytes || (a.data && b.data && memcmp(a.data, b.data, bytes) == 0));
}

/* Results of one run. */
typedef struct kept {
    wg_node *node[WG__WANTED];
    wg_view view[WG__WANTED]; /* in memory of the rig's arena */
    int n;
} kept;

static wg_status keep_results(wg__rig *r, const wg_exec *e, int order, kept *k)
{
    k->n = wg__rig_outputs(r, order, k->node);
    for (int i = 0; i < k->n; i++) {
        size_t bytes;
        wg_view now = wg_result(e, k->node[i]);
        if (!wg__shape_bytes(&now.shape, now.dtype, &bytes))
            return wg_error_status();
        void *copy = wg__arena_alloc(&r->arena, bytes + 1);
        if (!copy)
            return WG_ERR_NOMEM;
        if (bytes)
            memcpy(copy, now.data, bytes);
        k->view[i] = wg_view_of(copy, now.dtype, now.shape);
    }
    return WG_OK;
}

/* *other: the first result that the second run has otherwise; first->n: none. */
static wg_status run_twice(wg__rig *r, wg_exec *e, int order, kept *first, int *other)
{
    char *read = wg__arena_alloc(&r->arena, wg__read_bytes(r) + 1);
    wg_status st = read ? wg__rig_bind(r, e) : WG_ERR_NOMEM;
    if (st)
        return st;
    wg__exec_harshly(e, 0); /* both begin with the same memory */
    wg__read_copy(r, read, false);
    if (!(st = wg_run(e)))
        st = keep_results(r, e, order, first);
    wg__read_copy(r, read, true); /* a run that writes into what it reads is another matter */
    if (!st)
        st = wg_run(e);
    wg__read_copy(r, read, true);
    while (!st && *other < first->n && wg__same_bits(first->view[*other], wg_result(e, first->node[*other])))
        ++*other;
    return st;
}

static wg_status check_twice(wg__session *s, int order)
{
    wg__rig *r = s->rig;
    kept first = { .n = 0 };
    int other = 0;
    wg_exec *e = wg_exec_new_with(r->plan[order], WG_OPTS(wg_exec_opts, .threads = 1));
    wg_status st = e ? run_twice(r, e, order, &first, &other) : wg_error_status();
    wg_exec_free(e);
    if (st)
        return st;
    s->unsteady = other < first.n;
    int slot = s->unsteady ? wg__rig_slot_of(r, order, first.node[other]) : -1;
    char name[WG__RESULT_MAX];
    wg__settle_slot(s, "steady", order, slot, !s->unsteady,
                    "run twice on the same operands, %s is not the same: a kernel depends on something else, and "
                    "nothing more can be asked",
                    wg__result_name(order, slot, name));
    return WG_OK;
}

wg_status wg__check_steady(wg__session *s)
{
    wg_status st = WG_OK;
    for (int order = 0; order <= s->rig->of.order && !st && !s->unsteady; order++) {
        wg__session_tell(s, order == 0 ? "value" : order == 1 ? "gradient" : "second order", order, -1);
        st = check_twice(s, order);
    }
    return st;
}

static const char *name_of(int order)
{
    return order == 0 ? "its value" : order == 1 ? "a gradient" : "a second derivative";
}

static wg_status check_interpreter(wg__session *s, int order)
{
    wg_node *wanted[WG__WANTED];
    int n = wg__rig_outputs(s->rig, order, wanted);
    bool same = true;
    for (int i = 0; i < n; i++) {
        wg_view view;
        wg_status st = wg_interpret(s->rig->exec[order], wanted[i], &view);
        if (st)
            return st;
        same = same && wg__same_bits(wg_result(s->rig->exec[order], wanted[i]), view);
    }
    wg__settle_check(s, "interpreter", order, same, "%s differs between the compiled plan and the interpreter",
                     name_of(order));
    return WG_OK;
}

/* Another exec of the same plan: with parts > 0 that many shares in turn, with 0 by `threads` threads. */
static wg_status run_otherwise(wg__session *s, int order, int parts, int threads, bool *same)
{
    const wg__rig *r = s->rig;
    wg_node *wanted[WG__WANTED];
    int n = wg__rig_outputs(r, order, wanted);
    wg_exec *e = wg_exec_new_with(r->plan[order], WG_OPTS(wg_exec_opts, .threads = threads));
    wg_status st = e ? wg__rig_bind(r, e) : wg_error_status();
    if (!st) {
        wg__exec_harshly(e, parts);
        st = wg_run(e);
    }
    for (int i = 0; i < n && !st; i++)
        *same = *same && wg__same_bits(wg_result(e, wanted[i]), wg_result(r->exec[order], wanted[i]));
    wg_exec_free(e);
    return st;
}

/* In one part, but in memory full of NaN; then in more. */
static wg_status check_parts(wg__session *s, int order)
{
    static const int parts[] = { 1, 2, 3, 8 };
    for (size_t i = 0; i < WG_COUNT(parts); i++) {
        bool same = true;
        wg_status st = run_otherwise(s, order, parts[i], 1, &same);
        if (st == WG_ERR_VERIFY) {
            wg__settle_check(s, "parts", order, false, "%s", wg_error());
            return WG_OK;
        }
        if (st)
            return st;
        if (parts[i] == 1)
            wg__settle_check(s, "memory", order, same, "%s depends on what was in memory before the run",
                             name_of(order));
        else
            wg__settle_check(s, "parts", order, same, "%s is another when the work is split in %d", name_of(order),
                             parts[i]);
    }
    return WG_OK;
}

/* How work is split shows in parts; here it is that threads meet, in other numbers on the first sample alone. */
static wg_status check_threads(wg__session *s, int order)
{
    static const int threads[] = { 3, 2, 8 };
    size_t n = wg__is_generated(s) ? s->large && !s->brief : s->sample ? 1 : WG_COUNT(threads);
    wg_status st = WG_OK;
    for (size_t i = 0; i < n && !st; i++) {
        bool same = true;
        st = run_otherwise(s, order, 0, threads[i], &same);
        if (!st)
            wg__settle_check(s, "threads", order, same, "%s differs between one thread and %d", name_of(order),
                             threads[i]);
    }
    return st;
}

wg_status wg__check_runs(wg__session *s, int order)
{
    wg__rig *r = s->rig;
    if (wg__has_flaw(WG__RUNS_SKIPPED))
        return WG_OK;
    wg__session_tell(s, "runs", order, -1);
    wg__rig_restore(r); /* what an earlier run wrote must not pass for what was drawn */
    uint64_t before = wg__rig_sum(r);
    wg_status st = wg__rig_run(r, order);
    wg__settle_check(s, "operands", order, st || wg__rig_sum(r) == before, "%s",
                     order ? "its adjoint writes into what it only reads" : "it writes into its operands");
    if (!st)
        st = check_interpreter(s, order);
    if (!st)
        st = check_parts(s, order);
    if (!st)
        st = check_threads(s, order);
    wg__rig_restore(r);
    return st;
}
