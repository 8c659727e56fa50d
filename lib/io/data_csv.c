/* Data from tables as text: numbers, or one column of class names.
 *
 * The file is gone through once when it is opened: that settles the type, counts the rows, and finds what is wrong with any of them. */
#include "io/data_csv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static bool read_number(const wg__csv *c, size_t column, double *value)
{
    return wg__parse_number(wg__csv_text(c, column), c->field[column].n, value);
}

/* Has the record, read last, a field that is a number? */
static bool has_number(const wg__csv *c)
{
    double value;

    for (size_t i = 0; i < c->n; i++)
        if (read_number(c, i, &value))
            return true;
    return false;
}

static wg_status name_columns(wg_data *data, wg__table *t)
{
    wg__csv_columns *c = &t->columns;
    size_t n = t->csv.n;

    c->name = wg__arena_alloc(&data->names, n * sizeof *c->name);
    t->chosen = wg__alloc(data->allocator, n, sizeof *t->chosen);
    if (!c->name || !t->chosen)
        return WG_ERR_NOMEM;
    c->n = n;
    for (size_t i = 0; i < n; i++) {
        char number[24];
        snprintf(number, sizeof number, "%zu", i + 1);
        c->name[i] = wg__arena_text(&data->names, c->header ? wg__csv_text(&t->csv, i) : number);
        if (!c->name[i])
            return WG_ERR_NOMEM;
    }
    return WG_OK;
}

/* Does one of the record's fields read as the member does, or as its beginning up to a comma? */
static bool is_named(const wg__csv *c, const char *member)
{
    for (size_t i = 0; member && i < c->n; i++) {
        const char *name = wg__csv_text(c, i);
        size_t n = c->field[i].n;
        if (n && !strncmp(member + (*member == '^'), name, n) && strchr(",", member[n + (*member == '^')]))
            return true;
    }
    return false;
}

/* The first row is a header when it has no number, and the second one has; or when the member names one of its fields. The reader then stands
 * before the first row of values. */
static wg_status read_header(wg_data *data, wg__table *t, const char *member)
{
    bool end = false, named, number;
    wg_status status = wg__table_next(t, &end);

    if (status || end)
        return status ? status : wg__fail(WG_ERR_FORMAT, "the table has no rows");
    uint64_t begins = t->csv.begins;
    int64_t row = t->csv.row;
    named = is_named(&t->csv, member);
    number = has_number(&t->csv);
    if (!number && !named) {
        status = wg__csv_next(&t->csv, &end);
        if (status && status != WG_ERR_FORMAT)
            return status;
        named = !status && has_number(&t->csv);
    }
    t->columns.header = !number && named;
    wg__csv_seek(&t->csv, begins, row);
    status = wg__table_next(t, &end);
    if (!status)
        status = name_columns(data, t);
    if (!status && !t->columns.header)
        wg__csv_seek(&t->csv, begins, row);
    return status;
}

static wg_status choose_columns(wg_data *data, wg__table *t, const char *member, const wg_data_opts *o)
{
    wg_status status = wg__csv_choose(&t->columns, member, t->chosen, &t->n_chosen);

    if (!status && o->columns)
        status = wg__csv_match(&t->columns, o->columns, o->n_columns, member != NULL, t->chosen, &t->n_chosen);
    if (status)
        return status;
    data->column = wg__arena_alloc(&data->names, t->n_chosen * sizeof *data->column);
    if (!data->column)
        return WG_ERR_NOMEM;
    for (size_t i = 0; i < t->n_chosen; i++)
        data->column[i] = t->columns.name[t->chosen[i]];
    data->n_columns = t->n_chosen;
    return WG_OK;
}

static wg_status take_classes(wg_data *data, wg__table *t, const wg_data_opts *o)
{
    wg_status status = WG_OK;

    t->texts = t->closed = o->classes != NULL;
    t->sorted = true;
    for (size_t i = 0; o->classes && i < o->n_classes && !status; i++) {
        t->sorted = t->sorted && (!i || strcmp(o->classes[i - 1], o->classes[i]) < 0);
        status = wg__table_add_class(data, i, o->classes[i]);
    }
    return status;
}

