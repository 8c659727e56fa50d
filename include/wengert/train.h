/* Training in few lines: metrics over whole data sets, and the loop of steps and epochs with checkpoints and early
 * stopping. Nothing here is needed to train: it is wg_batches_at, wg_run and wg_save in the order in which one mostly wants
 * them. See docs/training.md. */
#ifndef WENGERT_TRAIN_H
#define WENGERT_TRAIN_H

#include <wengert/exec.h>
#include <wengert/io.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- metrics ---- */

/* What is measured of a node `of`, as a rule a prediction, against labels. Each is that of all examples taken together, not a mean
 * of batches' values. Where a prediction is NaN the metric is NaN; only WG_CONFUSION's counts go on without it. Labels out
 * of their domain, or NaN, are WG_ERR_RANGE. */
typedef enum wg_metric_kind {
    /* The mean of `of`: of all its elements; where it is a single one (a loss that is a mean), weighed by the size of the batch. No
     * labels. The least is the best. */
    WG_AVERAGE,
    /* The share of right answers. Labels are classes, one an example. `of` is (.., classes), and the answer the
     * largest (the first of several); or as many as there are labels: floats, more than 0.5 being class 1, or classes themselves. */
    WG_ACCURACY,
    /* The same, and a count of each pair of classes, which are below 4096: wg_tally_confusion. */
    WG_CONFUSION,
    /* The area under the receiver's operating characteristic: how likely a positive scores higher than a negative, a tie
     * being one half. Labels are 0 and 1. NaN unless there are both. */
    WG_AUC,
    /* exp of the mean of -log p(label): `of` (.., classes) are logits (or logarithms of p), labels are classes. The least is the best. */
    WG_PERPLEXITY,
    /* The root of the mean squared error of all elements. The least is the best. */
    WG_RMSE,
    /* 1 - squared errors / squared distances from the labels' mean, over all columns of (examples, ..) together: 1 is perfect,
     * 0 no better than the mean. NaN where all labels are the same. */
    WG_R2
} wg_metric_kind;

typedef struct wg_tally wg_tally;
/* An empty tally. NULL: WG_ERR_ARG (no such kind), WG_ERR_NOMEM. */
WG_API wg_tally *wg_tally_new(wg_metric_kind);
WG_API void wg_tally_free(wg_tally *);
WG_API void wg_tally_reset(wg_tally *);
/* Adds examples; `labels` is not read for WG_AVERAGE, whose weight, if `of` is a single element, is 1. WG_ERR_SHAPE (the
 * numbers of elements do not fit), WG_ERR_RANGE (a label), WG_ERR_ARG (NULL, no data), WG_ERR_NOMEM: the tally is then good for reset and
 * free only. */
WG_API WG_MUST wg_status wg_tally_add(wg_tally *, wg_view of, wg_view labels);
/* The metric of all that was added. NaN where it is not defined; of nothing at all NaN with wg_error(). */
WG_API double wg_tally_value(wg_tally *);
/* How many examples (for WG_AVERAGE, WG_RMSE and WG_R2: elements) it is of. */
WG_API int64_t wg_tally_count(const wg_tally *);
/* Counts i64 (classes, classes) of WG_CONFUSION, a row a label and a column an answer; as many classes as were met. Valid until the
 * next call. data NULL: WG_ERR_ARG (another kind, or nothing was added). */
WG_API wg_view wg_tally_confusion(const wg_tally *);

typedef struct wg_metric {
    wg_metric_kind kind;
    wg_node *of, *against; /* any nodes of the graph, inputs among them; against is NULL for WG_AVERAGE */
} wg_metric;
typedef struct wg_metrics {
    const wg_metric *at; /* borrowed */
    size_t n;
} wg_metrics;

typedef struct wg_evaluator wg_evaluator;
/* Compiles the metrics' nodes for inference. `inputs` are what the batches' views feed, in order. Options as for
 * wg_exec_new_with, or NULL. NULL: WG_ERR_ARG (no metrics, no inputs, a NULL among them), WG_ERR_GRAPH, WG_ERR_NOMEM, ... */
WG_API wg_evaluator *wg_evaluator_new(wg_metrics, wg_nodes inputs, const wg_exec_opts *);
WG_API void wg_evaluator_free(wg_evaluator *);
/* Takes every example once, batches 0 .. per_epoch - 1. As wg_batches_at, wg_run and wg_tally_add. */
WG_API WG_MUST wg_status wg_evaluate(wg_evaluator *, wg_batches *);
/* Metric `index` as of the last wg_evaluate; borrowed. NULL: WG_ERR_RANGE. */
WG_API wg_tally *wg_evaluator_tally(wg_evaluator *, size_t index);

/* ---- the loop ---- */

/* How far a training is. */
typedef struct wg_progress {
    int64_t step, epoch;  /* done so far */
    double loss;          /* of the step; at the end of an epoch the mean over its examples */
    const double *metric; /* at the end of an epoch: n_metrics values over the test data; else NULL */
    size_t n_metrics;
    int64_t best_epoch; /* the one whose metrics[0] is the best so far; 0: none yet, or there is no test */
    double best;        /* its value */
    wg_store *store;    /* the values; borrowed */
} wg_progress;

typedef struct wg_fit_opts {
    size_t size;
    wg_node *loss;   /* a scalar */
    wg_node *update; /* an optimiser's */
    wg_nodes inputs; /* what the batches' views feed, in order */
    wg_batches *train;
    int64_t epochs, steps; /* in all, with those that the store has seen; one of the two */

    wg_batches *test;   /* measured after each epoch; NULL: not */
    wg_metrics metrics; /* none: the average of the loss */
    int64_t patience;   /* stops after so many epochs in a row without a better metrics[0]; the values end as those of the best
                           epoch. 0: never */

    const char *checkpoint; /* saved after each epoch and at the end; where it exists already, training goes on from it */
    int64_t save_every;     /* steps, instead of after each epoch */

    /* After each step, each epoch. WG_OK goes on, WG_END stops with success, and any other status is what wg_fit fails with. */
    wg_status (*on_step)(void *user, const wg_progress *);
    wg_status (*on_epoch)(void *user, const wg_progress *);
    void *user;
    const wg_exec_opts *exec; /* store, threads, check_finite; NULL: defaults */
} wg_fit_opts;

/* Trains. *last, which may be NULL, becomes the progress at the end; its `metric` is NULL.
 *
 * Step i takes batch i, so a training that is cut into pieces by checkpoints ends with the same bits as one in one go: what the
 * loop has to remember is a variable of the graph, "fit/state", made here at the first call. The best values so far are
 * kept in a copy of the store, and beside a checkpoint PATH.npz in PATH.best.npz.
 *
 * WG_ERR_ARG (an option contradicts another: the text tells), WG_ERR_NUMERIC (the loss is no finite number), else as
 * wg_compile, wg_batches_at, wg_run, wg_evaluate, wg_load and wg_save. After a failure the store holds the values of the last step. */
WG_API WG_MUST wg_status wg_fit(const wg_fit_opts *, wg_progress *last);

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus
#define WG_METRICS(...) ((wg_metrics){ (wg_metric[]){__VA_ARGS__}, WG__N(wg_metric, __VA_ARGS__) })
#endif
#endif
