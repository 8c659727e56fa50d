/* Models in files: opened, and their inputs and outputs found. */
#include "model.h"

#include <stdlib.h>
#include <string.h>

bool plugins_load(const struct common *c, wg_registry **registry)
{
    *registry = NULL;
    if (!c->plugins.n)
        return true;
    *registry = wg_registry_new();
    bool loaded = *registry != NULL;
    for (size_t i = 0; i < c->plugins.n && loaded; i++)
        loaded = wg_registry_plugin(*registry, c->plugins.at[i]) == WG_OK;
    if (!loaded) {
        tool_failed("%s", wg_error());
        wg_registry_free(*registry);
        *registry = NULL;
    }
    return loaded;
}

bool is_archive(const char *path)
{
    FILE *file = tool_open_file(path);
    char start[2] = "";
    bool archive = file && fread(start, 1, 2, file) == 2 && !memcmp(start, "PK", 2);
    if (file)
        fclose(file);
    return archive;
}

static wg_graph *parse_file(const char *path, const wg_graph_opts *opts)
{
    size_t length;
    char *text = tool_read_file(path, &length);
    if (!text)
        return NULL;
    wg_graph *g = wg_graph_parse(text, length, opts);
    if (!g)
        tool_failed("%s: %s", path, wg_error());
    free(text);
    return g;
}

wg_graph *graph_open_with(const char *path, const wg_graph_opts *opts)
{
    if (!is_archive(path))
        return parse_file(path, opts);
    wg_graph *g = wg_graph_load(path, opts);
    if (!g)
        tool_failed("%s", wg_error());
    return g;
}

wg_graph *graph_open(const char *path, const wg_registry *registry, int64_t threads)
{
    return graph_open_with(path,
                           WG_OPTS(wg_graph_opts, .registry = registry, .threads = (int)threads));
}

/* The node that an entry names: of a list, the one at `index`. NULL: none. */
static wg_node *named(const wg_graph *g, const json_t *entry, const char *key, size_t index)
{
    const json_t *value = json_object_get(entry, key);
    if (json_is_array(value))
        value = json_array_get(value, index);
    else if (index > 0)
        value = NULL;
    return json_is_string(value) ? wg_find(g, json_string_value(value)) : NULL;
}

static wg_node *only_input(const wg_graph *g)
{
    wg_node *found = NULL;
    for (size_t i = 0; i < wg_graph_count(g); i++) {
        wg_node *n = wg_graph_node(g, i);
        if (strcmp(wg_node_op(n)->name, "input") != 0)
            continue;
        if (found)
            return NULL;
        found = n;
    }
    return found;
}

static json_t *entry_of(const wg_graph *g, const char *name)
{
    const char *text = wg_graph_entry(g, name);
    return text ? json_loads(text, 0, NULL) : NULL;
}

/* What the loss is by its operator. */
static enum loss_kind kind_of(const wg_node *cost)
{
    static const struct {
        const char *op;
        enum loss_kind kind;
    } kinds[] = { { "bce", LOSS_BCE },
                  { "bce_with_logits", LOSS_BCE },
                  { "cross_entropy", LOSS_CROSS_ENTROPY },
                  { "mse", LOSS_MSE } };
    for (size_t i = 0; i < WG_COUNT(kinds) && cost; i++)
        if (!strcmp(wg_node_op(cost)->name, kinds[i].op))
            return kinds[i].kind;
    return LOSS_AUTO;
}

void model_read(struct model *m, wg_graph *g)
{
    json_t *predict = entry_of(g, "predict");
    wg_nodes outputs = wg_graph_outputs(g);
    *m = (struct model){ .train = entry_of(g, "train") };
    m->x = named(g, predict, "feeds", 0);
    m->prediction = named(g, predict, "outputs", 0);
    m->cost = named(g, m->train, "loss", 0);
    m->y = named(g, m->train, "feeds", 1);
    m->known = known_read(predict);
    json_decref(predict);
    if (!m->x)
        m->x = wg_find(g, "x") ? wg_find(g, "x") : only_input(g);
    if (!m->y)
        m->y = wg_find(g, "y");
    if (!m->prediction && outputs.n)
        m->prediction = outputs.at[0];
    const char *kind = json_string_value(json_object_get(m->train, "kind"));
    int loss = kind ? read_choice(kind, "auto|bce|cross_entropy|mse") : LOSS_AUTO;
    m->loss = loss > 0 ? (enum loss_kind)loss : kind_of(m->cost);
}

