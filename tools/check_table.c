/* What `wengert check` prints of operators. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAILURES_TOLD = 20, VERDICT_WIDTH = 12 }; /* "INCONCLUSIVE" */

static long long count_in(const json_t *entry, const char *key)
{
    return (long long)json_integer_value(json_object_get(entry, key));
}

/* A name, whatever bytes it has, on one line. */
static const char *plain(const json_t *entry, const char *key, char text[80])
{
    snprintf(text, 80, "%s", json_string_value(json_object_get(entry, key)));
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            *c = '?';
    return text;
}

/* Two digits are enough to compare; null stands for what is not finite. */
static const char *figure(const json_t *entry, const char *key, char text[24])
{
    const json_t *value = json_object_get(entry, key);
    if (json_is_number(value))
        snprintf(text, 24, "%.2g", json_number_value(value));
    return json_is_number(value) ? text : "not finite";
}

void table_head(int name_width, bool slots)
{
    if (slots && !tool_quiet())
        tool_say("%-*s  %-*s %4s %5s  %-20s %6s %10s %10s %10s\n", VERDICT_WIDTH, "verdict", name_width, "operator",
                 "slot", "order", "check", "checks", "error", "tolerance", "seconds");
}

static void tell_slots(const json_t *entry, int name_width)
{
    size_t i;
    json_t *slot;
    char name[80], what[80], error[24], tolerance[24], number[24];
    json_array_foreach(json_object_get(entry, "slots"), i, slot)
    {
        snprintf(number, sizeof number, "%lld", count_in(slot, "slot"));
        bool exact = json_number_value(json_object_get(slot, "tolerance")) == 0; /* it holds or not: nothing to compare */
        tool_say("%-*s  %-*s %4s %5lld  %-20s %6lld %10s %10s %10.6f\n", VERDICT_WIDTH,
                 json_string_value(json_object_get(slot, "verdict")), name_width, plain(entry, "name", name),
                 count_in(slot, "slot") < 0 ? "-" : number, count_in(slot, "order"), plain(slot, "what", what),
                 count_in(slot, "checks"), exact ? "-" : figure(slot, "error", error),
                 exact ? "-" : figure(slot, "tolerance", tolerance), json_number_value(json_object_get(slot, "seconds")));
    }
}

/* A line's text after "operator: sample k, how it was altered: ". */
static const char *said(const json_t *failure)
{
    const char *text = json_string_value(json_object_get(failure, "text")), *end = strstr(text, ": ");
    end = end ? strstr(end + 2, ": ") : NULL;
    return end ? end : text;
}

/* Do two texts differ in numbers alone? "nan" is none. */
static bool say_the_same(const char *a, const char *b)
{
    static const char numeric[] = "0123456789.+-e()";
    for (;; a++, b++) {
        a += strspn(a, numeric);
        b += strspn(b, numeric);
        if (*a != *b || !*a)
            return *a == *b;
    }
}

static bool have_one_cause(const json_t *a, const json_t *b)
{
    static const char *const numbers[] = { "slot", "order" }, *const words[] = { "what", "kind" };
    for (size_t i = 0; i < WG_COUNT(numbers); i++)
        if (count_in(a, numbers[i]) != count_in(b, numbers[i]))
            return false;
    for (size_t i = 0; i < WG_COUNT(words); i++)
        if (!say_the_same(json_string_value(json_object_get(a, words[i])),
                          json_string_value(json_object_get(b, words[i]))))
            return false;
    return say_the_same(said(a), said(b));
}

/* Failures that one mistake gives, on one sample after the other. */
struct cause {
    const json_t *first;
    size_t n;
};

static size_t causes_of(const json_t *failures, struct cause *cause)
{
    size_t i, n = 0;
    json_t *failure;
    json_array_foreach(failures, i, failure)
    {
        size_t k = 0;
        while (k < n && !have_one_cause(cause[k].first, failure))
            k++;
        if (k == n)
            cause[n++] = (struct cause){ .first = failure };
        cause[k].n++;
    }
    return n;
}

static bool is_no_number(const struct cause *c) { return json_is_null(json_object_get(c->first, "got")); }

static void tell_cause(const struct cause *c)
{
    char more[48] = "";
    const char *kind = json_string_value(json_object_get(c->first, "kind"));
    const char *run = json_string_value(json_object_get(c->first, "run"));
    if (c->n > 1)
        snprintf(more, sizeof more, " (and %zu more of this kind)", c->n - 1);
    tool_say("    %s%s%s%s%s%s%s\n", run ? run : "", run ? ": " : "", *kind ? "[" : "", kind, *kind ? "] " : "",
             json_string_value(json_object_get(c->first, "text")), more);
}

/* A line for each cause, those first where something is no number. */
static void tell_failures(const json_t *failures)
{
    struct cause *cause = tool_alloc(json_array_size(failures), sizeof *cause);
    size_t n = causes_of(failures, cause), told = 0;
    for (int finite = 0; finite < 2; finite++)
        for (size_t i = 0; i < n; i++)
            if (is_no_number(&cause[i]) == !finite && told++ < FAILURES_TOLD)
                tell_cause(&cause[i]);
    if (n > FAILURES_TOLD)
        tool_say("    .. and %zu more kinds; --json lists all failures\n", n - FAILURES_TOLD);
    free(cause);
}

static void tell_line(const json_t *entry, const char *verdict, int name_width)
{
    char name[80], worst[24], open[40] = "", wrong[40] = "";
    long long passed = count_in(entry, "passed"), failed = count_in(entry, "failed");
    long long undecided = count_in(entry, "inconclusive");
    if (undecided)
        snprintf(open, sizeof open, ", %lld inconclusive", undecided);
    if (failed)
        snprintf(wrong, sizeof wrong, ", %lld failed", failed);
    tool_say("%-*s  %-*s %6lld checks  worst %-7s %8.3f s%s%s\n", VERDICT_WIDTH, verdict, name_width,
             plain(entry, "name", name), passed + failed + undecided, figure(entry, "worst", worst),
             json_number_value(json_object_get(entry, "seconds")), wrong, open);
}

void table_entry(const json_t *entry, const json_t *failures, int name_width, bool slots)
{
    const char *verdict = json_string_value(json_object_get(entry, "verdict"));
    bool right = !strcmp(verdict, "PASS") && json_is_true(json_object_get(entry, "ok"));
    if (right && tool_quiet())
        return;
    if (slots)
        tell_slots(entry, name_width);
    if (!slots || !right)
        tell_line(entry, verdict, name_width);
    tell_failures(failures);
}

void table_totals(const json_t *result)
{
    tool_say("%lld operators, %lld checks: %lld passed, %lld failed, %lld inconclusive\n",
             count_in(result, "operators"), count_in(result, "checks"), count_in(result, "passed"),
             count_in(result, "failed"), count_in(result, "inconclusive"));
}
