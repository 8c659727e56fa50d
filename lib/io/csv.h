/* Tables as text: records of fields, as spreadsheets write them and RFC 4180 describes them. */
#ifndef WG_IO_CSV_H
#define WG_IO_CSV_H

#include "io/file.h"

enum {
    WG__CSV_RECORD_MAX =
        16 << 20, /* bytes a record may have, so that a file without line ends does not fill the memory */
    WG__CSV_FIELDS_MAX = 1 << 20
};

typedef struct wg__csv_field {
    size_t at, n; /* in the record's text; a NUL stands behind it */
    bool quoted;
} wg__csv_field;

/* Reads record after record. */
typedef struct wg__csv {
    const wg__file *file;
    const wg__allocator *allocator;
    char separator;
    int64_t row;     /* of the record read last: from 1, empty lines and a header counted, as a spreadsheet shows it */
    uint64_t begins; /* where that begins */

    wg__csv_field *field; /* of the record read last .. */
    size_t n;             /* .. so many; 0: an empty line */
    char *text;

    size_t fields_room, used, text_room;
    uint64_t offset; /* of buffer[0] in the file */
    size_t next, filled;
    wg_status status; /* of reading the file */
    unsigned char buffer[1 << 16];
} wg__csv;

/* A reader that stands before the first record. It borrows the file, which must stay where it is. */
void wg__csv_begin(wg__csv *, const wg__file *, const wg__allocator *, char separator);
/* The next record; *end: there is none. Text is as in the file, without a byte order mark; blanks around fields that are not quoted are
 * left out. A line ends in LF, CR LF or CR. WG_ERR_FORMAT names the row; WG_ERR_IO, WG_ERR_NOMEM. */
wg_status wg__csv_next(wg__csv *, bool *end);
/* The next record read will be the one at `offset`, row `row`. */
void wg__csv_seek(wg__csv *, uint64_t offset, int64_t row);
void wg__csv_end(wg__csv *);

static inline const char *wg__csv_text(const wg__csv *c, size_t field) { return c->text + c->field[field].at; }

/* Is it text at all? Looks at the first bytes. */
bool wg__file_is_text(const wg__file *);
/* Which of tab, ; and , separates the fields: the first of them that gives the first records equally many fields, more than one; else
 * the one that cuts the first record into most. */
wg_status wg__csv_separator(const wg__file *, const wg__allocator *, char *separator);

/* The columns of a table by their names; without a header these are "1", "2", .. */
typedef struct wg__csv_columns {
    const char **name;
    size_t n;
    bool header;
} wg__csv_columns;

/* Columns that a member names, in its order, as indices from 0 into chosen[], which has room for all: names, N or N-M from 1, a list of these
 * with commas between; ^ leaves out. NULL: all. WG_ERR_ARG tells what there is. */
wg_status wg__csv_choose(const wg__csv_columns *, const char *member, size_t *chosen, size_t *n_chosen);
/* Of the chosen columns those with the given names, in that order. Without a header, and chosen by hand, they stay as they are. */
wg_status wg__csv_match(const wg__csv_columns *, const char *const *name, size_t n, bool by_hand, size_t *chosen,
                        size_t *n_chosen);

/* A field's text for a message: short, on one line. */
enum { WG__CSV_SHOWN = 48 };
char *wg__csv_show(const char *text, char shown[WG__CSV_SHOWN]);

#endif
