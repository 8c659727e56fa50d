/* Text that grows, numbers as text, and guesses at misspelt names. */
#include "base/text.h"

#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for n more characters and the NUL. */
static bool reserve(wg__text *t, size_t n)
{
    void *array = t->at;

    if (t->failed || n >= SIZE_MAX - t->n) {
        t->failed = true;
        return false;
    }
    if (!wg__grow(t->allocator, &array, &t->capacity, t->n + n + 1, 1))
        t->failed = true;
    t->at = array;
    return !t->failed;
}

void wg__text_add_n(wg__text *t, const char *more, size_t n)
{
    if (!reserve(t, n))
        return;
    memcpy(t->at + t->n, more, n);
    t->n += n;
    t->at[t->n] = '\0';
}

void wg__text_add(wg__text *t, const char *more) { wg__text_add_n(t, more, strlen(more)); }

void wg__text_printf(wg__text *t, const char *format, ...)
{
    va_list arguments;
    int n;

    va_start(arguments, format);
    n = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (n < 0) {
        t->failed = true;
        return;
    }
    if (!reserve(t, (size_t)n))
        return;
    va_start(arguments, format);
    vsnprintf(t->at + t->n, (size_t)n + 1, format, arguments);
    va_end(arguments);
    t->n += (size_t)n;
}

char *wg__text_take(wg__text *t)
{
    char *text = t->failed ? NULL : wg__copy_text(t->allocator, t->at == NULL ? "" : t->at);

    wg__text_free(t);
    return text;
}

void wg__text_free(wg__text *t)
{
    wg__free(t->allocator, t->at, t->capacity, 1);
    *t = (wg__text){ .allocator = t->allocator };
}

/* printf and strtod agree with each other on the locale's decimal point; only the finished text gets a plain one. */
static void plain_point(char *text)
{
    const char *point = localeconv()->decimal_point;
    size_t n = strlen(point);
    char *at = n == 0 || strcmp(point, ".") == 0 ? NULL : strstr(text, point);

    if (at == NULL)
        return;
    *at = '.';
    memmove(at + 1, at + n, strlen(at + n) + 1);
}

char *wg__number_text(double value, bool single, char text[WG__NUMBER_MAX])
{
    int digits = single ? 6 : 15, most = single ? 9 : 17;

    if (!isfinite(value)) {
        snprintf(text, WG__NUMBER_MAX, "%s", isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
        return text;
    }
    for (; digits <= most; digits++) {
        double back;

        snprintf(text, WG__NUMBER_MAX, "%.*g", digits, value);
        back = strtod(text, NULL);
        if (back == value || (single && (float)back == (float)value))
            break;
    }
    plain_point(text);
    return text;
}

enum { NAME_MAX_LENGTH = 63 };

int wg__edit_distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    int row[NAME_MAX_LENGTH + 1]; /* row[j]: edits from a's first i characters to b's first j */

    if (n > NAME_MAX_LENGTH || m > NAME_MAX_LENGTH)
        return INT_MAX;
    for (size_t j = 0; j <= m; j++)
        row[j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int diagonal = row[0];

        row[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            int replaced = diagonal + (a[i - 1] != b[j - 1]);
            int shorter = 1 + (row[j] < row[j - 1] ? row[j] : row[j - 1]);

            diagonal = row[j];
            row[j] = replaced < shorter ? replaced : shorter;
        }
    }
    return row[m];
}

bool wg__nearer(const char *name, const char *candidate, int *best)
{
    int distance = wg__edit_distance(name, candidate), longest = (int)strnlen(name, NAME_MAX_LENGTH);

    if (distance >= *best || distance > 1 + longest / 4) /* more than a slip: no help */
        return false;
    *best = distance;
    return true;
}
