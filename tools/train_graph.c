/* The graph that `train` builds. The preparation of the data is part of it, so whoever has the checkpoint needs no
 * options. */
#include "train.h"

#include <stdlib.h>

/* (N, ..) of the file's type to (N, width) of the model's. */
static wg_node *as_rows(wg_node *raw, wg_dtype dtype)
{
    wg_node *x = wg_cast(raw, dtype);
    int rank = wg_node_shape(raw).rank;
    return rank == 1 ? wg_expand_dims(x, WG_AXES(1)) : rank > 2 ? wg_flatten(x, 1) : x;
}

static wg_node *lay_out(wg_node *rows, wg_layout layout)
{
    return layout == WG_COLUMNS ? wg_transpose(rows) : rows;
}

/* A constant row (width) in the model's type. */
static wg_node *row_constant(wg_graph *g, const char *name, const double *value, int64_t width, wg_dtype dtype)
{
    return wg_cast(wg_constant(g, name, wg_view_of(value, WG_F64, WG_SHAPE(width))), dtype);
}

static wg_node *prepare_x(const struct settings *s, const struct train_data *d, wg_node *raw)
{
    wg_graph *g = wg_node_graph(raw);
    wg_node *x = as_rows(raw, s->dtype);
    if (s->o->scale != 1)
        x = wg_div(x, wg_const(g, s->o->scale));
    if (d->mean) {
        x = wg_sub(x, row_constant(g, "x_mean", d->mean, s->width[0], s->dtype));
        x = wg_div(x, row_constant(g, "x_deviation", d->deviation, s->width[0], s->dtype));
    }
    return lay_out(x, s->mlp.layout);
}

/* Labels for the loss: indices (N) for cross_entropy, unless each example has a probability for every class. */
static wg_node *prepare_y(const struct settings *s, const struct train_data *d, wg_node *raw)
{
    if (s->loss != LOSS_CROSS_ENTROPY || table_width(&d->train.y) > 1)
        return lay_out(as_rows(raw, s->dtype), s->mlp.layout);
    return wg_squeeze(as_rows(raw, WG_I64), WG_AXES(1));
}

static wg_node *cost_of(const struct settings *s, wg_mlp mlp, wg_node *labels)
{
    switch (s->loss) {
    case LOSS_CROSS_ENTROPY:
        return wg_cross_entropy(mlp.z, labels, s->mlp.layout == WG_COLUMNS ? 0 : 1, NULL);
    case LOSS_MSE:
        return wg_mse(mlp.y, labels, WG_MEAN);
    default:
        return wg_bce(mlp.y, labels, WG_MEAN);
    }
}

/* An input for one example set: (N, ..) as in the file. */
static wg_node *file_input(wg_graph *g, const char *name, const table *t)
{
    wg_shape shape = wg_data_shape(t->data);
    shape.dim[0] = WG_BATCH;
    return wg_input(g, name, wg_data_dtype(t->data), shape);
}

static bool build(struct train_graph *t, const struct settings *s, const struct train_data *d)
{
    struct model *m = &t->model;
    m->x = file_input(t->graph, "x", &d->train.x);
    m->y = file_input(t->graph, "y", &d->train.y);
    m->loss = s->loss;
    t->prepared_x = prepare_x(s, d, m->x);
    t->prepared_y = prepare_y(s, d, m->y);
    wg_mlp mlp = wg_mlp_new(t->graph, t->prepared_x, s->width, s->n_widths, &s->mlp);
    t->params = mlp.params;
    m->prediction = wg_output(lay_out(mlp.y, s->mlp.layout), "prediction");
    m->cost = wg_output(cost_of(s, mlp, t->prepared_y), "cost");
    /* The branch for full batches. Nothing of it is an output, so no checkpoint holds it. */
    t->features = wg_input(t->graph, "features", s->dtype, wg_node_shape(t->prepared_x));
    t->targets = wg_input(t->graph, "targets", wg_node_dtype(t->prepared_y), wg_node_shape(t->prepared_y));
    t->quick_cost = cost_of(s, wg_mlp_apply(&mlp, t->features, &s->mlp), t->targets);
    /* The draws of NumPy's initialisers depend on the order of the layers, so they are values. */
    return t->quick_cost && wg_mlp_numpy(wg_graph_store(t->graph), &mlp, &s->mlp) == WG_OK;
}

struct train_graph train_graph_new(const struct settings *s, const struct train_data *d, const wg_registry *registry)
{
    /* Seed 0 stands for the default in the library; here it is a seed like any other. */
    uint64_t seed = s->o->seed ? (uint64_t)s->o->seed : UINT64_MAX;
    struct train_graph t = { .graph = wg_graph_new_with(WG_OPTS(wg_graph_opts, .seed = seed,
                                                                .threads = (int)s->o->threads, .registry = registry)) };
    if (!t.graph || !build(&t, s, d)) {
        const char *why = wg_graph_error(t.graph);
        tool_failed("train: %s", *why ? why : wg_error());
        wg_graph_free(t.graph);
        t.graph = NULL;
    }
    return t;
}
