/* wengert check --html: one page that needs nothing but itself, readable without its style too. */
#include "check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char style[] =
    ":root{color-scheme:light dark;--paper:#fff;--ink:#1d2125;--soft:#5b6570;--rule:#d9dee3;--band:#f5f7f9;"
    "--pass:#1e7d34;--fail:#b3261e;--open:#8a6100}\n"
    "body{background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif;max-width:62em;margin:2em auto;"
    "padding:0 1em}\n"
    "h1{font-size:1.6em;margin:0 0 .2em}h2{font-size:1.2em;margin:2em 0 .5em;border-bottom:1px solid var(--rule)}\n"
    ".soft{color:var(--soft)}.PASS{color:var(--pass);font-weight:600}.FAIL{color:var(--fail);font-weight:700}"
    ".INCONCLUSIVE{color:var(--open);font-weight:600}\n"
    ".banner{border:1px solid;border-left-width:.5em;border-radius:.4em;padding:.6em 1em;font-size:1.1em}\n"
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}"
    "th,td{text-align:left;padding:.15em .7em .15em 0;border-bottom:1px solid var(--rule)}"
    "th{color:var(--soft);font-weight:600}.n{text-align:right}tbody tr:nth-child(even){background:var(--band)}\n"
    "pre{white-space:pre-wrap;background:var(--band);padding:.5em .8em;margin:.3em 0 1em;border-radius:.3em}\n"
    ".wide{overflow-x:auto}svg{max-width:none}summary{cursor:pointer}li{margin:.2em 0}\n"
    ".ground{fill:none}.ink{fill:var(--ink)}.axis{stroke:var(--soft)}.grid{stroke:var(--rule)}"
    ".line{stroke:#1668b8}.kinked{stroke:#b35900}.line.mark{fill:#1668b8}.kinked.mark{fill:#b35900}\n"
    ".box,.leaf,.result{fill:var(--band);stroke:var(--soft)}.result{stroke-width:2}"
    ".good{fill:#dff3e3;stroke:#1e7d34}.near{fill:#fff3cd;stroke:#8a6100;stroke-width:2}"
    ".bad{fill:#fbdcd9;stroke:#b3261e;stroke-width:5}\n"
    "@media(prefers-color-scheme:dark){:root{--paper:#14171a;--ink:#e3e7ea;--soft:#9aa5b0;--rule:#333a41;--band:#1c2126;"
    "--pass:#6fcf83;--fail:#ff8a80;--open:#e5b94c}.line{stroke:#6db3f2}.kinked{stroke:#f0a35e}"
    ".line.mark{fill:#6db3f2}.kinked.mark{fill:#f0a35e}.good{fill:#16351d;stroke:#6fcf83}"
    ".near{fill:#3d3210;stroke:#e5b94c}.bad{fill:#4a1a17;stroke:#ff8a80}}\n";

static const char *text_in(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static long long count_in(const json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key));
}

/* A cell of a number, or of what stands for one that is not finite. */
static void add_number(struct text *t, const json_t *object, const char *key, const char *format)
{
    const json_t *value = json_object_get(object, key);
    text_add(t, "<td class=\"n\">");
    if (!json_is_number(value))
        text_add(t, "not finite");
    else if (!strcmp(format, "%.3f"))
        text_add(t, "%.3f", json_number_value(value));
    else
        text_add(t, "%.2g", json_number_value(value));
    text_add(t, "</td>");
}

static void add_cell(struct text *t, const char *text)
{
    text_add(t, "<td>");
    text_add_escaped(t, text);
    text_add(t, "</td>");
}

static void add_verdict(struct text *t, const char *verdict)
{
    text_add(t, "<td class=\"%s\">%s</td>", verdict, verdict);
}

static bool all_right(const json_t *result)
{
    const json_t *calibration = json_object_get(result, "calibration");
    return check_sound(result) && !json_array_size(json_object_get(result, "failures")) &&
           !json_is_false(json_object_get(calibration, "kept"));
}

