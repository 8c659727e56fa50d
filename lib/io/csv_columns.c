/* Which columns of a table a member names. */
#include <stdio.h>
#include <string.h>

#include "io/csv.h"

/* A selection under way. */
typedef struct selection {
    const wg__csv_columns *columns;
    size_t *chosen, n;
} selection;

/* "a, b, c .." */
static wg_status unknown(const wg__csv_columns *c, const char *name)
{
    char list[400] = "", shown[WG__CSV_SHOWN];
    size_t used = 0;

    if (!c->header)
        return wg__fail(WG_ERR_ARG, "no column \"%s\": the table has no header, and %zu column%s; give numbers",
                        wg__csv_show(name, shown), c->n, c->n == 1 ? "" : "s");
    for (size_t i = 0; i < c->n && used < sizeof list - WG__CSV_SHOWN - 4; i++)
        used +=
            (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", wg__csv_show(c->name[i], shown));
    return wg__fail(WG_ERR_ARG, "no column \"%s\"; there are %s%s", wg__csv_show(name, shown), list,
                    used < sizeof list - WG__CSV_SHOWN - 4 ? "" : ", ..");
}

/* The column of that name: its index, the number of columns where there is none, more where there are two. */
static size_t find(const wg__csv_columns *c, const char *name)
{
    size_t found = c->n;

    for (size_t i = 0; i < c->n; i++)
        if (!strcmp(c->name[i], name))
            found = found == c->n ? i : c->n + 1;
    return found;
}

/* Digits alone, from 1 on; 0: anything else. Too large ones are SIZE_MAX. */
static size_t read_number(const char *text, size_t n)
{
    size_t value = 0;

    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        value = value > (SIZE_MAX - 9) / 10 ? SIZE_MAX : 10 * value + (size_t)(text[i] - '0');
    }
    return value;
}

/* "N" or "N-M"; false: neither. */
static bool read_range(const char *text, size_t *first, size_t *last)
{
    const char *dash = strchr(text, '-');
    size_t n = dash ? (size_t)(dash - text) : strlen(text);

    *first = *last = read_number(text, n);
    if (dash)
        *last = read_number(dash + 1, strlen(dash + 1));
    return *first && *last;
}

static wg_status put(selection *s, size_t column, bool away)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->chosen[i] != column)
            continue;
        if (!away)
            return wg__fail(WG_ERR_ARG, "column \"%s\" is asked for twice", s->columns->name[column]);
        memmove(s->chosen + i, s->chosen + i + 1, (s->n - i - 1) * sizeof *s->chosen);
        s->n--;
        return WG_OK;
    }
    if (!away)
        s->chosen[s->n++] = column;
    return WG_OK;
}

/* The columns that one item of the list names, first to last, from 0. */
static wg_status resolve(const wg__csv_columns *c, const char *item, size_t *first, size_t *last)
{
    size_t column = find(c, item);

    *first = *last = column;
    if (column > c->n)
        return wg__fail(WG_ERR_ARG, "two columns are called \"%s\"; give numbers", item);
    if (column < c->n)
        return WG_OK;
    if (!read_range(item, first, last))
        return unknown(c, item);
    if (*last > c->n || *first > *last)
        return wg__fail(WG_ERR_ARG, "no column%s %s; there are %zu", *first == *last ? "" : "s", item, c->n);
    --*first, --*last;
    return WG_OK;
}

/* Cuts the first item off a list; quotes around it are taken away. The rest; NULL: it was the last. */
static char *cut_item(char *list, char **item)
{
    char *end;

    *item = list;
    if (*list == '"' && (end = strchr(list + 1, '"')) && (end[1] == ',' || !end[1])) {
        *item = list + 1;
        *end++ = '\0';
    } else {
        end = list + strcspn(list, ",");
    }
    if (!*end)
        return NULL;
    *end = '\0';
    return end + 1;
}

static void choose_all(selection *s)
{
    for (s->n = 0; s->n < s->columns->n; s->n++)
        s->chosen[s->n] = s->n;
}

/* A list that begins with ^ is one of columns to leave out. */
static wg_status choose_list(selection *s, char *list)
{
    bool without = *list == '^';
    wg_status status = WG_OK;

    if (without)
        choose_all(s);
    for (char *item; list && !status;) {
        bool away = *list == '^' || without;
        size_t first = 0, last = 0;
        list = cut_item(list + (*list == '^'), &item);
        status = resolve(s->columns, item, &first, &last);
        for (size_t i = first; !status && i <= last; i++)
            status = put(s, i, away);
    }
    return status || s->n ? status : wg__fail(WG_ERR_ARG, "no column is left");
}

wg_status wg__csv_choose(const wg__csv_columns *c, const char *member, size_t *chosen, size_t *n_chosen)
{
    selection s = { .columns = c, .chosen = chosen };
    size_t whole = member ? find(c, member) : c->n; /* a name with a comma in it, say */
    wg_status status = WG_OK;
    char *list;

    if (!member) {
        choose_all(&s);
    } else if (whole < c->n) {
        chosen[s.n++] = whole;
    } else {
        list = wg__copy_text(NULL, member);
        size_t bytes = strlen(member) + 1;
        status = list ? choose_list(&s, list) : WG_ERR_NOMEM;
        wg__free(NULL, list, bytes, 1); /* cut up, so it no longer tells its size */
    }
    *n_chosen = s.n;
    return status;
}

wg_status wg__csv_match(const wg__csv_columns *c, const char *const *name, size_t n, bool by_hand, size_t *chosen,
                        size_t *n_chosen)
{
    size_t kept = 0;

    if (by_hand && !c->header)
        return WG_OK;
    for (size_t k = 0; k < n; k++) {
        size_t column, last;
        wg_status status = resolve(c, name[k], &column, &last);
        if (status)
            return status;
        size_t i = kept;
        while (i < *n_chosen && chosen[i] != column)
            i++;
        if (i == *n_chosen)
            return wg__fail(WG_ERR_ARG, "column \"%s\" is needed, and not among those chosen", name[k]);
        chosen[i] = chosen[kept]; /* the order of those left does not matter */
        chosen[kept++] = column;
    }
    *n_chosen = kept;
    return WG_OK;
}
