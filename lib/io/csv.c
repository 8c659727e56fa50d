/* Tables as text, record after record. */
#include "io/csv.h"

#include <string.h>

enum { END = -1 }; /* of the file, or a failure */

void wg__csv_begin(wg__csv *c, const wg__file *file, const wg__allocator *allocator, char separator)
{
    unsigned char mark[3];
    bool marked = file->size >= sizeof mark && !wg__file_read(file, 0, mark, sizeof mark) &&
                  !memcmp(mark, "\xEF\xBB\xBF", sizeof mark); /* UTF-8's byte order mark */

    memset(c, 0, offsetof(wg__csv, buffer));
    c->file = file;
    c->allocator = allocator;
    c->separator = separator;
    c->offset = marked ? sizeof mark : 0;
}

void wg__csv_end(wg__csv *c)
{
    wg__free(c->allocator, c->field, c->fields_room, sizeof *c->field);
    wg__free(c->allocator, c->text, c->text_room, 1);
    c->field = NULL;
    c->text = NULL;
    c->fields_room = c->text_room = 0;
}

void wg__csv_seek(wg__csv *c, uint64_t offset, int64_t row)
{
    c->offset = offset;
    c->next = c->filled = 0;
    c->row = row - 1;
    c->status = WG_OK;
}

static bool fill(wg__csv *c)
{
    uint64_t at = c->offset + c->filled, left = c->file->size - at;
    size_t n = left < sizeof c->buffer ? (size_t)left : sizeof c->buffer;

    c->status = wg__file_read(c->file, at, c->buffer, n);
    if (c->status)
        return false;
    c->offset = at;
    c->next = 0;
    c->filled = n;
    return n > 0;
}

static int look(wg__csv *c) { return c->next < c->filled || fill(c) ? c->buffer[c->next] : END; }

static bool take(wg__csv *c, int byte)
{
    if (look(c) != byte)
        return false;
    c->next++;
    return true;
}

static bool take_line_end(wg__csv *c)
{
    bool carriage = take(c, '\r');

    return take(c, '\n') || carriage;
}

static bool is_blank(const wg__csv *c, int byte) { return byte == ' ' || (byte == '\t' && c->separator != '\t'); }

static void skip_blanks(wg__csv *c)
{
    while (is_blank(c, look(c)))
        c->next++;
}

static wg_status wrong(const wg__csv *c, const char *what)
{
    return wg__fail(WG_ERR_FORMAT, "row %lld: %s", (long long)c->row, what);
}

static wg_status add(wg__csv *c, const unsigned char *bytes, size_t n)
{
    void *text = c->text;

    if (n && memchr(bytes, 0, n))
        return wrong(c, "holds a zero byte, which no text does");
    if (n > WG__CSV_RECORD_MAX - c->used)
        return wrong(c, "has more than 16 MiB; does a line end or a closing quote lack?");
    if (!wg__grow(c->allocator, &text, &c->text_room, c->used + n + 1, 1))
        return WG_ERR_NOMEM;
    c->text = text;
    if (n)
        memcpy(c->text + c->used, bytes, n);
    c->used += n;
    return WG_OK;
}

/* Up to the separator or the line's end; `stops` is looked for in the buffer, so that whole pieces are copied. */
static wg_status read_plain(wg__csv *c)
{
    wg_status status = WG_OK;

    for (bool whole = false; !whole && !status && look(c) != END;) {
        size_t from = c->next;
        while (c->next < c->filled && !whole) {
            int byte = c->buffer[c->next];
            whole = byte == c->separator || byte == '\n' || byte == '\r';
            c->next += !whole;
        }
        status = add(c, c->buffer + from, c->next - from);
    }
    return status ? status : c->status;
}

/* Up to the closing quote; a doubled one stands for itself. */
static wg_status read_quoted(wg__csv *c)
{
    wg_status status = WG_OK;

    c->next++;
    while (!status) {
        if (look(c) == END)
            return c->status ? c->status : wrong(c, "a quoted field has no closing quote");
        size_t from = c->next;
        while (c->next < c->filled && c->buffer[c->next] != '"')
            c->next++;
        status = add(c, c->buffer + from, c->next - from);
        if (status || !take(c, '"'))
            continue;
        if (look(c) != '"')
            break;
        status = add(c, c->buffer + c->next++, 1);
    }
    skip_blanks(c);
    int byte = look(c);
    if (!status && byte != END && byte != c->separator && byte != '\n' && byte != '\r')
        return wrong(c, "text follows a closing quote");
    return status ? status : c->status;
}

