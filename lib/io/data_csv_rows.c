/* Rows of a table: from fields to numbers and classes. A table that is too large for memory is read again row by row, from marks at every
 * sixteenth. */
#include "io/data_csv.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

enum { CLASSES_MAX = 1 << 16 };

static void close_table(wg_data *data)
{
    wg__table *t = data->state;

    wg__csv_end(&t->csv);
    wg__file_close(&t->file);
    wg__free(data->allocator, t->chosen, t->columns.n, sizeof *t->chosen);
    wg__free(data->allocator, t->mark, t->marks_room, sizeof *t->mark);
    wg__free(data->allocator, t, 1, sizeof *t);
    data->state = NULL;
}

/* ---- fields ---- */

wg_status wg__table_wrong(const wg__table *t, size_t column, const char *what, const char *text)
{
    const wg__csv_columns *c = &t->columns;
    char shown[WG__CSV_SHOWN], name[WG__CSV_SHOWN];

    wg__csv_show(c->name[column], name);
    wg__csv_show(text, shown);
    return wg__fail(WG_ERR_FORMAT, c->header ? "row %lld, column \"%s\": %s%s%s%s" : "row %lld, column %s: %s%s%s%s",
                    (long long)t->csv.row, name, what, *text ? ": \"" : "", shown, *text ? "\"" : "");
}

bool wg__table_is_missing(const wg__table *t, size_t column)
{
    const wg__csv *c = &t->csv;
    static const char *const marks[] = { "", "?", "NA", "N/A", "NaN", "nan", "null", "NULL" };
    const char *text = wg__csv_text(c, column);

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (!strcmp(text, marks[i]))
            return !c->field[column].quoted || !*text;
    return false;
}

wg_status wg__table_number(const wg__table *t, size_t column, double *value)
{
    if (wg__parse_number(wg__csv_text(&t->csv, column), t->csv.field[column].n, value))
        return WG_OK;
    return wg__table_wrong(t, column, wg__table_is_missing(t, column) ? "a value is missing" : "not a number",
                           wg__csv_text(&t->csv, column));
}

bool wg__is_whole(double value) { return value == trunc(value) && fabs(value) <= 9007199254740992.0; }

/* ---- classes ---- */

/* Where a text is among the classes, or would be put. */
static size_t find_class(const wg_data *data, const wg__table *t, const char *text, bool *found)
{
    size_t first = 0, behind = data->n_classes;

    *found = true;
    for (size_t i = 0; !t->sorted && i < data->n_classes; i++)
        if (!strcmp(data->class_name[i], text))
            return i;
    while (t->sorted && first < behind) {
        size_t middle = first + (behind - first) / 2;
        int order = strcmp(data->class_name[middle], text);
        if (!order)
            return middle;
        if (order < 0)
            first = middle + 1;
        else
            behind = middle;
    }
    *found = false;
    return first;
}

wg_status wg__table_add_class(wg_data *data, size_t at, const char *text)
{
    void *names = data->class_name;

    if (!wg__grow(data->allocator, &names, &data->classes_room, data->n_classes + 1, sizeof *data->class_name))
        return WG_ERR_NOMEM;
    data->class_name = names;
    memmove(data->class_name + at + 1, data->class_name + at, (data->n_classes - at) * sizeof *data->class_name);
    data->class_name[at] = wg__arena_text(&data->names, text);
    if (!data->class_name[at])
        return WG_ERR_NOMEM;
    data->n_classes++;
    return WG_OK;
}

wg_status wg__table_class(wg_data *data, wg__table *t, size_t *number)
{
    const char *text = wg__csv_text(&t->csv, *t->chosen);
    bool found;

    if (wg__table_is_missing(t, *t->chosen))
        return wg__table_wrong(t, *t->chosen, "a value is missing", text);
    *number = find_class(data, t, text, &found);
    if (found)
        return WG_OK;
    if (t->closed)
        return wg__table_wrong(t, *t->chosen, "none of the classes", text);
    if (data->n_classes == CLASSES_MAX)
        return wg__table_wrong(t, *t->chosen, "has more than 65536 different texts, too many for classes", "");
    return wg__table_add_class(data, *number, text);
}

/* ---- rows ---- */

wg_status wg__table_next(wg__table *t, bool *end)
{
    int64_t empty = 0;

    do {
        wg_status status = wg__csv_next(&t->csv, end);
        if (status)
            return status;
        if (!t->csv.n && !*end && !empty)
            empty = t->csv.row;
    } while (!t->csv.n && !*end);
    if (!*end && empty && t->columns.n == 1)
        return wg__fail(WG_ERR_FORMAT, "row %lld: a value is missing", (long long)empty);
    if (!*end && t->columns.n && t->csv.n != t->columns.n)
        return wg__fail(WG_ERR_FORMAT, "row %lld: %zu field%s, and not %zu as in the first row", (long long)t->csv.row,
                        t->csv.n, t->csv.n == 1 ? "" : "s", t->columns.n);
    return WG_OK;
}

/* A row into `to`, as the data's type says. */
static wg_status convert_row(wg_data *data, wg__table *t, unsigned char *to)
{
    size_t size = wg_dtype_size(data->dtype), number;
    double value = 0;
    wg_status status;

    if (t->texts) {
        status = wg__table_class(data, t, &number);
        if (!status)
            memcpy(to, &(int64_t){ (int64_t)number }, sizeof(int64_t));
        return status;
    }
    for (size_t i = 0; i < t->n_chosen; i++) {
        status = wg__table_number(t, t->chosen[i], &value);
        if (status)
            return status;
        if (data->dtype == WG_I64 && !wg__is_whole(value))
            return wg__table_wrong(t, t->chosen[i], "not a whole number", wg__csv_text(&t->csv, t->chosen[i]));
        if (data->dtype == WG_F64)
            memcpy(to + i * size, &value, sizeof value);
        else if (data->dtype == WG_F32)
            memcpy(to + i * size, &(float){ (float)value }, sizeof(float));
        else
            memcpy(to + i * size, &(int64_t){ (int64_t)value }, sizeof(int64_t));
    }
    return WG_OK;
}

/* Puts the reader before a row. */
static wg_status go_to(wg__table *t, int64_t row)
{
    bool end = false;
    wg_status status = WG_OK;

    if (row < t->next || row / WG__MARK_EVERY > t->next / WG__MARK_EVERY) {
        const wg__mark *m = &t->mark[row / WG__MARK_EVERY];
        wg__csv_seek(&t->csv, m->offset, m->row);
        t->next = row / WG__MARK_EVERY * WG__MARK_EVERY;
    }
    for (; t->next < row && !status; t->next++)
        status = wg__table_next(t, &end);
    return status;
}

static wg_status read_rows(wg_data *data, int64_t first, int64_t n, void *to)
{
    wg__table *t = data->state;
    wg_status status = go_to(t, first);

    for (int64_t i = 0; i < n && !status; i++) {
        bool end = false;
        status = wg__table_next(t, &end);
        if (!status && end)
            status = wg__fail(WG_ERR_FORMAT, "the file was cut off while it was read");
        if (!status)
            status = convert_row(data, t, (unsigned char *)to + (size_t)i * data->row_bytes);
        t->next++;
    }
    if (status)
        t->next = INT64_MAX; /* wherever it stands: seek */
    return status;
}

const wg__source wg__table_rows = { .read = read_rows, .close = close_table, .one_thread = true };
