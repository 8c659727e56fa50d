/* Fused instructions, block by block. */
#include "exec/exec.h"
#include "plan/make.h"

/* Steps first .. last on n elements, the first of which is element `at` of the whole. Returns the step that failed, or `last`. */
static inline int run_steps(wg__bound *step, int first, int last, int64_t at, int64_t n, wg_status *status)
{
    for (int k = first; k < last; k++) {
        wg__bound *b = &step[k];
        b->call.first = at;
        *status = b->kernel(&b->call, 0, n);
        if (*status)
            return k;
        if (b->finite && !wg__all_finite(b->call.out, b->finite, n)) {
            *status = wg__fail(WG_ERR_NUMERIC, "not finite");
            return k;
        }
    }
    return last;
}

wg_status wg__run_fused(const wg__instruction *i, const wg__portion *part, int64_t begin, int64_t end, int *step)
{
    wg_status status = WG_OK, failure = WG_OK;
    int last = i->n_steps;
    if (part->whole) {
        *step = run_steps(part->step, 0, last, 0, i->extent, &status);
        return status;
    }
    for (int c = 0; c < part->n_cursors; c++)
        *part->cursor[c].at = part->cursor[c].base + (size_t)begin * part->cursor[c].size;
    run_steps(part->step, 0, i->n_once, begin, end - begin < i->block ? end - begin : i->block, &status);
    for (int64_t at = begin, n; at < end; at += n) {
        n = end - at < i->block ? end - at : i->block;
        /* After a failure the blocks to come can only tell of an earlier step. */
        int reached = run_steps(part->step, i->n_once, last, at, n, &status);
        if (reached < last) {
            last = *step = reached;
            failure = status;
        }
        for (int c = 0; c < part->n_cursors; c++)
            *part->cursor[c].at = (char *)*part->cursor[c].at + (size_t)n * part->cursor[c].size;
    }
    return failure;
}
