/* wengert check --thorough: every instruction set of this processor, three draws, work split as finely as it can be.
 *
 * The library picks its instruction set once, so each run is a child process. The parent must not have run anything
 * before: threads do not survive a fork. */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DRAWS = 3 };

static const char *const sets[] = { "base", "avx2", "avx512" };

/* In the child. A set that the processor has not gives an empty object. */
static json_t *run_on(const char *isa, const struct check_work *work)
{
    struct check_work more = *work;
    if (more.draws < DRAWS)
        more.draws = DRAWS;
    setenv("WENGERT_ISA", isa, 1);
    setenv("WENGERT_GRAIN", "1", 1);
    return strcmp(wg_isa(), isa) ? json_object() : check_operators(&more, NULL, NULL);
}

static void child(int to, const char *isa, const struct check_work *work)
{
    json_t *result = run_on(isa, work);
    FILE *pipe_end = fdopen(to, "w");
    bool sent = pipe_end && !json_dumpf(result, pipe_end, JSON_COMPACT) && !fclose(pipe_end);
    _exit(sent ? DONE : FAILED); /* what the parent's streams hold is the parent's to write */
}

/* A run's result; NULL, and the message printed. */
static json_t *run_apart(const char *isa, const struct check_work *work)
{
    int ends[2];
    fflush(NULL);
    pid_t id = pipe(ends) ? -1 : fork();
    if (id < 0) {
        tool_failed("check: no process for WENGERT_ISA=%s: %s", isa, strerror(errno));
        return NULL;
    }
    if (!id) {
        close(ends[0]);
        child(ends[1], isa, work);
    }
    close(ends[1]);
    FILE *from = fdopen(ends[0], "r");
    json_t *result = from ? json_loadf(from, 0, NULL) : NULL;
    if (from)
        fclose(from);
    int status = 0;
    while (waitpid(id, &status, 0) < 0 && errno == EINTR)
        continue;
    if (result && status == 0)
        return result;
    json_decref(result);
    if (WIFSIGNALED(status))
        tool_failed("check: the run with WENGERT_ISA=%s ended by signal %d", isa, WTERMSIG(status));
    else
        tool_failed("check: the run with WENGERT_ISA=%s ended early", isa);
    return NULL;
}

static void add_number(json_t *to, const json_t *from, const char *key)
{
    json_t *sum = json_object_get(to, key);
    const json_t *more = json_object_get(from, key);
    if (json_is_integer(sum))
        json_integer_set(sum, json_integer_value(sum) + json_integer_value(more));
    else if (json_is_real(sum))
        json_real_set(sum, json_real_value(sum) + json_number_value(more));
}

static int rank_of(const json_t *entry)
{
    const char *verdict = json_string_value(json_object_get(entry, "verdict"));
    return !strcmp(verdict, "FAIL") ? 2 : !strcmp(verdict, "PASS") ? 0 : 1;
}

/* The worse of two stays: by verdict, then by `key`, where null (not finite) is the worst. */
static bool is_worse(const json_t *entry, const json_t *than, const char *key)
{
    const json_t *a = json_object_get(entry, key), *b = json_object_get(than, key);
    if (rank_of(entry) != rank_of(than))
        return rank_of(entry) > rank_of(than);
    return json_is_number(b) && (!json_is_number(a) || json_number_value(a) > json_number_value(b));
}

static void copy_keys(json_t *to, const json_t *from, const char *const *key, size_t n)
{
    for (size_t i = 0; i < n; i++)
        json_object_set(to, key[i], json_object_get(from, key[i]));
}

static bool same_slot(const json_t *a, const json_t *b)
{
    return json_equal(json_object_get(a, "slot"), json_object_get(b, "slot")) &&
           json_equal(json_object_get(a, "order"), json_object_get(b, "order")) &&
           json_equal(json_object_get(a, "what"), json_object_get(b, "what"));
}

static void merge_slot(json_t *list, json_t *more)
{
    static const char *const taken[] = { "error", "tolerance", "share", "verdict" };
    size_t i;
    json_t *slot;
    json_array_foreach(list, i, slot)
    {
        if (!same_slot(slot, more))
            continue;
        if (is_worse(more, slot, "share"))
            copy_keys(slot, more, taken, WG_COUNT(taken));
        add_number(slot, more, "checks");
        add_number(slot, more, "seconds");
        return;
    }
    json_array_append(list, more);
}

static void merge_entry(json_t *entry, const json_t *more)
{
    static const char *const sums[] = { "passed", "failed", "inconclusive", "seconds" };
    static const char *const worst[] = { "worst" }, *const verdicts[] = { "verdict", "ok" };
    size_t i;
    json_t *slot;
    for (i = 0; i < WG_COUNT(sums); i++)
        add_number(entry, more, sums[i]);
    if (is_worse(more, entry, "worst"))
        copy_keys(entry, more, worst, 1);
    if (rank_of(more) > rank_of(entry))
        copy_keys(entry, more, verdicts, 2);
    json_array_foreach(json_object_get(more, "slots"), i, slot) merge_slot(json_object_get(entry, "slots"), slot);
}

/* Adds a run to the result: operators come in the same order in all of them. */
static void merge(json_t *result, json_t *run, const char *isa)
{
    static const char *const sums[] = { "checks", "passed", "failed", "inconclusive", "seconds" };
    json_t *list = json_object_get(result, "list"), *failures = json_object_get(result, "failures"), *item;
    size_t i;
    json_array_foreach(json_object_get(run, "failures"), i, item)
    {
        json_object_set_new(item, "run", json_string(isa));
        json_array_append(failures, item);
    }
    for (i = 0; i < WG_COUNT(sums); i++)
        add_number(result, run, sums[i]);
    json_object_set(result, "operators", json_object_get(run, "operators"));
    json_array_foreach(json_object_get(run, "list"), i, item)
    {
        if (i < json_array_size(list))
            merge_entry(json_array_get(list, i), item);
        else
            json_array_append(list, item);
    }
}

static void tell_run(json_t *result, const json_t *run, const char *isa)
{
    json_int_t checks = json_integer_value(json_object_get(run, "checks"));
    json_int_t failed = json_integer_value(json_object_get(run, "failed"));
    double time = json_number_value(json_object_get(run, "seconds"));
    tool_note("%-8s %s checks, %lld failed, %.1f s\n", isa, tool_grouped(checks), (long long)failed, time);
    json_array_append_new(json_object_get(result, "runs"),
                          json_pack("{s:s, s:I, s:I, s:f}", "isa", isa, "checks", checks, "failed", failed, "seconds",
                                    time));
}

json_t *check_thoroughly(const struct check_work *work)
{
    json_t *result = json_pack("{s:i, s:i, s:i, s:i, s:i, s:f, s:[], s:[], s:[]}", "operators", 0, "checks", 0,
                               "passed", 0, "failed", 0, "inconclusive", 0, "seconds", 0.0, "list", "failures", "runs");
    for (size_t i = 0; i < WG_COUNT(sets); i++) {
        json_t *run = run_apart(sets[i], work);
        if (!run) {
            json_decref(result);
            return NULL;
        }
        if (json_object_size(run)) {
            merge(result, run, sets[i]);
            tell_run(result, run, sets[i]);
        }
        json_decref(run);
    }
    return result;
}
