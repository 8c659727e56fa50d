/* Operators on their own samples, and what is kept of each. */
#include "check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "crash.h"
#include "workers.h"

/* How far apart the two sides are, of what was allowed; not finite where a side is not. */
static double share_of(const wg_check *c)
{
    double apart = fabs(c->expected - c->got);
    return apart == 0 ? 0 : apart / c->tolerance;
}

json_t *failure_object(const wg_check *c)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:i, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:o}", "operator", tool_text(c->op),
                     "node", tool_text(c->node), "what", tool_text(c->what), "kind", tool_text(c->kind), "slot",
                     c->slot, "order", c->order, "sample", c->sample, "expected", tool_number(c->expected), "got",
                     tool_number(c->got), "tolerance", tool_number(c->tolerance), "ratio",
                     tool_number(c->got / c->expected), "share", tool_number(share_of(c)), "text", tool_text(c->text));
}

static json_t *failures_of(const wg_report *report)
{
    json_t *list = json_array();
    for (size_t i = 0; i < wg_report_count(report); i++) {
        wg_check c = wg_report_at(report, i);
        if (c.verdict == WG_FAIL)
            json_array_append_new(list, failure_object(&c));
    }
    return list;
}

void report_checks(json_t *object, const wg_report *report)
{
    json_t *residuals = json_array();
    for (size_t i = 0; i < wg_report_count(report); i++) {
        wg_check c = wg_report_at(report, i);
        if (!strcmp(c.what, "residual"))
            json_array_append_new(residuals,
                                  json_pack("{s:o, s:o, s:o, s:o, s:o, s:s}", "node", tool_text(c.node), "operator",
                                            tool_text(c.op), "residual", tool_number(c.got - c.expected), "tolerance",
                                            tool_number(c.tolerance), "share", tool_number(share_of(&c)), "verdict",
                                            wg_verdict_text(c.verdict)));
    }
    json_object_set_new(object, "failures", failures_of(report));
    json_object_set_new(object, "residuals", residuals);
}

/* The checks of one kind on one operand: how many, and the worst of them. */
struct group {
    wg_check worst;
    double share, seconds;
    json_int_t checks;
};

static struct group *group_of(struct group *at, size_t *n, const wg_check *c)
{
    for (size_t i = 0; i < *n; i++)
        if (at[i].worst.slot == c->slot && at[i].worst.order == c->order && !strcmp(at[i].worst.what, c->what))
            return &at[i];
    at[*n] = (struct group){ .worst = *c, .share = -1 };
    return &at[(*n)++];
}

/* A failure is worse than what could not be decided, and that than what passed; not a number is worst of all. */
static bool is_worse(const wg_check *c, double share, const struct group *than)
{
    static const int rank[] = { [WG_PASS] = 0, [WG_INCONCLUSIVE] = 1, [WG_FAIL] = 2 };
    if (c->verdict != than->worst.verdict)
        return rank[c->verdict] > rank[than->worst.verdict];
    return !(share <= than->share);
}

static json_t *group_object(const struct group *g)
{
    const wg_check *w = &g->worst;
    return json_pack("{s:i, s:i, s:o, s:I, s:o, s:o, s:o, s:s, s:o}", "slot", w->slot, "order", w->order, "what",
                     tool_text(w->what), "checks", g->checks, "error", tool_number(fabs(w->expected - w->got)),
                     "tolerance", tool_number(w->tolerance), "share", tool_number(g->share), "verdict",
                     wg_verdict_text(w->verdict), "seconds", tool_number(g->seconds));
}

static json_t *groups_of(const wg_report *report)
{
    size_t n = 0;
    struct group *group = tool_alloc(wg_report_count(report), sizeof *group);
    for (size_t i = 0; i < wg_report_count(report); i++) {
        wg_check c = wg_report_at(report, i);
        struct group *g = group_of(group, &n, &c);
        double share = share_of(&c);
        if (is_worse(&c, share, g)) {
            g->worst = c;
            g->share = share;
        }
        g->seconds += c.seconds;
        g->checks++;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, group_object(&group[i]));
    free(group);
    return list;
}

/* Of the checks that passed: what failed has its own lines. */
static double worst_share(const wg_report *report)
{
    double worst = 0;
    for (size_t i = 0; i < wg_report_count(report); i++) {
        wg_check c = wg_report_at(report, i);
        if (c.verdict == WG_PASS)
            worst = fmax(worst, share_of(&c));
    }
    return worst;
}

