/* Accuracy, error, and whether labels are what a loss can take. */
#include "model.h"

#include <math.h>
#include <stdlib.h>

/* Values an example. */
static int64_t width_of(wg_view view)
{
    return view.shape.rank && view.shape.dim[0] ? wg_shape_count(view.shape) / view.shape.dim[0] : 1;
}

static int64_t largest(wg_view view, int64_t first, int64_t n)
{
    int64_t best = 0;
    for (int64_t i = 1; i < n; i++)
        if (wg_view_at(view, first + i) > wg_view_at(view, first + best))
            best = i;
    return best;
}

static void add_binary(struct metrics *m, wg_view p, wg_view y)
{
    int64_t n = wg_shape_count(p.shape);
    for (int64_t i = 0; i < n; i++)
        m->hits += (wg_view_at(p, i) > 0.5) == (wg_view_at(y, i) > 0.5);
    m->seen += n;
}

static void add_classes(struct metrics *m, wg_view p, wg_view y)
{
    int64_t n = p.shape.dim[0], classes = width_of(p), labels = width_of(y);
    for (int64_t i = 0; i < n; i++) {
        double label = labels == 1 ? wg_view_at(y, i) : (double)largest(y, i * labels, labels);
        m->hits += (double)largest(p, i * classes, classes) == label;
    }
    m->seen += n;
}

/* Means and spreads in one pass: B. P. Welford, "Note on a method for calculating corrected sums of squares and
 * products", Technometrics 4, 1962. */
static void add_regression(struct metrics *m, wg_view p, wg_view y)
{
    int64_t n = p.shape.dim[0], units = width_of(p);
    if (!m->mean) {
        m->mean = tool_alloc((size_t)units, sizeof *m->mean);
        m->units = units;
    }
    for (int64_t i = 0; i < n; i++) {
        m->seen++;
        for (int64_t j = 0; j < units; j++) {
            double label = wg_view_at(y, i * units + j), error = wg_view_at(p, i * units + j) - label;
            double away = label - m->mean[j];
            m->mean[j] += away / (double)m->seen;
            m->spread += away * (label - m->mean[j]);
            m->squares += error * error;
        }
    }
}

/* What a model of unknown loss most likely is. */
static enum loss_kind guess(wg_view p, wg_view y)
{
    if (width_of(p) > 1 && width_of(y) == 1)
        return LOSS_CROSS_ENTROPY;
    return y.dtype == WG_F32 || y.dtype == WG_F64 ? LOSS_MSE : LOSS_BCE;
}

void metrics_add(struct metrics *m, wg_view prediction, wg_view labels)
{
    if (m->loss == LOSS_AUTO)
        m->loss = guess(prediction, labels);
    if (m->loss == LOSS_BCE)
        add_binary(m, prediction, labels);
    else if (m->loss == LOSS_CROSS_ENTROPY)
        add_classes(m, prediction, labels);
    else
        add_regression(m, prediction, labels);
}

static double accuracy(const struct metrics *m)
{
    return (double)m->hits / (double)m->seen;
}

static double rmse(const struct metrics *m)
{
    return sqrt(m->squares / (double)(m->seen * m->units));
}

static double r2(const struct metrics *m)
{
    return 1 - m->squares / m->spread;
}

void metrics_say(const struct metrics *m, const char *before)
{
    if (!m->seen)
        return;
    if (m->loss == LOSS_MSE)
        tool_say("%srmse %.6g r2 %.6g\n", before, rmse(m), r2(m));
    else
        tool_say("%saccuracy %lld/%lld (%.4f)\n", before, (long long)m->hits, (long long)m->seen, accuracy(m));
}

json_t *metrics_object(const struct metrics *m)
{
    if (!m->seen)
        return json_object();
    if (m->loss == LOSS_MSE)
        return json_pack("{s:I, s:o, s:o}", "examples", (json_int_t)m->seen, "rmse", tool_number(rmse(m)), "r2",
                         tool_number(r2(m)));
    return json_pack("{s:I, s:I, s:o}", "examples", (json_int_t)m->seen, "correct", (json_int_t)m->hits, "accuracy",
                     tool_number(accuracy(m)));
}

void metrics_free(struct metrics *m)
{
    free(m->mean);
    m->mean = NULL;
}

static bool is_class(double label, int64_t classes)
{
    return label == floor(label) && label >= 0 && label < (double)classes;
}

/* `width`: labels an example. */
static bool check_label(const dataset *d, enum loss_kind loss, double label, int64_t example, int64_t width,
                        int64_t units)
{
    long long number = example;
    if (loss == LOSS_MSE && !isfinite(label))
        tool_failed("%s: label %g of example %lld is not finite", d->y.name, label, number);
    else if (loss == LOSS_CROSS_ENTROPY && width == 1 && !is_class(label, units))
        tool_failed("%s: label %g of example %lld is none of the classes 0 to %lld", d->y.name, label, number,
                    (long long)units - 1);
    else if ((loss == LOSS_BCE || (loss == LOSS_CROSS_ENTROPY && width > 1)) && !(label >= 0 && label <= 1))
        tool_failed("%s: label %g of example %lld lies outside 0 to 1", d->y.name, label, number);
    else
        return true;
    return false;
}

static bool check_width(const dataset *d, enum loss_kind loss, int64_t units)
{
    int64_t width = table_width(&d->y);
    if (loss == LOSS_CROSS_ENTROPY && units < 2)
        tool_failed("the loss cross_entropy needs a last layer of one unit a class, at least 2");
    else if (width == units || (loss == LOSS_CROSS_ENTROPY && width == 1))
        return true;
    else
        tool_failed("%s: %lld label%s an example, but the last layer has %lld unit%s%s", d->y.name, (long long)width,
                    width == 1 ? "" : "s", (long long)units, units == 1 ? "" : "s",
                    width == 1 && loss == LOSS_BCE ? "; for classes, use --loss cross_entropy" : "");
    return false;
}

bool labels_check(dataset *d, enum loss_kind loss, int64_t units)
{
    enum { PIECE = 4096 };
    int64_t n = table_count(&d->y), width = table_width(&d->y);
    if (!check_width(d, loss, units))
        return false;
    for (int64_t first = 0; first < n; first += PIECE) {
        int64_t rows = n - first < PIECE ? n - first : PIECE;
        wg_view y = wg_data_rows(d->y.data, first, rows);
        if (!y.data) {
            tool_failed("%s: %s", d->y.name, wg_error());
            return false;
        }
        for (int64_t i = 0; i < rows * width; i++)
            if (!check_label(d, loss, wg_view_at(y, i), first + i / width, width, units))
                return false;
    }
    return true;
}
