/* Tallies: examples in, metric out. */
#include "train/tally.h"

#include <math.h>

#include "tensor/shape.h"

static double average(wg_tally *t) { return t->sum / t->weight; }
static double accuracy(wg_tally *t) { return (double)t->hits / (double)t->n; }
static double perplexity(wg_tally *t) { return exp(t->sum / (double)t->n); }
static double rmse(wg_tally *t) { return sqrt(t->squares / (double)t->n); }
static double r2(wg_tally *t) { return t->spread > 0 ? 1 - t->squares / t->spread : NAN; }

static const struct kind {
    wg_status (*add)(wg_tally *, const wg__examples *);
    double (*value)(wg_tally *);
    bool least_is_best;
} kinds[] = {
    [WG_AVERAGE] = { wg__add_average, average, true },
    [WG_ACCURACY] = { wg__add_answers, accuracy, false },
    [WG_CONFUSION] = { wg__add_answers, accuracy, false },
    [WG_AUC] = { wg__add_pairs, wg__area, false },
    [WG_PERPLEXITY] = { wg__add_surprise, perplexity, true },
    [WG_RMSE] = { wg__add_errors, rmse, true },
    [WG_R2] = { wg__add_errors, r2, false },
};

bool wg__metric_better(wg_metric_kind kind, double value, double than)
{
    return kinds[kind].least_is_best ? value < than : value > than;
}

wg_tally *wg_tally_new(wg_metric_kind kind)
{
    if ((size_t)kind >= sizeof kinds / sizeof *kinds) {
        wg__fail(WG_ERR_ARG, "metric: there is no kind %d", (int)kind);
        return NULL;
    }
    wg_tally *t = wg__alloc_zero(NULL, 1, sizeof *t);
    if (t)
        t->kind = kind;
    return t;
}

void wg_tally_reset(wg_tally *t)
{
    if (!t)
        return;
    wg__free(NULL, t->mean, (size_t)t->units, sizeof *t->mean);
    wg__free(NULL, t->pair, t->pairs_capacity, sizeof *t->pair);
    wg__free(NULL, t->count, (size_t)(t->classes * t->classes), sizeof *t->count);
    wg__free(NULL, t->copy, t->copy_capacity, sizeof *t->copy);
    *t = (wg_tally){ .kind = t->kind };
}

void wg_tally_free(wg_tally *t)
{
    wg_tally_reset(t);
    wg__free(NULL, t, 1, sizeof *t);
}

/* The elements of a view of known size, in row-major order. WG_ERR_NOMEM. */
static wg_status read_doubles(double *to, wg_view from, int64_t n)
{
    if (!from.strided) {
        wg__convert(to, WG_F64, from.data, from.dtype, n);
        return WG_OK;
    }
    size_t size = wg_dtype_size(from.dtype);
    void *packed = wg__alloc(NULL, (size_t)n, size);
    if (!packed)
        return WG_ERR_NOMEM;
    wg__view_copy(packed, from);
    wg__convert(to, WG_F64, packed, from.dtype, n);
    wg__free(NULL, packed, (size_t)n, size);
    return WG_OK;
}

wg_status wg__tally_add(wg_tally *t, wg_view of, wg_view labels, double weight)
{
    if (!t)
        return wg__fail_null("wg_tally_add", "tally");
    bool labelled = t->kind != WG_AVERAGE;
    int64_t n_of = wg_shape_count(of.shape), n = labelled ? wg_shape_count(labels.shape) : 0;
    if (!of.data || (labelled && !labels.data) || n_of < 0 || n < 0)
        return wg__fail(WG_ERR_ARG, "metric: there are no %s", of.data && n_of >= 0 ? "labels" : "predictions");
    if (!wg__grow(NULL, (void **)&t->copy, &t->copy_capacity, (size_t)(n_of + n) + 1, sizeof *t->copy))
        return WG_ERR_NOMEM;
    wg_status status = read_doubles(t->copy, of, n_of);
    if (!status && labelled)
        status = read_doubles(t->copy + n_of, labels, n);
    if (status)
        return status;
    return kinds[t->kind].add(t, &(wg__examples){ .of = t->copy,
                                                  .label = t->copy + n_of,
                                                  .n_of = n_of,
                                                  .n = n,
                                                  .shape = of.shape,
                                                  .is_class = !wg__is_float(of.dtype),
                                                  .weight = weight });
}

wg_status wg_tally_add(wg_tally *t, wg_view of, wg_view labels) { return wg__tally_add(t, of, labels, 1); }

double wg_tally_value(wg_tally *t)
{
    if (!t)
        wg__fail_null("wg_tally_value", "tally");
    else if (t->n == 0)
        wg__fail(WG_ERR_ARG, "metric: no examples were added");
    else if (!t->broken)
        return kinds[t->kind].value(t);
    return NAN;
}

int64_t wg_tally_count(const wg_tally *t) { return t ? t->n : 0; }

wg_view wg_tally_confusion(const wg_tally *t)
{
    if (!t)
        wg__fail_null("wg_tally_confusion", "tally");
    else if (t->kind != WG_CONFUSION || !t->count)
        wg__fail(WG_ERR_ARG, "metric: %s",
                 t->kind == WG_CONFUSION ? "no examples were added" : "it is not WG_CONFUSION");
    else
        return wg_view_of(t->count, WG_I64, WG_SHAPE(t->classes, t->classes));
    return (wg_view){ .data = NULL };
}
