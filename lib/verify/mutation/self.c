/* The verifier verified: sentinels must come out as they must, and must not when the verifier is given a flaw. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "verify/mutation/mutant.h"
#include "verify/mutation/sentinels.h"
#include "verify/numerics/flaw.h"
#include "verify/operator/session.h"
#include <wengert/verify.h>

_Thread_local wg__flaw wg__flaw_now;

/* text: what came out; "" when it is what must come out. */
typedef struct outcome {
    char text[256];
} outcome;

static bool has_failure(const wg_report *report, const wg__sentinel *sentinel)
{
    for (size_t i = 0; i < wg_report_count(report); i++) {
        wg_check c = wg_report_at(report, i);
        if (c.verdict == WG_FAIL && !strcmp(c.what, sentinel->what) && (sentinel->slot < 0 || c.slot == sentinel->slot))
            return true;
    }
    return false;
}

/* A wrong one is verified as far as its first failure, where that is the one; else to the end. */
static wg_status report_on(const wg__sentinel *sentinel, const wg_verify_opts *with, wg_report **report)
{
    wg_status st = WG_OK;
    *report = NULL;
    if (sentinel->what)
        st = wg__verify_op_until_failure(sentinel->op, with, NULL, report);
    if (st == WG_ERR_VERIFY && *report && has_failure(*report, sentinel))
        return st;
    wg_report_free(*report);
    *report = NULL;
    return st == WG_OK || st == WG_ERR_VERIFY ? wg_verify_op_with(sentinel->op, with, report) : st;
}

static wg_status verify(const wg__sentinel *sentinel, const wg_verify_opts *opts, outcome *out)
{
    wg_report *report;
    wg_status st = report_on(sentinel, WG_OPTS(wg_verify_opts, .seed = opts ? opts->seed : 0), &report);
    const char *name = sentinel->op->name;
    out->text[0] = '\0';
    if (st != WG_OK && st != WG_ERR_VERIFY) {
        wg_report_free(report);
        return st;
    }
    if (!sentinel->what && st)
        snprintf(out->text, sizeof out->text, "the sentinel %s is right but fails: %.150s", name, wg_error());
    else if (!sentinel->what && wg_report_inconclusive(report))
        snprintf(out->text, sizeof out->text, "the sentinel %s is not decided", name);
    else if (sentinel->what && !has_failure(report, sentinel))
        snprintf(out->text, sizeof out->text, "the sentinel %s passes its check \"%s\", though it is wrong", name,
                 sentinel->what);
    wg_report_free(report);
    return WG_OK;
}

wg_status wg_verify_sentinels(const wg_verify_opts *opts, void (*each)(void *, const wg_mutant *), void *user)
{
    char first[256] = "";
    for (const wg__sentinel *s = wg__sentinels; s->op; s++) {
        outcome out;
        wg_status st = verify(s, opts, &out);
        if (st)
            return st;
        if (each)
            each(user, &(wg_mutant){ .op = "sentinel",
                                     .mutation = s->op->name,
                                     .slot = s->slot,
                                     .killed = !*out.text,
                                     .by = *out.text ? ""
                                           : s->what ? s->what
                                                     : "passes",
                                     .reason = "" });
        if (*out.text && !*first)
            snprintf(first, sizeof first, "%s", out.text);
    }
    return *first ? wg__fail(WG_ERR_VERIFY, "the verifier cannot be trusted: %s", first) : WG_OK;
}

static const struct {
    wg__flaw flaw;
    const char *name;
} flaws[] = {
    { WG__TOLERANCE_INFINITE, "an infinite tolerance" },
    { WG__TOLERANCE_LOOSE, "a tolerance of a thousandth" },
    { WG__MAGNITUDES_ONLY, "magnitudes compared, not signs" },
    { WG__NAN_PASSES, "a comparison that NaN passes" },
    { WG__CLAIM_BELIEVED, "the claim compared with itself" },
    { WG__COTANGENT_ZERO, "a cotangent of zeros" },
    { WG__COTANGENT_ONES, "a cotangent of ones" },
    { WG__DIRECTION_ZERO, "a direction of zeros" },
    { WG__ERROR_ZERO, "an error estimate of zero" },
    { WG__NOISE_INFINITE, "a noise estimate of infinity" },
    { WG__NEVER_CONFIRMED, "failures put down as inconclusive" },
    { WG__UNDECIDED_ALLOWED, "inconclusive samples allowed" },
    { WG__SLOTS_SKIPPED, "all operands but the first skipped" },
    { WG__SAMPLES_SKIPPED, "all samples but the first skipped" },
    { WG__SECOND_SKIPPED, "second order skipped" },
    { WG__LINEARITY_SKIPPED, "linearity skipped" },
    { WG__VALUES_SKIPPED, "values skipped" },
    { WG__NARROW_SKIPPED, "f32 skipped" },
    { WG__RUNS_SKIPPED, "other ways to run skipped" },
    { WG__KINKS_SKIPPED, "kinks skipped" },
};
_Static_assert(sizeof flaws / sizeof *flaws == WG__FLAWS - 1, "every flaw is tried");

/* Which sentinel notices; "" when none does. */
static wg_status try_flaw(wg__flaw flaw, const wg_verify_opts *opts, outcome *out)
{
    wg_status st = WG_OK;
    wg__flaw_now = flaw;
    out->text[0] = '\0';
    for (const wg__sentinel *s = wg__sentinels; s->op && !st && !*out->text; s++)
        st = verify(s, opts, out);
    wg__flaw_now = WG__FLAWLESS;
    return st;
}

wg_status wg_verify_self(const wg_verify_opts *opts, void (*each)(void *, const wg_mutant *), void *user)
{
    const char *survivor = NULL;
    wg_status st = wg_verify_sentinels(opts, each, user);
    if (st)
        return st;
    for (size_t i = 0; i < sizeof flaws / sizeof *flaws; i++) {
        outcome out;
        if ((st = try_flaw(flaws[i].flaw, opts, &out)))
            return st;
        if (!*out.text && !survivor)
            survivor = flaws[i].name;
        if (each)
            each(user, &(wg_mutant){ .op = "verifier",
                                     .mutation = flaws[i].name,
                                     .slot = -1,
                                     .killed = *out.text,
                                     .by = out.text,
                                     .reason = "" });
    }
    return survivor ? wg__fail(WG_ERR_VERIFY, "the verifier cannot be trusted: no sentinel notices %s", survivor)
                    : WG_OK;
}
