/* Models in files, and what is measured of them. */
#ifndef TOOLS_MODEL_H
#define TOOLS_MODEL_H

#include "data.h"
#include "options.h"

enum loss_kind { LOSS_AUTO, LOSS_BCE, LOSS_CROSS_ENTROPY, LOSS_MSE }; /* in the order of --loss */

/* The registry with the command's plugins; *registry stays NULL where there are none. Free it after all graphs. False,
 * and the message printed. */
bool plugins_load(const struct common *, wg_registry **registry);

/* A graph from a description or a checkpoint, told apart by content. NULL, and the message printed. */
wg_graph *graph_open(const char *path, const wg_registry *, int64_t threads);

wg_graph *graph_open_with(const char *path, const wg_graph_opts *);

/* Does the file begin as a ZIP archive does? */
bool is_archive(const char *path);

/* What the entries of a graph say, or what can be guessed without them. */
struct model {
    wg_node *x, *y;      /* inputs; y may be NULL */
    wg_node *prediction; /* (N, ..) */
    wg_node *cost;       /* scalar; may be NULL */
    enum loss_kind loss; /* LOSS_AUTO: unknown */
    struct known known;  /* of the tables that it was trained on */
    json_t *train;       /* the entry "train"; may be NULL */
};
/* What there is of it; all may be missing. */
void model_read(struct model *, wg_graph *);
/* The same. False, and the message printed: no input or output that could be meant. */
bool model_find(struct model *, wg_graph *, const char *path);
void model_free(struct model *);

/* Feeds a view to an input, a param or a variable, converted to its type if need be. `name` is for messages. False, and
 * the message printed. */
bool feed_as(wg_exec *, const wg_node *, wg_view, const char *name);

/* A data set for a model, which may be fed by its inputs' names: those of x and y stand for --x and --y, the others are added. `path` is the
 * model's. Returns 0 or an exit code, with the message printed. */
int dataset_open_for(dataset *, const struct sources *, const struct model *, const struct known *known, const char *path);
/* The axis of an input or result along which examples lie: the first whose size is known only at run time; 0 where all are known. */
int shape_examples_axis(wg_shape);
/* Feeds rows (n, ..) of a file to an input that may have its examples along another axis, and an example's values in another shape. */
bool feed_rows(wg_exec *, const wg_node *, wg_view rows, const char *name);
/* Inputs and their tables: x, with `labels` y, and the data set's others. Room for n_more + 2; how many there are. */
size_t feed_list(const struct model *, dataset *, bool labels, const wg_node **to, table **from);
/* Feeds n examples from `first` on to all of these. False, and the message printed. */
bool feed_examples(wg_exec *, const struct model *, dataset *, bool labels, int64_t first, int64_t n);
/* How well predictions fit labels. */
struct metrics {
    enum loss_kind loss;    /* LOSS_AUTO: settled by the first labels */
    int64_t hits, seen;     /* of classifications */
    int64_t units;          /* of regressions: values an example .. */
    double *mean;           /* .. the mean of each, (units) */
    double squares, spread; /* .. the sum of squared errors, and of squared distances to the mean */
};
void metrics_add(struct metrics *, wg_view prediction, wg_view labels);
/* "accuracy 206/209 (0.9856)" or "rmse .. r2 ..", with "train " or so before it. */
void metrics_say(const struct metrics *, const char *before);
json_t *metrics_object(const struct metrics *);
void metrics_free(struct metrics *);

/* Runs the prediction over all rows. `each` (may be NULL) sees the predictions piece by piece and returns false to
 * stop. Metrics where there are labels. False, and the message printed. */
bool model_predict(wg_exec *, const struct model *, dataset *, struct metrics *, bool (*each)(void *, wg_view),
                   void *user);

/* Are the labels what the loss takes? `units`: of the last layer. False, and the message printed. */
bool labels_check(dataset *, enum loss_kind, int64_t units);

/* Verifies the gradient of the graph's cost, in inference mode, at the values of `store` and the first 32 examples. opts
 * may be NULL. Prints one line, or what is wrong. Returns an exit code; *result (may be NULL) gets an object. */
int model_verify(wg_graph *, const char *cost, wg_store *, const struct model *, dataset *, const wg_verify_opts *opts,
                 json_t **result);
/* Adds to an object what failed of a report, "failures", and what each node's residual is, "residuals". */
void report_checks(json_t *, const wg_report *);

#endif
