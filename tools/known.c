/* What models know of tables as text: names of columns and of classes. */
#include "data.h"

#include <stdlib.h>

/* All names that `name` gives. */
static texts collect(const wg_data *data, size_t n, const char *(*name)(const wg_data *, size_t))
{
    texts t = { .n = n };
    if (n)
        t.at = tool_alloc(n, sizeof *t.at);
    for (size_t i = 0; i < n; i++)
        t.at[i] = tool_copy(name(data, i));
    return t;
}

/* The file beneath, where it is looked at in another way. */
static const wg_data *file_of(const table *t) { return t->source ? t->source : t->data; }

struct known known_of(const table *x, const table *y)
{
    struct known k = { .columns = collect(file_of(x), wg_data_columns(file_of(x)), wg_data_column) };
    if (y->data)
        k.classes = collect(file_of(y), wg_data_classes(file_of(y)), wg_data_class);
    return k;
}

static void write_texts(json_t *entry, const char *key, const texts *t)
{
    if (!t->n)
        return;
    json_t *list = json_array();
    for (size_t i = 0; i < t->n; i++)
        json_array_append_new(list, tool_text(t->at[i]));
    json_object_set_new(entry, key, list);
}

void known_write(const struct known *k, json_t *entry)
{
    write_texts(entry, "columns", &k->columns);
    write_texts(entry, "classes", &k->classes);
}

/* A list that holds anything but texts says nothing. */
static texts read_texts(const json_t *entry, const char *key)
{
    const json_t *list = json_object_get(entry, key), *value;
    size_t i;
    json_array_foreach (list, i, value)
        if (!json_is_string(value))
            return (texts){ .n = 0 };
    texts t = { .n = json_array_size(list) };
    if (t.n)
        t.at = tool_alloc(t.n, sizeof *t.at);
    for (i = 0; i < t.n; i++)
        t.at[i] = tool_copy(json_string_value(json_array_get(list, i)));
    return t;
}

struct known known_read(const json_t *entry)
{
    return (struct known){ .columns = read_texts(entry, "columns"), .classes = read_texts(entry, "classes") };
}

static void free_texts(texts *t)
{
    for (size_t i = 0; i < t->n; i++)
        free((void *)(uintptr_t)t->at[i]);
    free(t->at);
    *t = (texts){ .n = 0 };
}

void known_free(struct known *k)
{
    free_texts(&k->columns);
    free_texts(&k->classes);
}
