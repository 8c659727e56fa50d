/* The method on functions whose derivatives are known. */
#include <math.h>
#include <wengert.h>

#include "verify/numerics.h"
#include "verify_calibration.h"
#include "verify_suite.h"

typedef struct tally {
    long pass, fail, inconclusive, zero;
} tally;

static struct {
    const calibration *of;
    double planted;
} plain;

static wg_status plain_value(void *user, const double *x, double *y)
{
    (void)user;
    *y = plain.of->value(*x);
    return WG_OK;
}

static wg_status plain_slope(void *user, const double *x, double *g)
{
    (void)user;
    *g = plain.of->slope(*x) * (1 + plain.planted);
    return WG_OK;
}

/* Judges a slope that is wrong by the relative error `planted`, at points log-uniform in magnitude. */
static tally judge_points(size_t index, double planted, long points)
{
    const double one = 1;
    const calibration *c = plain.of = &calibration_set[index];
    tally t = { 0 };
    wg__stream stream = { index + 1, 0 };
    plain.planted = planted;
    for (long i = 0; i < points; i++) {
        double x = c->least * pow(c->most / c->least, wg__draw(&stream)), scale;
        if (c->both_signs && wg__draw(&stream) < 0.5)
            x = -x;
        wg__scale_of(1, &x, &scale);
        wg__round_point(1, &x, &scale);
        double room = c->room(x);
        wg__subject f = { NULL, 1, 1, plain_value, plain_slope, &x, &one, &scale, &room };
        wg__judgement j;
        ck_assert_int_eq(wg__judge(&f, &stream, &j), WG_OK);
        t.pass += j.verdict == WG_PASS;
        t.fail += j.verdict == WG_FAIL;
        t.inconclusive += j.verdict == WG_INCONCLUSIVE;
        t.zero += c->slope(x) == 0;
    }
    return t;
}

enum { POINTS = 20000 };

START_TEST(right_slopes_never_fail)
{
    tally t = judge_points((size_t)_i, 0, POINTS);
    ck_assert_msg(t.fail <= POINTS / 20000 && t.inconclusive <= POINTS / 100, "%s: %ld failed, %ld inconclusive",
                  calibration_set[_i].name, t.fail, t.inconclusive);
}
END_TEST

START_TEST(every_error_of_one_in_a_million_is_found)
{
    tally t = judge_points((size_t)_i, 1e-6, POINTS / 4);
    ck_assert_msg(t.pass == t.zero, "%s: %ld passed", calibration_set[_i].name, t.pass - t.zero);
}
END_TEST

START_TEST(errors_of_one_in_a_billion_are_mostly_found)
{
    tally all = { 0 };
    long points = 0;
    for (size_t i = 0; i < calibration_count; i++) {
        tally t = judge_points(i, 1e-9, 500);
        all.fail += t.fail, all.zero += t.zero;
        points += 500;
    }
    ck_assert_msg((double)all.fail > 0.97 * (double)(points - all.zero), "%ld of %ld", all.fail, points - all.zero);
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
    tcase_add_loop_test(t, right_slopes_never_fail, 0, (int)calibration_count);
    tcase_add_loop_test(t, every_error_of_one_in_a_million_is_found, 0, (int)calibration_count);
    tcase_add_test(t, errors_of_one_in_a_billion_are_mostly_found);
    tcase_add_test(t, claims_that_are_swapped_or_not_finite_fail);
    tcase_add_test(t, noise_is_measured);
    return t;
}