static wg_status add_mark(wg_data *data, wg__table *t)
{
    void *marks = t->mark;

    if (t->rows % WG__MARK_EVERY)
        return WG_OK;
    if (!wg__grow(data->allocator, &marks, &t->marks_room, t->n_marks + 1, sizeof *t->mark))
        return WG_ERR_NOMEM;
    t->mark = marks;
    t->mark[t->n_marks++] = (wg__mark){ t->csv.begins, t->csv.row };
    return WG_OK;
}

/* Looks at the values of a row. */
static wg_status check_row(wg_data *data, wg__table *t, const wg_data_opts *o)
{
    double value = 0;
    size_t number;

    if (!t->rows && t->n_chosen == 1 && o->dtype == WG_DTYPE_NONE && !wg__table_is_missing(t, *t->chosen))
        t->texts = t->texts || !read_number(&t->csv, *t->chosen, &value);
    if (t->texts)
        return wg__table_class(data, t, &number);
    for (size_t i = 0; i < t->n_chosen; i++) {
        wg_status status = wg__table_number(t, t->chosen[i], &value);
        if (status)
            return status;
        if (o->dtype == WG_F32 && !isfinite((float)value))
            return wg__table_wrong(t, t->chosen[i], "too large for f32", wg__csv_text(&t->csv, t->chosen[i]));
        t->whole = t->whole && wg__is_whole(value);
    }
    return WG_OK;
}

static wg_status check_rows(wg_data *data, wg__table *t, const wg_data_opts *o)
{
    bool end = false;
    wg_status status = wg__table_next(t, &end);

    while (!status && !end) {
        status = add_mark(data, t);
        if (!status)
            status = check_row(data, t, o);
        t->rows++;
        if (!status)
            status = wg__table_next(t, &end);
    }
    return status || t->rows ? status : wg__fail(WG_ERR_FORMAT, "the table has no rows but its header");
}

static wg_status describe(wg_data *data, const wg__table *t, wg_dtype dtype)
{
    wg_shape shape = { .rank = t->n_chosen == 1 ? 1 : 2, .dim = { t->rows, (int64_t)t->n_chosen } };

    if (t->texts || (dtype == WG_DTYPE_NONE && t->n_chosen == 1 && t->whole))
        dtype = WG_I64;
    return wg__data_describe(data, dtype == WG_DTYPE_NONE ? WG_F64 : dtype, shape);
}

static wg_status open_table(wg_data *data, wg__table *t, const char *member, const wg_data_opts *o)
{
    char separator = ',';
    wg_status status = wg__csv_separator(&t->file, data->allocator, &separator);

    wg__csv_begin(&t->csv, &t->file, data->allocator, separator);
    if (!status)
        status = read_header(data, t, member);
    if (!status)
        status = choose_columns(data, t, member, o);
    if (!status && o->classes && t->n_chosen > 1)
        status = wg__fail(WG_ERR_ARG, "classes are one column, and %zu are chosen", t->n_chosen);
    if (!status)
        status = take_classes(data, t, o);
    if (!status)
        status = check_rows(data, t, o);
    if (!status)
        status = describe(data, t, o->dtype);
    t->closed = true;
    t->next = INT64_MAX;
    return status;
}

wg_status wg__data_open_csv(wg_data *data, wg__file *file, const char *member, const wg_data_opts *o)
{
    wg__table *t = wg__alloc_zero(data->allocator, 1, sizeof *t);

    if (!t) {
        wg__file_close(file);
        return WG_ERR_NOMEM;
    }
    t->file = *file;
    t->whole = true;
    data->names.allocator = data->allocator;
    data->state = t;
    data->source = &wg__table_rows; /* from here on wg_data_free closes */
    return open_table(data, t, member, o);
}
