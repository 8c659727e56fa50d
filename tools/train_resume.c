/* What a checkpoint keeps of the command line, and what a resumed run takes from it. */
#include "train.h"

#include <stdlib.h>
#include <string.h>

/* Options that stand for one another: one that is given drops a kept one. */
static bool replaced(const struct command *c, const char *name)
{
    static const char *const pairs[][2] = {
        { "steps", "epochs" },     { "epochs", "steps" },     { "data", "x" },           { "data", "y" },
        { "x", "data" },           { "y", "data" },           { "test-data", "test-x" }, { "test-data", "test-y" },
        { "test-x", "test-data" }, { "test-y", "test-data" },
    };
    for (size_t i = 0; i < WG_COUNT(pairs); i++)
        if (!strcmp(pairs[i][1], name) && options_given(c, pairs[i][0]))
            return true;
    return false;
}

/* Sets an option to what was kept: a text, or a list of them. */
static int set_kept(struct command *c, const option *o, const json_t *kept)
{
    const json_t *value;
    size_t i;
    int code = 0;
    if (json_is_string(kept) && o->kind != OPTION_LIST)
        return options_set(c, o, json_string_value(kept));
    json_array_foreach(kept, i, value)
        if (!code && json_is_string(value) && o->kind == OPTION_LIST)
            code = options_set(c, o, json_string_value(value));
    return code;
}

/* One kept option: taken over, or compared with the one given. */
static int take(struct command *c, const option *o, const json_t *value)
{
    const char *kept = json_string_value(value);
    if (!options_given(c, o->name))
        return value && !replaced(c, o->name) ? set_kept(c, o, value) : 0;
    if (!(o->flags & OPTION_FROZEN))
        return 0;
    char *now = options_text(c, o);
    int code = 0;
    if (!now || !kept || strcmp(now, kept) != 0)
        code = tool_misused("train: --%s %s: the run in %s has %s, and a resumed run keeps it", o->name, now ? now : "",
                            ((struct train_options *)c->values)->resume, kept ? kept : "none");
    free(now);
    return code;
}

/* What the file keeps must be right by itself; else it is the file that is wrong, and not the command line. */
static int check_kept(const struct command *c, const char *path, const json_t *options)
{
    struct train_options *alone = tool_alloc(1, sizeof *alone);
    struct command kept = { .verb = c->verb, .values = alone };
    struct settings settings;
    int code = 0;
    options_default(&kept);
    alone->resume = path;
    tool_blame(path);
    for (const option *o = train_table; o->name && !code; o++) {
        const json_t *value = o->flags ? json_object_get(options, o->name) : NULL;
        if (value)
            code = set_kept(&kept, o, value);
    }
    if (!code)
        code = settings_read(&settings, alone);
    if (!code)
        settings_free(&settings);
    tool_blame(NULL);
    free(alone->feed.at);
    free(alone->test_feed.at);
    free(alone);
    return code;
}

static json_t *read_entry(const char *path, const wg_registry *registry)
{
    wg_graph *g = graph_open(path, registry, 1);
    if (!g)
        return NULL;
    const char *text = wg_graph_entry(g, "train");
    json_t *entry = text ? json_loads(text, 0, NULL) : NULL;
    if (!json_is_object(json_object_get(entry, "options"))) {
        tool_failed("%s: does not come from wengert train, and cannot be resumed", path);
        json_decref(entry);
        entry = NULL;
    }
    const char *names = wg_graph_entry(g, "predict");
    json_t *predict = names ? json_loads(names, 0, NULL) : NULL;
    if (entry && predict)
        json_object_set(entry, "predict", predict);
    json_decref(predict);
    const char *mark = wg_graph_meta(g, "log");
    if (entry && mark)
        json_object_set_new(entry, "log", tool_text(mark));
    wg_graph_free(g);
    return entry;
}

