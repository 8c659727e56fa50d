/* The loop: steps, epochs, and when to stop. */
#include <math.h>

#include "base/checked.h"
#include "base/options.h"
#include "io/batches.h"
#include "train/tally.h"
#include "train/train.h"

typedef struct fit {
    wg_fit_opts o;
    wg_plan *plan;
    wg_exec *exec;
    wg_evaluator *evaluator; /* NULL: no test */
    double *value;           /* (metrics) */
    wg__keeper keeper;
    int64_t total, per_epoch;
    double loss; /* of the last step */
    bool stopped;
} fit;

static wg_status misused(const char *why) { return wg__fail(WG_ERR_ARG, "wg_fit: %s", why); }

static wg_status check(const wg_fit_opts *o)
{
    if (!o->loss || !o->update || !o->train)
        return wg__fail_null("wg_fit", !o->loss ? "loss" : !o->update ? "update" : "source of batches");
    if (wg_shape_count(wg_node_shape(o->loss)) != 1)
        return wg__fail(WG_ERR_SHAPE, "wg_fit: the loss is no scalar");
    if (!o->inputs.at || o->inputs.n != o->train->n)
        return misused("there must be an input for each data set of the training batches");
    if (o->epochs < 0 || o->steps < 0 || (o->epochs == 0) == (o->steps == 0))
        return misused("how long? One of epochs and steps must be above 0");
    if (!o->test && (o->metrics.n || o->patience))
        return wg__fail_null("wg_fit", "source of test batches, which metrics and patience need,");
    if (o->patience < 0 || o->save_every < 0 || (o->save_every && !o->checkpoint))
        return misused(o->patience < 0 ? "the patience is negative"
                                       : "save_every needs a checkpoint, and is not negative");
    return WG_OK;
}

static wg_metrics metrics_of(const fit *f, const wg_metric *loss)
{
    return f->o.metrics.n ? f->o.metrics : (wg_metrics){ loss, 1 };
}

static wg_status prepare(fit *f)
{
    const wg_metric loss = { .kind = WG_AVERAGE, .of = f->o.loss };
    wg_metrics metrics = metrics_of(f, &loss);
    wg_graph *g = wg_node_graph(f->o.loss);
    wg_node *state = wg__fit_variable(g);
    wg_exec_opts opts;

    f->per_epoch = wg_batches_per_epoch(f->o.train);
    f->total = f->o.steps;
    if (f->o.epochs && !wg__mul_i64(f->o.epochs, f->per_epoch, &f->total))
        return misused("so many epochs cannot be counted");
    if (!state || !wg__options(&opts, sizeof opts, f->o.exec, "wg_exec_opts"))
        return wg_error_status();
    f->plan = wg_compile(g, WG_TRAIN, WG_NODES(f->o.loss, f->o.update));
    f->exec = wg_exec_new_with(f->plan, f->o.exec);
    if (!f->exec)
        return wg_error_status();
    opts.size = sizeof opts;
    opts.store = wg_exec_store(f->exec);
    if (f->o.test) {
        f->o.metrics.n = metrics.n;
        f->evaluator = wg_evaluator_new(metrics, f->o.inputs, &opts);
        f->value = wg__alloc(NULL, metrics.n, sizeof *f->value);
        if (!f->evaluator || !f->value)
            return wg_error_status();
    }
    return wg__keeper_open(&f->keeper, opts.store, state, &f->o, metrics.at[0].kind, f->per_epoch);
}

static wg_progress progress(const fit *f, double loss, const double *value)
{
    const wg__fit_state *s = &f->keeper.state;

    return (wg_progress){ .step = (int64_t)s->step,
                          .epoch = (int64_t)s->step / f->per_epoch,
                          .loss = loss,
                          .metric = value,
                          .n_metrics = value ? f->o.metrics.n : 0,
                          .best_epoch = (int64_t)s->best_epoch,
                          .best = s->best_epoch > 0 ? s->best : NAN,
                          .store = f->keeper.store };
}

static wg_status tell(fit *f, wg_status (*on)(void *, const wg_progress *), wg_progress p)
{
    wg_status status = on ? on(f->o.user, &p) : WG_OK;

    if (status != WG_END)
        return status;
    f->stopped = true;
    return WG_OK;
}

