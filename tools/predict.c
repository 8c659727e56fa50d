/* wengert predict: run a checkpoint on data. */
#include "predict.h"

#include <stdlib.h>
#include <string.h>

struct predict_options {
    struct common common;
    const char *data, *x, *y, *out;
    texts feed;
    int64_t examples_axis, threads;
    int part, precision; /* a wg_matmul_precision */
};

enum { PART_ALL, PART_TRAIN, PART_TEST };

#define AT(field) .offset = offsetof(struct predict_options, field)
static const option table_of_options[] = {
    { .name = "x", .argument = "FILE[:MEMBER]", .kind = OPTION_TEXT, AT(x), .help = "examples" },
    { .name = "y", .argument = "FILE[:MEMBER]", .kind = OPTION_TEXT, AT(y), .help = "labels, to be compared with" },
    { .name = "data", .argument = "SPEC", .kind = OPTION_TEXT, AT(data),
      .help = "both: moons:N[:SEED], spiral:N[:SEED], or a file with members x and y" },
    { .name = "feed", .argument = "NAME=FILE[:MEMBER]", .kind = OPTION_LIST, AT(feed),
      .help = "what another input is fed with; may be repeated" },
    { .name = "examples-axis", .argument = "AXIS", .kind = OPTION_COUNT, AT(examples_axis), .otherwise = "0",
      .help = "the files' axis along which the examples lie" },
    { .name = "part", .kind = OPTION_CHOICE, AT(part), .otherwise = "all", .choices = "all|train|test",
      .help = "of the training file: the rows that --split kept or held out" },
    { .name = "out", .argument = "FILE", .kind = OPTION_TEXT, AT(out),
      .help = "predictions, by suffix: .npy, .npz, .csv, .tsv" },
    { .name = "precision", .kind = OPTION_CHOICE, AT(precision), .otherwise = "highest", .choices = PRECISIONS,
      .help = PRECISION_HELP },
    { .name = "threads", .argument = "N", .kind = OPTION_COUNT, AT(threads), .least = 1,
      .help = "(WENGERT_THREADS, OMP_NUM_THREADS, the cores)" },
    { .name = NULL },
};

/* All predictions, (n, ..) and contiguous. */
struct predictions {
    char *memory;
    size_t used;
    wg_view view;
    int64_t n; /* examples in all */
};

static bool keep_piece(void *user, wg_view piece)
{
    struct predictions *p = user;
    int64_t rows = piece.shape.dim[0];
    size_t bytes = (size_t)wg_shape_count(piece.shape) * wg_dtype_size(piece.dtype);
    if (!p->memory) {
        wg_shape shape = piece.shape;
        shape.dim[0] = p->n;
        p->memory = tool_alloc((size_t)p->n, bytes / (size_t)rows);
        p->view = wg_view_of(p->memory, piece.dtype, shape);
    }
    memcpy(p->memory + p->used, piece.data, bytes);
    p->used += bytes;
    return true;
}

/* Rows of --part, from what training recorded. */
static int take_part(dataset *d, const struct model *m, int part, const char *path)
{
    json_t *rows = json_object_get(json_object_get(m->train, "split"), "rows");
    int64_t n = table_count(&d->x), out = (int64_t)json_array_size(rows), kept = 0;
    if (!rows)
        return tool_failed("%s: was trained without --split, and has no parts", path);
    bool *held = tool_alloc((size_t)n, sizeof *held);
    int64_t *row = tool_alloc((size_t)n, sizeof *row);
    bool fits = true;
    for (int64_t i = 0; i < out && fits; i++) {
        int64_t r = json_integer_value(json_array_get(rows, (size_t)i));
        fits = r >= 0 && r < n;
        if (fits)
            held[r] = true;
    }
    for (int64_t i = 0; i < n; i++)
        if (held[i] == (part == PART_TEST))
            row[kept++] = i;
    int code = DONE;
    if (!fits || !kept)
        code = tool_failed("%s: is not the data that %s was trained on: it has %lld examples", d->x.name, path,
                           (long long)n);
    else if (!dataset_take(d, row, kept))
        code = FAILED;
    free(held);
    free(row);
    return code;
}

