/* The steps of a run: feed, run, log, save; and a signal in between. */
#include "progress.h"
#include "train.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static volatile sig_atomic_t caught;

static void catch_signal(int signal)
{
    caught = signal;
}

/* From now on a signal ends the run after the step under way; a second one ends it at once. */
static void watch_signals(bool watch)
{
    struct sigaction action = { .sa_handler = watch ? catch_signal : SIG_DFL };
    sigemptyset(&action.sa_mask);
    action.sa_flags = (int)SA_RESETHAND;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* Where the examples of a step come from: all at once and prepared beforehand, or batch by batch from the files. */
struct supply {
    wg_plan *plan;
    wg_exec *exec; /* holds the prepared data */
    wg_batches *batches;
    const wg_node **input; /* what the batches feed, view by view .. */
    table **table;         /* .. and from where */
    size_t n;
};

static bool exec_failed(const wg_exec *e)
{
    tool_failed("train: %s", wg_exec_error(e));
    return false;
}

static bool unfed(const struct train_run *r, const wg_exec *e)
{
    tool_failed("%s: %s: --feed NAME=FILE[:MEMBER]", r->settings->o->model, wg_exec_error(e));
    return false;
}

/* Runs the preparation once and binds its results in the place of the files' values. */
static bool feed_all(struct supply *f, struct train_run *r, wg_exec *step)
{
    struct train_graph *t = r->graph;
    dataset *d = &r->data->train;
    f->plan = wg_compile(t->graph, WG_INFER, WG_NODES(t->prepared_x, t->prepared_y));
    f->exec = wg_exec_new(f->plan);
    wg_view x = table_rows(&d->x, table_count(&d->x)), y = table_rows(&d->y, table_count(&d->y));
    if (!x.data || !y.data)
        return false;
    if (!f->exec || wg_bind(f->exec, t->model.x, x) || wg_bind(f->exec, t->model.y, y) || wg_run(f->exec))
        return exec_failed(f->exec);
    if (wg_bind(step, t->features, wg_result(f->exec, t->prepared_x)) ||
        wg_bind(step, t->targets, wg_result(f->exec, t->prepared_y)))
        return exec_failed(step);
    return true;
}

static bool feed_open(struct supply *f, struct train_run *r, wg_exec *step)
{
    const struct train_options *o = r->settings->o;
    *f = (struct supply){ .batches = NULL };
    dataset *d = &r->data->train;
    if (!o->batch)
        return r->graph->quick_cost ? feed_all(f, r, step)
                                    : feed_examples(step, &r->graph->model, d, true, 0, table_count(&d->x));
    f->input = tool_alloc(d->n_more + 2, sizeof *f->input);
    f->table = tool_alloc(d->n_more + 2, sizeof(table *));
    f->n = feed_list(&r->graph->model, d, true, f->input, f->table);
    wg_data **data = tool_alloc(f->n, sizeof(wg_data *));
    for (size_t i = 0; i < f->n; i++)
        data[i] = f->table[i]->data;
    f->batches = wg_batches_new(
        data, f->n, WG_OPTS(wg_batches_opts, .batch = o->batch, .seed = (uint64_t)o->seed, .shuffle = true));
    free(data);
    if (!f->batches)
        tool_failed("train: %s", wg_error());
    return f->batches != NULL;
}

static bool feed_step(struct supply *f, wg_exec *step, int64_t index)
{
    wg_batch batch;
    if (!f->batches)
        return true;
    if (wg_batches_at(f->batches, index, &batch)) {
        tool_failed("train: %s", wg_error());
        return false;
    }
    for (size_t i = 0; i < f->n; i++)
        if (!feed_rows(step, f->input[i], batch.view[i], f->table[i]->name))
            return false;
    return true;
}

static void feed_close(struct supply *f)
{
    wg_exec_free(f->exec);
    wg_plan_free(f->plan);
    wg_batches_free(f->batches);
    free(f->input);
    free(f->table);
}

/* The checkpoint says which lines of the log it knows of. */
static bool keep_mark(const struct train_run *r)
{
    char mark[LOG_MARK];
    log_mark(r->log, mark);
    if (wg_graph_set_meta(r->graph->graph, "log", r->settings->o->log ? mark : NULL) == WG_OK)
        return true;
    tool_failed("train: %s", wg_error());
    return false;
}

bool train_save(struct train_run *r)
{
    const char *path = r->settings->o->save;
    if (!path || r->saved)
        return true;
    if (!keep_mark(r))
        return false;
    if (wg_save(wg_graph_store(r->graph->graph), path, NULL) != WG_OK) {
        tool_failed("%s", wg_error());
        return false;
    }
    r->saved = true;
    return true;
}

static bool is_due(const struct train_run *r, int64_t done)
{
    const struct train_options *o = r->settings->o;
    int64_t unit = o->epochs ? r->per_epoch : 1;
    return o->save_every && done % unit == 0 && done / unit % o->save_every == 0;
}

/* After a step: look at the cost, log, save. */
static bool account(struct train_run *r, int64_t step)
{
    int64_t every = r->settings->o->log_every;
    r->saved = false;
    if (!isfinite(r->cost)) {
        tool_failed(
            "train: the cost is %g at step %lld: try a smaller --lr than %g, or look for such values in the data",
            r->cost, (long long)step, r->settings->o->lr);
        return false;
    }
    bool last = step + 1 == r->total;
    if ((step % every == 0 || last) && !log_add(r->log, step, r->cost))
        return false;
    return last || !is_due(r, step + 1) || train_save(r);
}

/* The first steps of the run are traced: before step `at` of it the trace begins or ends. */
static bool trace_step(const struct train_run *r, wg_exec *e, int64_t at)
{
    const struct train_options *o = r->settings->o;
    if (!o->trace || (at != 0 && at != o->trace_steps))
        return true;
    return wg_exec_trace(e, at == 0 ? o->trace : NULL) == WG_OK || exec_failed(e);
}

static bool run_steps(struct train_run *r, wg_exec *e, wg_node *cost)
{
    struct supply feed;
    struct progress progress = progress_begin(r->first, r->total);
    bool done = feed_open(&feed, r, e);
    for (int64_t i = r->first; i < r->total && done && !caught; i++) {
        done = feed_step(&feed, e, i) && trace_step(r, e, i - r->first);
        wg_status status = done ? wg_run(e) : WG_OK;
        if (status) {
            progress_end(&progress);
            done = status == WG_ERR_UNFED ? unfed(r, e) : exec_failed(e);
        }
        if (!done)
            break;
        r->cost = wg_scalar(e, cost);
        done = account(r, i);
        progress_show(&progress, i + 1, r->cost);
    }
    progress_end(&progress);
    feed_close(&feed);
    return done && (wg_exec_trace(e, NULL) == WG_OK || exec_failed(e));
}

int train_prepare(struct train_run *r)
{
    struct train_graph *t = r->graph;
    const struct train_options *o = r->settings->o;
    r->trained = t->quick_cost && !o->batch ? t->quick_cost : t->model.cost;
    r->update = train_update(r->settings, t, r->trained, r->total);
    if (!r->update)
        return FAILED;
    /* The optimiser's state is there now, so all of the checkpoint's values have their places. */
    wg_store *store = wg_graph_store(t->graph);
    if (o->resume && wg_load(store, o->resume) != WG_OK)
        return tool_failed("%s", wg_error());
    r->first = wg_store_step(store);
    r->saved = o->resume != NULL;
    if (r->first > r->total)
        return tool_failed("%s: has done %lld steps already, more than the %lld that are asked for", o->resume,
                           (long long)r->first, (long long)r->total);
    return DONE;
}

int train_loop(struct train_run *r)
{
    wg_plan *plan = wg_compile(r->graph->graph, WG_TRAIN, WG_NODES(r->trained, r->update));
    wg_exec *e = wg_exec_new(plan);
    if (!e)
        tool_failed("train: %s", wg_error());
    watch_signals(true);
    bool done = e && run_steps(r, e, r->trained);
    watch_signals(false);
    r->signal = caught;
    wg_exec_free(e);
    wg_plan_free(plan);
    return done ? DONE : FAILED;
}
