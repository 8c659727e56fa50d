/* Tables of examples, and pairs of them. */
#include "data.h"

#include <stdlib.h>
#include <string.h>

void table_close(table *t)
{
    wg_data_free(t->data);
    wg_data_free(t->source);
    free(t->memory);
    free(t->name);
    *t = (table){ .data = NULL };
}

int64_t table_count(const table *t)
{
    return wg_data_shape(t->data).dim[0];
}

int64_t table_width(const table *t)
{
    wg_shape shape = wg_data_shape(t->data);
    int64_t width = 1;
    for (int i = 1; i < shape.rank; i++)
        width *= shape.dim[i];
    return width;
}

wg_view table_rows(table *t, int64_t n)
{
    int64_t all = table_count(t);
    wg_view rows = wg_data_rows(t->data, 0, n < all ? n : all);
    if (!rows.data)
        tool_failed("%s", wg_error());
    return rows;
}

wg_view view_axis_first(wg_view view, int axis)
{
    wg_view moved = view;
    int64_t stride = 1, strides[WG_MAX_RANK] = { 0 };
    for (int i = view.shape.rank - 1; i >= 0; i--) {
        strides[i] = stride;
        stride *= view.shape.dim[i];
    }
    for (int to = 0; to < view.shape.rank; to++) {
        int from = to == 0 ? axis : to <= axis ? to - 1 : to;
        moved.shape.dim[to] = view.shape.dim[from];
        moved.stride[to] = strides[from];
    }
    moved.strided = true;
    return moved;
}

static bool look_along(table *t, int64_t axis)
{
    wg_shape shape = wg_data_shape(t->data);
    if (axis >= shape.rank) {
        char text[120];
        tool_failed("%s: --examples-axis %lld, but the shape is %s", t->name, (long long)axis,
                    wg_shape_text(shape, text, sizeof text));
        return false;
    }
    wg_view all = table_rows(t, table_count(t));
    if (!all.data)
        return false;
    t->source = t->data;
    t->data = wg_data_view(view_axis_first(all, (int)axis));
    if (!t->data)
        tool_failed("%s: %s", t->name, wg_error());
    return t->data != NULL;
}

static bool open_with(table *t, const char *spec, int64_t axis, const wg_data_opts *opts)
{
    *t = (table){ .data = wg_data_open_with(spec, opts), .name = tool_copy(spec) };
    if (!t->data) {
        tool_failed("%s", wg_error());
        return false;
    }
    if (wg_data_shape(t->data).rank < 1) {
        tool_failed("%s: a single number, no examples", spec);
        return false;
    }
    if (axis > 0 && !look_along(t, axis))
        return false;
    if (table_count(t) < 1 || table_width(t) < 1) {
        tool_failed("%s: holds no examples", spec);
        return false;
    }
    return true;
}

bool table_open(table *t, const char *spec, int64_t axis, const texts *columns)
{
    wg_data_opts opts = { .size = sizeof opts, .dtype = WG_F64 };
    if (columns && columns->n) {
        opts.columns = columns->at;
        opts.n_columns = columns->n;
    }
    return open_with(t, spec, axis, &opts);
}

bool table_open_labels(table *t, const char *spec, int64_t axis, const texts *classes)
{
    wg_data_opts opts = { .size = sizeof opts };
    if (classes && classes->n) {
        opts.classes = classes->at;
        opts.n_classes = classes->n;
    }
    return open_with(t, spec, axis, &opts);
}

/* Puts elements of our own in the place of what the table held. */
static bool hold(table *t, void *memory, wg_dtype dtype, wg_shape shape)
{
    wg_data_free(t->data);
    wg_data_free(t->source);
    free(t->memory);
    t->source = NULL;
    t->memory = memory;
    t->data = wg_data_view(wg_view_of(memory, dtype, shape));
    if (!t->data)
        tool_failed("%s: %s", t->name, wg_error());
    return t->data != NULL;
}