/* Predictions go to --out; without it, and without labels, they are what is printed. */
static int tell(const struct predict_options *o, const dataset *d, const struct metrics *metrics, wg_view view,
                const texts *classes)
{
    json_t *object =
        d->labelled ? metrics_object(metrics) : json_pack("{s:I}", "examples", (json_int_t)view.shape.dim[0]);
    bool done = !o->out || predictions_write(o->out, view, classes);
    if (done && o->out)
        json_object_set_new(object, "out", tool_text(o->out));
    else if (done && !d->labelled && tool_json())
        predictions_add(object, view, classes);
    else if (done && !d->labelled)
        done = predictions_write(NULL, view, classes);
    if (done && d->labelled)
        metrics_say(metrics, "");
    if (done)
        tool_object(object);
    else
        json_decref(object);
    return done ? DONE : FAILED;
}

static int run(const struct predict_options *o, const struct model *m, wg_graph *g, dataset *d)
{
    struct predictions p = { .n = table_count(&d->x) };
    struct metrics metrics = { .loss = m->loss };
    wg_plan *plan = wg_compile(g, WG_INFER, WG_NODES(m->prediction));
    wg_exec *e = wg_exec_new(plan);
    int code = FAILED;
    if (!e)
        tool_failed("predict: %s", wg_error());
    else if (model_predict(e, m, d, &metrics, keep_piece, &p))
        code = tell(o, d, &metrics, p.view, &m->known.classes);
    wg_exec_free(e);
    wg_plan_free(plan);
    metrics_free(&metrics);
    free(p.memory);
    return code;
}

/* Units of the model's result: the labels must fit them. */
static int64_t units_of(const struct model *m)
{
    wg_shape shape = wg_node_shape(m->prediction);
    int64_t units = 1;
    for (int i = 1; i < shape.rank; i++)
        units *= shape.dim[i] > 0 ? shape.dim[i] : 1;
    return units;
}

static int with_model(const struct predict_options *o, const char *path, wg_graph *g)
{
    struct model m;
    dataset d;
    if (!model_find(&m, g, path))
        return FAILED;
    const struct sources sources = { "predict", "", o->data, o->x, o->y, &o->feed, o->examples_axis };
    int code = dataset_open_for(&d, &sources, &m, &m.known, path);
    if (!code) {
        if (o->part != PART_ALL)
            code = take_part(&d, &m, o->part, path);
        if (!code && d.labelled && m.loss != LOSS_AUTO && !labels_check(&d, m.loss, units_of(&m)))
            code = FAILED;
        if (!code)
            code = run(o, &m, g, &d);
        dataset_close(&d);
    }
    model_free(&m);
    return code;
}

static int predict(struct command *c)
{
    const struct predict_options *o = c->values;
    const char *path = c->operand[0];
    if (o->out && !predictions_suffix(o->out))
        return tool_misused("predict: --out %s: expected a name that ends in .npy, .npz, .csv or .tsv", o->out);
    wg_registry *registry;
    if (!plugins_load(&o->common, &registry))
        return FAILED;
    wg_graph *g = graph_open(path, registry, o->threads);
    int code = g && !wg_set_matmul_precision(g, (wg_matmul_precision)o->precision) ? with_model(o, path, g) : FAILED;
    wg_graph_free(g);
    wg_registry_free(registry);
    return code;
}

const verb verb_predict = {
    .name = "predict",
    .summary = "Runs a checkpoint on data, and compares with labels when they are given",
    .synopsis = "MODEL --x FILE[:MEMBER] [--y FILE[:MEMBER]] [OPTION..]",
    .text =
        "The checkpoint knows how the data was scaled and laid out; no option of the training is needed again. With\n"
        "labels the accuracy is printed, or for a regression the error; without labels and --out, the predictions. Of a table\n"
        "with a header the columns are found by the names that the model was trained on; classes that were texts are told\n"
        "by their names.\n",
    .options = table_of_options,
    .values_size = sizeof(struct predict_options),
    .least_operands = 1,
    .most_operands = 1,
    .run = predict,
};