static wg_status measure(fit *f)
{
    wg__fit_state *s = &f->keeper.state;
    wg_status status = wg_evaluate(f->evaluator, f->o.test);

    if (status)
        return status;
    for (size_t i = 0; i < f->o.metrics.n; i++)
        f->value[i] = wg_tally_value(wg_evaluator_tally(f->evaluator, i));
    bool better =
        s->best_epoch == 0 ? !isnan(f->value[0]) : wg__metric_better((wg_metric_kind)s->kind, f->value[0], s->best);
    s->waited = better ? 0 : s->waited + 1;
    if (!better)
        return wg__keep_state(&f->keeper);
    s->best = f->value[0];
    s->best_epoch = s->step / (double)f->per_epoch;
    status = wg__keep_state(&f->keeper);
    return status || !f->o.patience ? status : wg__keep_best(&f->keeper);
}

static wg_status end_epoch(fit *f)
{
    wg__fit_state *s = &f->keeper.state;
    double loss = s->loss_sum / s->seen;

    s->loss_sum = s->seen = 0;
    wg_status status = f->evaluator ? measure(f) : wg__keep_state(&f->keeper);
    return status ? status : tell(f, f->o.on_epoch, progress(f, loss, f->value));
}

/* What is written down of a step, and whether its loss is a number. */
static wg_status account(fit *f, int64_t examples)
{
    wg__fit_state *s = &f->keeper.state;

    f->keeper.saved = false;
    f->loss = wg_scalar(f->exec, f->o.loss);
    s->step++;
    s->loss_sum += f->loss * (double)examples;
    s->seen += (double)examples;
    if (isfinite(f->loss))
        return WG_OK;
    return wg__fail(WG_ERR_NUMERIC, "wg_fit: the loss is %g at step %lld", f->loss, (long long)s->step - 1);
}

static wg_status save_if_due(fit *f, bool ends_epoch)
{
    int64_t every = f->o.save_every;
    bool due = every ? (int64_t)f->keeper.state.step % every == 0 : ends_epoch;
    wg_status status = due && f->o.checkpoint ? wg__keep_state(&f->keeper) : WG_OK;

    return status || !due ? status : wg__keep_save(&f->keeper);
}

static wg_status one_step(fit *f)
{
    wg_batch batch;
    wg_status status = wg__run_batch(f->exec, f->o.inputs, f->o.train, (int64_t)f->keeper.state.step, &batch);

    if (!status)
        status = account(f, batch.size);
    if (!status)
        status = tell(f, f->o.on_step, progress(f, f->loss, NULL));
    if (!status && batch.ends_epoch)
        status = end_epoch(f);
    return status ? status : save_if_due(f, batch.ends_epoch);
}

static bool patient(const fit *f) { return !f->o.patience || (int64_t)f->keeper.state.waited < f->o.patience; }

static wg_status train(fit *f)
{
    wg_status status = WG_OK, kept;

    while (!status && !f->stopped && patient(f) && (int64_t)f->keeper.state.step < f->total)
        status = one_step(f);
    kept = f->keeper.saved ? WG_OK : wg__keep_state(&f->keeper); /* after a failure too, that another call may go on */
    if (!status)
        status = kept ? kept : wg__keep_save(&f->keeper);
    return status || !f->o.patience ? status : wg__keep_restore(&f->keeper);
}

wg_status wg_fit(const wg_fit_opts *given, wg_progress *last)
{
    fit f = { .plan = NULL };
    wg_status status;

    if (!given)
        return wg__fail_null("wg_fit", "wg_fit_opts");
    status = wg__options(&f.o, sizeof f.o, given, "wg_fit_opts") ? check(&f.o) : WG_ERR_ARG;
    if (!status)
        status = prepare(&f);
    if (!status)
        status = train(&f);
    if (last)
        *last = f.keeper.store ? progress(&f, f.loss, NULL) : (wg_progress){ .best = NAN };
    wg__keeper_close(&f.keeper);
    wg_evaluator_free(f.evaluator);
    wg__free(NULL, f.value, f.o.metrics.n, sizeof *f.value);
    wg_exec_free(f.exec);
    wg_plan_free(f.plan);
    return status;
}
