/* A table that is read as data: what its two files share. */
#ifndef WG_IO_DATA_CSV_H
#define WG_IO_DATA_CSV_H

#include "io/csv.h"
#include "io/data.h"

enum { WG__MARK_EVERY = 16 };

/* Where every sixteenth row begins. */
typedef struct wg__mark {
    uint64_t offset;
    int64_t row;
} wg__mark;

/* The state of a wg_data. All zero may be closed. */
typedef struct wg__table {
    wg__file file;
    wg__csv csv;
    wg__csv_columns columns;
    size_t *chosen, n_chosen; /* room for all columns */
    bool texts;               /* the one column chosen holds class names */
    bool whole;               /* and so far every number is a whole one */
    bool closed, sorted;      /* the classes were given, and none is added; they are in ascending order */
    wg__mark *mark;
    size_t n_marks, marks_room;
    int64_t rows, next; /* rows in all; the one that the reader stands before */
} wg__table;

/* Rows by the marks; closing frees the table. */
extern const wg__source wg__table_rows;

/* The next record that is no empty line. Of a table with one column such a line is a missing value, unless it is among the last.
 * WG_ERR_FORMAT: also when it has not as many fields as there are columns. */
wg_status wg__table_next(wg__table *, bool *end);
/* The number in a column of that record. WG_ERR_FORMAT names row and column. */
wg_status wg__table_number(const wg__table *, size_t column, double *value);
/* A whole number that a double and an i64 both hold exactly: up to 2^53. */
bool wg__is_whole(double);
/* The number of the class in the chosen column; a new one is put among the classes unless they are closed. WG_ERR_FORMAT. */
wg_status wg__table_class(wg_data *, wg__table *, size_t *number);
/* Puts a class at that place among data's. */
wg_status wg__table_add_class(wg_data *, size_t at, const char *text);
/* Has the field nothing, or what tables write for nothing? */
bool wg__table_is_missing(const wg__table *, size_t column);
/* 'row 17, column "alcohol": what: "x"' */
wg_status wg__table_wrong(const wg__table *, size_t column, const char *what, const char *text);

#endif
