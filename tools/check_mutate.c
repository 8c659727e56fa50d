/* wengert check --mutate: does the verifier notice when an operator, or itself, is made wrong? */
#include "check.h"

#include <stdlib.h>

struct score {
    int64_t mutants, killed, reviewed;
};

struct mutation_table {
    struct score all, here; /* here: of the present operator */
    json_t *list, *survivors;
    struct text lines; /* the present operator's survivors */
};

static int64_t survived(const struct score *s) { return s->mutants - s->killed - s->reviewed; }

static void count(struct score *s, const wg_mutant *m)
{
    s->mutants++;
    s->killed += m->killed;
    s->reviewed += !m->killed && *m->reason;
}

static void take(void *user, const wg_mutant *m)
{
    struct mutation_table *t = user;
    count(&t->all, m);
    count(&t->here, m);
    if (m->killed)
        return;
    if (m->slot >= 0)
        text_add(&t->lines, "      operand %d, %s: %s\n", m->slot, m->mutation, *m->reason ? m->reason : "survives");
    else
        text_add(&t->lines, "      %s: %s\n", m->mutation, *m->reason ? m->reason : "survives");
    json_array_append_new(t->survivors, json_pack("{s:o, s:i, s:o, s:b, s:o}", "operator", tool_text(m->op), "slot",
                                                  m->slot, "mutation", tool_text(m->mutation), "reviewed", *m->reason != 0,
                                                  "reason", tool_text(m->reason)));
}

/* A line for one operator, and one for each mutant of it that survives. */
static void tell(struct mutation_table *t, const char *name, wg_status status)
{
    struct score *s = &t->here;
    bool told = status != WG_OK || !tool_quiet();
    if (told && (s->mutants || status))
        tool_say("%s  %-18s %lld mutants: %lld killed, %lld reviewed, %lld survived\n", wg_verdict_text(status ? WG_FAIL : WG_PASS), name,
                 (long long)s->mutants, (long long)s->killed, (long long)s->reviewed, (long long)survived(s));
    if (told && t->lines.n)
        tool_say("%s", t->lines.at);
    if (status)
        tool_say("      %s\n", wg_error());
    json_array_append_new(t->list, json_pack("{s:o, s:b, s:I, s:I, s:I, s:I}", "name", tool_text(name), "ok",
                                             status == WG_OK, "mutants", (json_int_t)s->mutants, "killed",
                                             (json_int_t)s->killed, "reviewed", (json_int_t)s->reviewed, "survived",
                                             (json_int_t)survived(s)));
}

static bool mutate_one(struct mutation_table *t, const struct check_work *work, const wg_op *op)
{
    t->here = (struct score){ 0 };
    t->lines.n = 0;
    wg_status status = wg_verify_mutants(op,
                                         WG_OPTS(wg_verify_opts, .order = work->order, .seed = work->seed,
                                                 .draws = work->draws, .registry = work->registry),
                                         take, t);
    tell(t, op->name, status);
    return status == WG_OK;
}

static bool mutate_verifier(struct mutation_table *t, const struct check_work *work)
{
    t->here = (struct score){ 0 };
    t->lines.n = 0;
    wg_status status = wg_verify_self(WG_OPTS(wg_verify_opts, .seed = work->seed), take, t);
    tell(t, "verifier", status);
    return status == WG_OK;
}

int check_mutants(const struct check_work *work, bool itself)
{
    struct mutation_table t = { .list = json_array(), .survivors = json_array() };
    bool sound = true;
    for (size_t i = 0; i < work->n; i++)
        sound = mutate_one(&t, work, work->op[i]) && sound;
    if (itself)
        sound = mutate_verifier(&t, work) && sound;
    tool_say("%lld mutants: %lld killed, %lld reviewed, %lld survived\n", (long long)t.all.mutants,
             (long long)t.all.killed, (long long)t.all.reviewed, (long long)survived(&t.all));
    tool_object(json_pack("{s:I, s:I, s:I, s:I, s:b, s:o, s:o}", "mutants", (json_int_t)t.all.mutants, "killed",
                          (json_int_t)t.all.killed, "reviewed", (json_int_t)t.all.reviewed, "survived",
                          (json_int_t)survived(&t.all), "ok", sound, "list", t.list, "survivors", t.survivors));
    free(t.lines.at);
    return sound ? DONE : FAILED;
}

int check_sentinels(uint64_t seed)
{
    if (wg_verify_sentinels(WG_OPTS(wg_verify_opts, .seed = seed), NULL, NULL) == WG_OK)
        return DONE;
    return tool_failed("check: %s", wg_error());
}
