/* The data that verbs work on: files, parts of them, and built-in generators. */
#ifndef TOOLS_DATA_H
#define TOOLS_DATA_H

#include "tool.h"

/* Examples along axis 0. */
typedef struct table {
    wg_data *data;   /* what to read from */
    wg_data *source; /* the file beneath, where `data` looks at it in another way; else NULL */
    void *memory;    /* elements of our own beneath; else NULL */
    char *name;      /* for messages */
} table;

/* What is known of a table as text, each with memory of its own: its columns by name, and the classes that a column of texts has. Of other
 * files nothing is. */
struct known {
    texts columns, classes;
};
/* What an opened file tells. */
struct known known_of(const table *x, const table *y);
/* Into an entry of the graph, and out of it. */
void known_write(const struct known *, json_t *entry);
struct known known_read(const json_t *entry);
void known_free(struct known *);

/* Opens FILE[:MEMBER] with its examples along `axis`. Of a table as text the columns are numbers, and found by name where they are known.
 * False, and the message printed. */
bool table_open(table *, const char *spec, int64_t axis, const texts *columns);
/* The same for labels: classes are numbered as known, where they are. */
bool table_open_labels(table *, const char *spec, int64_t axis, const texts *classes);
void table_close(table *);
int64_t table_count(const table *); /* of examples */
int64_t table_width(const table *); /* of values an example */
/* All rows, or the first n, as one view that is good until the next call; data NULL, and the message printed. */
wg_view table_rows(table *, int64_t n);
/* Keeps only those rows, in that order. False, and the message printed. */
bool table_take(table *, const int64_t *row, int64_t n);

/* What an input besides x and y is fed with. */
typedef struct further {
    char *input;
    table table;
} further;

/* Inputs, and labels where there are any. */
typedef struct dataset {
    table x, y;
    bool labelled;
    further *more;
    size_t n_more;
} dataset;

/* Where a data set comes from: --x and --y, or --data: "moons:N[:SEED]", "spiral:N[:SEED]", or a file with members x and y. */
struct sources {
    const char *verb, *prefix;   /* for messages: `prefix` stands before the options' names ("test-") */
    const char *data, *x, *y;    /* NULL: not given */
    const texts *feeds;          /* "NAME=FILE[:MEMBER]"; may be NULL */
    int64_t axis;                /* along which the examples lie */
};
/* x, and labels where there are some; the feeds are not looked at. `known` may be NULL. Returns 0 or an exit code, with the message
 * printed. */
int dataset_open(dataset *, const struct sources *, const struct known *known);
void dataset_close(dataset *);
bool dataset_take(dataset *, const int64_t *row, int64_t n);

/* Fills x (n, 2) and y (n) if `spec` names a generator: 1. 0: it names none. -1: it is wrong, with the message printed. */
int generate(const char *spec, double **x, int64_t **y, int64_t *n);

/* All elements of a view as doubles, row by row. */
void view_doubles(wg_view, double *out);
/* The same elements, of a contiguous view, with `axis` put first. */
wg_view view_axis_first(wg_view, int axis);
/* The view in another type and contiguous: itself, or a copy in *memory (to be freed). Floats and integers become floats, rounded;
 * what does not fit an integer type is an error: data NULL and *text says which value. */
wg_view view_as(wg_view, wg_dtype, void **memory, char text[80]);

#endif
