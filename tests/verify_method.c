/* The method on functions whose derivatives are known. */
#include <math.h>
#include <string.h>
#include <wengert.h>

#include "base/alloc.h"
#include "suite.h"
#include "verify/numerics/numerics.h"
#include "verify_suite.h"

/* What the calibration counted, over all functions. */
typedef struct counts {
    wg_calibration row[2][16]; /* smooth, kinked */
    int n[2];
} counts;

static void add_row(void *user, const wg_calibration *row)
{
    counts *c = user;
    wg_calibration *sum = c->row[row->kinked];
    int i = 0;
    while (i < c->n[row->kinked] && !(sum[i].planted == row->planted || (isnan(sum[i].planted) && isnan(row->planted))))
        i++;
    if (i == c->n[row->kinked])
        sum[c->n[row->kinked]++].planted = row->planted;
    ck_assert_int_eq(row->points, row->passed + row->found + row->inconclusive);
    sum[i].points += row->points;
    sum[i].passed += row->passed;
    sum[i].found += row->found;
    sum[i].inconclusive += row->inconclusive;
    if (!(row->planted < 1e-6) && row->found != row->points)
        ck_abort_msg("%s: an error of %g passed %lld times", row->function, row->planted, (long long)row->passed);
}

static counts calibrate(int64_t points, uint64_t seed)
{
    counts c = { 0 };
    ck_assert_int_eq(wg_verify_calibrate(WG_OPTS(wg_verify_opts, .points = points, .seed = seed), add_row, &c), WG_OK);
    return c;
}

enum { POINTS = 4000 }; /* the command's --calibrate has 20,000 */

START_TEST(the_method_keeps_its_promise)
{
    const int points = test_stride() > 1 ? POINTS / 4 : POINTS;
    counts c = calibrate(points, 1);
    for (int kinked = 0; kinked < 2; kinked++)
        for (int i = 0; i < c.n[kinked]; i++) {
            const wg_calibration *r = &c.row[kinked][i];
            if (r->planted == 0) {
                ck_assert_int_eq(r->points, kinked ? 6 * points : 22 * points);
                ck_assert_msg(r->found == 0, "%lld false alarms", (long long)r->found);
                ck_assert_msg(r->inconclusive < r->points / 1000, "%lld inconclusive", (long long)r->inconclusive);
            } else if (r->planted >= 1e-9) {
                ck_assert_msg((double)r->found > 0.99 * (double)r->points, "%g: %lld of %lld found", r->planted,
                              (long long)r->found, (long long)r->points);
            }
        }
}
END_TEST

START_TEST(calibration_depends_on_the_seed_alone)
{
    const int points = 300 / test_stride();
    counts a = calibrate(points, 5), b = calibrate(points, 5), c = calibrate(points, 6);
    ck_assert_mem_eq(&a, &b, sizeof a);
    ck_assert_mem_ne(&a, &c, sizeof a);
    ck_assert_int_eq(wg_verify_calibrate(NULL, NULL, NULL), WG_ERR_ARG);
}
END_TEST

/* f(x) = (x0 x1, x0 + x1), with claims that are right, NaN, swapped, .. */
static wg_status pair_value(void *user, const double *x, double *y)
{
    (void)user;
    y[0] = x[0] * x[1], y[1] = x[0] + x[1];
    return WG_OK;
}

static const double pair_v[] = { 0.75, -1.25 };

static wg_status pair_slope(void *user, const double *x, double *g)
{
    int kind = *(const int *)user;
    double right[] = { pair_v[0] * x[1] + pair_v[1], pair_v[0] * x[0] + pair_v[1] };
    g[0] = kind == 1 ? NAN : kind == 2 ? right[1] : kind == 3 ? INFINITY : right[0];
    g[1] = kind == 2 ? right[0] : right[1];
    return WG_OK;
}

START_TEST(claims_that_are_swapped_or_not_finite_fail)
{
    double x[] = { 1.5, -0.3 }, scale[2];
    wg__scale_of(2, x, scale);
    wg__round_point(2, x, scale);
    for (int kind = 0; kind < 4; kind++) {
        wg__stream stream = { 7, 0 };
        wg__judgement j;
        wg__subject f = { &kind, 2, 2, pair_value, pair_slope, x, pair_v, scale, NULL };
        ck_assert_int_eq(wg__judge(&f, &stream, &j), WG_OK);
        ck_assert_int_eq(j.verdict, kind ? WG_FAIL : WG_PASS);
    }
}
END_TEST

static void ignore_row(void *user, const wg_calibration *row) { (void)user, (void)row; }

