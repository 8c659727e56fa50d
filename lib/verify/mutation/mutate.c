/* The mutation run of one operator: every mutant is verified, and must fail. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "verify/mutation/mutant.h"
#include "verify/operator/session.h"

typedef struct mutation_run {
    wg__mutated *m;
    const wg_verify_opts *opts;
    void (*each)(void *, const wg_mutant *);
    void *user;
    size_t survivors;
    const wg__review *of_op; /* the operator's part of the reviewed list */
    size_t n_reviews;
    bool met[64]; /* by review: there is such a mutant, and it survived */
} mutation_run;

enum { INDEX_MAX = 64 }; /* far beyond any operator's terms */

/* Reviews are about the built-in operators, not about a user's of the same name. */
static void find_reviews(mutation_run *r)
{
    const wg__review *at = wg__reviews;
    while (at->op && strcmp(at->op, r->m->of->name) != 0)
        at++;
    r->of_op = at;
    while (wg__is_builtin(r->m->of) && at->op && !strcmp(at->op, r->m->of->name))
        at++;
    r->n_reviews = (size_t)(at - r->of_op);
}

static const char *review_of(mutation_run *r, const char *mutation, int slot, bool killed)
{
    for (size_t i = 0; i < r->n_reviews; i++)
        if (r->of_op[i].slot == slot && !strcmp(r->of_op[i].mutation, mutation)) {
            r->met[i] = !killed;
            return r->of_op[i].reason;
        }
    return "";
}

static const char *first_failure(const wg_report *report)
{
    for (size_t i = 0; i < wg_report_count(report); i++) {
        wg_check c = wg_report_at(report, i);
        if (c.verdict == WG_FAIL)
            return c.text;
    }
    return wg_error();
}

static void tell(mutation_run *r, const wg_mutant *mutant)
{
    r->survivors += !mutant->killed && !*mutant->reason;
    if (r->each)
        r->each(r->user, mutant);
}

/* Where the mutation does not apply the operator is what it was, and that passes. */
static bool is_here(const wg_op *op) { return atomic_exchange(&((wg__mutated *)op)->here, false); }

/* *applied: there is such a mutant. */
static wg_status try_one(mutation_run *r, const wg__mutation *mutation, int slot, int index, bool *applied)
{
    wg_report *report = NULL;
    wg__mutated_set(r->m, mutation, slot, index);
    bool in_graphs = !mutation->value && !mutation->elsewhere;
    wg_status st = wg__verify_op_until_failure(&r->m->op, r->opts, in_graphs ? is_here : NULL, &report);
    *applied = atomic_load(&r->m->applied);
    bool ran = st == WG_OK || st == WG_ERR_VERIFY;
    if (ran && *applied) {
        char name[96];
        snprintf(name, sizeof name, mutation->name, index); /* a format of the table's, with %d or without */
        bool killed = st == WG_ERR_VERIFY;
        tell(r, &(wg_mutant){ .op = r->m->of->name,
                              .mutation = name,
                              .slot = slot,
                              .killed = killed,
                              .by = killed ? first_failure(report) : "",
                              .reason = review_of(r, name, slot, killed) });
    }
    wg_report_free(report);
    return ran ? WG_OK : st;
}

/* How many operands the samples go up to. */
static int operands_of(const wg_op *op)
{
    int n = 0;
    for (size_t i = 0; i < op->n_samples; i++) {
        int here = op->samples[i].n ? op->samples[i].n : op->arity;
        n = here > n ? here : n;
    }
    return n > WG__SLOTS ? WG__SLOTS : n;
}

static wg_status try_all(mutation_run *r, const wg__mutation *table, int slot)
{
    wg_status st = WG_OK;
    for (const wg__mutation *mutation = table; mutation->name && !st; mutation++) {
        bool places = mutation->times == WG__EACH_PLACE, applied = true;
        int most = places ? INDEX_MAX : mutation->times == WG__ONCE ? 1 : operands_of(r->m->of) + 1;
        for (int index = 0; !st && index < most && (applied || !places); index++)
            st = try_one(r, mutation, slot, index, &applied);
    }
    return st;
}

/* A wrapper without a fault is the operator: what fails of it is no mutant's doing. */
static wg_status try_unchanged(mutation_run *r)
{
    wg_report *report = NULL;
    wg__mutated_set(r->m, NULL, -1, 0);
    wg_status st = wg__verify_op_until_failure(&r->m->op, r->opts, NULL, &report);
    wg_report_free(report);
    return st == WG_ERR_VERIFY ? wg__fail_in("%s: without a mutation it fails: ", r->m->of->name) : st;
}

/* A review of a mutant that is no more, or is killed now, must go. */
static wg_status check_reviews(const mutation_run *r)
{
    for (size_t i = 0; i < r->n_reviews; i++)
        if (!r->met[i])
            return wg__fail(WG_ERR_VERIFY, "%s: the reviewed list names a mutant that does not survive: %s, operand %d",
                            r->m->of->name, r->of_op[i].mutation, r->of_op[i].slot);
    return WG_OK;
}

static wg_status run(mutation_run *r)
{
    const wg_op *op = r->m->of;
    find_reviews(r);
    wg_status st = try_unchanged(r);
    for (int slot = 0; op->backward && slot < operands_of(op) && !st; slot++)
        st = try_all(r, wg__adjoint_mutations, slot);
    if (!st && op->decompose && op->forward.f64)
        st = try_all(r, wg__decompose_mutations, -1);
    if (!st)
        st = try_all(r, wg__kernel_mutations, -1);
    if (!st && r->survivors)
        return wg__fail(WG_ERR_VERIFY, "%s: %zu mutants survive", op->name, r->survivors);
    return st ? st : check_reviews(r);
}

wg_status wg_verify_mutants(const wg_op *op, const wg_verify_opts *opts, void (*each)(void *, const wg_mutant *),
                            void *user)
{
    if (!op || !op->name || op->size != sizeof *op)
        return wg__fail(WG_ERR_ARG, "wg_verify_mutants: no operator, or its descriptor does not begin with WG_OP");
    bool differentiable = (op->backward || op->decompose) && !(op->flags & (WG_NO_GRADIENT | WG_EFFECT | WG_HOLDS_GRAPH));
    if (!differentiable || !op->n_samples)
        return WG_OK;
    wg__mutated *m = wg__alloc(NULL, 1, sizeof *m);
    if (!m)
        return WG_ERR_NOMEM;
    mutation_run r = { .m = m, .opts = opts, .each = each, .user = user };
    wg_status st = wg__mutated_make(m, op) ? run(&r) : wg_error_status();
    wg__mutated_free(m);
    wg__free(NULL, m, 1, sizeof *m);
    return st;
}
