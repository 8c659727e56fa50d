/* Averages, and metrics of regressions. */
#include "train/tally.h"

wg_status wg__add_average(wg_tally *t, const wg__examples *e)
{
    double weight = e->n_of == 1 ? e->weight : 1;

    for (int64_t i = 0; i < e->n_of; i++)
        t->sum += weight * e->of[i];
    t->weight += weight * (double)e->n_of;
    t->n += e->n_of;
    return WG_OK;
}

/* Means and spreads in one pass: B. P. Welford, "Note on a method for calculating corrected sums of squares and
 * products", Technometrics 4, 1962. */
wg_status wg__add_errors(wg_tally *t, const wg__examples *e)
{
    int64_t rows = e->shape.rank ? e->shape.dim[0] : 1, units = rows ? e->n_of / rows : 0;

    if (e->n_of != e->n)
        return wg__fail(WG_ERR_SHAPE, "metric: %lld predictions for %lld labels", (long long)e->n_of, (long long)e->n);
    if (units == 0)
        return WG_OK;
    if (!t->mean && !(t->mean = wg__alloc_zero(NULL, (size_t)units, sizeof *t->mean)))
        return WG_ERR_NOMEM;
    if (!t->units)
        t->units = units;
    if (t->units != units)
        return wg__fail(WG_ERR_SHAPE, "metric: %lld values an example, after %lld before", (long long)units,
                        (long long)t->units);
    for (int64_t i = 0; i < e->n; i++) {
        double label = e->label[i], error = e->of[i] - label, *mean = &t->mean[i % units], away = label - *mean;
        if (label - label != 0)
            return wg__fail(WG_ERR_RANGE, "metric: the label %g is not finite", label);
        t->rows += i % units == 0;
        *mean += away / (double)t->rows;
        t->spread += away * (label - *mean);
        t->squares += error * error;
    }
    t->n += e->n;
    return WG_OK;
}