START_TEST(calibration_that_runs_out_of_memory_says_so)
{
    wg_status st = WG_ERR_NOMEM;
    for (size_t n = 1; st != WG_OK; n += 13) {
        wg__alloc_fail_at(n, 0);
        st = wg_verify_calibrate(WG_OPTS(wg_verify_opts, .points = 1), ignore_row, NULL);
        wg__alloc_fail_at(0, 0);
        ck_assert_msg(st == WG_OK || st == WG_ERR_NOMEM, "allocation %zu: %s", n, wg_error());
        ck_assert(n > 13 || st == WG_ERR_NOMEM);
    }
    forget_failures();
}
END_TEST

/* An operator whose shape cannot be inferred: it is not even wrong. */
static wg_status no_shape(wg_infer *t) { return wg_infer_fail(t, WG_ERR_SHAPE, "there is none"); }

START_TEST(a_report_is_one_line)
{
    wg_op op = *wg_registry_find(NULL, "square");
    wg_report *r = NULL;
    ck_assert_int_eq(wg_verify_op(&op, &r), WG_OK);
    ck_assert_msg(!strncmp(wg_report_line(r), "PASS square: ", 13), "%s", wg_report_line(r));
    ck_assert_int_eq(wg_report_verdict(r), WG_PASS);
    double sum = 0;
    for (size_t i = 0; i < wg_report_count(r); i++) {
        ck_assert_double_ge(wg_report_at(r, i).seconds, 0);
        sum += wg_report_at(r, i).seconds;
    }
    ck_assert_double_gt(sum, 0);
    ck_assert_double_le(sum, wg_report_seconds(r) * (1 + 1e-9));
    wg_report_free(r);

    op.infer = no_shape;
    ck_assert_int_eq(wg_verify_op(&op, &r), WG_ERR_VERIFY);
    ck_assert_msg(!strncmp(wg_report_line(r), "FAIL square: ", 13), "%s", wg_report_line(r));
    ck_assert_msg(strstr(wg_report_line(r), "there is none") != NULL, "%s", wg_report_line(r));
    ck_assert_int_eq(wg_report_verdict(r), WG_FAIL);
    wg_report_free(r);
    forget_failures();

    ck_assert_str_eq(wg_report_line(NULL), "");
    ck_assert(wg_report_seconds(NULL) == 0);
    ck_assert_int_eq(wg_report_verdict(NULL), WG_INCONCLUSIVE);
    ck_assert_str_eq(wg_verdict_text(WG_INCONCLUSIVE), "INCONCLUSIVE");
}
END_TEST

START_TEST(claims_judged_together_are_judged_as_alone)
{
    double x[] = { 1.5, -0.3 }, scale[2];
    wg__scale_of(2, x, scale);
    wg__round_point(2, x, scale);
    wg__measured measured = { 0 };
    for (int kind = 3; kind >= 0; kind--) {
        wg__stream together = { 7, 0 }, alone = { 7, 0 };
        wg__judgement a, b;
        wg__subject f = { &kind, 2, 2, pair_value, pair_slope, x, pair_v, scale, NULL };
        ck_assert_int_eq(wg__judge_with(&f, &together, &measured, &a), WG_OK);
        ck_assert_int_eq(wg__judge(&f, &alone, &b), WG_OK);
        ck_assert_int_eq(a.verdict, b.verdict);
        ck_assert(a.expected == b.expected && a.error == b.error);
        ck_assert(together.drawn == alone.drawn);
    }
}
END_TEST

START_TEST(noise_is_measured)
{
    double value[7];
    wg__stream stream = { 3, 0 };
    double sum = 0;
    for (int k = 0; k < 200; k++) {
        for (int i = 0; i < 7; i++) /* uniform in +-1e-9 on a parabola: deviation 5.8e-10 */
            value[i] = 1 + 0.01 * i * 1e-6 + 1e-12 * i * i + 2e-9 * (wg__draw(&stream) - 0.5);
        sum += wg__noise(value);
    }
    ck_assert_double_gt(sum / 200, 3e-10);
    ck_assert_double_lt(sum / 200, 9e-10);
    for (int i = 0; i < 7; i++)
        value[i] = 3;
    ck_assert(wg__noise(value) == 0);
}
END_TEST

TCase *verify_method(void)
{
    TCase *t = tcase_create("method");
    tcase_add_test(t, the_method_keeps_its_promise);
    tcase_add_test(t, calibration_depends_on_the_seed_alone);
    tcase_add_test(t, calibration_that_runs_out_of_memory_says_so);
    tcase_add_test(t, a_report_is_one_line);
    tcase_add_test(t, claims_judged_together_are_judged_as_alone);
    tcase_add_test(t, claims_that_are_swapped_or_not_finite_fail);
    tcase_add_test(t, noise_is_measured);
    return t;
}