static json_t *entry_of(const wg_op *op, wg_status status, const wg_report *report)
{
    wg_verdict verdict = status == WG_OK ? wg_report_verdict(report) : WG_FAIL;
    return json_pack("{s:o, s:b, s:s, s:I, s:I, s:I, s:o, s:o, s:o}", "name", tool_text(op->name), "ok",
                     status == WG_OK, "verdict", wg_verdict_text(verdict), "passed",
                     (json_int_t)wg_report_passed(report), "failed", (json_int_t)wg_report_failed(report),
                     "inconclusive", (json_int_t)wg_report_inconclusive(report), "worst",
                     tool_number(worst_share(report)), "seconds", tool_number(wg_report_seconds(report)), "slots",
                     groups_of(report));
}

/* What kept the operator from being checked at all stands among the failures too. */
static void add_error(json_t *failures, const wg_op *op)
{
    wg_check c = {
        .op = op->name, .node = "", .what = "run", .kind = "", .slot = -1, .sample = -1, .text = wg_error()
    };
    json_array_append_new(failures, failure_object(&c));
}

static void sum_up(json_t *result, const json_t *entry, const json_t *failures)
{
    static const char *const counts[] = { "passed", "failed", "inconclusive" };
    json_int_t all = json_integer_value(json_object_get(result, "checks"));
    for (size_t i = 0; i < WG_COUNT(counts); i++) {
        json_t *sum = json_object_get(result, counts[i]);
        json_int_t more = json_integer_value(json_object_get(entry, counts[i]));
        json_integer_set(sum, json_integer_value(sum) + more);
        all += more;
    }
    json_integer_set(json_object_get(result, "checks"), all);
    json_t *n = json_object_get(result, "operators"), *time = json_object_get(result, "seconds");
    json_integer_set(n, json_integer_value(n) + 1);
    json_real_set(time, json_real_value(time) + json_number_value(json_object_get(entry, "seconds")));
    json_array_extend(json_object_get(result, "failures"), (json_t *)failures);
}

/* The operators, checked side by side, and told in their order. */
struct checking {
    const struct check_work *work;
    void (*each)(void *user, const json_t *entry, const json_t *failures);
    void *user;
    json_t *result, **entry, **failures; /* (work->n): of each operator, until it is told */
};

static void note(void *user, const wg_check *coming) { crash_note(*(size_t *)user, coming); }

static void check_one(void *user, size_t i)
{
    struct checking *c = user;
    const struct check_work *work = c->work;
    wg_report *report = NULL;
    size_t watch = crash_watch(work->op[i]->name);
    wg_status status = wg_verify_op_with(work->op[i],
                                         WG_OPTS(wg_verify_opts, .order = work->order, .seed = work->seed,
                                                 .draws = work->draws, .registry = work->registry,
                                                 .before = note, .user = &watch),
                                         &report);
    crash_unwatch(watch);
    c->entry[i] = entry_of(work->op[i], status, report);
    c->failures[i] = failures_of(report);
    if (status && !json_array_size(c->failures[i]))
        add_error(c->failures[i], work->op[i]);
    wg_report_free(report);
}

static void tell_one(void *user, size_t i)
{
    struct checking *c = user;
    if (c->each)
        c->each(c->user, c->entry[i], c->failures[i]);
    sum_up(c->result, c->entry[i], c->failures[i]);
    json_array_append_new(json_object_get(c->result, "list"), c->entry[i]);
    json_decref(c->failures[i]);
}

json_t *check_operators(const struct check_work *work,
                        void (*each)(void *user, const json_t *entry, const json_t *failures), void *user)
{
    struct checking c = { .work = work, .each = each, .user = user };
    c.result = json_pack("{s:i, s:i, s:i, s:i, s:i, s:f, s:[], s:[]}", "operators", 0, "checks", 0, "passed", 0,
                         "failed", 0, "inconclusive", 0, "seconds", 0.0, "list", "failures");
    c.entry = tool_alloc(work->n, sizeof(json_t *));
    c.failures = tool_alloc(work->n, sizeof(json_t *));
    workers_run(work->n, check_one, tell_one, &c);
    free(c.entry);
    free(c.failures);
    return c.result;
}

bool check_sound(const json_t *result)
{
    size_t i;
    json_t *entry;
    json_array_foreach (json_object_get(result, "list"), i, entry)
        if (!json_is_true(json_object_get(entry, "ok")))
            return false;
    return json_integer_value(json_object_get(result, "failed")) == 0;
}
