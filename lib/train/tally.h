/* Metrics: each kind is a way to add examples and a value in the end. */
#ifndef WG_TRAIN_TALLY_H
#define WG_TRAIN_TALLY_H

#include "base/alloc.h"
#include "base/error.h"
#include <wengert/train.h>

typedef struct wg__pair {
    double score;
    bool positive;
} wg__pair;

struct wg_tally {
    wg_metric_kind kind;
    int64_t n;   /* of examples, or elements */
    bool broken; /* a prediction was NaN */

    double sum, weight; /* of -log p, or of what is averaged; of the latter's weights */
    int64_t hits;

    double *mean;           /* of the labels of each column, (units) */
    int64_t rows, units;    /* of regressions */
    double squares, spread; /* sums of squared errors, and of squared distances from the means */

    wg__pair *pair; /* of AUC */
    size_t n_pairs, pairs_capacity;
    int64_t *count; /* (classes, classes) of a confusion */
    int64_t classes;

    double *copy; /* of the examples that are being added */
    size_t copy_capacity;
};

/* What is added at once, as doubles. */
typedef struct wg__examples {
    const double *of, *label;
    int64_t n_of, n; /* elements of each; n is 0 where there are no labels */
    wg_shape shape;  /* of `of` */
    bool is_class;   /* `of` holds integers or bools */
    double weight;   /* of a single element */
} wg__examples;

/* wg_tally_add, a single element of an average weighing so much. */
wg_status wg__tally_add(wg_tally *, wg_view of, wg_view labels, double weight);
/* Whether a value is better than the other; NaN never is. */
bool wg__metric_better(wg_metric_kind, double value, double than);

/* ---- the kinds ---- */

wg_status wg__add_average(wg_tally *, const wg__examples *);
wg_status wg__add_answers(wg_tally *, const wg__examples *);  /* accuracy and confusion */
wg_status wg__add_pairs(wg_tally *, const wg__examples *);    /* AUC */
wg_status wg__add_surprise(wg_tally *, const wg__examples *); /* perplexity */
wg_status wg__add_errors(wg_tally *, const wg__examples *);   /* rmse and r2 */
double wg__area(wg_tally *);

#endif