static wg_status read_field(wg__csv *c)
{
    void *fields = c->field;
    wg__csv_field f = { .at = c->used };
    wg_status status;

    if (c->n == WG__CSV_FIELDS_MAX)
        return wrong(c, "has more than a million fields");
    if (!wg__grow(c->allocator, &fields, &c->fields_room, c->n + 1, sizeof *c->field))
        return WG_ERR_NOMEM;
    c->field = fields;
    skip_blanks(c);
    f.quoted = look(c) == '"';
    status = f.quoted ? read_quoted(c) : read_plain(c);
    while (!status && !f.quoted && c->used > f.at && is_blank(c, c->text[c->used - 1]))
        c->used--;
    f.n = c->used - f.at;
    if (!status)
        status = add(c, NULL, 0); /* room for the NUL, in case the field is empty */
    if (status)
        return status;
    c->text[c->used++] = '\0';
    c->field[c->n++] = f;
    return WG_OK;
}

wg_status wg__csv_next(wg__csv *c, bool *end)
{
    wg_status status = WG_OK;

    c->row++;
    c->begins = c->offset + c->next;
    c->n = c->used = 0;
    *end = look(c) == END;
    if (*end || take_line_end(c))
        return c->status;
    do
        status = read_field(c);
    while (!status && take(c, c->separator));
    if (status)
        return status;
    take_line_end(c);
    if (c->n == 1 && c->field[0].n == 0 && !c->field[0].quoted)
        c->n = 0;
    return c->status;
}

/* ---- looking at a file ---- */

/* How many bytes the UTF-8 character at `at` has; 0: it is none. One that is cut off by the end counts as whole. */
static size_t character(const unsigned char *at, size_t left)
{
    size_t n = *at < 0x80 ? 1 : *at < 0xC2 ? 0 : *at < 0xE0 ? 2 : *at < 0xF0 ? 3 : *at < 0xF5 ? 4 : 0;

    for (size_t i = 1; i < n && i < left; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    return n;
}

static bool is_control(unsigned char c) { return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F; }

bool wg__file_is_text(const wg__file *file)
{
    unsigned char start[4096];
    size_t n = file->size < sizeof start ? (size_t)file->size : sizeof start, step;

    if (!n || wg__file_read(file, 0, start, n))
        return false;
    for (size_t i = 0; i < n; i += step) {
        step = is_control(start[i]) ? 0 : character(start + i, n - i);
        if (!step || (i + step > n && file->size == n))
            return false;
    }
    return true;
}

enum { LOOKED_AT = 10 };

/* Fields of the first record; *equal: the others that are looked at have as many. A record that is wrong ends that. */
static wg_status count_fields(wg__csv *c, size_t *first, bool *equal)
{
    wg_status status = WG_OK;
    bool end = false;

    *first = 0;
    *equal = true;
    for (int i = 0; i < LOOKED_AT && !status && !end; i++) {
        status = wg__csv_next(c, &end);
        if (status || end || !c->n)
            continue;
        if (*first)
            *equal = *equal && c->n == *first;
        else
            *first = c->n;
    }
    return status == WG_ERR_FORMAT ? WG_OK : status;
}

wg_status wg__csv_separator(const wg__file *file, const wg__allocator *allocator, char *separator)
{
    static const char candidates[] = { '\t', ';', ',' }; /* a comma may stand in numbers and in texts */
    wg__csv *c = wg__alloc(allocator, 1, sizeof *c);
    wg_status status = c ? WG_OK : WG_ERR_NOMEM;
    size_t most = 0, n = 0;
    bool found = false;

    for (size_t i = 0; i < sizeof candidates && !status && !found; i++) {
        bool equal = false;
        wg__csv_begin(c, file, allocator, candidates[i]);
        status = count_fields(c, &n, &equal);
        wg__csv_end(c);
        found = n > 1 && equal;
        if (found || n >= most)
            *separator = candidates[i];
        most = n > most ? n : most;
    }
    wg__free(allocator, c, 1, sizeof *c);
    return status;
}

char *wg__csv_show(const char *text, char shown[WG__CSV_SHOWN])
{
    size_t n = strnlen(text, WG__CSV_SHOWN - 3);

    memcpy(shown, text, n);
    memcpy(shown + n, text[n] ? ".." : "", text[n] ? 3 : 1);
    for (char *at = shown; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7F)
            *at = '?';
    return shown;
}
