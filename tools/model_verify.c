/* A model's gradient against finite differences, operation by operation. */
#include "model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EXAMPLES = 32 };

static int64_t parameters_of(wg_nodes params)
{
    int64_t n = 0;
    for (size_t i = 0; i < params.n; i++)
        n += wg_shape_count(wg_node_shape(params.at[i]));
    return n;
}

static json_t *report_object(const wg_report *report, int64_t examples, int64_t parameters)
{
    json_t *object = json_pack("{s:I, s:I, s:I, s:I, s:I, s:o}", "passed", (json_int_t)wg_report_passed(report), "failed",
                     (json_int_t)wg_report_failed(report), "inconclusive", (json_int_t)wg_report_inconclusive(report),
                     "examples", (json_int_t)examples, "parameters", (json_int_t)parameters, "difference",
                     tool_number(wg_report_difference(report)));
    report_checks(object, report);
    return object;
}

/* One line: the first failure, which names the node that is most to blame. */
static const char *first_failure(const wg_report *report)
{
    for (size_t i = 0; i < wg_report_count(report); i++)
        if (wg_report_at(report, i).verdict == WG_FAIL)
            return wg_report_at(report, i).text;
    return wg_error();
}

static int tell(wg_status status, const wg_report *report, int64_t examples, int64_t parameters)
{
    if (!report)
        return tool_failed("gradients: %s", wg_error());
    char difference[48] = "";
    if (isfinite(wg_report_difference(report)))
        snprintf(difference, sizeof difference, ", difference %.2g", wg_report_difference(report));
    if (status != WG_OK)
        return tool_failed("gradients: %zu failed, %zu inconclusive%s: %s", wg_report_failed(report),
                           wg_report_inconclusive(report), difference, first_failure(report));
    size_t passed = wg_report_passed(report);
    tool_say("gradients right: %zu check%s passed%s (%lld examples, %s parameters)\n", passed, passed == 1 ? "" : "s",
             difference, (long long)examples, tool_grouped(parameters));
    return DONE;
}

/* At the feeds of `e`. */
static int verify_at(wg_exec *e, wg_node *cost, int64_t examples, const wg_verify_opts *opts, json_t **result)
{
    wg_report *report = NULL;
    wg_nodes params = wg_trainable(cost);
    int64_t parameters = parameters_of(params);
    wg_status status = wg_verify(cost, params, e, opts, &report);
    int code = tell(status, report, examples, parameters);
    if (result)
        *result = report ? report_object(report, examples, parameters) : NULL;
    wg_report_free(report);
    return code;
}

int model_verify(wg_graph *g, const char *cost, wg_store *values, const struct model *m, dataset *d,
                 const wg_verify_opts *opts, json_t **result)
{
    int64_t all = table_count(&d->x), examples = all < EXAMPLES ? all : EXAMPLES;
    wg_node *scalar = wg_find(g, cost);
    wg_plan *plan = wg_compile(g, WG_INFER, WG_NODES(scalar));
    wg_exec *e = wg_exec_new_with(plan, WG_OPTS(wg_exec_opts, .store = values));
    int code = FAILED;
    if (!e)
        tool_failed("gradients: %s", wg_error());
    else if (feed_examples(e, m, d, true, 0, examples))
        code = verify_at(e, scalar, examples, opts, result);
    wg_exec_free(e);
    wg_plan_free(plan);
    return code;
}
