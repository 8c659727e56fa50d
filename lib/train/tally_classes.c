/* Metrics of classifiers: right answers, confusions, the area under the curve, perplexity. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "train/tally.h"

enum { MOST_CLASSES = 4096 };

static wg_status fail_label(double label, const char *why)
{
    return wg__fail(WG_ERR_RANGE, "metric: the label %g %s", label, why);
}

/* How many scores belong to a label: 1, or the classes on the last axis. 0: they do not fit, WG_ERR_SHAPE. */
static int64_t scores_each(const wg__examples *e)
{
    int64_t last = e->shape.rank ? e->shape.dim[e->shape.rank - 1] : 1;

    if (e->n_of == e->n)
        return 1;
    if (last > 0 && e->n_of / last == e->n)
        return last;
    wg__fail(WG_ERR_SHAPE, "metric: %lld predictions, %lld an example, do not fit %lld labels", (long long)e->n_of,
             (long long)last, (long long)e->n);
    return 0;
}

/* The first of the largest; -1 where one is NaN. */
static int64_t largest(const double *score, int64_t n)
{
    int64_t best = 0;

    for (int64_t i = 0; i < n; i++) {
        if (isnan(score[i]))
            return -1;
        if (score[i] > score[best])
            best = i;
    }
    return best;
}

/* Room for `classes`; what was counted stays. */
static bool count_more(wg_tally *t, int64_t classes)
{
    if (classes <= t->classes)
        return true;
    int64_t *wide = wg__alloc_zero(NULL, (size_t)(classes * classes), sizeof *wide);
    if (!wide)
        return false;
    for (int64_t i = 0; i < t->classes; i++)
        memcpy(wide + i * classes, t->count + i * t->classes, (size_t)t->classes * sizeof *wide);
    wg__free(NULL, t->count, (size_t)(t->classes * t->classes), sizeof *t->count);
    t->count = wide;
    t->classes = classes;
    return true;
}

static wg_status count_answer(wg_tally *t, double label, double answer)
{
    double larger = label > answer ? label : answer;

    if (!(label >= 0 && answer >= 0 && larger < MOST_CLASSES))
        return wg__fail(WG_ERR_RANGE, "metric: a confusion is of classes 0 to %d, not %g and %g", MOST_CLASSES - 1,
                        label, answer);
    if (!count_more(t, (int64_t)larger + 1))
        return WG_ERR_NOMEM;
    t->count[(int64_t)label * t->classes + (int64_t)answer]++;
    return WG_OK;
}

wg_status wg__add_answers(wg_tally *t, const wg__examples *e)
{
    int64_t each = scores_each(e);
    bool confusion = t->kind == WG_CONFUSION;

    if (!each)
        return WG_ERR_SHAPE;
    if (confusion && !count_more(t, each > 1 ? (each < MOST_CLASSES ? each : MOST_CLASSES) : e->is_class ? 1 : 2))
        return WG_ERR_NOMEM;
    for (int64_t i = 0; i < e->n; i++) {
        const double *score = e->of + i * each;
        double label = e->label[i], answer;
        if (label != floor(label) || isinf(label))
            return fail_label(label, "is no class");
        if (each > 1 && !(label >= 0 && label < (double)each))
            return fail_label(label, "is none of the classes");
        answer = each > 1 ? (double)largest(score, each) : e->is_class ? *score : isnan(*score) ? -1 : *score > 0.5;
        t->n++;
        t->hits += answer == label;
        if (answer < 0 && !e->is_class)
            t->broken = true;
        else if (confusion && count_answer(t, label, answer))
            return wg_error_status();
    }
    return WG_OK;
}

wg_status wg__add_surprise(wg_tally *t, const wg__examples *e)
{
    int64_t each = scores_each(e);

    if (!each)
        return WG_ERR_SHAPE;
    for (int64_t i = 0; i < e->n; i++) {
        const double *x = e->of + i * each;
        double label = e->label[i], sum = 0;
        int64_t best = largest(x, each);
        if (!(label == floor(label) && label >= 0 && label < (double)each))
            return fail_label(label, "is none of the classes");
        for (int64_t k = 0; best >= 0 && k < each; k++)
            sum += exp(x[k] - x[best]);
        t->n++;
        if (best < 0)
            t->broken = true;
        else
            t->sum += log(sum) + (x[best] - x[(int64_t)label]);
    }
    return WG_OK;
}

/* ---- the area under the curve ---- */

wg_status wg__add_pairs(wg_tally *t, const wg__examples *e)
{
    size_t need;

    if (e->n_of != e->n)
        return wg__fail(WG_ERR_SHAPE, "metric: %lld scores for %lld labels", (long long)e->n_of, (long long)e->n);
    if (!wg__add_size(t->n_pairs, (size_t)e->n, &need) ||
        !wg__grow(NULL, (void **)&t->pair, &t->pairs_capacity, need ? need : 1, sizeof *t->pair))
        return WG_ERR_NOMEM;
    for (int64_t i = 0; i < e->n; i++) {
        double label = e->label[i];
        if (label != 0 && label != 1)
            return fail_label(label, "is neither 0 nor 1");
        t->broken = t->broken || isnan(e->of[i]);
        t->pair[t->n_pairs++] = (wg__pair){ e->of[i], label != 0 };
        t->n++;
    }
    return WG_OK;
}

static int by_score(const void *a, const void *b)
{
    double x = ((const wg__pair *)a)->score, y = ((const wg__pair *)b)->score;
    return (x > y) - (x < y);
}

/* Mann and Whitney's U by counting, twice over so that a tie's half is a whole number. */
double wg__area(wg_tally *t)
{
    int64_t positives = 0, negatives = 0, twice = 0;

    qsort(t->pair, t->n_pairs, sizeof *t->pair, by_score);
    for (size_t i = 0, end; i < t->n_pairs; i = end) {
        int64_t here[2] = { 0, 0 };
        for (end = i; end < t->n_pairs && t->pair[end].score == t->pair[i].score; end++)
            here[t->pair[end].positive]++;
        twice += here[1] * (2 * negatives + here[0]);
        positives += here[1], negatives += here[0];
    }
    return (double)twice / (2.0 * (double)positives * (double)negatives); /* 0 / 0: NaN */
}
