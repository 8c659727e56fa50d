/* wengert train: build or resume a model, train it, log it, save it. */
#include "train.h"
#include "plot.h"
#include "progress.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void introduce(const struct train_run *r)
{
    const struct settings *s = r->settings;
    int64_t parameters = 0;
    wg_nodes params = r->graph->params;
    for (size_t i = 0; i < params.n; i++)
        parameters += wg_shape_count(wg_node_shape(params.at[i]));
    tool_note("%s %s, %s parameters in %s, %s examples, %s steps\n", s->o->model ? "model" : "layers",
              s->o->model ? s->o->model : s->o->layers, tool_grouped(parameters),
              wg_dtype_name(wg_node_dtype(params.at[0])), tool_grouped(table_count(&r->data->train.x)),
              tool_grouped(r->total));
}

static int check_gradients(struct train_run *r, json_t **result)
{
    struct train_graph *t = r->graph;
    return model_verify(t->graph, wg_node_name(t->model.cost), wg_graph_store(t->graph), &t->model, &r->data->train, NULL,
                        result);
}

/* The metrics of one part of the data, on stdout and into the object. */
static bool evaluate(struct train_run *r, wg_exec *e, dataset *d, const char *part, json_t *object)
{
    const struct model *m = &r->graph->model;
    struct metrics metrics = { .loss = m->loss };
    char before[16];
    bool done = model_predict(e, m, d, &metrics, NULL, NULL);
    snprintf(before, sizeof before, "%s ", part);
    if (done) {
        metrics_say(&metrics, before);
        json_object_set_new(object, part, metrics_object(&metrics));
    }
    metrics_free(&metrics);
    return done;
}

static bool evaluate_all(struct train_run *r, json_t *object)
{
    if (!r->graph->model.prediction || !r->data->train.labelled)
        return true; /* nothing to compare, or nothing to compare with */
    wg_plan *plan = wg_compile(r->graph->graph, WG_INFER, WG_NODES(r->graph->model.prediction));
    wg_exec *e = wg_exec_new(plan);
    bool done = e != NULL;
    if (!done)
        tool_failed("train: %s", wg_error());
    done = done && evaluate(r, e, &r->data->train, "train", object) &&
           (!r->data->tested || evaluate(r, e, &r->data->test, "test", object));
    wg_exec_free(e);
    wg_plan_free(plan);
    return done;
}

/* A path that leads neither out of the folder that the user is in, nor to hidden files. */
static bool stays_here(const char *path)
{
    for (const char *at = path; at; at = strchr(at, '/')) {
        at += at > path;
        if (*at == '/' || (*at == '.' && at[1] != '/'))
            return false;
    }
    return true;
}

/* A checkpoint may come from anywhere, and must not choose what is overwritten: the run's picture, or one that is still
 * to be made here. */
static bool may_plot(const struct train_options *o)
{
    struct stat facts;
    if (!o->plot || !o->plot_kept || plot_is(o->plot) || (stays_here(o->plot) && lstat(o->plot, &facts)))
        return true;
    tool_failed("%s: its plot %s is no plot of a run; --plot FILE says where to draw", o->resume, o->plot);
    return false;
}

static bool plot(const struct train_run *r)
{
    const struct train_options *o = r->settings->o;
    const char *path = o->plot;
    if (!path || !r->log->n)
        return true;
    char title[160];
    snprintf(title, sizeof title, "%s %.100s, rate %g", o->model ? "Model" : "Layers", o->model ? o->model : o->layers,
             o->lr);
    return plot_save(path, title, "step", "cost", r->log->step, r->log->cost, r->log->n);
}

static json_t *summary(const struct train_run *r)
{
    const struct train_options *o = r->settings->o;
    json_t *object = json_pack("{s:I, s:o}", "steps", (json_int_t)r->total, "cost", tool_number(r->cost));
    if (o->save)
        json_object_set_new(object, "saved", tool_text(o->save));
    if (o->log)
        json_object_set_new(object, "log", tool_text(o->log));
    if (o->plot)
        json_object_set_new(object, "plot", tool_text(o->plot));
    return object;
}

/* Saved, told, and then the signal does what it would have done. */
static int die_by_signal(struct train_run *r)
{
    const char *path = r->settings->o->save, *name = r->signal == SIGINT ? "SIGINT" : "SIGTERM";
    int64_t step = wg_store_step(wg_graph_store(r->graph->graph));
    if (!path)
        tool_failed("stopped by %s after %" PRId64 " of %" PRId64 " steps; without --save nothing is kept", name, step,
                    r->total);
    else if (train_save(r))
        tool_failed("stopped by %s after %" PRId64 " of %" PRId64
                    " steps; saved %s; to go on: wengert train --resume %s",
                    name, step, r->total, path, path);
    log_close(r->log);
    signal(r->signal, SIG_DFL);
    raise(r->signal);
    return FAILED;
}

