/* The data of a training run: opened, checked, split, measured. */
#include "train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int check_width(const dataset *d, const struct settings *s)
{
    int64_t width = table_width(&d->x);
    if (width == s->width[0])
        return 0;
    return tool_failed("%s: an example has %lld value%s, but --layers %s begins with %lld", d->x.name, (long long)width,
                       width == 1 ? "" : "s", s->o->layers, (long long)s->width[0]);
}

static int check(dataset *d, const struct settings *s, const struct model *m)
{
    if (m)
        return DONE; /* the graph tells what it expects */
    int code = check_width(d, s);
    return code || labels_check(d, s->loss, s->width[s->n_widths - 1]) ? code : FAILED;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The training files, or those to test with. */
static int open_part(dataset *d, const struct train_options *o, bool test, const struct model *m, const struct known *known)
{
    const struct sources training = { "train", "", o->data, o->x, o->y, &o->feed, o->examples_axis };
    const struct sources testing = {
        "train", "test-", o->test_data, o->test_x, o->test_y, &o->test_feed, o->examples_axis
    };
    const struct sources *s = test ? &testing : &training;
    if (m)
        return dataset_open_for(d, s, m, known, o->model);
    if (s->feeds->n)
        return tool_misused("train: --%sfeed is for --model GRAPH.json; --layers takes --%sx and --%sy", s->prefix,
                            s->prefix, s->prefix);
    return dataset_open(d, s, known);
}

/* Shuffles all rows by the seed; the first part is held out, the rest stays, each in the file's order. */
static int split(struct train_data *d, const struct settings *s, const struct model *m)
{
    int64_t n = table_count(&d->train.x), out = (int64_t)floor(s->o->split * (double)n + 0.5);
    if (out < 1 || out >= n)
        return tool_failed("train: --split %g leaves %lld of %lld rows for training", s->o->split, (long long)(n - out),
                           (long long)n);
    int64_t *row = tool_alloc((size_t)n, sizeof *row);
    wg_numpy_random random;
    wg_numpy_seed(&random, (uint32_t)s->o->seed);
    for (int64_t i = 0; i < n; i++) {
        int64_t j = (int64_t)(wg_numpy_uniform(&random) * (double)(i + 1));
        row[i] = row[j];
        row[j] = i;
    }
    qsort(row, (size_t)out, sizeof *row, by_value);
    qsort(row + out, (size_t)(n - out), sizeof *row, by_value);
    d->held_out = tool_alloc((size_t)out, sizeof *row);
    d->n_held_out = out;
    memcpy(d->held_out, row, (size_t)out * sizeof *row);
    /* The data once more, for each part keeps its own rows. */
    int code = open_part(&d->test, s->o, false, m, &d->known);
    d->tested = !code;
    if (!code && (!dataset_take(&d->test, row, out) || !dataset_take(&d->train, row + out, n - out)))
        code = FAILED;
    free(row);
    return code;
}

/* The sum over all rows of f(x - centre), for each value of an example. */
static bool add_up(table *t, const double *centre, bool squared, double *sum)
{
    enum { PIECE = 256 };
    int64_t n = table_count(t), width = table_width(t);
    double *x = tool_alloc((size_t)(PIECE * width), sizeof *x);
    bool done = true;
    for (int64_t first = 0; first < n && done; first += PIECE) {
        int64_t rows = n - first < PIECE ? n - first : PIECE;
        wg_view view = wg_data_rows(t->data, first, rows);
        done = view.data != NULL;
        if (!done) {
            tool_failed("%s: %s", t->name, wg_error());
            break;
        }
        view_doubles(view, x);
        for (int64_t i = 0; i < rows * width; i++) {
            double away = x[i] - centre[i % width];
            sum[i % width] += squared ? away * away : away;
        }
    }
    free(x);
    return done;
}

static int measure(struct train_data *d)
{
    int64_t n = table_count(&d->train.x), width = table_width(&d->train.x);
    double *zero = tool_alloc((size_t)width, sizeof *zero);
    d->mean = tool_alloc((size_t)width, sizeof *d->mean);
    d->deviation = tool_alloc((size_t)width, sizeof *d->deviation);
    bool done = add_up(&d->train.x, zero, false, d->mean);
    for (int64_t i = 0; i < width; i++)
        d->mean[i] /= (double)n;
    done = done && add_up(&d->train.x, d->mean, true, d->deviation);
    for (int64_t i = 0; i < width; i++) {
        d->deviation[i] = sqrt(d->deviation[i] / (double)n);
        if (!(d->deviation[i] > 0))
            d->deviation[i] = 1; /* a value that never changes stays at zero */
    }
    free(zero);
    return done ? DONE : FAILED;
}

static int open_all(struct train_data *d, const struct settings *s, const struct model *m)
{
    const struct train_options *o = s->o;
    int code = open_part(&d->train, o, false, m, &d->known);
    if (!code && !d->train.labelled && !m)
        code = tool_misused("train: --y FILE[:MEMBER] is missing");
    if (!code) {
        known_free(&d->known);
        d->known = known_of(&d->train.x, &d->train.y);
        code = check(&d->train, s, m);
    }
    if (!code && o->split > 0)
        code = split(d, s, m);
    if (!code && (o->test_data || o->test_x || o->test_feed.n)) {
        code = open_part(&d->test, o, true, m, &d->known);
        d->tested = !code;
        if (!code)
            code = check(&d->test, s, m);
    }
    if (!code && o->standardize)
        code = measure(d);
    return code;
}

int train_data_open(struct train_data *d, const struct settings *s, const struct model *m, const json_t *kept)
{
    *d = (struct train_data){ .known = known_read(kept) };
    int code = open_all(d, s, m);
    if (code)
        train_data_close(d);
    return code;
}

void train_data_close(struct train_data *d)
{
    if (d->train.x.name)
        dataset_close(&d->train);
    if (d->tested)
        dataset_close(&d->test);
    known_free(&d->known);
    free(d->held_out);
    free(d->mean);
    free(d->deviation);
    *d = (struct train_data){ .tested = false };
}
