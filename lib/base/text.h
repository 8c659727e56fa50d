/* Text that grows, numbers as text, and guesses at misspelt names. */
#ifndef WG_BASE_TEXT_H
#define WG_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/alloc.h"
#include "base/error.h"

/* All zero is an empty text. A failure (WG_ERR_NOMEM) makes it stay as it is, so that only the end needs a check. */
typedef struct wg__text {
    const wg__allocator *allocator; /* NULL: the C library's */
    char *at;                       /* ended by NUL once anything was added */
    size_t n, capacity;
    bool failed;
} wg__text;

void wg__text_add(wg__text *, const char *);
void wg__text_add_n(wg__text *, const char *, size_t n);
void wg__text_printf(wg__text *, const char *format, ...) WG_PRINTF(2, 3);
/* The whole as a text for wg__free_text; NULL after a failure. The wg__text is empty afterwards in either case. */
char *wg__text_take(wg__text *);
void wg__text_free(wg__text *);

enum { WG__NUMBER_MAX = 40 };
/* The shortest digits that read back as the same double (or, with `single`, as the same float); "inf", "-inf" or "nan".
 * Always with a point, whatever the locale. Returns `text`. */
char *wg__number_text(double, bool single, char text[WG__NUMBER_MAX]);

/* Reads the whole of text[0..n-1] as a decimal number, "-1.5e3", to the nearest double; no blanks, words or hexadecimals. False where it
 * is anything else, has more than 400 characters, or is beyond all finite numbers. Always with a point, whatever the locale. */
bool wg__parse_number(const char *text, size_t n, double *value);

/* How many single-character edits lie between two names (Levenshtein); INT_MAX when one is longer than 63 characters.
 * */
int wg__edit_distance(const char *, const char *);
/* Whether `candidate` is near enough to `name` to be what was meant, and nearer than *best, which is then lowered.
 * Begin with *best = INT_MAX. */
bool wg__nearer(const char *name, const char *candidate, int *best);

#endif