/* What a finished run leaves behind: checkpoint, picture, and how good it is. */
static int finish(struct train_run *r, json_t *object)
{
    if (r->signal)
        return die_by_signal(r);
    bool saves = r->settings->o->save && !r->saved;
    bool done = train_save(r) && plot(r) && evaluate_all(r, object);
    if (done && saves)
        tool_note("saved %s\n", r->settings->o->save);
    json_t *all = summary(r);
    json_object_update(object, all);
    json_decref(all);
    return done ? DONE : FAILED;
}

/* How long the run is, in steps. */
static int set_length(struct train_run *r)
{
    const struct train_options *o = r->settings->o;
    int64_t n = table_count(&r->data->train.x);
    r->per_epoch = o->batch ? n / o->batch + (n % o->batch != 0) : 1;
    if (o->epochs > INT64_MAX / r->per_epoch)
        return tool_misused("train: --epochs %" PRId64 " is too many", o->epochs);
    r->total = o->epochs ? o->epochs * r->per_epoch : o->steps ? o->steps : 2500;
    return DONE;
}

static int run(struct train_run *r, json_t *object)
{
    json_t *checked = NULL;
    int code = train_prepare(r);
    if (code)
        return code;
    introduce(r);
    if (r->settings->o->check_gradients)
        code = check_gradients(r, &checked);
    if (checked)
        json_object_set_new(object, "gradients", checked);
    if (code)
        return code;
    if (r->first == r->total) {
        tool_note("%s has done all of its %" PRId64 " steps; for more, give --steps or --epochs\n",
                  r->settings->o->resume, r->total);
        return finish(r, object);
    }
    if (!may_plot(r->settings->o) || !log_open(r->log, r->settings->o, r->first))
        return FAILED;
    code = train_loop(r);
    return code ? code : finish(r, object);
}

/* `graph`: of --model; of --layers it is empty as yet. `kept`: what the checkpoint of a resumed run tells. */
static int with_data(struct command *c, const struct settings *s, struct train_graph *graph, const wg_registry *registry,
                     const json_t *kept)
{
    struct train_data data;
    const struct model *given = s->o->model ? &graph->model : NULL;
    int code = train_data_open(&data, s, given, json_object_get(kept, "predict"));
    if (code)
        return code;
    struct train_log log = { .file = NULL };
    struct train_run r = { .command = c, .settings = s, .data = &data, .graph = graph, .log = &log, .cost = NAN };
    json_t *object = json_object();
    code = set_length(&r);
    if (!code && !given)
        *graph = train_graph_new(s, &data, registry);
    if (!code)
        code = graph->graph && !wg_set_matmul_precision(graph->graph, (wg_matmul_precision)s->o->precision) &&
               resume_keep(c, s, graph->graph, &data, given) ? run(&r, object) : FAILED;
    if (!log_close(&log) && !code)
        code = FAILED;
    if (json_object_size(object))
        tool_object(object);
    else
        json_decref(object);
    train_data_close(&data);
    return code;
}

static int train(struct command *c)
{
    json_t *kept;
    struct settings settings;
    struct train_graph graph = { .graph = NULL };
    wg_registry *registry = NULL;
    const struct train_options *o = c->values;
    int code = resume_options(c, &kept);
    if (!code && !plugins_load(&o->common, &registry))
        code = FAILED;
    if (!code && o->model)
        code = train_model_open(&graph, c, registry);
    if (!code)
        code = settings_read(&settings, o);
    if (!code) {
        code = with_data(c, &settings, &graph, registry, kept);
        settings_free(&settings);
    }
    model_free(&graph.model);
    wg_graph_free(graph.graph);
    wg_registry_free(registry);
    json_decref(kept);
    return code;
}

const verb verb_train = {
    .name = "train",
    .summary = "Builds or resumes a model, trains it, logs it and saves it",
    .synopsis = "{--layers N0,N1,.. | --model GRAPH.json} --x FILE[:MEMBER] --y FILE[:MEMBER] [OPTION..]",
    .text =
        "Examples lie along axis 0 of every file, and the rest is flattened. What is done to the data becomes part of\n"
        "the model: wengert predict needs none of these options again.\n\n"
        "  wengert train --layers 2,16,8,1 --data moons:400 --lr 0.3 --check-gradients --save moons.npz\n"
        "  wengert train --resume moons.npz --steps 5000\n"
        "  wengert train --model net.json --feed x=train.npz:x --feed labels=train.npz:y --epochs 10 --batch 32 --save net.npz\n"
        "  wengert train --layers 4,16,3 --output softmax --x iris.data:1-4 --y iris.data:5 --standardize --save iris.npz\n",
    .options = train_table,
    .values_size = sizeof(struct train_options),
    .run = train,
};
