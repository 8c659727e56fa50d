/* What was checked, and what came out. */
#include "verify/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/options.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

wg_report *wg__report_new(void)
{
    wg_report *r = wg__alloc_zero(NULL, 1, sizeof *r);
    if (r) {
        r->arena.allocator = &wg__default_allocator;
        r->difference = NAN;
        r->begun = r->last = now();
    }
    return r;
}

void wg_report_free(wg_report *r)
{
    if (!r)
        return;
    wg__arena_free(&r->arena);
    wg__free(NULL, r->checks, r->capacity, sizeof *r->checks);
    wg__free(NULL, r, 1, sizeof *r);
}

void wg__report_add(wg_report *r, wg_check check, const char *format, ...)
{
    char text[1536] = "";
    if (check.verdict != WG_PASS) {
        va_list args;
        va_start(args, format);
        vsnprintf(text, sizeof text, format, args);
        va_end(args);
    }
    double time = now();
    check.seconds = time - r->last;
    r->last = time;
    check.op = wg__arena_text(&r->arena, check.op);
    check.node = wg__arena_text(&r->arena, check.node ? check.node : "");
    check.kind = wg__arena_text(&r->arena, check.kind ? check.kind : "");
    check.text = *text ? wg__arena_text(&r->arena, text) : "";
    if (!check.op || !check.node || !check.kind || !check.text ||
        !wg__grow(NULL, (void **)&r->checks, &r->capacity, r->n + 1, sizeof *r->checks)) {
        r->broken = WG_ERR_NOMEM;
        return;
    }
    r->checks[r->n++] = check;
    r->passed += check.verdict == WG_PASS;
    r->failed += check.verdict == WG_FAIL;
    r->inconclusive += check.verdict == WG_INCONCLUSIVE;
}

wg_status wg__verify_opts_read(wg_verify_opts *opts, const wg_verify_opts *given)
{
    if (!wg__options(opts, sizeof *opts, given, "wg_verify_opts"))
        return WG_ERR_ARG;
    if (!opts->seed)
        opts->seed = 1;
    if (opts->draws < 1)
        opts->draws = 1;
    return WG_OK;
}

/* A line for each check that failed, or one line when none did. */
static char *summary(wg_report *r, const char *subject)
{
    enum { LINE = 128 };
    size_t size = strlen(subject) + LINE, at = 0;
    for (size_t i = 0; i < r->n; i++)
        size += r->checks[i].verdict == WG_FAIL ? strlen(r->checks[i].text) + 2 : 0;
    char *text = wg__arena_alloc(&r->arena, size);
    if (!text)
        return NULL;
    for (size_t i = 0; i < r->n; i++)
        if (r->checks[i].verdict == WG_FAIL)
            at += (size_t)snprintf(text + at, size - at, "%s%s", at ? "\n" : "", r->checks[i].text);
    if (!at && r->inconclusive)
        snprintf(text, size, "%s: %zu checks passed, %zu inconclusive", subject, r->passed, r->inconclusive);
    else if (!at)
        snprintf(text, size, "%s: %zu checks passed", subject, r->passed);
    return text;
}

/* The largest share of its tolerance that a check used up and passed. */
static double worst_share(const wg_report *r)
{
    double worst = 0;
    for (size_t i = 0; i < r->n; i++) {
        const wg_check *c = &r->checks[i];
        double share = fabs(c->expected - c->got) / c->tolerance;
        if (c->verdict == WG_PASS && c->tolerance > 0 && share > worst)
            worst = share;
    }
    return worst;
}

static char *line_of(wg_report *r, const char *subject, wg_status st)
{
    const wg_check *first = NULL;
    for (size_t i = 0; i < r->n && !first; i++)
        first = r->checks[i].verdict == WG_FAIL ? &r->checks[i] : NULL;
    size_t size = strlen(subject) + (first ? strlen(first->text) + strlen(first->kind) : 0) + strlen(wg_error()) + 160;
    char *line = wg__arena_alloc(&r->arena, size);
    if (!line)
        return NULL;
    const char *word = wg_verdict_text(wg_report_verdict(r)), *said = first ? first->text : "";
    if (!strncmp(said, subject, strlen(subject)) && !strncmp(said + strlen(subject), ": ", 2))
        said += strlen(subject) + 2; /* the subject stands in front already */
    if (st)                          /* it could not be run */
        snprintf(line, size, "%s %s: %s", word, subject, wg_error());
    else if (first)
        snprintf(line, size, "%s %s: %zu of %zu checks: %s%s%s", word, subject, r->failed, r->n, first->kind,
                 *first->kind ? ": " : "", said);
    else if (r->inconclusive)
        snprintf(line, size, "%s %s: %zu checks, %zu inconclusive, worst %.2g of its tolerance", word, subject, r->n,
                 r->inconclusive, worst_share(r));
    else
        snprintf(line, size, "%s %s: %zu checks, worst %.2g of its tolerance", word, subject, r->n, worst_share(r));
    return line;
}

static wg_status fail_with_first(const wg_report *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->checks[i].verdict == WG_FAIL)
            return wg__fail(WG_ERR_VERIFY, "%s", r->checks[i].text);
    return WG_OK;
}

wg_status wg__report_end(wg_report *r, const char *subject, wg_status st, wg_report **out)
{
    if (!st)
        st = r->broken;
    if (!st && !(r->text = summary(r, subject)))
        st = WG_ERR_NOMEM;
    if (st != WG_ERR_NOMEM && !(r->line = line_of(r, subject, st)))
        st = WG_ERR_NOMEM;
    r->last = now();
    if (!st)
        st = fail_with_first(r);
    if (out)
        *out = r;
    else
        wg_report_free(r);
    return st;
}

const char *wg_report_text(const wg_report *r) { return r && r->text ? r->text : ""; }
size_t wg_report_count(const wg_report *r) { return r ? r->n : 0; }
size_t wg_report_passed(const wg_report *r) { return r ? r->passed : 0; }
size_t wg_report_failed(const wg_report *r) { return r ? r->failed : 0; }
size_t wg_report_inconclusive(const wg_report *r) { return r ? r->inconclusive : 0; }
double wg_report_difference(const wg_report *r) { return r ? r->difference : NAN; }

const char *wg_report_line(const wg_report *r) { return r && r->line ? r->line : ""; }
double wg_report_seconds(const wg_report *r) { return r ? r->last - r->begun : 0; }

wg_verdict wg_report_verdict(const wg_report *r)
{
    if (!r || (!r->passed && !r->failed && r->inconclusive))
        return WG_INCONCLUSIVE;
    return r->failed || !r->text ? WG_FAIL : WG_PASS;
}

const char *wg_verdict_text(wg_verdict v) { return v == WG_PASS ? "PASS" : v == WG_FAIL ? "FAIL" : "INCONCLUSIVE"; }

wg_check wg_report_at(const wg_report *r, size_t index)
{
    static const wg_check none = {
        .op = "", .node = "", .what = "", .kind = "", .verdict = WG_INCONCLUSIVE, .text = ""
    };
    return r && index < r->n ? r->checks[index] : none;
}
