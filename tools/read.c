/* Texts of the command line as values. The command never calls setlocale, so strtod reads points, not commas. */
#include "options.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool read_count(const char *text, int64_t *value)
{
    char *end;
    if (!(*text >= '0' && *text <= '9') && *text != '-')
        return false;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    *value = n;
    return !errno && *end == '\0' && end != text;
}

bool read_number(const char *text, double *value)
{
    char *end;
    if (!strchr("+-.0123456789", *text) || !*text || strpbrk(text, "xX"))
        return false; /* no blanks, words or hexadecimals */
    *value = strtod(text, &end);
    return *end == '\0' && end != text && isfinite(*value);
}

int read_choice(const char *text, const char *choices)
{
    size_t n = strlen(text);
    for (int i = 0;; i++) {
        size_t length = strcspn(choices, "|");
        if (length == n && !strncmp(choices, text, n))
            return i;
        if (!choices[length])
            return -1;
        choices += length + 1;
    }
}

char *choice_text(const char *choices, int index)
{
    for (; index > 0; index--)
        choices += strcspn(choices, "|") + 1;
    return tool_print("%.*s", (int)strcspn(choices, "|"), choices);
}

/* Levenshtein's distance, cut off for words longer than any of ours. */
static size_t distance(const char *a, const char *b)
{
    enum { LONGEST = 40 };
    size_t n = strlen(a), m = strlen(b), row[LONGEST + 1];
    if (n > LONGEST || m > LONGEST)
        return LONGEST;
    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t above = row[j], best = diagonal + (a[i - 1] != b[j - 1]);
            if (above + 1 < best)
                best = above + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
            diagonal = above;
        }
    }
    return row[m];
}

struct nearest nearest_to(const char *word)
{
    return (struct nearest){ .word = word, .best = NULL, .distance = strlen(word) / 3 + 2 };
}

void nearest_try(struct nearest *n, const char *candidate)
{
    size_t d = distance(n->word, candidate);
    /* A word cut short is the commonest slip of all. */
    if (strlen(n->word) >= 2 && !strncmp(n->word, candidate, strlen(n->word)))
        d = 1;
    if (d < n->distance) {
        n->distance = d;
        n->best = candidate;
    }
}
