/* From rows of files to a graph's inputs, whatever the axis that its examples lie along. */
#include "model.h"

#include <stdlib.h>
#include <string.h>

/* ---- NAME=FILE[:MEMBER] ---- */

/* The file that a feed of that input names; NULL: it is one of another input. */
static const char *file_of(const char *text, const char *input)
{
    size_t n = strlen(input);
    return !strncmp(text, input, n) && text[n] == '=' && text[n + 1] ? text + n + 1 : NULL;
}

/* The file of the feed of that input; NULL: there is none. */
static const char *find_file(const texts *feeds, const char *input)
{
    for (size_t i = 0; feeds && i < feeds->n && input; i++)
        if (file_of(feeds->at[i], input))
            return file_of(feeds->at[i], input);
    return NULL;
}

static bool is_there(const dataset *d, const char *input)
{
    for (size_t i = 0; i < d->n_more; i++)
        if (!strcmp(d->more[i].input, input))
            return true;
    return false;
}

static int add(dataset *d, const struct sources *s, const char *text)
{
    const char *equals = strchr(text, '=');
    further *f = &d->more[d->n_more];
    f->input = tool_print("%.*s", (int)(equals - text), text);
    if (is_there(d, f->input)) {
        int code = tool_misused("%s: --%sfeed %s: %s is fed already", s->verb, s->prefix, text, f->input);
        free(f->input);
        return code;
    }
    d->n_more++;
    if (!table_open_labels(&f->table, equals + 1, s->axis, NULL))
        return FAILED;
    if (table_count(&f->table) == table_count(&d->x))
        return DONE;
    return tool_failed("%s: %lld examples, but %s has %lld", f->table.name, (long long)table_count(&f->table), d->x.name,
                       (long long)table_count(&d->x));
}

/* All feeds but those of x and y, which the data set has. */
static int add_others(dataset *d, const struct sources *s, const char *x, const char *y)
{
    int code = DONE;
    if (s->feeds->n)
        d->more = tool_alloc(s->feeds->n, sizeof *d->more);
    for (size_t i = 0; i < s->feeds->n && !code; i++) {
        const char *text = s->feeds->at[i], *equals = strchr(text, '=');
        if (!equals || equals == text || !equals[1])
            code = tool_misused("%s: --%sfeed %s: expected NAME=FILE[:MEMBER]", s->verb, s->prefix, text);
        else if (!file_of(text, x) && !(y && file_of(text, y)))
            code = add(d, s, text);
    }
    return code;
}

/* Are they all inputs of the graph? */
static int check_others(const dataset *d, const wg_graph *g, const char *path)
{
    for (size_t i = 0; i < d->n_more; i++) {
        const wg_node *n = wg_find(g, d->more[i].input);
        if (!n || strcmp(wg_node_op(n)->name, "input") != 0)
            return tool_failed("%s: has no input called %s", path, d->more[i].input);
    }
    return DONE;
}

int dataset_open_for(dataset *d, const struct sources *given, const struct model *m, const struct known *known, const char *path)
{
    struct sources s = *given;
    const char *x = wg_node_name(m->x), *y = m->y ? wg_node_name(m->y) : NULL;
    const char *feed_x = find_file(s.feeds, x), *feed_y = find_file(s.feeds, y);
    *d = (dataset){ .labelled = false };
    if ((feed_x && (s.x || s.data)) || (feed_y && (s.y || s.data)))
        return tool_misused("%s: %s is fed twice, by --%sfeed and by --%s%s", s.verb, feed_x ? x : y, s.prefix, s.prefix,
                            s.data ? "data" : feed_x ? "x" : "y");
    if (!s.data && !s.x && !feed_x)
        return tool_misused("%s: --%sx FILE[:MEMBER] is missing, or --%sfeed %s=FILE[:MEMBER]", s.verb, s.prefix, s.prefix, x);
    s.x = feed_x ? feed_x : s.x;
    s.y = feed_y ? feed_y : s.y;
    int code = dataset_open(d, &s, known);
    if (!code && s.feeds)
        code = add_others(d, &s, x, y);
    if (!code)
        code = check_others(d, wg_node_graph(m->x), path);
    if (code)
        dataset_close(d);
    return code;
}

/* ---- into inputs ---- */

int shape_examples_axis(wg_shape shape)
{
    for (int i = 0; i < shape.rank; i++)
        if (shape.dim[i] < 0)
            return i;
    return 0;
}

/* The number of values that belong to one example; -1: a size is unknown. */
static int64_t values_of(wg_shape shape, int axis)
{
    if (shape.rank)
        shape.dim[axis] = 1;
    return wg_shape_count(shape);
}

/* Rows (n, ..) in the form of an input with as many values an example; any others as they are. */
static wg_view fit(wg_view rows, wg_shape wanted)
{
    int axis = shape_examples_axis(wanted);
    int64_t values = values_of(rows.shape, 0), stride = 1;
    if (!wanted.rank || (axis == 0 && wanted.rank == rows.shape.rank) || values_of(wanted, axis) != values)
        return rows;
    wg_view fitting = rows;
    fitting.shape = wanted;
    fitting.shape.dim[axis] = rows.shape.dim[0];
    for (int i = wanted.rank - 1; i >= 0; i--) {
        fitting.stride[i] = i == axis ? values : stride;
        if (i != axis)
            stride *= wanted.dim[i];
    }
    fitting.strided = axis > 0;
    return fitting;
}

bool feed_rows(wg_exec *e, const wg_node *to, wg_view rows, const char *name)
{
    return feed_as(e, to, fit(rows, wg_node_shape(to)), name);
}

size_t feed_list(const struct model *m, dataset *d, bool labels, const wg_node **to, table **from)
{
    size_t n = 0;
    to[n] = m->x;
    from[n++] = &d->x;
    if (labels && d->labelled && m->y) {
        to[n] = m->y;
        from[n++] = &d->y;
    }
    for (size_t i = 0; i < d->n_more; i++) {
        to[n] = wg_find(wg_node_graph(m->x), d->more[i].input);
        from[n++] = &d->more[i].table;
    }
    return n;
}

bool feed_examples(wg_exec *e, const struct model *m, dataset *d, bool labels, int64_t first, int64_t n)
{
    const wg_node **to = tool_alloc(d->n_more + 2, sizeof *to);
    table **from = tool_alloc(d->n_more + 2, sizeof *from);
    size_t count = feed_list(m, d, labels, to, from);
    bool fed = true;
    for (size_t i = 0; i < count && fed; i++) {
        wg_view rows = wg_data_rows(from[i]->data, first, n);
        fed = rows.data && feed_rows(e, to[i], rows, from[i]->name);
        if (!rows.data)
            tool_failed("%s: %s", from[i]->name, wg_error());
    }
    free(to);
    free(from);
    return fed;
}
