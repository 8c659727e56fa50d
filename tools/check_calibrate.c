/* wengert check --calibrate: how much the verifier finds, and whether that is what is promised. */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* JSON has no number for these. */
static json_t *planted_value(double planted)
{
    if (isfinite(planted))
        return json_real(planted);
    return json_string(isnan(planted) ? "nan" : "infinity");
}

static const char *planted_text(const json_t *row, char text[16])
{
    const json_t *planted = json_object_get(row, "planted");
    if (json_is_string(planted))
        return json_string_value(planted);
    if (json_number_value(planted) == 0)
        return "none";
    snprintf(text, 16, "%.0e", json_number_value(planted));
    return text;
}

static json_t *row_object(const wg_calibration *row)
{
    return json_pack("{s:s, s:b, s:o, s:I, s:I, s:I, s:I}", "function", row->function, "kinked", row->kinked,
                     "planted", planted_value(row->planted), "points", (json_int_t)row->points, "passed",
                     (json_int_t)row->passed, "found", (json_int_t)row->found, "inconclusive",
                     (json_int_t)row->inconclusive);
}

static void add_to(json_t *sum, const json_t *row)
{
    static const char *const counts[] = { "points", "passed", "found", "inconclusive" };
    for (size_t i = 0; i < WG_COUNT(counts); i++) {
        json_t *value = json_object_get(sum, counts[i]);
        json_integer_set(value, json_integer_value(value) + json_integer_value(json_object_get(row, counts[i])));
    }
}

/* The sums over the smooth functions and over those with kinks, a row for each planted error. */
static void add_row(void *user, const wg_calibration *calibration)
{
    json_t *object = user, *row = row_object(calibration), *totals = json_object_get(object, "totals"), *sum;
    size_t i;
    json_array_append_new(json_object_get(object, "functions"), row);
    json_array_foreach(totals, i, sum)
    {
        if (json_equal(json_object_get(sum, "planted"), json_object_get(row, "planted")) &&
            json_is_true(json_object_get(sum, "kinked")) == calibration->kinked) {
            add_to(sum, row);
            return;
        }
    }
    sum = json_copy(row);
    json_object_del(sum, "function");
    /* The copy shares its values: they are replaced before they are summed up. */
    json_object_set_new(sum, "points", json_integer(calibration->points));
    json_object_set_new(sum, "passed", json_integer(calibration->passed));
    json_object_set_new(sum, "found", json_integer(calibration->found));
    json_object_set_new(sum, "inconclusive", json_integer(calibration->inconclusive));
    json_array_append_new(totals, sum);
}

static double count_in(const json_t *row, const char *key)
{
    return json_number_value(json_object_get(row, key));
}

static double share_in(const json_t *row, const char *key)
{
    return count_in(row, "points") > 0 ? count_in(row, key) / count_in(row, "points") : 0;
}

/* Is a share below what is promised, by more than the chance of so few points (three standard deviations)? */
static bool falls_short(const json_t *row, double promised)
{
    double points = count_in(row, "points");
    return share_in(row, "found") + 3 * sqrt(promised * (1 - promised) / points) < promised;
}

/* What is wrong with a row of totals; NULL: it is as promised. */
static const char *broken_promise(const json_t *row)
{
    const json_t *planted = json_object_get(row, "planted");
    double error = json_is_string(planted) ? INFINITY : json_number_value(planted);
    if (json_is_string(planted) && count_in(row, "passed") > 0)
        return "a derivative that is not finite passed";
    if (error == 0 && share_in(row, "found") >= 1e-5)
        return "right derivatives fail, one in 100,000 or more";
    if (json_is_true(json_object_get(row, "kinked")))
        return NULL;
    if (error >= 1e-6 && count_in(row, "found") < count_in(row, "points"))
        return "not every error of 1e-6 or more is found";
    if (error >= 1e-9 && error < 1e-6 && falls_short(row, 0.99))
        return "less than 99 % of the errors of 1e-9 or more are found";
    return NULL;
}

bool calibration_kept(const json_t *calibration)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(calibration, "totals"), i, row)
        if (broken_promise(row))
            return false;
    return true;
}

json_t *calibration_measure(int64_t points, uint64_t seed)
{
    json_t *object = json_pack("{s:I, s:[], s:[]}", "points", (json_int_t)points, "functions", "totals");
    const wg_verify_opts *opts = WG_OPTS(wg_verify_opts, .points = points, .seed = seed);
    if (wg_verify_calibrate(opts, add_row, object) != WG_OK) {
        tool_failed("check: %s", wg_error());
        json_decref(object);
        return NULL;
    }
    json_object_set_new(object, "kept", json_boolean(calibration_kept(object)));
    return object;
}

static void tell_functions(const json_t *calibration)
{
    size_t i;
    json_t *row;
    char planted[16];
    tool_say("%-12s %-10s %8s %8s %8s %12s\n", "function", "error", "points", "found", "passed", "inconclusive");
    json_array_foreach(json_object_get(calibration, "functions"), i, row)
        tool_say("%-12s %-10s %8.0f %8.0f %8.0f %12.0f\n", json_string_value(json_object_get(row, "function")),
                 planted_text(row, planted), count_in(row, "points"), count_in(row, "found"), count_in(row, "passed"),
                 count_in(row, "inconclusive"));
}

static const json_t *kinked_row(const json_t *totals, const json_t *smooth)
{
    size_t i;
    json_t *row;
    json_array_foreach(totals, i, row)
        if (json_is_true(json_object_get(row, "kinked")) &&
            json_equal(json_object_get(row, "planted"), json_object_get(smooth, "planted")))
            return row;
    return NULL;
}

static void tell_totals(const json_t *totals)
{
    size_t i;
    json_t *row;
    char planted[16];
    tool_say("%-10s  %12s %12s  %12s %12s\n", "error", "smooth found", "undecided", "kinked found", "undecided");
    json_array_foreach(totals, i, row)
    {
        const json_t *kinked = kinked_row(totals, row);
        if (json_is_true(json_object_get(row, "kinked")) || !kinked)
            continue;
        tool_say("%-10s  %10.4f %% %10.4f %%  %10.4f %% %10.4f %%\n", planted_text(row, planted),
                 100 * share_in(row, "found"), 100 * share_in(row, "inconclusive"), 100 * share_in(kinked, "found"),
                 100 * share_in(kinked, "inconclusive"));
    }
}

void calibration_tell(const json_t *calibration, bool verbose)
{
    const json_t *totals = json_object_get(calibration, "totals");
    size_t i, functions = json_array_size(json_object_get(calibration, "functions"));
    size_t errors = json_array_size(totals) / 2;
    json_t *row;
    char planted[16];
    if (verbose)
        tell_functions(calibration);
    if (!tool_quiet())
        tell_totals(totals);
    json_array_foreach(totals, i, row)
        if (broken_promise(row))
            tool_say("FAIL  calibration, error %s: %s\n", planted_text(row, planted), broken_promise(row));
    tool_say("calibration: %zu functions, %.0f points each: the promise is %s\n", errors ? functions / errors : 0,
             count_in(calibration, "points"), calibration_kept(calibration) ? "kept" : "NOT KEPT");
}
