/* Predictions as files, as text and as JSON. */
#include "predict.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

static bool has_suffix(const char *path, const char *suffix)
{
    size_t n = strlen(path), m = strlen(suffix);
    return n > m && !strcmp(path + n - m, suffix);
}

bool predictions_suffix(const char *path)
{
    return has_suffix(path, ".npy") || has_suffix(path, ".npz") || has_suffix(path, ".csv") || has_suffix(path, ".tsv");
}

/* (n, width) */
struct shape {
    int64_t n, width;
};

static struct shape shape_of(wg_view view)
{
    int64_t n = view.shape.dim[0];
    return (struct shape){ n, wg_shape_count(view.shape) / n };
}

/* The name of an example's class: of the largest value, or of a single one, which side of one half it is on. NULL: the names are not these
 * values'. */
static const char *class_of(wg_view view, int64_t example, const texts *classes)
{
    int64_t width = shape_of(view).width, best = 0;
    if (width == 1 && classes->n == 2)
        return classes->at[wg_view_at(view, example) > 0.5];
    if ((size_t)width != classes->n)
        return NULL;
    for (int64_t j = 1; j < width; j++)
        if (wg_view_at(view, example * width + j) > wg_view_at(view, example * width + best))
            best = j;
    return classes->at[best];
}

/* A field, in quotes where it needs them. */
static void add_field(struct text *t, const char *field, char separator)
{
    const char special[] = { separator, '"', '\n', '\r', '\0' };
    if (!strpbrk(field, special)) {
        text_add(t, "%s", field);
        return;
    }
    text_add(t, "\"");
    for (; *field; field++)
        text_add(t, *field == '"' ? "\"\"" : "%c", *field);
    text_add(t, "\"");
}

static void add_header(struct text *t, wg_view view, char separator, const texts *classes)
{
    int64_t width = shape_of(view).width;
    bool named = (size_t)width == classes->n;
    if (class_of(view, 0, classes))
        text_add(t, "class%c", separator);
    for (int64_t j = 0; j < width; j++) {
        if (j)
            text_add(t, "%c", separator);
        if (named)
            add_field(t, classes->at[j], separator);
        else if (width == 1)
            text_add(t, "prediction");
        else
            text_add(t, "prediction_%lld", (long long)j);
    }
    text_add(t, "\n");
}

/* A header, then one line an example. */
static void add_rows(struct text *t, wg_view view, char separator, const texts *classes)
{
    struct shape s = shape_of(view);
    add_header(t, view, separator, classes);
    for (int64_t i = 0; i < s.n; i++) {
        const char *class = class_of(view, i, classes);
        if (class) {
            add_field(t, class, separator);
            text_add(t, "%c", separator);
        }
        for (int64_t j = 0; j < s.width; j++)
            text_add(t, "%.*g%c", view.dtype == WG_F32 ? 9 : 17, wg_view_at(view, i * s.width + j),
                     j + 1 < s.width ? separator : '\n');
    }
}

static bool write_text(const char *path, wg_view view, char separator, const texts *classes)
{
    struct text t = { NULL, 0, 0 };
    add_rows(&t, view, separator, classes);
    bool written = path ? tool_replace_file(path, t.at, t.n) : fwrite(t.at, 1, t.n, stdout) == t.n;
    free(t.at);
    return written;
}

bool predictions_write(const char *path, wg_view view, const texts *classes)
{
    if (!path || has_suffix(path, ".csv") || has_suffix(path, ".tsv"))
        return write_text(path, view, path && has_suffix(path, ".tsv") ? '\t' : ',', classes);
    const char *const name = "prediction";
    wg_status status = has_suffix(path, ".npz") ? wg_npz_write(path, &name, &view, 1, 0) : wg_npy_write(path, view);
    if (status != WG_OK)
        tool_failed("%s", wg_error());
    return status == WG_OK;
}

static json_t *values_of(wg_view view)
{
    struct shape s = shape_of(view);
    json_t *all = json_array();
    for (int64_t i = 0; i < s.n; i++) {
        json_t *row = s.width == 1 ? NULL : json_array();
        for (int64_t j = 0; j < s.width; j++) {
            json_t *value = tool_number(wg_view_at(view, i * s.width + j));
            json_array_append_new(row ? row : all, value);
        }
        if (row)
            json_array_append_new(all, row);
    }
    return all;
}

void predictions_add(json_t *object, wg_view view, const texts *classes)
{
    json_object_set_new(object, "prediction", values_of(view));
    if (!class_of(view, 0, classes))
        return;
    json_t *names = json_array();
    for (int64_t i = 0; i < shape_of(view).n; i++)
        json_array_append_new(names, tool_text(class_of(view, i, classes)));
    json_object_set_new(object, "class", names);
}