bool model_find(struct model *m, wg_graph *g, const char *path)
{
    model_read(m, g);
    if (m->x && m->prediction)
        return true;
    tool_failed("%s: which %s is meant? An entry \"predict\" would say: {\"feeds\": [..], \"outputs\": [..]}", path,
                m->x ? "output" : "input");
    model_free(m);
    return false;
}

void model_free(struct model *m)
{
    json_decref(m->train);
    known_free(&m->known);
    m->train = NULL;
}

bool feed_as(wg_exec *e, const wg_node *to, wg_view view, const char *name)
{
    void *memory;
    char why[80];
    wg_view fitting = view_as(view, wg_node_dtype(to), &memory, why);
    if (!fitting.data) {
        tool_failed("%s: %s: %s", name, wg_node_name(to), why);
        return false;
    }
    wg_status status = memory ? wg_feed(e, to, fitting) : wg_bind(e, to, fitting);
    free(memory);
    if (status != WG_OK)
        tool_failed("%s: %s", name, wg_exec_error(e));
    return status == WG_OK;
}

/* So many examples that a piece stays within some tens of megabytes. */
static int64_t piece_of(const table *t)
{
    int64_t rows = ((int64_t)1 << 22) / table_width(t), all = table_count(t);
    return rows < 1 ? 1 : rows > all ? all : rows;
}

/* One row an example, as many values in each as before, and a label for each where there are labels. */
static bool prediction_fits(wg_view p, int64_t rows, int64_t *width, const wg_view *y, enum loss_kind loss,
                            const dataset *d)
{
    char a[120], b[120];
    int64_t values = p.shape.rank && p.shape.dim[0] == rows ? wg_shape_count(p.shape) / rows : -1;
    if (values < 1 || (*width && values != *width)) {
        tool_failed("%s: the model makes %s of %lld examples, and not one result an example", d->x.name,
                    wg_shape_text(p.shape, a, sizeof a), (long long)rows);
        return false;
    }
    *width = values;
    int64_t labels = y ? wg_shape_count(y->shape) / rows : values;
    if (labels == values || (labels == 1 && (loss == LOSS_AUTO || loss == LOSS_CROSS_ENTROPY)))
        return true;
    tool_failed("%s: labels %s do not fit predictions %s", d->y.name, wg_shape_text(y->shape, b, sizeof b),
                wg_shape_text(p.shape, a, sizeof a));
    return false;
}

/* A result with its examples along the first axis: itself, or a copy in *memory. */
static wg_view examples_first(wg_view result, const wg_node *node, void **memory)
{
    char why[80];
    int axis = shape_examples_axis(wg_node_shape(node));
    return view_as(axis ? view_axis_first(result, axis) : result, result.dtype, memory, why);
}

/* Looks whether a piece of the predictions is one, and measures it where there are labels. */
static bool take_piece(wg_view prediction, dataset *d, int64_t first, int64_t rows, int64_t *width,
                       struct metrics *metrics)
{
    if (!d->labelled)
        return prediction_fits(prediction, rows, width, NULL, metrics->loss, d);
    wg_view y = wg_data_rows(d->y.data, first, rows);
    if (!y.data) {
        tool_failed("%s: %s", d->y.name, wg_error());
        return false;
    }
    if (!prediction_fits(prediction, rows, width, &y, metrics->loss, d))
        return false;
    metrics_add(metrics, prediction, y);
    return true;
}

bool model_predict(wg_exec *e, const struct model *m, dataset *d, struct metrics *metrics,
                   bool (*each)(void *, wg_view), void *user)
{
    int64_t n = table_count(&d->x), piece = piece_of(&d->x), width = 0;
    for (int64_t first = 0; first < n; first += piece) {
        int64_t rows = n - first < piece ? n - first : piece;
        if (!feed_examples(e, m, d, false, first, rows))
            return false;
        if (wg_run(e)) {
            tool_failed("%s: %s", d->x.name, wg_exec_error(e));
            return false;
        }
        void *memory;
        wg_view prediction = examples_first(wg_result(e, m->prediction), m->prediction, &memory);
        bool done = take_piece(prediction, d, first, rows, &width, metrics) && (!each || each(user, prediction));
        free(memory);
        if (!done)
            return false;
    }
    return true;
}