static void add_summary(struct text *t, const json_t *result)
{
    const char *model = json_string_value(json_object_get(result, "model"));
    const char *verdict = all_right(result) ? "PASS" : "FAIL";
    text_add(t, "<h1>Gradient verification</h1>\n<p class=\"soft\">wengert %s, instruction set %s</p>\n", wg_version(),
             wg_isa());
    text_add(t, "<p class=\"banner %s\">%s: ", verdict, verdict);
    if (model) {
        text_add(t, "the model ");
        text_add_escaped(t, model);
        text_add(t, " on %lld examples, %s parameters: ", count_in(result, "examples"),
                 tool_grouped(count_in(result, "parameters")));
    } else if (json_object_get(result, "operators")) {
        text_add(t, "%lld operators, %s checks: ", count_in(result, "operators"), tool_grouped(count_in(result, "checks")));
    }
    text_add(t, "%s passed, %lld failed, %lld inconclusive</p>\n", tool_grouped(count_in(result, "passed")),
             count_in(result, "failed"), count_in(result, "inconclusive"));
    const json_t *difference = json_object_get(result, "difference");
    if (json_is_number(difference))
        text_add(t, "<p>||grad - gradapprox|| / (||grad|| + ||gradapprox||) = %.3g, by central differences of 1e-7</p>\n",
                 json_number_value(difference));
}

static void add_failures(struct text *t, const json_t *failures)
{
    size_t i;
    json_t *f;
    if (!json_array_size(failures))
        return;
    text_add(t, "<h2>Failures</h2>\n<ol>\n");
    json_array_foreach(failures, i, f)
    {
        const char *node = text_in(f, "node");
        text_add(t, "<li><strong>");
        text_add_escaped(t, *node ? node : text_in(f, "operator"));
        text_add(t, "</strong>, %s", text_in(f, "what"));
        if (count_in(f, "slot") >= 0)
            text_add(t, ", operand %lld", count_in(f, "slot"));
        if (*text_in(f, "kind"))
            text_add(t, ", it looks like: <strong>%s</strong>", text_in(f, "kind"));
        if (*text_in(f, "run"))
            text_add(t, " (on %s)", text_in(f, "run"));
        text_add(t, "<pre>");
        text_add_escaped(t, text_in(f, "text"));
        text_add(t, "</pre></li>\n");
    }
    text_add(t, "</ol>\n");
}

static void add_operators(struct text *t, const json_t *list)
{
    size_t i;
    json_t *e;
    text_add(t, "<h2>Operators</h2>\n<p>Worst: how much of its tolerance the worst check that passed took up.</p>\n"
                "<div class=\"wide\"><table>\n<thead><tr><th>operator</th><th>verdict</th><th class=\"n\">checks</th>"
                "<th class=\"n\">failed</th><th class=\"n\">inconclusive</th><th class=\"n\">worst</th>"
                "<th class=\"n\">seconds</th></tr></thead>\n<tbody>\n");
    json_array_foreach(list, i, e)
    {
        long long failed = count_in(e, "failed"), open = count_in(e, "inconclusive");
        text_add(t, "<tr>");
        add_cell(t, text_in(e, "name"));
        add_verdict(t, text_in(e, "verdict"));
        text_add(t, "<td class=\"n\">%lld</td><td class=\"n\">%lld</td><td class=\"n\">%lld</td>",
                 count_in(e, "passed") + failed + open, failed, open);
        add_number(t, e, "worst", "%.2g");
        add_number(t, e, "seconds", "%.3f");
        text_add(t, "</tr>\n");
    }
    text_add(t, "</tbody></table></div>\n");
}

static void add_slot(struct text *t, const char *name, const json_t *s)
{
    bool exact = json_number_value(json_object_get(s, "tolerance")) == 0;
    text_add(t, "<tr>");
    add_cell(t, name);
    if (count_in(s, "slot") < 0)
        text_add(t, "<td></td>");
    else
        text_add(t, "<td>%lld</td>", count_in(s, "slot"));
    text_add(t, "<td>%lld</td>", count_in(s, "order"));
    add_cell(t, text_in(s, "what"));
    text_add(t, "<td class=\"n\">%lld</td>", count_in(s, "checks"));
    if (exact) {
        text_add(t, "<td></td><td></td>");
    } else {
        add_number(t, s, "error", "%.2g");
        add_number(t, s, "tolerance", "%.2g");
    }
    add_verdict(t, text_in(s, "verdict"));
    text_add(t, "</tr>\n");
}

static void add_slots(struct text *t, const json_t *list)
{
    size_t i, k;
    json_t *e, *s;
    text_add(t, "<details><summary>Every operand, order and check</summary>\n<div class=\"wide\"><table>\n<thead><tr>"
                "<th>operator</th><th>operand</th><th>order</th><th>check</th><th class=\"n\">checks</th>"
                "<th class=\"n\">worst error</th><th class=\"n\">tolerance</th><th>verdict</th></tr></thead>\n<tbody>\n");
    json_array_foreach(list, i, e) json_array_foreach(json_object_get(e, "slots"), k, s) add_slot(t, text_in(e, "name"), s);
    text_add(t, "</tbody></table></div></details>\n");
}