bool table_take(table *t, const int64_t *row, int64_t n)
{
    wg_shape shape = wg_data_shape(t->data);
    wg_dtype dtype = wg_data_dtype(t->data);
    size_t bytes = (size_t)table_width(t) * wg_dtype_size(dtype);
    char *memory = tool_alloc((size_t)n, bytes);
    for (int64_t i = 0; i < n; i++) {
        wg_view one = wg_data_rows(t->data, row[i], 1);
        if (!one.data) {
            tool_failed("%s: %s", t->name, wg_error());
            free(memory);
            return false;
        }
        memcpy(memory + (size_t)i * bytes, one.data, bytes);
    }
    shape.dim[0] = n;
    return hold(t, memory, dtype, shape);
}

bool dataset_take(dataset *d, const int64_t *row, int64_t n)
{
    bool taken = table_take(&d->x, row, n) && (!d->labelled || table_take(&d->y, row, n));
    for (size_t i = 0; i < d->n_more && taken; i++)
        taken = table_take(&d->more[i].table, row, n);
    return taken;
}

void dataset_close(dataset *d)
{
    table_close(&d->x);
    table_close(&d->y);
    for (size_t i = 0; i < d->n_more; i++) {
        table_close(&d->more[i].table);
        free(d->more[i].input);
    }
    free(d->more);
    d->more = NULL;
    d->n_more = 0;
    d->labelled = false;
}

static int open_data(dataset *d, const char *data, int64_t axis, const struct known *known)
{
    double *x;
    int64_t *y, n;
    int made = generate(data, &x, &y, &n);
    if (made < 0)
        return MISUSED;
    d->labelled = true;
    if (made) {
        d->x.name = tool_copy(data);
        d->y.name = tool_copy(data);
        bool held = hold(&d->x, x, WG_F64, WG_SHAPE(n, 2)); /* each table frees its own */
        return hold(&d->y, y, WG_I64, WG_SHAPE(n)) && held ? DONE : FAILED;
    }
    char *member_x = tool_print("%s:x", data), *member_y = tool_print("%s:y", data);
    bool opened = table_open(&d->x, member_x, axis, known ? &known->columns : NULL) &&
                  table_open_labels(&d->y, member_y, axis, known ? &known->classes : NULL);
    free(member_x);
    free(member_y);
    return opened ? DONE : FAILED;
}

static int open_files(dataset *d, const char *x, const char *y, int64_t axis, const struct known *known)
{
    d->labelled = y != NULL;
    if (!table_open(&d->x, x, axis, known ? &known->columns : NULL))
        return FAILED;
    /* Labels with fewer axes have their examples along the first one. */
    if (y && !table_open_labels(&d->y, y, 0, known ? &known->classes : NULL))
        return FAILED;
    if (y && axis > 0 && wg_data_shape(d->y.data).rank > axis && table_count(&d->y) != table_count(&d->x) &&
        !look_along(&d->y, axis))
        return FAILED;
    return DONE;
}

int dataset_open(dataset *d, const struct sources *s, const struct known *known)
{
    *d = (dataset){ .labelled = false };
    if (s->data && (s->x || s->y))
        return tool_misused("%s: --%sdata stands for --%sx and --%sy; give one or the other", s->verb, s->prefix, s->prefix,
                            s->prefix);
    if (!s->data && !s->x)
        return tool_misused("%s: --%sx FILE[:MEMBER] is missing", s->verb, s->prefix);
    int code = s->data ? open_data(d, s->data, s->axis, known) : open_files(d, s->x, s->y, s->axis, known);
    if (!code && d->labelled && table_count(&d->x) != table_count(&d->y))
        code = tool_failed("%s: %lld examples, but %s has %lld labels", d->x.name, (long long)table_count(&d->x),
                           d->y.name, (long long)table_count(&d->y));
    if (code)
        dataset_close(d);
    return code;
}