int resume_options(struct command *c, json_t **kept)
{
    struct train_options *values = c->values;
    wg_registry *registry = NULL;
    *kept = NULL;
    if (!values->resume)
        return 0;
    if (!plugins_load(&values->common, &registry))
        return FAILED;
    *kept = read_entry(values->resume, registry);
    wg_registry_free(registry);
    if (!*kept)
        return FAILED;
    json_t *options = json_object_get(*kept, "options");
    int code = check_kept(c, values->resume, options);
    for (const option *o = train_table; o->name && !code; o++)
        if (o->flags)
            code = take(c, o, json_object_get(options, o->name));
    values->log_kept = !options_given(c, "log");
    values->plot_kept = !options_given(c, "plot");
    values->log_mark = json_string_value(json_object_get(*kept, "log"));
    if (!code && !values->save)
        values->save = values->resume;
    return code;
}

static json_t *list_object(const texts *list)
{
    json_t *all = json_array();
    for (size_t i = 0; i < list->n; i++)
        json_array_append_new(all, tool_text(list->at[i]));
    return all;
}

static json_t *options_object(const struct command *c)
{
    json_t *all = json_object();
    for (const option *o = train_table; o->name; o++) {
        char *text = o->flags ? options_text(c, o) : NULL;
        if (text)
            json_object_set_new(all, o->name, tool_text(text));
        free(text);
    }
    const struct train_options *o = c->values;
    if (o->feed.n)
        json_object_set_new(all, "feed", list_object(&o->feed));
    if (o->test_feed.n)
        json_object_set_new(all, "test-feed", list_object(&o->test_feed));
    return all;
}

static json_t *held_out_object(const struct settings *s, const int64_t *row, int64_t n)
{
    json_t *rows = json_array();
    for (int64_t i = 0; i < n; i++)
        json_array_append_new(rows, json_integer(row[i]));
    return json_pack("{s:f, s:o}", "fraction", s->o->split, "rows", rows);
}

static bool set_entry(wg_graph *g, const char *name, json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    bool set = text && wg_graph_set_entry(g, name, text) == WG_OK;
    if (!set)
        tool_failed("train: %s", wg_error());
    free(text);
    return set;
}

/* The entry that a graph has, to be completed; empty where it has none. */
static json_t *entry_of(const wg_graph *g, const char *name)
{
    const char *text = wg_graph_entry(g, name);
    json_t *entry = text ? json_loads(text, 0, NULL) : NULL;
    return entry ? entry : json_object();
}

static void complete(json_t *object, json_t *more)
{
    json_object_update(object, more);
    json_decref(more);
}

/* "loss", "feeds", "optimizer", and for metrics the "kind" of loss. */
static json_t *train_entry(const struct command *c, const struct settings *s, const wg_graph *g, const struct model *m)
{
    json_t *train = entry_of(g, "train");
    if (!m) {
        char *loss = choice_text(options_find(c->verb, "loss")->choices, s->loss);
        complete(train, json_pack("{s:s, s:[s,s], s:s}", "loss", "cost", "feeds", "x", "y", "kind", loss));
        free(loss);
    } else if (!json_object_get(train, "feeds")) {
        json_t *feeds = json_pack("[s]", wg_node_name(m->x));
        if (m->y)
            json_array_append_new(feeds, json_string(wg_node_name(m->y)));
        json_object_set_new(train, "feeds", feeds);
    }
    json_object_set_new(train, "optimizer", optimizer_object(s->o));
    json_object_set_new(train, "options", options_object(c));
    return train;
}

static json_t *predict_entry(const wg_graph *g, const struct model *m)
{
    json_t *predict = entry_of(g, "predict");
    if (!m)
        complete(predict, json_pack("{s:[s], s:[s]}", "feeds", "x", "outputs", "prediction"));
    else if (!json_object_size(predict) && m->prediction)
        complete(predict, json_pack("{s:[s], s:[s]}", "feeds", wg_node_name(m->x), "outputs",
                                                  wg_node_name(m->prediction)));
    return predict;
}

bool resume_keep(const struct command *c, const struct settings *s, wg_graph *g, const struct train_data *d,
                 const struct model *m)
{
    json_t *train = train_entry(c, s, g, m), *predict = predict_entry(g, m);
    if (d->n_held_out)
        json_object_set_new(train, "split", held_out_object(s, d->held_out, d->n_held_out));
    known_write(&d->known, predict);
    bool first = !json_object_size(predict) || set_entry(g, "predict", predict);
    return set_entry(g, "train", train) && first;
}
