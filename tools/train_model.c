/* Training any graph description: its entry "train" says what is minimised, and how. */
#include "train.h"

#include <stdlib.h>
#include <string.h>

/* Options that make a model of layers; a graph has all that itself. */
static int refuse_layers(const struct command *c)
{
    static const char *const names[] = { "layers", "hidden", "output", "loss", "init", "dtype", "layout", "scale", "standardize" };
    for (size_t i = 0; i < WG_COUNT(names); i++)
        if (options_given(c, names[i]))
            return tool_misused("train: --%s is for models of --layers; the graph of --model says it itself", names[i]);
    return 0;
}

/* The loss that the entry names. */
static int find_loss(const wg_graph *g, const struct model *m, const char *path)
{
    const json_t *loss = json_object_get(m->train, "loss");
    if (!loss)
        return tool_failed("%s: the entry \"train\" is missing, as in \"entries\": {\"train\": {\"loss\": \"cost\", \"optimizer\": "
                           "{\"name\": \"sgd\", \"lr\": 0.01}}}",
                           path);
    if (!json_is_string(loss))
        return tool_failed("%s: entry \"train\": loss: expected a node's name", path);
    if (!m->cost) {
        struct nearest near = nearest_to(json_string_value(loss));
        for (size_t i = 0; i < wg_graph_count(g); i++)
            nearest_try(&near, wg_node_name(wg_graph_node(g, i)));
        return tool_failed("%s: entry \"train\": the loss %s is no node%s%s%s", path, json_string_value(loss),
                           near.best ? "; did you mean " : "", near.best ? near.best : "", near.best ? "?" : "");
    }
    if (wg_shape_count(wg_node_shape(m->cost)) != 1) {
        char shape[128];
        return tool_failed("%s: the loss %s is no scalar: its shape is %s", path, wg_node_name(m->cost),
                           wg_shape_text(wg_node_shape(m->cost), shape, sizeof shape));
    }
    return 0;
}

/* The input that stands for the examples where the graph does not say: the first that is fed. */
static int find_input(const wg_graph *g, struct model *m, const struct train_options *o, const char *path)
{
    for (size_t i = 0; i < o->feed.n && !m->x; i++) {
        const char *text = o->feed.at[i];
        char *name = tool_print("%.*s", (int)strcspn(text, "="), text);
        m->x = wg_find(g, name);
        free(name);
    }
    if (m->x && !strcmp(wg_node_op(m->x)->name, "input"))
        return 0;
    return tool_failed("%s: which input takes the examples? Its name: --feed NAME=FILE[:MEMBER]", path);
}

static wg_graph *open_graph(const char *path, const struct train_options *o, const wg_registry *registry)
{
    /* Seed 0 stands for the default in the library; here it is a seed like any other. */
    const wg_graph_opts opts = { .size = sizeof opts,
                                 .seed = o->seed ? (uint64_t)o->seed : UINT64_MAX,
                                 .threads = (int)o->threads,
                                 .registry = registry };
    return graph_open_with(path, &opts);
}

int train_model_open(struct train_graph *t, struct command *c, const wg_registry *registry)
{
    const struct train_options *o = c->values;
    const char *path = o->resume ? o->resume : o->model;
    int code = refuse_layers(c);
    if (code)
        return code;
    t->graph = open_graph(path, o, registry);
    if (!t->graph)
        return FAILED;
    model_read(&t->model, t->graph);
    code = find_loss(t->graph, &t->model, path);
    if (!code)
        code = find_input(t->graph, &t->model, o, path);
    if (!code)
        code = optimizer_read(c, json_object_get(t->model.train, "optimizer"), path);
    if (code)
        return code;
    t->params = wg_trainable(t->model.cost);
    return t->params.n ? 0 : tool_failed("%s: the loss %s depends on no param", path, wg_node_name(t->model.cost));
}