static void add_share(struct text *t, const json_t *row, const char *key)
{
    double points = json_number_value(json_object_get(row, "points"));
    text_add(t, "<td class=\"n\">%.4f %%</td>",
             points > 0 ? 100 * json_number_value(json_object_get(row, key)) / points : 0.0);
}

static void add_calibration(struct text *t, const json_t *calibration)
{
    size_t i;
    json_t *row;
    long long points = count_in(calibration, "points");
    text_add(t, "<h2>What the verifier finds</h2>\n<p>Derivatives of 28 known functions, wrong by a known relative error, "
                "at %s random points of each function.%s</p>\n<div class=\"wide\">\n",
             tool_grouped(points),
             points < 20000 ? " This is a quick measurement; <code>wengert check --calibrate</code> takes 20,000." : "");
    page_curve(t, calibration);
    text_add(t, "</div>\n<details><summary>The figures</summary><table>\n<thead><tr><th>functions</th><th>error</th>"
                "<th class=\"n\">points</th><th class=\"n\">found</th><th class=\"n\">inconclusive</th>"
                "<th class=\"n\">passed</th></tr></thead>\n<tbody>\n");
    json_array_foreach(json_object_get(calibration, "totals"), i, row)
    {
        const json_t *planted = json_object_get(row, "planted");
        text_add(t, "<tr><td>%s</td>", json_is_true(json_object_get(row, "kinked")) ? "kinked" : "smooth");
        if (json_is_string(planted))
            add_cell(t, json_string_value(planted));
        else
            text_add(t, "<td>%.0e</td>", json_number_value(planted));
        text_add(t, "<td class=\"n\">%s</td>", tool_grouped(count_in(row, "points")));
        add_share(t, row, "found");
        add_share(t, row, "inconclusive");
        add_share(t, row, "passed");
        text_add(t, "</tr>\n");
    }
    text_add(t, "</tbody></table></details>\n");
}

/* Also of nodes that the drawing has not: what was fused, say. */
static void add_residuals(struct text *t, const json_t *residuals)
{
    size_t i;
    json_t *r;
    text_add(t, "<details><summary>The residuals</summary><table>\n<thead><tr><th>node</th><th>operator</th>"
                "<th class=\"n\">residual</th><th class=\"n\">tolerance</th><th class=\"n\">share</th><th>verdict</th></tr>"
                "</thead>\n<tbody>\n");
    json_array_foreach(residuals, i, r)
    {
        text_add(t, "<tr>");
        add_cell(t, text_in(r, "node"));
        add_cell(t, text_in(r, "operator"));
        add_number(t, r, "residual", "%.2g");
        add_number(t, r, "tolerance", "%.2g");
        add_number(t, r, "share", "%.2g");
        add_verdict(t, text_in(r, "verdict"));
        text_add(t, "</tr>\n");
    }
    text_add(t, "</tbody></table></details>\n");
}

static void add_model(struct text *t, const json_t *result, const wg_graph *model, const wg_node *cost)
{
    const json_t *residuals = json_object_get(result, "residuals");
    text_add(t, "<h2>The model</h2>\n");
    if (json_array_size(residuals))
        text_add(t, "<p>Each node's residual, of its tolerance: what its own adjoint adds to the error of the whole. "
                    "Green: less than half. Yellow, with a firm border: less than all. Red, with a thick border and the "
                    "word WRONG: more; the fault is in that operator.</p>\n");
    else
        text_add(t, "<p>No residuals were taken: the nodes are drawn without colour.</p>\n");
    text_add(t, "<div class=\"wide\">\n");
    page_graph(t, model, cost, residuals);
    text_add(t, "</div>\n");
    if (json_array_size(residuals))
        add_residuals(t, residuals);
}

bool page_save(const char *path, const json_t *result, const wg_graph *model, const wg_node *cost)
{
    struct text t = { NULL, 0, 0 };
    const json_t *list = json_object_get(result, "list");
    text_add(&t, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                 "<title>Gradient verification</title>\n<style>\n%s</style>\n</head>\n<body>\n",
             style);
    add_summary(&t, result);
    add_failures(&t, json_object_get(result, "failures"));
    if (model)
        add_model(&t, result, model, cost);
    if (json_object_get(result, "calibration"))
        add_calibration(&t, json_object_get(result, "calibration"));
    if (list) {
        add_operators(&t, list);
        add_slots(&t, list);
    }
    text_add(&t, "</body>\n</html>\n");
    bool written = tool_replace_file(path, t.at, t.n);
    free(t.at);
    return written;
}
