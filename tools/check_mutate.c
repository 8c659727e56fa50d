/* wengert check --mutate: does the verifier notice when an operator, or itself, is made wrong? */
#include "check.h"

#include <stdlib.h>

#include "workers.h"

struct score {
    int64_t mutants, killed, reviewed;
};

/* One operator's mutants, or the verifier's. */
struct mutation_trial {
    const char *name;
    struct score score;
    json_t *survivors;
    struct text lines; /* of the survivors */
    wg_status status;
    char *error;
};

struct mutation_table {
    const struct check_work *work;
    struct mutation_trial *trial; /* an operator each; the last is the verifier's */
    struct score all;
    json_t *list, *survivors;
    bool sound;
};

static int64_t survived(const struct score *s) { return s->mutants - s->killed - s->reviewed; }

static void count(struct score *s, const wg_mutant *m)
{
    s->mutants++;
    s->killed += m->killed;
    s->reviewed += !m->killed && *m->reason;
}

static void add_score(struct score *to, const struct score *more)
{
    to->mutants += more->mutants;
    to->killed += more->killed;
    to->reviewed += more->reviewed;
}

static void take(void *user, const wg_mutant *m)
{
    struct mutation_trial *t = user;
    count(&t->score, m);
    if (m->killed)
        return;
    if (m->slot >= 0)
        text_add(&t->lines, "      operand %d, %s: %s\n", m->slot, m->mutation, *m->reason ? m->reason : "survives");
    else
        text_add(&t->lines, "      %s: %s\n", m->mutation, *m->reason ? m->reason : "survives");
    json_array_append_new(t->survivors, json_pack("{s:o, s:i, s:o, s:b, s:o}", "operator", tool_text(m->op), "slot",
                                                  m->slot, "mutation", tool_text(m->mutation), "reviewed",
                                                  *m->reason != 0, "reason", tool_text(m->reason)));
}

/* Piece i: operator i; the one beyond them: the verifier. */
static void mutate_one(void *user, size_t i)
{
    struct mutation_table *all = user;
    const struct check_work *work = all->work;
    struct mutation_trial *t = &all->trial[i];
    bool itself = i == work->n;
    wg_verify_opts opts = {
        .size = sizeof opts, .order = work->order, .seed = work->seed, .draws = work->draws, .registry = work->registry
    };
    t->name = itself ? "verifier" : work->op[i]->name;
    t->survivors = json_array();
    t->status = itself ? wg_verify_self(&opts, take, t) : wg_verify_mutants(work->op[i], &opts, take, t);
    t->error = tool_copy(t->status ? wg_error() : "");
}

/* A line for one operator, and one for each mutant of it that survives. */
static void tell_one(void *user, size_t i)
{
    struct mutation_table *all = user;
    struct mutation_trial *t = &all->trial[i];
    const struct score *s = &t->score;
    bool told = t->status != WG_OK || !tool_quiet();
    if (told && (s->mutants || t->status))
        tool_say("%s  %-18s %lld mutants: %lld killed, %lld reviewed, %lld survived\n",
                 wg_verdict_text(t->status ? WG_FAIL : WG_PASS), t->name, (long long)s->mutants, (long long)s->killed,
                 (long long)s->reviewed, (long long)survived(s));
    if (told && t->lines.n)
        tool_say("%s", t->lines.at);
    if (t->status)
        tool_say("      %s\n", t->error);
    json_array_append_new(all->list, json_pack("{s:o, s:b, s:I, s:I, s:I, s:I}", "name", tool_text(t->name), "ok",
                                                 t->status == WG_OK, "mutants", (json_int_t)s->mutants, "killed",
                                                 (json_int_t)s->killed, "reviewed", (json_int_t)s->reviewed, "survived",
                                                 (json_int_t)survived(s)));
    json_array_extend(all->survivors, t->survivors);
    add_score(&all->all, s);
    all->sound = all->sound && !t->status;
    json_decref(t->survivors);
    free(t->lines.at);
    free(t->error);
}

int check_mutants(const struct check_work *work, bool itself)
{
    struct mutation_table t = { .work = work, .list = json_array(), .survivors = json_array(), .sound = true };
    size_t pieces = work->n + itself;
    t.trial = tool_alloc(pieces, sizeof *t.trial);
    workers_run(pieces, mutate_one, tell_one, &t);
    tool_say("%lld mutants: %lld killed, %lld reviewed, %lld survived\n", (long long)t.all.mutants,
             (long long)t.all.killed, (long long)t.all.reviewed, (long long)survived(&t.all));
    tool_object(json_pack("{s:I, s:I, s:I, s:I, s:b, s:o, s:o}", "mutants", (json_int_t)t.all.mutants, "killed",
                          (json_int_t)t.all.killed, "reviewed", (json_int_t)t.all.reviewed, "survived",
                          (json_int_t)survived(&t.all), "ok", t.sound, "list", t.list, "survivors", t.survivors));
    free(t.trial);
    return t.sound ? DONE : FAILED;
}

int check_sentinels(uint64_t seed)
{
    if (wg_verify_sentinels(WG_OPTS(wg_verify_opts, .seed = seed), NULL, NULL) == WG_OK)
        return DONE;
    return tool_failed("check: %s", wg_error());
}
