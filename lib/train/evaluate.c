/* Metrics of a model over a whole data set. */
#include "base/options.h"
#include "io/batches.h"
#include "train/tally.h"
#include "train/train.h"

struct wg_evaluator {
    wg_metric *metric;
    wg_tally **tally;
    size_t n;
    wg_node **input;
    size_t n_inputs;
    wg_plan *plan;
    wg_exec *exec;
};

static wg_status check(wg_metrics metrics, wg_nodes inputs)
{
    if (!metrics.at || !metrics.n)
        return wg__fail(WG_ERR_ARG, "wg_evaluator_new: there are no metrics");
    if (!inputs.at || !inputs.n)
        return wg__fail(WG_ERR_ARG, "wg_evaluator_new: there are no inputs");
    for (size_t i = 0; i < inputs.n; i++)
        if (!inputs.at[i])
            return wg__fail_null("wg_evaluator_new", "input");
    for (size_t i = 0; i < metrics.n; i++)
        if (!metrics.at[i].of || (!metrics.at[i].against && metrics.at[i].kind != WG_AVERAGE))
            return wg__fail_null("wg_evaluator_new", "metric's node");
    return WG_OK;
}

/* Every node that a metric reads. */
static wg_plan *compile(const wg_evaluator *v)
{
    wg_node **wanted = wg__alloc(NULL, 2 * v->n, sizeof *wanted);
    size_t n = 0;

    if (!wanted)
        return NULL;
    for (size_t i = 0; i < v->n; i++) {
        wanted[n++] = v->metric[i].of;
        if (v->metric[i].against)
            wanted[n++] = v->metric[i].against;
    }
    wg_plan *plan = wg_compile(wg_node_graph(wanted[0]), WG_INFER, (wg_nodes){ wanted, n });
    wg__free(NULL, wanted, 2 * v->n, sizeof *wanted);
    return plan;
}

wg_evaluator *wg_evaluator_new(wg_metrics metrics, wg_nodes inputs, const wg_exec_opts *opts)
{
    if (check(metrics, inputs))
        return NULL;
    wg_evaluator *v = wg__alloc_zero(NULL, 1, sizeof *v);
    if (!v)
        return NULL;
    v->n = metrics.n, v->n_inputs = inputs.n;
    v->metric = wg__alloc(NULL, v->n, sizeof *v->metric);
    v->tally = wg__alloc_zero(NULL, v->n, sizeof *v->tally);
    v->input = wg__alloc(NULL, v->n_inputs, sizeof *v->input);
    bool whole = v->metric && v->tally && v->input;
    for (size_t i = 0; whole && i < inputs.n; i++)
        v->input[i] = inputs.at[i];
    for (size_t i = 0; whole && i < v->n; i++) {
        v->metric[i] = metrics.at[i];
        whole = (v->tally[i] = wg_tally_new(metrics.at[i].kind)) != NULL;
    }
    whole = whole && (v->plan = compile(v)) && (v->exec = wg_exec_new_with(v->plan, opts));
    if (whole)
        return v;
    wg_evaluator_free(v);
    return NULL;
}

void wg_evaluator_free(wg_evaluator *v)
{
    if (!v)
        return;
    for (size_t i = 0; v->tally && i < v->n; i++)
        wg_tally_free(v->tally[i]);
    wg__free(NULL, v->metric, v->n, sizeof *v->metric);
    wg__free(NULL, v->tally, v->n, sizeof *v->tally);
    wg__free(NULL, v->input, v->n_inputs, sizeof *v->input);
    wg_exec_free(v->exec);
    wg_plan_free(v->plan);
    wg__free(NULL, v, 1, sizeof *v);
}

wg_status wg__run_batch(wg_exec *e, wg_nodes inputs, wg_batches *from, int64_t index, wg_batch *batch)
{
    wg_status status = wg_batches_at(from, index, batch);

    if (!status && from->n != inputs.n)
        return wg__fail(WG_ERR_ARG, "batches: %zu data sets for %zu inputs", from->n, inputs.n);
    for (size_t i = 0; i < inputs.n && !status; i++)
        status = wg_bind(e, inputs.at[i], batch->view[i]);
    return status ? status : wg_run(e);
}

static wg_status add(wg_evaluator *v, int64_t size)
{
    wg_status status = WG_OK;

    for (size_t i = 0; i < v->n && !status; i++) {
        const wg_metric *m = &v->metric[i];
        wg_view labels = m->against ? wg_result(v->exec, m->against) : (wg_view){ .data = NULL };
        status = wg__tally_add(v->tally[i], wg_result(v->exec, m->of), labels, (double)size);
    }
    return status;
}

wg_status wg_evaluate(wg_evaluator *v, wg_batches *from)
{
    wg_status status = WG_OK;
    wg_batch batch;

    if (!v || !from)
        return wg__fail_null("wg_evaluate", v ? "source of batches" : "evaluator");
    for (size_t i = 0; i < v->n; i++)
        wg_tally_reset(v->tally[i]);
    for (int64_t i = 0; i < wg_batches_per_epoch(from) && !status; i++) {
        status = wg__run_batch(v->exec, (wg_nodes){ v->input, v->n_inputs }, from, i, &batch);
        if (!status)
            status = add(v, batch.size);
    }
    return status;
}

wg_tally *wg_evaluator_tally(wg_evaluator *v, size_t index)
{
    if (!v)
        wg__fail_null("wg_evaluator_tally", "evaluator");
    else if (index >= v->n)
        wg__fail(WG_ERR_RANGE, "wg_evaluator_tally: there are %zu metrics, not %zu", v->n, index + 1);
    else
        return v->tally[index];
    return NULL;
}
